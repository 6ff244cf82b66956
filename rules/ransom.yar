/* SPDX-License-Identifier: Apache-2.0 */
/* Ransom notes, and what encrypts files for one. */

rule Ransom_Note_Text
{
	meta:
		threat_name = "Ransom.Note"
		severity = "high"
		description = "Short text that says files are encrypted and asks for payment"
		reference = "https://attack.mitre.org/techniques/T1486/"
		attack = "T1486"
		author = "Ward"
	strings:
		$enc1 = /(all\s+(of\s+)?)?your\s+(important\s+)?(files|documents|data|network|servers?|databases?|company\s+network)[^.\n]{0,60}\b(have\s+been|has\s+been|were|are|is)\s+(now\s+)?(all\s+)?(encrypted|locked|stolen\s+and\s+encrypted|downloaded\s+and\s+encrypted)/ nocase
		$pay1 = /\b(bitcoins?|btc|monero|xmr)\b/ nocase
		$pay2 = /[a-z2-7]{16,56}\.onion/ nocase
		$pay3 = /tor\s+browser/ nocase
		$pay4 = /\b(protonmail|tutanota|onionmail|cock\.li|mailfence)\b/ nocase
		$key1 = /(private|decryption|unique)\s+key/ nocase
		$key2 = /decrypt(or|ion)?\s+(software|tool|program|your|all|one\s+file)/ nocase
		$threat1 = /do\s+not\s+(try\s+to\s+)?(rename|modify|delete|recover|decrypt|use\s+third)/ nocase
		$threat2 = /(will\s+be\s+(permanently\s+)?(deleted|lost|published|leaked|sold)|publish\s+your\s+data|leak\s+site)/ nocase
		$threat3 = /within\s+(24|48|72|96)\s+hours|\b\d{1,2}\s+days?\s+to\s+(pay|contact)/ nocase
		$threat4 = /free\s+decryption\s+as\s+guarantee|decrypt\s+\w{1,6}\s+files?\s+for\s+free|test\s+decryption/ nocase
	condition:
		filesize < 32KB and $enc1 and 1 of ($pay*) and (1 of ($key*) or 1 of ($threat*)) and 4 of them
}

rule Ransom_Database_Note
{
	meta:
		threat_name = "Ransom.Note.Database"
		severity = "high"
		description = "Text left in an emptied database that asks for payment"
		reference = "https://attack.mitre.org/techniques/T1485/"
		attack = "T1485, T1486"
		author = "Ward"
	strings:
		$a = /(your|all\s+your)\s+(data|databases?|db)\s+(is|are|was|were|has\s+been|have\s+been)\s+(backed\s+up|downloaded|moved\s+to)/ nocase
		$b = /(pay|send)\s+(us\s+)?[0-9.]{1,8}\s*(btc|bitcoins?)\b/ nocase
	condition:
		filesize < 256KB and all of them
}

rule Ransom_Script_Linux
{
	meta:
		threat_name = "Ransom.Script"
		severity = "critical"
		description = "Script that encrypts whole trees with a public key or password and removes the originals"
		reference = "https://attack.mitre.org/techniques/T1486/"
		attack = "T1486"
		author = "Ward"
	strings:
		$find = /(find\s+\/|os\.walk\s*\(|for\s+\w{1,10}\s+in\s+\$\(\s*find\s)/
		$enc1 = /openssl\s+(enc\s+)?-?(aes-\d{3}-\w{3}|rsautl|smime|pkeyutl)/
		$enc2 = /gpg2?\s+[^\n]{0,120}(-c|--symmetric|-e|--encrypt|--recipient)\b/
		$enc3 = /\b(Fernet|AES\.new|ChaCha20|cipher\.encrypt|encrypt_file)\s*\(/
		$del = /(rm\s+-[rf]{1,3}\s|shred\s+(-[a-z]+\s+)*|os\.(remove|unlink)\s*\(|--remove|mv\s+[^\n]{0,60}\.(locked|encrypted|enc|crypt)\b|os\.rename\s*\()/
		$note = /(your\s+files\s+(are|have\s+been)\s+encrypted|README_?(TO_)?(DECRYPT|RESTORE|RECOVER)|HOW_?TO_?(DECRYPT|RESTORE|RECOVER)|DECRYPT_?INSTRUCTIONS|ransom)/ nocase
	condition:
		filesize < 512KB and $find and 1 of ($enc*) and $del and $note
}

rule Ransom_Linux_Binary
{
	meta:
		threat_name = "Ransom.Linux.Esxi"
		severity = "critical"
		description = "ELF program with a ransom note's words that stops virtual machines"
		reference = "https://attack.mitre.org/techniques/T1486/"
		attack = "T1486, T1489"
		author = "Ward"
	strings:
		$vm1 = "esxcli vm process kill" ascii
		$vm2 = "vim-cmd vmsvc/getallvms" ascii
		$vm3 = "vim-cmd vmsvc/snapshot.removeall" ascii
		$vm4 = "esxcli --formatter=csv" ascii
		$vm5 = "/vmfs/volumes" ascii
		$ext1 = ".vmdk" ascii
		$ext2 = ".vmem" ascii
		$ext3 = ".vswp" ascii
		$note1 = ".onion" ascii
		$note2 = "encrypted" ascii nocase
		$note3 = "decrypt" ascii nocase
		$note4 = "README" ascii
	condition:
		uint32(0) == 0x464c457f and filesize < 20MB and 1 of ($vm*) and 2 of ($ext*) and $note1 and 1 of ($note2, $note3, $note4)
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The industry's harmless test file, plain and in the wrappings a gateway should see through. */

rule Test_EICAR
{
	meta:
		threat_name = "Test.EICAR"
		severity = "high"
		description = "EICAR anti-malware test file: 68 bytes, at most 128 with white space after it"
		reference = "https://www.eicar.org/download-anti-malware-testfile/"
		attack = "none"
		author = "Ward"
	strings:
		$e = /X5O!P%@AP\[4\\PZX54\(P\^\)7CC\)7\}\$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!\$H\+H\*/
	condition:
		$e at 0 and filesize <= 128
}

rule Test_EICAR_Encoded
{
	meta:
		threat_name = "Test.EICAR.Encoded"
		severity = "high"
		description = "EICAR test file in base64, hex, reversed or UTF-16, on its own"
		reference = "https://www.eicar.org/download-anti-malware-testfile/"
		attack = "T1027"
		author = "Ward"
	strings:
		$b64 = /WDVPIVAlQEFQWzRcUFpYNTQ[o]UF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo/
		$hex = /58354f2150254041505b345c505a583[5]3428505e2937434329377d2445494341522d5354414e444152442d414e544956495255532d544553542d46494c452124482b482a/ nocase
		$reversed = /\*H\+H\$!ELIF-TSET-SURIVITNA-DRADNATS-RACIE\$\}7\)CC7\)\^P\(45XZP\\4\[PA@%P!O5X/
		$wide = { 58 00 35 00 4f 00 21 00 50 00 25 00 40 00 41 00 50 00 5b 00 34 00 5c 00 50 00 5a 00 58 00 35 00 34 00 28 00 50 00 5e 00 29 00 37 00 43 00 43 00 29 00 37 00 7d 00 24 00 45 00 49 00 43 00 41 00 52 }
	condition:
		any of them and filesize < 1KB
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Malicious macro traits. The engine takes the macros' source out of documents and shows it to these
   rules as text. */

rule Macro_AutoExec_Shell
{
	meta:
		threat_name = "Office.Macro.AutoShell"
		severity = "high"
		description = "Macro that starts a program when the document is opened"
		reference = "https://attack.mitre.org/techniques/T1204/002/"
		attack = "T1204.002, T1059.005"
		author = "Ward"
	strings:
		$auto = /\bSub\s+(Auto_?(Open|Close|Exec|New)|Document_?(Open|Close|New|BeforeClose)|Workbook_?(Open|Activate|BeforeClose))\b/ nocase
		$vba = /Attribute\s+VB_Name\s*=/ nocase
		$run1 = /\bShell\s*\(?\s*[^\n]{0,120}(cmd|powershell|wscript|cscript|mshta|rundll32|regsvr32|certutil|bitsadmin|curl)/ nocase
		$run2 = /CreateObject\s*\(\s*"?(WScript\.Shell|Shell\.Application|winmgmts|Wscript\.Network)/ nocase
		$run3 = /GetObject\s*\(\s*"?(winmgmts|new:(13709620|72C24DD5|9BA05972))/ nocase
		$do = /\.(Run|Exec|ShellExecute|Create)\b/ nocase
	condition:
		filesize < 4MB and $vba and $auto and ($run1 or (1 of ($run2, $run3) and $do))
}

rule Macro_Downloader
{
	meta:
		threat_name = "Office.Macro.Downloader"
		severity = "high"
		description = "Macro that downloads a file and writes or starts it"
		reference = "https://attack.mitre.org/techniques/T1105/"
		attack = "T1105, T1059.005"
		author = "Ward"
	strings:
		$vba = /(Attribute\s+VB_Name\s*=|^\s*(Private\s+|Public\s+)?(Sub|Function|Declare)\s)/ nocase
		$url = /URLDownloadToFile(A|W)?/ nocase
		$http = /(MSXML2\.(Server)?XMLHTTP|Microsoft\.XMLHTTP|WinHttp\.WinHttpRequest)/ nocase
		$save = /(\.SaveToFile|ADODB\.Stream|Open\s+[^\n]{1,80}\s+For\s+Binary|Put\s+#\d)/ nocase
		$run = /(\bShell\s*\(?\s*["\w]|WScript\.Shell|Shell\.Application|ShellExecute|Win32_Process)/ nocase
	condition:
		filesize < 4MB and $vba and ($url or ($http and $save)) and $run
}

rule Macro_Obfuscated
{
	meta:
		threat_name = "Office.Macro.Obfuscated"
		severity = "medium"
		description = "Macro that starts by itself and builds its strings from character codes or fragments"
		reference = "https://attack.mitre.org/techniques/T1027/"
		attack = "T1027, T1059.005"
		author = "Ward"
	strings:
		$vba = /Attribute\s+VB_Name\s*=/ nocase
		$auto = /\bSub\s+(Auto_?(Open|Close|Exec)|Document_?(Open|Close)|Workbook_?(Open|Activate))\b/ nocase
		$chr = /(Chr(W|\$)?\s*\(\s*[\d&Hh+*\/ -]{1,16}\s*\)\s*[&+]\s*){6}/ nocase
		$frag1 = /(" & "[^"\n]{1,4}){9}/
		$frag2 = /(" \+ "[^"\n]{1,4}){9}/
		$xor = /\bAsc(W|B)?\s*\(\s*Mid\$?\s*\([^\n]{1,80}\)\s*\)\s*Xor\s/ nocase
		$run = /\b(Shell|CreateObject|CallByName|ExecuteExcel4Macro|GetObject)\b/ nocase
	condition:
		filesize < 4MB and $vba and $auto and $run and 1 of ($chr, $frag1, $frag2, $xor)
}

rule Macro_Shellcode
{
	meta:
		threat_name = "Office.Macro.Shellcode"
		severity = "critical"
		description = "Macro that copies code into memory and runs it"
		reference = "https://attack.mitre.org/techniques/T1055/"
		attack = "T1055, T1059.005"
		author = "Ward"
	strings:
		$declare = /Declare\s+(PtrSafe\s+)?(Function|Sub)\s+\w{1,40}\s+Lib\s+"(kernel32|ntdll)/ nocase
		$alloc = /(VirtualAlloc(Ex)?|NtAllocateVirtualMemory|HeapCreate)/ nocase
		$copy = /(RtlMoveMemory|WriteProcessMemory|NtWriteVirtualMemory)/ nocase
		$run = /(CreateThread|CreateRemoteThread|EnumSystemLanguageGroups|EnumDateFormats|SetTimer|QueueUserAPC|CallWindowProc)/ nocase
	condition:
		filesize < 4MB and all of them
}

rule Document_Remote_Template
{
	meta:
		threat_name = "Office.RemoteTemplate"
		severity = "medium"
		description = "Office document that loads its template or an object from a web address"
		reference = "https://attack.mitre.org/techniques/T1221/"
		attack = "T1221"
		author = "Ward"
	strings:
		$template = /Type="http:\/\/schemas\.openxmlformats\.org\/officeDocument\/2006\/relationships\/(attachedTemplate|oleObject|frame)"[^>]{0,200}Target="(https?|ftp|file|mhtml|\\\\):?[^"]{4,300}"[^>]{0,80}TargetMode="External"/ nocase
		$template2 = /Target="(https?|mhtml):[^"]{4,300}"[^>]{0,80}TargetMode="External"[^>]{0,200}relationships\/(attachedTemplate|oleObject|frame)"/ nocase
	condition:
		filesize < 1MB and any of them
}

rule Document_Dde_Command
{
	meta:
		threat_name = "Office.DDE.Command"
		severity = "high"
		description = "DDE field that starts a command interpreter"
		reference = "https://attack.mitre.org/techniques/T1559/002/"
		attack = "T1559.002"
		author = "Ward"
	strings:
		$dde = /\bDDE(AUTO)?\s+[^<>]{0,40}(cmd(\.exe)?|powershell(\.exe)?|mshta|rundll32|certutil|regsvr32)/ nocase
		$csv = /[=+@-](cmd|powershell|mshta|rundll32)\|\s*'[^'\n]{1,200}'!/ nocase
	condition:
		filesize < 4MB and any of them
}

rule PDF_JavaScript_Exploit
{
	meta:
		threat_name = "PDF.JavaScript.Suspicious"
		severity = "high"
		description = "Script taken out of a PDF that sprays memory or drops and opens an attachment"
		reference = "https://attack.mitre.org/techniques/T1203/"
		attack = "T1203, T1204.002"
		author = "Ward"
	strings:
		$spray1 = /unescape\s*\(\s*['"](%u[0-9a-fA-F]{4}){8}/
		$spray2 = /while\s*\(\s*\w{1,20}\.length\s*<\s*(0x[0-9a-f]{4,}|\d{5,})\s*\)\s*\{?\s*\w{1,20}\s*\+=/ nocase
		$collab = /(Collab\.(collectEmailInfo|getIcon)|util\.printf\s*\(\s*['"]%\d{4,}|media\.newPlayer|spell\.customDictionaryOpen)/
		$launch = /exportDataObject\s*\(\s*\{[^}]{0,120}nLaunch\s*:\s*[12]/
	condition:
		filesize < 4MB and (($spray1 and $spray2) or ($spray1 and $collab) or $launch)
}

rule Archive_Script_Html_Smuggling
{
	meta:
		threat_name = "HTML.Smuggling"
		severity = "medium"
		description = "Web page that builds a file from a long literal and makes the browser save it"
		reference = "https://attack.mitre.org/techniques/T1027/006/"
		attack = "T1027.006"
		author = "Ward"
	strings:
		$decode = /(atob\s*\(|Uint8Array\s*\(|charCodeAt\s*\()/
		$blob = /new\s+Blob\s*\(\s*\[/
		$save = /(msSaveOrOpenBlob|msSaveBlob|URL\.createObjectURL)\s*\(/
		$click = /\.(click|dispatchEvent)\s*\(/
		$name = /\.download\s*=\s*['"][^'"\n]{1,80}\.(iso|img|zip|exe|js|vbs|hta|lnk|vhd|scr|7z|rar)['"]/ nocase
		$file = /['"`](UEsDB|TVqQA|TVpQA|TVoA|N3q8r|UmFyIR|PGh0bW|f0VMR)[A-Za-z0-9+\/]{60}/
		$literal = /atob\s*\(\s*['"`][A-Za-z0-9+\/]{80}/
		$codes = /Uint8Array\s*\(\s*\[\s*(\d{1,3}\s*,\s*){40}/
	condition:
		filesize < 20MB and filesize > 2KB and $decode and $blob and $save and $click and $name and any of ($file, $literal, $codes)
}

rule HTA_Script_Runner
{
	meta:
		threat_name = "HTA.Runner"
		severity = "high"
		description = "HTML application whose script starts a command interpreter"
		reference = "https://attack.mitre.org/techniques/T1218/005/"
		attack = "T1218.005"
		author = "Ward"
	strings:
		$hta = /<hta:application|<script[^>]{0,40}(vbscript|jscript)/ nocase
		$shell = /(CreateObject|ActiveXObject)\s*\(\s*['"]WScript\.Shell['"]\s*\)/ nocase
		$run = /\.Run\s*\(?\s*['"][^'"\n]{0,40}(powershell|cmd(\.exe)?\s+\/c|mshta|certutil|bitsadmin|regsvr32)/ nocase
	condition:
		filesize < 2MB and all of them
}

rule Windows_Shortcut_Command
{
	meta:
		threat_name = "LNK.Command"
		severity = "high"
		description = "Windows shortcut that starts an interpreter with an encoded or downloading command"
		reference = "https://attack.mitre.org/techniques/T1204/002/"
		attack = "T1204.002, T1059"
		author = "Ward"
	strings:
		$run = /(powershell|cmd\.exe|mshta|rundll32|certutil|wscript)/ ascii wide nocase
		$bad = /(-enc|-w hidden|DownloadString|DownloadFile|FromBase64String|http:\/\/|https:\/\/|-urlcache|bitsadmin)/ ascii wide nocase
	condition:
		uint32(0) == 0x0000004c and uint32(4) == 0x00021401 and filesize < 1MB and $run and $bad
}

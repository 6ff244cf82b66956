/* SPDX-License-Identifier: Apache-2.0 */
/* PHP web shells. The engine also shows these rules the normalised text (strings joined, escapes
   decoded, comments dropped), so that simple disguises need no rules of their own. */

private rule php
{
	strings:
		$long = "<?php" nocase
		$echo = "<?="
		$short = /<\?[ \t\r\n]/
	condition:
		any of them
}

rule PHP_WebShell_Eval_Request
{
	meta:
		threat_name = "PHP.WebShell.EvalRequest"
		severity = "critical"
		description = "Evaluates or runs what a request sends: the one-line web shell"
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		attack = "T1505.003, T1059"
		author = "Ward"
	strings:
		$run = /\b(eval|assert|system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec|create_function)\s*\(\s*(@|stripslashes\s*\(|base64_decode\s*\(|urldecode\s*\(|gzinflate\s*\(|str_rot13\s*\(|trim\s*\(|\(\s*string\s*\)\s*){0,4}\s*\$_(GET|POST|REQUEST|COOKIE|SERVER)\s*[\[{]/ nocase
		$tick = /`\s*(\{)?\s*\$_(GET|POST|REQUEST|COOKIE)\s*\[[^`\n]{1,60}\]\s*(\})?\s*`/ nocase
	condition:
		filesize < 512KB and php and any of ($run, $tick)
}

rule PHP_WebShell_Variable_Function
{
	meta:
		threat_name = "PHP.WebShell.VariableFunction"
		severity = "critical"
		description = "Calls a function whose name and argument both come from a request"
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		attack = "T1505.003"
		author = "Ward"
	strings:
		$call = /\$_(GET|POST|REQUEST|COOKIE)\s*\[[^\]\n]{1,40}\]\s*\(\s*(@|base64_decode\s*\(|stripslashes\s*\()?\s*\$_(GET|POST|REQUEST|COOKIE)\s*\[/ nocase
		$map = /\b(array_map|array_filter|array_walk|usort|uasort|uksort|call_user_func|call_user_func_array|register_shutdown_function|preg_replace_callback|iterator_apply)\s*\(\s*(\$_(GET|POST|REQUEST|COOKIE)\s*\[|['"](assert|system|exec|shell_exec|passthru|eval)['"]\s*,\s*[^;\n]{0,40}\$_(GET|POST|REQUEST|COOKIE))/ nocase
	condition:
		filesize < 512KB and php and any of ($call, $map)
}

rule PHP_WebShell_Preg_Replace_E
{
	meta:
		threat_name = "PHP.WebShell.PregReplaceE"
		severity = "critical"
		description = "preg_replace with the e modifier over request data runs it as code"
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		attack = "T1505.003"
		author = "Ward"
	strings:
		$e = /preg_replace\s*\(\s*(['"])[\/#~|].{0,40}[\/#~|][imsxADSUXu]{0,6}e[imsxADSUXu]{0,6}['"]\s*,\s*[^;\n]{0,80}\$_(GET|POST|REQUEST|COOKIE)/ nocase
	condition:
		filesize < 512KB and php and $e
}

rule PHP_WebShell_Packed_Eval
{
	meta:
		threat_name = "PHP.WebShell.PackedEval"
		severity = "high"
		description = "Evaluates a long decoded or inflated literal"
		reference = "https://attack.mitre.org/techniques/T1027/"
		attack = "T1505.003, T1027"
		author = "Ward"
	strings:
		$nest = /\b(eval|assert)\s*\(\s*(['"]?\?>['"]?\s*\.\s*)?(gzinflate|gzuncompress|gzdecode|str_rot13|base64_decode|strrev|convert_uudecode)\s*\(\s*(gzinflate|gzuncompress|gzdecode|str_rot13|base64_decode|strrev|convert_uudecode)\s*\(/ nocase
		$long = /\b(eval|assert)\s*\(\s*(gzinflate|gzuncompress|gzdecode|str_rot13|base64_decode|strrev|hex2bin|convert_uudecode)\s*\(\s*['"][A-Za-z0-9+\/=\\\r\n]{200}/ nocase
	condition:
		filesize < 2MB and php and any of ($nest, $long)
}

rule PHP_WebShell_Uploader
{
	meta:
		threat_name = "PHP.WebShell.Uploader"
		severity = "high"
		description = "Tiny page that takes an upload to a name of the visitor's choice, or writes request data to a file"
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		attack = "T1505.003, T1105"
		author = "Ward"
	strings:
		$move = /(move_uploaded_file|copy)\s*\(\s*\$_FILES\s*\[[^\]\n]{1,40}\]\s*\[\s*['"]tmp_name['"]\s*\]\s*,\s*(\$_FILES\s*\[[^\]\n]{1,40}\]\s*\[\s*['"]name['"]\s*\]|\$_(GET|POST|REQUEST)\s*\[)/ nocase
		$put = /file_put_contents\s*\(\s*\$_(GET|POST|REQUEST|COOKIE)\s*\[[^\]\n]{1,40}\]\s*,\s*[^;\n]{0,40}\$_(GET|POST|REQUEST|COOKIE)\s*\[/ nocase
		$write = /fwrite\s*\(\s*fopen\s*\(\s*\$_(GET|POST|REQUEST|COOKIE)\s*\[[^;\n]{1,80}\$_(GET|POST|REQUEST|COOKIE)\s*\[/ nocase
	condition:
		php and (filesize < 8KB and $move or filesize < 512KB and any of ($put, $write))
}

rule PHP_WebShell_Console
{
	meta:
		threat_name = "PHP.WebShell.Console"
		severity = "critical"
		description = "File manager and command console in one page, with the words such tools use"
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		attack = "T1505.003"
		author = "Ward"
	strings:
		$name = /\b(c99shell|r57shell|b374k|wso\s?(web\s?)?shell|FilesMan|p0wny-?shell|weevely|phpspy|AnonymousFox|IndoXploit|alfa\s?(team|shell)|mini\s?shell|c100\s?shell|Leaf\s?PHPMailer|Priv8)\b/ nocase
		$run1 = /\b(shell_exec|passthru|system|proc_open|popen)\s*\(/ nocase
		$sign1 = /safe_?mode/ nocase
		$sign2 = /disable_functions/ nocase
		$sign3 = /php_uname\s*\(/ nocase
		$sign4 = /posix_getpwuid|getmyuid/ nocase
		$sign5 = /\b(back\s?connect|bind\s?port|bind\s?shell|mass\s?deface|symlink\s?bypass|bypass\s?disable)\b/ nocase
		$sign6 = /\/etc\/passwd/
		$sign7 = /self\s?-?(remove|destruct|kill)|suicide/ nocase
		$input = /\$_(GET|POST|REQUEST|COOKIE|SERVER)\s*\[/ nocase
	condition:
		filesize < 2MB and php and $run1 and $input and (($name and 1 of ($sign*)) or 4 of ($sign*))
}

rule PHP_WebShell_Hidden_In_Image
{
	meta:
		threat_name = "PHP.WebShell.ImagePolyglot"
		severity = "high"
		description = "Picture with PHP code that evaluates something"
		reference = "https://attack.mitre.org/techniques/T1027/009/"
		attack = "T1505.003, T1027.009"
		author = "Ward"
	strings:
		$code = /<\?(php|=)\s{0,10}[^?]{0,400}\b(eval|assert|system|exec|shell_exec|passthru|base64_decode|include|require)\s*\(/ nocase
	condition:
		(uint32be(0) == 0x89504e47 or uint16be(0) == 0xffd8 or uint32be(0) == 0x47494638) and $code
}

rule PHP_WebShell_Chr_Builder
{
	meta:
		threat_name = "PHP.WebShell.ChrBuilder"
		severity = "high"
		description = "Builds a function name from character codes or an alphabet and calls it on request data"
		reference = "https://attack.mitre.org/techniques/T1027/"
		attack = "T1505.003, T1027"
		author = "Ward"
	strings:
		$chr = /(chr\s*\(\s*\d{2,3}\s*\)\s*\.\s*){4}/ nocase
		$alphabet1 = /(\[\d{1,2}\]\.\$\w{1,20}){3}\[\d/
		$alphabet2 = /(\[\d{1,2}\] \. \$\w{1,20}){3}\[\d/
		$alphabet3 = /(\{\d{1,2}\}\.\$\w{1,20}){3}\{\d/
		$alphabet4 = /(\{\d{1,2}\} \. \$\w{1,20}){3}\{\d/
		$call = /\$[A-Za-z_]\w{0,20}\s*\(\s*(@|base64_decode\s*\(|stripslashes\s*\()?\s*\$_(GET|POST|REQUEST|COOKIE)\s*\[/ nocase
	condition:
		filesize < 512KB and php and $call and any of ($chr, $alphabet*)
}

rule PHP_WebShell_Xor_Key
{
	meta:
		threat_name = "PHP.WebShell.XorChannel"
		severity = "high"
		description = "Decrypts the raw request body with a key and evaluates it, as encrypted web shells do"
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		attack = "T1505.003, T1573"
		author = "Ward"
	strings:
		$body = /file_get_contents\s*\(\s*['"]php:\/\/input['"]\s*\)/ nocase
		$xor1 = /[\[{]\$\w{1,10}[^;\n]{0,20}\]\^\$\w{1,20}[\[{]/
		$xor2 = /[\[{]\$\w{1,10}[^;\n]{0,20}\] \^ ?\$\w{1,20}[\[{]/
		$xor3 = /[\[{]\$\w{1,10}[^;\n]{0,20}\}\^\$\w{1,20}[\[{]/
		$xor4 = /[\[{]\$\w{1,10}[^;\n]{0,20}\} \^ ?\$\w{1,20}[\[{]/
		$aes = /openssl_decrypt\s*\(\s*\$/ nocase
		$run = /\b(eval|assert|create_function)\s*\(\s*[^;\n]{0,60}\$/ nocase
	condition:
		filesize < 64KB and php and $body and $run and any of ($xor*, $aes)
}

rule PHP_WebShell_Auto_Prepend
{
	meta:
		threat_name = "PHP.WebShell.AutoPrepend"
		severity = "medium"
		description = "Web server or PHP setting that runs an uploaded file, or images, as PHP"
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		attack = "T1505.003, T1546"
		author = "Ward"
	strings:
		$prepend = /auto_(prepend|append)_file\s*=?\s*['"]?[^\s'"]{0,120}(\/(tmp|var\/tmp|dev\/shm|uploads?|images?)\/|\.(jpe?g|png|gif|ico|txt)\b|php:\/\/input|data:)/ nocase
		$handler = /(AddType\s+application\/x-httpd-php|AddHandler\s+(php\d?-script|application\/x-httpd-php\d?)|SetHandler\s+application\/x-httpd-php)\s+[^\n]{0,60}\.(jpe?g|png|gif|ico|txt|bmp)\b/ nocase
	condition:
		filesize < 64KB and any of them
}

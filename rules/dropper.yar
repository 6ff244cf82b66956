/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts that fetch something and run it, as intruders write them. */

rule Shell_Dropper_Tmp_Exec
{
	meta:
		threat_name = "Shell.Dropper.Tmp"
		severity = "high"
		description = "Downloads to a world-writable or hidden place, makes it executable, starts it, and wipes the trace"
		reference = "https://attack.mitre.org/techniques/T1105/"
		attack = "T1105, T1059.004, T1070.004"
		author = "Ward"
	strings:
		$get = /(curl|wget|tftp|ftpget|lwp-download)\s+[^\n;|&]{0,120}(\/(tmp|var\/tmp|dev\/shm|var\/run)\/|cd\s+\/(tmp|dev\/shm))/
		$cd = /cd\s+\/(tmp|var\/tmp|dev\/shm|var\/run)\s*(;|&&|\|\|)[^\n]{0,120}\b(curl|wget|tftp)\s+/
		$chmod = /chmod\s+(-R\s+)?(\+x|777|755|u\+x|a\+x|0?777)\s/
		$run = /(;|&&|\n)\s*(nohup\s+|setsid\s+|sh\s+|bash\s+)?(\.\/|\/tmp\/|\/var\/tmp\/|\/dev\/shm\/)[^\n;&|]/
		$wipe = /(rm\s+-r?f\s+(\.\/|\/tmp\/|\/var\/tmp\/|\/dev\/shm\/|\$0|\*)|history\s+-c|unset\s+HISTFILE|HISTFILE=\/dev\/null|HISTSIZE=0)/
		$hidden = /\/(tmp|var\/tmp|dev\/shm)\/\.[A-Za-z0-9_-]/
	condition:
		filesize < 128KB and ($get or $cd) and $chmod and $run and ($wipe or $hidden)
}

rule Shell_Dropper_Pipe_Raw_Address
{
	meta:
		threat_name = "Shell.Dropper.Pipe"
		severity = "high"
		description = "Pipes a download from a bare IP address or paste site into a shell, silently"
		reference = "https://attack.mitre.org/techniques/T1105/"
		attack = "T1105, T1059.004"
		author = "Ward"
	strings:
		$ip = /(curl|wget)\s+(-[a-zA-Z]+\s+|--[a-z-]+(=\S+)?\s+){0,6}['"]?https?:\/\/\d{1,3}(\.\d{1,3}){3}(:\d{2,5})?\/[^\s|;'"]{1,120}['"]?\s*(-[a-zA-Z]+\s*-?\s*|2>\s*\/dev\/null\s*)*\|\s*(sudo\s+)?(ba|da|z|k)?sh\b/
		$paste = /(curl|wget)\s+[^\n|]{0,80}(pastebin\.com\/raw|paste\.ee\/r|transfer\.sh|ghostbin|hastebin\.com\/raw|ix\.io|0x0\.st|termbin\.com)\/?[^\n|]{0,80}\|\s*(base64\s+(-d|--decode)\s*\|\s*)?(sudo\s+)?(ba|da|z)?sh\b/
		$onion = /(curl|wget)\s+[^\n|]{0,80}[a-z2-7]{16,56}\.(onion|tor2web|onion\.(to|ws|ly|pet))[^\n|]{0,80}\|\s*(ba|da|z)?sh\b/
	condition:
		filesize < 1MB and any of them
}

rule Shell_Dropper_Base64
{
	meta:
		threat_name = "Shell.Dropper.Base64"
		severity = "high"
		description = "Decodes a long base64 text into a shell, or into an executable it starts"
		reference = "https://attack.mitre.org/techniques/T1140/"
		attack = "T1140, T1059.004, T1027"
		author = "Ward"
	strings:
		$pipe = /(echo|printf)\s+(-n\s+)?['"]?[A-Za-z0-9+\/]{80,}={0,2}['"]?\s*\|\s*(openssl\s+(enc\s+)?-?base64\s+-d[^\n|]{0,20}|base64\s+(-d|-D|--decode)[^\n|]{0,20})\|\s*(gzip\s+-d\s*\|\s*|gunzip\s*\|\s*|zcat\s*\|\s*)?(sudo\s+|nohup\s+)?(ba|da|z|k)?sh\b/
		$here = /(ba|da|z)?sh\s*<<<\s*"?\$\(\s*(echo|printf)\s+['"]?[A-Za-z0-9+\/]{80,}={0,2}['"]?\s*\|\s*base64\s+(-d|--decode)/
		$eval = /eval\s+"?[`$]\(?\s*(echo|printf)\s+['"]?[A-Za-z0-9+\/]{80,}={0,2}['"]?\s*\|\s*base64\s+(-d|--decode)/
		$elf = /f0VMR[gA-Za-z0-9+\/]{200}/
		$decode = /base64\s+(-d|--decode)[^\n]{0,80}>\s*\/(tmp|var\/tmp|dev\/shm)\//
	condition:
		filesize < 8MB and (any of ($pipe, $here, $eval) or ($elf and $decode))
}

rule Shell_Defence_Evasion
{
	meta:
		threat_name = "Shell.DefenceEvasion"
		severity = "high"
		description = "Switches off several protections at once: SELinux, firewall, cloud agents, logs, history"
		reference = "https://attack.mitre.org/techniques/T1562/001/"
		attack = "T1562.001, T1070.003, T1562.004"
		author = "Ward"
	strings:
		$p1 = /setenforce\s+0/
		$p2 = /SELINUX=disabled/
		$p3 = /iptables\s+(-F|--flush)/
		$p4 = /ufw\s+disable/
		$p5 = /systemctl\s+(stop|disable|mask)\s+[^\n]{0,40}(firewalld|apparmor|auditd|aliyun|cloudmonitor|bcm-agent|qcloud|clamav|falcon|mdatp|wazuh)/
		$p6 = /(aliyun-?service|aegis|YunJing|cloudmonitor|qcloud\/(stargate|monitor))[^\n]{0,80}(uninstall|stop|kill|rm\s)/
		$p7 = /(history\s+-c|unset\s+HISTFILE|HISTFILE=\/dev\/null|rm\s+[^\n]{0,40}\.bash_history)/
		$p8 = /(>|echo\s+['"]?['"]?\s*>|cat\s+\/dev\/null\s*>|truncate\s+-s\s*0|rm\s+-r?f)\s*\/var\/log\/(wtmp|secure|auth\.log|lastlog|btmp|messages|syslog|cron)/
		$p9 = /ulimit\s+-n\s+65535/
		$p10 = /chattr\s+-[a-z]*i[a-z]*\s+[^\n]{0,40}(\/etc\/|\/var\/spool\/cron|\/root\/\.ssh|\/usr\/bin)/
	condition:
		filesize < 256KB and 4 of them and 2 of ($p5, $p6, $p7, $p8, $p10)
}

rule Shell_Persistence_Cron_Download
{
	meta:
		threat_name = "Linux.Persistence.Cron"
		severity = "high"
		description = "Cron entry, or a script writing one, that fetches and runs something again and again"
		reference = "https://attack.mitre.org/techniques/T1053/003/"
		attack = "T1053.003, T1105"
		author = "Ward"
	strings:
		$line = /(\*\/\d{1,2}|\*|@reboot|@hourly|@daily)(\s+[\d*\/,-]+){0,4}\s+(root\s+)?[^\n]{0,40}(curl|wget)\s+[^\n|;]{0,160}\|\s*(ba|da|z)?sh\b/
		$line2 = /(\*\/\d{1,2}|\*|@reboot|@hourly|@daily)(\s+[\d*\/,-]+){0,4}\s+(root\s+)?[^\n]{0,20}\/(tmp|var\/tmp|dev\/shm)\/\.?[A-Za-z0-9_.\/-]{1,80}[^\n]{0,40}>\s*\/dev\/null/
		$write = /(crontab\s+-|\/etc\/cron\.d\/|\/var\/spool\/cron|\/etc\/crontab)/
		$silent = /(2>&1|>\s*\/dev\/null|-fsSL|-q\s|-qO-|-s\s)/
	condition:
		filesize < 256KB and (($line and $silent) or ($line2 and $write))
}

rule Shell_Persistence_Ssh_Key
{
	meta:
		threat_name = "Linux.Persistence.SshKey"
		severity = "high"
		description = "Appends a fixed key to root's authorized_keys and locks the file or hides the traces"
		reference = "https://attack.mitre.org/techniques/T1098/004/"
		attack = "T1098.004"
		author = "Ward"
	strings:
		$key = /(echo|printf)\s+(-e\s+)?['"]?(\\n)?(ssh-(rsa|ed25519|dss)|ecdsa-sha2-nistp\d+)\s+AAAA[A-Za-z0-9+\/=]{20,1200}[^\n]{0,80}>\s*[^\n]{0,40}\.ssh\/authorized_keys/
		$lock = /chattr\s+\+[a-z]*i[a-z]*\s+[^\n]{0,40}authorized_keys/
		$trace1 = /(history\s+-c|HISTFILE|\.bash_history)/
		$trace2 = /(curl|wget)\s+[^\n]{0,120}(\|\s*(ba)?sh|\/(tmp|dev\/shm|var\/tmp)\/)/
		$trace3 = /setenforce\s+0|iptables\s+-F|crontab\s+-r/
		$trace4 = /chattr\s+-[a-z]*i[a-z]*\s+[^\n]{0,40}(authorized_keys|\.ssh)/
	condition:
		filesize < 256KB and $key and ($lock or 1 of ($trace*))
}

rule Shell_Persistence_Service
{
	meta:
		threat_name = "Linux.Persistence.Service"
		severity = "medium"
		description = "Unit or init script that keeps a program from a temporary or hidden place alive"
		reference = "https://attack.mitre.org/techniques/T1543/002/"
		attack = "T1543.002"
		author = "Ward"
	strings:
		$exec = /ExecStart\s*=\s*[^\n]{0,40}(\/tmp\/|\/var\/tmp\/|\/dev\/shm\/|\/\.[A-Za-z0-9_-]{1,40}\/)/
		$always = /Restart\s*=\s*always/
		$fetch = /ExecStart(Pre)?\s*=\s*[^\n]{0,60}(curl|wget)\s+[^\n]{0,120}\|\s*(ba|da)?sh\b/
		$unit = "[Service]"
	condition:
		filesize < 64KB and $unit and $always and ($exec or $fetch)
}

rule Python_Dropper_Exec
{
	meta:
		threat_name = "Python.Dropper"
		severity = "high"
		description = "Executes decoded, decompressed or downloaded code in one expression"
		reference = "https://attack.mitre.org/techniques/T1059/006/"
		attack = "T1059.006, T1027, T1105"
		author = "Ward"
	strings:
		$nest = /\b(exec|eval)\s*\(\s*(compile\s*\(\s*)?(__import__\s*\(\s*['"](zlib|marshal|base64|codecs)['"]\s*\)|zlib|marshal|base64|codecs|lzma)\s*\.\s*(decompress|loads|b64decode|b32decode|a85decode|decode)\s*\(\s*(__import__\s*\(\s*['"](zlib|base64|codecs)['"]\s*\)|zlib|base64|codecs|bytes)\s*[.(]/
		$b64 = /\b(exec|eval)\s*\(\s*(__import__\s*\(\s*['"]base64['"]\s*\)|base64)\s*\.\s*b64decode\s*\(\s*b?['"][A-Za-z0-9+\/=]{120}/
		$web = /\b(exec|eval)\s*\(\s*(compile\s*\(\s*)?(urllib2?(\.request)?\.urlopen|requests\.get|__import__\s*\(\s*['"](urllib|requests)[^)]{0,20}\)[^(\n]{0,40})\s*\(\s*['"]https?:\/\/[^'"\n]{4,200}['"]/
		$lambda = /_\s*=\s*lambda\s+__\s*:\s*__import__\s*\(\s*['"](zlib|marshal|base64)['"]\s*\)/
	condition:
		filesize < 8MB and any of them
}

rule Python_Dropper_Setup_Hook
{
	meta:
		threat_name = "Python.Dropper.Package"
		severity = "high"
		description = "setup.py that runs a download or decoded code while it is installed"
		reference = "https://attack.mitre.org/techniques/T1195/002/"
		attack = "T1195.002"
		author = "Ward"
	strings:
		$setup = /from\s+setuptools\s+import|from\s+distutils\.core\s+import|import\s+setuptools/
		$hook = /class\s+\w{1,40}\s*\(\s*(install|develop|egg_info|build_py)\s*\)/
		$run = /(os\.system|subprocess\.(Popen|call|run|check_output)|exec)\s*\(\s*[^\n]{0,160}(curl|wget|powershell|base64|https?:\/\/\d{1,3}\.|b64decode|urlopen)/
	condition:
		filesize < 256KB and all of them
}

rule Perl_Dropper_Exec
{
	meta:
		threat_name = "Perl.Dropper"
		severity = "high"
		description = "Evaluates packed or decoded text, or downloads and starts a program, hiding under another name"
		reference = "https://attack.mitre.org/techniques/T1059/"
		attack = "T1059, T1036.005, T1027"
		author = "Ward"
	strings:
		$eval = /\beval\s*\(?\s*(decode_base64|unpack\s*\(?\s*['"]u['"]|pack\s*\(?\s*['"]H\*['"])\s*\(?\s*[,(]?\s*['"qw<]/
		$name = /\$0\s*=\s*['"]\[?(kworker|httpd|apache2?|sshd|init|crond|syslogd|\/usr\/sbin\/)[^'"\n]{0,40}['"]/
		$irc = /(PRIVMSG|NICK|JOIN)\s+[#$\\]/
		$sock = /IO::Socket::INET/
		$fork = /\bfork\s*(\(\s*\))?\s*(and|&&|\)|;)/
		$get = /(system|exec|`)\s*\(?\s*['"]?\s*(wget|curl|lwp-download)\s+[^\n]{0,120}(chmod|\/tmp\/)/
	condition:
		filesize < 1MB and ($eval or ($name and $sock and $fork and ($irc or $get)))
}

rule JavaScript_Dropper_WScript
{
	meta:
		threat_name = "JS.Dropper.WScript"
		severity = "high"
		description = "Windows script that downloads a program with ActiveX objects and runs it"
		reference = "https://attack.mitre.org/techniques/T1059/007/"
		attack = "T1059.007, T1105"
		author = "Ward"
	strings:
		$x = /(MSXML2\.(Server)?XMLHTTP|Microsoft\.XMLHTTP|WinHttp\.WinHttpRequest)/ nocase
		$s = /ADODB\.Stream/ nocase
		$w = /WScript\.Shell|Shell\.Application/ nocase
		$save = /\.SaveToFile\s*\(?/ nocase
		$run = /\.(Run|Exec|ShellExecute)\b/ nocase
	condition:
		filesize < 2MB and $x and $s and $w and $save and $run
}

rule JavaScript_Dropper_Npm_Hook
{
	meta:
		threat_name = "JS.Dropper.Npm"
		severity = "high"
		description = "package.json whose install hook fetches and runs something, or evaluates decoded text"
		reference = "https://attack.mitre.org/techniques/T1195/002/"
		attack = "T1195.002"
		author = "Ward"
	strings:
		$hook = /"(pre|post)?install"\s*:\s*"[^"\n]{0,80}((curl|wget)\s+[^"\n|]{0,120}\|\s*(ba)?sh|node\s+-e\s+[^"\n]{0,40}(eval|child_process|Buffer\.from)|powershell\s+-[eE]|base64\s+-d)/
		$name = /"(name|version)"\s*:/
	condition:
		filesize < 256KB and all of them
}

rule JavaScript_Eval_Packed
{
	meta:
		threat_name = "JS.Obfuscated.Eval"
		severity = "medium"
		description = "Evaluates a long literal through atob, unescape or character codes"
		reference = "https://attack.mitre.org/techniques/T1027/"
		attack = "T1027"
		author = "Ward"
	strings:
		$atob = /\b(eval|Function)\s*\(\s*(window\.)?(atob|unescape|decodeURIComponent)\s*\(\s*['"][A-Za-z0-9+\/=%]{300}/
		$codes = /\b(eval|Function)\s*\(\s*String\.fromCharCode\s*\(\s*(\d{1,3}\s*,\s*){60}/
		$buffer = /\b(eval|Function)\s*\(\s*Buffer\.from\s*\(\s*['"][A-Za-z0-9+\/=]{300,}['"]\s*,\s*['"](base64|hex)['"]/
	condition:
		filesize < 8MB and any of them
}

rule PowerShell_Download_Cradle
{
	meta:
		threat_name = "PowerShell.Dropper"
		severity = "high"
		description = "Hidden PowerShell that evaluates a download"
		reference = "https://attack.mitre.org/techniques/T1059/001/"
		attack = "T1059.001, T1105"
		author = "Ward"
	strings:
		$cradle = /(iex|Invoke-Expression)\s*[\s(]*\(?\s*(New-Object\s+(System\.)?Net\.WebClient\s*\)?\s*\.\s*Download(String|Data)\s*\(|\(?\s*(iwr|irm|Invoke-WebRequest|Invoke-RestMethod)\s+(-\w+\s+){0,4}['"]?https?:\/\/\d{1,3}\.)/ nocase
		$hidden = /(-w(indowstyle)?\s+h(idden)?|-nop(rofile)?\b|-e(xecution)?p(olicy)?\s+bypass|-enc(odedcommand)?\s)/ nocase
		$run = /DownloadFile\s*\(\s*['"]https?:\/\/[^'"\n]{4,200}['"]\s*,\s*['"]?[^)\n]{2,120}\)\s*;?\s*(&|Start-Process|Invoke-Item|ii|saps|start)\b/ nocase
	condition:
		filesize < 2MB and (($cradle and $hidden) or $run)
}

rule PowerShell_Reflective_Load
{
	meta:
		threat_name = "PowerShell.Reflective"
		severity = "high"
		description = "Loads an assembly or shellcode from an encoded literal into memory"
		reference = "https://attack.mitre.org/techniques/T1620/"
		attack = "T1620, T1027, T1055"
		author = "Ward"
	strings:
		$load = /\[(System\.)?Reflection\.Assembly\]::Load\s*\(\s*\[(System\.)?Convert\]::FromBase64String/ nocase
		$alloc = /VirtualAlloc(Ex)?/ nocase
		$copy = /\[(System\.)?Runtime\.InteropServices\.Marshal\]::Copy\s*\(/ nocase
		$thread = /CreateThread|GetDelegateForFunctionPointer|QueueUserAPC/ nocase
		$amsi = /(amsi[I]nitFailed|Amsi[S]canBuffer|Amsi[U]tils)/ nocase
		$set = /(SetValue\s*\(\s*\$null|VirtualProtect|GetField\s*\(|WriteByte|Marshal\]::Copy)/ nocase
	condition:
		filesize < 8MB and ($load or ($alloc and $copy and $thread) or ($amsi and $set))
}

/* SPDX-License-Identifier: Apache-2.0 */
/* One-liners that connect a shell to somebody else's machine. Manuals show them too, so each rule asks
   for an address with a port, or for the whole idiom. */

rule Shell_ReverseShell_DevTcp
{
	meta:
		threat_name = "Shell.ReverseShell.DevTcp"
		severity = "high"
		description = "Interactive shell over bash's /dev/tcp to a fixed address"
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		attack = "T1059.004, T1095"
		author = "Ward"
	strings:
		$a = /(ba|z|k|da)?sh\s+-i\s*(>&|&>|>|<)\s*[&\s]*\/dev\/(tcp|udp)\/[A-Za-z0-9.:-]{4,80}\/\d{1,5}/
		$b = /exec\s+\d{1,3}<>\s*\/dev\/(tcp|udp)\/[A-Za-z0-9.:-]{4,80}\/\d{1,5}\s*(;|&&)[^\n]{0,120}(sh|while\s+read|cat\s*<&)/
		$c = /0<&\d{1,3}\s*-?\s*;\s*exec\s+\d{1,3}<>\s*\/dev\/(tcp|udp)\/[A-Za-z0-9.:-]{4,80}\/\d{1,5}/
	condition:
		filesize < 4MB and any of them
}

rule Shell_ReverseShell_Netcat
{
	meta:
		threat_name = "Shell.ReverseShell.Netcat"
		severity = "high"
		description = "netcat hands a shell to a fixed address, with -e or through a FIFO"
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		attack = "T1059.004, T1095"
		author = "Ward"
	strings:
		$e = /\b(nc|ncat|netcat|nc\.traditional)\s+(-[a-zA-Z]{1,6}\s+)*(\d{1,3}(\.\d{1,3}){3}|[a-z0-9-]+(\.[a-z0-9-]+)+)\s+\d{2,5}\s+(-[a-zA-Z]*[ec]\s*|--sh-exec\s+|--exec\s+)['"]?(\/bin\/|\/usr\/bin\/)?(ba|da|z|k)?sh\b/
		$e2 = /\b(nc|ncat|netcat|nc\.traditional)\s+(-[a-zA-Z]{1,6}\s+)*-[a-zA-Z]*[ec]\s+['"]?(\/bin\/|\/usr\/bin\/)?(ba|da|z|k)?sh['"]?\s+(-[a-zA-Z]{1,6}\s+)*(\d{1,3}(\.\d{1,3}){3}|[a-z0-9-]+(\.[a-z0-9-]+)+)\s+\d{2,5}/
		$fifo = /(mkfifo|mknod)\s+(\S{1,60})(\s+p)?\s*(;|&&)[^\n]{0,160}\|\s*(\/bin\/|\/usr\/bin\/)?(ba|da|z)?sh\b[^\n]{0,40}\|\s*(nc|ncat|netcat|telnet|openssl\s+s_client|socat)\b/
	condition:
		filesize < 4MB and any of them
}

rule Python_ReverseShell
{
	meta:
		threat_name = "Python.ReverseShell"
		severity = "high"
		description = "Python gives a socket's descriptor to a shell as standard input and output"
		reference = "https://attack.mitre.org/techniques/T1059/006/"
		attack = "T1059.006, T1095"
		author = "Ward"
	strings:
		$connect = /\.connect\s*\(\s*\(\s*['"]?[^,\n]{4,80}['"]?\s*,\s*\w{1,20}\s*\)\s*\)/
		$dup = /os\.dup2\s*\(\s*\w{1,10}\.fileno\s*\(\s*\)\s*,\s*[012]\s*\)/
		$shell = /(pty\.spawn|subprocess\.(call|Popen|run)|os\.(system|execl|execv))\s*\(\s*\[?\s*['"](\/bin\/|\/usr\/bin\/)?(ba|da|z)?sh['"]/
	condition:
		filesize < 1MB and $connect and $dup and $shell
}

rule Perl_ReverseShell
{
	meta:
		threat_name = "Perl.ReverseShell"
		severity = "high"
		description = "Perl connects a socket and puts a shell on it"
		reference = "https://attack.mitre.org/techniques/T1059/"
		attack = "T1059, T1095"
		author = "Ward"
	strings:
		$socket = /(socket\s*\(\s*\w{1,10}\s*,\s*PF_INET|IO::Socket::INET\s*(->\s*new)?\s*\(\s*['"]?(PeerAddr|[0-9]{1,3}\.))/
		$dup = /open\s*\(?\s*STD(IN|OUT|ERR)\s*,\s*['"]?\s*[<>+]{1,2}&\s*=?\s*\$?\w{1,20}/
		$fdopen = /STDIN->fdopen\s*\(\s*\$\w{1,10}\s*,\s*['"]?[rw]/
		$shell = /(exec|system)\s*\(?\s*[{'"]?\s*['"]?(\/bin\/|\/usr\/bin\/)?(ba|da|z)?sh(\s+-i)?['"]/
		$loop = /system\s*\(?\s*\$_\s*\)?\s*while\s*(\(\s*)?<>/
	condition:
		filesize < 1MB and $socket and (($dup and $shell) or ($fdopen and ($loop or $shell)))
}

rule Ruby_ReverseShell
{
	meta:
		threat_name = "Ruby.ReverseShell"
		severity = "high"
		description = "Ruby opens a TCP socket and puts a shell on it"
		reference = "https://attack.mitre.org/techniques/T1059/"
		attack = "T1059, T1095"
		author = "Ward"
	strings:
		$a = /TCPSocket\.(open|new)\s*\(\s*['"][^'"\n]{4,80}['"]\s*,\s*['"]?\d{2,5}['"]?\s*\)[^\n]{0,160}(exec\s*(\(\s*)?(sprintf\s*\()?['"]\s*\/bin\/(ba)?sh|IO\.popen\s*\(\s*\w{1,10}\s*,)/
	condition:
		filesize < 1MB and $a
}

rule PHP_ReverseShell
{
	meta:
		threat_name = "PHP.ReverseShell"
		severity = "high"
		description = "PHP connects out and starts a shell on the connection"
		reference = "https://attack.mitre.org/techniques/T1059/"
		attack = "T1059, T1095"
		author = "Ward"
	strings:
		$inline = /fsockopen\s*\(\s*['"][^'"\n]{4,80}['"]\s*,\s*\d{2,5}\s*\)\s*;[^\n]{0,80}\b(exec|shell_exec|system|passthru|popen|proc_open)\s*\(\s*['"](\/bin\/)?(ba)?sh(\s+-i)?\s*<&\s*\d\s*>&\s*\d/ nocase
		$sock = /fsockopen\s*\(\s*\$/ nocase
		$proc = /proc_open\s*\(\s*\$/ nocase
		$pipes = /stream_select\s*\(\s*\$/ nocase
		$shell = /['"][^'"\n]{0,60}\/bin\/(ba)?sh\s+-i['"]/
	condition:
		filesize < 256KB and ($inline or ($sock and $proc and $pipes and $shell))
}

rule Shell_ReverseShell_Socat_OpenSSL
{
	meta:
		threat_name = "Shell.ReverseShell.Tunnel"
		severity = "high"
		description = "socat, openssl or telnet carries a shell to a fixed address"
		reference = "https://attack.mitre.org/techniques/T1572/"
		attack = "T1059.004, T1573"
		author = "Ward"
	strings:
		$socat = /socat\s+[^\n]{0,80}(tcp|openssl|tcp4)(-connect)?:(\d{1,3}(\.\d{1,3}){3}):\d{2,5}[^\n]{0,80}exec:['"]?[^\n]{0,40}(ba|da|z)?sh\b/ nocase
		$socat2 = /socat\s+[^\n]{0,40}exec:['"]?[^\n,]{0,40}(ba|da|z)?sh\b[^\n]{0,80}(tcp|openssl|tcp4)(-connect)?:(\d{1,3}(\.\d{1,3}){3}):\d{2,5}/ nocase
		$telnet = /telnet\s+(\d{1,3}(\.\d{1,3}){3})\s+\d{2,5}\s*\|\s*(\/bin\/)?(ba)?sh\s*\|\s*telnet\s+/
	condition:
		filesize < 4MB and any of them
}

rule Script_ReverseShell_Other
{
	meta:
		threat_name = "Script.ReverseShell"
		severity = "high"
		description = "awk, lua, node, java or golang one-liner that puts a shell on a connection"
		reference = "https://attack.mitre.org/techniques/T1059/"
		attack = "T1059, T1095"
		author = "Ward"
	strings:
		$awk = /\/inet\/tcp\/0\/[A-Za-z0-9.-]{4,80}\/\d{2,5}["'][^\n]{0,200}getline[^\n]{0,120}\|&/
		$lua = /require\s*\(?\s*['"]socket['"]\s*\)?[^\n]{0,160}os\.execute\s*\(\s*['"]\/bin\/(ba)?sh\s+-i\s*<&/
		$node = /net\.(connect|Socket)\b[^\n]{0,120}(\.pipe\s*\(\s*\w{1,10}\.stdin|\.stdout\.pipe\s*\()[^\n]{0,120}(\/bin\/(ba)?sh|cmd\.exe)/
		$node2 = /spawn\s*\(\s*['"](\/bin\/)?(ba)?sh['"][^\n]{0,300}\.connect\s*\(\s*\d{2,5}\s*,\s*['"][^'"\n]{4,80}['"][^\n]{0,160}\.pipe\s*\(\s*\w{1,12}\.stdin/
		$java = /getRuntime\(\)[^\n]{0,40}exec\s*\([^\n]{0,80}\/dev\/tcp\/[A-Za-z0-9.-]{4,80}\/\d{2,5}/
		$go = /net\.Dial\s*\(\s*"tcp"\s*,\s*"[^"\n]{6,80}:\d{2,5}"\s*\)[^\n]{0,120}exec\.Command\s*\(\s*"(\/bin\/)?(ba)?sh"/
	condition:
		filesize < 1MB and any of them
}

rule PowerShell_ReverseShell
{
	meta:
		threat_name = "PowerShell.ReverseShell"
		severity = "high"
		description = "PowerShell reads commands from a TCP stream and evaluates them"
		reference = "https://attack.mitre.org/techniques/T1059/001/"
		attack = "T1059.001, T1095"
		author = "Ward"
	strings:
		$client = /New-Object\s+(System\.)?Net\.Sockets\.TCPClient\s*\(/ nocase
		$stream = /\.GetStream\s*\(\s*\)/ nocase
		$run = /\b(iex|Invoke-Expression)\b/ nocase
		$write = /\.Write\s*\(\s*\$\w{1,20}\s*,\s*0\s*,/ nocase
	condition:
		filesize < 1MB and all of them
}

rule Shell_BindShell
{
	meta:
		threat_name = "Shell.BindShell"
		severity = "high"
		description = "A shell waits for anybody on a port"
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		attack = "T1059.004, T1571"
		author = "Ward"
	strings:
		$nc = /\b(nc|ncat|netcat|nc\.traditional)\s+(-[a-zA-Z]{1,8}\s+){0,4}-[a-zA-Z]*l[a-zA-Z]*\s*(-p\s*)?\d{2,5}\s+(-[a-zA-Z]*[ec]\s*|--sh-exec\s+|--exec\s+)['"]?(\/bin\/|\/usr\/bin\/)(ba|da|z)?sh\b[^\n]{0,20}(\n|;|&|$)/
		$socat = /socat\s+[^\n]{0,20}tcp-?4?-l(isten)?:\d{2,5}[^\n ]{0,80}\s+exec:['"]?\/bin\/(ba|da|z)?sh[^\n]{0,60}(pty|setsid|sigint)/ nocase
		$python = /\.bind\s*\(\s*\(\s*['"](0\.0\.0\.0)?['"]\s*,\s*\d{2,5}\s*\)\s*\)[^\x00]{0,200}os\.dup2\s*\(/
	condition:
		filesize < 1MB and any of them
}

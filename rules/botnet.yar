/* SPDX-License-Identifier: Apache-2.0 */
/* Families of Linux device botnets, by words their source code leaves in every build. */

import "elf"

rule Linux_Botnet_Mirai
{
	meta:
		threat_name = "Linux.Botnet.Mirai"
		severity = "critical"
		description = "Traits of the Mirai family: its scanner's dialogue, watchdog and killer paths"
		reference = "https://attack.mitre.org/techniques/T1498/"
		attack = "T1498, T1110.001"
		author = "Ward"
	strings:
		$s1 = "/bin/busybox MIRAI" ascii
		$s2 = "MIRAI: applet not found" ascii
		$s3 = "listening tun0" ascii
		$s4 = "/dev/watchdog" ascii
		$s5 = "/dev/misc/watchdog" ascii
		$s6 = "ncorrect" ascii
		$s7 = "assword" ascii
		$s8 = "enable\x00" ascii
		$s9 = "TSource Engine Query" ascii
		$s10 = "/proc/net/tcp" ascii
		$s11 = "LOLNOGTFO" ascii
		$s12 = "GETLOCALIP" ascii
		$s13 = "(deleted)" ascii
		$x1 = { 50 4d 4d 56 22 }
		$x2 = "POST /cdn-cgi/" ascii
		$x3 = "dvrHelper" ascii
	condition:
		uint32(0) == 0x464c457f and filesize < 1MB and (1 of ($s1, $s2, $s11) and 2 of them or ($s4 and $s5 and 4 of them) or (2 of ($x*) and 2 of ($s*)))
}

rule Linux_Botnet_Gafgyt
{
	meta:
		threat_name = "Linux.Botnet.Gafgyt"
		severity = "critical"
		description = "Traits of the Gafgyt (Bashlite, Qbot) family: its command words and scanner strings"
		reference = "https://attack.mitre.org/techniques/T1498/"
		attack = "T1498, T1110.001"
		author = "Ward"
	strings:
		$c1 = "LOLNOGTFO" ascii
		$c2 = "PONG!" ascii
		$c3 = "GETLOCALIP" ascii
		$c4 = "SCANNER ON | OFF" ascii
		$c5 = "My IP: %s" ascii
		$c6 = "HTTP Flooding" ascii nocase
		$c7 = "KILLATTK" ascii
		$c8 = "Killed %d." ascii
		$c9 = "None Killed." ascii
		$c10 = "BOGOMIPS" ascii
		$c11 = "UDP Flooding %s" ascii
		$c12 = "TCP Flooding %s" ascii
		$c13 = "JUNK Flooding %s" ascii
		$c14 = "REPORT %s:%s:" ascii
		$c15 = "/bin/busybox;echo -e '\\147\\141\\171\\146\\147\\164'" ascii
		$c16 = "gayfgt" ascii
	condition:
		uint32(0) == 0x464c457f and filesize < 2MB and 3 of them
}

rule Linux_Botnet_Tsunami
{
	meta:
		threat_name = "Linux.Botnet.Tsunami"
		severity = "critical"
		description = "Traits of the Tsunami (Kaiten) IRC bot"
		reference = "https://attack.mitre.org/techniques/T1071/"
		attack = "T1498, T1071"
		author = "Ward"
	strings:
		$h1 = /[N]OTICE %s :TSUNAMI <target> <secs>/
		$h2 = /[N]OTICE %s :PAN <target> <port> <secs>/
		$h3 = /[N]OTICE %s :UDP <target> <port> <secs>/
		$h4 = /[N]OTICE %s :UNKNOWN <target> <secs>/
		$h5 = /[N]OTICE %s :Spoofs: %d\.%d\.%d\.%d/
		$h6 = /[N]OTICE %s :GETSPOOFS/
		$h7 = /[N]OTICE %s :Kaiten wa goraku/
		$h8 = /[N]OTICE %s :Removed all spoofs/
		$h9 = /[:]Unable to comply\./
		$h10 = /[P]anning %s\./
		$h11 = /[T]sunami heading for %s\./
	condition:
		uint32(0) == 0x464c457f and filesize < 4MB and 2 of them
}

rule Linux_Botnet_Command_Table
{
	meta:
		threat_name = "Linux.Botnet.Flooder"
		severity = "high"
		description = "ELF program with a table of denial-of-service methods"
		reference = "https://attack.mitre.org/techniques/T1498/"
		attack = "T1498"
		author = "Ward"
	strings:
		$m1 = "udpflood" ascii nocase
		$m2 = "synflood" ascii nocase
		$m3 = "ackflood" ascii nocase
		$m4 = "httpflood" ascii nocase
		$m5 = "stdhex" ascii nocase
		$m6 = "vseattack" ascii nocase
		$m7 = "dnsflood" ascii nocase
		$m8 = "greip" ascii nocase
		$m9 = "greeth" ascii nocase
		$m10 = "ovhbypass" ascii nocase
		$m11 = "!killattk" ascii nocase
		$m12 = "stopattack" ascii nocase
	condition:
		uint32(0) == 0x464c457f and filesize < 4MB and 4 of them
}

rule Linux_Botnet_Loader_Script
{
	meta:
		threat_name = "Linux.Botnet.Loader"
		severity = "high"
		description = "Shell script that tries a program for every processor architecture until one runs"
		reference = "https://attack.mitre.org/techniques/T1105/"
		attack = "T1105, T1059.004"
		author = "Ward"
	strings:
		$fetch = /(wget|curl|tftp|ftpget|busybox\s+wget)\s+[^\n;]{0,160}(arm[4567]?|mips(el|le)?|mpsl|x86(_64)?|i[56]86|sh4|ppc|powerpc|m68k|sparc|spc|arc)\b[^\n]{0,160}chmod\s+(\+x|777|755|u\+x)[^\n]{0,160}\.\//
		$a1 = /\b(mpsl|mipsel)\b/
		$a2 = /\barm[567]\b/
		$a3 = /\b(sh4|m68k|spc|sparc)\b/
		$a4 = /\b(x86|i[56]86|x86_64)\b/
		$a5 = /\b(ppc|powerpc)\b/
		$dir = /cd\s+\/tmp\s*(\|\||;|&&)\s*(cd\s+)?\/(var|mnt|root|dev)/
	condition:
		filesize < 64KB and (#fetch >= 3 or ($fetch and $dir and 3 of ($a*)))
}

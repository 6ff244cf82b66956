/* SPDX-License-Identifier: Apache-2.0 */
/* Cryptocurrency miners as intruders leave them: configuration files and command lines. */

rule Linux_CoinMiner_XMRig_Config
{
	meta:
		threat_name = "Linux.CoinMiner.XMRig.Config"
		severity = "high"
		description = "Configuration of the XMRig miner with a pool and a wallet"
		reference = "https://attack.mitre.org/techniques/T1496/"
		attack = "T1496"
		author = "Ward"
	strings:
		$pools = /"pools"\s*:\s*\[/
		$url = /"url"\s*:\s*"[^"]{4,200}:\d{2,5}"/
		$wallet = /"user"\s*:\s*"(4[0-9A-Za-z]{94}|8[0-9A-Za-z]{94}|[13][0-9A-Za-z]{25,34}|bc1[0-9a-z]{20,60})/
		$own1 = /"donate-level"\s*:/
		$own2 = /"randomx"\s*:/
		$own3 = /"rig-id"\s*:/
		$own4 = /"huge-pages(-jit)?"\s*:/
	condition:
		filesize < 256KB and $pools and $url and $wallet and any of ($own*)
}

rule Linux_CoinMiner_CommandLine
{
	meta:
		threat_name = "Linux.CoinMiner.CommandLine"
		severity = "high"
		description = "Script that starts a miner against a stratum pool with a wallet"
		reference = "https://attack.mitre.org/techniques/T1496/"
		attack = "T1496"
		author = "Ward"
	strings:
		$pool = /(-o|--url)[ =]['"]?(stratum\+(tcp|ssl|tcps):\/\/)?[a-z0-9.-]{4,80}:\d{2,5}['"]?\s/ nocase
		$user = /(-u|--user)[ =]['"]?(4[0-9A-Za-z]{94}|8[0-9A-Za-z]{94}|[13][0-9A-Za-z]{25,34}|bc1[0-9a-z]{20,60}|0x[0-9a-f]{40})/ nocase
		$scheme = /stratum\+(tcp|ssl|tcps):\/\/[a-z0-9.-]{4,80}:\d{2,5}/ nocase
		$tool = /\b(xmrig|minerd|cpuminer|xmr-stak|ccminer|kinsing|t-rex|lolMiner|nbminer)\b/ nocase
	condition:
		filesize < 1MB and $user and ($pool or $scheme) and ($tool or $scheme)
}

rule Linux_CoinMiner_Dropper
{
	meta:
		threat_name = "Linux.CoinMiner.Dropper"
		severity = "high"
		description = "Shell script that removes rival miners and fetches its own"
		reference = "https://attack.mitre.org/techniques/T1496/"
		attack = "T1496, T1489, T1105"
		author = "Ward"
	strings:
		$kill1 = /(pkill|killall)\s+(-9\s+)?(-f\s+)?['"]?(xmrig|xmr-stak|minerd|kdevtmpfsi|kinsing|cpuminer|kworkerds|sysrv|masscan|watchbog|sustes)/
		$kill2 = /ps\s+-?(aux|ef)\s*\|\s*grep\s+[^\n]{1,80}(xmrig|minerd|kdevtmpfsi|kinsing|stratum|cryptonight|monero|crypto-pool)[^\n]{0,120}kill/
		$kill3 = /netstat\s+-\w+[^\n]{0,80}:(3333|4444|5555|7777|14444|45700)\b[^\n]{0,120}kill/
		$get = /(curl|wget|lwp-download)\s+[^\n]{0,80}https?:\/\//
		$run = /chmod\s+(\+x|[0-7]{3,4})\s/
		$cron = /crontab\s+-/
	condition:
		filesize < 256KB and any of ($kill*) and $get and ($run or $cron)
}

rule Linux_CoinMiner_HugePages_Setup
{
	meta:
		threat_name = "Linux.CoinMiner.Setup"
		severity = "high"
		description = "Script that tunes the kernel for RandomX and starts a hidden process"
		reference = "https://attack.mitre.org/techniques/T1496/"
		attack = "T1496, T1564"
		author = "Ward"
	strings:
		$msr = /wrmsr\s+-a\s+0x1a4\s+0x?[0-9a-f]+/ nocase
		$huge = /(sysctl\s+-w\s+vm\.nr_hugepages|nr_hugepages)/
		$hide = /(nohup\s+[^\n]{0,120}\/(tmp|dev\/shm|var\/tmp)\/|exec\s+-a\s+['"]?\[?k(worker|swapd|thread|softirq)|\/(tmp|dev\/shm|var\/tmp)\/\.[A-Za-z0-9_-]{1,40}\/)/
		$pool = /(stratum\+(tcp|ssl):\/\/|\bpool\.[a-z0-9-]{3,40}\.[a-z]{2,10}:\d{3,5})/
	condition:
		filesize < 256KB and $huge and ($msr or $pool) and $hide
}

rule Linux_CoinMiner_Binary
{
	meta:
		threat_name = "Linux.CoinMiner.XMRig"
		severity = "high"
		description = "ELF program that speaks the stratum mining protocol for RandomX or CryptoNight"
		reference = "https://attack.mitre.org/techniques/T1496/"
		attack = "T1496"
		author = "Ward"
	strings:
		$job1 = "\"method\":\"login\"" ascii
		$job2 = "mining.subscribe" ascii
		$job3 = "mining.authorize" ascii
		$job4 = "\"method\":\"submit\"" ascii
		$job5 = "keepalived" ascii
		$algo1 = "cryptonight" ascii nocase
		$algo2 = "randomx" ascii nocase
		$algo3 = "rx/0" ascii
		$algo4 = "cn/r" ascii
		$own1 = "donate-level" ascii
		$own2 = "donate.v2.xmrig.com" ascii
		$own3 = "stratum+ssl://" ascii
		$own4 = "stratum+tcp://" ascii
		$own5 = "nicehash" ascii nocase
		$own6 = "rig-id" ascii
	condition:
		uint32(0) == 0x464c457f and filesize < 40MB and 1 of ($job*) and 1 of ($algo*) and 2 of ($own*)
}

rule Web_CoinMiner_JavaScript
{
	meta:
		threat_name = "Web.CoinMiner.Browser"
		severity = "medium"
		description = "Page or script that mines in the visitor's browser"
		reference = "https://attack.mitre.org/techniques/T1496/"
		attack = "T1496"
		author = "Ward"
	strings:
		$new = /new\s+(CoinHive|CryptoLoot|CoinImp|deepMiner|Client)\.(Anonymous|User|Token)\s*\(\s*['"][A-Za-z0-9]{20,}/
		$start = /\.start\s*\(/
		$throttle = /setThrottle|throttle\s*:/
	condition:
		filesize < 2MB and $new and ($start or $throttle)
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Rootkits that hide by being loaded into every program, or into the kernel. */

import "elf"

rule Linux_Rootkit_LdPreload
{
	meta:
		threat_name = "Linux.Rootkit.Preload"
		severity = "critical"
		description = "Shared library that replaces directory and process listing and knows ld.so.preload"
		reference = "https://attack.mitre.org/techniques/T1574/006/"
		attack = "T1574.006, T1014"
		author = "Ward"
	strings:
		$own1 = "/etc/ld.so.preload" ascii
		$own2 = "ld.so.preload" ascii
		$hide1 = "/proc/self/fd/%d" ascii
		$hide2 = "/proc/%s/stat" ascii
		$hide3 = "/proc/net/tcp" ascii
		$hide4 = "LD_PRELOAD" ascii
		$next = "dlsym" ascii
		$bad1 = "hidden" ascii nocase
		$bad2 = "backdoor" ascii nocase
		$bad3 = "rootkit" ascii nocase
		$bad4 = "magic_gid" ascii nocase
		$bad5 = "MAGIC" ascii
	condition:
		uint32(0) == 0x464c457f and elf.type == elf.ET_DYN and filesize < 2MB and $next and
		1 of ($own*) and 2 of ($hide*) and 1 of ($bad*) and
		for any i in (0 .. elf.dynsym_entries - 1) : (elf.dynsym[i].shndx != 0 and elf.dynsym[i].name == "readdir64") and
		for any i in (0 .. elf.dynsym_entries - 1) : (elf.dynsym[i].shndx != 0 and elf.dynsym[i].name == "readdir")
}

rule Linux_Rootkit_Pam_Backdoor
{
	meta:
		threat_name = "Linux.Backdoor.PAM"
		severity = "critical"
		description = "PAM module or preload library that records passwords or knows a magic one"
		reference = "https://attack.mitre.org/techniques/T1556/003/"
		attack = "T1556.003"
		author = "Ward"
	strings:
		$pam1 = "pam_sm_authenticate" ascii
		$pam2 = "pam_get_authtok" ascii
		$pam3 = "pam_get_password" ascii
		$log1 = /%s[:|\/ ]{1,3}%s[^\x00]{0,40}(\n|\x00)/
		$path1 = /\/(tmp|var\/tmp|dev\/shm|var\/log)\/\.[A-Za-z0-9_.-]{2,40}\x00/
		$path2 = /\/usr\/(include|lib|share)\/[A-Za-z0-9_\/.-]{0,40}\/\.[A-Za-z0-9_-]{2,40}\x00/
		$magic = /(backdoor|magic|master|universal)[_ ]?(pass(word)?|pwd)/ nocase
	condition:
		uint32(0) == 0x464c457f and filesize < 1MB and $pam1 and 1 of ($pam2, $pam3) and ($magic or ($log1 and 1 of ($path*)))
}

rule Linux_Rootkit_KernelModule
{
	meta:
		threat_name = "Linux.Rootkit.Module"
		severity = "critical"
		description = "Kernel module that hooks system calls and hides itself"
		reference = "https://attack.mitre.org/techniques/T1014/"
		attack = "T1014, T1547.006"
		author = "Ward"
	strings:
		$mod = "vermagic=" ascii
		$hook1 = "sys_call_table" ascii
		$hook2 = "kallsyms_lookup_name" ascii
		$hook3 = "ftrace_set_filter_ip" ascii
		$hook4 = "__x64_sys_getdents64" ascii
		$hook5 = "__x64_sys_kill" ascii
		$hide1 = "hide_pid" ascii nocase
		$hide2 = "hide_module" ascii nocase
		$hide3 = "hidden_port" ascii nocase
		$hide4 = "give_root" ascii nocase
		$hide5 = "set_root" ascii nocase
		$hide6 = "hide_file" ascii nocase
		$hide7 = "module_hide" ascii nocase
		$hide8 = "tcp4_seq_show" ascii
		$hide9 = "commit_creds" ascii
	condition:
		uint32(0) == 0x464c457f and filesize < 4MB and $mod and 1 of ($hook*) and 3 of ($hide*)
}

rule Linux_Rootkit_Source
{
	meta:
		threat_name = "Linux.Rootkit.Source"
		severity = "high"
		description = "C source of a preload rootkit: its own readdir, hiding by name, and installation into ld.so.preload"
		reference = "https://attack.mitre.org/techniques/T1574/006/"
		attack = "T1574.006, T1014"
		author = "Ward"
	strings:
		$next = /dlsym\s*\(\s*RTLD_NEXT\s*,\s*"(readdir(64)?|fopen(64)?|open(64)?|accept|write|pam_authenticate)"/
		$hide = /(strcmp|strstr|strncmp)\s*\(\s*\w{1,20}\s*->\s*d_name\s*,/
		$preload = /ld\.so\.preload/
		$shell = /(execl|execve|system)\s*\(\s*"\/bin\/(ba)?sh"/
	condition:
		filesize < 512KB and $next and $hide and ($preload or $shell)
}

rule Linux_Persistence_LdPreload_Script
{
	meta:
		threat_name = "Linux.Persistence.Preload"
		severity = "high"
		description = "Script that puts a library from a world-writable or hidden place into ld.so.preload"
		reference = "https://attack.mitre.org/techniques/T1574/006/"
		attack = "T1574.006"
		author = "Ward"
	strings:
		$a = /echo\s+['"]?\/(tmp|var\/tmp|dev\/shm|usr\/local\/lib\/\.|lib\/\.|usr\/lib\/\.)[^\s'"]{1,100}\.so[^\n]{0,20}>{1,2}\s*\/etc\/ld\.so\.preload/
		$b = /(cp|mv|curl[^\n]{0,80}-o|wget[^\n]{0,80}-O)\s+[^\n]{0,80}\.so[^\n]{0,120}\n[^\n]{0,120}>{1,2}\s*\/etc\/ld\.so\.preload/
	condition:
		filesize < 256KB and any of them
}

/* SPDX-License-Identifier: Apache-2.0 */
/* ELF files no toolchain makes: packed, or malformed to mislead analysis tools. */

import "elf"
import "math"

rule ELF_Packed_UPX_Tampered
{
	meta:
		threat_name = "Linux.Packed.UPX.Tampered"
		severity = "high"
		description = "UPX-packed program whose UPX marks were changed so that upx -d refuses it"
		reference = "https://attack.mitre.org/techniques/T1027/002/"
		attack = "T1027.002"
		author = "Ward"
	strings:
		$stub1 = "$Info: This file is packed with the UPX executable packer" ascii
		$stub2 = "$Id: UPX " ascii
		$prot = "PROT_EXEC|PROT_WRITE failed." ascii
		$magic = "UPX!" ascii
	condition:
		uint32(0) == 0x464c457f and elf.number_of_sections == 0 and elf.number_of_segments <= 4 and
		(($prot or any of ($stub*)) and not $magic in (0 .. 1024))
}

rule ELF_Packed_UPX
{
	meta:
		threat_name = "Linux.Packed.UPX"
		severity = "low"
		description = "Program packed with UPX: legitimate, but rare on servers"
		reference = "https://attack.mitre.org/techniques/T1027/002/"
		attack = "T1027.002"
		author = "Ward"
		pua = true
	strings:
		$stub = "$Info: This file is packed with the UPX executable packer http" ascii
		$magic = "UPX!" ascii
	condition:
		uint32(0) == 0x464c457f and elf.number_of_sections == 0 and $stub and $magic in (0 .. 1024)
}

rule ELF_No_Sections_Writable_Code
{
	meta:
		threat_name = "Linux.Packed.Generic"
		severity = "medium"
		description = "Program without section headers whose only segments are writable and executable, and dense as compressed data"
		reference = "https://attack.mitre.org/techniques/T1027/002/"
		attack = "T1027.002"
		author = "Ward"
	condition:
		uint32(0) == 0x464c457f and filesize > 4KB and filesize < 20MB and
		(elf.type == elf.ET_EXEC or elf.type == elf.ET_DYN) and elf.number_of_sections == 0 and
		elf.number_of_segments > 0 and elf.number_of_segments <= 3 and
		for any i in (0 .. elf.number_of_segments - 1) : (
			elf.segments[i].type == elf.PT_LOAD and elf.segments[i].flags & 3 == 3 and elf.segments[i].file_size > 4096
		) and math.entropy(512, filesize - 512) > 7.4
}

rule ELF_Tiny_Connect_Back
{
	meta:
		threat_name = "Linux.Shellcode.Stager"
		severity = "critical"
		description = "Tiny hand-made program with one writable and executable segment that makes a socket"
		reference = "https://attack.mitre.org/techniques/T1105/"
		attack = "T1105, T1620"
		author = "Ward"
	strings:
		$x64_socket = { 6a 29 (58 | 5?) [0-12] 0f 05 }
		$x64_socket2 = { (6a 02 | 6a 01) 5? [0-16] 6a 29 [0-12] 0f 05 }
		$x86_socket = { 6a 66 58 [0-16] cd 80 }
		$x86_socket2 = { b0 66 [0-8] cd 80 }
	condition:
		uint32(0) == 0x464c457f and filesize < 4KB and elf.number_of_sections == 0 and
		elf.number_of_segments <= 2 and any of them
}

rule ELF_Entry_Outside_Code
{
	meta:
		threat_name = "Linux.ELF.EntryAnomaly"
		severity = "medium"
		description = "Program that starts in a writable section: appended or injected code"
		reference = "https://attack.mitre.org/techniques/T1554/"
		attack = "T1554"
		author = "Ward"
	condition:
		uint32(0) == 0x464c457f and elf.type == elf.ET_EXEC and elf.number_of_sections > 3 and
		elf.machine == elf.EM_X86_64 and
		for any i in (1 .. elf.number_of_sections - 1) : (
			elf.sections[i].type == elf.SHT_PROGBITS and elf.sections[i].size > 0 and
			elf.sections[i].flags & elf.SHF_WRITE != 0 and elf.sections[i].flags & elf.SHF_EXECINSTR == 0 and
			elf.entry_point >= elf.sections[i].offset and elf.entry_point < elf.sections[i].offset + elf.sections[i].size
		)
}

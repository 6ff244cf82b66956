#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""embed.py OBJECT HEADER: the object's bytes as an array of C (gcc 12 has no #embed)."""
import pathlib
import sys

HEAD = """\
/* Made by embed.py. */
#ifndef WARD_GUARD_MEMEXEC_BPF_OBJECT_H
#define WARD_GUARD_MEMEXEC_BPF_OBJECT_H

/* An ELF file, aligned as its reader wants it. */
static const unsigned char ward_bpf_object[] __attribute__((aligned(8))) = {
"""

data = pathlib.Path(sys.argv[1]).read_bytes()
rows = [",".join(map(str, data[i:i + 24])) for i in range(0, len(data), 24)]
pathlib.Path(sys.argv[2]).write_text(HEAD + ",\n".join(rows) + "\n};\n\n#endif\n", encoding="ascii")

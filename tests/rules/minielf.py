# SPDX-License-Identifier: Apache-2.0
"""Smallest ELF64 files that carry what a rule looks at. None of them does anything: the code is
one `ud2` unless the caller asks for other bytes.

Layouts: System V ABI, Object Files (https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.intro.html).
"""
import struct

BASE = 0x400000
ET_EXEC, ET_DYN = 2, 3
PF_X, PF_W, PF_R = 1, 2, 4
UD2 = b'\x0f\x0b'


def header(kind, entry, phnum, shoff=0, shnum=0, shstrndx=0):
    ident = b'\x7fELF' + bytes([2, 1, 1]) + bytes(9)
    return ident + struct.pack('<HHIQQQIHHHHHH', kind, 62, 1, entry, 64, shoff, 0, 64, 56, phnum,
                               64 if shnum else 0, shnum, shstrndx)


def segment(size, flags):
    return struct.pack('<IIQQQQQQ', 1, flags, 0, BASE, BASE, size, size, 0x1000)


def without_sections(payload, flags=PF_R | PF_X, kind=ET_EXEC):
    """One loaded segment over the whole file, no section headers."""
    size = 64 + 56 + len(payload)
    return header(kind, BASE + 120, 1) + segment(size, flags) + payload


def with_sections(rodata=b'', kind=ET_EXEC, symbols=(), entry_in_data=False):
    """.text, .rodata, .data, and .dynsym/.dynstr with the named functions defined in .text."""
    names, dynsym = b'\0', bytes(24)
    for name in symbols:
        dynsym += struct.pack('<IBBHQQ', len(names), 0x12, 0, 1, BASE + 120, 2)
        names += name.encode() + b'\0'
    # name, type, flags, contents, link, info, entry size
    parts = [('.text', 1, 6, UD2 * 8, 0, 0, 0), ('.rodata', 1, 2, rodata or b'\0', 0, 0, 0),
             ('.data', 1, 3, UD2 * 8, 0, 0, 0), ('.dynsym', 11, 2, dynsym, 5, 1, 24),
             ('.dynstr', 3, 2, names, 0, 0, 0)]
    shstr = b'\0' + b''.join(p[0].encode() + b'\0' for p in parts) + b'.shstrtab\0'
    parts.append(('.shstrtab', 3, 0, shstr, 0, 0, 0))
    body, heads, at = b'', bytes(64), {}
    for name, kind_, flags, data, link, info, entsize in parts:
        body += bytes(-len(body) % 8)
        offset = at[name] = 120 + len(body)
        heads += struct.pack('<IIQQQQIIQQ', shstr.index(b'\0' + name.encode() + b'\0') + 1, kind_,
                             flags, BASE + offset if flags else 0, offset, len(data), link, info,
                             8, entsize)
        body += data
    body += bytes(-len(body) % 8)
    shoff = 120 + len(body)
    entry = BASE + at['.data' if entry_in_data else '.text']
    return (header(kind, entry, 1, shoff, len(parts) + 1, len(parts)) +
            segment(shoff, PF_R | PF_X) + body + heads)

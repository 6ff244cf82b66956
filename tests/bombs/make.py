#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes files that are small and unpack to far too much: make.py DIRECTORY."""
import pathlib
import struct
import sys
import zlib

MIB = 1 << 20


def deflate(data, level=9):
    z = zlib.compressobj(level, zlib.DEFLATED, -15)
    return z.compress(data) + z.flush()


def deflated_zeros(mib):
    """A deflate stream of that many MiB of zeros, without compressing them all."""
    z = zlib.compressobj(9, zlib.DEFLATED, -15)
    one = z.compress(bytes(MIB)) + z.flush(zlib.Z_FULL_FLUSH)
    return one * mib + deflate(b"")


def gzip_of(stream, crc=0, size=0, name=b""):
    head = b"\x1f\x8b\x08" + (b"\x08" if name else b"\0") + bytes(4) + b"\0\xff"
    if name:
        head += name + b"\0"
    return head + stream + struct.pack("<II", crc, size & 0xFFFFFFFF)


def local_header(name, packed, size, method=8):
    return struct.pack("<IHHHIIIIHH", 0x04034B50, 20, 0, method, 0, 0, packed, size,
                       len(name), 0) + name


def central_header(name, packed, size, offset, method=8):
    return struct.pack("<IHHHHIIIIHHHHHII", 0x02014B50, 20, 20, 0, method, 0, 0, packed, size,
                       len(name), 0, 0, 0, 0, 0, offset) + name


def zip_end(count, directory, offset):
    return struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count & 0xFFFF, count & 0xFFFF,
                       len(directory), offset, 0)


def zip_of(members):
    """members: (name, deflated bytes, size)."""
    out, directory = b"", b""
    for name, packed, size in members:
        directory += central_header(name, len(packed), size, len(out))
        out += local_header(name, len(packed), size) + packed
    return out + directory + zip_end(len(members), directory, len(out))


def nested_zip(levels, width):
    """A zip of zips of zips ..., the innermost full of zeros: width ** levels * 4 MiB."""
    data = zip_of([(b"zeros", deflated_zeros(4), 4 * MIB)])
    for _ in range(levels):
        packed = deflate(data)
        data = zip_of([(b"%d.zip" % i, packed, len(data)) for i in range(width)])
    return data


def same_bytes_zip(count):
    """Every entry is the same few bytes."""
    kernel = deflated_zeros(8)
    local = local_header(b"k", len(kernel), 8 * MIB)
    directory = b"".join(central_header(b"k", len(kernel), 8 * MIB, 0) for _ in range(count))
    out = local + kernel
    return out + directory + zip_end(count, directory, len(out))


def quoted_zip(count):
    """
    Each entry's stream starts with a stored block that quotes the next entry's local header and
    then goes on with that entry's own stream, so all of them share the last one's bytes.
    """
    kernel = deflated_zeros(8)
    size, body, entries = 8 * MIB, kernel, []
    for i in reversed(range(count)):
        name = b"%05d" % i
        header = local_header(name, len(body), size)
        entries.append((name, len(body), size, len(body) + len(header)))
        body = header + body
        if i:
            quote = struct.pack("<BHH", 0, len(header), len(header) ^ 0xFFFF)
            size += len(header)
            body = quote + body
    total = len(body)
    directory = b""
    for name, packed, length, from_end in reversed(entries):
        directory += central_header(name, packed, length, total - from_end)
    return body + directory + zip_end(count, directory, total)


def tar_header(name, size, kind=b"0", tail=b""):
    def octal(value, width):
        if value < 8 ** (width - 1):
            return b"%0*o\0" % (width - 1, value)
        return b"\x80" + value.to_bytes(width - 1, "big")
    head = bytearray(512)
    head[0:len(name)] = name
    head[100:108] = octal(0o644, 8)
    head[124:136] = octal(size, 12)
    head[148:156] = b" " * 8
    head[156:157] = kind
    head[257:265] = b"ustar  \0"
    head[386:386 + len(tail)] = tail
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head)


def deep_tar(levels):
    """Headers in a row: each one's member is all that follows it."""
    payload = b"bottom".ljust(512, b"\0")
    return b"".join(tar_header(b"%d.tar" % i, (levels - i - 1) * 512 + len(payload))
                    for i in range(levels)) + payload


def sparse_tar():
    """One TiB of hole (GNU's old sparse format), 512 bytes of data behind it."""
    size = 1 << 40
    tail = bytes([0x80]) + (size - 512).to_bytes(11, "big") + b"00000001000\0"
    tail = tail.ljust(483 - 386, b"\0") + bytes([0x80]) + size.to_bytes(11, "big")
    return tar_header(b"hole", 512, b"S", tail) + b"x" * 512 + bytes(1024)


def deep_gzip(levels):
    data = b"bottom"
    for _ in range(levels):
        data = gzip_of(deflate(data, 0), zlib.crc32(data), len(data))
    return data


# ---- a gzip file that unpacks to itself ----
#
# Deflate as a language of two words: L prints the 20 bytes that follow it (a stored block's head),
# R prints the last 20 bytes once more (a block of two matches of ten bytes, distance 20). Both are
# five bytes long. The prefix P (gzip's header) and the suffix S (a last block and gzip's trailer)
# are made 15 bytes long, so that P with one word, and S with one word, are 20 bytes too. The words
# below print exactly themselves: read the program, and the output runs behind it by less and less
# until it is level, then a little ahead.

def bits(*fields):
    """(value, width, high bit first?) fields as deflate packs them."""
    out, n = 0, 0
    for value, width, huffman in fields:
        if huffman:
            value = int(format(value, "0%db" % width)[::-1], 2)
        out |= value << n
        n += width
    return out.to_bytes((n + 7) // 8, "little")


def quine():
    length10, distance20 = (264 - 256, 7, True), [(8, 5, True), (20 - 17, 3, False)]
    end = (0, 7, True)
    fixed, stored_last = (2, 3, False), (1, 3, False)

    def literal(n):
        return struct.pack("<BHH", 0, n, n ^ 0xFFFF)

    repeat = bits(fixed, length10, *distance20, length10, *distance20, end)
    nothing, some, one = literal(0), literal(20), literal(5)
    assert len(repeat) == 5
    prefix = b"\x1f\x8b\x08\x08" + bytes(4) + b"\0\xff" + b"q.gz\0"
    last = bits(fixed, end, fixed, end, stored_last) + struct.pack("<HH", 0, 0xFFFF)

    def program(crc, size):
        suffix = last + struct.pack("<II", crc, size)
        assert len(prefix) == len(suffix) == 15
        return b"".join([
            prefix, some, prefix, some, repeat, one, repeat, one, one,
            some, repeat, one, one, some, repeat,
            some, repeat, some, repeat, some, repeat,
            some, repeat, nothing, nothing, some, repeat,
            nothing, nothing, some, repeat, suffix, repeat, suffix,
        ])

    # The checksum is part of what is summed. CRC-32 is affine in those bits: solve for the one
    # value that gives itself.
    size = len(program(0, 0))
    base = zlib.crc32(program(0, size))
    rows = []
    for bit in range(32):
        rows.append(zlib.crc32(program(1 << bit, size)) ^ base ^ (1 << bit))
    # Column `bit` of (A + I) is rows[bit]; solve (A + I) c = base.
    equations = []
    for out_bit in range(32):
        left = sum(((rows[bit] >> out_bit) & 1) << bit for bit in range(32))
        equations.append([left, base >> out_bit & 1])
    crc = solve(equations)
    made = program(crc, size)
    assert zlib.decompress(made, 31) == made
    return made


def solve(equations):
    """Gauss over GF(2): each equation is [mask of unknowns, right side]."""
    pivots = []
    for bit in range(32):
        row = next((e for e in equations if e[0] >> bit & 1 and e not in pivots), None)
        if row is None:
            continue
        pivots.append(row)
        for other in equations:
            if other is not row and other[0] >> bit & 1:
                other[0] ^= row[0]
                other[1] ^= row[1]
        row.append(bit)
    assert all(e[1] == 0 for e in equations if e[0] == 0)
    return sum(1 << row[2] for row in pivots if row[1])


def cyclic_pdf():
    return b"""%PDF-1.7
1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction 1 0 R/AA 1 0 R>>endobj
2 0 obj<</Type/Pages/Parent 2 0 R/Kids[2 0 R 1 0 R]/Next 2 0 R>>endobj
3 0 obj<</Type/ObjStm/N 3/First 12/Extends 3 0 R/Length 3 0 R/Filter 4 0 R>>stream
3 0 4 6 5 9 4 0 R 5 0 R 3 0 R
endstream endobj
4 0 obj[4 0 R 5 0 R]endobj
5 0 obj 4 0 R endobj
trailer<</Root 1 0 R/Prev 0>>
"""


def bomb_pdf():
    """Flate in Flate in Flate."""
    data = bytes(64 * MIB)
    for _ in range(2):
        data = zlib.compress(data, 9)
    return (b"%PDF-1.7\n1 0 obj<</Filter[/FlateDecode/FlateDecode]/Length " +
            b"%d" % len(data) + b">>stream\n" + data + b"\nendstream endobj\n")


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    files = {
        "zeros.gz": gzip_of(deflated_zeros(10240)),
        "zeros.zip": zip_of([(b"zeros", deflated_zeros(3000), 3000 * MIB)]),
        "nested.zip": nested_zip(6, 16),
        "same-bytes.zip": same_bytes_zip(20000),
        "quoted.zip": quoted_zip(2000),
        "deep.tar": deep_tar(10000),
        "deep.gz": deep_gzip(10000),
        "sparse.tar": sparse_tar(),
        "quine.gz": quine(),
        "cyclic.pdf": cyclic_pdf(),
        "bomb.pdf": bomb_pdf(),
    }
    for name, data in files.items():
        (out / name).write_bytes(data)


main()

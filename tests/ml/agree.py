#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Recomputes the columns about contents from their definitions (docs/features.md), and compares."""
import collections
import csv
import math
import re
import subprocess
import sys

TOLERANCE = 1e-5  # rows are floats


def entropy(data):
    n = len(data)
    return -sum(c / n * math.log2(c / n) for c in collections.Counter(data).values()) if n else 0


def windows(data):
    values = [entropy(data[i:i + 256]) for i in range(0, len(data) - 255, 128)] or [entropy(data)]
    mean = sum(values) / len(values)
    std = math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))
    return {"window_entropy_min": min(values), "window_entropy_max": max(values),
            "window_entropy_mean": mean, "window_entropy_std": std}


def byte_entropy(data):
    table, ends = [0] * 256, range(0, len(data) - 2047, 1024) if len(data) >= 2048 else [0]
    for i in ends:
        nibbles = [b >> 4 for b in data[i:i + 2048]]
        bin_ = min(int(entropy(nibbles) * 4 + 1e-12), 15)
        for nibble in nibbles:
            table[bin_ * 16 + nibble] += 1
    return {f"byte_entropy_{i}": v / sum(table) for i, v in enumerate(table)}


def pairs(data):
    counts = collections.Counter(zip(data, data[1:]))
    n = len(data) - 1
    return {"pairs_unique": len(counts), "pairs_top_share": max(counts.values()) / n,
            "pairs_entropy": -sum(c / n * math.log2(c / n) for c in counts.values())}


def bucket(word, n):
    h = 2166136261
    for c in word.lower():
        h = (h ^ c) * 16777619 & 0xffffffff
    return (h ^ h >> 16) % n


def strings(data):
    found = re.findall(rb"[ -~]{4,}", data)
    total = sum(map(len, found))
    counts = collections.Counter(b"".join(found))
    hashed = collections.Counter(bucket(w, 64) for s in found for w in re.findall(rb"\w+", s)
                                 if 4 <= len(w) <= 32)
    return {"strings": len(found), "strings_share": total / len(data),
            "strings_mean": total / len(found), "strings_longest": max(map(len, found)),
            "strings_entropy": entropy(b"".join(found)),
            "strings_url": sum(1 for s in found if re.search(rb"http|www\.", s, re.I)),
            **{f"strings_histogram_{i}": counts[32 + i] / total for i in range(95)},
            **{f"strings_hash_{i}": math.log2(1 + hashed[i]) for i in range(64)}}


def expected(data):
    counts = collections.Counter(data)
    head, n = data[:1024], len(data)
    return {"size": n, "entropy": entropy(data), "null_share": counts[0] / n,
            "printable_share": sum(counts[i] for i in range(32, 127)) / n,
            "high_share": sum(counts[i] for i in range(128, 256)) / n,
            "head_entropy": entropy(head), "head_null_share": head.count(0) / len(head),
            "tail_entropy": entropy(data[-1024:]),
            **{f"byte_histogram_{i}": counts[i] / n for i in range(256)},
            **windows(data), **byte_entropy(data), **pairs(data), **strings(data)}


def main():
    ward, *paths = sys.argv[1:]
    run = subprocess.run([ward, "features", "--csv", "--type", "elf", *paths], check=True,
                         capture_output=True, text=True)
    bad = compared = 0
    for row in csv.DictReader(run.stdout.splitlines()):
        with open(row["path"], "rb") as file:
            wanted = expected(file.read(64 << 20))
        for name, value in wanted.items():
            compared += 1
            if abs(float(row[name]) - value) > TOLERANCE * max(1, abs(value)):
                print(f"{row['path']}: {name} is {row[name]}, not {value}")
                bad += 1
    print(f"{compared} numbers compared, {bad} different")
    return bad > 0 or compared == 0


if __name__ == "__main__":
    sys.exit(main())

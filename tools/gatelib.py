# SPDX-License-Identifier: Apache-2.0
"""What the gates share.

A gate is a function check(root) that returns (findings, figures): findings are tuples (path, symbol,
message), figures one short text. Its CASES are (name, {path: text}, wanted): a small tree on which
the gate must report a finding that contains `wanted`, or nothing when it is None. They run first, so
a gate that no longer sees anything fails.

Exceptions stand in tools/allow.txt, one a line: gate, path, symbol (or *), reason. An entry without
a reason, or that nothing needs any more, is a finding itself: the list can only shrink.
"""
import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ["src", "tests", "fuzz", "bench"]


def files(root, *suffixes, folders=FOLDERS):
    """The files under the source folders with one of the suffixes, sorted, relative to root."""
    found = []
    for folder in folders:
        for path in (root / folder).rglob("*"):
            if path.is_file() and path.name.endswith(suffixes):
                found.append(path.relative_to(root))
    return sorted(found)


def is_test(path):
    return path.name.startswith(("test", "fuzz-", "probe")) or path.parts[0] in ("tests", "fuzz", "bench")


def text(root, path):
    return (root / path).read_text(encoding="utf-8", errors="replace")


def table(root, path):
    """Lines of a small configuration file, without comments and blanks."""
    if not (root / path).exists():
        return []
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in text(root, path).splitlines())
    return [line for line in lines if line]


TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)


def bare(source):
    """C without comments, and with empty strings; line numbers stay. `//` comments become `//`."""
    def blank(match):
        token = match.group()
        mark = token[:2] if token.startswith("//") else '""' if token[0] in "\"'" else " "
        return mark + "\n" * token.count("\n")
    return TOKEN.sub(blank, source)


def apply_allow_list(root, gate, findings):
    entries = [e.split(None, 3) for e in table(root, "tools/allow.txt") if e.split()[0] == gate]
    left, used = [], set()
    for path, symbol, message in findings:
        hits = [i for i, e in enumerate(entries) if e[1] == str(path) and e[2] in ("*", symbol)]
        used.update(hits)
        if not hits:
            left.append((path, symbol, message))
    for i, entry in enumerate(entries):
        if len(entry) < 4:
            left.append(("tools/allow.txt", gate, f"{' '.join(entry)}: no reason given"))
        if i not in used:
            left.append(("tools/allow.txt", gate, f"{' '.join(entry[:3])}: no longer needed"))
    return left


def self_test(gate, check, cases):
    for name, tree, wanted in cases:
        with tempfile.TemporaryDirectory(prefix="ward-gate-") as folder:
            root = pathlib.Path(folder)
            for path, content in tree.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(content.replace("@ROOT@", folder), encoding="utf-8")
            found = apply_allow_list(root, gate, check(root)[0])
        said = "\n".join(f"{p}: {m}" for p, _, m in found)
        if (wanted is None and found) or (wanted is not None and wanted not in said):
            sys.exit(f"{gate}: self-test '{name}' wanted {wanted!r}, the gate said: {said or 'nothing'}")


def main(check, cases):
    gate = pathlib.Path(sys.argv[0]).name.removeprefix("gate-")
    self_test(gate, check, cases)
    findings, figures = check(ROOT)
    findings = apply_allow_list(ROOT, gate, findings)
    for path, _, message in findings:
        print(f"{path}: {message}")
    print(f"{figures}; {len(cases)} self-tests")
    sys.exit(1 if findings else 0)

# SPDX-License-Identifier: Apache-2.0
"""What the processes saw, held against what the guard said: each planted file that opened needs an
explanation by the guard's own log, or by the time it was away; and none may be lost."""
import collections
import json

SLACK = 1.5      # seconds: 50 processes and the guard share two processors
LATER = 3.0      # until the log has a line: the guard tells counts once a second
REPEAT = 13.0    # the same news is not told again within 10 s (serve/journal.c)
MAPPED = 2.0     # a write through a mapping shows when the news of the close has been read
UNSEEN = 40.0    # what had been written but not scanned when the guard was killed


class Family:
    """One planted file under all its names; the digest is its alone. Of a file that is being taken to
    quarantine the log may know a name that nobody gave it, so both lead to it."""

    def __init__(self, r):
        self.name, self.kind, self.at, self.how = r["path"], r["kind"], r["at"], r.get("how")
        self.names, self.removed, self.sha256 = {self.name}, set(), r["sha256"]


class Evidence:
    """What was written down, of all processes, and the guard's log."""

    def __init__(self, records, guard, cloud):
        self.families, self.allowed, self.good, self.slow, self.odd = {}, [], [], [], []
        self.named = collections.defaultdict(set)  # each name: of which planted files
        self.count, self.slowest = collections.Counter(), {"local": 0.0, "cloud": 0.0}
        self.ended, self.down, self.away = 0, list(guard.down), list(cloud.away)
        for path in records:
            for line in path.read_text(encoding="utf-8").splitlines():
                self.take(json.loads(line))
        self.events = guard.events()
        self.lines = collections.defaultdict(list)  # path, or digest: (when, action)
        self.budget = []                            # [when, how many] opens the fail mode answered
        for when, action, said in self.events:
            for name in (said.get("file.path", "").removesuffix(" (deleted)"),
                         said.get("file.hash.sha256")):
                if name:
                    self.lines[name].append((when, action))
            if action == "opens.not-decided":
                self.budget.append([when, int(said["ward.count"])])

    def take(self, r):
        what = r["what"]
        if what == "planted":
            self.families[r["path"]] = Family(r)
            self.named[r["path"]].add(r["path"])
        elif what == "named" and r["name"] in self.families:
            self.families[r["name"]].names.add(r["path"])
            self.named[r["path"]].add(r["name"])
        elif what == "removed":
            for name in self.named[r["path"]]:
                self.families[name].removed.add(r["path"])
        elif what == "end":
            self.ended += 1
            self.count.update(r["count"])
            for kind, took in r["slowest"].items():
                self.slowest[kind] = max(self.slowest[kind], took)
        elif what in ("allowed", "good", "slow"):
            getattr(self, what).append(r)
        else:
            self.odd.append(r)

    def was_down(self, start, end):
        return any(start <= up and end >= gone for gone, up in self.down if up is not None)

    def said(self, family, actions, start=0.0, end=float("inf")):
        return any(action in actions and start <= when <= end
                   for name in (family.sha256, *family.names)
                   for when, action in self.lines[name])

    def explain(self, r, deadline):
        """Why a planted file opened; None: nothing explains it."""
        family, start, end = self.families.get(r["name"]), r["start"], r["end"]
        if self.was_down(start, end):
            return "the guard was down"
        if family and self.said(family, ("file.not-decided",), start - REPEAT, end + LATER):
            return "nobody could say what it is (file.not-decided)"
        for entry in self.budget:
            if start <= entry[0] <= end + LATER and entry[1] > 0:
                entry[1] -= 1
                return "its deadline was over (opens.not-decided)"
        if end - start > 0.9 * deadline and self.was_down(start, end + LATER):
            return "its deadline was over, and the guard died before it told"
        if r["kind"] == "cloud" and self.was_down(end, end + LATER):
            return "the guard died right after it, with what it had not told"
        if r["mapped"] and start < r["mapped"] + MAPPED:
            return "written through a mapping just now"
        return None


FOUND = ("open.denied", "file.convicted", "file.convicted-late")


def not_found(e, family, taken):
    """What became of one that is neither in the log nor in quarantine: a word, or None when lost."""
    if family.names & taken or e.said(family, FOUND):
        return "found"
    if family.removed >= family.names:
        return "removed by its maker"
    if e.said(family, ("file.not-decided",)):
        return "told as not decided"
    if e.was_down(family.at - 0.5, family.at + UNSEEN):
        return "the guard died before it came to it"
    return None


def wrongly_allowed(e, deadlines):
    why, unexplained = collections.Counter(), []
    for r in e.allowed:
        word = e.explain(r, deadlines["cloud" if r["kind"] == "cloud" else "local"])
        why[word or "UNEXPLAINED"] += 1
        if not word:
            unexplained.append(r)
    return why, unexplained


def fates(e, taken):
    fate, lost = collections.Counter(), []
    for family in e.families.values():
        word = not_found(e, family, taken)
        fate[word or "LOST"] += 1
        if not word:
            lost.append(family)
    return fate, lost


def too_slow(e, deadlines):
    return [r for r in e.slow if r["seconds"] > deadlines[r["kind"]] + SLACK]

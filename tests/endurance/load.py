# SPDX-License-Identifier: Apache-2.0
"""What one of the processes does: files that come, change, move, run and go, good ones and planted ones.
What it saw goes into a file of JSON lines, which judge.py reads."""
import collections
import errno
import hashlib
import io
import json
import mmap
import os
import random
import shutil
import time
import zipfile

import endpoint

# in two halves, so that this file is not the test file itself
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
CLOUD = b"WARD-CLOUD-PROTECTION-TEST-FILE-3f7c9a52-61d8-4be0-9c0e-7d24a8b1f6e3"
GONE = (errno.ENOENT, errno.ESTALE, errno.ENOTDIR)
SHARED = 400  # good files that all processes use
SLOW = 1.0    # seconds from which on an open is told with its times


def bad_content(kind):
    tail = "%032x" % random.getrandbits(128)
    if kind == "eicar":
        return EICAR + bytes(random.choices(b" \t\r\n", k=40))
    if kind == "zip":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
            z.writestr(f"{tail}.txt", random.randbytes(random.randrange(4000)))
            z.writestr("eicar.com", EICAR)
        return out.getvalue()
    if kind == "rule":
        return b"%s\n%s\n%s\n" % (tail.encode() * random.randrange(50), endpoint.MARK.encode(),
                                  tail.encode() * random.randrange(50))
    return b"#!/bin/sh\n# %s %s\n" % (CLOUD, tail.encode())


def good_content():
    tail = b"%032x" % random.getrandbits(128)
    kind = random.random()
    if kind < 0.06:
        return b"#!/bin/sh\n# %s\nexit 0\n" % tail
    if kind < 0.08:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as z:
            z.writestr("a", tail * 20)
        return out.getvalue()
    return b"text %s\n" % tail * random.randrange(1, 4000)


class Load:
    """One process's state."""

    def __init__(self, number, places, until, out):
        random.seed(os.getpid() ^ time.time_ns())
        self.number, self.places, self.until, self.out = number, places, until, out
        self.count = collections.Counter()
        self.slowest = {"local": 0.0, "cloud": 0.0}
        self.mine = []    # planted: names that may still be there
        self.serial = 0

    def say(self, what, **more):
        self.out.write(json.dumps({"what": what, **more}) + "\n")

    # --- the system calls that are watched ---

    def timed(self, path, call, kind="local"):
        """What an open or execution brings: 'ok', 'denied', 'gone', or the error's name."""
        began, start = time.time(), time.monotonic()
        try:
            result, outcome = call(), "ok"
        except OSError as e:
            result, outcome = None, "denied" if e.errno == errno.EPERM else \
                "gone" if e.errno in GONE else errno.errorcode.get(e.errno, str(e.errno))
        took = time.monotonic() - start
        self.count["opens"] += 1
        self.count[f"open {outcome}"] += 1
        self.slowest[kind] = max(self.slowest[kind], took)
        if took > SLOW:
            self.say("slow", path=path, start=began, seconds=took, kind=kind, outcome=outcome)
        return result, outcome, began

    def good_open(self, path, flags=os.O_RDONLY):
        fd, outcome, began = self.timed(path, lambda: os.open(path, flags | os.O_CLOEXEC),
                                        "cloud")  # scripts are among them
        if outcome not in ("ok", "gone"):
            self.say("good", path=path, start=began, end=time.time(), outcome=outcome)
        return fd

    def bad_open(self, path, name, kind, mapped=None):
        fd, outcome, began = self.timed(path, lambda: os.open(path, os.O_RDONLY | os.O_CLOEXEC),
                                        "cloud" if kind == "cloud" else "local")
        if fd is not None:
            data = os.read(fd, 1 << 20)
            os.close(fd)
            if EICAR in data or CLOUD in data or endpoint.MARK.encode() in data or kind == "zip":
                self.say("allowed", path=path, name=name, kind=kind, start=began, end=time.time(),
                         mapped=mapped)
                self.count["planted, allowed"] += 1
        elif outcome == "denied":
            self.count["planted, denied"] += 1
        elif outcome != "gone":
            self.say("odd", path=path, outcome=outcome)
        return outcome

    # --- good files ---

    def shared(self):
        return f"{random.choice(self.places)}/good/{random.randrange(SHARED)}"

    def write_good(self, path=None):
        path = path or self.shared()
        fd = self.good_open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        if fd is not None:
            os.write(fd, good_content())
            os.fchmod(fd, 0o755)
            os.close(fd)

    def read_good(self):
        path = self.shared()
        for _ in range(random.randrange(1, 8)):
            fd = self.good_open(path)
            if fd is None:
                self.write_good(path)
                return
            os.read(fd, 4096)
            os.close(fd)

    def move_good(self):
        try:
            os.rename(self.shared(), self.shared())
            self.count["renames"] += 1
        except OSError as e:
            if e.errno not in (*GONE, errno.EXDEV):
                self.say("odd", path="rename", outcome=str(e))

    def link_good(self):
        """A second name, opened, and taken away."""
        name = f"{random.choice(self.places)}/good/link-{self.number}"
        try:
            os.link(self.shared(), name)
            self.count["links"] += 1
        except OSError as e:
            if e.errno not in (*GONE, errno.EXDEV, errno.EEXIST):
                self.say("odd", path=name, outcome=str(e))
            return
        fd = self.good_open(name)
        if fd is not None:
            os.close(fd)
        os.unlink(name)

    def map_good(self):
        """A file that nobody else cuts, which would end the process."""
        path = f"{random.choice(self.places)}/own/map-{self.number}"
        fd = self.good_open(path, os.O_RDWR)
        if fd is None:
            self.write_good(path)
            return
        try:
            with mmap.mmap(fd, 0) as m:
                m[0:1] = b"t" if m[0:1] == b"T" else b"T"
                self.count["mappings"] += 1
        except (OSError, ValueError):
            self.count["mappings of empty files"] += 1
        os.close(fd)

    def spawn(self, path):
        pid, outcome, began = self.timed(path, lambda: os.posix_spawn(path, [path], {}), "cloud")
        if pid is not None:
            _, status = os.waitpid(pid, 0)
            self.count["executions"] += 1
            # a script's interpreter opens it once more, and is denied like anybody
            if os.waitstatus_to_exitcode(status) != 0:
                self.say("good", path=path, start=began, end=time.time(), outcome="it failed")
        elif outcome not in ("gone", "ETXTBSY"):
            self.say("good", path=path, start=began, end=time.time(), outcome=outcome)

    def exec_good(self):
        place = random.choice(self.places)
        if random.random() < 0.8:
            self.spawn(f"{place}/true")
            return
        mine = f"{place}/own/run-{self.number}"
        if random.random() < 0.5:
            shutil.copyfile("/bin/true", mine)
        else:
            with open(mine, "wb") as f:
                f.write(b"#!/bin/sh\n# %032x\nexit 0\n" % random.getrandbits(128))
        os.chmod(mine, 0o755)
        self.spawn(mine)

    # --- planted files ---

    def new_name(self):
        self.serial += 1
        return f"{random.choice(self.places)}/bad/{self.number}-{self.serial}"

    def note(self, path, kind, content, **more):
        self.say("planted", path=path, kind=kind, at=time.time(),
                 sha256=hashlib.sha256(content).hexdigest(), **more)
        self.count["planted"] += 1
        self.mine.append((path, path, kind))
        del self.mine[:-30]

    def plant(self):
        kind = random.choice(("eicar", "zip", "rule", "cloud"))
        path = self.new_name()
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o755)
        content = bad_content(kind)
        os.write(fd, content)
        os.close(fd)
        self.note(path, kind, content)
        if random.random() < 0.6:
            for _ in range(random.randrange(1, 4)):
                self.bad_open(path, path, kind)

    def turn(self):
        """A good file, known as such, turns bad: by a write, a mapping, or another put in its place."""
        path, kind = self.new_name(), random.choice(("eicar", "rule"))
        content = bad_content(kind)
        with open(path, "wb") as f:
            f.write(b"good " * (len(content) // 5 + 1))
        time.sleep(0.02)
        fd = self.good_open(path)
        if fd is not None:
            os.close(fd)
        how = random.choice(("write", "map", "rename"))
        if how == "rename":
            with open(path + ".new", "wb") as f:
                f.write(content)
            try:
                os.rename(path + ".new", path)
            except FileNotFoundError:
                return  # it is in quarantine already
        else:
            fd = self.good_open(path, os.O_RDWR)
            if fd is None:
                return
            os.ftruncate(fd, len(content))
            if how == "map":
                with mmap.mmap(fd, 0) as m:
                    m[:] = content
            else:
                os.pwrite(fd, content, 0)
            os.close(fd)
        self.note(path, kind, content, how=how)
        mapped = time.time() if how == "map" else None
        for _ in range(3):
            self.bad_open(path, path, kind, mapped)

    def visit_bad(self):
        """Opens, moves, links, runs or removes one that was planted a while ago."""
        if not self.mine:
            return
        at = random.randrange(len(self.mine))
        path, name, kind = self.mine[at]
        way = random.random()
        if way < 0.5:
            if self.bad_open(path, name, kind) == "gone":
                del self.mine[at]
            return
        try:
            fresh = self.new_name()
            if way < 0.7:
                os.rename(path, fresh)
                self.mine[at] = (fresh, name, kind)
                self.say("named", path=fresh, name=name)
                self.say("removed", path=path)
            elif way < 0.85:
                os.link(path, fresh)
                self.mine.append((fresh, name, kind))
                self.say("named", path=fresh, name=name)
            else:
                os.unlink(path)
                self.say("removed", path=path)
                del self.mine[at]
        except OSError as e:
            if e.errno in GONE:
                del self.mine[at]
            elif e.errno != errno.EXDEV:
                self.say("odd", path=path, outcome=str(e))

    def run(self):
        works = {self.read_good: 34, self.write_good: 14, self.move_good: 6, self.link_good: 6,
                 self.map_good: 6, self.exec_good: 10, self.plant: 3, self.turn: 1, self.visit_bad: 12}
        while time.monotonic() < self.until:
            random.choices(list(works), list(works.values()))[0]()
            time.sleep(random.random() * 0.04)
        self.say("end", count=self.count, slowest=self.slowest)
        self.out.flush()


def work(number, places, until, path):
    """The life of one process; its exit status."""
    with open(path, "w", encoding="utf-8") as out:
        load = Load(number, places, until, out)
        try:
            load.run()
        except BaseException as e:  # pylint: disable=broad-exception-caught
            load.say("broken", error=repr(e))
            raise
    return 0

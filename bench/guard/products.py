# SPDX-License-Identifier: Apache-2.0
"""Each product, protecting one mount of ours: started, proved to block, its memory, ended."""
import os
import pathlib
import shutil
import signal
import subprocess
import time

SIGNATURE = b"ward-bench-signature-file\n"


class Dead(Exception):
    """It does not start, or does not block: nothing to measure."""


def wait_for(what, condition, process, log, tries=600):
    for _ in range(tries):
        if condition():
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise Dead(f"{what}: {log.read_text(errors='replace')[-1500:] if log.exists() else ''}")


def end(process):
    if process and process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def tree(pid):
    pids = [pid]
    for one in pids:
        for task in pathlib.Path(f"/proc/{one}/task").iterdir():
            pids += [int(c) for c in (task / "children").read_text().split()]
    return pids


def pss(pids):
    """MB."""
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def cpu(pids):
    """Seconds, of all threads that live."""
    used = 0
    for pid in pids:
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            used += int((task / "schedstat").read_text().split()[0])
    return used / 1e9


def marks(pid):
    """What its fanotify groups watch, as the kernel tells: ("mnt_id", 31) or ("sdev", 0x700002)."""
    for info in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
        for line in info.read_text().splitlines():
            words = dict(w.split(":", 1) for w in line.split()[1:] if ":" in w)
            if line.startswith("fanotify ") and "mnt_id" in words:
                yield "mnt_id", int(words["mnt_id"], 16)
            elif line.startswith("fanotify ") and "sdev" in words:
                yield "sdev", int(words["sdev"], 16)


class Product:
    """Nothing at all, and what the others have in common."""
    name = "bare"
    slow = False

    def __init__(self, fs, work, build):
        self.fs, self.work, self.build = fs, work / self.name, build
        self.processes, self.log = [], self.work / "log"
        self.work.mkdir(mode=0o755, exist_ok=True)

    def spawn(self, *command, **more):
        with open(self.log, "ab") as log:
            process = subprocess.Popen(  # pylint: disable=consider-using-with
                [str(c) for c in command], stdout=log, stderr=log, **more)
        self.processes.append(process)
        return process

    def start(self):
        pass

    def stop(self):
        while self.processes:
            end(self.processes.pop())

    def planted(self):
        """What it must not let be opened."""
        path = self.fs / "planted"
        if not path.exists():
            path.write_bytes(SIGNATURE)
        return path

    def opens(self, path):
        try:
            os.close(os.open(path, os.O_RDONLY))
            return True
        except PermissionError:
            return False

    def prove(self):
        """Before and after the work: a guard that is dead is fast."""
        path = self.planted()
        for _ in range(50):
            if not self.opens(path):
                return
            time.sleep(0.1)
        raise Dead(f"{self.name} does not block: {self.log.read_text(errors='replace')[-1500:]}")

    def pids(self):
        return [pid for p in self.processes for pid in tree(p.pid)]

    def cpu(self):
        return cpu(self.pids())

    def watches_ours_alone(self):
        """By the kernel's word, and not by the product's."""
        device = os.stat(self.fs).st_dev
        mount = subprocess.run(["findmnt", "-no", "ID", self.fs], capture_output=True, text=True,
                               check=True).stdout
        ours = {("mnt_id", int(mount)), ("sdev", os.major(device) << 20 | os.minor(device))}
        found = {mark for pid in self.pids() for mark in marks(pid)}
        if self.processes and not found or not found <= ours:
            raise Dead(f"{self.name} watches {found}, and not {ours} alone")

    def memory(self):
        return pss(self.pids())


class Bare(Product):
    """For comparison."""

    def prove(self):
        if not self.opens(self.planted()):
            raise Dead("somebody else blocks")


class Ward(Product):
    """wardd with the same signature as clamd. No cloud: nothing of what is measured is in its scope."""
    name = "wardd"
    hashes = None

    def packs(self):
        source, pack = self.hashes or self.work / "one.sha256", self.work / "one.wardpack"
        if not self.hashes:
            digest = subprocess.run(["sha256sum"], input=SIGNATURE, capture_output=True, check=True)
            source.write_bytes(digest.stdout[:64] + b"\n")
        if not pack.exists():
            subprocess.run([self.build / "ward", "intel", "compile", "--quiet", "-o", pack, source],
                           check=True)
        return ["--pack", pack]

    def start(self):
        policy = self.work / "policy.json"
        policy.write_text('{"actions": {"malicious": "block"}}', encoding="ascii")
        self.log.write_bytes(b"")
        process = self.spawn(self.build / "wardd", "--only", self.fs, "--policy", policy, "--state",
                             self.work / "state", "--enrolment", self.work / "state/uplink",
                             "--socket", self.work / "sock", *self.packs())
        wait_for("wardd", lambda: b"guard.started" in self.log.read_bytes(), process, self.log)


class WardRules(Ward):
    """As it is delivered: the rules, and the signature."""
    name = "wardd, all rules"

    def packs(self):
        return ["--pack", self.build / "default.wardpack", *super().packs()]


class Clam(Product):
    """clamd under a user of its own, without which its opens would wait for itself, and clamonacc."""
    name = "clamonacc"
    slow = True
    hashes = None

    def database(self):
        database = self.work / "db"
        database.mkdir(exist_ok=True)
        if self.hashes:
            shutil.copy(self.hashes, database / "many.hsb")
        digest = subprocess.run(["sha256sum"], input=SIGNATURE, capture_output=True, check=True)
        (database / "one.hsb").write_text(
            f"{digest.stdout[:64].decode()}:{len(SIGNATURE)}:Bench.Planted:73\n", encoding="ascii")
        return database

    def start(self):
        self.log.write_bytes(b"")
        sock, conf = self.work / "clamd.sock", self.work / "clamd.conf"
        sock.unlink(missing_ok=True)
        conf.write_text(f"LocalSocket {sock}\nDatabaseDirectory {self.database()}\nForeground yes\n"
                        "User clamav\nOfficialDatabaseOnly no\nMaxThreads 2\n"
                        f"OnAccessIncludePath {self.fs}\nOnAccessPrevention yes\n"
                        "OnAccessExcludeUname clamav\nOnAccessMaxFileSize 100M\n", encoding="ascii")
        shutil.chown(self.work, "clamav")
        daemon = self.spawn("clamd", "-c", conf)
        wait_for("clamd", sock.exists, daemon, self.log, 3000)
        onacc = self.spawn("clamonacc", "--foreground", "--fdpass", "-c", conf, "-l",
                           self.work / "onacc.log")
        time.sleep(2)
        wait_for("clamonacc", lambda: onacc.poll() is None, onacc, self.log)


class Fapolicyd(Product):
    """fapolicyd with one rule against the planted file. It watches types of file systems and not places:
    the image's, which nothing else here has, by marks on the mounts of our own namespace; what it reads
    and writes in /etc, /var and /run lies in directories of ours, mounted there."""
    name = "fapolicyd"

    def start(self):
        self.log.write_bytes(b"")
        kind = subprocess.run(["findmnt", "-no", "FSTYPE", self.fs], capture_output=True, text=True,
                              check=True).stdout.strip()
        if subprocess.run(["findmnt", "-no", "TARGET", "-t", kind], capture_output=True, text=True,
                          check=False).stdout.split() != [str(self.fs)]:
            raise Dead(f"other {kind} file systems would be watched too")
        etc = self.work / "etc"
        for place, ours in (("/etc/fapolicyd", etc), ("/var/lib/fapolicyd", self.work / "lib"),
                            ("/run/fapolicyd", self.work / "run")):
            pathlib.Path(place).mkdir(parents=True, exist_ok=True)
            ours.mkdir(exist_ok=True)
            shutil.chown(ours, "root", "fapolicyd")
            ours.chmod(0o770)
            subprocess.run(["mount", "--bind", ours, place], check=True)
        (etc / "fapolicyd.conf").write_text(
            "permissive = 0\nnice_val = 14\nq_size = 2048\nuid = root\ngid = root\n"
            "do_stat_report = 0\ndetailed_report = 0\ndb_max_size = 50\nsubj_cache_size = 1549\n"
            f"obj_cache_size = 8191\nwatch_fs = {kind}\ntrust = file\nintegrity = none\n"
            "allow_filesystem_mark = 0\n", encoding="ascii")
        rules = f"deny perm=any all : path={self.fs}/planted\nallow perm=any all : all\n"
        (etc / "compiled.rules").write_text(rules, encoding="ascii")
        (etc / "fapolicyd.trust").write_text(self.trust(), encoding="ascii")
        for f in etc.iterdir():
            shutil.chown(f, "root", "fapolicyd")
            f.chmod(0o640)
        process = self.spawn("fapolicyd", "--debug-deny")
        wait_for("fapolicyd", lambda: b"Starting to listen" in self.log.read_bytes(), process, self.log)

    def trust(self):
        path = self.fs / "true"
        digest = subprocess.run(["sha256sum", path], capture_output=True, text=True,
                                check=True).stdout[:64]
        return f"{path} {path.stat().st_size} {digest}\n"

    def stop(self):
        super().stop()
        for place in ("/etc/fapolicyd", "/var/lib/fapolicyd", "/run/fapolicyd"):
            subprocess.run(["umount", "-q", place], check=False)


ALL = {p.name: p for p in (Bare, Ward, WardRules, Clam, Fapolicyd)}

# SPDX-License-Identifier: Apache-2.0
"""One endpoint and its cloud, as the service manager and an administrator would handle them."""
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import time

RESTART_SEC = 1.0  # dist/systemd/wardd.service.in
MARK = "ward-endurance-test-content"
ONLY_B = "ward-endurance-only-in-pack-b"
POLICY = {"realtime": {"deadline": "2s"}, "cloud": {"hold": "3s"},
          "actions": {"malicious": "quarantine"}}
WAIT = {"local": 2.0, "cloud": 2.0 + 3.0 + 0.5}  # the policy's, and the guard's grace (decide/finish.c)


class Failed(Exception):
    """Something of the set-up does not work: no result."""


def children(pid):
    """Pids, by the kernel's list of every thread."""
    found = []
    try:
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            found += [int(p) for p in (task / "children").read_text().split()]
    except OSError:
        pass
    return found


def comm(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def kill(pid, parent):
    """-9, and nobody else who has come to that number meanwhile. True: it was sent."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        if pid not in children(parent):
            return False
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        return True
    except OSError:
        return False
    finally:
        os.close(handle)


class Cloud:
    """wardcloud on loopback, always on the same port."""

    def __init__(self, build, work):
        self.build, self.work, self.process, self.port = build, work, None, 0
        self.away, self.log = [], work / "cloud.log"
        self.log.touch()
        said = self.tool("init", "--dir", work / "cloud", "--organisation", "test.example",
                         "--host", "localhost", "--host", "127.0.0.1", "--listen", "127.0.0.1:0")
        self.token = re.search(r"^token: (\S+)", said, re.M).group(1)
        self.fingerprint = re.search(r"^ca-sha256: (\S+)", said, re.M).group(1)

    def tool(self, *args):
        run = subprocess.run([self.build / "wardcloud", *map(str, args)], text=True, check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if run.returncode:
            raise Failed(run.stdout)
        return run.stdout

    def start(self):
        before = self.log.read_text().count("service.started")
        packs = f"{self.build}/default.wardpack:{self.build}/cloud.wardpack"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [self.build / "wardcloud", "serve", "--config", self.work / "cloud/wardcloud.conf",
                 "--set", "metrics.listen=127.0.0.1:0", "--set", f"analysis.packs={packs}",
                 "--set", f"analysis.scanner={self.build}/ward-scan", "--set", "analysis.jobs=1",
                 "--set", f"edge.listen=127.0.0.1:{self.port}"], stderr=log)
        end = time.monotonic() + 60
        while self.log.read_text().count("service.started") == before:
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failed(f"wardcloud does not start: {self.log.read_text()[-2000:]}")
            time.sleep(0.1)
        if not self.port:
            self.port = int(re.findall(r'"server.port":"(\d+)"', self.log.read_text())[-1])

    def end(self, sig=signal.SIGTERM):
        if self.process:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(sig)
            self.process.wait()
        self.process = None

    def flap(self, seconds):
        """Away for some seconds, in one of three ways."""
        how, since = random.choice(("stopped", "killed", "frozen")), time.time()
        if how == "frozen":
            self.process.send_signal(signal.SIGSTOP)
            time.sleep(seconds)
            self.process.send_signal(signal.SIGCONT)
        else:
            self.end(signal.SIGTERM if how == "stopped" else signal.SIGKILL)
            time.sleep(seconds)
            self.start()
        self.away.append((since, time.time()))
        return how


class Guard:
    """wardd on the file systems of the test; when it was down."""

    def __init__(self, build, work, watched):
        self.build, self.work, self.watched = build, work, watched
        self.process, self.log, self.state = None, work / "guard.log", work / "state"
        self.down, self.pack = [], work / "test.wardpack"
        self.log.touch()
        self.state.mkdir(mode=0o711)
        (work / "policy.json").write_text(json.dumps(POLICY), encoding="utf-8")
        for letter in "ab":
            self.compile(letter)
        self.use("a")

    def compile(self, letter):
        rules = self.work / f"{letter}.yar"
        text = f'rule marked {{ meta: threat = "Test.Endurance" strings: $a = "{MARK}" condition: $a }}\n'
        if letter == "b":
            text += f'rule b {{ meta: threat = "Test.OnlyB" strings: $a = "{ONLY_B}" condition: $a }}\n'
        rules.write_text(text, encoding="ascii")
        self.ward("intel", "compile", "--quiet", "-o", self.work / f"{letter}.wardpack", rules,
                  socket=False)

    def use(self, letter):
        """The other intelligence takes the first one's name, as an update would."""
        fresh = self.work / "fresh.wardpack"
        fresh.write_bytes((self.work / f"{letter}.wardpack").read_bytes())
        fresh.rename(self.pack)

    def ward(self, *args, socket=True, check=True):
        command = [self.build / "ward", *map(str, args)]
        command += ["--socket", self.work / "control.sock"] if socket else []
        run = subprocess.run(command, text=True, check=False, capture_output=True)
        if check and run.returncode:
            raise Failed(f"ward {' '.join(map(str, args))}: {run.stderr}{run.stdout}")
        return run

    def enroll(self, cloud):
        self.ward("enroll", "--server", f"localhost:{cloud.port}", "--token", cloud.token,
                  "--ca-sha256", cloud.fingerprint, "--state", self.state / "uplink", socket=False)

    def start(self):
        """Until it watches. What began before counts as down, half a second later nothing does."""
        since = self.down[-1][0] if self.down and self.down[-1][1] is None else time.time()
        before = self.log.read_bytes().count(b"guard.started")
        only = [x for fs in self.watched for x in ("--only", fs)]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [self.build / "wardd", *only, "--policy", self.work / "policy.json", "--socket",
                 self.work / "control.sock", "--state", self.state, "--enrolment",
                 self.state / "uplink", "--pack", self.build / "default.wardpack", "--pack",
                 self.pack], stderr=log)
        end = time.monotonic() + 60
        while self.log.read_bytes().count(b"guard.started") == before:
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failed(f"wardd does not start: {self.log.read_text()[-3000:]}")
            time.sleep(0.02)
        if self.down and self.down[-1][1] is None:
            self.down.pop()
        self.down.append((since, time.time() + 0.1))

    def end(self, sig=signal.SIGTERM):
        self.down.append((time.time(), None))
        self.process.send_signal(sig)
        code = self.process.wait()
        self.process = None
        return code

    def crash(self):
        """As it happens with Restart=always."""
        self.end(signal.SIGKILL)
        time.sleep(RESTART_SEC)
        self.start()

    def status(self):
        said = self.ward("status", "--json", check=False).stdout
        try:
            return json.loads(said)
        except ValueError:
            return {}

    def helpers(self):
        """(pid, parent, name) of every process of its own."""
        found = []
        for one in children(self.process.pid):
            found.append((one, self.process.pid, comm(one)))
            found += [(w, one, "worker") for w in children(one)]
        return [h for h in found if h[2].startswith("ward") or h[2] == "worker"]

    def kill_one(self):
        """One of its processes, workers more often than what starts them. Its name, or None."""
        found = self.helpers()
        if not found:
            return None
        pid, parent, name = random.choice(found)
        return name if kill(pid, parent) else None

    def memory(self):
        """(kB that are the guard's own, descriptors)."""
        proc = pathlib.Path(f"/proc/{self.process.pid}")
        own = re.search(r"^RssAnon:\s+(\d+)", (proc / "status").read_text(), re.M)
        return int(own.group(1)), len(list((proc / "fd").iterdir()))

    def events(self):
        """The log: (seconds since 1970, action, line)."""
        found = []
        for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                said = json.loads(line)
            except ValueError:
                continue  # -9 in the middle of a line
            stamp = said["@timestamp"]
            at = time.mktime(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
            found.append((at + int(stamp[20:23]) / 1000, said["event.action"], said))
        return found

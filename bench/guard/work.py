# SPDX-License-Identifier: Apache-2.0
"""What is done on the file system, the same for each product, and how long it takes."""
import os
import pathlib
import resource
import shutil
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
OPENS, EXECS, FILES, TREE = 10000, 300, 20000, 5000
PROJECT = ("bench", "dist", "docs", "meson.build", "meson.options", "meson_options.txt", "rules", "src",
           "tools")
ROWS = {  # name: (unit, factor of seconds)
    "first touch of 20,000 files": ("us a file", 1e6 / FILES),
    "tar of 5,000 headers, first": ("s", 1),
    "tar of 5,000 headers, second": ("s", 1),
    "compile, first": ("s", 1),
    "compile, second": ("s", 1),
    "CPU of all for the first": ("s", 1),
    "CPU of all for the second": ("s", 1),
    "warm open+close": ("us", 1e6 / OPENS),
    "exec of true": ("us", 1e6 / EXECS),
}


def copy_headers(to):
    taken = 0
    for place, places, names in os.walk("/usr/include"):
        places.sort()
        into = to / os.path.relpath(place, "/usr/include")
        into.mkdir()
        for name in sorted(names):
            if taken < TREE and os.path.isfile(f"{place}/{name}"):
                shutil.copy(f"{place}/{name}", into)
                taken += 1


def make(fs, target):
    """Trees that have rested a while: a file that changes just now is no cache's."""
    many = fs / "many"
    many.mkdir()
    for i in range(FILES):
        (many / f"{i}.txt").write_text(f"file {i}\n" * 20, encoding="ascii")
    copy_headers(fs / "include")
    shutil.copy("/bin/true", fs / "true")
    (fs / "warm").write_text("warm\n", encoding="ascii")
    if target:
        (fs / "project").mkdir()
        for name in PROJECT:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, fs / "project" / name, symlinks=True)
            elif (ROOT / name).exists():
                shutil.copy(ROOT / name, fs / "project" / name)
        subprocess.run(["meson", "setup", "-Dtests=false", "build"], cwd=fs / "project", check=True,
                       stdout=subprocess.DEVNULL, env={**os.environ, "CC": "gcc"})
    os.sync()
    time.sleep(0.1)


def opens(path, times):
    for _ in range(times):
        os.close(os.open(path, os.O_RDONLY))


def execs(path, times):
    for _ in range(times):
        os.waitpid(os.posix_spawn(path, [path], {}), 0)


def touch_all(tree):
    for i in range(FILES):
        os.close(os.open(f"{tree}/{i}.txt", os.O_RDONLY))


def tar(tree):
    """To a pipe: what goes to /dev/null, tar does not even open."""
    subprocess.run(["sh", "-c", 'tar -C "$0" -cf - . | cat >/dev/null', tree], check=True)


def build(project, target):
    subprocess.run(["ninja", "-C", project / "build", "-j2", target], check=True,
                   stdout=subprocess.DEVNULL)


def clean(project):
    subprocess.run(["ninja", "-C", project / "build", "-t", "clean"], check=True,
                   stdout=subprocess.DEVNULL)


def seconds(work, *args):
    start = time.perf_counter()
    work(*args)
    return time.perf_counter() - start


def children_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def compile_twice(project, target, product_cpu):
    """Wall time is what users feel; CPU time is what a machine that does something else as well
    does not change."""
    taken = {}
    for which in ("first", "second"):
        clean(project)
        # What was written and removed has been looked at.
        time.sleep(0.5)
        before = children_cpu() + product_cpu()
        taken[f"compile, {which}"] = seconds(build, project, target)
        taken[f"CPU of all for the {which}"] = children_cpu() + product_cpu() - before
    return taken


def measure(fs, target, product_cpu):
    """One round: {row: value}. First touches come first, what follows them is warm."""
    taken = {}
    taken["first touch of 20,000 files"] = seconds(touch_all, fs / "many")
    taken["tar of 5,000 headers, first"] = seconds(tar, fs / "include")
    taken["tar of 5,000 headers, second"] = seconds(tar, fs / "include")
    if target:
        taken.update(compile_twice(fs / "project", target, product_cpu))
    opens(fs / "warm", 100)
    taken["warm open+close"] = seconds(opens, fs / "warm", OPENS)
    execs(str(fs / "true"), 10)
    taken["exec of true"] = seconds(execs, str(fs / "true"), EXECS)
    return {row: taken[row] * factor for row, (_, factor) in ROWS.items() if row in taken}

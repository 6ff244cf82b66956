# SPDX-License-Identifier: Apache-2.0
"""Files of Debian packages, fetched by apt from the mirrors this machine is configured for.

Nothing of a package is ever run: dpkg-deb unpacks it, links in it are not followed.
"""
import pathlib
import re
import shutil
import subprocess

NAME = re.compile(r"[a-z0-9][a-z0-9.+-]+(:[a-z0-9]+)?$")
AT_ONCE = 20


def available(names):
    """Those of the names that apt knows a version of, with the bytes of its package."""
    names = sorted({n for n in names if NAME.match(n)})
    if not names:
        return {}
    run = subprocess.run(["apt-cache", "show", "--no-all-versions", *names], check=False,
                         capture_output=True, text=True)
    sizes, name = {}, None
    for line in run.stdout.splitlines():
        key, _, value = line.partition(": ")
        if key == "Package":
            name = value
        elif key == "Size" and name:
            sizes[name] = int(value)
    return {n: sizes[n.split(":")[0]] for n in names if n.split(":")[0] in sizes}


def behind(name):
    """The kernel that a name without its version stands for; every other name stands for itself."""
    if not name.startswith("linux-image-"):
        return name
    run = subprocess.run(["apt-cache", "depends", "--important", name], check=False,
                         capture_output=True, text=True)
    found = re.search(r"Depends: (linux-image-\S+)", run.stdout)
    return found.group(1) if found else name


def fetch(names, folder):
    """Downloads into folder what is not there; the names that could not be had."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [n for n in names if not packages(folder, n)]
    for i in range(0, len(missing), AT_ONCE):
        subprocess.run(["apt-get", "download", "-qq", *missing[i:i + AT_ONCE]], cwd=folder,
                       check=False, capture_output=True)
    return [n for n in names if not packages(folder, n)]


def packages(folder, name):
    return sorted(folder.glob(f"{name.split(':')[0]}_*.deb"))


def forget(folder, name):
    for package in packages(folder, name):
        package.unlink()


def unpack(folder, name, target):
    """Unpacks the package into target/name, which is returned; None when it does not unpack."""
    root = target / name.replace(":", "_")
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    for package in packages(folder, name):
        if subprocess.run(["dpkg-deb", "-x", str(package), str(root)], check=False,
                          capture_output=True).returncode:
            return None
    return root


def files(root):
    """Regular files below root whose names have no line break."""
    return [p for p in sorted(pathlib.Path(root).rglob("*"))
            if p.is_file() and not p.is_symlink() and "\n" not in str(p)]

# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels by name: the only list of them, and the cache that holds what was made of them."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass

import build
from packages import Apt, PackageError, unpack

# Part of what a kernel is made from: raise it when a cached kernel will not do any longer.
RECIPE = "3"


@dataclass(frozen=True)
class Kernel:
    meaning: str
    package: str  # a pattern of names; the newest is taken
    image: str = ""  # where the package has the kernel
    patches: str = ""  # folder of the series; built if there is one


# 6.1 and 6.12 are of Debian 12; 7.2 is of unstable, where the package of the kernel itself has another name.
KERNELS = {
    "debian-6.1": Kernel("Debian 12's kernel", r"linux-image-6\.1\.0-\d+-amd64", "./boot/vmlinuz-*"),
    "debian-6.12": Kernel("Debian 12's newer kernel", r"linux-image-6\.12\.\d+\+deb12(\.\d+)?-amd64",
                          "./boot/vmlinuz-*"),
    "debian-7.2": Kernel("Debian unstable's kernel", r"linux-binary-unsigned-7\.2\.\d+\+deb\d+(\.\d+)?-amd64",
                         "./usr/lib/modules/*/vmlinuz*"),
    "patched-6.1": Kernel("linux-source-6.1 and patches", r"linux-source-6\.1", patches="6.1"),
    "patched-6.12": Kernel("linux-source-6.12 and patches", r"linux-source-6\.12", patches="6.12"),
    "patched-7.2": Kernel("linux-source-7.2 and patches", r"linux-source-7\.2", patches="7.2"),
}


class KernelError(Exception):
    """Why there is no such kernel, in one line."""


def default_cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("VM_CACHE") or os.path.join(base, "linux-vm")


class Cache:
    """Kernels ready to boot, under the hash of what they are made from; and which package a name stands for."""

    def __init__(self, directory, patches, say):
        self.directory = directory
        self.patches = patches
        self.say = say
        os.makedirs(directory, exist_ok=True)

    def image(self, name, update=False):
        """Path of a bootable kernel; downloaded or built if it is not there."""
        kernel = KERNELS[name]
        with self._lock(name):
            try:
                noted = None if update else self._noted(name)
                ready = self._path(name, kernel, *noted) if noted else ""
                if not os.path.exists(ready):
                    # Anew, and so of the newest package: mirrors do not keep what they once had.
                    package, version = self._ask(name, kernel)
                    ready = self._path(name, kernel, package, version)
                    if not os.path.exists(ready):
                        self._make(name, kernel, package, version, ready)
            except (PackageError, build.BuildError) as error:
                raise KernelError(f"{name}: {error}") from error
        return os.path.join(ready, "bzImage")

    def source(self, name, directory):
        """Path of the unpacked source package of a patched kernel, without its patches, in @directory."""
        kernel = KERNELS[name]
        if not kernel.patches:
            raise KernelError(f"{name} is not built from source")
        try:
            package, version = self._noted(name) or self._ask(name, kernel)
            self.say(f"downloading {package} {version}")
            deb = self._apt().download(package, version, directory)
            tree = build.unpack_source(deb, directory)
        except (PackageError, build.BuildError) as error:
            raise KernelError(f"{name}: {error}") from error
        os.remove(deb)
        return tree

    @contextlib.contextmanager
    def _lock(self, name):
        with open(os.path.join(self.directory, f".{name}.lock"), "w", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _note(self, name):
        return os.path.join(self.directory, f"{name}.package")

    def _noted(self, name):
        """The package and its version that the kernel was last made from, or None."""
        try:
            with open(self._note(name), encoding="utf-8") as file:
                return json.load(file)
        except (OSError, ValueError):
            return None

    def _ask(self, name, kernel):
        """The package and its version that the mirror has; noted."""
        apt = self._apt()
        package = apt.newest_name(kernel.package)
        answer = [package, apt.newest_version(package)]
        with open(self._note(name), "w", encoding="utf-8") as file:
            json.dump(answer, file)
        return answer

    def _apt(self):
        apt = Apt(os.path.join(self.directory, "apt"))
        with self._lock("apt"):
            apt.update()
        return apt

    def _path(self, name, kernel, package, version):
        made_from = hashlib.sha256(f"{RECIPE}\n{package}\n{version}\n".encode())
        if kernel.patches:
            with open(build.CONFIG, "rb") as file:
                made_from.update(file.read())
            for path in self._series(kernel):
                made_from.update(build.what_makes_the_image(path).encode())
        return os.path.join(self.directory, f"{name}-{made_from.hexdigest()[:16]}")

    def _series(self, kernel):
        return build.series(os.path.join(self.patches, kernel.patches))

    def _make(self, name, kernel, package, version, ready):
        work = tempfile.mkdtemp(prefix=".making-", dir=self.directory)
        try:
            self.say(f"downloading {package} {version}")
            deb = self._apt().download(package, version, work)
            result = os.path.join(work, "ready")
            os.mkdir(result)
            if kernel.patches:
                self.say(f"building {name}; follow it in {work}/ready/build.log")
                build.build(deb, self._series(kernel), work, result)
            else:
                self._take_image(deb, kernel.image, work, result)
            self._forget_older(name)
            os.rename(result, ready)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    @staticmethod
    def _take_image(deb, pattern, work, result):
        unpack(deb, work, pattern)
        found = [os.path.join(path, file) for path, _, files in os.walk(work) for file in files
                 if file.startswith("vmlinuz")]
        if len(found) != 1:
            raise PackageError(f"{os.path.basename(deb)} has {len(found)} kernels instead of one")
        os.rename(found[0], os.path.join(result, "bzImage"))

    def _forget_older(self, name):
        for entry in os.listdir(self.directory):
            if entry.startswith(f"{name}-"):
                shutil.rmtree(os.path.join(self.directory, entry), ignore_errors=True)

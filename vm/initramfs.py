# SPDX-License-Identifier: GPL-2.0-or-later
"""An initramfs of busybox, the files named, and what these need to run."""

import os
import re
import shlex
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
BUSYBOX = "/bin/busybox"

# As in Debian, so that what is copied from there is found under both names.
LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}
FOLDERS = ["usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "proc", "sys", "dev", "tmp", "run", "etc", "root", "var",
           "home/user"]

ACCOUNTS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n"
                  "user:x:1000:1000:user:/home/user:/bin/sh\n"
                  "nobody:x:65534:65534:nobody:/:/bin/sh\n",
    "etc/group": "root:x:0:\nuser:x:1000:\nwatchers:x:1001:\nnogroup:x:65534:\n",
}


class FileError(Exception):
    """Which file could not be taken along, and why."""


class Tree:
    """The files of the guest, in a folder."""

    def __init__(self, directory):
        self.directory = directory
        for name in FOLDERS:
            os.makedirs(os.path.join(directory, name))
        for name, target in LINKS.items():
            os.symlink(target, os.path.join(directory, name))
        for name, text in ACCOUNTS.items():
            self._write(name, text)
        self._write("etc/hosts", "127.0.0.1 localhost\n")
        if not os.path.exists(BUSYBOX):
            raise FileError(f"{BUSYBOX} is not there; install busybox-static")
        self._copy(BUSYBOX, "/bin/busybox")
        self._copy(os.path.join(HERE, "guest-init"), "/init")

    def set_command(self, command):
        self._write("command", f"exec {shlex.join(command)}\n")

    def add(self, source, dest):
        """A file or folder, with the libraries and interpreters that it needs."""
        if not os.path.exists(source):
            raise FileError(f"{source} is not there")
        self._copy(source, dest)
        if not os.path.isdir(source):
            self._add_needs(source)
            return
        for path, _, files in os.walk(source):
            for name in files:
                self._add_needs(os.path.join(path, name))

    def pack(self, archive):
        """All of it as an archive that the kernel unpacks, owned by root."""
        command = "find . -print0 | LC_ALL=C sort -z | cpio --null --quiet -o -H newc -R 0:0"
        with open(archive, "wb") as file:
            done = subprocess.run(["sh", "-c", command], cwd=self.directory, stdout=file, check=False)
        if done.returncode:
            raise FileError(f"could not pack the initramfs: status {done.returncode}")

    def _write(self, name, text):
        with open(os.path.join(self.directory, name), "w", encoding="utf-8") as file:
            file.write(text)

    def _inside(self, path):
        """Where an absolute path of the guest is in the folder; the links above are followed by hand."""
        parts = os.path.normpath(path).lstrip("/").split("/")
        parts[0] = LINKS.get(parts[0], parts[0])
        return os.path.join(self.directory, *parts)

    def _copy(self, source, dest):
        target = self._inside(dest)
        try:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if os.path.isdir(source):
                shutil.copytree(source, target, symlinks=False, dirs_exist_ok=True, ignore_dangling_symlinks=True)
            else:
                shutil.copy(source, target)
        except (OSError, shutil.Error) as error:
            raise FileError(f"{source}: {error}") from error

    def _add_needs(self, path):
        for need in needs(path):
            if not os.path.exists(self._inside(need)):
                self._copy(need, need)
                self._add_needs(need)


def needs(path):
    """The libraries that a program is linked to, or the interpreter that a script asks for."""
    try:
        with open(path, "rb") as file:
            start = file.read(256)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from error
    if start.startswith(b"#!"):
        words = start[2:].split(b"\n")[0].split()
        found = [word.decode("utf-8", "replace") for word in words[:1]]
        if words[1:] and words[0].endswith(b"/env"):
            program = shutil.which(words[1].decode("utf-8", "replace"))
            found += [program] if program else []
        return [word for word in found if os.path.exists(word)]
    if not start.startswith(b"\x7fELF"):
        return []
    listed = subprocess.run(["ldd", path], text=True, check=False, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return re.findall(r"^\s*(?:\S+ => )?(/\S+) \(0x", listed.stdout, re.MULTILINE)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian packages, by an apt configuration of our own: the system's sources and lists stay as they are."""

import glob
import os
import re
import subprocess
import time

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
DEFAULT_MIRROR = "http://deb.debian.org/debian"

SOURCES = """\
Types: deb
URIs: {mirror}
Suites: bookworm bookworm-updates unstable
Components: main
Signed-By: {keyring}

Types: deb
URIs: {mirror}-security
Suites: bookworm-security
Components: main
Signed-By: {keyring}
"""


class PackageError(Exception):
    """What could not be had, in one line."""


def system_mirror():
    """The mirror that this machine takes Debian from."""
    for path in ["/etc/apt/sources.list", *sorted(glob.glob("/etc/apt/sources.list.d/*"))]:
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read()
        except (OSError, UnicodeDecodeError):
            continue
        found = re.search(r"^(?:URIs:|deb(?:\s+\[[^]]*\])?)\s+(\S+/debian)/?(?:\s|$)", text, re.MULTILINE)
        if found:
            return found.group(1)
    return DEFAULT_MIRROR


class Apt:
    """Lists and downloads packages; keeps everything in @directory."""

    def __init__(self, directory):
        self.directory = directory
        self.sources = os.path.join(directory, "debian.sources")
        self.options = [
            "-q",
            "-o", f"Dir::Etc::sourcelist={self.sources}",
            "-o", "Dir::Etc::sourceparts=/dev/null",
            "-o", f"Dir::State::lists={directory}/lists",
            "-o", f"Dir::Cache={directory}/cache",
            "-o", f"Dir::State::status={directory}/status",
            "-o", "APT::Sandbox::User=root",
        ]

    def update(self):
        for name in ("lists/partial", "cache/archives/partial"):
            os.makedirs(os.path.join(self.directory, name), exist_ok=True)
        with open(self.sources, "w", encoding="utf-8") as file:
            file.write(SOURCES.format(mirror=system_mirror(), keyring=KEYRING))
        with open(os.path.join(self.directory, "status"), "w", encoding="utf-8"):
            pass
        self._fetch_lists()

    def newest_name(self, pattern):
        """The package whose name matches all of @pattern, with the highest version numbers in its name."""
        names = [name for name in self._run("apt-cache", "pkgnames").split() if re.fullmatch(pattern, name)]
        if not names:
            raise PackageError(f"no package is named like {pattern}")
        return max(names, key=lambda name: [int(number) for number in re.findall(r"\d+", name)])

    def newest_version(self, name):
        found = re.search(r"^\s*Candidate: (\S+)", self._run("apt-cache", "policy", name), re.MULTILINE)
        if not found or found.group(1) == "(none)":
            raise PackageError(f"package {name} is not there")
        return found.group(1)

    def download(self, name, version, directory):
        """Path of the package's file, in @directory."""
        self._run("apt-get", "download", f"{name}={version}", cwd=directory)
        files = glob.glob(os.path.join(glob.escape(directory), f"{name}_*.deb"))
        if len(files) != 1:
            raise PackageError(f"package {name} {version} was not downloaded")
        return files[0]

    def _fetch_lists(self):
        """A mirror may be in the middle of a change."""
        for pause in (10, 20):
            try:
                self._run("apt-get", "update", "--error-on=any")
                return
            except PackageError:
                time.sleep(pause)
        self._run("apt-get", "update", "--error-on=any")

    def _run(self, tool, *args, cwd=None):
        done = subprocess.run([tool, *self.options, *args], cwd=cwd, text=True, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise PackageError(f"{tool} {args[0]}: {reason}")
        return done.stdout


def unpack(deb, directory, pattern):
    """Those files of a package that match a shell pattern."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as reader:
        done = subprocess.run(["tar", "-x", "-C", directory, "--wildcards", pattern], stdin=reader.stdout, check=False)
    if done.returncode or reader.returncode:
        raise PackageError(f"{os.path.basename(deb)} has no {pattern}")

# SPDX-License-Identifier: GPL-2.0-or-later
"""A kernel from a source package, a series of patches and a small configuration."""

import glob
import os
import re
import shutil
import subprocess
import time

from packages import unpack

CONFIG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "patched.config")


class BuildError(Exception):
    """What went wrong, in one line."""


def series(directory):
    """The patches in order, without the cover letter."""
    patches = sorted(glob.glob(os.path.join(glob.escape(directory), "*.patch")))
    patches = [path for path in patches if not os.path.basename(path).startswith("0000-")]
    if not patches:
        raise BuildError(f"no patches in {directory}")
    return patches


def what_makes_the_image(patch):
    """The text of a patch without the files that do not get into a kernel, and without what it says."""
    with open(patch, encoding="utf-8") as file:
        files = re.split(r"^(?=diff --git )", file.read(), flags=re.MULTILINE)[1:]
    return "".join(text for text in files if not re.match(r"diff --git a/(Documentation|tools/testing)/", text))


def build(deb, patches, work, result):
    """Leaves bzImage, config, System.map, selftests, build.log and figures in @result."""
    start = time.monotonic()
    with open(os.path.join(result, "build.log"), "w", encoding="utf-8") as log:
        tree = unpack_source(deb, work)
        keep_selftests(tree, patches, result)
        for patch in patches:
            run(log, tree, "patch", "-p1", "--no-backup-if-mismatch", "-i", patch)
        configure(tree, log)
        run(log, tree, "make", f"-j{os.cpu_count()}", "bzImage")
    for source, name in (("arch/x86/boot/bzImage", "bzImage"), (".config", "config"), ("System.map", "System.map")):
        os.rename(os.path.join(tree, source), os.path.join(result, name))
    with open(os.path.join(result, "figures"), "w", encoding="utf-8") as file:
        seconds = time.monotonic() - start
        size = os.path.getsize(os.path.join(result, "bzImage"))
        file.write(f"unpacked and built in {seconds:.0f} s, bzImage of {size / 2**20:.1f} MiB\n")


def unpack_source(deb, work):
    """The source tree of a package that has it as an archive."""
    unpack(deb, work, "./usr/src/linux-source-*.tar.*")
    archives = glob.glob(os.path.join(glob.escape(work), "usr/src/*.tar.*"))
    if len(archives) != 1:
        raise BuildError(f"{os.path.basename(deb)} has {len(archives)} archives instead of one")
    # Neither is needed for x86, and they are half of the files.
    done = subprocess.run(["tar", "-x", "-f", archives[0], "--exclude=*/Documentation/devicetree",
                           "--exclude=*/arch/*/boot/dts"], cwd=work, check=False)
    os.remove(archives[0])
    trees = glob.glob(os.path.join(glob.escape(work), "linux-source-*/"))
    if done.returncode or len(trees) != 1:
        raise BuildError(f"could not unpack {os.path.basename(archives[0])}")
    return os.path.normpath(trees[0])


def keep_selftests(tree, patches, result):
    """The folders of the kernel's selftests that the series touches, and the headers that these include: without the
    series, whose tests may change without a new kernel."""
    source = os.path.join(tree, "tools/testing/selftests")
    target = os.path.join(result, "selftests")
    os.mkdir(target)
    for header in glob.glob(os.path.join(glob.escape(source), "*.h")):
        shutil.copy(header, target)
    touched = set()
    for patch in patches:
        with open(patch, encoding="utf-8") as file:
            touched.update(re.findall(r"^\+\+\+ b/tools/testing/selftests/([^/\n]+)/", file.read(), re.MULTILINE))
    for name in touched:
        shutil.copytree(os.path.join(source, name), os.path.join(target, name))


def configure(tree, log):
    run(log, tree, "make", "tinyconfig")
    run(log, tree, "scripts/kconfig/merge_config.sh", "-m", ".config", CONFIG)
    run(log, tree, "make", "olddefconfig")
    missing = not_taken(CONFIG, os.path.join(tree, ".config"))
    if missing:
        raise BuildError(f"the kernel's Kconfig did not take {' '.join(missing)}")


def not_taken(fragment, config):
    """Symbols that the fragment sets and the configuration does not; a line "# optional" ends those that must be."""
    with open(config, encoding="utf-8") as file:
        have = set(file.read().splitlines())
    with open(fragment, encoding="utf-8") as file:
        must = file.read().split("\n# optional\n")[0]
    return [line for line in must.splitlines() if re.match(r"CONFIG_\w+=", line) and line not in have]


def run(log, directory, *command):
    """Its output goes to the log; it must succeed."""
    log.write(f"$ {' '.join(command)}\n")
    log.flush()
    environment = {**os.environ, "KBUILD_BUILD_TIMESTAMP": "@0", "KBUILD_BUILD_USER": "vm", "KBUILD_BUILD_HOST": "vm",
                   "LC_ALL": "C"}
    try:
        done = subprocess.run(command, cwd=directory, env=environment, check=False, stdin=subprocess.DEVNULL,
                              stdout=log, stderr=subprocess.STDOUT)
    except OSError as error:
        raise BuildError(f"{command[0]}: {error.strerror}") from error
    if done.returncode:
        with open(log.name, encoding="utf-8", errors="replace") as file:
            errors = [line for line in file.read().splitlines() if re.search(r"error|Error|FAILED|\*\*\*", line)]
        reason = errors[-1] if errors else "no reason given"
        raise BuildError(f"{' '.join(command[:3])}: status {done.returncode}: {reason}")

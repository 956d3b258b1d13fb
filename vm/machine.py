# SPDX-License-Identifier: GPL-2.0-or-later
"""One run of QEMU: the command's output as it comes, its status, and what the kernel's console says against it."""

import os
import re
import selectors
import socket
import subprocess
import sys
import time

# Multi-threaded emulation (thread=multi) runs other CPUs while one rewrites kernel text; QEMU does not keep them from
# half-written instructions as hardware does, and 6.12 and later, which patch more of their text while CPUs are up,
# die at boot in about every second run. One thread takes turns: slower with many CPUs, but always right.
ACCELERATOR = "tcg,thread=single"

# What a kernel says when something is wrong with it, whatever the command says.
COMPLAINTS = re.compile(
    r"Kernel panic|\bBUG: |\bOops\b|general protection fault|\bWARNING: CPU|\bWARNING: .* at |"
    r"(KASAN|KCSAN|UBSAN): |INFO: (rcu|task).*(stall|blocked)|rcu: INFO: .*stall|unregister_netdevice: waiting|"
    r"BUG at |detected stall|sleeping function called|Unable to handle|soft lockup")

# Seen on stock kernels in emulation: the clock is compared to another that QEMU emulates at its own pace; and the timer
# of the fair server (7.2: dl_task_timer()) is moved while it is queued, where real-time threads starve the others.
HARMLESS = re.compile(r"clocksource: |WARNING: .* at hrtimer_forward\+")


class VmError(Exception):
    """The machine failed, not the command."""


class VmTimeout(VmError):
    """It took too long."""


def qemu_command(kernel, initramfs, topology, append, sockets, console, memory):
    kernel_args = ["console=ttyS0,115200", "panic=-1", "oops=panic", "8250.nr_uarts=4", "reboot=t", "mitigations=off",
                   "no_timer_check", topology.append, append]
    return [
        "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-machine", "q35,vmport=on", "-accel", ACCELERATOR, "-cpu", topology.cpu, "-smp", topology.smp,
        "-m", str(memory), *[word.format(half=memory // 2) for word in topology.qemu],
        "-kernel", kernel, "-initrd", initramfs, "-append", " ".join(word for word in kernel_args if word),
        "-serial", f"file:{console}", *ports(sockets),
    ]


def ports(sockets):
    words = []
    for number, path in enumerate(sockets):
        words += ["-chardev", f"socket,id=port{number},path={path}", "-serial", f"chardev:port{number}"]
    return words


class Machine:
    """A started QEMU with two ports: the command's output and its status."""

    def __init__(self, directory, console):
        self.console = console
        self.process = None
        self.listeners = []
        self.sockets = [os.path.join(directory, name) for name in ("output", "status")]
        for path in self.sockets:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.listen(1)
            self.listeners.append(listener)

    def start(self, command):
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                            stderr=subprocess.PIPE, start_new_session=True)
        except OSError as error:
            raise VmError(f"{command[0]}: {error.strerror}") from error

    def stop(self):
        for listener in self.listeners:
            listener.close()
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def follow(self, timeout):
        """Pass the output on until the machine is gone; returns what came through the status port."""
        end = time.monotonic() + timeout
        streams = selectors.DefaultSelector()
        status = bytearray()
        for listener, sink in zip(self.listeners, (pass_on, status.extend)):
            streams.register(listener, selectors.EVENT_READ, sink)
        while self.process.poll() is None or has_open_stream(streams):
            if time.monotonic() > end:
                raise VmTimeout(f"not done after {timeout} s")
            for key, _ in streams.select(timeout=0.1):
                serve(streams, key)
            if self.process.poll() is not None and not streams.select(timeout=0):
                break
        if self.process.returncode:
            said = self.process.stderr.read().decode("utf-8", "replace").strip()
            raise VmError(f"QEMU ended with status {self.process.returncode}: {said}")
        return bytes(status)

    def complaints(self):
        with open(self.console, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
        return [line for line in lines if COMPLAINTS.search(line) and not HARMLESS.search(line)]


def has_open_stream(streams):
    return any(key.fileobj.type and not is_listening(key.fileobj) for key in streams.get_map().values())


def is_listening(sock):
    return bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def serve(streams, key):
    """QEMU connects to a port, sends, and closes it."""
    if is_listening(key.fileobj):
        connection, _ = key.fileobj.accept()
        streams.unregister(key.fileobj)
        streams.register(connection, selectors.EVENT_READ, key.data)
        return
    data = key.fileobj.recv(65536)
    if data:
        key.data(data)
    else:
        streams.unregister(key.fileobj)
        key.fileobj.close()


def pass_on(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()

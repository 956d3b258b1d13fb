# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines by name: the only list of them."""

from dataclasses import dataclass, field

TWO_NODES = [
    "-object", "memory-backend-ram,id=m0,size={half}M",
    "-object", "memory-backend-ram,id=m1,size={half}M",
    "-numa", "node,nodeid=0,cpus=0-3,memdev=m0",
    "-numa", "node,nodeid=1,cpus=4-7,memdev=m1",
]

# From 6.9 on the kernel takes CPUs that are not there yet for possible only under a hypervisor that it knows
# (arch/x86/kernel/cpu/topology.c), and it does not know QEMU's software emulation. VMware is found by this serial
# number and an I/O port that QEMU answers, if no hypervisor shows in CPUID.
KNOWN_HYPERVISOR = ["-smbios", "type=1,serial=VMware-56 4d"]


@dataclass(frozen=True)
class Topology:
    meaning: str
    smp: str
    cpu: str = "max"
    qemu: list = field(default_factory=list)
    append: str = ""
    memory: int = 1024


TOPOLOGIES = {
    "one": Topology("one CPU", "1"),
    "4": Topology("4 CPUs, one node", "4"),
    "2x4": Topology("8 CPUs in 2 nodes with memory in both", "8,sockets=2,cores=4", qemu=TWO_NODES),
    "2x4iso": Topology("the same, isolcpus=6-7 nohz_full=6-7", "8,sockets=2,cores=4", qemu=TWO_NODES,
                       append="isolcpus=6-7 nohz_full=6-7"),
    "wide130": Topology("2 CPUs of 130 possible", "2,maxcpus=130", cpu="max,hypervisor=off", qemu=KNOWN_HYPERVISOR),
    "66": Topology("66 CPUs, all online: masks of two words", "66", memory=1536),
    "full130": Topology("130 CPUs, all online: slow", "130", memory=3072),
}

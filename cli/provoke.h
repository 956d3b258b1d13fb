/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shootdowns of our own, to find out whether hits can be seen on this machine. */
#ifndef MMCPUS_CLI_PROVOKE_H
#define MMCPUS_CLI_PROVOKE_H

#include <mmcpus/mmcpus.h>

/*
 * Interrupt one CPU from another, neither of them isolated, until a hit is seen or it has been tried for some
 * milliseconds. What was counted meanwhile is thrown away. Does nothing where there are no two CPUs for it.
 */
void provoke_hit(struct mmcpus_shootdowns *src, const struct mmcpus_system *sys);

#endif

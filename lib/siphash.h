/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MMCPUS_LIB_SIPHASH_H
#define MMCPUS_LIB_SIPHASH_H

#include <stdint.h>

/*
 * SipHash-2-4 (Aumasson, Bernstein) of one 64-bit number, as eight bytes, lowest first: without the key, neither the
 * number nor any bit of it can be told from the hash.
 */
uint64_t siphash(const uint64_t key[2], uint64_t number);

#endif

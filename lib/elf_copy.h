/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A copy of parts of an ELF file, each where it stands in the file, and holes in between.
 *
 * What a file of somebody else says of itself may be changed while it is read, and libelf believes it: it takes as much memory
 * as there are said to be sections. A copy is nobody else's, and what is not copied reads as 0.
 */
#ifndef MMCPUS_LIB_ELF_COPY_H
#define MMCPUS_LIB_ELF_COPY_H

#include <gelf.h>
#include <stdint.h>

struct elf_copy {
	int from; /* the file, which stays its owner's */
	int fd;
	Elf *elf;
	size_t nr_segments;
};

/* With its headers, and those of segments and sections. -EBADMSG: it is no such file; -EFBIG: too many of these; -errno. */
int elf_copy_open(struct elf_copy *ret, int fd);
void elf_copy_close(struct elf_copy *copy);

/* A section's bytes are copied, too, which libelf may be asked for then. -EBADMSG: the file is shorter; -errno. */
int elf_copy_section(struct elf_copy *copy, const GElf_Shdr *header);

#endif

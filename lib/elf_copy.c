// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elf_copy.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES 16384

/* Of more, the header has no room for the number. What is mapped to run has a dozen. */
#define SEGMENTS_MAX (PN_XNUM - 1)

static int copy_chunk(const struct elf_copy *copy, off_t offset, size_t bytes, size_t *ret)
{
	char buf[CHUNK_BYTES];
	ssize_t got = pread(copy->from, buf, bytes < sizeof(buf) ? bytes : sizeof(buf), offset);

	if (got <= 0)
		return got ? -errno : -EBADMSG;
	*ret = (size_t)got;
	return pwrite(copy->fd, buf, (size_t)got, offset) == got ? 0 : -ENOMEM;
}

static int copy_bytes(const struct elf_copy *copy, uint64_t offset, size_t bytes)
{
	int err = offset > (uint64_t)INT64_MAX - bytes ? -EBADMSG : 0;

	while (!err && bytes) {
		size_t done = 0;

		err = copy_chunk(copy, (off_t)offset, bytes, &done);
		offset += done;
		bytes -= done;
	}
	return err;
}

/* libelf compares what it reads with how long the file is. Beyond the limit of files, a signal would kill us. */
static int make_hole(const struct elf_copy *copy)
{
	struct rlimit limit;
	struct stat st;

	if (fstat(copy->from, &st) || getrlimit(RLIMIT_FSIZE, &limit))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	if ((rlim_t)st.st_size > limit.rlim_cur)
		return -EFBIG;
	return ftruncate(copy->fd, st.st_size) ? -errno : 0;
}

static int copy_header(const struct elf_copy *copy)
{
	int err = make_hole(copy);

	return err ? err : copy_bytes(copy, 0, sizeof(Elf64_Ehdr));
}

/* Sections that are too many for the header are none: it says 0 then, and the first section, which would tell, is a hole yet. */
static int copy_tables(struct elf_copy *copy)
{
	GElf_Ehdr header;
	int err;

	if (elf_kind(copy->elf) != ELF_K_ELF || !gelf_getehdr(copy->elf, &header))
		return -EBADMSG;
	if (header.e_phnum > SEGMENTS_MAX)
		return -EFBIG;
	copy->nr_segments = header.e_phnum;
	err = copy_bytes(copy, header.e_phoff, gelf_fsize(copy->elf, ELF_T_PHDR, header.e_phnum, EV_CURRENT));
	if (err)
		return err;
	return copy_bytes(copy, header.e_shoff, gelf_fsize(copy->elf, ELF_T_SHDR, header.e_shnum, EV_CURRENT));
}

int elf_copy_open(struct elf_copy *ret, int fd)
{
	int err;

	*ret = (struct elf_copy){ .from = fd, .fd = memfd_create("elf", MFD_CLOEXEC) };
	if (ret->fd < 0)
		return -errno;
	err = copy_header(ret);
	if (!err) {
		elf_version(EV_CURRENT);
		ret->elf = elf_begin(ret->fd, ELF_C_READ, NULL);
		err = ret->elf ? copy_tables(ret) : -EBADMSG;
	}
	if (err)
		elf_copy_close(ret);
	return err;
}

void elf_copy_close(struct elf_copy *copy)
{
	elf_end(copy->elf);
	close(copy->fd);
}

int elf_copy_section(struct elf_copy *copy, const GElf_Shdr *header)
{
	return copy_bytes(copy, header->sh_offset, header->sh_size);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of these bytes, to be read line by line. */
#ifndef MMCPUS_TESTS_UNIT_LINES_H
#define MMCPUS_TESTS_UNIT_LINES_H

#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

#include "line_reader.h"

/* size: as for line_reader_init(). */
static inline struct line_reader lines_of(const void *bytes, size_t nr, size_t size)
{
	int fd = memfd_create("lines", MFD_CLOEXEC);
	struct line_reader reader;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, nr), nr);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(line_reader_init(&reader, fd, size), 0);
	return reader;
}

#endif

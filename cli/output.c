/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"

void output_open(void)
{
	int fd;

	/* Open for reading only, so that writing fails as it would have without us. */
	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	signal(SIGPIPE, SIG_IGN);
}

int output_close(void)
{
	bool has_failed = ferror(stdout);

	/* The errno of a write that failed earlier is gone. */
	errno = 0;
	if (fclose(stdout) == 0 && !has_failed)
		return 0;
	if (errno)
		complain("cannot write the output: %s", strerror(errno));
	else
		complain("cannot write the output; is the disk full, or the reader gone?");
	return -1;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text that others chose (process names, cgroup paths, words of the command line) made safe to show. Such bytes may be
 * terminal sequences, line ends, invalid UTF-8, or characters that hide or reorder what stands beside them.
 */
#ifndef MMCPUS_CLI_ESCAPE_H
#define MMCPUS_CLI_ESCAPE_H

/*
 * For a terminal: characters that can be seen stay; backslash, line end and tab become \\ \n \t; every byte of anything
 * else becomes \xHH. The result is one line, and what it was made of can be told from it. To be freed by the caller.
 */
char *escape_text(const char *raw);

/* The same without doubling the backslash: for messages, which nobody reads back. */
char *escape_message(const char *raw);

/*
 * The inside of a JSON string: invalid bytes become U+FFFD, characters that can't be seen \uXXXX, which a JSON reader
 * turns back into the character. To be freed by the caller.
 */
char *escape_json(const char *raw);

#endif

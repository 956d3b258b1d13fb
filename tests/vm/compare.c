// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * compare SECONDS MIN: read the mask of every process in all ways that this kernel offers, over and over: from
 * /proc/PID/status, from the pinned status file, and through the backends bpf, pinned and procfs; for so long, and
 * until so many masks were compared with that of /proc. Prints counts; exit status 1 if a difference stays unexplained.
 *
 * A mask may change between two reads. It counts as compared if /proc showed the same before and after; and if another
 * way differs all the same, the process is read again until they agree: a flicker. What never agrees is a difference.
 */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <mmcpus/mmcpus.h>

#define MAX_PIDS  4096
#define MASK_SIZE 2560
#define MAX_TRIES 200

/* The masks that one way has shown, by PID. */
struct view {
	const char *name;
	size_t nr;
	int32_t pids[MAX_PIDS];
	char (*masks)[MASK_SIZE];
};

enum {
	PROC_BEFORE,
	PROC_AFTER,
	PINNED_TEXT,
	FIRST_BACKEND
};

static const char *const backend_names[] = { "bpf", "pinned", "procfs" };

#define NR_BACKENDS (sizeof(backend_names) / sizeof(backend_names[0]))
#define NR_VIEWS    (FIRST_BACKEND + NR_BACKENDS)

static struct view views[NR_VIEWS];
static struct mmcpus_system *sys;
static struct mmcpus_source *sources[NR_BACKENDS];

static struct {
	unsigned long rounds, compared, flickers, changed, gone, differences;
} count;

static void view_add(struct view *view, int32_t pid, const char *mask)
{
	if (view->nr == MAX_PIDS)
		errx(2, "more than %d processes", MAX_PIDS);
	view->pids[view->nr] = pid;
	if (strlen(mask) >= MASK_SIZE)
		errx(2, "a mask of %zu characters", strlen(mask));
	strcpy(view->masks[view->nr++], mask);
}

static const char *view_find(const struct view *view, int32_t pid)
{
	for (size_t i = 0; i < view->nr; i++)
		if (view->pids[i] == pid)
			return view->masks[i];
	return NULL;
}

/* What stands behind "Cpus_active_mm:" in a line, or NULL. */
static const char *mask_of(char *line)
{
	static const char key[] = "Cpus_active_mm:\t";

	if (strncmp(line, key, sizeof(key) - 1))
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	return line + sizeof(key) - 1;
}

/* From one status file. */
static void read_file(struct view *view, int32_t pid)
{
	char line[MASK_SIZE + 64];
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (mask_of(line))
			view_add(view, pid, mask_of(line));
	if (file)
		fclose(file);
}

static void read_proc(struct view *view)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	if (!dir)
		err(2, "/proc");
	view->nr = 0;
	while ((entry = readdir(dir)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]))
			read_file(view, atoi(entry->d_name));
	closedir(dir);
}

static void read_pinned_text(struct view *view)
{
	FILE *file = fopen(MMCPUS_PIN_DIR "/status", "re");
	char line[MASK_SIZE + 64];
	int32_t pid = 0;

	if (!file)
		err(2, MMCPUS_PIN_DIR "/status");
	view->nr = 0;
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "Pid:\t", 5) == 0)
			pid = atoi(line + 5);
		if (mask_of(line))
			view_add(view, pid, mask_of(line));
	}
	fclose(file);
}

static void read_backend(struct view *view, struct mmcpus_source *src)
{
	const struct mmcpus_snapshot *snap;
	struct mmcpus_reason why;
	char mask[MASK_SIZE];

	view->nr = 0;
	if (mmcpus_source_snapshot(src, 0, &snap, &why))
		errx(2, "%s: %s", view->name, why.what);
	for (size_t i = 0; i < mmcpus_snapshot_count(snap); i++) {
		const struct mmcpus_mm *mm = mmcpus_snapshot_mm(snap, i);

		if (mmcpus_cpuset_format_mask(mmcpus_mm_active(snap, mm), mask, sizeof(mask)) >= sizeof(mask))
			errx(2, "no room for a mask");
		view_add(view, mmcpus_mm_pid(mm), mask);
	}
}

static void read_view(size_t which)
{
	if (which == PROC_BEFORE || which == PROC_AFTER)
		read_proc(&views[which]);
	else if (which == PINNED_TEXT)
		read_pinned_text(&views[which]);
	else
		read_backend(&views[which], sources[which - FIRST_BACKEND]);
}

/* Read this process again, until both agree or it is gone. */
static void explain(size_t which, int32_t pid)
{
	for (int i = 0; i < MAX_TRIES; i++) {
		const char *other;

		views[PROC_AFTER].nr = 0;
		read_file(&views[PROC_AFTER], pid);
		if (!views[PROC_AFTER].nr) {
			count.gone++;
			return;
		}
		read_view(which);
		other = view_find(&views[which], pid);
		if (other && strcmp(other, views[PROC_AFTER].masks[0]) == 0) {
			count.flickers++;
			return;
		}
	}
	count.differences++;
	printf("difference: PID %d: /proc %s, %s %s\n", pid, views[PROC_AFTER].masks[0], views[which].name,
	       view_find(&views[which], pid) ? view_find(&views[which], pid) : "none");
}

/* Compare one way with /proc, which is read before and after it. */
static void compare_view(size_t which)
{
	static int32_t differing[MAX_PIDS];
	size_t nr_differing = 0;

	read_view(PROC_BEFORE);
	read_view(which);
	read_view(PROC_AFTER);
	for (size_t i = 0; i < views[PROC_BEFORE].nr; i++) {
		int32_t pid = views[PROC_BEFORE].pids[i];
		const char *after = view_find(&views[PROC_AFTER], pid);
		const char *other = view_find(&views[which], pid);

		if (!after) {
			count.gone++;
		} else if (strcmp(after, views[PROC_BEFORE].masks[i])) {
			count.changed++;
		} else {
			count.compared++;
			if (!other || strcmp(other, after))
				differing[nr_differing++] = pid;
		}
	}
	for (size_t i = 0; i < nr_differing; i++)
		explain(which, differing[i]);
}

static void open_all(void)
{
	static const char *const names[FIRST_BACKEND] = { "/proc before", "/proc after", "pinned file" };
	struct mmcpus_reason why;

	if (mmcpus_system_open(NULL, &sys, &why))
		errx(2, "%s", why.what);
	for (size_t i = 0; i < NR_VIEWS; i++) {
		views[i].name = i < FIRST_BACKEND ? names[i] : backend_names[i - FIRST_BACKEND];
		views[i].masks = calloc(MAX_PIDS, MASK_SIZE);
		if (!views[i].masks)
			err(2, "calloc");
	}
	for (size_t i = 0; i < NR_BACKENDS; i++)
		if (mmcpus_source_open(sys, backend_names[i], &sources[i], &why))
			errx(2, "%s: %s", backend_names[i], why.what);
}

static void close_all(void)
{
	for (size_t i = 0; i < NR_BACKENDS; i++)
		mmcpus_source_close(sources[i]);
	for (size_t i = 0; i < NR_VIEWS; i++)
		free(views[i].masks);
	mmcpus_system_close(sys);
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
	unsigned long min = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;

	open_all();
	while (time(NULL) < end || count.compared < min) {
		for (size_t i = PINNED_TEXT; i < NR_VIEWS; i++)
			compare_view(i);
		count.rounds++;
	}
	printf("rounds=%lu compared=%lu flickers=%lu changed=%lu gone=%lu differences=%lu\n", count.rounds,
	       count.compared, count.flickers, count.changed, count.gone, count.differences);
	close_all();
	return count.differences ? 1 : 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcpus status PID…: the two lines that the kernel patch puts into /proc/PID/status. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <mmcpus/mmcpus.h>

#include "commands.h"
#include "json.h"
#include "message.h"
#include "options.h"
#include "pids.h"
#include "session.h"
#include "value.h"
#include "xalloc.h"

static const struct value_style as_kernel = { .empty = "" };

static char *mask_text(struct mmcpus_cpuset *active, enum value_type type)
{
	struct value value = { .type = type, .is_known = true, .set = active };

	return value_text(&value, &as_kernel);
}

/* ------------------------------------------------------------------------------------------------------ output -- */

struct printer {
	bool is_json;
	bool has_pid_line; /* to tell several processes apart */
	struct json json;
};

static void printer_open(struct printer *printer, const struct options *opts, size_t nr_pids)
{
	*printer = (struct printer){ .is_json = opts->json, .has_pid_line = nr_pids > 1 };
	if (!printer->is_json)
		return;
	json_init(&printer->json, stdout);
	json_open_object(&printer->json, NULL);
	json_open_array(&printer->json, "processes");
}

static void printer_close(struct printer *printer)
{
	if (!printer->is_json)
		return;
	json_close(&printer->json);
	json_close(&printer->json);
}

static void print_json(struct json *json, int32_t pid, const char *mask, const char *list)
{
	json_open_object(json, NULL);
	json_number(json, "pid", (uint64_t)pid);
	json_string(json, "cpus_active_mm", mask);
	json_string(json, "cpus_active_mm_list", list);
	json_close(json);
}

static void print_process(struct printer *printer, int32_t pid, struct mmcpus_cpuset *active)
{
	char *mask = mask_text(active, VALUE_MASK);
	char *list = mask_text(active, VALUE_SET);

	if (printer->is_json) {
		print_json(&printer->json, pid, mask, list);
	} else {
		if (printer->has_pid_line)
			printf("Pid:\t%" PRId32 "\n", pid);
		printf("Cpus_active_mm:\t%s\nCpus_active_mm_list:\t%s\n", mask, list);
	}
	free(list);
	free(mask);
}

/* --------------------------------------------------------------------------------------------------- processes -- */

/* False after a message. */
static bool read_active(const struct session *session, int32_t pid, struct mmcpus_cpuset *ret)
{
	const struct mmcpus_snapshot *snap;
	struct mmcpus_reason why;

	if (mmcpus_source_snapshot_pid(session->src, pid, 0, &snap, &why)) {
		complain_reason(&why);
		return false;
	}
	if (!session_has_active(snap)) {
		session_complain_no_mask();
		return false;
	}
	return mmcpus_mm_set(snap, mmcpus_snapshot_mm(snap, 0), MMCPUS_SET_ACTIVE, ret) == 0;
}

static int print_processes(const struct session *session, const struct options *opts, const struct pid_list *pids)
{
	struct mmcpus_cpuset *active = xcheck(mmcpus_cpuset_create(mmcpus_system_nr_cpus(session->sys)));
	struct printer printer;
	int status = STATUS_OK;

	printer_open(&printer, opts, pids->nr_pids);
	for (size_t i = 0; i < pids->nr_pids; i++) {
		if (read_active(session, pids->pids[i], active))
			print_process(&printer, pids->pids[i], active);
		else
			status = STATUS_FAILED;
	}
	printer_close(&printer);
	mmcpus_cpuset_destroy(active);
	return status;
}

static void complain_no_backend(const struct session *session)
{
	struct mmcpus_reason why;
	char *text = mmcpus_source_fallback(session->src, &why) ? reason_text(&why) : xstrdup("none is built in");

	complain("no backend can read the masks: %s; --backend %s gives an estimate", text,
		 mmcpus_source_backend(session->src));
	free(text);
}

/* An estimate stands for the masks only if it was asked for by name, and if there are masks. False after a message. */
static bool check_estimate(const struct session *session, const struct options *opts)
{
	if (mmcpus_system_mask_rule(session->sys) == MMCPUS_RULE_NOT_MAINTAINED) {
		session_complain_no_mask();
		return false;
	}
	if (!opts->backend)
		complain_no_backend(session);
	return opts->backend;
}

static int run_session(const struct session *session, const struct options *opts, const struct pid_list *pids)
{
	if (mmcpus_source_quality(session->src) == MMCPUS_ESTIMATE && !check_estimate(session, opts))
		return STATUS_FAILED;
	session_remark(session, opts, true);
	return print_processes(session, opts, pids);
}

static int parse_operands(struct pid_list *pids, const struct options *opts, char **why)
{
	int err = 0;

	if (!opts->nr_operands)
		return usage_error(why, "status needs a PID");
	for (size_t i = 0; i < opts->nr_operands && !err; i++)
		err = pid_list_parse(pids, opts->operands[i], why);
	return err;
}

static int status_run(const struct options *opts)
{
	struct pid_list pids = { 0 };
	struct session session;
	char *why;
	int status = STATUS_FAILED;

	if (parse_operands(&pids, opts, &why)) {
		status = complain_usage(why);
	} else if (session_open(&session, opts) == 0) {
		status = run_session(&session, opts, &pids);
		session_close(&session);
	}
	pid_list_deinit(&pids);
	return status;
}

const struct command cmd_status = {
	.name = "status",
	.summary = "the lines Cpus_active_mm and Cpus_active_mm_list of /proc/PID/status",
	.operands = "PID...",
	.options = OPTION_JSON | OPTION_BACKEND | OPTION_ROOT | OPTION_QUIET | OPTIONS_COMMON,
	.run = status_run,
};

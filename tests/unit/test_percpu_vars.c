/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding per-CPU variables in BTF that is made here, whole and cut off. */
#include "unit.h"

#include <linux/btf.h>

#include "percpu_vars.h"

/* Names at 1, 15, 28 and 38. */
static const char strings[] = "\0.data..percpu\0cpu_tlbstate\0runqueues\0other";

struct blob {
	struct btf_header header;
	struct btf_type integer;
	uint32_t encoding;
	struct btf_type tlbstate;
	struct btf_var tlbstate_linkage;
	struct btf_type other;
	struct btf_var other_linkage;
	struct btf_type section;
	struct btf_var_secinfo places[2];
	char strings[sizeof(strings)];
};

static uint32_t info(uint32_t kind, uint32_t nr)
{
	return kind << 24 | nr;
}

static struct blob make_blob(void)
{
	struct blob blob = {
		.header = { .magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = sizeof(blob.header) },
		.integer = { .info = info(BTF_KIND_INT, 0), .size = 4 },
		.tlbstate = { .name_off = 15, .info = info(BTF_KIND_VAR, 0), .type = 1 },
		.tlbstate_linkage = { BTF_VAR_GLOBAL_ALLOCATED },
		.other = { .name_off = 38, .info = info(BTF_KIND_VAR, 0), .type = 1 },
		.other_linkage = { BTF_VAR_GLOBAL_ALLOCATED },
		.section = { .name_off = 1, .info = info(BTF_KIND_DATASEC, 2), .size = 0x100 },
		.places = { { 3, 0x10, 4 }, { 2, 0x40, 0x80 } },
	};

	blob.header.type_len = (uint32_t)(offsetof(struct blob, strings) - sizeof(blob.header));
	blob.header.str_off = blob.header.type_len;
	blob.header.str_len = sizeof(strings);
	memcpy(blob.strings, strings, sizeof(strings));
	return blob;
}

static int find(const struct blob *blob, struct percpu_var vars[2])
{
	vars[0] = (struct percpu_var){ .name = "cpu_tlbstate" };
	vars[1] = (struct percpu_var){ .name = "runqueues" };
	return percpu_vars_find(blob, offsetof(struct blob, strings) + sizeof(strings), vars, 2);
}

static void finds_what_is_there(void **state)
{
	struct blob blob = make_blob();
	struct percpu_var vars[2];

	(void)state;
	assert_int_equal(find(&blob, vars), 1);
	assert_int_equal(vars[0].offset, 0x40);
	assert_int_equal(vars[0].size, 0x80);
	assert_int_equal(vars[1].size, 0);
}

static void takes_no_static_variable_for_a_global_one(void **state)
{
	struct blob blob = make_blob();
	struct percpu_var vars[2];

	(void)state;
	blob.tlbstate_linkage.linkage = BTF_VAR_STATIC;
	assert_int_equal(find(&blob, vars), 0);
}

static void finds_static_variables(void **state)
{
	struct percpu_var var = { .name = "cpu_tlbstate", .is_static = true };
	struct blob blob = make_blob();
	size_t size = offsetof(struct blob, strings) + sizeof(strings);

	(void)state;
	assert_int_equal(percpu_vars_find(&blob, size, &var, 1), 0);
	blob.tlbstate_linkage.linkage = BTF_VAR_STATIC;
	assert_int_equal(percpu_vars_find(&blob, size, &var, 1), 1);
	assert_int_equal(var.offset, 0x40);
}

static void leaves_out_what_is_beyond_the_section(void **state)
{
	struct blob blob = make_blob();
	struct percpu_var vars[2];

	(void)state;
	blob.places[1].offset = 0x81;
	assert_int_equal(find(&blob, vars), 0);
	blob.places[1].offset = UINT32_MAX;
	assert_int_equal(find(&blob, vars), 0);
}

static void refuses_other_formats(void **state)
{
	struct blob blob = make_blob();
	struct percpu_var vars[2];

	(void)state;
	blob.header.magic = 0x9feb;
	assert_int_equal(find(&blob, vars), -EOPNOTSUPP);
	blob = make_blob();
	blob.integer.info = info(31, 0);
	assert_int_equal(find(&blob, vars), -EOPNOTSUPP);
	blob = make_blob();
	blob.header.type_len = UINT32_MAX;
	assert_int_equal(find(&blob, vars), -EBADMSG);
	blob = make_blob();
	blob.section.info = info(BTF_KIND_DATASEC, 3);
	assert_int_equal(find(&blob, vars), -EBADMSG);
}

static void refuses_what_is_cut_off(void **state)
{
	struct percpu_var var = { .name = "cpu_tlbstate" };
	struct blob blob = make_blob();
	size_t size = offsetof(struct blob, strings) + sizeof(strings);

	(void)state;
	for (size_t length = 0; length < size; length++) {
		void *copy = malloc(length + !length); /* so that sanitizers see a read beyond it */

		assert_non_null(copy);
		memcpy(copy, &blob, length);
		check(percpu_vars_find(copy, length, &var, 1) == -EBADMSG, "%zu bytes of %zu", length, size);
		free(copy);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_is_there),    cmocka_unit_test(takes_no_static_variable_for_a_global_one),
		cmocka_unit_test(finds_static_variables), cmocka_unit_test(leaves_out_what_is_beyond_the_section),
		cmocka_unit_test(refuses_other_formats),  cmocka_unit_test(refuses_what_is_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

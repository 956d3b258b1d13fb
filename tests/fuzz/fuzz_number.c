/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers against strtoull(), which needs to be told what else not to take. */
#include "fuzz.h"

#include "number.h"

static bool reference_u64(const char *text, uint64_t *ret)
{
	text += strspn(text, " \t");
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret = strtoull(text, NULL, 10);
	return errno == 0;
}

static void fuzz_u64(const char *text)
{
	uint64_t expected = 0;
	uint64_t number = 0;
	uint32_t small = 0;
	bool is_number = reference_u64(text, &expected);

	must(parse_u64(text, &number) == is_number);
	must(!is_number || number == expected);
	must(parse_u32(text, &small) == (is_number && expected <= UINT32_MAX));
	must(!is_number || expected > UINT32_MAX || small == expected);
}

static void fuzz_i32(const char *text)
{
	int32_t number = 4711;
	int32_t back = 0;
	char printed[16];

	if (!parse_i32(text, &number)) {
		must(number == 4711);
		return;
	}
	snprintf(printed, sizeof(printed), "%d", number);
	must(parse_i32(printed, &back) && back == number);
}

static void fuzz_skip(const char *text)
{
	const char *rest = skip_number(text);
	uint64_t number;

	must(!rest == !parse_u64(text, &number));
	if (!rest)
		return;
	must(rest > text && rest <= text + strlen(text));
	must(rest[-1] >= '0' && rest[-1] <= '9');
	must(*rest < '0' || *rest > '9');
}

static void fuzz_entry(const char *name, const char *prefix)
{
	uint32_t number;

	if (!parse_entry_number(name, prefix, &number))
		return;
	must(strncmp(name, prefix, strlen(prefix)) == 0);
	name += strlen(prefix);
	must(strspn(name, "0123456789") == strlen(name));
	must(strtoull(name, NULL, 10) == number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = string_of(data, size);

	fuzz_u64(text);
	fuzz_i32(text);
	fuzz_skip(text);
	fuzz_entry(text, "");
	fuzz_entry(text, "node");
	free(text);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts that many share. */
#include "unit.h"

#include "text_pool.h"

static void a_text_is_kept_once(void **state)
{
	struct text_pool pool = { 0 };
	char text[16] = "munmap";
	const char *kept = text_pool_keep(&pool, text);

	(void)state;
	assert_string_equal(kept, "munmap");
	assert_ptr_equal(text_pool_keep(&pool, "munmap"), kept);
	text[0] = 'M';
	assert_string_equal(kept, "munmap");
	assert_string_equal(text_pool_keep(&pool, ""), "");
	assert_int_equal(pool.nr_texts, 2);
	text_pool_clear(&pool);
}

/* The table moves when it grows; the texts do not. */
static void many_are_found_again(void **state)
{
	struct text_pool pool = { 0 };
	const char *kept[5000];
	char text[32];

	(void)state;
	for (int i = 0; i < (int)NR(kept); i++) {
		snprintf(text, sizeof(text), "a text with number %d", i);
		kept[i] = text_pool_keep(&pool, text);
		assert_non_null(kept[i]);
	}
	for (int i = 0; i < (int)NR(kept); i++) {
		snprintf(text, sizeof(text), "a text with number %d", i);
		assert_string_equal(kept[i], text);
		assert_ptr_equal(text_pool_keep(&pool, text), kept[i]);
	}
	text_pool_clear(&pool);
	assert_int_equal(pool.bytes, 0);
}

/* Then what is new is not kept, and what is there is found. */
static void it_may_be_full(void **state)
{
	struct text_pool pool = { 0 };
	size_t nr_kept = 0;
	const char *first;
	char text[4096];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	first = text_pool_keep(&pool, "first");
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text) - 1, "%08d", i);
		text[8] = 'x';
		nr_kept += text_pool_keep(&pool, text) != NULL;
	}
	check(nr_kept > 200 && nr_kept < TEXT_POOL_BYTES_MAX / sizeof(text), "%zu are kept", nr_kept);
	assert_ptr_equal(text_pool_keep(&pool, "first"), first);
	text_pool_clear(&pool);
	assert_non_null(text_pool_keep(&pool, text));
	text_pool_clear(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_kept_once),
		cmocka_unit_test(many_are_found_again),
		cmocka_unit_test(it_may_be_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

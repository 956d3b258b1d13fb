/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SipHash-2-4 of eight bytes, against the vectors of its authors. */
#include "unit.h"

#include "siphash.h"

/* Key 00 01 … 0f, message 00 … 07: the eight-byte row of vectors_sip64 in the reference implementation. */
static void reference_vector(void **state)
{
	static const uint64_t key[2] = { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) };
	static const uint8_t expected[8] = { 0x62, 0x24, 0x93, 0x9a, 0x79, 0xf5, 0xf5, 0x93 };
	uint64_t hash = siphash(key, UINT64_C(0x0706050403020100));

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_int_equal(hash >> 8 * i & 0xff, expected[i]);
}

static void depends_on_each_bit(void **state)
{
	static const uint64_t key[2] = { 1, 2 };
	uint64_t hash = siphash(key, 0);

	(void)state;
	assert_true(hash == siphash(key, 0));
	for (int bit = 0; bit < 64; bit++) {
		uint64_t left[2] = { key[0] ^ UINT64_C(1) << bit, key[1] };
		uint64_t right[2] = { key[0], key[1] ^ UINT64_C(1) << bit };

		check(siphash(key, UINT64_C(1) << bit) != hash, "bit %d of the number", bit);
		check(siphash(left, 0) != hash, "bit %d of the first word of the key", bit);
		check(siphash(right, 0) != hash, "bit %d of the second word of the key", bit);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reference_vector),
		cmocka_unit_test(depends_on_each_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zero_buffer() against one byte that is not zero, at every place of every length and alignment;
 * and it reads no byte beyond either end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sys/mman.h>

#include "zero.h"

#define LENGTHS 700

static void every_place(void)
{
	static unsigned char memory[LENGTHS + 256] __attribute__((aligned(64)));

	for (size_t length = 0; length <= LENGTHS; length++) {
		for (size_t start = 1; start <= 64; start += length < 80 ? 1 : 9) {
			/* The neighbours are not zero, and do not count. */
			memory[start - 1] = memory[start + length] = 1;
			if (!zero_buffer(memory + start, length))
				fail_msg("%zu zero bytes at %zu", length, start);
			for (size_t at = 0; at < length; at++) {
				memory[start + at] = 0x80;
				if (zero_buffer(memory + start, length))
					fail_msg("byte %zu of %zu at %zu", at, length, start);
				memory[start + at] = 0;
			}
			memory[start - 1] = memory[start + length] = 0;
		}
	}
}

static void between_walls(void)
{
	char *memory = mmap(NULL, 3 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	assert_false(mprotect(memory + 4096, 4096, PROT_READ));
	for (size_t length = 0; length <= 4096; length++) {
		assert_true(zero_buffer(memory + 4096, length));
		assert_true(zero_buffer(memory + 2 * 4096 - length, length));
	}
	munmap(memory, 3 * 4096);
}

/* First with what every processor has, then with what this one has. */
static void test_exact(void **state)
{
	(void)state;
	every_place();
	between_walls();
	zero_init();
	every_place();
	between_walls();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

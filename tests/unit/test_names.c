/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever word can be written can be read back, as the value that it was written for. That each
 * value of an enum has a word at all is the compiler's to see (src/names.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "shared/chain.h"
#include "shared/keys.h"
#include "names.h"

static void every_word_is_read_back(void **state)
{
	(void)state;
	for (enum names_set set = 0; set < NR_NAMES_SETS; set++) {
		int words = 0;
		char *copy;

		for (int value = 0; value < NAMES_VALUES; value++) {
			const char *word = names__word(set, value);

			if (!word)
				continue;
			words++;
			copy = strdup(word);
			assert_ptr_equal(names__static(set, copy), names__word(set, value));
			assert_string_equal(names__word(set, names__value(set, copy)), word);
			free(copy);
			/* the one that stands for what has none */
			assert_string_not_equal(word, "other");
		}
		assert_true(words > 1);
	}
}

/* A second value of the same word would be read as the first: only what the kernel itself calls by
 * one name may have one. */
static void words_differ(void **state)
{
	(void)state;
	for (enum names_set set = 0; set < NR_NAMES_SETS; set++)
		for (int value = 0; set != NAMES_BEHAVIOR && value < NAMES_VALUES; value++)
			if (names__word(set, value))
				assert_int_equal(names__value(set, names__word(set, value)), value);
}

/* One manner for all words that are ours: they are values of labels and options as well. */
static void words_are_plain(void **state)
{
	(void)state;
	for (enum names_set set = 0; set < NR_NAMES_SETS; set++) {
		if (set == NAMES_CALL || set == NAMES_BEHAVIOR || set == NAMES_ERRNO)
			continue;
		for (int value = 0; value < NAMES_VALUES; value++)
			for (const char *c = names__word(set, value); c && *c; c++)
				assert_true(islower(*c) || isdigit(*c) || *c == '-');
	}
}

static void what_has_no_word(void **state)
{
	(void)state;
	for (enum names_set set = 0; set < NR_NAMES_SETS; set++) {
		assert_null(names__word(set, -1));
		assert_null(names__word(set, NAMES_VALUES));
		assert_null(names__word(set, NAMES_VALUES - 1));
		assert_int_equal(names__value(set, "\033[2J"), -1);
		assert_string_equal(names__static(set, "what"), "other");
		assert_null(names__static(set, NULL));
	}
}

static void reasons_have_both(void **state)
{
	(void)state;
	for (int value = 0; value < NAMES_VALUES; value++)
		assert_true(!names__word(NAMES_REASON, value) ==
			    !window_reason__text((enum window_reason)value));
}

/* What the tracer hands over, by its own enums and numbers. */
static void tracer_speaks_in_words(void **state)
{
	static const int32_t calls[] = {SYS_madvise, SYS_process_madvise, SYS_fallocate, SYS_munmap,
					SYS_mremap,  SYS_truncate,        SYS_ftruncate, SYS_close};

	(void)state;
	for (uint32_t end = 0; end < NR_CHAIN_ENDS; end++)
		assert_ptr_equal(names__static(NAMES_CHAIN_END, chain_end__name(end)),
				 chain_end__name(end));
	assert_null(chain_end__name(CHAIN_END_UNKNOWN));
	for (uint32_t kind = 0; kind < 32; kind++)
		assert_ptr_equal(names__static(NAMES_KIND, kind__name(kind)), kind__name(kind));
	assert_string_equal(kind__name(KIND_PRIVATE_FILE), "anon");
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		assert_string_not_equal(call__name(calls[i]), "other");
		for (int32_t behavior = -3; behavior < 300; behavior++) {
			const char *name = behavior__name(calls[i], behavior);

			assert_ptr_equal(names__static(NAMES_BEHAVIOR, name), name);
		}
	}
	assert_string_equal(behavior__name(SYS_madvise, MADV_REMOVE), "MADV_REMOVE");
	assert_string_equal(behavior__name(SYS_madvise, 9999), "other");
	assert_string_equal(behavior__name(SYS_fallocate, 0), "allocate");
	assert_string_equal(
		behavior__name(SYS_fallocate, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE),
		"FALLOC_FL_PUNCH_HOLE");
	assert_null(behavior__name(SYS_munmap, 0));
	assert_string_equal(errno__name(13), "EACCES");
	assert_null(errno__name(0));
}

static void calls_by_number(void **state)
{
	char *name = syscall__name(SYS_fallocate);

	(void)state;
	assert_string_equal(name, "fallocate");
	free(name);
	name = syscall__name(SYSCALL_IO_URING);
	assert_string_equal(name, "io_uring worker");
	free(name);
	name = syscall__name(9999);
	assert_string_equal(name, "syscall 9999");
	free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_is_read_back), cmocka_unit_test(words_differ),
		cmocka_unit_test(words_are_plain),         cmocka_unit_test(what_has_no_word),
		cmocka_unit_test(reasons_have_both),       cmocka_unit_test(tracer_speaks_in_words),
		cmocka_unit_test(calls_by_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The sentence about a member that the kernel's structures lack, out of libbpf's words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probe/members.h"

static void explains(const char *log, const char *sentence)
{
	char why[192] = "";

	assert_int_equal(members__explain(NULL, log, "tp_btf/x", why, sizeof(why)), !!*sentence);
	assert_string_equal(why, sentence);
}

static void test_words(void **state)
{
	(void)state;
	explains("12: <invalid CO-RE relocation>\n"
		 "failed to resolve CO-RE relocation <byte_off> [156] struct dentry.d_u.d_alias "
		 "(0:1:0 @ offset 8)\nprocessed 4325 insns",
		 "kernel structure dentry has no member d_u.d_alias, which tp_btf/x needs");
	explains(
		"failed to resolve CO-RE relocation <byte_off> [7] struct mm_struct___percpu."
		"rss_stat[1].count (0:0:1:0 @ offset 40)",
		"kernel structure mm_struct has no member rss_stat[1].count, which tp_btf/x needs");
	explains("failed to resolve CO-RE relocation <enumval_value> [12] enum pageflags___head::"
		 "PG_head___head = 0\n",
		 "kernel enumeration pageflags has no value PG_head, which tp_btf/x needs");
	explains("failed to resolve CO-RE relocation <type_size> [31] struct page\n",
		 "this kernel has no structure page, which tp_btf/x needs");
}

static void test_others(void **state)
{
	(void)state;
	explains("", "");
	explains("combined stack size of 8 calls is 544. Too large", "");
	explains("failed to resolve CO-RE relocation", "");
	explains("failed to resolve CO-RE relocation <byte_off> [1", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows of call frame information are those that libdw finds PC by PC, for the libraries that a QEMU
 * maps and for hand-made code of every kind of row. Given file names, compares those and no others.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared/row.h"
#include "cfi_oracle.h"
#include "proc/maps.h"
#include "symbol/cfi.h"

static int read_rows(const char *path, struct cfi_table *t)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = cfi__read(fd, t);
	close(fd);
	return err;
}

static void print_row(const char *whose, const struct cfi_table *t, size_t i)
{
	if (i < t->n)
		print_message("  %s: %#x kind %u bp %u offset %d\n", whose, t->rows[i].pc,
			      UNWIND_KIND(t->rows[i].rule), UNWIND_BP_AT(t->rows[i].rule),
			      UNWIND_OFFSET(t->rows[i].rule));
}

static void assert_equal_tables(const char *name, const struct cfi_table *a,
				const struct cfi_table *b)
{
	size_t i = 0;

	while (i < a->n && i < b->n && !memcmp(&a->rows[i], &b->rows[i], sizeof(*a->rows)))
		i++;
	if (i < a->n || i < b->n) {
		print_message("%s: rows differ at %zu of %zu and %zu\n", name, i, a->n, b->n);
		print_row("ours", a, i);
		print_row("libdw", b, i);
	}
	assert_int_equal(a->base, b->base);
	assert_int_equal(a->n, b->n);
	assert_int_equal(i, a->n);
	assert_int_equal(a->unsupported, b->unsupported);
}

/* Returns the number of rows. */
static size_t compare(const char *path)
{
	struct cfi_table ours, theirs;
	size_t n;

	assert_int_equal(read_rows(path, &ours), 0);
	assert_int_equal(cfi_oracle__read(path, &theirs), 0);
	assert_equal_tables(path, &ours, &theirs);
	n = ours.n;
	cfi__free(&ours);
	cfi__free(&theirs);
	return n;
}

static void compare_by_name(const char *path, size_t at_least)
{
	if (access(path, R_OK)) {
		print_message("SKIP %s is not there\n", path);
		skip();
	}
	assert_true(compare(path) >= at_least);
}

static void test_libc(void **state)
{
	(void)state;
	compare_by_name("/lib/x86_64-linux-gnu/libc.so.6", 20000);
}

static void test_loader(void **state)
{
	(void)state;
	compare_by_name("/lib64/ld-linux-x86-64.so.2", 1000);
}

static void test_qemu(void **state)
{
	(void)state;
	compare_by_name("/usr/bin/qemu-system-x86_64", 100000);
}

static void test_libcrypto(void **state)
{
	(void)state;
	compare_by_name("/usr/lib/x86_64-linux-gnu/libcrypto.so.3", 10000);
}

static void test_libgnutls(void **state)
{
	(void)state;
	compare_by_name("/usr/lib/x86_64-linux-gnu/libgnutls.so.30", 10000);
}

static void test_cases(void **state)
{
	(void)state;
	assert_true(compare(CFI_CASES) > 60);
}

/* Its mapping is longer than it: how long says /proc. */
static size_t vdso_size(uint64_t address)
{
	struct maps m;
	size_t found = 0;

	if (!maps__open(&m, getpid(), "maps", &maps_budget))
		while (!found && maps__next(&m))
			if (m.now.start == address)
				found = m.now.end - m.now.start;
	maps__close(&m);
	return found;
}

static void test_vdso(void **state)
{
	uint64_t address = getauxval(AT_SYSINFO_EHDR);
	const void *image = (const void *)address;
	size_t size = vdso_size(address);
	char path[] = "/tmp/cfi-vdso-XXXXXX";
	struct cfi_table ours, theirs;
	int fd;

	(void)state;
	if (!size) {
		print_message("SKIP no vDSO\n");
		skip();
	}
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, image, size), size);
	assert_int_equal(cfi__read_image(image, size, &ours), 0);
	assert_int_equal(cfi_oracle__read(path, &theirs), 0);
	assert_equal_tables("vDSO", &ours, &theirs);
	assert_true(ours.n > 10);
	cfi__free(&ours);
	cfi__free(&theirs);
	close(fd);
	unlink(path);
}

static void *read_often(void *path)
{
	struct cfi_table first, t;
	int wrong = read_rows(path, &first);

	for (int i = 0; !wrong && i < 5; i++) {
		wrong = read_rows(path, &t) || t.n != first.n ||
			memcmp(t.rows, first.rows, t.n * sizeof(*t.rows));
		cfi__free(&t);
	}
	cfi__free(&first);
	return wrong ? path : NULL;
}

static void test_threads(void **state)
{
	static char libc[] = "/lib/x86_64-linux-gnu/libc.so.6";
	static char loader[] = "/lib64/ld-linux-x86-64.so.2";
	pthread_t a, b;
	void *wrong;

	(void)state;
	assert_int_equal(pthread_create(&a, NULL, read_often, libc), 0);
	assert_int_equal(pthread_create(&b, NULL, read_often, loader), 0);
	pthread_join(a, &wrong);
	assert_null(wrong);
	pthread_join(b, &wrong);
	assert_null(wrong);
}

/* Functions begin where rows do, and nothing is outside of them. */
static void test_ranges(void **state)
{
	struct cfi_ranges r;
	struct cfi_table t;
	size_t row = 0;
	int fd = open(CFI_CASES, O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(cfi__read(fd, &t), 0);
	assert_int_equal(cfi__read_ranges(fd, &r), 0);
	close(fd);
	for (size_t i = 0; i < r.n; i++) {
		assert_true(r.v[i].end > r.v[i].start);
		/* Cases lie apart. */
		assert_int_equal(t.base + t.rows[row].pc, r.v[i].start);
		while (UNWIND_KIND(t.rows[row].rule) != UNWIND_NONE)
			row++;
		assert_int_equal(t.base + t.rows[row++].pc, r.v[i].end);
	}
	assert_int_equal(row, t.n);
	assert_true(r.n > 30);
	cfi__free_ranges(&r);
	cfi__free(&t);
}

/* The rule for the "ret" of each case, as the encoding has it. */
static const struct {
	const char *name;
	unsigned int kind, bp;
	int offset;
} cases[] = {
	{"sp", UNWIND_SP, 3, 7},
	{"sp_negative", UNWIND_UNSUPPORTED, 0, 0},
	{"sp_odd", UNWIND_UNSUPPORTED, 0, 0},
	{"sp_max", UNWIND_SP, 0, UNWIND_OFFSET_MAX},
	{"sp_beyond", UNWIND_UNSUPPORTED, 0, 0},
	{"bp", UNWIND_BP, 2, 2},
	{"bp_far", UNWIND_SP, UNWIND_BP_MAX, 1},
	{"bp_too_far", UNWIND_SP, UNWIND_BP_LOST, 1},
	{"bp_above", UNWIND_SP, UNWIND_BP_LOST, 1},
	{"bp_undefined", UNWIND_SP, UNWIND_BP_LOST, 1},
	{"bp_register", UNWIND_SP, UNWIND_BP_LOST, 1},
	{"bp_val_offset", UNWIND_SP, UNWIND_BP_LOST, 1},
	{"bp_restored", UNWIND_SP, UNWIND_BP_SAME, 1},
	{"bp_at_bp", UNWIND_SP, UNWIND_BP_AT_BP, 1},
	{"bp_expression", UNWIND_SP, UNWIND_BP_LOST, 1},
	{"sp_deref", UNWIND_SP_DEREF, 0, 1},
	{"sp_deref8", UNWIND_SP_DEREF8, 0, 19},
	{"sp_deref16", UNWIND_UNSUPPORTED, 0, 0},
	{"bp_deref", UNWIND_BP_DEREF, 0, -1},
	{"bp_deref8", UNWIND_BP_DEREF8, 0, -1},
	{"ax_deref", UNWIND_UNSUPPORTED, 0, 0},
	{"plt", UNWIND_PLT, 0, 11},
	{"plt_other", UNWIND_UNSUPPORTED, 0, 0},
	{"end", UNWIND_END, 0, 0},
	{"ra_elsewhere", UNWIND_UNSUPPORTED, 0, 0},
	{"ra_register", UNWIND_UNSUPPORTED, 0, 0},
	{"sp_elsewhere", UNWIND_UNSUPPORTED, 0, 0},
	{"other_register", UNWIND_UNSUPPORTED, 0, 0},
	{"remembered", UNWIND_SP, 0, 1},
	{"signal_plain", UNWIND_UNSUPPORTED, 0, 0},
	{"signal", UNWIND_SIGNAL, 0, 0},
	{"signal_other", UNWIND_UNSUPPORTED, 0, 0},
};

/* The cases stand in the library in the order above, one function each. */
static void test_kinds(void **state)
{
	struct cfi_table t;
	size_t n = 0;

	(void)state;
	assert_int_equal(read_rows(CFI_CASES, &t), 0);
	for (size_t i = 1; i < t.n; i++) {
		uint32_t rule = t.rows[i - 1].rule;

		if (UNWIND_KIND(t.rows[i].rule) != UNWIND_NONE)
			continue;
		assert_true(n < sizeof(cases) / sizeof(*cases));
		if (rule != UNWIND_RULE(cases[n].kind, cases[n].bp, cases[n].offset)) {
			print_row(cases[n].name, &t, i - 1);
			fail();
		}
		n++;
	}
	assert_int_equal(n, sizeof(cases) / sizeof(*cases));
	cfi__free(&t);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),     cmocka_unit_test(test_cases),
		cmocka_unit_test(test_ranges),    cmocka_unit_test(test_threads),
		cmocka_unit_test(test_libc),      cmocka_unit_test(test_loader),
		cmocka_unit_test(test_qemu),      cmocka_unit_test(test_libcrypto),
		cmocka_unit_test(test_libgnutls), cmocka_unit_test(test_vdso),
	};

	if (argc == 1)
		return cmocka_run_group_tests(tests, NULL, NULL);
	for (int i = 1; i < argc; i++)
		printf("%s: %zu rows\n", argv[i], compare(argv[i]));
	return 0;
}

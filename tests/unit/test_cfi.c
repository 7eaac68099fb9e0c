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

#include "../../bpf/migpop.h"
#include "cfi_oracle.h"
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
	assert_true(compare(CFI_CASES) > 10);
}

/* Its mapping is longer than it: how long says /proc. */
static size_t vdso_size(uint64_t address)
{
	uint64_t start, end, found = 0;
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && start == address)
			found = end - start;
	if (f)
		fclose(f);
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

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),     cmocka_unit_test(test_libc),
		cmocka_unit_test(test_loader),    cmocka_unit_test(test_qemu),
		cmocka_unit_test(test_libcrypto), cmocka_unit_test(test_libgnutls),
		cmocka_unit_test(test_vdso),
	};

	if (argc == 1)
		return cmocka_run_group_tests(tests, NULL, NULL);
	for (int i = 1; i < argc; i++)
		printf("%s: %zu rows\n", argv[i], compare(argv[i]));
	return 0;
}

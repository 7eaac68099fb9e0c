// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses that follow a call, of all the lengths that a call has, and addresses that do not.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <gelf.h>

#include "symbol/code.h"

enum { RETURNS = 18 };

/* Address of a symbol, and the bytes there. */
static uint64_t find(Elf *elf, const char *name, void *bytes, size_t len)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *data = elf_getdata(section, NULL);
		GElf_Sym sym;

		gelf_getshdr(section, &header);
		if (header.sh_type != SHT_DYNSYM)
			continue;
		for (int i = 0; gelf_getsym(data, i, &sym); i++) {
			if (strcmp(elf_strptr(elf, header.sh_link, sym.st_name), name))
				continue;
			if (!bytes)
				return sym.st_value;
			section = elf_getscn(elf, sym.st_shndx);
			gelf_getshdr(section, &header);
			data = elf_getdata(section, NULL);
			memcpy(bytes, (char *)data->d_buf + (sym.st_value - header.sh_addr), len);
			return sym.st_value;
		}
	}
	fail_msg("no symbol %s", name);
	return 0;
}

static bool is_return(const uint32_t *returns, uint64_t offset)
{
	for (size_t i = 0; i < RETURNS; i++)
		if (returns[i] == offset)
			return true;
	return false;
}

static void check(const struct code *c, Elf *elf)
{
	uint32_t returns[RETURNS];
	uint64_t calls = find(elf, "code_calls", NULL, 0);
	uint64_t end = find(elf, "code_calls_end", NULL, 0);

	find(elf, "code_returns", returns, sizeof(returns));
	assert_int_equal(calls + returns[RETURNS - 1], end);
	for (uint64_t at = calls + 8; at <= end; at++)
		if (code__is_after_call(c, at) != is_return(returns, at - calls))
			fail_msg("%#lx + %#lx: %d", calls, at - calls, code__is_after_call(c, at));
	calls = find(elf, "code_no_calls", NULL, 0);
	end = find(elf, "code_no_calls_end", NULL, 0);
	for (uint64_t at = calls; at <= end; at++)
		if (code__is_after_call(c, at))
			fail_msg("%#lx + %#lx", calls, at - calls);
	assert_int_equal(code__is_after_call(c, find(elf, "code_returns", NULL, 0) + 2), -EFAULT);
	assert_int_equal(code__is_after_call(c, 0), -EFAULT);
	assert_int_equal(code__is_after_call(c, UINT64_MAX), -EFAULT);
}

static void test_calls(void **state)
{
	int fd = open(CFI_CASES, O_RDONLY | O_CLOEXEC);
	struct code *c;
	Elf *elf;
	struct stat st;
	void *raw;

	(void)state;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	assert_non_null(elf);
	assert_int_equal(code__open(&c, fd), 0);
	check(c, elf);
	code__close(c);
	assert_int_equal(fstat(fd, &st), 0);
	raw = malloc((size_t)st.st_size);
	assert_non_null(raw);
	assert_int_equal(pread(fd, raw, (size_t)st.st_size, 0), st.st_size);
	assert_int_equal(code__open_image(&c, raw, (size_t)st.st_size), 0);
	check(c, elf);
	code__close(c);
	free(raw);
	elf_end(elf);
	close(fd);
}

static void test_no_elf(void **state)
{
	struct code *c;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(code__open(&c, fd), -ENOEXEC);
	assert_null(c);
	assert_int_equal(code__open_image(&c, "\177ELF", 4), -ENOEXEC);
	close(fd);
	assert_int_equal(code__open(&c, fd), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_no_elf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

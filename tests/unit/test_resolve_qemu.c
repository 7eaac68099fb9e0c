// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names of a distribution's QEMU, as it is installed: what it exports by name, static functions by
 * where they start. nm and readelf say what is right.
 */
#include "names/target.h"

static const char qemu[] = "/usr/bin/qemu-system-x86_64";

/* Answers of a command that prints "ADDRESS NAME" lines, by address. */
struct facts {
	struct {
		uint64_t address;
		char name[128];
	} v[65536];
	size_t n;
};

static struct facts functions, starts;

static void learn(struct facts *facts, const char *command)
{
	FILE *f = popen(command, "r");

	assert_non_null(f);
	while (facts->n < sizeof(facts->v) / sizeof(*facts->v) &&
	       fscanf(f, "%" SCNx64 " %127s", &facts->v[facts->n].address,
		      facts->v[facts->n].name) == 2)
		facts->n++;
	pclose(f);
}

static bool is_exported(uint64_t address, const char *name)
{
	for (size_t i = 0; i < functions.n; i++)
		if (functions.v[i].address == address &&
		    (!name || !strcmp(functions.v[i].name, name)))
			return true;
	return false;
}

/* Runs to its first word on the monitor, so that all of it is mapped. */
static uint64_t start_qemu(struct target *t)
{
	char *argv[] = {(char *)qemu, "-S",          "-display", "none",  "-machine",
			"none",       "-nodefaults", "-qmp",     "stdio", NULL};
	char path[64], line[4096];
	uint64_t start = 0;
	FILE *maps;

	target__spawn(t, argv);
	assert_non_null(fgets(line, sizeof(line), t->out));
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)t->pid);
	maps = fopen(path, "r");
	assert_non_null(maps);
	assert_int_equal(fscanf(maps, "%" SCNx64, &start), 1);
	fclose(maps);
	return start;
}

/* "address" in the file, and the byte after it as a return address: by that name, or fn+. */
static void check(struct resolver *r, pid_t pid, uint64_t base, uint64_t address, bool exported)
{
	struct record_frames at = resolve(r, pid, base + address, false);
	struct record_frames back = resolve(r, pid, base + address + 1, true);
	char stripped[32];

	assert_int_equal(at.v[0].offset, address);
	assert_int_equal(back.v[0].offset, address + 1);
	assert_name(back.v[0].function, at.v[0].function);
	if (exported) {
		if (!is_exported(address, at.v[0].symbol))
			fail_msg("%#" PRIx64 " is not %s", address, at.v[0].symbol);
		assert_name(at.v[0].function, at.v[0].symbol);
	} else {
		snprintf(stripped, sizeof(stripped), "fn+0x%" PRIx64, address);
		assert_name(at.v[0].symbol, NULL);
		assert_name(at.v[0].function, stripped);
	}
	record_frames__clear(&at);
	record_frames__clear(&back);
}

static void test_all_functions(void **state)
{
	struct resolver *r = new_resolver(NULL, false);
	unsigned int nr_static = 0, zero = 0;
	struct target t;
	uint64_t base;

	(void)state;
	base = start_qemu(&t);
	assert_int_equal(resolver__remember(r, t.pid), 0);
	for (size_t i = 0; i < functions.n; i++) {
		check(r, t.pid, base, functions.v[i].address, true);
		zero += !strncmp(functions.v[i].name, "buffer_is_zero", 14);
	}
	assert_true(zero > 0);
	for (size_t i = 0; i < starts.n; i++) {
		if (is_exported(starts.v[i].address, NULL))
			continue;
		check(r, t.pid, base, starts.v[i].address, false);
		nr_static++;
	}
	assert_true(nr_static > 1000);
	target__end(&t);
	resolver__free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_functions)};

	if (access(qemu, X_OK)) {
		print_message("SKIP: no %s\n", qemu);
		return 77;
	}
	learn(&functions, "nm -D --defined-only /usr/bin/qemu-system-x86_64 |"
			  "sed -n 's/ T / /p'");
	/* Every fourth will do. */
	learn(&starts, "readelf --debug-dump=frames /usr/bin/qemu-system-x86_64 2>&1 |"
		       "sed -n 's/.* FDE .*pc=\\([0-9a-f]*\\)\\.\\..*/\\1 fde/p' | sed -n '1~4p'");
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Functions of this program are replaced at their entry, and those that are not what they should be
 * are left alone, byte for byte. What a W^X policy refuses is refused before anything is changed.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <linux/prctl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "patch.h"

#ifndef PR_SET_MDWE
#define PR_SET_MDWE              65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

/* On pages of their own: those of the code that writes must stay executable. */
__asm__(".pushsection victims, \"ax\", @progbits\n.balign 4096\n.popsection\n");

/* Each with its size, as the dynamic symbols of a program have it. */
#define FUNCTION(name, body)                                                                       \
	__asm__(".pushsection victims, \"ax\"\n.balign 16\n.globl " #name "\n" #name ":\n" body    \
		"\n.globl " #name "_end\n" #name "_end:\n.popsection\n");                          \
	int name(int);                                                                             \
	extern const char name##_end[]

#define BODY "lea 1(%rdi), %eax\nmov %rdi, %rcx\nxor %edx, %edx\ntest %rcx, %rcx\nmov $7, %ecx\nret"

FUNCTION(plain, BODY);
FUNCTION(other, BODY);
FUNCTION(branch_target, "endbr64\n" BODY);
FUNCTION(like_buffer_is_zero, "test %rsi, %rsi\nje 1f\nmovslq 0x80429c(%rip), %rax\n"
			      "prefetcht0 (%rdi)\ncmp %rax, %rsi\n1: lea 1(%rdi), %eax\nret");
FUNCTION(wide_immediate, "movabs $0x1122334455667788, %rax\nmovzbl 0x10(%rsp,%rcx,4), %edx\n"
			 "cmpb $0, (%rdi,%rdx,1)\nlea 1(%rdi), %eax\nret");
FUNCTION(too_short, "lea 1(%rdi), %eax\nret");
FUNCTION(jump_first, "jmp 1f\nnop\n1: " BODY);
FUNCTION(jump_by_memory_first, "jmp *1f(%rip)\nnop\n1: " BODY);
FUNCTION(call_first, "call 1f\nnop\n1: " BODY);
FUNCTION(jump_after_endbr64, "endbr64\njmp 1f\nnop\n1: " BODY);
FUNCTION(breakpoint_first, "int3\n" BODY);
FUNCTION(breakpoint_later, "lea 1(%rdi), %eax\nint3\n" BODY);
FUNCTION(vector_first, "vpxor %ymm0, %ymm0, %ymm0\nvzeroupper\n" BODY);
FUNCTION(illegal_first, "ud2\n" BODY);

static int replacement(int argument)
{
	return argument + 1000;
}

#define PATCH(name)                                                                                \
	{                                                                                          \
		(void *)(uintptr_t)(name), (uintptr_t)name##_end - (uintptr_t)(name),              \
			(uintptr_t)replacement                                                     \
	}

/* Volatile: the compiler has seen the functions as they were. */
static int call(int (*function)(int), int argument)
{
	int (*volatile callee)(int) = function;

	return callee(argument);
}

/* Of the mapping that an address lies in; "" where there is none. */
static void permissions(uintptr_t address, char perms[5])
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long begin, end;
	char line[512], found[5];

	assert_non_null(maps);
	*perms = '\0';
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %4s", &begin, &end, found) == 3 && address >= begin &&
		    address < end)
			memcpy(perms, found, 5);
	}
	fclose(maps);
}

/* Child's exit status of "body": what it does to its text is no other test's. */
static int in_child(void (*body)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		signal(SIGSEGV, SIG_DFL); /* cmocka's would go on with the next test */
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Says why not. */
static int applied(const struct patch *patches, size_t count)
{
	size_t refused;
	const char *why = patch_apply(patches, count, &refused);

	if (why)
		fprintf(stderr, "not replaced: the %zu. %s\n", refused, why);
	return !why;
}

/* Why it is left alone; only that one. */
static const char *refusal(const struct patch *patches, size_t count)
{
	size_t refused;
	const char *why = patch_apply(patches, count, &refused);

	return why && refused == count - 1 ? why : NULL;
}

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

/* ---- what is replaced ---- */

static void replaces_both(void)
{
	const struct patch patches[] = {PATCH(plain), PATCH(like_buffer_is_zero)};
	char perms[5];

	REQUIRE(call(plain, 1) == 2);
	REQUIRE(applied(patches, 2));
	REQUIRE(call(plain, 1) == 1001);
	REQUIRE(call(like_buffer_is_zero, 1) == 1001);
	REQUIRE(call(other, 1) == 2);
	permissions((uintptr_t)plain, perms);
	REQUIRE(!strcmp(perms, "r-xp"));
}

static void test_replaced(void **state)
{
	(void)state;
	assert_int_equal(in_child(replaces_both), 0);
}

static void replaces_after_endbr64(void)
{
	const struct patch patches[] = {PATCH(branch_target), PATCH(wide_immediate)};

	REQUIRE(applied(patches, 2));
	REQUIRE(!memcmp((void *)(uintptr_t)branch_target, "\xf3\x0f\x1e\xfa", 4));
	REQUIRE(call(branch_target, 1) == 1001);
	REQUIRE(call(wide_immediate, 1) == 1001);
}

static void test_endbr64_stays(void **state)
{
	(void)state;
	assert_int_equal(in_child(replaces_after_endbr64), 0);
}

/* Whoever asks for memory that is writable and executable dies here. */
static void never_writable_and_executable(void)
{
	const struct patch patch = PATCH(plain);
	const struct scmp_arg_cmp both = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC,
						 PROT_WRITE | PROT_EXEC);
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	REQUIRE(filter);
	REQUIRE(!seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(mprotect), 1, both));
	REQUIRE(!seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(mmap), 1, both));
	REQUIRE(!seccomp_load(filter));
	REQUIRE(applied(&patch, 1));
	REQUIRE(call(plain, 1) == 1001);
}

static void test_never_writable_and_executable(void **state)
{
	(void)state;
	assert_int_equal(in_child(never_writable_and_executable), 0);
}

/* ---- what is left alone ---- */

static void test_odd_entries_are_refused(void **state)
{
	const struct {
		const char *name;
		struct patch patch;
	} odd[] = {
		{"too short", PATCH(too_short)},
		{"jump", PATCH(jump_first)},
		{"jump by memory", PATCH(jump_by_memory_first)},
		{"call", PATCH(call_first)},
		{"jump after endbr64", PATCH(jump_after_endbr64)},
		{"breakpoint", PATCH(breakpoint_first)},
		{"breakpoint later", PATCH(breakpoint_later)},
		{"vector", PATCH(vector_first)},
		{"illegal", PATCH(illegal_first)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		const struct patch both[] = {PATCH(other), odd[i].patch};
		uint8_t before[PATCH_CODE_MAX];

		memcpy(before, odd[i].patch.entry, sizeof(before));
		if (!refusal(both, 2))
			fail_msg("%s was replaced", odd[i].name);
		assert_memory_equal(before, odd[i].patch.entry, sizeof(before));
		assert_int_equal(call(other, 1), 2);
	}
}

static void test_only_the_programs_text(void **state)
{
	static uint8_t data[64] = {0x55, 0x53};
	const struct patch in_data = {data, sizeof(data), (uintptr_t)replacement};
	const struct patch in_library = {(void *)(uintptr_t)fopen, 64, (uintptr_t)replacement};

	(void)state;
	assert_non_null(refusal(&in_data, 1));
	assert_non_null(refusal(&in_library, 1));
}

static void changed_text(void)
{
	const struct patch patch = PATCH(plain);
	uint8_t *page = (uint8_t *)((uintptr_t)plain & ~(uintptr_t)4095);
	const char *why;

	/* Somebody's breakpoint elsewhere on the page: writing there again might lose it. */
	REQUIRE(!mprotect(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
	*(uint8_t *)(uintptr_t)illegal_first = 0xcc;
	REQUIRE(((uintptr_t)illegal_first & ~(uintptr_t)4095) == (uintptr_t)page);
	REQUIRE(!mprotect(page, 4096, PROT_READ | PROT_EXEC));
	why = refusal(&patch, 1);
	REQUIRE(why && strstr(why, "file"));
	REQUIRE(call(plain, 1) == 2);
}

static void test_changed_text_is_left_alone(void **state)
{
	(void)state;
	assert_int_equal(in_child(changed_text), 0);
}

static void refuses_exec_gain(void)
{
	const struct patch patch = PATCH(plain);
	const char *why;
	char perms[5];

	if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0))
		_exit(77);
	why = refusal(&patch, 1);
	REQUIRE(why && strstr(why, "W^X"));
	REQUIRE(call(plain, 1) == 2);
	permissions((uintptr_t)plain, perms);
	REQUIRE(!strcmp(perms, "r-xp"));
}

static void test_write_xor_execute(void **state)
{
	int status = in_child(refuses_exec_gain);

	(void)state;
	if (status == 77) {
		print_message("the kernel has no PR_SET_MDWE (Linux 6.3)\n");
		skip();
	}
	assert_int_equal(status, 0);
}

/* ---- calls that are looked for ---- */

FUNCTION(calls_plain, "nop\ncall plain\nret");
FUNCTION(jumps_to_plain, "nop\njmp plain");
FUNCTION(calls_other, "nop\ncall other\nret");

static int finds(int (*function)(int), const char *end)
{
	return patch_calls((const uint8_t *)(uintptr_t)function, (const uint8_t *)end,
			   (void *)(uintptr_t)plain);
}

static void test_calls(void **state)
{
	(void)state;
	assert_true(finds(calls_plain, calls_plain_end));
	assert_true(finds(jumps_to_plain, jumps_to_plain_end));
	assert_false(finds(calls_other, calls_other_end));
	assert_false(finds(plain, plain_end));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_endbr64_stays),
		cmocka_unit_test(test_never_writable_and_executable),
		cmocka_unit_test(test_odd_entries_are_refused),
		cmocka_unit_test(test_only_the_programs_text),
		cmocka_unit_test(test_changed_text_is_left_alone),
		cmocka_unit_test(test_write_xor_execute),
		cmocka_unit_test(test_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which causes are told of what surroundings: each one that stands by itself, and none that another
 * one explains. tests/trace/faults/causes.sh makes real ones and has the words.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probe/surroundings.h"

/* A host on which nothing is refused. */
static struct surroundings free_host(void)
{
	return (struct surroundings){
		.has_proc = true, .has_sysfs = true, .trial = TRIAL_LOADS, .lockdown = "none"};
}

/* The n-th cause has these words; NULL: there is none. */
static void tells(const struct surroundings *s, unsigned int n, const char *words)
{
	char why[512] = "";
	bool refused = surroundings__refuse(s, n, why, sizeof(why));

	assert_int_equal(refused, words != NULL);
	if (words && !strstr(why, words))
		fail_msg("no \"%s\" in \"%s\"", words, why);
}

static void test_nothing(void **state)
{
	struct surroundings s = free_host();

	(void)state;
	tells(&s, 0, NULL);
	assert_false(surroundings__load_nothing(&s));
	s.lockdown = NULL; /* it cannot be seen, but programs are loaded */
	tells(&s, 0, NULL);
	s.own_user_namespace = true; /* a token lets BPF in */
	tells(&s, 0, NULL);
	s.filter[CALL_PTRACE] = EPERM; /* not every trace needs it */
	tells(&s, 0, NULL);
}

/* In a user name space capabilities do not count, missing or not. */
static void test_user_namespace(void **state)
{
	struct surroundings s = free_host();

	(void)state;
	s.own_user_namespace = true;
	s.trial = TRIAL_REFUSED;
	s.error = EPERM;
	strcpy(s.missing, "CAP_BPF");
	tells(&s, 0, "user name space");
	tells(&s, 1, NULL);
	assert_true(surroundings__load_nothing(&s));
}

/* What a container has by default: all of it is told, each once. */
static void test_container(void **state)
{
	struct surroundings s = free_host();

	(void)state;
	s.own_pid_namespace = true;
	s.trial = TRIAL_REFUSED;
	s.error = EPERM;
	s.filter[CALL_BPF] = EPERM;
	s.filter[CALL_PERF_EVENT_OPEN] = EPERM;
	strcpy(s.missing, "CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE");
	s.bounded = true;
	tells(&s, 0, "PID name space");
	tells(&s, 1, "--cap-add");
	tells(&s, 2, "refuses bpf() (EPERM): ");
	tells(&s, 3, NULL);
}

static void test_filters(void **state)
{
	struct surroundings s = free_host();
	char calls[192];

	(void)state;
	surroundings__filtered(&s, calls, sizeof(calls));
	assert_string_equal(calls, "");
	s.filter[CALL_BPF] = SECCOMP_KILLS;
	s.filter[CALL_PTRACE] = ENOSYS;
	surroundings__filtered(&s, calls, sizeof(calls));
	assert_string_equal(calls, "bpf() (it kills the caller), ptrace() (ENOSYS)");
	for (int c = 0; c < NR_FILTERED_CALLS; c++)
		s.filter[c] = SECCOMP_KILLS;
	surroundings__filtered(&s, calls, sizeof(calls));
	assert_non_null(strstr(calls, "ptrace() (it kills the caller)"));
}

/* Refused, and by none of those that can be seen. */
static void test_kernel(void **state)
{
	struct surroundings s = free_host();

	(void)state;
	s.trial = TRIAL_REFUSED;
	s.error = EPERM;
	tells(&s, 0, "bpf() is refused (EPERM) though no capability is missing");
	strcpy(s.confined, "docker-default (enforce)");
	tells(&s, 0, "the profile docker-default (enforce) of a security module");
	s.error = ENOSYS;
	tells(&s, 0, "CONFIG_BPF_SYSCALL");
	tells(&s, 1, NULL);
	s.error = ENOMEM; /* no refusal: the attempt proper will say it */
	tells(&s, 0, NULL);
}

static void test_lockdown(void **state)
{
	struct surroundings s = free_host();

	(void)state;
	s.lockdown = "integrity";
	tells(&s, 0, NULL);
	s.lockdown = NULL;
	s.trial = TRIAL_BLIND;
	s.error = EINVAL;
	tells(&s, 0, "confidentiality");
	s.trial = TRIAL_REFUSED;
	s.error = EPERM;
	strcpy(s.missing, "CAP_BPF");
	s.lockdown = "confidentiality";
	tells(&s, 0, "missing CAP_BPF");
	tells(&s, 1, "confidentiality");
}

static void test_file_systems(void **state)
{
	struct surroundings s = free_host();

	(void)state;
	s.has_proc = false;
	s.btf = ENOENT;
	tells(&s, 0, "/proc is not mounted");
	tells(&s, 1, "CONFIG_DEBUG_INFO_BTF");
	s.has_sysfs = false;
	tells(&s, 1, "mount -t sysfs");
	s.btf = EACCES;
	tells(&s, 1, "vmlinux cannot be read: Permission denied");
	tells(&s, 2, NULL);
	assert_true(surroundings__load_nothing(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),      cmocka_unit_test(test_user_namespace),
		cmocka_unit_test(test_container),    cmocka_unit_test(test_filters),
		cmocka_unit_test(test_kernel),       cmocka_unit_test(test_lockdown),
		cmocka_unit_test(test_file_systems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

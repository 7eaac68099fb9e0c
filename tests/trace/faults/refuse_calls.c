// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a command under a seccomp filter, as the profile of a container or the SystemCallFilter= of
 * a unit would: the calls that are named are answered with an errno, or end the process. Usage:
 * refuse_calls EPERM|ENOSYS|kill CALL[,CALL…] COMMAND [ARGUMENT…]
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	uint32_t number;
} calls[] = {
	{"bpf", SYS_bpf},
	{"openat2", SYS_openat2},
	{"perf_event_open", SYS_perf_event_open},
	{"pidfd_open", SYS_pidfd_open},
	{"ptrace", SYS_ptrace},
};
enum { NR_CALLS = sizeof(calls) / sizeof(*calls) };

static const struct {
	const char *name;
	uint32_t answer;
} answers[] = {
	{"EPERM", SECCOMP_RET_ERRNO | EPERM},
	{"ENOSYS", SECCOMP_RET_ERRNO | ENOSYS},
	{"kill", SECCOMP_RET_KILL_PROCESS},
};
enum { NR_ANSWERS = sizeof(answers) / sizeof(*answers) };

/* Two instructions a call: is it this one? Then the answer. 0: no such call. */
static unsigned short add_calls(struct sock_filter *filter, char *names, uint32_t answer)
{
	unsigned short n = 0;

	for (char *name = strtok(names, ","); name; name = strtok(NULL, ",")) {
		size_t i = 0;

		while (i < NR_CALLS && strcmp(calls[i].name, name))
			i++;
		if (i == NR_CALLS || n == 2 * NR_CALLS)
			return 0;
		filter[n++] = (struct sock_filter){BPF_JMP | BPF_JEQ | BPF_K, 0, 1,
						   calls[i].number};
		filter[n++] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, answer};
	}
	return n;
}

int main(int argc, char **argv)
{
	struct sock_filter filter[2 + 2 * NR_CALLS] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0}};
	struct sock_fprog program = {.filter = filter};
	size_t a = 0;

	while (argc > 3 && a < NR_ANSWERS && strcmp(answers[a].name, argv[1]))
		a++;
	if (argc > 3 && a < NR_ANSWERS)
		program.len = add_calls(filter + 1, argv[2], answers[a].answer);
	if (!program.len) {
		fprintf(stderr,
			"usage: refuse_calls EPERM|ENOSYS|kill CALL[,CALL...] COMMAND...\n");
		return 2;
	}
	filter[1 + program.len] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
	program.len += 2;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		perror("refuse_calls: cannot set a filter");
		return 77;
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 127;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looks at the surroundings of this process. refusal.c draws the conclusions.
 */
#include "probe/surroundings.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "probe/privilege.h"
#include "proc/system.h"

/* PROC_USER_INIT_INO and PROC_PID_INIT_INO of include/linux/proc_ns.h. */
static const ino_t initial_user_namespace = 0xEFFFFFFD, initial_pid_namespace = 0xEFFFFFFC;

static bool is_other(const char *namespace, ino_t initial)
{
	struct stat st;

	return !stat(namespace, &st) && st.st_ino != initial;
}

/* In the /proc of another PID name space, "self" leads nowhere or to a different number. */
static bool has_proc(void)
{
	char text[16];
	ssize_t n = readlink("/proc/self", text, sizeof(text) - 1);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return strtol(text, NULL, 10) == getpid();
}

static int error_of_btf(void)
{
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC), err = errno;

	if (fd < 0)
		return err;
	close(fd);
	return 0;
}

/* Loads a program and throws it away. Returns 0 or the positive errno of the kernel. */
static int load(const struct bpf_insn *instructions, size_t n)
{
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "probe", "GPL", instructions, n, NULL);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static enum trial try(int *error)
{
	/* "bpf_probe_read_kernel(fp - 8, 8, NULL); return 0;": a kernel that is locked down to
	 * confidentiality does not have this helper. The last two instructions alone are an empty
	 * program. */
	static const struct bpf_insn reads[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_10},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .imm = -8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	enum { NR_READS = sizeof(reads) / sizeof(*reads), NR_NOTHING = 2 };

	*error = load(reads + NR_READS - NR_NOTHING, NR_NOTHING);
	if (*error)
		return TRIAL_REFUSED;
	*error = load(reads, NR_READS);
	return *error ? TRIAL_BLIND : TRIAL_LOADS;
}

/* Reads the label that a security module gives this process: "docker-default (enforce)" by
 * AppArmor, or a context of SELinux. */
static void read_label(char *label, size_t size)
{
	FILE *f = fopen("/proc/self/attr/current", "re");

	if (!f || !fgets(label, (int)size, f))
		*label = '\0';
	if (f)
		fclose(f);
	for (char *c = label; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '\0';
	if (!strcmp(label, "unconfined"))
		*label = '\0';
}

void surroundings__look(struct surroundings *s, bool all_calls)
{
	const char *missing = privilege__missing();
	struct statfs sys;

	memset(s, 0, sizeof(*s));
	s->has_proc = has_proc();
	s->own_user_namespace = is_other("/proc/self/ns/user", initial_user_namespace);
	s->own_pid_namespace = is_other("/proc/self/ns/pid", initial_pid_namespace);
	s->has_sysfs = !statfs("/sys", &sys) && sys.f_type == SYSFS_MAGIC;
	s->btf = error_of_btf();
	snprintf(s->missing, sizeof(s->missing), "%s", missing ? missing : "");
	s->bounded = privilege__missing_is_bounded();
	for (int c = 0; c < NR_FILTERED_CALLS; c++)
		if (all_calls || surroundings__need((enum filtered_call)c))
			s->filter[c] = seccomp__answer((enum filtered_call)c);
	s->trial = TRIAL_REFUSED;
	s->error = s->filter[CALL_BPF];
	if (!s->error)
		s->trial = try(&s->error);
	read_label(s->confined, sizeof(s->confined));
	s->lockdown = proc__lockdown();
}

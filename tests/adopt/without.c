// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a command on the kernel as it was before a feature came, or as one that refuses it: a
 * seccomp filter answers the calls. usage: without FEATURE... -- COMMAND ARG...
 */
#include <errno.h>
#include <linux/ioctl.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGEMAP_SCAN _IOC(_IOC_READ | _IOC_WRITE, 'f', 16, 96)

static const struct feature {
	const char *name;
	int call;
	struct scmp_arg_cmp which;
	int error;
} features[] = {
	/* Linux 6.7 */
	{"pagemap-scan",
	 SCMP_SYS(ioctl),
	 {1, SCMP_CMP_MASKED_EQ, UINT32_MAX, PAGEMAP_SCAN},
	 ENOTTY},
	/* Linux 5.14 */
	{"populate-read", SCMP_SYS(madvise), {2, SCMP_CMP_EQ, 22, 0}, EINVAL},
	/* What memory that was locked, or sealed, since is answered. */
	{"dontneed", SCMP_SYS(madvise), {2, SCMP_CMP_EQ, MADV_DONTNEED, 0}, EINVAL},
	{"remove", SCMP_SYS(madvise), {2, SCMP_CMP_EQ, MADV_REMOVE, 0}, EPERM},
};

static int take(scmp_filter_ctx filter, const char *name)
{
	for (size_t i = 0; i < sizeof(features) / sizeof(*features); i++) {
		const struct feature *f = &features[i];

		if (!strcmp(name, f->name))
			return seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)f->error), f->call,
						1, f->which);
	}
	return -ENOENT;
}

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int i, err = filter ? 0 : -ENOMEM;

	for (i = 1; !err && i < argc && strcmp(argv[i], "--"); i++)
		err = take(filter, argv[i]);
	if (!err && i + 1 >= argc)
		err = -EINVAL;
	if (!err)
		err = seccomp_load(filter);
	if (err) {
		fprintf(stderr, "without: %s\n", strerror(-err));
		return 1;
	}
	execvp(argv[i + 1], &argv[i + 1]);
	perror(argv[i + 1]);
	return 1;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Checks what a trial needs of the machine, before anything is started.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verify/trial.h"

#define HUGE_PAGE (2ULL << 20)

__attribute__((format(printf, 3, 4))) static int lacks(struct trial_error *e, int err,
						       const char *format, ...)
{
	va_list args;

	e->machine = true;
	va_start(args, format);
	vsnprintf(e->text, sizeof(e->text), format, args);
	va_end(args);
	return err;
}

/* True if execvp() would find the program. */
static bool is_program(const char *name)
{
	const char *path = getenv("PATH");
	char file[4096];

	if (strchr(name, '/'))
		return !access(name, X_OK);
	for (const char *at = path ? path : "/usr/bin:/bin"; at; at = strchr(at, ':')) {
		at += *at == ':';
		snprintf(file, sizeof(file), "%.*s/%s", (int)strcspn(at, ":"), at, name);
		if (!access(file, X_OK))
			return true;
	}
	return false;
}

/* The number after "key" at the beginning of a line; -1 if there is no such line. */
static int64_t number_in(const char *path, const char *key)
{
	size_t len = strlen(key);
	int64_t n = -1;
	char line[256];
	FILE *f = fopen(path, "re");

	while (f && n < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, len))
			n = strtoll(line + len, NULL, 10);
	if (f)
		fclose(f);
	return n;
}

static int check_hugetlb(const struct trial_options *o, struct trial_error *e)
{
	static const char dir[] = "/sys/kernel/mm/hugepages/hugepages-2048kB";
	int64_t wanted = (int64_t)(2 * o->memory / HUGE_PAGE), unused, reserved;
	char path[128];

	snprintf(path, sizeof(path), "%s/free_hugepages", dir);
	unused = number_in(path, "");
	snprintf(path, sizeof(path), "%s/resv_hugepages", dir);
	reserved = number_in(path, "");
	if (unused < 0)
		return lacks(e, -ENOTSUP, "this kernel has no huge pages of 2 MiB");
	unused -= reserved > 0 ? reserved : 0;
	if (unused >= wanted)
		return 0;
	return lacks(e, -ENOMEM,
		     "it takes %" PRId64 " huge pages and %" PRId64 " are free: write %" PRId64
		     " more to %s/nr_hugepages",
		     wanted, unused, wanted - unused, dir);
}

/* Both ends may hold the whole guest in the end: a guest that is too large would take memory that
 * others need. */
static int check_memory(const struct trial_options *o, struct trial_error *e)
{
	int64_t available = number_in("/proc/meminfo", "MemAvailable:");
	uint64_t wanted = 2 * o->memory + (512 << 20);

	if (available < 0 || wanted / 1024 <= (uint64_t)available)
		return 0;
	return lacks(e, -ENOMEM,
		     "it takes %" PRIu64 " MiB and %" PRId64
		     " MiB are available: give a smaller --memory",
		     wanted >> 20, available >> 10);
}

int trial__check_machine(const struct trial_options *o, struct trial_error *e)
{
	int fd;

	if (!is_program(o->qemu))
		return lacks(e, -ENOENT,
			     "no %s to run: install it (Debian: qemu-system-x86), or name another "
			     "by --qemu",
			     o->qemu);
	if (o->preload && access(o->preload, R_OK))
		return lacks(e, -errno, "cannot read %s: %s", o->preload, strerror(errno));
	if (o->kvm) {
		fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return lacks(e, -errno, "no KVM: /dev/kvm: %s; give --accel tcg",
				     strerror(errno));
		close(fd);
	}
	return o->backing == BACKING_HUGETLB ? check_hugetlb(o, e) : check_memory(o, e);
}

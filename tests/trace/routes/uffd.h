/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * userfaultfd for the routes that fill memory through it: opened with features, or the route is
 * skipped; the ioctls answer for whole ranges.
 */
#ifndef UFFD_H
#define UFFD_H

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "route.h"

static inline int uffd_open(uint64_t features)
{
	struct uffdio_api api = {.api = UFFD_API, .features = features};
	int uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	if (uffd < 0)
		skip("userfaultfd: %s", strerror(errno));
	if (ioctl(uffd, UFFDIO_API, &api))
		skip("no userfaultfd with features 0x%llx: %s", (unsigned long long)features,
		     strerror(errno));
	return uffd;
}

static inline void uffd_register(int uffd, const char *mem, size_t pages, uint64_t mode)
{
	struct uffdio_register reg = {
		.range = {.start = (uintptr_t)mem, .len = pages * page_size},
		.mode = mode,
	};

	check_call("UFFDIO_REGISTER", !ioctl(uffd, UFFDIO_REGISTER, &reg));
}

static inline void uffd_copy(int uffd, char *mem, const char *from, size_t pages)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)mem,
		.src = (uintptr_t)from,
		.len = pages * page_size,
	};

	check_call("UFFDIO_COPY", !ioctl(uffd, UFFDIO_COPY, &copy));
}

static inline void uffd_zeropage(int uffd, char *mem, size_t pages)
{
	struct uffdio_zeropage zero = {
		.range = {.start = (uintptr_t)mem, .len = pages * page_size},
	};

	check_call("UFFDIO_ZEROPAGE", !ioctl(uffd, UFFDIO_ZEROPAGE, &zero));
}

static inline void uffd_continue(int uffd, char *mem, size_t pages)
{
	struct uffdio_continue cont = {
		.range = {.start = (uintptr_t)mem, .len = pages * page_size},
	};

	check_call("UFFDIO_CONTINUE", !ioctl(uffd, UFFDIO_CONTINUE, &cont));
}

#endif

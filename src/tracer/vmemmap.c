// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What classic tracepoints need (bpf/attach_classic.bpf.h): they tell of a page by its number.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "tracer/tracer_internal.h"

int tracer__find_vmemmap(struct tracer *t, char *why, size_t size)
{
	enum { PAGES = 64, AGREE = 16 };
	long page = sysconf(_SC_PAGESIZE);
	struct bpf_link *addresses = bpf_program__attach(t->skel->progs.vmemmap__find);
	struct bpf_link *numbers = bpf_program__attach(t->skel->progs.classic__mm_page_alloc);
	char *memory = mmap(NULL, (size_t)page * PAGES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err = 0;

	if (!addresses || !numbers || memory == MAP_FAILED) {
		err = -errno;
		snprintf(why, size, "cannot attach classic tracepoints: %s", strerror(-err));
		goto out;
	}
	/* Page by page: one that is huge would be told of once. */
	madvise(memory, (size_t)page * PAGES, MADV_NOHUGEPAGE);
	t->skel->bss->vmemmap_finder = (u32)syscall(SYS_gettid);
	for (long i = 0; i < PAGES; i++)
		((volatile char *)memory)[i * page] = 1;
	if (t->skel->bss->vmemmap_agreed < AGREE || t->skel->bss->vmemmap_differed) {
		err = -ENOTSUP;
		snprintf(why, size, "cannot find the kernel's array of pages (%u of %u agree)",
			 t->skel->bss->vmemmap_agreed,
			 t->skel->bss->vmemmap_agreed + t->skel->bss->vmemmap_differed);
	}
	__atomic_store_n(&t->skel->bss->vmemmap_finder, 0, __ATOMIC_SEQ_CST);
out:
	if (memory != MAP_FAILED)
		munmap(memory, (size_t)page * PAGES);
	bpf_link__destroy(numbers);
	bpf_link__destroy(addresses);
	return err;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hugetlb, private memory without a file: a read or a write fault populates a whole huge page;
 * there is no huge zero page here.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "route.h"

enum { READ = 2, WRITTEN = 6, ALL = READ + WRITTEN };

static void run(int argc, char **argv)
{
	size_t each = HUGE_SIZE / page_size;
	char *mem;

	(void)argc, (void)argv;
	hugetlb_need(ALL);
	mem = mmap(NULL, ALL * HUGE_SIZE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (21 << MAP_HUGE_SHIFT), -1, 0);
	check_call("mmap MAP_HUGETLB", mem != MAP_FAILED);
	touch_read(mem, READ * each);
	touch_write(mem + READ * HUGE_SIZE, WRITTEN * each);
	check_equal("Private_Hugetlb in smaps", smaps_pages(mem, "Private_Hugetlb"),
		    ALL * (long)each);

	expect("populated %zu kind=hugetlb unless-null", ALL * each);
	expect("populated %zu kind=hugetlb symbol=touch_read unless-null", READ * each);
	expect("populated %zu kind=hugetlb symbol=touch_write unless-null", WRITTEN * each);
	expect("zero_populated %zu symbol=touch_read unless-null", READ * each);
	expect("populated 0 " OF_ANON " symbol=touch_write");
	expect("faults %d symbol=touch_read", READ);
	expect("faults %d symbol=touch_write", WRITTEN);
	expect("residual 0 kind=hugetlb unless-null");
}

const struct route route = {.run = run};

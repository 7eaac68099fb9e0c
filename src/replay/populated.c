// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tells how much of a block is populated: st_blocks counts the pages of a shared file, swapped out
 * or not; smaps counts the private pages of a mapping.
 */
#include "replay/populated.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Adds up Anonymous and Swap, in kB, of the mapping that begins at "start". */
static int private_kilobytes(uint64_t start, uint64_t *out)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	char line[4352];
	bool here = false;
	int err = -ENOENT;

	if (!f)
		return -errno;
	*out = 0;
	while (fgets(line, sizeof(line), f)) {
		uint64_t from, to, n;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &from, &to) == 2) {
			if (here)
				break;
			here = from == start;
			err = here ? 0 : err;
		} else if (here && (sscanf(line, "Anonymous: %" SCNu64 " kB", &n) == 1 ||
				    sscanf(line, "Swap: %" SCNu64 " kB", &n) == 1)) {
			*out += n;
		}
	}
	fclose(f);
	return err;
}

/* A private mapping of a file has both: pages of the file that were read, and private copies that
 * were written. */
int replay_block__populated(struct replay_block *b)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), kilobytes = 0;
	struct stat st = {0};
	int err = 0;

	if (b->fd >= 0 && fstat(b->fd, &st))
		return -errno;
	if (b->fd < 0 || b->backing == BACKING_MEMFD_PRIVATE)
		err = private_kilobytes((uintptr_t)b->memory, &kilobytes);
	b->populated_pages = ((uint64_t)st.st_blocks * 512 + kilobytes * 1024) / page;
	return err;
}

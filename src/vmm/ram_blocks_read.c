/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process has mapped and opened, as ram_blocks__match() wants it.
 */
#include "vmm/ram_blocks.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "proc/maps.h"

/* Descriptors of regular files; none where they may not be looked at. */
static struct ram_descriptor *read_descriptors(pid_t pid, size_t *n)
{
	struct ram_descriptor *v = NULL;
	struct dirent *entry;
	size_t room = 0;
	char path[64];
	DIR *fds;

	*n = 0;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	fds = opendir(path);
	while (fds && (entry = readdir(fds))) {
		struct stat st;

		if (fstatat(dirfd(fds), entry->d_name, &st, 0) || !S_ISREG(st.st_mode))
			continue;
		if (*n == room) {
			struct ram_descriptor *more;

			room = room ? room * 2 : 64;
			more = realloc(v, room * sizeof(*more));
			if (!more)
				break;
			v = more;
		}
		v[(*n)++] = (struct ram_descriptor){
			.dev = (uint32_t)(major(st.st_dev) << 20 | minor(st.st_dev)),
			.inode = st.st_ino,
			.fd = atoi(entry->d_name),
		};
	}
	if (fds)
		closedir(fds);
	return v;
}

int ram_blocks__read(struct ram_blocks *out, const struct record_target *t, pid_t pid,
		     const struct ram_told *told, size_t nr_told)
{
	struct ram_evidence evidence = {.told = told, .nr_told = nr_told};
	struct ram_descriptor *descriptors;
	struct ram_blocks found;
	size_t len;
	bool cut;
	char *maps = maps__read(pid, &maps_budget, &len, &cut);
	int err;

	if (!maps)
		return -errno;
	descriptors = read_descriptors(pid, &evidence.nr_descriptors);
	evidence.maps = maps;
	evidence.descriptors = descriptors;
	err = ram_blocks__match(&found, t, &evidence);
	free(descriptors);
	free(maps);
	if (err || !found.n) {
		ram_blocks__free(&found);
		return err;
	}
	ram_blocks__free(out);
	*out = found;
	return 0;
}

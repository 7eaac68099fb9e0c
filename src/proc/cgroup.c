// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds the processes of a cgroup. The kernel's list of mounts tells where the hierarchies are: on
 * a host with both versions, version 2 is a directory beside the others (/sys/fs/cgroup/unified).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proc/cgroup.h"

enum { DEPTH_MAX = 32 };

struct visitor {
	int (*visit)(pid_t pid, void *data);
	void *data;
};

static bool is_cgroup(const char *path)
{
	char procs[PATH_MAX + 16];

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	return !access(procs, F_OK);
}

/* Looks for the cgroup below the mounted hierarchies of this type. The caller tries version 2
 * first, because systemd and libvirt show paths of version 2. */
static bool find_below(const char *type, const char *name, char path[PATH_MAX])
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	bool found = false;
	struct mntent *m;

	while (mounts && !found && (m = getmntent(mounts))) {
		if (strcmp(m->mnt_type, type))
			continue;
		found = snprintf(path, PATH_MAX, "%s/%s", m->mnt_dir, name) < PATH_MAX &&
			is_cgroup(path);
	}
	if (mounts)
		endmntent(mounts);
	return found;
}

static bool find_cgroup(const char *name, char path[PATH_MAX])
{
	if (snprintf(path, PATH_MAX, "%s", name) < PATH_MAX && is_cgroup(path))
		return true;
	while (*name == '/')
		name++;
	return find_below("cgroup2", name, path) || find_below("cgroup", name, path);
}

/* Visits the processes of one cgroup. Returns -EOPNOTSUPP if the cgroup is threaded. */
static int visit_here(int dir, const struct visitor *v)
{
	int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC), err = 0, pid;
	FILE *procs = fd < 0 ? NULL : fdopen(fd, "re");

	if (!procs) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	errno = 0;
	/* 0 stands for a process of another PID name space. */
	while (!err && fscanf(procs, "%d", &pid) == 1)
		err = pid > 0 ? v->visit(pid, v->data) : 0;
	if (!err && ferror(procs))
		err = -errno;
	fclose(procs);
	return err;
}

static int visit_below(int dir, const struct visitor *v, int depth);

static int visit_tree(int dir, const struct visitor *v, int depth)
{
	int err = visit_here(dir, v);

	/* The cgroup is threaded, or was removed meanwhile. The processes of a threaded one belong
	 * to a cgroup that is visited anyway. */
	if (err == -EOPNOTSUPP || err == -ENODEV || err == -ENOENT)
		err = 0;
	return err || depth == DEPTH_MAX ? err : visit_below(dir, v, depth + 1);
}

static int visit_below(int dir, const struct visitor *v, int depth)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!entries) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while (!err && (e = readdir(entries))) {
		int child;

		if (e->d_type != DT_DIR || *e->d_name == '.')
			continue;
		child = openat(dir, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child < 0)
			continue;
		err = visit_tree(child, v, depth);
		close(child);
	}
	closedir(entries);
	return err;
}

int cgroup__each_process(const char *name, int (*visit)(pid_t pid, void *data), void *data)
{
	const struct visitor v = {visit, data};
	char path[PATH_MAX];
	int dir, err;

	if (!find_cgroup(name, path))
		return -ENOENT;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	err = visit_here(dir, &v);
	if (err == -EOPNOTSUPP) {
		char *slash = strrchr(path, '/');

		close(dir);
		if (!slash || slash == path)
			return err;
		*slash = '\0';
		return cgroup__each_process(path, visit, data);
	}
	if (!err)
		err = visit_below(dir, &v, 1);
	close(dir);
	return err;
}

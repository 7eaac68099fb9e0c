// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Walks along a path below a root directory, with one descriptor for each directory. No step
 * follows a link by itself, and ".." goes back to the descriptor that the walk came from. So no
 * rename can lead the walk out of the root.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbol/open_in_root.h"

enum { DEPTH_MAX = 64, LINKS_MAX = 40 };

struct walk {
	int fds[DEPTH_MAX + 1]; /* fds[0] is the root, fds[depth] is where the walk is now */
	int depth;
	int links;           /* number of links followed so far */
	char rest[PATH_MAX]; /* the part of the path that is still to be walked */
};

static void walk__go_back_to(struct walk *w, int depth)
{
	while (w->depth > depth)
		close(w->fds[w->depth--]);
}

/* Moves the first component of the rest into "name". Returns false if there is none left. */
static bool walk__next(struct walk *w, char name[NAME_MAX + 1], int *err)
{
	char *at = w->rest + strspn(w->rest, "/");
	size_t n = strcspn(at, "/");

	*err = n > NAME_MAX ? -ENAMETOOLONG : 0;
	if (!n || *err)
		return false;
	memcpy(name, at, n);
	name[n] = '\0';
	memmove(w->rest, at + n, strlen(at + n) + 1);
	return true;
}

/* Follows the symbolic link at fds[depth]: puts its target before the rest, and the walk where the
 * target counts from. */
static int walk__follow(struct walk *w)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t n = readlinkat(w->fds[w->depth], "", target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	if (snprintf(rest, sizeof(rest), "%s/%s", target, w->rest) >= (int)sizeof(rest))
		return -ENAMETOOLONG;
	strcpy(w->rest, rest);
	walk__go_back_to(w, *target == '/' ? 0 : w->depth - 1);
	return 0;
}

static int walk__step(struct walk *w, const char *name)
{
	struct stat st;
	int fd;

	if (!strcmp(name, ".") || !strcmp(name, "..")) {
		if (fstat(w->fds[w->depth], &st))
			return -errno;
		if (!S_ISDIR(st.st_mode))
			return -ENOTDIR;
		if (name[1] && w->depth)
			walk__go_back_to(w, w->depth - 1);
		return 0;
	}
	if (w->depth == DEPTH_MAX)
		return -ENAMETOOLONG;
	fd = openat(w->fds[w->depth], name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	w->fds[++w->depth] = fd;
	if (fstat(fd, &st))
		return -errno;
	return S_ISLNK(st.st_mode) ? walk__follow(w) : 0;
}

int open_in_root(const char *root, const char *path)
{
	char name[NAME_MAX + 1];
	struct walk w = {.depth = 0};
	int err, fd;

	if (snprintf(w.rest, sizeof(w.rest), "%s", path) >= (int)sizeof(w.rest))
		return -ENAMETOOLONG;
	w.fds[0] = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w.fds[0] < 0)
		return -errno;
	while (walk__next(&w, name, &err)) {
		err = walk__step(&w, name);
		if (err)
			break;
	}
	fd = err ? err : fcntl(w.fds[w.depth], F_DUPFD_CLOEXEC, 0);
	if (!err && fd < 0)
		fd = -errno;
	walk__go_back_to(&w, 0);
	close(w.fds[0]);
	return fd;
}

static int find_path(const char *root, const char *path)
{
	int fd;

	if (root)
		return open_in_root(root, path);
	fd = open(path, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int open_regular(const char *root, const char *path)
{
	int fd, found = find_path(root, path);
	struct stat st;
	char self[32];

	if (found < 0)
		return found;
	fd = -EINVAL;
	if (!fstat(found, &st) && S_ISREG(st.st_mode)) {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", found);
		fd = open(self, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
	}
	close(found);
	return fd;
}

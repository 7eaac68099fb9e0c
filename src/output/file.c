/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results are written to a temporary file beside their own and renamed over it, so that a reader
 * never sees half of one. It must not know what is written.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* statx, fallocate */
#endif
#include "output/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* Held from open to commit, so that a disk that is full already says so at once. */
#define RESERVE_BYTES (256 << 10)

static int output_file__adopt(struct output_file *o, int fd)
{
	o->f = fdopen(fd, "w");
	if (!o->f) {
		int err = -errno;

		close(fd);
		return err;
	}
	return 0;
}

/*
 * /dev/stdout and its like name what is open already. Opened anew, a file behind it would be
 * truncated and then written over by whoever else holds it: duplicate instead.
 */
static int path__descriptor(const char *path)
{
	static const char *const prefixes[] = {"/dev/fd/", "/proc/self/fd/"};
	char *end;
	long n;

	if (strcmp(path, "/dev/stdout") == 0)
		return STDOUT_FILENO;
	if (strcmp(path, "/dev/stderr") == 0)
		return STDERR_FILENO;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t len = strlen(prefixes[i]);

		if (strncmp(path, prefixes[i], len) != 0 || path[len] < '0' || path[len] > '9')
			continue;
		n = strtol(path + len, &end, 10);
		if (!*end && n <= INT_MAX)
			return (int)n;
	}
	return -1;
}

/* Can @path be replaced by renaming? Not what is no regular file, nor what is mounted on. */
static int path__is_replaceable(const char *path)
{
	struct statx sx;

	if (statx(AT_FDCWD, path, 0, STATX_TYPE, &sx))
		return -errno;
	if (S_ISDIR(sx.stx_mode))
		return -EISDIR;
	if (!S_ISREG(sx.stx_mode) || (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return 0;
	return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) ? -errno : 1;
}

static int output_file__open_directly(struct output_file *o, const char *path, int flags)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, 0666);

	return fd < 0 ? -errno : output_file__adopt(o, fd);
}

/* Keep the mode of what is replaced, and its owner where that is allowed. */
static int file__take_after(int fd, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	/* the group alone is better than neither */
	if (fchown(fd, st.st_uid, st.st_gid) && fchown(fd, (uid_t)-1, st.st_gid) && errno != EPERM)
		return -errno;
	return fchmod(fd, st.st_mode & 07777) ? -errno : 0;
}

static char *path__beside(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) + 1 : 0;
	unsigned long long id = 0;
	char *name;

	if (getrandom(&id, sizeof(id), 0) < 0)
		id = (unsigned long long)getpid();
	if (asprintf(&name, "%.*s.migpop-%016llx.tmp", (int)len, path, id) < 0)
		return NULL;
	return name;
}

static int output_file__open_beside(struct output_file *o)
{
	int fd, err;

	do {
		free(o->temporary);
		o->temporary = path__beside(o->path);
		if (!o->temporary)
			return -ENOMEM;
		/* not mkstemp: the mode is to be what the user's umask says */
		fd = open(o->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	} while (fd < 0 && errno == EEXIST);
	if (fd < 0) {
		err = -errno;
		free(o->temporary);
		o->temporary = NULL;
		return err;
	}
	err = file__take_after(fd, o->path);
	/* not every file system can; only what it says about room counts */
	if (!err && fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, RESERVE_BYTES) &&
	    (errno == ENOSPC || errno == EDQUOT))
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	return output_file__adopt(o, fd);
}

static int output_file__open_path(struct output_file *o, const char *path)
{
	int fd = path__descriptor(path), replaceable;
	struct stat st;

	if (fd >= 0) {
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		return fd < 0 ? -errno : output_file__adopt(o, fd);
	}
	replaceable = path__is_replaceable(path);
	if (replaceable == 0)
		return output_file__open_directly(o, path, O_TRUNC);
	if (replaceable == -ENOENT && path[0]) {
		/* a link to nothing yet: what it names is made, the link stays */
		if (lstat(path, &st) == 0)
			return output_file__open_directly(o, path, O_CREAT | O_TRUNC);
		if (path[strlen(path) - 1] == '/')
			return -EISDIR;
		o->path = strdup(path);
		return o->path ? output_file__open_beside(o) : -ENOMEM;
	}
	if (replaceable < 0)
		return replaceable;
	o->path = realpath(path, NULL); /* a link stays a link */
	return o->path ? output_file__open_beside(o) : -errno;
}

int output_file__open(struct output_file *o, const char *path)
{
	int err = 0;

	memset(o, 0, sizeof(*o));
	if (!path || strcmp(path, "-") == 0)
		o->f = fcntl(STDOUT_FILENO, F_GETFD) < 0 ? NULL : stdout;
	else
		err = output_file__open_path(o, path);
	if (!err && !o->f)
		err = -EBADF;
	if (err)
		output_file__abort(o);
	return err;
}

/* The name is on disk only when its directory is. */
static int directory__sync(const char *path)
{
	char *copy = strdup(path), *slash = copy ? strrchr(copy, '/') : NULL;
	int fd, err = 0;

	if (!copy)
		return -ENOMEM;
	if (slash)
		slash[slash == copy] = '\0';
	fd = open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	/* a directory that may be written but not read cannot be synced: no reason to fail */
	if (fd < 0)
		return 0;
	if (fsync(fd) && errno != EINVAL && errno != EROFS)
		err = -errno;
	close(fd);
	return err;
}

/* What stdio still holds, and any failure since the start: ferror() remembers, errno may not. */
static int stream__flush(FILE *f)
{
	bool failed = ferror(f);

	errno = 0;
	if (fflush(f))
		return errno ? -errno : -EIO;
	return failed ? -EIO : 0;
}

int output_file__commit(struct output_file *o)
{
	int err = stream__flush(o->f);
	FILE *f = o->f;

	if (!err && o->temporary) {
		off_t size = ftello(f);

		/* gives the reserved blocks back */
		if (size < 0 || ftruncate(fileno(f), size) || fsync(fileno(f)))
			err = -errno;
	}
	if (f != stdout) {
		o->f = NULL;
		if (fclose(f) && !err)
			err = -errno;
	}
	if (!err && o->temporary) {
		if (rename(o->temporary, o->path)) {
			err = -errno;
		} else {
			free(o->temporary);
			o->temporary = NULL;
			err = directory__sync(o->path);
		}
	}
	output_file__abort(o);
	return err;
}

void output_file__abort(struct output_file *o)
{
	if (o->f && o->f != stdout)
		fclose(o->f);
	if (o->temporary)
		unlink(o->temporary);
	free(o->temporary);
	free(o->path);
	memset(o, 0, sizeof(*o));
}

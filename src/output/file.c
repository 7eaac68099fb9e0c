/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a result to a temporary file beside the final one and renames it, so that a reader never
 * sees half of a result. It must not know what is written.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* for statx() and fallocate() */
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

/* Reserved from open to commit, so that a full disk is reported at once. */
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
 * The descriptor that a path like /dev/stdout stands for; -1 if it stands for none. If such a path
 * were opened anew, a file behind it would be truncated, and then overwritten by whoever else has
 * it open: duplicate the descriptor instead.
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

/* Returns 1 if "path" can be replaced by renaming, 0 if it must be written directly because it is
 * no regular file or is a mount point, or a negative errno. */
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

/* Gives the new file the mode of the file it replaces, and its owner where that is allowed. */
static int file__take_after(int fd, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	/* if the owner cannot be kept, try to keep the group */
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
		/* not mkstemp(): the user's umask must decide about the mode */
		fd = open(o->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	} while (fd < 0 && errno == EEXIST);
	if (fd < 0) {
		err = -errno;
		free(o->temporary);
		o->temporary = NULL;
		return err;
	}
	err = file__take_after(fd, o->path);
	/* not every file system supports it; only running out of room is an error */
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
		/* a symbolic link to a missing file: make the file, and keep the link */
		if (lstat(path, &st) == 0)
			return output_file__open_directly(o, path, O_CREAT | O_TRUNC);
		if (path[strlen(path) - 1] == '/')
			return -EISDIR;
		o->path = strdup(path);
		return o->path ? output_file__open_beside(o) : -ENOMEM;
	}
	if (replaceable < 0)
		return replaceable;
	/* a symbolic link stays a link: replace the file it leads to */
	o->path = realpath(path, NULL);
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

/* Syncs the directory of "path": only then is the new name on disk. */
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
	/* a directory that may be written but not read cannot be synced, which is no reason to fail
	 * */
	if (fd < 0)
		return 0;
	if (fsync(fd) && errno != EINVAL && errno != EROFS)
		err = -errno;
	close(fd);
	return err;
}

/* Flushes "f". Reports an earlier failure too, which ferror() remembers although errno may be gone.
 * */
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

		/* returns the reserved blocks */
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

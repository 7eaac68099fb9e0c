// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Paths below a root directory: links and ".." that lead out of it do not, and what openat2() with
 * RESOLVE_IN_ROOT answers is what the walk answers, over random trees of links.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "symbol/open_in_root.h"

static char root[64];

static int by_openat2(const char *path)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd, err;

	/* The kernel gives up where anything was renamed or mounted anywhere meanwhile. */
	do {
		fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
		err = -errno;
	} while (fd < 0 && err == -EAGAIN);
	close(dir);
	return fd < 0 ? err : fd;
}

/* Both lead to the same file, or fail alike. */
static void compare(const char *path)
{
	struct stat expected, found;
	int a = by_openat2(path), b = open_in_root(root, path);

	if (a < 0 || b < 0) {
		if (a == -ENOSYS)
			skip();
		if (a != b)
			fail_msg("%s: openat2 %d, walk %d", path, a, b);
		return;
	}
	assert_int_equal(fstat(a, &expected), 0);
	assert_int_equal(fstat(b, &found), 0);
	if (expected.st_ino != found.st_ino || expected.st_dev != found.st_dev)
		fail_msg("%s: inode %lu, walk %lu", path, (unsigned long)expected.st_ino,
			 (unsigned long)found.st_ino);
	close(a);
	close(b);
}

static void make(const char *name, const char *target)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	assert_int_equal(target ? symlink(target, path) : mkdir(path, 0755), 0);
}

static int set_up(void **state)
{
	char path[256];
	int fd;

	(void)state;
	strcpy(root, "/tmp/open-in-root.XXXXXX");
	if (!mkdtemp(root))
		return -1;
	make("usr", NULL);
	make("usr/lib", NULL);
	make("usr/lib/file", "directory/file");
	make("usr/lib/directory", NULL);
	snprintf(path, sizeof(path), "%s/usr/lib/directory/file", root);
	fd = creat(path, 0644);
	if (fd < 0)
		return -1;
	close(fd);
	make("lib", "usr/lib");
	make("absolute", "/usr/lib");
	make("out", "../../../../etc");
	make("usr/up", "../../usr/lib/../lib");
	make("usr/lib/loop", "loop");
	make("nowhere", "/not/there");
	make("slashes", "usr//./lib/");
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

static void test_as_openat2(void **state)
{
	static const char *const paths[] = {"/usr/lib/file",
					    "usr/lib/file",
					    "/lib/file",
					    "/absolute/file",
					    "/out",
					    "/out/passwd",
					    "/usr/up/file",
					    "/../usr",
					    "/../../../usr",
					    "/usr/lib/loop",
					    "/nowhere",
					    "/slashes/file",
					    "/",
					    "",
					    "/usr/./lib",
					    "/usr/lib/..",
					    "/lib/..",
					    "/usr/lib/none",
					    "/lib/file/x",
					    "/absolute/../lib"};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (*paths[i]) /* an empty path is no file to openat2(), and the root itself here */
			compare(paths[i]);
}

static void test_random_paths(void **state)
{
	static const char *const words[] = {"usr", "lib",  "absolute", "out",  "up",
					    "..",  "loop", "nowhere",  "file", "."};
	char path[256];

	(void)state;
	srandom(7);
	for (int i = 0; i < 20000; i++) {
		size_t n = 0;

		for (long k = 1 + random() % 6; k > 0; k--)
			n += (size_t)snprintf(path + n, sizeof(path) - n, "/%s",
					      words[random() % 10]);
		compare(path);
	}
}

static void test_limits(void **state)
{
	char path[8192];

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(open_in_root(root, path), -ENAMETOOLONG);
	path[300] = '\0';
	assert_int_equal(open_in_root(root, path), -ENAMETOOLONG);
	assert_int_equal(open_in_root("/not/there", "usr"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_openat2),
		cmocka_unit_test(test_random_paths),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

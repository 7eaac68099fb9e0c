/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A result arrives whole or not at all, special files are never replaced, and what cannot work is
 * said on open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "output/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/migpop-test-file-XXXXXX";
static char path[PATH_MAX];

static const char *in(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(in(name), "w");

	fputs(text, f);
	fclose(f);
}

static void holds(const char *name, const char *text)
{
	char buf[256] = "";
	FILE *f = fopen(in(name), "r");

	assert_non_null(f);
	buf[fread(buf, 1, sizeof(buf) - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(buf, text);
}

static int entries(void)
{
	DIR *d = opendir(dir);
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static int make_directory(void **state)
{
	(void)state;
	strcpy(strrchr(dir, '-'), "-XXXXXX");
	umask(022);
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_directory(void **state)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	(void)state;
	while ((e = readdir(d)))
		if (e->d_name[0] != '.' || strlen(e->d_name) > 2)
			remove(in(e->d_name));
	closedir(d);
	return rmdir(dir);
}

static void arrives_whole(void **state)
{
	struct output_file o;
	struct stat st;

	(void)state;
	assert_int_equal(output_file__open(&o, in("a")), 0);
	assert_int_equal(access(in("a"), F_OK), -1);
	fputs("new", o.f);
	assert_int_equal(output_file__commit(&o), 0);
	holds("a", "new");
	assert_int_equal(stat(in("a"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_true(st.st_blocks <= 16);
	assert_int_equal(entries(), 1);
	output_file__abort(&o);
}

static void abort_changes_nothing(void **state)
{
	struct output_file o;

	(void)state;
	put("a", "old");
	assert_int_equal(output_file__open(&o, in("a")), 0);
	fputs("new", o.f);
	fflush(o.f);
	holds("a", "old");
	output_file__abort(&o);
	holds("a", "old");
	assert_int_equal(entries(), 1);
}

static void replaces_and_keeps_the_mode(void **state)
{
	struct output_file o;
	struct stat st;

	(void)state;
	put("a", "something longer");
	assert_int_equal(chmod(in("a"), 0600), 0);
	assert_int_equal(output_file__open(&o, in("a")), 0);
	fputs("new", o.f);
	assert_int_equal(output_file__commit(&o), 0);
	holds("a", "new");
	assert_int_equal(stat(in("a"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void links_stay_links(void **state)
{
	struct output_file o;
	struct stat st;

	(void)state;
	put("a", "old");
	assert_int_equal(symlink("a", in("link")), 0);
	assert_int_equal(symlink("b", in("dangling")), 0);
	assert_int_equal(output_file__open(&o, in("link")), 0);
	fputs("new", o.f);
	assert_int_equal(output_file__commit(&o), 0);
	holds("a", "new");
	assert_int_equal(lstat(in("link"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(output_file__open(&o, in("dangling")), 0);
	fputs("new", o.f);
	assert_int_equal(output_file__commit(&o), 0);
	holds("b", "new");
}

static void special_files_stay(void **state)
{
	struct output_file o;
	struct stat st;
	int fd;

	(void)state;
	assert_int_equal(mkfifo(in("fifo"), 0600), 0);
	fd = open(in("fifo"), O_RDWR);
	assert_int_equal(output_file__open(&o, in("fifo")), 0);
	fputs("new", o.f);
	assert_int_equal(output_file__commit(&o), 0);
	close(fd);
	assert_int_equal(stat(in("fifo"), &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(output_file__open(&o, "/dev/null"), 0);
	assert_null(o.temporary);
	assert_int_equal(output_file__commit(&o), 0);
	assert_int_equal(entries(), 1);
}

/* A descriptor by name goes on where it is, and stays open. */
static void descriptors_are_shared(void **state)
{
	int fd = open(in("a"), O_RDWR | O_CREAT, 0600);
	struct output_file o;
	char name[32];

	(void)state;
	assert_int_equal(write(fd, "old ", 4), 4);
	snprintf(name, sizeof(name), "/dev/fd/%d", fd);
	assert_int_equal(output_file__open(&o, name), 0);
	fputs("new", o.f);
	assert_int_equal(output_file__commit(&o), 0);
	assert_int_equal(write(fd, " end", 4), 4);
	close(fd);
	holds("a", "old new end");
	assert_int_equal(output_file__open(&o, name), -EBADF);
}

static void says_on_open(void **state)
{
	char longname[600];
	struct output_file o;

	(void)state;
	memset(longname, 'x', sizeof(longname) - 1);
	longname[sizeof(longname) - 1] = '\0';
	assert_int_equal(output_file__open(&o, in("missing/a")), -ENOENT);
	assert_int_equal(output_file__open(&o, dir), -EISDIR);
	assert_int_equal(output_file__open(&o, in("new/")), -EISDIR);
	assert_int_equal(output_file__open(&o, ""), -ENOENT);
	assert_int_equal(output_file__open(&o, longname), -ENAMETOOLONG);
	put("a", "");
	assert_int_equal(output_file__open(&o, in("a/b")), -ENOTDIR);
	assert_null(o.f);
	assert_int_equal(entries(), 1);
}

static void full_disk(void **state)
{
	struct output_file o;

	(void)state;
	assert_int_equal(output_file__open(&o, "/dev/full"), 0);
	fputs("new", o.f);
	assert_int_equal(output_file__commit(&o), -ENOSPC);
}

/* Without permission: as another user, in a process of its own. */
static void no_permission(void **state)
{
	struct output_file o;
	int status;
	pid_t pid;

	(void)state;
	put("a", "old");
	chmod(in("a"), 0644);
	pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && setreuid(65534, 65534))
			_exit(2);
		else if (geteuid() != 65534)
			_exit(chmod(dir, 0500) ? 2 : output_file__open(&o, in("b")) != -EACCES);
		_exit(output_file__open(&o, in("a")) != -EACCES ||
		      output_file__open(&o, in("b")) != -EACCES);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	chmod(dir, 0700);
	assert_int_equal(status, 0);
	holds("a", "old");
}

/* Standard output is a pipe that nobody reads any more. */
static void closed_pipe(void **state)
{
	int status, fd[2];
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		struct output_file o;

		signal(SIGPIPE, SIG_IGN);
		if (pipe(fd) || dup2(fd[1], STDOUT_FILENO) < 0 || close(fd[0]) || close(fd[1]))
			_exit(2);
		if (output_file__open(&o, "-"))
			_exit(3);
		fputs("new", o.f);
		_exit(output_file__commit(&o) != -EPIPE);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(arrives_whole),
		TEST(abort_changes_nothing),
		TEST(replaces_and_keeps_the_mode),
		TEST(links_stay_links),
		TEST(special_files_stay),
		TEST(descriptors_are_shared),
		TEST(says_on_open),
		TEST(full_disk),
		TEST(no_permission),
		TEST(closed_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

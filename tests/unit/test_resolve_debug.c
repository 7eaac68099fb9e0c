// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names from separate debug files: where they are found, that they are of the same build, and that
 * no server is asked without being told to.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "names/target.h"
#include "symbol/debug_file.h"

/* The build-id directory "DIR/.build-id/xx/" with the debug file of the library in it. */
static const char make_debug_dir[] =
	"id=$(readelf -n $lib | sed -n 's/.*Build ID: //p'); d=$1/.build-id/$(echo $id | cut -c "
	"1-2);"
	"mkdir -p $d; objcopy --only-keep-debug $from $d/$(echo $id | cut -c 3-).debug";

static void put_debug_file(const char *dir, const char *from)
{
	char command[600];

	snprintf(command, sizeof(command), "set -- %s; from=%s; %s", dir, from, make_debug_dir);
	run(command);
}

static void check_has_source(struct resolver *r, const struct target *t, bool expected)
{
	struct record_frames f = resolve(r, t->pid, target__number(t, "inlined"), false);

	assert_int_equal(f.n, expected ? 3 : 1);
	assert_name(f.v[0].function, expected ? "innermost" : f.v[0].function);
	assert_int_equal(f.v[0].line, expected ? target__number(t, "line0") : 0);
	record_frames__clear(&f);
}

/* "first" of a library is named by its debug file or not, as "expected", and so is its source. */
static void check_library(struct resolver *r, const char *library, bool expected)
{
	const char *name = expected ? "first" : NULL;
	struct target t;

	target__start(&t, NAMES_PROGRAM, in_temp(library));
	assert_int_equal(resolver__remember(r, t.pid), 0);
	check_name(r, &t, "first", name, name);
	check_has_source(r, &t, expected);
	target__end(&t);
	resolver__free(r);
}

static void test_by_build_id(void **state)
{
	(void)state;
	put_debug_file("debug", "$lib");
	check_library(new_resolver(in_temp("debug"), false), "stripped.so", true);
	check_library(new_resolver(in_temp("nothing"), false), "stripped.so", false);
}

/* A debug file of another build in its place is not believed. */
static void test_of_another_build(void **state)
{
	char command[300];

	(void)state;
	snprintf(command, sizeof(command), "cp %s other", NAMES_PROGRAM);
	run(command);
	put_debug_file("wrong", "other");
	check_library(new_resolver(in_temp("wrong"), false), "stripped.so", false);
}

/* By .gnu_debuglink: beside it, in .debug, below the debug directory; and only with the right CRC.
 */
static void test_by_link(void **state)
{
	(void)state;
	run("objcopy --remove-section .note.gnu.build-id --only-keep-debug $lib link.debug;"
	    "objcopy --remove-section .note.gnu.build-id --strip-all"
	    " --add-gnu-debuglink=link.debug $lib linked.so");
	check_library(new_resolver(NULL, false), "linked.so", true);
	run("mkdir -p .debug; mv link.debug .debug");
	check_library(new_resolver(NULL, false), "linked.so", true);
	run("mkdir -p debug/$PWD; mv .debug/link.debug debug/$PWD");
	check_library(new_resolver(NULL, false), "linked.so", false);
	check_library(new_resolver(in_temp("debug"), false), "linked.so", true);
	run("echo >> debug/$PWD/link.debug");
	check_library(new_resolver(in_temp("debug"), false), "linked.so", false);
}

/* The library has names, but those that dwz has moved elsewhere are missing. */
static void check_without_inlined(struct resolver *r, const char *library)
{
	struct record_frames f;
	struct target t;

	target__start(&t, NAMES_PROGRAM, in_temp(library));
	assert_int_equal(resolver__remember(r, t.pid), 0);
	check_name(r, &t, "first", "first", "first");
	f = resolve(r, t.pid, target__number(&t, "inlined"), false);
	for (size_t i = 0; i < f.n; i++)
		assert_true(!f.v[i].function || strcmp(f.v[i].function, "innermost"));
	record_frames__clear(&f);
	target__end(&t);
	resolver__free(r);
}

/* A part of the DWARF lies in a file that dwz has made of two: below .dwz of the debug directory, or by
 * its own build-id. Another file there is not believed. */
static void test_shared_by_dwz(void **state)
{
	(void)state;
	if (system("command -v dwz >/dev/null")) {
		print_message("SKIP: dwz is not installed\n");
		skip();
	}
	run("mkdir -p shared; cp $lib one; cp " NAMES_PROGRAM " two; mkdir .dwz;"
	    "dwz -m .dwz/common.debug -r one two; mv .dwz shared");
	put_debug_file("shared", "one");
	check_library(new_resolver(in_temp("shared"), false), "stripped.so", true);
	run("mv shared/.dwz/common.debug common; cp two shared/.dwz/common.debug");
	check_without_inlined(new_resolver(in_temp("shared"), false), "stripped.so");
	run("lib=common; set -- shared; from=common;"
	    "id=$(readelf -n common | sed -n 's/.*Build ID: //p');"
	    "d=shared/.build-id/$(echo $id | cut -c 1-2); mkdir -p $d;"
	    "cp common $d/$(echo $id | cut -c 3-).debug");
	check_library(new_resolver(in_temp("shared"), false), "stripped.so", true);
}

/* An HTTP server on loopback: whoever asks for a debug file gets "debug_file", and is counted. */
struct server {
	int fd;
	const char *debug_file;
	atomic_int requests;
	pthread_t thread;
};

static void answer(const struct server *s, int fd)
{
	char request[4096], head[128], *end = request;
	FILE *f = fopen(s->debug_file, "r");
	struct stat st;
	char *content;

	*end = '\0';
	while (!strstr(request, "\r\n\r\n")) {
		ssize_t got = read(fd, end, sizeof(request) - 1 - (size_t)(end - request));

		if (got <= 0)
			break;
		end += got;
		*end = '\0';
	}
	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	content = malloc((size_t)st.st_size);
	assert_int_equal(fread(content, 1, (size_t)st.st_size, f), st.st_size);
	fclose(f);
	if (strstr(request, "/debuginfo ")) {
		dprintf(fd, "HTTP/1.0 200 OK\r\nContent-Length: %ld\r\n\r\n", (long)st.st_size);
		assert_int_equal(write(fd, content, (size_t)st.st_size), st.st_size);
	} else {
		snprintf(head, sizeof(head), "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n");
		assert_int_equal(write(fd, head, strlen(head)), strlen(head));
	}
	free(content);
}

static void *serve(void *arg)
{
	struct server *s = arg;
	int fd;

	while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
		s->requests++;
		answer(s, fd);
		close(fd);
	}
	return NULL;
}

static void start_server(struct server *s)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	char url[64];

	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(s->fd >= 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(s->fd, 8), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&address, &len), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(address.sin_port));
	setenv("DEBUGINFOD_URLS", url, 1);
	setenv("DEBUGINFOD_CACHE_PATH", in_temp("cache"), 1);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void stop_server(struct server *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
	unsetenv("DEBUGINFOD_URLS");
}

static void test_debuginfod(void **state)
{
	struct server s = {.debug_file = NAMES_LIBRARY};

	(void)state;
	assert_string_equal(debug_finder__why_no_debuginfod(), "DEBUGINFOD_URLS is not set");
	start_server(&s);
	check_library(new_resolver(NULL, false), "stripped.so", false);
	assert_int_equal(s.requests, 0);
	if (debug_finder__why_no_debuginfod()) {
		print_message("no debuginfod: %s\n", debug_finder__why_no_debuginfod());
	} else {
		check_library(new_resolver(NULL, true), "stripped.so", true);
		assert_true(s.requests > 0);
	}
	stop_server(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_build_id), cmocka_unit_test(test_of_another_build),
		cmocka_unit_test(test_by_link),     cmocka_unit_test(test_shared_by_dwz),
		cmocka_unit_test(test_debuginfod),
	};

	return cmocka_run_group_tests(tests, make_temp, remove_temp);
}

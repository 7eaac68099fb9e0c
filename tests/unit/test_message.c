// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages between the tracer and its helpers: what is put is taken again, and what is not a
 * message is refused, whatever lengths it claims.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "reader/message.h"

static void make_pair(int fd[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
}

static void test_values(void **state)
{
	struct message m = MESSAGE_NONE, got = MESSAGE_NONE;
	size_t size;
	int fd[2];

	(void)state;
	make_pair(fd);
	message__begin(&m, 7);
	message__put(&m, UINT64_MAX);
	message__put_text(&m, "text");
	message__put_text(&m, NULL);
	message__put_text(&m, "");
	message__put_bytes(&m, "\0\1\2", 3);
	assert_int_equal(message__send(fd[0], &m, NULL, NULL), 0);
	assert_int_equal(message__receive(fd[1], &got, 4096, NULL, NULL), 0);
	assert_int_equal(got.header.type, 7);
	assert_true(message__get(&got) == UINT64_MAX);
	assert_string_equal(message__get_text(&got), "text");
	assert_null(message__get_text(&got));
	assert_string_equal(message__get_text(&got), "");
	assert_false(message__is_read(&got));
	assert_memory_equal(message__get_bytes(&got, &size), "\0\1\2", 3);
	assert_int_equal(size, 3);
	assert_true(message__is_read(&got));
	message__get(&got);
	assert_false(message__is_read(&got));
	message__free(&m);
	message__free(&got);
	close(fd[0]);
	close(fd[1]);
}

static void test_descriptor(void **state)
{
	struct message m = MESSAGE_NONE, got = MESSAGE_NONE;
	int fd[2], file = open("/dev/null", O_RDONLY | O_CLOEXEC), taken;
	struct stat st, its;

	(void)state;
	make_pair(fd);
	message__begin(&m, 1);
	m.fd = file;
	assert_int_equal(message__send(fd[0], &m, NULL, NULL), 0);
	assert_int_equal(message__receive(fd[1], &got, 0, NULL, NULL), 0);
	taken = message__take_fd(&got);
	assert_true(taken >= 0 && taken != file);
	assert_int_equal(fcntl(taken, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fstat(file, &st), 0);
	assert_int_equal(fstat(taken, &its), 0);
	assert_int_equal(st.st_rdev, its.st_rdev);
	close(taken);
	/* One that nobody takes is closed with its message; the sender's stays open. */
	assert_int_equal(message__send(fd[0], &m, NULL, NULL), 0);
	assert_int_equal(message__receive(fd[1], &got, 0, NULL, NULL), 0);
	taken = got.fd;
	message__begin(&got, 0);
	assert_int_equal(fcntl(taken, F_GETFD), -1);
	message__free(&m);
	message__free(&got);
	assert_int_equal(fcntl(file, F_GETFD), FD_CLOEXEC);
	close(file);
	close(fd[0]);
	close(fd[1]);
}

/* Has "size" bytes of a body received that claim to be "claimed". */
static int receive_raw(struct message *got, const void *body, size_t size, uint32_t claimed,
		       size_t max)
{
	struct message_header header = {.type = 1, .size = claimed};
	int fd[2], err;

	make_pair(fd);
	assert_int_equal(write(fd[0], &header, sizeof(header)), sizeof(header));
	assert_int_equal(write(fd[0], body, size), size);
	close(fd[0]);
	err = message__receive(fd[1], got, max, NULL, NULL);
	close(fd[1]);
	return err;
}

static void test_refused(void **state)
{
	static const uint64_t lengths[] = {9, 8, UINT64_MAX - 1, INT64_MAX, MESSAGE_TEXT_MAX};
	struct message got = MESSAGE_NONE;
	char text[16] = "01234567";
	size_t size;

	(void)state;
	assert_int_equal(receive_raw(&got, text, 8, 9, 4096), -ECONNRESET);
	assert_int_equal(receive_raw(&got, text, 8, 8, 7), -EPROTO);
	assert_int_equal(receive_raw(&got, text, 8, UINT32_MAX, SIZE_MAX), -EPROTO);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		memcpy(text, &lengths[i], sizeof(lengths[i]));
		assert_int_equal(receive_raw(&got, text, sizeof(text), sizeof(text), 4096), 0);
		assert_null(message__get_text(&got));
		assert_false(message__is_read(&got));
		assert_int_equal(receive_raw(&got, text, sizeof(text), sizeof(text), 4096), 0);
		if (lengths[i] == 8)
			assert_non_null(message__get_bytes(&got, &size));
		else
			assert_null(message__get_bytes(&got, &size));
	}
	message__free(&got);
}

/* A text has no NUL but its last byte. */
static void test_text_with_nul(void **state)
{
	struct message got = MESSAGE_NONE;
	uint64_t len = 3;
	char text[12];

	(void)state;
	memcpy(text, &len, sizeof(len));
	memcpy(text + 8, "a\0b", 4);
	assert_int_equal(receive_raw(&got, text, 12, 12, 4096), 0);
	assert_null(message__get_text(&got));
	memcpy(text + 8, "abcd", 4);
	assert_int_equal(receive_raw(&got, text, 12, 12, 4096), 0);
	assert_null(message__get_text(&got));
	message__free(&got);
}

/* A text that is too long is cut, and a body that is too long is no message. */
static void test_long(void **state)
{
	struct message m = MESSAGE_NONE;
	size_t size = MESSAGE_BODY_MAX;
	char *bytes = calloc(1, size);
	int fd[2];

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'x', 2 * MESSAGE_TEXT_MAX);
	make_pair(fd);
	message__begin(&m, 1);
	message__put_text(&m, bytes);
	assert_int_equal(strlen(message__get_text(&m)), MESSAGE_TEXT_MAX - 1);
	message__begin(&m, 1);
	message__put_bytes(&m, bytes, size);
	assert_true(m.bad);
	assert_int_equal(message__send(fd[0], &m, NULL, NULL), -ENOMEM);
	message__free(&m);
	free(bytes);
	close(fd[0]);
	close(fd[1]);
}

/* Whatever is taken from whatever was received: every text ends, and no value lies outside the body. */
static void test_random(void **state)
{
	struct message got = MESSAGE_NONE;
	unsigned char body[64];

	(void)state;
	srand(42);
	for (int i = 0; i < 20000; i++) {
		size_t size = (size_t)rand() % sizeof(body), n;

		/* Most lengths are short, so that some of them fit. */
		for (size_t at = 0; at < sizeof(body); at++)
			body[at] = (unsigned char)(rand() % 4 ? 0 : rand() % 16);
		assert_int_equal(receive_raw(&got, body, size, (uint32_t)size, 64), 0);
		while (!message__is_read(&got) && !got.bad) {
			const char *text = NULL;
			const unsigned char *bytes = NULL;

			switch (rand() % 3) {
			case 0:
				message__get_max(&got, 1000);
				break;
			case 1:
				text = message__get_text(&got);
				assert_true(!text || strlen(text) < sizeof(body));
				break;
			default:
				bytes = message__get_bytes(&got, &n);
				assert_true(bytes ? bytes + n <= got.body + size : !n);
			}
			assert_true(got.at <= size);
		}
	}
	message__free(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),  cmocka_unit_test(test_descriptor),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_text_with_nul),
		cmocka_unit_test(test_long),    cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages between the tracer and the processes that help it, over a stream socket: a header, a
 * body of numbers and texts, and at most one descriptor. Each end checks every length, because the
 * other end may have been taken over by a file that it has read. Knows nothing of what is asked.
 */
#ifndef MIGPOP_READER_MESSAGE_H
#define MIGPOP_READER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MESSAGE_TEXT_MAX = 16 << 10,  /* bytes of a text, with its NUL */
	MESSAGE_BODY_MAX = 72u << 20, /* bytes of a body: 8 Mi rows of call frame information */
};

/* Both ends are the same program on the same machine, so numbers are in its byte order. */
struct message_header {
	uint32_t type;
	int32_t status; /* in an answer: 0 or a negative errno */
	uint32_t size;  /* of the body, in bytes */
	uint32_t last;  /* in an answer: 1 if the helper ends after it */
};

struct message {
	struct message_header header;
	unsigned char *body; /* header.size bytes */
	size_t room;
	size_t at; /* how much of the body has been taken */
	bool bad;  /* a value did not fit, or was not there: the message is worth nothing */
	int fd;    /* the descriptor that comes with the message, or -1; owned by a received message
		      until it is taken */
	bool received;
};

/* What a message is before its first use. */
#define MESSAGE_NONE ((struct message){.fd = -1})

/* Empties *m for a message of "type". A received descriptor that nobody has taken is closed. */
void message__begin(struct message *m, uint32_t type);
void message__free(struct message *m);

/* Append a value. A text longer than MESSAGE_TEXT_MAX is cut; NULL stays NULL. */
void message__put(struct message *m, uint64_t value);
void message__put_text(struct message *m, const char *text);
void message__put_bytes(struct message *m, const void *bytes, size_t size);

/* Take the next value. A value that is missing or out of bounds makes the message bad, and 0 or
 * NULL is returned. Texts and bytes belong to the message. */
uint64_t message__get(struct message *m);
uint64_t message__get_max(struct message *m, uint64_t max);
const char *message__get_text(struct message *m);
const void *message__get_bytes(struct message *m, size_t *size);
int message__take_fd(struct message *m);

/* True if all of the message was taken, and none of its values was bad. */
bool message__is_read(const struct message *m);

/*
 * Send or receive one message. "wait" is called when the socket is not ready for "events" (as for
 * poll()), and ends the call by returning a negative errno; NULL: the call blocks. Return 0 or a
 * negative errno: -ECONNRESET if the other end is gone, -EPROTO if what it sends is no message.
 * A body of more than "max" bytes is none. A descriptor that is sent stays the caller's.
 */
typedef int message_wait(short events, void *data);
int message__send(int socket, const struct message *m, message_wait *wait, void *data);
int message__receive(int socket, struct message *m, size_t max, message_wait *wait, void *data);

#endif

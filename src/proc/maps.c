// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Parses the lines of fs/proc/task_mmu.c, show_map_vma():
 *
 *   7f0c8a000000-7f0c8c000000 rw-s 00000000 00:01 1041    /memfd:ram0 (deleted)
 *
 * seq_file splits no line over two pages, but a line may be as long as a path of newlines makes it.
 */
#include "proc/maps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* BUFFER takes a path of MAPS_PATH_MAX newlines, each written as four characters. */
enum { BUFFER = 20 << 10, FIRST_ROOM = 16 << 10 };

const struct maps_budget maps_budget = {.bytes = 16 << 20, .mappings = 1 << 16};

/* --- one line --- */

struct cursor {
	const char *at, *end;
};

static bool take(struct cursor *c, char wanted)
{
	if (c->at == c->end || *c->at != wanted)
		return false;
	c->at++;
	return true;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* Takes a number of at least one digit; false if it is larger than "most". */
static bool take_number(struct cursor *c, unsigned int base, uint64_t most, uint64_t *out)
{
	const char *first = c->at;
	uint64_t n = 0;

	for (; c->at < c->end; c->at++) {
		uint64_t digit = (uint64_t)digit_of(*c->at);

		if (digit >= base)
			break;
		if (n > (most - digit) / base)
			return false;
		n = n * base + digit;
	}
	*out = n;
	return c->at > first;
}

static bool take_perms(struct cursor *c, char perms[5])
{
	static const char *const letters[] = {"r-", "w-", "x-", "ps"};

	if (c->end - c->at < 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		perms[i] = *c->at++;
		if (!perms[i] || !strchr(letters[i], perms[i]))
			return false;
	}
	perms[4] = '\0';
	return true;
}

/* Copies the rest of the line, and undoes what the kernel does to a path: d_path() appends
 * " (deleted)", and seq_path() escapes newlines alone. */
static void take_path(struct cursor *c, struct maps_line *out)
{
	static const char deleted[] = " (deleted)";
	size_t n = 0, suffix = sizeof(deleted) - 1;
	const char *end = c->end;

	while (c->at < end && *c->at == ' ')
		c->at++;
	if ((size_t)(end - c->at) > suffix && !memcmp(end - suffix, deleted, suffix)) {
		out->deleted = true;
		end -= suffix;
	}
	while (c->at < end && n < MAPS_PATH_MAX - 1) {
		bool newline = end - c->at >= 4 && !memcmp(c->at, "\\012", 4);

		out->path[n++] = newline ? '\n' : *c->at;
		c->at += newline ? 4 : 1;
	}
	out->path_cut = c->at < end;
	out->path[out->path_cut ? 0 : n] = '\0';
}

bool maps_line__parse(struct maps_line *out, const char *line, size_t len)
{
	struct cursor c = {line, line + len};
	uint64_t major, minor;

	out->deleted = out->path_cut = false;
	if (memchr(line, '\0', len) || !take_number(&c, 16, UINT64_MAX, &out->start) ||
	    !take(&c, '-') || !take_number(&c, 16, UINT64_MAX, &out->end) || !take(&c, ' ') ||
	    !take_perms(&c, out->perms) || !take(&c, ' ') ||
	    !take_number(&c, 16, UINT64_MAX, &out->offset) || !take(&c, ' ') ||
	    !take_number(&c, 16, UINT32_MAX, &major) || !take(&c, ':') ||
	    !take_number(&c, 16, UINT32_MAX, &minor) || !take(&c, ' ') ||
	    !take_number(&c, 10, UINT64_MAX, &out->inode))
		return false;
	if (out->start >= out->end || (c.at < c.end && *c.at != ' '))
		return false;
	out->major = (uint32_t)major;
	out->minor = (uint32_t)minor;
	take_path(&c, out);
	return true;
}

/* --- the walk --- */

int maps__open(struct maps *m, pid_t pid, const char *name, const struct maps_budget *budget)
{
	char path[64];

	maps__open_text(m, NULL, 0, budget);
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	m->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (m->fd < 0)
		return m->err = -errno;
	m->text = m->buffer = malloc(BUFFER);
	return m->err = m->buffer ? 0 : -ENOMEM;
}

void maps__open_text(struct maps *m, const char *text, size_t len, const struct maps_budget *budget)
{
	m->swap_kb = -1;
	m->cut = m->skips = false;
	m->malformed = 0;
	m->err = 0;
	m->left = *budget;
	m->fd = -1;
	m->buffer = NULL;
	m->text = text;
	m->at = 0;
	m->len = len;
}

void maps__close(struct maps *m)
{
	if (m->fd >= 0)
		close(m->fd);
	free(m->buffer);
	m->fd = -1;
	m->buffer = NULL;
	m->at = m->len = 0;
}

/* Reads more text behind what is left of the buffer. Returns false at the end of the file, and if
 * the buffer is full. */
static bool refill(struct maps *m)
{
	ssize_t got;

	if (m->fd < 0)
		return false;
	memmove(m->buffer, m->buffer + m->at, m->len - m->at);
	m->len -= m->at;
	m->at = 0;
	if (m->len == BUFFER)
		return false;
	do
		got = read(m->fd, m->buffer + m->len, BUFFER - m->len);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		m->err = -errno;
	if (got > 0)
		m->len += (size_t)got;
	return got > 0;
}

/* The length of the line at m->at; a line without a newline is the last one, or a piece of a line
 * that is longer than the buffer. Stores in *whole whether a newline follows. */
static size_t line_length(struct maps *m, bool *whole)
{
	const char *newline;

	do {
		newline = memchr(m->text + m->at, '\n', m->len - m->at);
		*whole = newline;
	} while (!newline && refill(m));
	return newline ? (size_t)(newline - m->text) - m->at : m->len - m->at;
}

/* Charges "len" bytes to the budget; false if it has not as much. */
static bool may_take(struct maps *m, size_t len)
{
	if (len > m->left.bytes) {
		m->cut = true;
		return false;
	}
	m->left.bytes -= len;
	m->at += len;
	return true;
}

/* Takes a line, or the beginning of one that is longer than the buffer. Returns NULL at the end. */
static const char *take_line(struct maps *m, size_t *len)
{
	bool whole;
	size_t at;

	*len = line_length(m, &whole);
	at = m->at;
	if (m->err || (!*len && !whole) || !may_take(m, *len + whole))
		return NULL;
	m->skips = !whole && m->fd >= 0 && *len == BUFFER;
	return m->text + at;
}

static void skip_rest(struct maps *m)
{
	while (m->skips && !m->err) {
		bool whole;
		size_t len = line_length(m, &whole);

		m->skips = may_take(m, len + whole) && !whole && len == BUFFER;
	}
}

/* smaps has figures below each mapping: "Swap:    12 kB". */
static void take_figure(struct maps *m, const char *line, size_t len)
{
	struct cursor c = {line + strlen("Swap:"), line + len};
	uint64_t kb;

	if (len <= strlen("Swap:") || memcmp(line, "Swap:", strlen("Swap:")) != 0)
		return;
	while (take(&c, ' '))
		;
	if (take_number(&c, 10, INT64_MAX, &kb))
		m->swap_kb = (int64_t)kb;
}

/* True if the line that follows is a figure, which begins with a capital letter. */
static bool figure_follows(struct maps *m)
{
	if (m->at == m->len && !refill(m))
		return false;
	return m->text[m->at] >= 'A' && m->text[m->at] <= 'Z';
}

bool maps__next(struct maps *m)
{
	const char *line;
	size_t len;

	m->swap_kb = -1;
	while (!m->err && !m->cut && (line = take_line(m, &len))) {
		bool is_mapping = maps_line__parse(&m->now, line, len);

		skip_rest(m);
		if (!is_mapping) {
			m->malformed++;
			continue;
		}
		if (!m->left.mappings) {
			m->cut = true;
			return false;
		}
		m->left.mappings--;
		while (figure_follows(m) && (line = take_line(m, &len)))
			take_figure(m, line, len);
		return true;
	}
	return false;
}

/* --- the text --- */

static int read_up_to(int fd, size_t most, char **text, size_t *len)
{
	size_t room = 0;

	for (;;) {
		ssize_t got;

		if (*len + 1 >= room) {
			char *more = realloc(*text, room = room ? room * 2 : FIRST_ROOM);

			if (!more)
				return -ENOMEM;
			*text = more;
		}
		if (*len >= most)
			return 0;
		got = read(fd, *text + *len,
			   room - *len - 1 < most - *len ? room - *len - 1 : most - *len);
		if (got < 0 && errno != EINTR)
			return -errno;
		if (!got)
			return 0;
		*len += got > 0 ? (size_t)got : 0;
	}
}

char *maps__read(pid_t pid, const struct maps_budget *budget, size_t *len, bool *cut)
{
	char path[64], *text = NULL;
	int fd, err;

	*len = 0;
	*cut = false;
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	err = read_up_to(fd, budget->bytes, &text, len);
	close(fd);
	if (err) {
		free(text);
		errno = -err;
		return NULL;
	}
	/* Each line of the kernel's ends with a newline: what follows the last one was cut. */
	while (*len && text[*len - 1] != '\n') {
		--*len;
		*cut = true;
	}
	text[*len] = '\0';
	*cut = *cut || *len == budget->bytes;
	return text;
}

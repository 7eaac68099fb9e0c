/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How figures and names look on screen: thousands separators, human sizes, names without control
 * characters, lines of a known width. It must not know what is printed, nor where.
 */
#ifndef MIGPOP_OUTPUT_FORMAT_H
#define MIGPOP_OUTPUT_FORMAT_H

#include "record.h"

#include <stdint.h>
#include <stdio.h>

/* Text of bounded length that knows how many columns it fills; what does not fit is dropped. */
struct format_text {
	char s[2048];
	size_t n;    /* bytes, without the terminating 0 */
	int columns; /* one a character */
};

void format__clear(struct format_text *t);
/* Trusted text, printf-style. It is ours: it may hold escape sequences, which count as columns. */
void format__add(struct format_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A name from outside: control characters and bytes that are not UTF-8 come out as \xNN. */
void format__add_name(struct format_text *t, const char *name);
/* Cut to @columns, the last of which becomes an ellipsis where something was cut. */
void format__fit(struct format_text *t, int columns);

/* The code point at @s and its length in bytes; 0 if there is no valid UTF-8. */
int format__utf8(const char *s, uint32_t *code_point);
/* A copy, to be freed, in which bytes that are not UTF-8 are \xNN; NULL without memory. */
char *format__utf8_copy(const char *s);
/* The same without control characters, as format__add_name() does, however long it is. */
char *format__name_copy(const char *s);

#define FORMAT_NUMBER 40
/* "262,095"; "?" where not known. */
const char *format__count(char buf[FORMAT_NUMBER], int64_t n);
/* "1.00 GiB" */
const char *format__size(char buf[FORMAT_NUMBER], double bytes);
/* "99.97 %", never 100 or 0 for what is not all or nothing; "?" where not known. */
const char *format__percent(char buf[FORMAT_NUMBER], int64_t part, int64_t whole);
/* "0.2 µs", "3.05 s" */
const char *format__time(char buf[FORMAT_NUMBER], double ns);

/* What its function is called; NULL if it has no name at all. */
const char *frame__name(const struct record_frame *f);
/* Is that only "fn+0x986b10", which says nothing without the module? */
bool frame__is_stripped(const struct record_frame *f);

void format__add_frame(struct format_text *t, const struct record_frame *f);
/* "buffer_is_zero ← qemu!fn+0x788310 ← main", innermost first */
void format__add_chain(struct format_text *t, const struct record_frames *f);
/* "memfd, shared" */
void format__add_memory(struct format_text *t, const struct record_backing *b);

/* @t in a field of @columns; a negative number aligns to the right. */
void format__put(FILE *f, const struct format_text *t, int columns);

#endif

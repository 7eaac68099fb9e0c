/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Formats figures and names for the screen: thousands separators, human-readable sizes, names
 * without control characters, lines of known width. It must not know what is printed, nor where.
 */
#ifndef MIGPOP_OUTPUT_FORMAT_H
#define MIGPOP_OUTPUT_FORMAT_H

#include "record.h"

#include <stdint.h>
#include <stdio.h>

/* A text of bounded length that counts its columns. Characters that do not fit are dropped. */
struct format_text {
	char s[2048];
	size_t n;    /* bytes, without the terminating 0 */
	int columns; /* one for each character */
};

void format__clear(struct format_text *t);
/* Appends text of our own, as printf() does. Escape sequences in it count as columns. */
void format__add(struct format_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Appends a name that comes from outside: control characters and bytes that are not UTF-8 become
 * \xNN. */
void format__add_name(struct format_text *t, const char *name);
/* Cuts the text to "columns"; the last column becomes an ellipsis if something was cut. */
void format__fit(struct format_text *t, int columns);

/* Stores the code point at "s" and returns its length in bytes; 0 if there is no valid UTF-8. */
int format__utf8(const char *s, uint32_t *code_point);
/* Returns a copy, for the caller to free, in which bytes that are not UTF-8 are \xNN; NULL without
 * memory. */
char *format__utf8_copy(const char *s);
/* Returns a copy with control characters replaced as well, as by format__add_name(), however long
 * it is. */
char *format__name_copy(const char *s);

#define FORMAT_NUMBER 40
/* "262,095"; "?" if not known */
const char *format__count(char buf[FORMAT_NUMBER], int64_t n);
/* "1.00 GiB" */
const char *format__size(char buf[FORMAT_NUMBER], double bytes);
/* "99.97 %"; "?" if not known. It is never "100 %" or "0 %" unless it is all or nothing. */
const char *format__percent(char buf[FORMAT_NUMBER], int64_t part, int64_t whole);
/* "0.2 µs", "3.05 s" */
const char *format__time(char buf[FORMAT_NUMBER], double ns);

/* The name of the frame's function; NULL if it has none. */
const char *frame__name(const struct record_frame *f);
/* True if the frame's name is only like "fn+0x986b10", which means nothing without the module. */
bool frame__is_stripped(const struct record_frame *f);

void format__add_frame(struct format_text *t, const struct record_frame *f);
/* Appends a chain, innermost frame first: "buffer_is_zero ← qemu!fn+0x788310 ← main". */
void format__add_chain(struct format_text *t, const struct record_frames *f);
/* Appends a kind of memory: "memfd, shared". */
void format__add_memory(struct format_text *t, const struct record_backing *b);

/* Prints "t" in a field of "columns"; a negative number aligns it to the right. */
void format__put(FILE *f, const struct format_text *t, int columns);

#endif

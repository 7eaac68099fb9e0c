/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tracer publishes: the text of its metrics, and signs of life. It is memory that the
 * tracer writes and the web process can only read, so that neither ever waits for the other. It
 * must not know what the text says.
 */
#ifndef MIGPOP_SERVE_PUBLISH_H
#define MIGPOP_SERVE_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest text, in bytes. Memory is used for what was written only. */
enum { PUBLISH_MAX = 16 << 20 };

struct publication;

/* Makes the memory, with an empty text. Returns a descriptor of it, which can be mapped for reading
 * only, or a negative errno; then *out is NULL. */
int publish__open(struct publication **out);
void publish__close(struct publication *p);

/* Publishes a text in place of the one before. Returns false if it is longer than PUBLISH_MAX: then
 * the lines that have room are published. */
bool publish__text(struct publication *p, const char *text, size_t len);

/* Gives a sign of life. "watches" is true as soon as the programs are loaded. */
void publish__beat(struct publication *p, bool watches);

/* Maps what the descriptor is of. Returns 0 or a negative errno. */
int publication__open(const struct publication **out, int fd);

/* Returns the text that was published last, for the caller to free, and its length in *len; NULL
 * without memory. */
char *publication__text(const struct publication *p, size_t *len);

/* When the last sign of life was given, in milliseconds of CLOCK_MONOTONIC, and with it whether the
 * programs were loaded. */
uint64_t publication__beat_ms(const struct publication *p, bool *watches);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the service answers over HTTP: metrics, health, records and what is rendered of them. It
 * must not know how any of them came to be.
 */
#ifndef MIGPOP_SERVE_HTTP_H
#define MIGPOP_SERVE_HTTP_H

#include "serve/metrics.h"
#include "serve/store.h"

struct http;

/* "address": ADDR:PORT, [ADDR]:PORT for IPv6. Runs in the thread that calls http__run(). 0 or a
 * negative errno: -EINVAL for what is no address. */
int http__open(struct http **out, const char *address, struct store *store,
	       const struct metrics *metrics);
void http__close(struct http *h);

/* Becomes readable when there is something to do. */
int http__fd(const struct http *h);
/* Milliseconds after which http__run() is wanted anyway; -1: never. */
int http__timeout(const struct http *h);
void http__run(struct http *h);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers requests over HTTP: metrics, health, records, and what is rendered from records. It must
 * not know how these are made.
 */
#ifndef MIGPOP_SERVE_HTTP_H
#define MIGPOP_SERVE_HTTP_H

#include "serve/metrics.h"
#include "serve/store.h"

struct http;

/* Listens at "address", ADDR:PORT or [ADDR]:PORT for IPv6. Requests are answered in the thread that
 * calls http__run(). Returns 0; -EINVAL if "address" is not an address; or another negative errno.
 * */
int http__open(struct http **out, const char *address, struct store *store,
	       const struct metrics *metrics);
void http__close(struct http *h);

/* Returns a descriptor that becomes readable when http__run() should be called. */
int http__fd(const struct http *h);
/* Returns the milliseconds after which http__run() should be called in any case; -1: never. */
int http__timeout(const struct http *h);
void http__run(struct http *h);

#endif

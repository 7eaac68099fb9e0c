/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decodes XBZRLE, with which QEMU sends a page as the difference to the content sent before. It
 * must not know of streams.
 */
#ifndef MIGPOP_STREAM_XBZRLE_H
#define MIGPOP_STREAM_XBZRLE_H

#include <stddef.h>
#include <stdint.h>

/* Applies "delta" to "page". Returns 0, or -EINVAL if the delta is damaged: then the page is
 * changed up to the damage. Never writes beyond the page. */
int xbzrle__apply(const uint8_t *delta, size_t len, uint8_t *page, size_t page_size);

#endif

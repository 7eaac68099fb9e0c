/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XBZRLE, by which QEMU sends a page as its difference to the content sent before. It must not know
 * of streams.
 */
#ifndef MIGPOP_STREAM_XBZRLE_H
#define MIGPOP_STREAM_XBZRLE_H

#include <stddef.h>
#include <stdint.h>

/* Applies "delta" to "page". 0, or -EINVAL for one that is damaged: the page is changed up to
 * there then, and never written beyond. */
int xbzrle__apply(const uint8_t *delta, size_t len, uint8_t *page, size_t page_size);

#endif

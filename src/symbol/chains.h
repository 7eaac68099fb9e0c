/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns the addresses of a raw record into the names of functions. A chain is only as good as the
 * call frame information that it was found by: it ends before a frame that no call can return to.
 */
#ifndef MIGPOP_SYMBOL_CHAINS_H
#define MIGPOP_SYMBOL_CHAINS_H

struct record;
struct resolver;

/* Names all frames of a record whose frames are addresses. Functions that are inlined become frames
 * of their own. Returns 0 or -ENOMEM, and the record can only be freed then. */
int chains__name(struct record *r, struct resolver *resolver);

#endif

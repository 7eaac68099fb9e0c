/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells the kernel's own figure for the memory of a RAM block. It must not ask libmigfix.
 */
#ifndef MIGPOP_REPLAY_POPULATED_H
#define MIGPOP_REPLAY_POPULATED_H

#include "replay/memory.h"

/* Sets populated_pages: of a file its blocks, of private memory what smaps calls anonymous. Returns
 * 0 or a negative errno. */
int replay_block__populated(struct replay_block *b);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The code of a library whose file gets damaged. It needs no relocation, so that it runs wherever
 * its segments are mapped, by whomever. VICTIM_ROOM makes another library of it, with other frames.
 */
#include <alloca.h>
#include <stddef.h>

#include "chain.h"

#ifndef VICTIM_ROOM
#define VICTIM_ROOM 264
#endif

typedef void (*callback_fn)(size_t);

void victim(volatile char *page, callback_fn callback);

/* Its room holds what earlier calls left there, return addresses among it. */
static SHAPE long inner(volatile char *page, callback_fn callback, const long *v)
{
	char room[VICTIM_ROOM];
	long a = v[0], b = v[1], c = v[2];

	__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c) : "r"(room) : "memory");
	*page = 1;
	callback(1);
	__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c) : "r"(room) : "memory");
	return a + b + c;
}

static SHAPE void middle(volatile char *page, callback_fn callback, size_t room)
{
	long *v = alloca(room);

	v[0] = v[1] = v[2] = 1;
	__asm__ volatile("" ::"r"(v) : "memory");
	inner(page, callback, v);
	STAYS;
}

void victim(volatile char *page, callback_fn callback)
{
	middle(page, callback, VICTIM_ROOM);
	STAYS;
}

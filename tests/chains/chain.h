/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the programs of the call chain tests share: fresh pages of one memfd, and saying which
 * function had how many of them. Knows nothing of the tracer and of the shapes of stacks.
 *
 * Such a program prints
 *
 *	expect SYMBOL PAGES END FRAMES	chains that have SYMBOL and end as END says populated PAGES,
 *					and have FRAMES frames each; "-" is any
 *	module START PATH		where each file was mapped first
 *	done				last
 */
#ifndef CHAIN_H
#define CHAIN_H

#include <stddef.h>

#define CHAIN_PAGE ((size_t)4096)

/* One function for each shape, whatever the compiler thinks of it. */
#define SHAPE __attribute__((noipa))
/* After a call: keeps it from becoming a jump where sibling calls are not switched off. */
#define STAYS __asm__ volatile("" ::: "memory")

/* Pages nobody touched yet, of the memfd "chains"; ends the program where there are none. */
char *chain__fresh(size_t pages);

/* Pages of the memfd that exist now. */
long chain__populated(void);

/* Gives all pages back: those had before may be had again. */
void chain__recycle(void);

/* See above; 0 for any number of frames. */
void chain__expect(const char *symbol, long pages, const char *end, int frames);

/* Where the debugger sets its breakpoints: everything is loaded by now. */
void chain__ready(void);

/* The last of the output. The exit status. */
int chain__done(void);

/* Writes to so many fresh pages: one PC for all shapes. */
void touch(size_t pages);

#endif

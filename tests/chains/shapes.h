/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups of stack shapes, each of which touches fresh pages at the end of its call chains and says
 * what it expects.
 */
#ifndef SHAPES_H
#define SHAPES_H

void shapes_of_frames(void);   /* alloca, variable arrays, realigned stacks, depth */
void shapes_of_libc(void);     /* faults in libc and in system calls */
void shapes_of_switches(void); /* signal handlers, threads, coroutines, code without CFI */
int shapes_main(void);

#endif

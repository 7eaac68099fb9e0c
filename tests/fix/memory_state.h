/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What else holds or guards the memory that a test works on: locks, seals, a userfaultfd that is
 * served, a child that has the same pages.
 */
#ifndef MEMORY_STATE_H
#define MEMORY_STATE_H

#include "memory.h"

/* Brings mapped and filled @memory into its state; fails the program if it cannot. */
void memory_enter_state(struct memory *memory);
/* Ends what memory_enter_state() started. False: what the child kept has changed. */
bool memory_leave_state(struct memory *memory);

#endif

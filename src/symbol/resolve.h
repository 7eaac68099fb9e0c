/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a user PC to module, offset and symbol. Mappings are remembered while the process lives, so
 * that names can be had after it has gone. Knows nothing of BPF.
 */
#ifndef MIGPOP_SYMBOL_RESOLVE_H
#define MIGPOP_SYMBOL_RESOLVE_H

#include <stdint.h>
#include <sys/types.h>

struct record_frame;
struct resolver;

/* NULL without memory. */
struct resolver *resolver__new(void);
void resolver__free(struct resolver *r);

/* Takes the mappings that "pid" has now in place of those remembered. A process that is gone keeps
 * what was remembered. 0, or a negative errno. */
int resolver__remember(struct resolver *r, pid_t pid);

/* Fills *frame for "address" of "pid"; what cannot be known stays NULL, with the address itself as
 * offset where there is no module. A return address is looked up as the call before it. */
int resolver__resolve(struct resolver *r, pid_t pid, uint64_t address, int is_return,
		      struct record_frame *frame);

/* Build-id of the program that "pid" runs, lower-case hex to be freed; NULL if it has none. */
char *resolver__exe_build_id(struct resolver *r, pid_t pid, const char *exe);

#endif

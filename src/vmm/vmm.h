/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual machine monitors: the names of their programs, and what their command lines and programs
 * tell of the guest. Functions of their arguments alone: they must not ask the process.
 */
#ifndef MIGPOP_VMM_VMM_H
#define MIGPOP_VMM_VMM_H

#include <stddef.h>

struct record_target;

/* The monitor whose program has this path, as /proc/PID/exe has it: one that was replaced meanwhile
 * by an upgrade, " (deleted)", is one as well. Its name, static; NULL: of none. */
const char *vmm__by_name(const char *exe);

/* How the i-th monitor's statement of its version begins; NULL: there are no more. */
const char *vmm__statement(size_t i);

/* The monitor that states this. Its name, static; NULL: none does. */
const char *vmm__by_statement(const char *text);

/* Fills vmm_name, uuid and ram_bytes of "t" from its exe and cmdline; what they do not tell stays
 * as it is. A vmm_name that is there already comes before the exe. 0, or -ENOMEM. */
int vmm__describe(struct record_target *t);

/* How the text begins with which the target's program states its version; NULL if the target is not
 * a monitor. */
const char *vmm__version_begins(const struct record_target *t);

/* Sets vmm_version and vmm_package of "t" from this text, "QEMU emulator version 7.2.22 (Debian
 * 1:7.2+dfsg-7)"; if the text is of another form they stay as they are. Returns 0 or -ENOMEM. */
int vmm__take_version(struct record_target *t, const char *text);

#endif

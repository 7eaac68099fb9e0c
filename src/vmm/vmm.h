/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual machine monitors: the names of their programs, and what their command lines and programs
 * tell of the guest. Functions of their arguments alone: they must not ask the process.
 */
#ifndef MIGPOP_VMM_VMM_H
#define MIGPOP_VMM_VMM_H

#include <stdbool.h>
#include <stdint.h>

struct record_target;

/* True if "exe", as /proc/PID/exe shows it, is the path of a monitor's program. A program that an
 * upgrade replaced, " (deleted)", is one too. */
bool vmm__is(const char *exe);

/* Sets vmm_name, uuid and ram_bytes of "t" from its exe and cmdline; what they do not tell stays as
 * it is. Returns 0 or -ENOMEM. */
int vmm__describe(struct record_target *t);

/* How the text begins with which the target's program states its version; NULL if the target is not
 * a monitor. */
const char *vmm__version_begins(const struct record_target *t);

/* Sets vmm_version and vmm_package of "t" from this text, "QEMU emulator version 7.2.22 (Debian
 * 1:7.2+dfsg-7)"; if the text is of another form they stay as they are. Returns 0 or -ENOMEM. */
int vmm__take_version(struct record_target *t, const char *text);

#endif

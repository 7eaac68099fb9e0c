/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual machine monitors: by what names their programs go, and what their command lines and
 * programs tell of the guest. Pure: it must not ask the process.
 */
#ifndef MIGPOP_VMM_VMM_H
#define MIGPOP_VMM_VMM_H

#include <stdbool.h>
#include <stdint.h>

struct record_target;

/* Is it the path of a monitor's program? As /proc/PID/exe has it: one that was replaced meanwhile
 * by an upgrade, " (deleted)", is one as well. */
bool vmm__is(const char *exe);

/* Fills vmm_name, uuid and ram_bytes of "t" from its exe and cmdline; what they do not tell stays
 * as it is. 0, or -ENOMEM. */
int vmm__describe(struct record_target *t);

/* How the text begins by which its program states its version; NULL for what is no monitor. */
const char *vmm__version_begins(const struct record_target *t);

/* Fills vmm_version and vmm_package of "t" from that text, "QEMU emulator version 7.2.22 (Debian
 * 1:7.2+dfsg-7)"; leaves them where it is not of that form. 0, or -ENOMEM. */
int vmm__take_version(struct record_target *t, const char *text);

#endif

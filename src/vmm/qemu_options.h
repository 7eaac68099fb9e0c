/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads what a QEMU's command line tells of its guest. Functions of their arguments alone.
 */
#ifndef MIGPOP_VMM_QEMU_OPTIONS_H
#define MIGPOP_VMM_QEMU_OPTIONS_H

struct record_target;

/* Sets guest, uuid and ram_bytes; what the command line does not tell stays as it is. Returns 0 or
 * -ENOMEM. */
int qemu_options__describe(struct record_target *t);

#endif

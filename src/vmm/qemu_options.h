/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a QEMU's command line tells of its guest. Pure.
 */
#ifndef MIGPOP_VMM_QEMU_OPTIONS_H
#define MIGPOP_VMM_QEMU_OPTIONS_H

struct record_target;

/* Fills uuid and ram_bytes; what the command line does not tell stays as it is. 0, or -ENOMEM. */
int qemu_options__describe(struct record_target *t);

/* The guest's name, to be freed: "-name web", "-name guest=web,,prod" is "web,prod". NULL if it has
 * none. */
char *qemu_options__guest(const struct record_target *t);

#endif

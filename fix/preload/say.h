/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the operator of a QEMU is told, on stderr. */
#ifndef PRELOAD_SAY_H
#define PRELOAD_SAY_H

/* Writes one line of at most 511 bytes, in one piece, whoever else writes there. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

#endif

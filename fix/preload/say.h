/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells the operator of a QEMU something, on stderr. */
#ifndef PRELOAD_SAY_H
#define PRELOAD_SAY_H

/* Writes one line of at most 511 bytes, with its newline, in one call of write(): lines of other
 * writers do not mix with it. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

#endif

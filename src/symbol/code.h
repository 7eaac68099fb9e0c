/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells from the instructions of an ELF file whether an address can be a return address. Knows
 * nothing of call frame information.
 */
#ifndef MIGPOP_SYMBOL_CODE_H
#define MIGPOP_SYMBOL_CODE_H

#include <stddef.h>
#include <stdint.h>

struct code;

/* Opens a file as it is now. "fd" stays the caller's and must stay open; its file position does not
 * move. An image in memory must outlive *out. Returns 0; -ENOEXEC or -EBADMSG as in cfi.h; or
 * another negative errno. Close *out with code__close(). */
int code__open(struct code **out, int fd);
int code__open_image(struct code **out, const void *image, size_t size);
void code__close(struct code *c);

/* Returns 1 if a call instruction ends exactly before "address" (an ELF virtual address), so that
 * "address" can be a return address; 0 if none does; -EFAULT if the address is not in executable
 * code, or is so close to the beginning of the code that no call fits; or another negative errno.
 * Several threads may call it at once. */
int code__is_after_call(const struct code *c, uint64_t address);

#endif

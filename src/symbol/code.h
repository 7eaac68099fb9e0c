/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the instructions of an ELF file say about a return address. Knows nothing of call frame
 * information.
 */
#ifndef MIGPOP_SYMBOL_CODE_H
#define MIGPOP_SYMBOL_CODE_H

#include <stddef.h>
#include <stdint.h>

struct code;

/* The file as it is when opened; "fd" stays the caller's and must stay open, the file position is
 * not moved. An image in memory must outlive *out. 0, or -ENOEXEC, -EBADMSG (as in cfi.h) or
 * another negative errno; *out is to be closed. */
int code__open(struct code **out, int fd);
int code__open_image(struct code **out, const void *image, size_t size);
void code__close(struct code *c);

/* 1 if a call instruction ends exactly at the ELF virtual address, so that this can be a return
 * address; 0 if none does; -EFAULT if the address is not in executable code, or follows its first
 * byte by too little for a call; or another negative errno. Thread-safe. */
int code__is_after_call(const struct code *c, uint64_t address);

#endif

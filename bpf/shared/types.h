/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of fixed-width integers, as the kernel has them. Structures that the BPF programs and
 * the collector share have members of these types only, and no implicit padding.
 */
#ifndef MIGPOP_SHARED_TYPES_H
#define MIGPOP_SHARED_TYPES_H

#ifdef __BPF__
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;
#else
#include <stdint.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;
#endif

#endif

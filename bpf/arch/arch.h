/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one place that asks for which architecture this is compiled: BPF programs for the one that
 * __TARGET_ARCH_* names, everything else for the compiler's own.
 */
#ifndef MIGPOP_ARCH_ARCH_H
#define MIGPOP_ARCH_ARCH_H

/*
 * To add an architecture NAME:
 *
 * 1. NAME.h: the form of a row's rule (UNWIND_RULE and its parts), where addresses of users end,
 *    where a signal frame has its registers; for the programs the registers of user mode.
 * 2. NAME_unwind.h: the steps from one frame to the caller's, as functions of struct unwind. NAME.h
 *    says that file's name in ARCH_UNWIND_H.
 * 3. A line below, and what src/symbol/arch.h says.
 */
#ifdef __BPF__
#if defined(__TARGET_ARCH_x86)
#include "arch/x86_64.h"
#elif defined(__TARGET_ARCH_arm64)
#include "arch/aarch64.h"
#else
#error "no registers of this architecture"
#endif
#elif defined(__x86_64__)
#include "arch/x86_64.h"
#elif defined(__aarch64__)
#include "arch/aarch64.h"
#else
#error "no rows of this architecture"
#endif

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The row of toyvmm.
 */
#ifndef MIGPOP_TESTS_VMM_TOY_H
#define MIGPOP_TESTS_VMM_TOY_H

#include "vmm/vmm.h"

extern const struct vmm vmm_toy;

#endif

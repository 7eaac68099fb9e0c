/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows that the table of VMMs may have.
 */
#ifndef MIGPOP_VMM_ROWS_H
#define MIGPOP_VMM_ROWS_H

#include "vmm/vmm.h"

extern const struct vmm vmm_qemu;

#endif

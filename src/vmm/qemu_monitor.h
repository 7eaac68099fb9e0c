/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's monitor, for its row.
 */
#ifndef MIGPOP_VMM_QEMU_MONITOR_H
#define MIGPOP_VMM_QEMU_MONITOR_H

#include "vmm/monitor.h"

extern const struct vmm_monitor qemu_monitor;

#endif

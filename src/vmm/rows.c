// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of VMMs. It is alone in its file, so that a test can link another.
 */
#include "vmm/rows.h"

const struct vmm *const vmm_rows[] = {&vmm_qemu, NULL};

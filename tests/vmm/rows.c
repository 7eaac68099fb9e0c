// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of src/vmm/rows.c with one row more. The linker takes this one, and leaves that of
 * the program's library.
 */
#include "vmm/rows.h"

#include "toy.h"

const struct vmm *const vmm_rows[] = {&vmm_qemu, &vmm_toy, NULL};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the churning guest and the code that runs it must agree on. The assembler reads this file
 * too.
 */
#ifndef MIGPOP_VERIFY_GUEST_CHURN_H
#define MIGPOP_VERIFY_GUEST_CHURN_H

#define GUEST_CHURN_SIZE 512 /* bytes of the boot sector */

/* Guest-physical addresses: the memory that the guest writes, and where it counts its passes (32
 * bits). */
#define GUEST_CHURN_START  0x100000
#define GUEST_CHURN_END    0x6400000
#define GUEST_CHURN_PASSES 0x7e00

#ifndef __ASSEMBLER__
extern const unsigned char guest_churn[GUEST_CHURN_SIZE];
#endif

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The churning guest's boot sector on standard output, to be given to a QEMU as a disk.
 */
#include <stdio.h>

#include "verify/guest/churn.h"

int main(void)
{
	return fwrite(guest_churn, sizeof(guest_churn), 1, stdout) == 1 ? 0 : 1;
}

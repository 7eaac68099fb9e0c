// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Code without call frame information (-fno-asynchronous-unwind-tables): chains end in it.
 */
void chainless_write(char *at);

void chainless_write(char *at)
{
	*at = 1;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All shapes one after another.
 */
#include "chain.h"
#include "shapes.h"

int shapes_main(void)
{
	chain__ready();
	shapes_of_frames();
	shapes_of_libc();
	shapes_of_switches();
	chain__expect("-", chain__populated(), "-", 0);
	return chain__done();
}

#ifndef CHAINS_LIBRARY
int main(void)
{
	return shapes_main();
}
#endif

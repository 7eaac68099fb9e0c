// SPDX-License-Identifier: LGPL-2.1-or-later
/* The version that the library was built with. */
#include "migfix.h"

const char *migfix_version(void)
{
	return MIGFIX_VERSION;
}

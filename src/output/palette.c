/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives each category a colour: each category that migpop ships has a colour of its own, and all
 * others share the last four. It must not know what is drawn.
 */
#include "output/palette.h"

#include <string.h>

static const char *const known[] = {
	"other",    "zero-page", "page-payload", "zero-detect", "bg-snapshot",
	"prealloc", "postcopy",  "device-load",  "vcpu",        "io",
};

const char palette_css[] = {
#include "palette.css.h"
};

unsigned int palette__color(const char *category)
{
	const unsigned int n = sizeof(known) / sizeof(known[0]);
	unsigned int hash = 5381;

	if (!category)
		return PALETTE_NEUTRAL;
	for (unsigned int i = 0; i < n; i++)
		if (strcmp(category, known[i]) == 0)
			return i;
	for (const unsigned char *s = (const unsigned char *)category; *s; s++)
		hash = hash * 33 + *s;
	return n + hash % (PALETTE_COLORS - n);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives each category a colour, the same in every picture. The colours themselves, for light and
 * dark, are in html/palette.css. It must not know what is drawn.
 */
#ifndef MIGPOP_OUTPUT_PALETTE_H
#define MIGPOP_OUTPUT_PALETTE_H

#include <stddef.h>

#define PALETTE_NEUTRAL 0
#define PALETTE_COLORS  14

/*
 * The number n of the class "c<n>" in palette.css. Categories of the user's own rules get one of a
 * few colours, depending on their name; NULL and "other" are neutral.
 */
unsigned int palette__color(const char *category);

/* The text of html/palette.css, for files that contain it. */
extern const char palette_css[];

#endif

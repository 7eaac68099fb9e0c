/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes text from anywhere as character data or an attribute of XML and HTML. It must not know
 * what the text is part of.
 */
#ifndef MIGPOP_OUTPUT_XML_H
#define MIGPOP_OUTPUT_XML_H

#include <stdio.h>

/*
 * Writes "s" with markup characters escaped. Bytes that are not UTF-8, and characters that XML 1.0
 * does not allow, become \xNN.
 */
void xml__put(FILE *f, const char *s);

#endif

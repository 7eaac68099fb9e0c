/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Escapes text for XML and HTML, inside attributes too. It must not know what the text is part of.
 */
#include "output/xml.h"
#include "output/format.h"

#include <stdbool.h>
#include <stdint.h>

static bool xml__allows(uint32_t c)
{
	return (c >= 0x20 && c != 0xfffe && c != 0xffff) || c == '\n' || c == '\t';
}

static const char *xml__entity(uint32_t c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void xml__put(FILE *f, const char *s)
{
	const char *entity;
	uint32_t c;
	int len;

	for (; *s; s += len) {
		len = format__utf8(s, &c);
		if (len && xml__allows(c)) {
			entity = xml__entity(c);
			if (entity)
				fputs(entity, f);
			else
				fwrite(s, 1, (size_t)len, f);
			continue;
		}
		len = len ? len : 1;
		for (int i = 0; i < len; i++)
			fprintf(f, "\\x%02x", (unsigned char)s[i]);
	}
}

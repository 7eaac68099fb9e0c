/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of formats that trace and report share. A new format is one line here and its name in
 * OUTPUT_FORMATS.
 */
#include "output/formats.h"
#include "output/folded.h"
#include "output/html.h"
#include "output/json.h"
#include "output/pprof.h"
#include "output/svg.h"

#include <string.h>
#include <unistd.h>

static const struct output_format formats[] = {
	{"text", NULL, false},
	{"json", output_json__write, false},
	{"folded", output_folded__write, false},
	{"pprof", output_pprof__write, true},
	{"html", output_html__write, false},
	{"svg", output_svg__write, false},
};

const struct output_format *output_format__find(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

bool output_format__upsets(const struct output_format *format, FILE *f)
{
	return format->binary && isatty(fileno(f));
}

int output_format__write(const struct output_format *format, const struct record *r, FILE *f,
			 const struct text_options *opt)
{
	return format->write ? format->write(r, f) : output_text__write(r, f, opt);
}

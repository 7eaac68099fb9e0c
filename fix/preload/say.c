// SPDX-License-Identifier: LGPL-2.1-or-later
/* Writes one line to stderr with one call of write(). */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "say.h"

void say(const char *format, ...)
{
	char line[512];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (length < 0)
		return;
	length = length < (int)sizeof(line) - 1 ? length : (int)sizeof(line) - 2;
	line[length++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)length) < 0)
		return;
}

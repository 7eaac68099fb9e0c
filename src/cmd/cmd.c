// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the commands share: how to fail, how to read options that several commands have.
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "probe/surroundings.h"
#include "symbol/rules.h"
#include "tracer/tracer.h"

/* Names in messages come from outside: replace control characters, so that a message stays one
 * line. */
static void say(const char *format, va_list args)
{
	char line[4096];

	vsnprintf(line, sizeof(line), format, args);
	for (char *c = line; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	fprintf(stderr, "migpop: %s\n", line);
}

int fail(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	return status;
}

int fail_tracer(int err, const char *why)
{
	return fail(tracer__machine_lacks(err) ? STATUS_MACHINE : STATUS_FAULT,
		    "%s; \"migpop doctor\" says what this kernel allows", why);
}

void usage_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	exit(STATUS_USAGE);
}

void quiet_argp(struct argp_state *state)
{
	state->err_stream = NULL;
}

int check_surroundings(void)
{
	struct surroundings s;
	char why[512], other[512];
	unsigned int more = 0;

	surroundings__look(&s, false);
	if (!surroundings__refuse(&s, 0, why, sizeof(why)))
		return STATUS_OK;
	while (surroundings__refuse(&s, more + 1, other, sizeof(other)))
		more++;
	if (more)
		return fail(STATUS_MACHINE, "%s; \"migpop doctor\" names %u more", why, more);
	return fail(STATUS_MACHINE, "%s", why);
}

void rules_files__add(struct rules_files *files, const char *path)
{
	if (files->n == sizeof(files->v) / sizeof(*files->v))
		usage_fail("more than %zu times --rules", files->n);
	files->v[files->n++] = path;
}

int rules_files__open(const struct rules_files *files, struct rules **out)
{
	char why[4096];
	int err = rules__open(out, files->v, files->n, why, sizeof(why));

	switch (-err) {
	case 0:
		return STATUS_OK;
	case ENODATA: /* no rules are installed */
		return fail(STATUS_MACHINE, "%s", why);
	case ENOMEM:
	case EIO:
		return fail(STATUS_FAULT, "cannot read rules: %s", why);
	default:
		return fail(STATUS_USAGE, "cannot read rules: %s", why);
	}
}

uint64_t parse_size(const char *text)
{
	static const char suffixes[] = "KMGT";
	const char *suffix;
	uint64_t n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || *text < '0' || *text > '9')
		return 0;
	suffix = *end ? strchr(suffixes, *end) : NULL;
	for (const char *s = suffixes; suffix && s <= suffix; s++)
		n = n > UINT64_MAX / 1024 ? 0 : n * 1024;
	end += suffix ? 1 : 0;
	if (suffix && !strcmp(end, "iB"))
		end += 2;
	return *end ? 0 : n;
}

int open_signals(const int *signals)
{
	sigset_t set;

	sigemptyset(&set);
	for (; *signals; signals++)
		sigaddset(&set, *signals);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

bool parse_color(const char *when, bool *color)
{
	const char *no_color = getenv("NO_COLOR");

	if (!strcmp(when, "always"))
		*color = true;
	else if (!strcmp(when, "never"))
		*color = false;
	else if (!strcmp(when, "auto"))
		*color = isatty(STDOUT_FILENO) && !(no_color && *no_color);
	else
		return false;
	return true;
}

enum mode parse_mode(const char *word)
{
	for (int mode = MODE_AUTO; mode <= MODE_TRACEPOINT; mode++)
		if (!strcmp(word, mode__name((enum mode)mode)))
			return (enum mode)mode;
	usage_fail("unknown mode: %s", word);
}

enum ram_backing parse_backing(const char *word)
{
	for (int backing = 0; backing < NR_RAM_BACKINGS; backing++)
		if (!strcmp(word, ram_backing__name((enum ram_backing)backing)))
			return (enum ram_backing)backing;
	usage_fail("unknown backing: %s", word);
}

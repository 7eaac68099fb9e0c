// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * migpop: runs the command that the first argument names.
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/report.h"
#include "reader/opener.h"
#include "reader/protocol.h"
#include "reader/server.h"
#include "serve/web.h"

static const struct command {
	const char *name, *what;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"trace", "trace one or more processes, attribute every populated page", cmd_trace},
	{"report", "show a record again", cmd_report},
	{"diff", "two records side by side, largest change first", cmd_diff},
	{"verify", "does a fix reduce population, and is memory intact?", cmd_verify},
	{"replay", "be the destination of a real QEMU migration stream", cmd_replay},
	{"serve", "watch all migrations of this host; Prometheus metrics", cmd_serve},
	{"doctor", "what this kernel allows, what will be used, and why", cmd_doctor},
};

static void usage(FILE *to)
{
	fputs("Usage: migpop COMMAND [OPTION...]\n"
	      "Who populated a guest's memory during a migration?\n\n",
	      to);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].what);
	fputs("\n\"migpop COMMAND --help\" says more. "
	      "Exit status: 0 done, 1 the answer is no, 2 usage, 3 the machine lacks something, "
	      "4 a fault.\n",
	      to);
}

/* What --version prints, after a command too. */
const char *argp_program_version = "migpop " MIGPOP_VERSION;

int main(int argc, char **argv)
{
	static char name[64];

	if (argc < 2) {
		usage(stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-?")) {
		usage(stdout);
		return STATUS_OK;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts(argp_program_version);
		return STATUS_OK;
	}
	/* Not for users: the program starts itself with these. */
	if (!strcmp(argv[1], READER_MODE) && argc == 2)
		return reader__serve();
	if (!strcmp(argv[1], OPENER_MODE) && argc == 2)
		return opener__serve();
	if (!strcmp(argv[1], WEB_MODE) && argc == 2)
		return web__serve();
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		/* argp takes the name for its messages from argv[0]. */
		snprintf(name, sizeof(name), "migpop %s", commands[i].name);
		argv[1] = name;
		return commands[i].run(argc - 1, argv + 1);
	}
	return fail(STATUS_USAGE, "no such command: %s (see \"migpop --help\")", argv[1]);
}

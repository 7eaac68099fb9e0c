/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the command line of migpop replay says. Knows nothing of streams.
 */
#ifndef MIGPOP_CMD_REPLAY_OPTIONS_H
#define MIGPOP_CMD_REPLAY_OPTIONS_H

#include <stdbool.h>

#include "cmd/replay_memory.h"

struct replay_options {
	const char *path;   /* NULL: listen */
	const char *listen; /* unix:PATH or tcp:HOST:PORT */
	struct replay_setup setup;
	bool batch_given, track_given;
	bool digest, json, trace;
	const char *output, *color;
	bool quiet, verbose;
};

/* Ends the program with one line where the command line is wrong. STATUS_OK, or the status to end
 * with. */
int replay_options__parse(struct replay_options *o, int argc, char **argv);

/* "auto", ...: what --handler takes */
const char *replay_handler__name(enum migfix_policy handler);

#endif

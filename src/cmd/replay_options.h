/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of migpop replay. Knows nothing of streams.
 */
#ifndef MIGPOP_CMD_REPLAY_OPTIONS_H
#define MIGPOP_CMD_REPLAY_OPTIONS_H

#include <stdbool.h>

#include "cmd/options.h"
#include "replay/memory.h"

struct replay_options {
	const char *path;   /* NULL: --listen is used */
	const char *listen; /* unix:PATH or tcp:HOST:PORT; NULL: a file is read */
	struct replay_setup setup;
	bool batch_given, track_given;
	bool digest, json, trace;
	const char *output;
	struct screen_options screen;
};

/* Reads the command line. If it is wrong, prints one line and ends the program. Returns STATUS_OK,
 * or the status to exit with. */
int replay_options__parse(struct replay_options *o, int argc, char **argv);

#endif

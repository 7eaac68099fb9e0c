/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The web process: answers requests over HTTP from files of records and from what the tracer
 * publishes. It has no capability and no descriptor but those that it is started with. It must not
 * know how records and metrics are made.
 */
#ifndef MIGPOP_SERVE_WEB_H
#define MIGPOP_SERVE_WEB_H

#include "child.h"

/* The command, not for users, that calls web__serve(). */
#define WEB_MODE "web"

/* The descriptors that the process is started with. */
enum {
	WEB_FD_LISTEN = CHILD_FD, /* the socket at which it listens */
	WEB_FD_PUBLICATION,       /* the memory in which the tracer publishes */
	WEB_FD_RECORDS,           /* the directory of records */
	WEB_FD_LIFE, /* the end of a pipe, whose other end is closed when the tracer ends */
	WEB_FDS_END,
};

/* Gives up what it does not need, and answers until the tracer ends. Returns an exit status; if it
 * cannot begin, it has said why. */
int web__serve(void);

#endif

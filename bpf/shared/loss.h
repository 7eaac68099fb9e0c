/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be lost: tables have a fixed size, and what finds no room in one is in no count. Each
 * loss is counted instead, by the table that was full.
 */
#ifndef MIGPOP_SHARED_LOSS_H
#define MIGPOP_SHARED_LOSS_H

enum lost_kind {
	LOST_SITES,    /* the map of call sites was full: events */
	LOST_TASKS,    /* the map of threads was full */
	LOST_BACKINGS, /* the map of backings was full */
	LOST_ADVICE,   /* the map of advice was full */
	NR_LOST,
};

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the opener is asked: the bodies of the messages, as in protocol.h. An answer is the bytes of
 * a struct stat, with the descriptor.
 */
#ifndef MIGPOP_READER_OPENER_PROTOCOL_H
#define MIGPOP_READER_OPENER_PROTOCOL_H

enum { OPENER_QUESTION_MAX = 64 << 10, OPENER_ANSWER_MAX = 4096 };

enum opener_question {
	OPENER_MAPPING = 1, /* pid, start, end, inode, path */
	OPENER_PROGRAM,     /* pid */
	OPENER_PATH,        /* pid, root?, path */
};

#endif

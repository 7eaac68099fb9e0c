/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the reader is asked, and what it answers: the bodies of the messages, in this order. A
 * number is 64 bits wide; "?" stands behind what may be NULL. An answer whose status is not 0 has
 * no body. Functions of client.h make these messages, and server.c answers them.
 */
#ifndef MIGPOP_READER_PROTOCOL_H
#define MIGPOP_READER_PROTOCOL_H

/* The hidden command that makes this program a reader. */
#define READER_MODE "reader"

enum {
	READER_IMAGE_MAX = 1 << 16, /* bytes of an image in memory: the vDSO is a few pages long */
	READER_QUESTION_MAX = 80 << 10, /* bytes of the body of a question */
	READER_ANSWER_MAX = 8 << 20,    /* bytes of the body of an answer without rows */
	READER_ROWS_MAX = 8 << 20, /* rows of one file: as many as the kernel's table can have */
	READER_HANDLES_MAX = 2048, /* files whose names are open at once */
	READER_FRAMES_MAX = 256,   /* functions that are inlined at one address */
};

/* "file": a descriptor with the message and no bytes, or the bytes of an image in memory. */
enum reader_question {
	/* file -> build-id?, number of segments, for each: offset, address, size; likely rows */
	READER_HEADERS = 1,
	/* file -> base, unsupported rows, bytes of struct unwind_row */
	READER_ROWS,
	/* file -> handle, build-id?, whether it lacks debug information, name of its debug file? */
	READER_OPEN,
	/* handle, whether a debug link led there, descriptor of a debug file -> whether it is of
	 * the same build, and is used from now on */
	READER_DEBUG,
	/* handle -> build-id? of the file where its DWARF goes on, and its name? */
	READER_ALT_LINK,
	/* handle, descriptor of such a file -> whether it is the one, and is used from now on */
	READER_ALT,
	/* handle, offset in the file -> offset, begins_function, can_return (see struct elf_place),
	 * number of frames, for each: symbol?, function?, file?, line, inlined */
	READER_FIND,
	/* file, a text -> the text in the read-only data of the file that begins with it? */
	READER_TEXT,
	/* handle -> nothing: its file is closed */
	READER_CLOSE,
};

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that a reader has died of, or that did not answer: no reader is given them again, and each
 * is named once. Shared by all readers of this process; several threads may ask at once.
 */
#ifndef MIGPOP_READER_UNREADABLE_H
#define MIGPOP_READER_UNREADABLE_H

#include <stdbool.h>

struct stat;

/* Why the file was given up, a negative errno as of client.h; 0 if it was not. Only the latest 1024
 * files are known. */
int unreadable__find(const struct stat *st);

void unreadable__add(const struct stat *st, int err);

/* True for the first caller that wants to say that the file is unreadable. */
bool unreadable__tell(const struct stat *st);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader: a process without any right, which reads ELF files for the tracer.
 */
#ifndef MIGPOP_READER_SERVER_H
#define MIGPOP_READER_SERVER_H

/* Answers what comes over HELPER_FD until the tracer is gone. Returns an exit status. */
int reader__serve(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ways to attach to faults. Which of them this kernel lets in is for src/probe/ to find out.
 */
#ifndef MIGPOP_COLLECT_MODE_H
#define MIGPOP_COLLECT_MODE_H

enum mode { MODE_AUTO, MODE_FENTRY, MODE_KPROBE, MODE_TRACEPOINT };

const char *mode__name(enum mode mode);

#endif

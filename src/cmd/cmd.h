/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands share: exit statuses and the options that several commands have.
 */
#ifndef MIGPOP_CMD_CMD_H
#define MIGPOP_CMD_CMD_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "names.h"
#include "vmm/ram_backing.h"

/* Exit statuses, the same for all commands. */
enum {
	STATUS_OK = 0,
	STATUS_NO = 1, /* the answer is no */
	STATUS_USAGE = 2,
	STATUS_MACHINE = 3, /* the machine lacks something */
	STATUS_FAULT = 4,   /* a fault of ours or of the target */
};

int cmd_trace(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

/* Prints one line, "migpop: ...", to stderr. Returns "status". */
int fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints why the tracer cannot be opened and returns an exit status. "err" and "why" come from
 * tracer__open(). */
int fail_tracer(int err, const char *why);

/* Prints what is wrong with the command line and ends the program with STATUS_USAGE. */
_Noreturn void usage_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Call it at ARGP_KEY_INIT: argp then adds no "Try ..." line to getopt's message, and argp_parse()
 * returns an error. */
void quiet_argp(struct argp_state *state);

/* Reads the argument of --mode. Ends the program if there is no such mode. */
enum mode parse_mode(const char *word);

/* Reads the argument of --backing. Ends the program if there is no such backing. */
enum ram_backing parse_backing(const char *word);

/* Reads a size such as "256M" or "1GiB", as numfmt --from=iec does. Returns bytes; 0 if it is not a
 * size. */
uint64_t parse_size(const char *text);

/* Returns a descriptor that becomes readable when one of these signals comes; the signals have no
 * other effect from now on. The list ends with 0. SIGPIPE is ignored, so that writing to a closed
 * pipe fails. Returns -1 with errno set on failure. */
int open_signals(const int *signals);

/* Returns STATUS_OK, or the status to exit with if something around this process keeps it from
 * tracing: the first cause has been printed. */
int check_surroundings(void);

struct rules;

/* The files of --rules, in the order given. */
struct rules_files {
	const char *v[64];
	size_t n;
};

void rules_files__add(struct rules_files *files, const char *path);

/* Reads these files, this machine's rules and the shipped ones. Returns STATUS_OK with *out to be
 * freed by the caller, or the status to exit with: the error has been printed. */
int rules_files__open(const struct rules_files *files, struct rules **out);

/* Reads the argument of --color. "auto" depends on NO_COLOR and on whether stdout is a terminal.
 * Returns false if there is no such value. */
bool parse_color(const char *when, bool *color);

#endif

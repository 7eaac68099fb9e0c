/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands share: exit statuses and the options common to all.
 */
#ifndef MIGPOP_CMD_CMD_H
#define MIGPOP_CMD_CMD_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "names.h"
#include "qemu/ram_backing.h"

/* Exit statuses, the same for every command. */
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

/* One line on stderr, "migpop: ...". Returns "status". */
int fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for a tracer that cannot be opened: "err" and "why" are tracer__open()'s. */
int fail_tracer(int err, const char *why);

/* The same for what is wrong with the command line, and ends the program. */
_Noreturn void usage_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* To be called at ARGP_KEY_INIT: argp adds no "Try ..." to what getopt has said in one line, and
 * argp_parse() returns an error. */
void quiet_argp(struct argp_state *state);

/* --mode of "word". Ends the program where there is no such mode. */
enum mode parse_mode(const char *word);

/* --backing, the same. */
enum ram_backing parse_backing(const char *word);

/* "256M", "1GiB", as numfmt --from=iec has it: bytes, 0 if that is no size. */
uint64_t parse_size(const char *text);

/* A descriptor that becomes readable when one of these comes, which does nothing else from now on.
 * The list ends with 0. SIGPIPE is ignored: what is written to a closed pipe fails. -1 with errno.
 */
int open_signals(const int *signals);

/* STATUS_OK, or what to exit with where something around this process keeps it from tracing: the
 * first of it has been said. */
int check_surroundings(void);

struct rules;

/* Of --rules FILE, in the order given. */
struct rules_files {
	const char *v[64];
	size_t n;
};

void rules_files__add(struct rules_files *files, const char *path);

/* These, this machine's and the shipped rules. STATUS_OK with *@out to be freed, or what to exit
 * with: what is wrong has been said. */
int rules_files__open(const struct rules_files *files, struct rules **out);

/* --color of "when": auto asks NO_COLOR and whether stdout is a terminal. False: no such value. */
bool parse_color(const char *when, bool *color);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of every enum that a record, an option or a screen shows, in both directions. It must
 * know nothing else: every file with such an enum includes this one.
 */
#ifndef MIGPOP_NAMES_H
#define MIGPOP_NAMES_H

#include <stdint.h>

/* The ways to attach to faults. src/probe/ finds out which of them this kernel allows. */
enum mode { MODE_AUTO, MODE_FENTRY, MODE_KPROBE, MODE_TRACEPOINT };

enum record_access { RECORD_ACCESS_NONE, RECORD_ACCESS_READ, RECORD_ACCESS_WRITE };
enum record_context { RECORD_CONTEXT_USER, RECORD_CONTEXT_KERNEL, RECORD_CONTEXT_SYSCALL };

/* What a row of a record is about. */
enum record_kind {
	RECORD_KIND_SHMEM = 1,
	RECORD_KIND_ANON,
	RECORD_KIND_HUGETLB,
	RECORD_KIND_FILE,
	RECORD_KIND_PAGE_TABLES,
};

enum phase {
	PHASE_NONE, /* a phase that could not be identified: it has no word */
	PHASE_SETUP,
	PHASE_PRECOPY,
	PHASE_DOWNTIME,
	PHASE_POSTCOPY,
	PHASE_INCOMING, /* what a destination receives before postcopy: it does not learn how far
			   the source is */
	PHASE_STOPPED, /* the guest of a source does not run any more: the downtime, and postcopy if
			  there is one */
};

/* Properties of a migration. The first value of each enum means "not known"; it has no word and is
 * written as null. */
enum migration_role { ROLE_UNKNOWN, ROLE_SOURCE, ROLE_DESTINATION };
enum migration_outcome {
	OUTCOME_UNKNOWN, /* the migration was not over when the window closed */
	OUTCOME_COMPLETED,
	OUTCOME_FAILED,
	OUTCOME_CANCELLED,
	OUTCOME_KILLED, /* the process was killed */
	OUTCOME_ENDED,  /* the migration is over, and nothing tells how it ended */
};
enum migration_transport {
	TRANSPORT_UNKNOWN,
	TRANSPORT_SOCKET,
	TRANSPORT_PIPE,
	TRANSPORT_FILE,
	TRANSPORT_FD, /* a descriptor that QEMU was given, of another type than those above */
	TRANSPORT_EXEC,
	TRANSPORT_RDMA,
};
enum migration_purpose {
	PURPOSE_UNKNOWN,
	PURPOSE_LIVE,
	PURPOSE_SAVE,
	PURPOSE_RESTORE,
	PURPOSE_DUMP,
	PURPOSE_SNAPSHOT,
};

/* Why a window opened, or closed. */
enum window_reason {
	REASON_UNKNOWN, /* written as null */
	REASON_ATTACH,
	REASON_COMMAND_START,
	REASON_BEFORE_MIGRATION,
	REASON_THREAD_ARGUMENT, /* from here on the order of enum window_signal, … */
	REASON_THREAD_NAME,
	REASON_STREAM_BEGIN,
	REASON_UNDER_WAY,
	REASON_THREAD_END,
	REASON_STREAM_END,
	REASON_PROCESS_END,
	REASON_ENDED_BEFORE, /* … up to here */
	REASON_MIGRATION_END,
	REASON_MONITOR_GONE,
	REASON_TRACER_STOP,
	REASON_INTERRUPT,
	REASON_TERMINATE,
	REASON_DURATION,
	REASON_COMMAND_END,
	REASON_TARGET_END,
	REASON_STILL_OPEN,
	REASON_BEFORE_POPULATING,
	REASON_POPULATED,
	REASON_REPLAY_START,
	REASON_REPLAY_END,
	REASON_NO_MEMORY,
};

/* The worst that is missing from a record. */
enum loss {
	LOSS_UNKNOWN,
	LOSS_NOTHING, /* every event is counted, and every chain is whole */
	LOSS_CHAINS,  /* every event is counted, but some chains are not whole */
	LOSS_EVENTS,  /* some events are in no count */
};

/* A table of the tracer that may have no room left. */
enum record_table {
	TABLE_UNKNOWN, /* written as null */
	TABLE_CALLSITES,
	TABLE_THREADS,
	TABLE_BACKINGS,
	TABLE_ADVICE,
	TABLE_CHAINS,
	TABLE_UNWIND_ROWS,
	TABLE_UNWIND_MAPPINGS,
	TABLE_UNWIND_MODULES,
	TABLE_UNWIND_PROCESSES,
};

/* The sets of words, one for each enum. */
enum names_set {
	NAMES_MODE,
	NAMES_STACK,
	NAMES_ACCESS,
	NAMES_CONTEXT,
	NAMES_KIND, /* kinds of memory as records have them: enum record_kind */
	NAMES_CHAIN_END,
	NAMES_CALL, /* by the number of the system call */
	NAMES_BEHAVIOR,
	NAMES_ERRNO,
	NAMES_PHASE,
	NAMES_ROLE,
	NAMES_OUTCOME,
	NAMES_TRANSPORT,
	NAMES_PURPOSE,
	NAMES_REASON,
	NAMES_TABLE,
	NAMES_LOSS,
	NR_NAMES_SETS,
};

/* The values of all sets are at least 0 and less than this. */
enum { NAMES_VALUES = 512 };

/* The word of a value, a static string; NULL if it has none. */
const char *names__word(enum names_set set, int value);

/* The value of a word; -1 if the set does not have the word. */
int names__value(enum names_set set, const char *word);

/* The static word that equals "s"; "other" if the set has no such word; NULL for NULL. */
const char *names__static(enum names_set set, const char *s);

/* The same functions with the enum's own type. If a value must have a word but has none, they
 * return "other". */
const char *mode__name(enum mode mode);
const char *stack__name(int stack);        /* of enum stack_kind */
const char *chain_end__name(uint32_t end); /* of enum chain_end; NULL if it is not known */
const char *kind__name(uint32_t kind);     /* of enum kind, as the kind of a record */
const char *phase__name(enum phase phase);
const char *record_kind__name(enum record_kind kind);
const char *record_access__name(enum record_access a);
const char *record_context__name(enum record_context c);

/* The name of an errno, such as "EACCES"; NULL for 0. */
const char *errno__name(int error);

/* The text of a reason, such as "begin of the incoming stream"; NULL for REASON_UNKNOWN. */
const char *window_reason__text(enum window_reason reason);

/* The name of a system call, or of a SYSCALL_* number: "fallocate", "io_uring worker", "exit";
 * "syscall 999" if it has no name. Free the result; NULL without memory. */
char *syscall__name(int32_t nr);

/* The name of a system call that gives memory back or advises it; "other" for any other call. */
const char *call__name(int32_t nr);

/* What such a call is asked to do: "MADV_REMOVE", "FALLOC_FL_PUNCH_HOLE", "other". NULL if the call
 * has no such argument. */
const char *behavior__name(int32_t nr, int32_t behavior);

#endif

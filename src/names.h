/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every word of every enum that a record, an option or a screen shows, once, in both directions. It
 * must know nothing else: whoever has an enum with words includes this.
 */
#ifndef MIGPOP_NAMES_H
#define MIGPOP_NAMES_H

#include <stdint.h>

/* The ways to attach to faults. Which of them this kernel lets in is for src/probe/ to find out. */
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
	PHASE_NONE, /* none that could be named: it has no word */
	PHASE_SETUP,
	PHASE_PRECOPY,
	PHASE_DOWNTIME,
	PHASE_POSTCOPY,
	PHASE_INCOMING, /* what a destination is sent before postcopy: it is not told how far the
			   source is */
	PHASE_STOPPED,  /* the guest of a source runs no more: downtime, and postcopy if there is */
};

/* Of a migration. The first of each is "not known", which has no word: null. */
enum migration_role { ROLE_UNKNOWN, ROLE_SOURCE, ROLE_DESTINATION };
enum migration_outcome {
	OUTCOME_UNKNOWN, /* not over when the window closed */
	OUTCOME_COMPLETED,
	OUTCOME_FAILED,
	OUTCOME_CANCELLED,
	OUTCOME_KILLED, /* with its process */
	OUTCOME_ENDED,  /* it is over, and nothing tells how */
};
enum migration_transport {
	TRANSPORT_UNKNOWN,
	TRANSPORT_SOCKET,
	TRANSPORT_PIPE,
	TRANSPORT_FILE,
	TRANSPORT_FD, /* a descriptor that QEMU was handed, of a kind that is none of the others */
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
	REASON_UNKNOWN, /* null */
	REASON_ATTACH,
	REASON_COMMAND_START,
	REASON_BEFORE_MIGRATION,
	REASON_THREAD_ARGUMENT, /* as in enum window_signal: this one */
	REASON_THREAD_NAME,
	REASON_STREAM_BEGIN,
	REASON_UNDER_WAY,
	REASON_THREAD_END,
	REASON_STREAM_END,
	REASON_PROCESS_END,
	REASON_ENDED_BEFORE, /* to this one */
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

/* What is missing from a record, the worst of it. */
enum loss {
	LOSS_UNKNOWN,
	LOSS_NOTHING, /* every event is counted, every chain is whole */
	LOSS_CHAINS,  /* every event is counted, chains of some are not whole */
	LOSS_EVENTS,  /* some events are in no count */
};

/* A table of the tracer that may be out of room. */
enum record_table {
	TABLE_UNKNOWN, /* null */
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

/* The sets of words, each of one enum. */
enum names_set {
	NAMES_MODE,
	NAMES_STACK,
	NAMES_ACCESS,
	NAMES_CONTEXT,
	NAMES_KIND, /* of records: enum record_kind */
	NAMES_CHAIN_END,
	NAMES_CALL, /* by its number */
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

/* Values of all sets are from 0 up to, not including, this. */
enum { NAMES_VALUES = 512 };

/* The word of a value; NULL where it has none. Static. */
const char *names__word(enum names_set set, int value);

/* The value of a word; -1 where the set has no such word. */
int names__value(enum names_set set, const char *word);

/* The static word equal to "s", "other" where the set has none such; NULL for NULL. */
const char *names__static(enum names_set set, const char *s);

/* The same with the enum's own type. What must have a word has "other" where there is none. */
const char *mode__name(enum mode mode);
const char *stack__name(int stack);        /* enum stack_kind */
const char *chain_end__name(uint32_t end); /* enum chain_end; NULL where it is not known */
const char *kind__name(uint32_t kind);     /* enum kind, as the kind of a record */
const char *phase__name(enum phase phase);
const char *record_kind__name(enum record_kind kind);
const char *record_access__name(enum record_access a);
const char *record_context__name(enum record_context c);

/* "EACCES"; NULL for 0. */
const char *errno__name(int error);

/* A reason as a person reads it: "begin of the incoming stream". NULL for REASON_UNKNOWN. */
const char *window_reason__text(enum window_reason reason);

/* By the number of a system call, or a SYSCALL_*: "fallocate", "io_uring worker", "exit"; "syscall
 * 999" for one without a name. To be freed; NULL without memory. */
char *syscall__name(int32_t nr);

/* One that gives memory back or advises so; "other" for the rest. */
const char *call__name(int32_t nr);

/* What such a call is asked to do: "MADV_REMOVE", "FALLOC_FL_PUNCH_HOLE", "other". NULL where it
 * cannot be asked for this or that. */
const char *behavior__name(int32_t nr, int32_t behavior);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Windows that open and close with a migration, in the kernel, at the very event; and the events by
 * which the collector learns of them. Knows nothing of what is counted in a window.
 */
#ifndef MIGPOP_SHARED_WINDOW_H
#define MIGPOP_SHARED_WINDOW_H

#include "shared/types.h"

/* What tells that a migration begins, or ends. */
enum window_signal {
	SIGNAL_NONE,
	SIGNAL_THREAD_ARGUMENT, /* a thread is created to which QEMU gives such a name */
	SIGNAL_THREAD_NAME,     /* a thread takes such a name */
	SIGNAL_STREAM_BEGIN,    /* the first bytes of a stream are read */
	SIGNAL_UNDER_WAY,       /* a migration was under way when the process was found */
	SIGNAL_THREAD_END,
	SIGNAL_STREAM_END, /* the stream is closed */
	SIGNAL_PROCESS_END,
	SIGNAL_ENDED_BEFORE, /* a migration that was under way ended before its end could be
				awaited */
	SIGNAL_TOLD,         /* QEMU says so of a migration that left no sign itself */
};

enum window_state {
	WINDOW_WAITS,
	WINDOW_OPEN,
	WINDOW_OVER,
	WINDOW_WAKES, /* the migration has begun, and the hooks that count are not attached yet */
};

/* What a window waits for, or'ed. */
enum window_awaits { AWAITS_STREAM = 1, AWAITS_THREAD = 2 };

/* Threads that send the guest's memory. */
enum sender_thread { SENDER_UNKNOWN, SENDER_LIVE, SENDER_SNAPSHOT, SENDER_DUMP };

/* How a stream ended too early. The first sign counts: QEMU shuts down a stream that has failed,
 * and reads to the end of a stream that it has shut down. */
enum stream_broken { STREAM_WHOLE, STREAM_FAILED, STREAM_CUT };

/* What MIG_RP_MSG_SHUT says. */
enum stream_shut { SHUT_NONE, SHUT_GOOD, SHUT_BAD };

/* What QEMU's event MIGRATION says; QEMU sends it if the capability "events" is on. */
enum migration_word {
	WORD_NONE,
	WORD_COMPLETED,
	WORD_FAILED,
	WORD_CANCELLED,
};

enum { CANCEL_ASKED = 14 }; /* bytes of "migrate_cancel" */

/* A process that counts only while a migration of it is under way. */
struct window {
	u64 open_ns, close_ns; /* CLOCK_BOOTTIME */
	u64 late_ns;           /* from the begin of the migration to the begin of the window */
	s64 late_pages;        /* pages of files that were populated in that time */
	u64 ran_ns;            /* under KVM: when a guest that came here first ran, or when a guest
				  that leaves last ran; otherwise 0 */
	u64 postcopy_ns;       /* incoming: when postcopy began; otherwise 0 */
	u64 tail;              /* the last eight bytes of the stream, as they are in memory */
	u32 state;             /* enum window_state */
	u32 opened_by, closed_by; /* enum window_signal */
	u32 awaits;               /* enum window_awaits */
	u32 incoming;             /* a stream opened it */
	u32 thread;               /* the thread that migrates; 0 if the migration is incoming */
	u32 sender;               /* enum sender_thread: which thread that is */
	s32 stream;     /* file descriptor; -1 before it is known, and after it was closed */
	u32 file_type;  /* S_IFMT of the stream; 0 before it is known */
	u32 encrypted;  /* by TLS, so that nobody can see what the stream ends with */
	s32 cut;        /* the descriptor that was shut down, of the stream if that is known; -1:
			  none */
	u32 broken;     /* enum stream_broken: the first sign that the stream ended too early */
	u32 shut;       /* enum stream_shut: the destination's last word on the return path */
	u32 said;       /* enum migration_word: what QEMU said to a monitor */
	u32 asked;      /* bytes of "migrate_cancel" that a monitor was told; CANCEL_ASKED: all */
	u32 closer;     /* incoming: the thread that has closed the stream and has not come back to
			  its main loop yet; otherwise 0 */
	s32 accepted;   /* incoming: the connection that came last; -1: none */
	u32 exit_code;  /* as of wait(), if the process ended */
	u32 channel;    /* another thread that sends was refused: one of multifd's */
	u32 executed;   /* another emulator was started in the process, which may read at once */
	u32 complained; /* the thread that migrates has written to stderr: something failed */
	u32 vmm;        /* the number of the VMM that the process runs (vmm.h) */
};

/* How a window begins whose descriptors are not known. */
#define WINDOW_UNKNOWN .stream = -1, .cut = -1, .accepted = -1

enum window_event_kind {
	WINDOW_EVENT_EXEC, /* an emulator may have been started */
	WINDOW_EVENT_SOON, /* a migration is about to begin, or has begun: the hooks that count are
			      wanted */
	WINDOW_EVENT_RUNS, /* a guest that was thought to come here runs: it is here */
	WINDOW_EVENT_OPEN,
	WINDOW_EVENT_CLOSE,
	WINDOW_EVENT_BEGUN,  /* a migration has begun while the window was over: it is not open */
	WINDOW_EVENT_MISSED, /* an event of any kind and process was lost: the collector makes this
				one */
};

struct window_event {
	u32 tgid;
	u32 kind;   /* enum window_event_kind */
	u32 thread; /* the thread that has begun to migrate; 0 for a stream */
	s32 stream; /* the descriptor of the stream that has begun */
};

/* The file of a program; all 0: none. */
struct program_key {
	u64 inode;
	u32 dev;
	u32 generation; /* of the inode's number, which is used again */
};

/* What is known of a program: PROGRAM_IS_VMM plus the number of its VMM; or else how often the
 * collector was asked what it is, up to PROGRAM_ASKED_MAX, which no emulator takes to be looked
 * at. */
enum { PROGRAM_ASKED_MAX = 16, PROGRAM_IS_VMM = 0x40000000 };

/* WINDOW_EVENT_EXEC has a structure of its own: the other events are sent from programs that have
 * no room for it. */
struct exec_event {
	struct window_event event;
	struct program_key program; /* what is this? All 0: it is known by its name */
};

_Static_assert(sizeof(struct window) == 144, "no padding");
_Static_assert(sizeof(struct window_event) == 16, "no padding");
_Static_assert(sizeof(struct exec_event) == 32, "no padding");

#endif

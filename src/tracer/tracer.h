/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The BPF side seen from user space: load in a mode, attach, watch processes, read the counters.
 * Knows neither records nor output.
 */
#ifndef MIGPOP_TRACER_TRACER_H
#define MIGPOP_TRACER_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "counters.h"
#include "names.h"
#include "shared/chain.h"
#include "shared/types.h"
#include "shared/window.h"

struct vmm;
struct tracer;

struct tracer_options {
	enum mode mode; /* MODE_AUTO: the first that attaches */
	enum stack_kind stack;
	bool follow_children;
	bool windowed;          /* targets count in windows of their own (tracer__arm()), not from
				   tracer__add_targets() on */
	bool rests;             /* windowed: hooks that count are attached by tracer__wake() only */
	u32 arm_started;        /* enum window_awaits: emulators that are started have such a window
				   at once, before they are entered; 0: none */
	unsigned int max_sites; /* 0: the default */
	const pid_t *tgids; /* that will be watched: their code is read while programs are loaded */
	size_t nr_tgids;
	/* Is told in one line, and once, what of a process is missing, as soon as that is known; or
	 * NULL. The kind is "room", of a table, or "executable", a file that cannot be read. Also
	 * called while tracer__open() runs. */
	void (*problem)(pid_t pid, const char *kind, const char *what, void *data);
	void *problem_data;
};

/* Loads and attaches; nothing is counted yet. On failure a negative errno, and "why" says in one
 * line what was tried. *out is to be closed by tracer__close(). */
int tracer__open(struct tracer **out, const struct tracer_options *options, char *why, size_t size);

/*
 * Attaches the hooks that count, if they are not: each costs every process of the machine
 * something. A window opens without them where a migration comes unexpected, as soon as they are
 * there; its begin is late then. 0, or a negative errno with one line in "why".
 */
int tracer__wake(struct tracer *t, char *why, size_t size);

/* Detaches them, unless a window is open: then -EBUSY. */
int tracer__rest(struct tracer *t);

/* Is it that the machine lacks something, when tracer__open() failed so? Else a fault is ours. */
bool tracer__machine_lacks(int err);

/* Detaches and frees; NULL is none. */
void tracer__close(struct tracer *t);

enum mode tracer__mode(const struct tracer *t);

/* Is it known who brings pages into the page cache of ordinary files that are memory? Else only by
 * how much that grew. */
bool tracer__counts_files(const struct tracer *t);

/* The "n" processes are targets from here on, and their code is read. Nothing is counted yet. */
void tracer__add_targets(struct tracer *t, const pid_t *tgids, size_t n);

/* Enters the memory that the targets have, and finds who else has it mapped: the first part for one
 * process, the second, and both. 0, or a negative errno. */
int tracer__enter_memory_of(struct tracer *t, pid_t pid);
int tracer__find_others(struct tracer *t);
int tracer__enter_memory(struct tracer *t);

/* Begins to count what the targets do. The kernel's figures of that instant are in the counters'
 * backings and processes. *ns (CLOCK_BOOTTIME) is when. 0, or a negative errno. */
int tracer__begin(struct tracer *t, u64 *ns);

/* Are the kernel's figures of private memory exact? Not where there are more CPUs than the programs
 * have room for: then each may hold back a batch (proc__counter_slack()). */
bool tracer__knows_cpus(const struct tracer *t);

/* Enters the memory that a process has, to be watched in windows that the kernel opens and closes
 * with a migration. Who else has it mapped is not looked for. It counts nothing yet, unless it has
 * a window already (arm_started). 0, or a negative errno. */
int tracer__enter(struct tracer *t, pid_t tgid);

/* A migration that has begun already, and by what its end will be known. */
struct under_way {
	pid_t thread; /* that sends; or 0, and */
	int stream;   /* the descriptor that is received from; -1: none is under way */
	bool told;    /* neither is known: QEMU says that one is under way, and ends */
	bool sends;   /* of one that is told */
};

/* Its window opens with the next migration that it sends or receives ("awaits", enum
 * window_awaits), or, where one is under way, at once. Between windows it costs nothing and counts
 * nothing. A window that it has already stays as it is. 0, or a negative errno. */
int tracer__arm(struct tracer *t, pid_t tgid, u32 awaits);
int tracer__arm_under_way(struct tracer *t, pid_t tgid, u32 awaits, const struct under_way *u);

/* Answers what WINDOW_EVENT_EXEC asks: whose program is this? "vmm" is NULL if it is no VMM's.
 * From then on the processes of a VMM's program are armed when they start, and the collector is
 * not asked about others any more. */
void tracer__answer(struct tracer *t, const struct program_key *program, const struct vmm *vmm);

/* Another program was started in the process, in the place of one that is known: its window, unless
 * it is open, waits for a stream, too. 0, or a negative errno. */
int tracer__arm_started(struct tracer *t, pid_t pid, u32 awaits);

/* The window as it is; false if there is none. */
bool tracer__window(struct tracer *t, pid_t tgid, struct window *out);

/* After a window has closed and its counters were read: waits for what the next one awaits (enum
 * window_awaits). Returns 0 or a negative errno. */
int tracer__rearm(struct tracer *t, pid_t tgid, u32 awaits);

/* The process is gone, or of no interest any more. */
void tracer__disarm(struct tracer *t, pid_t tgid);

/* Closes the window of a process whose migration goes on (SIGNAL_NONE), or is over already, with
 * the kernel's figures of that instant; one that is over stays as it is. */
int tracer__close_window(struct tracer *t, pid_t tgid, enum window_signal by);

/* What threads have pending in windows that have closed is settled. */
int tracer__settle(struct tracer *t);

/* Becomes readable when windows open or close, or programs are started that may be emulators:
 * "event" is called with each. Where some had no room it is called with WINDOW_EVENT_MISSED: then
 * whatever is to be known of windows and processes must be looked at. WINDOW_EVENT_EXEC is within a
 * struct exec_event. -1 where there are none. */
int tracer__window_fd(const struct tracer *t);
typedef void tracer_event_fn(const struct window_event *event, void *data);
void tracer__window_events(struct tracer *t, tracer_event_fn *event, void *data);

/* Empties the per-CPU batches in which pages wait for the LRU: what others let go before the window
 * is not freed in it then. */
void tracer__drain(void);

/* Counts nothing more, of anybody; the kernel's figures are of the same instant, *ns. Then what
 * threads have pending is settled. */
int tracer__stop(struct tracer *t, u64 *ns);

/* How full the table of chains is: 0 to 1. */
double tracer__chains_fill(const struct tracer *t);

/* Events that found no room and are of no process that is known. */
u64 tracer__lost_of_nobody(const struct tracer *t);

/* Gives back the room of what a process counted in a window that is over, of which "c" was read:
 * its record is made. */
void tracer__remove_counted(struct tracer *t, pid_t pid, const struct counters *c);

/* Gives back what no window needs: that of processes that are gone, but where "known" says that the
 * caller will forget them itself, and chains that no call site has. Costs some reads of all
 * tables, and a grace period. 0, or a negative errno. */
typedef bool tracer_known_fn(pid_t pid, void *data);
int tracer__sweep(struct tracer *t, tracer_known_fn *known, void *data);

/* Hands on to options.problem what a session has found, or the tracer. */
void tracer__tell(struct tracer *t, pid_t pid, const char *kind, const char *what);

/* A table of the tracer, and how much of it is in use. */
struct tracer_table {
	const char *name; /* static */
	u64 used, size;
};

enum { TRACER_TABLES_MAX = 16 };

/* All tables, as they are now: at most TRACER_TABLES_MAX. The number of them. */
size_t tracer__tables(struct tracer *t, struct tracer_table *tables);

/* Reads all counters into *out, to be freed by counters__free(). While threads run the rows are not
 * of one instant; after tracer__stop() they are final, and so are those of the process "pid" (0: it
 * is about all) when its window is over, whatever its threads and others do meanwhile. */
int tracer__read(struct tracer *t, pid_t pid, struct counters *out);

/* Reads the backings alone, with the kernel's figures as of now. */
int tracer__read_backings(struct tracer *t, struct counters *out);

/* Reads the call chain that a site or an advice has under the number "id". Two numbers may have
 * equal chains, if one stack was unwound at once and the other later. If the stack was kept and
 * could not be unwound, the chain has one frame and ends in CHAIN_NO_MAPPING. Returns 0 or a
 * negative errno. */
int tracer__chain(struct tracer *t, s32 id, struct chain *out);

/* Becomes readable when processes have changed their executable mappings; -1 if that is of no
 * interest. tracer__read_changed_mappings() must follow within 100 ms: until then chains end where
 * they reach what is new. */
int tracer__changes_fd(const struct tracer *t);

/* "on_read" is called with each process whose mappings were read anew; it may have ended since. */
void tracer__read_changed_mappings(struct tracer *t, void (*on_read)(pid_t pid, void *data),
				   void *data);

/* Reads the executable mappings of a process anew, where they are not those known. */
void tracer__refresh(struct tracer *t, pid_t pid);

/* The thread "tid", if it is traced by ptrace, stops for its tracer whenever it has mapped code, by
 * a SIGURG: should the tracer be gone, that is ignored. It goes on after tracer__read_changed_mappings(). */
void tracer__stop_on_mapping(struct tracer *t, pid_t tid);

/* libbpf's own words go to stderr when verbose, else they are kept for "why". */
void tracer__set_verbose(bool verbose);

#endif

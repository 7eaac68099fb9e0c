/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys, values and enums that the BPF programs and the collector share: the only header both sides
 * include. Fixed-width members, no implicit padding. Counts are in base pages.
 */
#ifndef MIGPOP_H
#define MIGPOP_H

#ifdef __BPF__
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;
#else
#include <stdint.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;
#endif

#if defined(__TARGET_ARCH_arm64) || defined(__aarch64__)
#define MIGPOP_ARM64
#endif

enum access { ACCESS_NONE, ACCESS_READ, ACCESS_WRITE };

/* How the kernel came to touch the memory. */
enum context {
	CONTEXT_USER,    /* a fault in user mode */
	CONTEXT_KERNEL,  /* a fault in kernel mode, on behalf of a system call */
	CONTEXT_SYSCALL, /* no fault: GUP, fallocate, write() to the file, userfaultfd */
};

enum kind {
	KIND_NONE,
	KIND_SHMEM,
	KIND_ANON,
	KIND_HUGETLB,
	KIND_PRIVATE_FILE, /* private copies of pages of a file, of any file system */
	KIND_FILE,         /* the page cache of an ordinary file that is somebody's memory */
};

/* Values of "syscall" that are no system call numbers. */
enum {
	SYSCALL_NONE = -1,
	SYSCALL_IO_URING = -2, /* a worker of io_uring, */
	SYSCALL_VHOST = -3,    /* of vhost, */
	SYSCALL_KTHREAD = -4,  /* a kernel thread */
	SYSCALL_EXIT = -5,     /* the end of the process: its memory goes */
};

/* What a page belongs to. shmem, shared hugetlb and ordinary files: the inode. Private memory: the
 * start of its VMA (the end, for one that grows downwards), in the address space of "tgid". */
struct backing_key {
	u64 id;
	u32 dev;  /* 0 for private memory */
	u32 tgid; /* 0 for inodes */
	u32 kind; /* enum kind */
	u32 zero;
};

enum backing_flag {
	BACKING_HEAP = 1,
	BACKING_STACK = 2,
	BACKING_PRIVATE_FILE = 4,
	BACKING_HOLES_UNKNOWN = 8, /* a file: pages that were read may have been holes or data */
	BACKING_GONE = 16,         /* the inode is, when last looked at */
};

struct backing {
	u64 inode_address; /* of struct inode; 0 for private memory */
	u64 start, end;    /* of the VMA first seen */
	u64 open_before;   /* inodes: the kernel's figure just before counting began, */
	u64 open_pages;    /* just after that, or when first seen, */
	u64 pages_now;     /* when last asked for, */
	u64 exit_before;   /* just before counting ended, by the window's end or the target's, */
	u64 exit_pages;    /* and just after that */
	u64 exit_released; /* pages that went with processes before that */
	u64 blocks;        /* hugetlb: pages already attributed */
	u32 exited;
	u32 flags; /* enum backing_flag */
	u32 owner; /* the target whose memory it was first seen to be */
	u32 zero;
	char name[64];
};

/* A call site: who asked, how, and for what. */
struct site_key {
	u64 ip; /* user mode: the faulting instruction, or the return address of a system call */
	struct backing_key backing;
	u32 tgid;
	s32 syscall;
	s32 stack; /* of the call chain; negative without one */
	u8 access, context;
	u16 zero;
};

struct site {
	u64 faults;
	u64 populated;
	u64 zero_populated;
	u64 released;
	u64 fault_ns;
};

/* A thread, and what it counted at all its call sites. */
struct thread_key {
	u32 tgid, tid;
};

struct thread {
	struct site sum;
	char comm[16]; /* when it ended; empty before */
};

/* Calls that give memory back or advise so. */
struct advice_key {
	u64 ip;
	u32 tgid;
	s32 syscall;
	s32 behavior; /* madvise: MADV_*; fallocate: mode; else 0 */
	s32 error;    /* errno of a failed call, 0 else */
	s32 stack;
	u32 zero;
};

struct advice {
	u64 calls;
	u64 bytes;
	u64 released;
};

/* Shared files of huge pages that are looked at. */
enum { HUGETLB_FILES_MAX = 16 };

enum { PENDING_MAX = 8, EVENTS_PER_SAMPLE = 251, TASK_SLOTS = 4096, MEMO_SLOTS = 512 };

/* A page allocated by a task of ours of which it is not yet known what it became. */
struct pending {
	u64 page;
	u32 order;
	u8 context, access;
	u8 told;   /* the access is what the fault said: GUP's flags */
	u8 mapped; /* enum pending_mapped */
};

/* A pending page was seen to be mapped: the kernel's figures have it. One that was private then is
 * its process's, whatever is in its place when it is counted: another thread may have unmapped it,
 * the process may have ended. */
enum pending_mapped { MAPPED_UNKNOWN, MAPPED_SEEN, MAPPED_PRIVATE };

/* One thread of a target: what it is doing, what it has allocated, what it counted last. What each
 * event touches is in its first two cache lines, and what each page does in the two after pending
 * ones: a page that is zeroed in between takes an eighth of the first cache. */
struct task_state {
	u64 task; /* struct task_struct: tells a reused pid */
	u64 ip;
	u64 address;  /* of the fault under way; 0 unless there is one */
	u64 entry_ns; /* of a timed fault; 0 where the mode has no end of fault */
	u64 maj_flt;  /* of the task when the context began */
	s32 syscall;
	s32 stack;
	u8 context, access;
	u8 fault;        /* faults of this context not yet counted */
	u8 kernel_fault; /* one is under way in this system call */
	u8 exiting;
	u8 nr_pending;
	u8 gup_access;   /* of the guest's access, from KVM */
	u8 in_function;  /* between the begin and the end of a fault; function modes only */
	u8 stacked;      /* "stack" is that of the present system call */
	u8 uring_access; /* of the request of io_uring that the thread submitted last */
	u8 pins;         /* the present system call pins memory, and writes none */
	u8 on_present;   /* the fault under way is on a page that is mapped: it may copy that */
	u8 is_unmapping; /* the present system call unmaps private memory: see "unmaps" */
	u8 zero[3];
	u64 events;
	u64 timed_next;   /* of these events, the next that is timed */
	u64 file_mapping; /* address_space of the file below; 0: nothing */
	u64 last_ip;      /* what memo_key was made from, when of a user fault in a shmem file; */
	u64 last_mapping; /* 0 if of something else */
	u32 last_access;
	u32 flushes; /* of the memo into the map, times two; odd while one is under way */
	struct pending pending[PENDING_MAX];
	u64 released;             /* in the present system call */
	u64 swapped;              /* of the inode that the present system call gives back */
	struct site_key memo_key; /* counted here until another key comes */
	struct site memo;
	u64 switches;   /* how often others had run when the last event that is timed began, */
	u64 sampled_ns; /* and what such events took: one in EVENTS_PER_SAMPLE */
	u64 vma_start, vma_end, vma_generation;
	struct backing_key vma; /* of [vma_start, vma_end) */
	u64 mapping;            /* address_space last resolved, to ... */
	struct backing_key file;
	struct site_key key; /* being made: a program's stack is short of room for it */
	struct site add;
	/* What the present context has brought into the page cache of a file that is memory. */
	u64 file_read;    /* pages that were read, */
	u64 file_written; /* that are written, */
	u64 file_data;    /* and bytes of those read that the disk has: the others were holes */
	u64 file_index;   /* of the page that a fault writes to, and 1; 0: none */
	struct backing_key file_key;
	u64 vma_pgoff; /* index of its first page in the file; see vma_anon_pgoff */
	struct thread_key thread_key;
	struct thread thread; /* without the memo */
	/* Of the present system call, if it unmaps private memory: */
	u64 unmaps;         /* pages of its range, */
	u64 unmaps_huge;    /* those of them where there may be huge pages, */
	u64 unmaps_freed;   /* private pages that it has freed so far (execve() as well), */
	u64 unmaps_moved;   /* process.moved when it began, */
	u64 unmaps_flying;  /* pages in flight then, of other threads, */
	s64 unmaps_private; /* and the process's private pages, or FIGURE_UNKNOWN */
	u64 vma_anon_pgoff; /* index of the first page of [vma_start, vma_end) if it is anonymous */
};

/* Of a figure that this kernel does not show to programs. */
enum { FIGURE_UNKNOWN = -1 };

enum lost_kind {
	LOST_SITES,    /* map of call sites full: events */
	LOST_TASKS,    /* map of threads full */
	LOST_BACKINGS, /* map of backings full */
	LOST_ADVICE,   /* map of advice full */
	NR_LOST,
};

/* The kernel's own figures for the memory of a process at one instant. Pages, but for page_tables:
 * bytes, or FIGURE_UNKNOWN. */
struct figures {
	s64 anon;        /* mapped, and of private memory in swap; */
	s64 swapped;     /* the latter */
	s64 file, shmem; /* mapped */
	s64 hugetlb;     /* mapped */
	s64 page_tables;
	u32 running; /* threads, other than the one that looks, that may be in the midst of an
			allocation */
	u32 known;
};

/* When the kernel's figures are taken: on both sides of the instants at which counting begins and
 * ends, since the target's other threads go on meanwhile. */
enum edge { EDGE_OPEN_BEFORE, EDGE_OPEN, EDGE_CLOSE_BEFORE, EDGE_CLOSE, NR_EDGES };

/* One process: the kernel's figures for its memory, and what its threads that are gone cost. */
struct process {
	u64 events;
	u64 sampled_ns;
	u64 mm;            /* address of its struct mm_struct; 0 before it is known */
	s64 hugetlb_usage; /* mm->hugetlb_usage in pages when last looked at */
	struct figures edges[NR_EDGES];
	u64 settled; /* pages in flight when its window closed */
	/* Private pages that may be mapped no more and not yet free: */
	u64 exec_anon;   /* what it had when it last called execve() */
	u64 let_go;      /* at most so many that its calls unmapped and did not free, */
	u64 let_go_huge; /* in ranges where there may be huge pages, */
	u64 shared;      /* what it had when it forked: its children hold them, */
	u64 copied;      /* and what it wrote to after that */
	u64 forked_ns;   /* when it forked last, by the clock since boot */
	/* Private pages that its calls unmapped, and that were counted as released then: who frees
	 * them later does not release them again. */
	u64 waits;
	/* What its threads do to its private memory while one of them unmaps some: pages allocated,
	 * and calls that unmap. */
	u64 moved;
	u64 lost[NR_LOST];
	u32 exited; /* it has, or its window has closed: EDGE_CLOSE is known */
	u32 zero;
};

/* One row of call frame information: how to find the caller's frame for PCs from "pc" up to the
 * next row's. Eight bytes, since a QEMU and its libraries have 650,000 rows. */
struct unwind_row {
	u32 pc;   /* from the module's lowest loaded address (ELF virtual addresses) */
	u32 rule; /* bits 0-3 enum unwind_kind; x86-64: 4-11 where the caller's rbp is, 12-31 offset
		     in words; arm64: 4-5 where the caller's x29 is, 6-18 where the return address
		     is, 19-31 offset in pairs of words */
};

/* CFA: the canonical frame address, the caller's rsp. The return address is in the word below it.
 * On arm64 sp and x29 stand for rsp and rbp, and the return address is where the row says. */
enum unwind_kind {
	UNWIND_NONE,      /* no CFI covers these PCs */
	UNWIND_END,       /* return address undefined: the outermost frame */
	UNWIND_SP,        /* CFA = rsp + offset */
	UNWIND_BP,        /* CFA = rbp + offset */
	UNWIND_SP_DEREF,  /* CFA = *(rsp + offset) */
	UNWIND_SP_DEREF8, /* CFA = *(rsp + offset) + 8: assembly of OpenSSL */
	UNWIND_BP_DEREF,  /* CFA = *(rbp + offset): functions that realign their stack */
	UNWIND_BP_DEREF8, /* CFA = *(rbp + offset) + 8 */
	UNWIND_PLT,       /* CFA = rsp + 8, and 8 more where (PC & 15) >= offset: a PLT stub */
	UNWIND_SIGNAL,    /* the signal frame at rsp holds rsp, rbp and PC of what it interrupted */
	UNWIND_UNSUPPORTED,
};

#ifdef MIGPOP_ARM64

/* Where the caller's x29 is. */
enum {
	UNWIND_BP_SAME,     /* still in x29, */
	UNWIND_BP_BELOW_RA, /* in the word below the return address: a frame record, */
	UNWIND_BP_LOST,     /* nowhere that a row can say */
};

/* Where the return address is: that many words below the CFA; 0: still in x30. */
enum { UNWIND_RA_MAX = (1 << 13) - 1 };

/* Offsets reach 128 KiB up: x29 and, where a frame is complete, sp are below the CFA. */
enum { UNWIND_OFFSET_MAX = (1 << 13) - 1 };

#define UNWIND_SAVED(bp, ra)             ((u32)(bp) | (u32)(ra) << 2)
#define UNWIND_RULE(kind, saved, offset) ((u32)(kind) | (u32)(saved) << 4 | (u32)(offset) << 19)
#define UNWIND_KIND(rule)                ((rule)&15)
#define UNWIND_BP_AT(rule)               ((rule) >> 4 & 3)
#define UNWIND_RA_AT(rule)               ((rule) >> 6 & UNWIND_RA_MAX)
#define UNWIND_OFFSET(rule)              ((rule) >> 19)

#else

/* Where the caller's rbp is: 1 to UNWIND_BP_MAX words below the CFA, or */
enum {
	UNWIND_BP_SAME = 0, /* still in rbp, */
	UNWIND_BP_MAX = 253,
	UNWIND_BP_LOST = 254,  /* nowhere that a row can say: what needs it later ends the chain, */
	UNWIND_BP_AT_BP = 255, /* in the word that rbp points to, */
};

/* Offsets reach 4 MiB up and down. */
enum { UNWIND_OFFSET_MIN = -(1 << 19), UNWIND_OFFSET_MAX = (1 << 19) - 1 };

#define UNWIND_RULE(kind, bp, offset) ((u32)(kind) | (u32)(bp) << 4 | (u32)(offset) << 12)
#define UNWIND_KIND(rule)             ((rule)&15)
#define UNWIND_BP_AT(rule)            ((rule) >> 4 & 255)
#define UNWIND_OFFSET(rule)           ((s32)(rule) >> 12)

#endif

/* An executable mapping of a process. Its rows are rows[first_row] and those after it; without rows
 * "first_row" is the enum chain_end of chains that reach it. */
struct unwind_mapping {
	u64 start, end;
	u64 base; /* address of what rows call PC 0 */
	u32 first_row, nr_rows;
};

/* The executable mappings of a process: mappings[first] and those after it, by address. */
struct unwind_process {
	u32 first, n;
};

/* How a call chain ended. All but the first are early. */
enum chain_end {
	CHAIN_COMPLETE,   /* at the start of a thread or coroutine */
	CHAIN_TRUNCATED,  /* at CHAIN_FRAMES_MAX frames */
	CHAIN_NO_MAPPING, /* in no executable mapping known: one that was just made, or garbage */
	CHAIN_NO_CFI,     /* in code without call frame information */
	CHAIN_JIT,        /* in code made at run time: QEMU's TCG */
	CHAIN_DAMAGED,    /* in a file whose call frame information cannot be trusted */
	CHAIN_UNSUPPORTED_RULE, /* at a rule that no row can hold */
	CHAIN_REGISTER,         /* where a register is needed that was not saved */
	CHAIN_MEMORY,           /* where the stack could not be read: paged out */
	CHAIN_STACK_POINTER,    /* where the stack would not shrink, or is misaligned */
	CHAIN_STALE_MAPPING,    /* in a mapping that was just unmapped */
	CHAIN_32BIT,            /* in a task in 32-bit mode */
	CHAIN_NO_ROOM,          /* in a file for whose rows there was no room */
	CHAIN_NOT_A_RETURN, /* before a frame that no call can return to: seen by the collector */
	CHAIN_NO_MAPPING_ROOM, /* in a process for whose mappings there was no room */
	CHAIN_NOT_KEPT, /* it was found, but the table of chains had no room: see STACK_NOT_KEPT */
	CHAIN_UNREADABLE_FILE, /* in a file that could not be opened, or read */
	NR_CHAIN_ENDS,
	CHAIN_END_UNKNOWN = NR_CHAIN_ENDS, /* frame pointers do not tell */
};

/* Values of a key's "stack" that are no chain's number. */
enum {
	STACK_NOT_TAKEN = -1, /* none was asked for */
	STACK_NOT_KEPT = -2,  /* there was no room for it, or it could not be had */
};

enum { CHAIN_FRAMES_MAX = 127 };

/* A call chain, innermost first: the user PC, then return addresses. */
struct chain {
	u64 hash;
	u32 n;
	u32 end;         /* enum chain_end */
	u64 frames[128]; /* room for a mask as index; CHAIN_FRAMES_MAX are used */
};

/* Set in a frame that is no return address: what a signal interrupted. */
#define CHAIN_FRAME_EXACT (1ULL << 63)

enum stack_kind { STACK_NONE, STACK_FP, STACK_CFI };

/* What a mapping change is about; sent to the collector. */
struct mapping_change {
	u32 tgid;
	u32 exec; /* which program of the process: each has another number */
};

/* How a chain ends where the rows of a file have not been read yet: it stands for a stack that was
 * kept (struct raw_stack), and no record shows it. */
enum { CHAIN_UNREAD = 32 };

enum { RAW_STACK_BYTES = 8192, RAW_STACK_WORDS = RAW_STACK_BYTES / 8 };

/* Stacks kept of one process at a time. */
enum { RAW_STACKS_PER_PROCESS = 512 };

/* A stack that could not be unwound yet; sent to the collector. Of its words only those are kept
 * that can take part in a chain: code addresses, and pointers into this part of the stack. */
struct raw_stack {
	u32 tgid;
	s32 chain; /* that stands for it */
	u64 ip, sp, bp, lr;
	u32 exact;                      /* ip is no return address */
	u32 exec;                       /* as in struct mapping_change */
	u32 size;                       /* bytes, from sp on, aligned downwards */
	u32 nr_kept;                    /* words */
	u64 set[RAW_STACK_WORDS / 64];  /* a bit a word: it is not 0 */
	u64 kept[RAW_STACK_WORDS / 64]; /* the same: it is the next of "words" */
	u64 words[RAW_STACK_WORDS];
};

/* The chain that stands for such a stack. */
struct raw_chain {
	u32 tgid;
	u32 sent; /* the stack has gone to the collector */
};

/* What tells that a migration begins, or ends. */
enum window_signal {
	SIGNAL_NONE,
	SIGNAL_THREAD_ARGUMENT, /* a thread is created that QEMU calls so */
	SIGNAL_THREAD_NAME,     /* a thread takes that name */
	SIGNAL_STREAM_BEGIN,    /* the first bytes of a stream are read */
	SIGNAL_UNDER_WAY,       /* one was seen to be when the process was found */
	SIGNAL_THREAD_END,
	SIGNAL_STREAM_END, /* the stream is closed */
	SIGNAL_PROCESS_END,
	SIGNAL_ENDED_BEFORE, /* one that was under way was over before its end could be waited for
			      */
	SIGNAL_TOLD,         /* QEMU says so, of one that left no sign itself */
};

enum window_state {
	WINDOW_WAITS,
	WINDOW_OPEN,
	WINDOW_OVER,
	WINDOW_WAKES, /* the migration has begun, and the hooks that count are not attached yet */
};

/* What a window waits for, or'ed. */
enum window_awaits { AWAITS_STREAM = 1, AWAITS_THREAD = 2 };

/* A process that counts only while a migration of it is under way: opened and closed in the kernel,
 * at the very event. */
struct window {
	u64 open_ns, close_ns; /* CLOCK_BOOTTIME */
	u64 late_ns;           /* from the begin of the migration to that of the window */
	s64 late_pages;        /* of files, populated in that time */
	u64 ran_ns;            /* under KVM, else 0: when a guest that came here first ran, or one
				  that leaves last did */
	u64 postcopy_ns;       /* incoming: when postcopy began; else 0 */
	u64 tail;              /* the last eight bytes of the stream, as they are in memory */
	u32 state;             /* enum window_state */
	u32 opened_by, closed_by;
	u32 awaits;    /* enum window_awaits */
	u32 incoming;  /* it was opened by a stream */
	u32 thread;    /* that migrates; 0 where it is incoming */
	u32 sender;    /* enum sender_thread: which it is */
	s32 stream;    /* file descriptor; -1 before it is known, and after it was closed */
	u32 file_type; /* S_IFMT of the stream; 0 before it is known */
	u32 encrypted; /* by TLS: what the stream ends with is not to be seen */
	s32 cut;       /* descriptor that was shut down, of the stream if that is known; -1: none */
	u32 broken;    /* enum stream_broken: how the stream was seen to end too early first */
	u32 shut;      /* enum stream_shut: the destination's last word on the return path */
	u32 said;      /* enum migration_word: QEMU's own, to a monitor */
	u32 asked;  /* bytes of "migrate_cancel" that a monitor was told; all of them: CANCEL_ASKED
		     */
	u32 closer; /* incoming: thread that has closed the stream and has not come back to its
		       main loop; else 0 */
	s32 accepted;   /* incoming: the connection that came last; -1: none */
	u32 exit_code;  /* of wait(), where the process ended */
	u32 channel;    /* another thread that sends was refused: one of multifd's */
	u32 executed;   /* another emulator was started in the process, which may read at once */
	u32 complained; /* the thread that migrates has written to stderr: something failed */
	u32 zero;
};

/* What a window has no knowledge of begins so. */
#define WINDOW_UNKNOWN .stream = -1, .cut = -1, .accepted = -1

/* Threads by which a QEMU sends the guest's memory. */
enum sender_thread { SENDER_UNKNOWN, SENDER_LIVE, SENDER_SNAPSHOT, SENDER_DUMP };

/* The first sign of a stream's early end counts: QEMU shuts one down that has failed, and reads to
 * the end of one that it has shut down. */
enum stream_broken { STREAM_WHOLE, STREAM_FAILED, STREAM_CUT };

/* What MIG_RP_MSG_SHUT says. */
enum stream_shut { SHUT_NONE, SHUT_GOOD, SHUT_BAD };

/* The event MIGRATION, where the capability "events" is on. */
enum migration_word {
	WORD_NONE,
	WORD_COMPLETED,
	WORD_FAILED,
	WORD_CANCELLED,
};

enum { CANCEL_ASKED = 14 }; /* bytes of "migrate_cancel" */

enum window_event_kind {
	WINDOW_EVENT_EXEC, /* an emulator may have been started */
	WINDOW_EVENT_SOON, /* a migration is about to begin, or has: the hooks that count are wanted
			    */
	WINDOW_EVENT_RUNS, /* a guest that was thought to come here runs: it is here */
	WINDOW_EVENT_OPEN,
	WINDOW_EVENT_CLOSE,
	WINDOW_EVENT_BEGUN,  /* a migration has begun while the window was over: it is not open */
	WINDOW_EVENT_MISSED, /* of any kind and process: made by the collector */
};

/* The file of a program; all 0: none. */
struct program_key {
	u64 inode;
	u32 dev;
	u32 generation; /* of the inode's number, which is used again */
};

/* What is known of a program: how often the collector was asked what it is, up to
 * PROGRAM_ASKED_MAX, which no emulator takes to be looked at; or its answer. */
enum { PROGRAM_ASKED_MAX = 16, PROGRAM_IS_EMULATOR = 0x7fffffff };

struct window_event {
	u32 tgid;
	u32 kind;   /* enum window_event_kind */
	u32 thread; /* of what has begun: the thread, or 0 and */
	s32 stream; /* the descriptor */
};

/* WINDOW_EVENT_EXEC, by itself: the others are sent from programs that have no room for it. */
struct exec_event {
	struct window_event event;
	struct program_key program; /* what is this? All 0: it is known by its name */
};

_Static_assert(sizeof(struct unwind_row) == 8, "no padding");
_Static_assert(sizeof(struct unwind_mapping) == 32, "no padding");
_Static_assert(sizeof(struct chain) == 1040, "no padding");
_Static_assert(sizeof(struct backing_key) == 24, "no padding");
_Static_assert(sizeof(struct site_key) == 48, "no padding");
_Static_assert(sizeof(struct thread) == 56, "no padding");
_Static_assert(sizeof(struct advice_key) == 32, "no padding");
_Static_assert(sizeof(struct pending) == 16, "no padding");
_Static_assert(sizeof(struct window) == 144, "no padding");
_Static_assert(sizeof(struct window_event) == 16, "no padding");
_Static_assert(sizeof(struct exec_event) == 32, "no padding");
_Static_assert(sizeof(struct figures) == 56, "no padding");
_Static_assert(sizeof(struct process) == 368, "no padding");
_Static_assert(sizeof(struct backing) == 160, "no padding");
_Static_assert(sizeof(struct raw_stack) == 312 + RAW_STACK_BYTES, "no padding");

#endif

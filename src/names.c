/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of all enums. The words of an enum are in a switch without a default, so that a new
 * value without a word does not compile (-Wswitch). A word is part of the schema of records: words
 * are added, but never changed.
 */
#include "names.h"

#include <errno.h>
#include <linux/falloc.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "shared/chain.h"
#include "shared/keys.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

/* The tracer's values are written into records as they are, so the enums must agree. */
_Static_assert((int)ACCESS_NONE == RECORD_ACCESS_NONE && (int)ACCESS_READ == RECORD_ACCESS_READ &&
		       (int)ACCESS_WRITE == RECORD_ACCESS_WRITE,
	       "one enum in two headers");
_Static_assert((int)CONTEXT_USER == RECORD_CONTEXT_USER &&
		       (int)CONTEXT_KERNEL == RECORD_CONTEXT_KERNEL &&
		       (int)CONTEXT_SYSCALL == RECORD_CONTEXT_SYSCALL,
	       "one enum in two headers");

static const char *mode__word(int value)
{
	switch ((enum mode)value) {
	case MODE_AUTO:
		return "auto";
	case MODE_FENTRY:
		return "fentry";
	case MODE_KPROBE:
		return "kprobe";
	case MODE_TRACEPOINT:
		return "tracepoint";
	}
	return NULL;
}

static const char *stack__word(int value)
{
	switch ((enum stack_kind)value) {
	case STACK_NONE:
		return "none";
	case STACK_FP:
		return "fp";
	case STACK_CFI:
		return "cfi";
	}
	return NULL;
}

static const char *access__word(int value)
{
	switch ((enum record_access)value) {
	case RECORD_ACCESS_NONE:
		return "none";
	case RECORD_ACCESS_READ:
		return "read";
	case RECORD_ACCESS_WRITE:
		return "write";
	}
	return NULL;
}

static const char *context__word(int value)
{
	switch ((enum record_context)value) {
	case RECORD_CONTEXT_USER:
		return "user";
	case RECORD_CONTEXT_KERNEL:
		return "kernel";
	case RECORD_CONTEXT_SYSCALL:
		return "syscall";
	}
	return NULL;
}

static const char *kind__word(int value)
{
	switch ((enum record_kind)value) {
	case RECORD_KIND_SHMEM:
		return "shmem";
	case RECORD_KIND_ANON:
		return "anon";
	case RECORD_KIND_HUGETLB:
		return "hugetlb";
	case RECORD_KIND_FILE:
		return "file";
	case RECORD_KIND_PAGE_TABLES:
		return "page-tables";
	}
	return NULL;
}

static const char *chain_end__word(int value)
{
	switch ((enum chain_end)value) {
	case CHAIN_COMPLETE:
		return "complete";
	case CHAIN_TRUNCATED:
		return "truncated";
	case CHAIN_NO_MAPPING:
		return "no-mapping";
	case CHAIN_NO_CFI:
		return "no-cfi";
	case CHAIN_JIT:
		return "jit";
	case CHAIN_DAMAGED:
		return "damaged";
	case CHAIN_UNSUPPORTED_RULE:
		return "unsupported-rule";
	case CHAIN_REGISTER:
		return "register";
	case CHAIN_MEMORY:
		return "memory";
	case CHAIN_STACK_POINTER:
		return "stack-pointer";
	case CHAIN_STALE_MAPPING:
		return "stale-mapping";
	case CHAIN_32BIT:
		return "32-bit";
	case CHAIN_NO_ROOM:
		return "no-room";
	case CHAIN_NOT_A_RETURN:
		return "not-a-return-address";
	case CHAIN_NO_MAPPING_ROOM:
		return "no-room-for-mappings";
	case CHAIN_NOT_KEPT:
		return "not-kept";
	case CHAIN_UNREADABLE_FILE:
		return "unreadable-file";
	case NR_CHAIN_ENDS:
		break;
	}
	return NULL;
}

static const char *phase__word(int value)
{
	switch ((enum phase)value) {
	case PHASE_NONE:
		break;
	case PHASE_SETUP:
		return "setup";
	case PHASE_PRECOPY:
		return "precopy";
	case PHASE_DOWNTIME:
		return "downtime";
	case PHASE_POSTCOPY:
		return "postcopy";
	case PHASE_INCOMING:
		return "incoming";
	case PHASE_STOPPED:
		return "stopped";
	}
	return NULL;
}

static const char *role__word(int value)
{
	switch ((enum migration_role)value) {
	case ROLE_UNKNOWN:
		break;
	case ROLE_SOURCE:
		return "source";
	case ROLE_DESTINATION:
		return "destination";
	}
	return NULL;
}

static const char *outcome__word(int value)
{
	switch ((enum migration_outcome)value) {
	case OUTCOME_UNKNOWN:
		break;
	case OUTCOME_COMPLETED:
		return "completed";
	case OUTCOME_FAILED:
		return "failed";
	case OUTCOME_CANCELLED:
		return "cancelled";
	case OUTCOME_KILLED:
		return "killed";
	case OUTCOME_ENDED:
		return "ended";
	}
	return NULL;
}

static const char *transport__word(int value)
{
	switch ((enum migration_transport)value) {
	case TRANSPORT_UNKNOWN:
		break;
	case TRANSPORT_SOCKET:
		return "socket";
	case TRANSPORT_PIPE:
		return "pipe";
	case TRANSPORT_FILE:
		return "file";
	case TRANSPORT_FD:
		return "fd";
	case TRANSPORT_EXEC:
		return "exec";
	case TRANSPORT_RDMA:
		return "rdma";
	}
	return NULL;
}

static const char *purpose__word(int value)
{
	switch ((enum migration_purpose)value) {
	case PURPOSE_UNKNOWN:
		break;
	case PURPOSE_LIVE:
		return "live";
	case PURPOSE_SAVE:
		return "save";
	case PURPOSE_RESTORE:
		return "restore";
	case PURPOSE_DUMP:
		return "dump";
	case PURPOSE_SNAPSHOT:
		return "snapshot";
	}
	return NULL;
}

/* A word for programs, and a text for people. */
struct reason {
	const char *word, *text;
};

static struct reason reason__names(int value)
{
	switch ((enum window_reason)value) {
	case REASON_UNKNOWN:
		break;
	case REASON_ATTACH:
		return (struct reason){"attach", "attach"};
	case REASON_COMMAND_START:
		return (struct reason){"command-start", "start of the command"};
	case REASON_BEFORE_MIGRATION:
		return (struct reason){"before-migration", "before the migration"};
	case REASON_THREAD_ARGUMENT:
		return (struct reason){"thread-argument", "creation of QEMU's migration thread"};
	case REASON_THREAD_NAME:
		return (struct reason){"thread-name", "name of QEMU's migration thread"};
	case REASON_STREAM_BEGIN:
		return (struct reason){"stream-begin", "begin of the incoming stream"};
	case REASON_UNDER_WAY:
		return (struct reason){"under-way", "attach, the migration was under way"};
	case REASON_THREAD_END:
		return (struct reason){"thread-end", "end of QEMU's migration thread"};
	case REASON_STREAM_END:
		return (struct reason){"stream-end", "end of the incoming stream"};
	case REASON_PROCESS_END:
		return (struct reason){"process-end", "end of the process"};
	case REASON_ENDED_BEFORE:
		return (struct reason){"ended-before", "its end, before it could be watched"};
	case REASON_MIGRATION_END:
		return (struct reason){"migration-end", "end of the migration"};
	case REASON_MONITOR_GONE:
		return (struct reason){"monitor-gone", "monitor gone"};
	case REASON_TRACER_STOP:
		return (struct reason){"tracer-stop", "stop of the tracer"};
	case REASON_INTERRUPT:
		return (struct reason){"interrupt", "Ctrl-C"};
	case REASON_TERMINATE:
		return (struct reason){"terminate", "SIGTERM"};
	case REASON_DURATION:
		return (struct reason){"duration", "duration"};
	case REASON_COMMAND_END:
		return (struct reason){"command-end", "end of the command"};
	case REASON_TARGET_END:
		return (struct reason){"target-end", "end of the target"};
	case REASON_STILL_OPEN:
		return (struct reason){"still-open", "still open"};
	case REASON_BEFORE_POPULATING:
		return (struct reason){"before-populating", "before populating"};
	case REASON_POPULATED:
		return (struct reason){"populated", "populated"};
	case REASON_REPLAY_START:
		return (struct reason){"replay-start", "start of the replay"};
	case REASON_REPLAY_END:
		return (struct reason){"replay-end", "end of the replay"};
	case REASON_NO_MEMORY:
		return (struct reason){"no-memory", "out of memory"};
	}
	return (struct reason){NULL, NULL};
}

static const char *reason__word(int value)
{
	return reason__names(value).word;
}

static const char *loss__word(int value)
{
	switch ((enum loss)value) {
	case LOSS_UNKNOWN:
		break;
	case LOSS_NOTHING:
		return "nothing";
	case LOSS_CHAINS:
		return "chains";
	case LOSS_EVENTS:
		return "events";
	}
	return NULL;
}

static const char *table__word(int value)
{
	switch ((enum record_table)value) {
	case TABLE_UNKNOWN:
		break;
	case TABLE_CALLSITES:
		return "callsites";
	case TABLE_THREADS:
		return "threads";
	case TABLE_BACKINGS:
		return "backings";
	case TABLE_ADVICE:
		return "advice";
	case TABLE_CHAINS:
		return "chains";
	case TABLE_UNWIND_ROWS:
		return "unwind-rows";
	case TABLE_UNWIND_MAPPINGS:
		return "unwind-mappings";
	case TABLE_UNWIND_MODULES:
		return "unwind-modules";
	case TABLE_UNWIND_PROCESSES:
		return "unwind-processes";
	}
	return NULL;
}

/* Numbers of the kernel's interface, which have gaps. */
struct numbered {
	int value;
	const char *word;
};

static const char *numbered__find(const struct numbered *v, size_t n, int value)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].value == value)
			return v[i].word;
	return NULL;
}

static const char *call__word(int value)
{
	static const struct numbered calls[] = {
		{SYS_madvise, "madvise"},     {SYS_process_madvise, "process_madvise"},
		{SYS_fallocate, "fallocate"}, {SYS_munmap, "munmap"},
		{SYS_mremap, "mremap"},       {SYS_truncate, "truncate"},
		{SYS_ftruncate, "ftruncate"}, {SYS_close, "close"},
	};

	return numbered__find(calls, ARRAY_SIZE(calls), value);
}

/* Behaviours of madvise() are smaller than FALLOCATE_MODES; modes of fallocate() are added to it.
 * */
enum { FALLOCATE_MODES = 256 };

#define NAME(x)                                                                                    \
	{                                                                                          \
		x, #x                                                                              \
	}

/* From linux/mman.h of 6.18. Names that older C libraries lack are given by number. */
static const struct numbered advice[] = {
	NAME(MADV_NORMAL),           NAME(MADV_RANDOM),          NAME(MADV_SEQUENTIAL),
	NAME(MADV_WILLNEED),         NAME(MADV_DONTNEED),        NAME(MADV_FREE),
	NAME(MADV_REMOVE),           NAME(MADV_DONTFORK),        NAME(MADV_DOFORK),
	NAME(MADV_MERGEABLE),        NAME(MADV_UNMERGEABLE),     NAME(MADV_HUGEPAGE),
	NAME(MADV_NOHUGEPAGE),       NAME(MADV_DONTDUMP),        NAME(MADV_DODUMP),
	NAME(MADV_WIPEONFORK),       NAME(MADV_KEEPONFORK),      NAME(MADV_COLD),
	NAME(MADV_PAGEOUT),          NAME(MADV_POPULATE_READ),   NAME(MADV_POPULATE_WRITE),
	NAME(MADV_DONTNEED_LOCKED),  NAME(MADV_HWPOISON),        {25, "MADV_COLLAPSE"},
	{102, "MADV_GUARD_INSTALL"}, {103, "MADV_GUARD_REMOVE"},
};

static const struct numbered fallocate_modes[] = {
	{0, "allocate"},
	NAME(FALLOC_FL_KEEP_SIZE),
	{FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, "FALLOC_FL_PUNCH_HOLE"},
	NAME(FALLOC_FL_COLLAPSE_RANGE),
	NAME(FALLOC_FL_ZERO_RANGE),
	{FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, "FALLOC_FL_ZERO_RANGE"},
	NAME(FALLOC_FL_INSERT_RANGE),
	NAME(FALLOC_FL_UNSHARE_RANGE),
};

#undef NAME

static const char *behavior__word(int value)
{
	return value < FALLOCATE_MODES
		       ? numbered__find(advice, ARRAY_SIZE(advice), value)
		       : numbered__find(fallocate_modes, ARRAY_SIZE(fallocate_modes),
					value - FALLOCATE_MODES);
}

static const char *errno__word(int value)
{
	return value ? strerrorname_np(value) : NULL;
}

static const char *(*const words[NR_NAMES_SETS])(int value) = {
	[NAMES_MODE] = mode__word,           [NAMES_STACK] = stack__word,
	[NAMES_ACCESS] = access__word,       [NAMES_CONTEXT] = context__word,
	[NAMES_KIND] = kind__word,           [NAMES_CHAIN_END] = chain_end__word,
	[NAMES_CALL] = call__word,           [NAMES_BEHAVIOR] = behavior__word,
	[NAMES_ERRNO] = errno__word,         [NAMES_PHASE] = phase__word,
	[NAMES_ROLE] = role__word,           [NAMES_OUTCOME] = outcome__word,
	[NAMES_TRANSPORT] = transport__word, [NAMES_PURPOSE] = purpose__word,
	[NAMES_REASON] = reason__word,       [NAMES_TABLE] = table__word,
	[NAMES_LOSS] = loss__word,
};

const char *names__word(enum names_set set, int value)
{
	return value >= 0 && value < NAMES_VALUES ? words[set](value) : NULL;
}

int names__value(enum names_set set, const char *word)
{
	for (int value = 0; value < NAMES_VALUES; value++) {
		const char *s = words[set](value);

		if (s && strcmp(s, word) == 0)
			return value;
	}
	return -1;
}

static const char *or_other(const char *word)
{
	return word ? word : "other";
}

const char *names__static(enum names_set set, const char *s)
{
	return s ? or_other(names__word(set, names__value(set, s))) : NULL;
}

const char *mode__name(enum mode mode)
{
	return or_other(names__word(NAMES_MODE, (int)mode));
}

const char *stack__name(int stack)
{
	return or_other(names__word(NAMES_STACK, stack));
}

const char *chain_end__name(uint32_t end)
{
	return end < NR_CHAIN_ENDS ? chain_end__word((int)end) : NULL;
}

const char *phase__name(enum phase phase)
{
	return names__word(NAMES_PHASE, (int)phase);
}

const char *record_kind__name(enum record_kind kind)
{
	return or_other(names__word(NAMES_KIND, (int)kind));
}

const char *kind__name(uint32_t kind)
{
	switch ((enum kind)kind) {
	case KIND_SHMEM:
		return record_kind__name(RECORD_KIND_SHMEM);
	case KIND_ANON:
	case KIND_PRIVATE_FILE: /* private copies of pages of a file; the memory is named after the
				   file */
		return record_kind__name(RECORD_KIND_ANON);
	case KIND_HUGETLB:
		return record_kind__name(RECORD_KIND_HUGETLB);
	case KIND_FILE:
		return record_kind__name(RECORD_KIND_FILE);
	case KIND_NONE:
		break;
	}
	return or_other(NULL);
}

const char *record_access__name(enum record_access a)
{
	return or_other(names__word(NAMES_ACCESS, (int)a));
}

const char *record_context__name(enum record_context c)
{
	return or_other(names__word(NAMES_CONTEXT, (int)c));
}

const char *errno__name(int error)
{
	return error ? or_other(names__word(NAMES_ERRNO, error)) : NULL;
}

const char *window_reason__text(enum window_reason reason)
{
	return reason__names((int)reason).text;
}

char *syscall__name(int32_t nr)
{
	/* These are not system calls, but who populates memory for a process, or the end of the
	 * process. */
	static const struct numbered workers[] = {
		{SYSCALL_IO_URING, "io_uring worker"},
		{SYSCALL_VHOST, "vhost worker"},
		{SYSCALL_KTHREAD, "kernel thread"},
		{SYSCALL_EXIT, "exit"},
	};
	const char *worker = numbered__find(workers, ARRAY_SIZE(workers), nr);
	char *name;

	if (worker)
		return strdup(worker);
	name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
	if (!name && asprintf(&name, "syscall %d", nr) < 0)
		return NULL;
	return name;
}

const char *call__name(int32_t nr)
{
	return or_other(names__word(NAMES_CALL, nr));
}

const char *behavior__name(int32_t nr, int32_t behavior)
{
	if (nr == SYS_madvise || nr == SYS_process_madvise)
		return or_other(behavior < FALLOCATE_MODES ? names__word(NAMES_BEHAVIOR, behavior)
							   : NULL);
	if (nr != SYS_fallocate)
		return NULL;
	return or_other(behavior < 0 || behavior >= FALLOCATE_MODES
				? NULL
				: names__word(NAMES_BEHAVIOR, FALLOCATE_MODES + behavior));
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which signs that the kernel's programs left in a window mean which outcome.
 */
#include <string.h>
#include <sys/stat.h>

#include "books/outcome.h"

/*
 * True if the stream is whole. QEMU ends a stream with the description of its sections, which is
 * JSON whose last part is the list of devices. In postcopy, or if the machine has
 * suppress-vmdesc=on, a stream ends with the footer of the last section and QEMU_VM_EOF
 * (migration/savevm.c).
 */
static bool is_whole(const struct window *w)
{
	enum { FOOTER = 0x7e, END = 0 };
	unsigned char tail[sizeof(w->tail)];

	memcpy(tail, &w->tail, sizeof(tail));
	if (w->encrypted)
		return false;
	if (!memcmp(tail + 4, "]}]}", 4))
		return true;
	return tail[2] == FOOTER && !tail[3] && !tail[4] && tail[7] == END;
}

static enum migration_outcome word__outcome(u32 said)
{
	switch ((enum migration_word)said) {
	case WORD_COMPLETED:
		return OUTCOME_COMPLETED;
	case WORD_FAILED:
		return OUTCOME_FAILED;
	case WORD_CANCELLED:
		return OUTCOME_CANCELLED;
	case WORD_NONE:
		break;
	}
	return OUTCOME_UNKNOWN;
}

static enum migration_outcome source__outcome(const struct window *w)
{
	bool asked = w->asked == CANCEL_ASKED;

	if (w->broken ==
	    STREAM_CUT) /* if not asked: by the command "yank", or because QEMU quits */
		return asked ? OUTCOME_CANCELLED : OUTCOME_ENDED;
	if (w->broken == STREAM_FAILED || w->shut == SHUT_BAD)
		return OUTCOME_FAILED;
	if (is_whole(w))
		return OUTCOME_COMPLETED;
	/* A pipe or a file cannot be shut down. If a save fails while it is being cancelled, QEMU
	 * says either: migration_completion() of 10.0 and 11.1, if it finds that the migration is
	 * neither active nor in postcopy, calls it failed. */
	if (asked && !w->encrypted && (w->file_type || w->cut >= 0))
		return w->complained ? OUTCOME_ENDED : OUTCOME_CANCELLED;
	/* Multifd sends pages through other channels: the stream just stops. */
	if (w->channel && !asked && !w->encrypted)
		return OUTCOME_FAILED;
	return OUTCOME_ENDED;
}

static enum migration_outcome destination__outcome(const struct window *w)
{
	if (w->shut)
		return w->shut == SHUT_GOOD ? OUTCOME_COMPLETED : OUTCOME_FAILED;
	if (is_whole(w))
		return OUTCOME_COMPLETED;
	return w->broken == STREAM_FAILED ? OUTCOME_FAILED : OUTCOME_ENDED;
}

/* A process that ended was killed, or it is a destination that could not load what came: that ends
 * it with a status. */
static enum migration_outcome process__outcome(const struct window *w)
{
	enum migration_outcome said = word__outcome(w->said);

	if (w->exit_code & 0x7f)
		return OUTCOME_KILLED;
	if (said != OUTCOME_UNKNOWN)
		return said;
	return w->exit_code ? OUTCOME_FAILED : OUTCOME_ENDED;
}

enum migration_outcome window__outcome(const struct window *w)
{
	enum migration_outcome said = word__outcome(w->said);

	switch ((enum window_signal)w->closed_by) {
	case SIGNAL_PROCESS_END:
		return process__outcome(w);
	case SIGNAL_THREAD_END:
		return said != OUTCOME_UNKNOWN ? said : source__outcome(w);
	case SIGNAL_STREAM_END:
		return said != OUTCOME_UNKNOWN ? said : destination__outcome(w);
	case SIGNAL_ENDED_BEFORE:
		return OUTCOME_ENDED;
	case SIGNAL_TOLD:
		return said;
	default:
		return OUTCOME_UNKNOWN;
	}
}

const char *migration_outcome__text(enum migration_outcome outcome)
{
	const char *word = names__word(NAMES_OUTCOME, outcome);

	return word ? word : "unknown";
}

static enum migration_transport window__transport(const struct window *w)
{
	switch (w->file_type) {
	case 0:
		return TRANSPORT_UNKNOWN;
	case S_IFSOCK:
		return TRANSPORT_SOCKET;
	case S_IFIFO:
		return TRANSPORT_PIPE;
	case S_IFREG:
	case S_IFBLK:
		return TRANSPORT_FILE;
	default:
		return TRANSPORT_FD;
	}
}

static enum migration_purpose window__purpose(const struct window *w)
{
	if (w->sender == SENDER_SNAPSHOT)
		return PURPOSE_SNAPSHOT;
	if (w->sender == SENDER_DUMP)
		return PURPOSE_DUMP;
	switch (window__transport(w)) {
	case TRANSPORT_SOCKET:
		return PURPOSE_LIVE;
	case TRANSPORT_PIPE:
		/* libvirt tunnels migrations through pipes, too: what comes in by one may be
		 * either. A guest that runs on is not being saved by `virsh save`. */
		return w->incoming || w->ran_ns ? PURPOSE_UNKNOWN : PURPOSE_SAVE;
	case TRANSPORT_FILE:
		return w->incoming ? PURPOSE_RESTORE : PURPOSE_SAVE;
	default:
		return PURPOSE_UNKNOWN;
	}
}

void window__describe(const struct window *w, struct record_migration *out)
{
	out->role = w->incoming ? ROLE_DESTINATION : ROLE_SOURCE;
	out->outcome = window__outcome(w);
	out->transport = window__transport(w);
	out->purpose = window__purpose(w);
}

bool window__comes_again(const struct window *w)
{
	enum migration_outcome outcome = window__outcome(w);

	return w->incoming && outcome != OUTCOME_COMPLETED &&
	       !(w->encrypted && outcome == OUTCOME_ENDED);
}

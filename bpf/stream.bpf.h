/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the system calls of a QEMU tell of its migration while a window is open: which descriptor is
 * the stream, whether the stream was sent to its end, and what QEMU says to its monitors. It must
 * not know when a window opens or closes.
 */
#ifndef MIGPOP_STREAM_BPF_H
#define MIGPOP_STREAM_BPF_H

/* True if a stream of the process's VMM begins with these bytes. */
static __always_inline bool window__is_magic(const struct window *w, u32 bytes)
{
	return bytes && bytes == vmm_signs[w->vmm % VMM_MAX].magic;
}

/* A piece of a process's memory. */
struct piece {
	u64 address, len;
};

static __always_inline bool sends_pieces(s32 nr)
{
	return nr == __NR_sendmsg || nr == __NR_writev || nr == __NR_pwritev;
}

static __always_inline bool sends(s32 nr)
{
	return sends_pieces(nr) || nr == __NR_write || nr == __NR_sendto || nr == __NR_pwrite64;
}

static __always_inline bool polls(s32 nr)
{
#ifdef __NR_poll /* newer architectures have only ppoll() and epoll_pwait() */
	if (nr == __NR_poll || nr == __NR_epoll_wait)
		return true;
#endif
	return nr == __NR_ppoll || nr == __NR_epoll_pwait || nr == __NR_epoll_pwait2;
}

/* Stores what the current thread's call sends: its first piece or, with "last", its last one. */
static __always_inline void sent__piece(s32 nr, bool last, struct piece *out)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	struct piece all = {regs__arg2(regs),
			    regs__arg3(regs)}; /* one buffer, or an array of pieces */

	if (nr == __NR_sendmsg) /* struct user_msghdr: msg_iov, msg_iovlen */
		bpf_probe_read_user(&all, sizeof(all), (const void *)(all.address + 16));
	*out = all;
	if (!sends_pieces(nr))
		return;
	if (last && all.len)
		all.address += (all.len - 1) * sizeof(*out);
	out->len = 0;
	bpf_probe_read_user(out, sizeof(*out), (const void *)all.address);
}

/* Notes how the stream went on. Its last "len" bytes end at "end", in one piece. Pages of the guest
 * are pieces of their own (migration/qemu-file.c): their content says nothing of the stream. */
static __always_inline void window__take_tail(struct window *w, u64 end, u64 len)
{
	u32 n = len < sizeof(w->tail) ? (u32)len & 7 : 8;
	u64 bytes = 0;

	if (len && !(end & 4095) && !(len & 4095)) {
		w->tail = 0;
		return;
	}
	if (!n || bpf_probe_read_user(&bytes, n, (const void *)(end - n)))
		return;
	w->tail = n == 8 ? bytes : w->tail >> (8 * n) | bytes << (64 - 8 * n);
}

/* Notes MIG_RP_MSG_SHUT, the last message of a return path, with its value in big endian. */
static __always_inline void window__take_shut(struct window *w, u64 address, u64 len)
{
	u64 message;

	if (len < sizeof(message) ||
	    bpf_probe_read_user(&message, sizeof(message),
				(const void *)(address + len - sizeof(message))))
		return;
	if ((u32)message == 0x04000100)
		w->shut = message >> 32 ? SHUT_BAD : SHUT_GOOD;
}

/* A descriptor turns out to be the stream. What was seen of an earlier stream is void: postcopy
 * that was interrupted goes on by another one. */
static __always_inline void window__take_stream(struct window *w, s32 fd, bool encrypted)
{
	const struct inode *inode = task__inode(bpf_get_current_task_btf(), (u32)fd);

	if (!inode) /* another thread has closed it */
		return;
	w->file_type = BPF_CORE_READ(inode, i_mode) & S_IFMT;
	w->encrypted = encrypted;
	w->broken = STREAM_WHOLE;
	w->shut = SHUT_NONE;
	w->tail = 0;
	if (w->cut != fd)
		w->cut = -1;
	else
		w->broken = STREAM_CUT; /* it was shut down before its first byte was seen */
	w->stream = fd;
}

/* True for the first bytes of a record of TLS: of a handshake, or of data. */
static __always_inline bool is_tls(u32 bytes)
{
	return (bytes & 0xffff) == 0x0316 || (bytes & 0xffff) == 0x0317;
}

/* Decides whether a descriptor is the stream, by the first bytes that the thread that migrates
 * sends to it. With the capability "events", QEMU 7.2 and 10.0 let that thread write to monitors
 * too, before its first byte of the stream. The begin of a stream is not seen if it was under way
 * when the process was found, if it began before the hooks were attached (late_ns), or if it goes
 * on after postcopy was interrupted; such a stream is written in pieces, an eventfd is not. A dump
 * is not a stream: what its thread writes first is its file. */
static __always_inline void window__recognize(struct window *w, s32 nr, s32 fd, u32 bytes)
{
	bool goes_on = sends_pieces(nr) &&
		       (w->opened_by == SIGNAL_UNDER_WAY || w->late_ns || w->file_type);

	if (w->sender == SENDER_DUMP)
		window__take_stream(w, fd, false);
	else if (window__is_magic(w, bytes) || is_tls(bytes))
		window__take_stream(w, fd, !window__is_magic(w, bytes));
	else if (goes_on && fd != 2 && (bytes & 0xff) != '{')
		window__take_stream(w, fd, false);
}

enum { SAID_SIZE = 160, SAID_LOOKS = 4 };

/* Where the status begins after the M of
 * {"timestamp": {…}, "event": "MIGRATION", "data": {"status": "completed"}} */
enum { SAID_STATUS = 32 };

static __always_inline u32 status__word(u64 address)
{
	char status[8] = {};

	if (bpf_probe_read_user(status, sizeof(status), (const void *)address))
		return WORD_NONE;
	if (status[0] == 'c' && status[1] == 'o' && status[2] == 'm' && status[3] == 'p')
		return WORD_COMPLETED;
	if (status[0] == 'f' && status[1] == 'a' && status[2] == 'i' && status[3] == 'l')
		return WORD_FAILED;
	/* Nothing but "cancelled" follows "cancelling", and QEMU says it when the thread is
	 * gone. */
	if (status[0] == 'c' && status[1] == 'a' && status[2] == 'n' && status[3] == 'c')
		return WORD_CANCELLED;
	return WORD_NONE;
}

/* Returns the status in an event MIGRATION that begins in these bytes; WORD_NONE if there is no
 * such event. */
__noinline int said__word(u64 address, u64 size)
{
	char text[SAID_SIZE] = {};

	if (size > SAID_SIZE)
		size = SAID_SIZE;
	if (bpf_probe_read_user(text, size, (const void *)address))
		return WORD_NONE;
	for (u32 i = 0; i + 10 < SAID_SIZE; i++)
		if (text[i] == 'M' && text[i + 1] == 'I' && text[i + 2] == 'G' &&
		    text[i + 3] == 'R' && text[i + 8] == 'N' && text[i + 9] == '"')
			return status__word(address + i + SAID_STATUS);
	return WORD_NONE;
}

/* Returns the status of the last event MIGRATION in what is written, which may be for a monitor. A
 * monitor that was not read for a while is written several events at once. */
static __always_inline u32 said__last_word(const struct piece *p)
{
	u64 len = p->len, at;
	u32 word = WORD_NONE;

	for (u32 i = 0; i < SAID_LOOKS && !word && len; i++) {
		at = len > SAID_SIZE ? len - SAID_SIZE : 0;
		word = said__word(p->address + at, len - at);
		len = at ? at + 10
			 : 0; /* an event may begin before, and end in what was looked at */
	}
	return word;
}

const volatile char cancel_word[16] = "migrate_cancel";

/* Hears one byte. QEMU reads monitors a byte at a time (monitor_can_read()). "migrate_cancel" has
 * one m, so a wrong byte begins the word anew. */
static __always_inline void window__hear_byte(struct window *w, u64 address)
{
	u32 at = w->asked;
	char c = 0;

	if (at >= CANCEL_ASKED || bpf_probe_read_user(&c, 1, (const void *)address))
		return;
	if (c == cancel_word[at & 15])
		w->asked = at + 1;
	else
		w->asked = c == 'm';
}

/* Returns where the data of a call that reads from a descriptor went; 0 if the call does not
 * read. */
static __always_inline u64 reads_into(s32 nr, u64 second)
{
	u64 vector = 0, base = 0;

	switch (nr) {
	case __NR_read:
	case __NR_recvfrom:
	case __NR_pread64:
		return second;
	case __NR_recvmsg: /* struct user_msghdr: msg_iov */
		bpf_probe_read_user(&vector, sizeof(vector), (const void *)(second + 16));
		break;
	case __NR_readv:
	case __NR_preadv:
	case __NR_preadv2:
		vector = second;
		break;
	default:
		return 0;
	}
	bpf_probe_read_user(&base, sizeof(base), (const void *)vector);
	return base;
}

enum { ECONNRESET = 104 }; /* include/uapi/asm-generic/errno.h */

static __always_inline bool is_refusal(s64 ret)
{
	return ret < 0 && ret != -EAGAIN && ret != -EINTR;
}

static __always_inline void window__on_broken(struct window *w, enum stream_broken how)
{
	if (!w->broken && !w->shut)
		w->broken = how;
}

/* A call has read something, in a process whose window is open. */
static __always_inline void window__on_data(struct window *w, s32 fd, u64 data, s64 ret)
{
	u32 bytes = 0;

	if (fd != w->stream) {
		if (ret == 1 && !w->incoming)
			window__hear_byte(w, data);
		/* What was encrypted was something else (SPICE). */
		if (ret >= 4 && w->encrypted && w->incoming &&
		    !bpf_probe_read_user(&bytes, sizeof(bytes), (const void *)data) &&
		    window__is_magic(w, bytes))
			window__take_stream(w, fd, false);
		/* Postcopy that was interrupted goes on by another connection. */
		if (ret > 0 && w->incoming && w->stream < 0 && fd == w->accepted)
			window__take_stream(w, fd, w->encrypted);
		return;
	}
	/* The stream was under way when it was found. */
	if (!w->file_type && ret > 2 && !bpf_probe_read_user(&bytes, 2, (const void *)data))
		window__take_stream(w, fd, is_tls(bytes));
	if (!ret || is_refusal(ret))
		window__on_broken(w, STREAM_FAILED);
	else if (ret > 0 && w->incoming)
		window__take_tail(w, data + ret, ret);
	else if (ret > 0)
		window__take_shut(w, data, ret);
}

/* A call that sends begins, in a process whose window is open. */
__noinline int window__on_send(u32 tgid, s32 nr, s32 fd)
{
	u32 pid = bpf_get_current_task_btf()->pid, bytes = 0, word;
	struct window *w = bpf_map_lookup_elem(&windows, &tgid);
	struct piece first = {};

	if (!w)
		return 0;
	sent__piece(nr, false, &first);
	bpf_probe_read_user(&bytes, sizeof(bytes), (const void *)first.address);
	if (fd == 2 && w->thread == pid)
		w->complained = 1;
	if ((bytes & 0xff) == '{' && fd != w->stream) {
		word = said__last_word(&first);
		if (word != WORD_NONE)
			w->said = word;
		/* If another connection was taken for the stream, the stream is not seen to be
		 * closed. */
		if (w->incoming && w->encrypted && word)
			w->closer = pid;
		return 0;
	}
	if (w->incoming && fd == w->stream)
		window__take_shut(w, first.address, first.len);
	else if (!w->incoming && w->stream < 0 && w->thread == pid)
		window__recognize(w, nr, fd, bytes);
	return 0;
}

/* The thread that migrates has ended a call that sends into the stream. */
__noinline int window__on_sent(u32 tgid, s32 nr, s64 ret)
{
	struct window *w = bpf_map_lookup_elem(&windows, &tgid);
	struct piece last = {};

	if (!w)
		return 0;
	if (is_refusal(ret)) {
		window__on_broken(w, STREAM_FAILED);
	} else if (ret > 0 && !w->encrypted) {
		sent__piece(nr, true, &last);
		window__take_tail(w, last.address + last.len, last.len);
	}
	return 0;
}

#endif

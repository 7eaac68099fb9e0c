/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ordinary files that are memory: what is brought into their page cache, by whom, and whether the
 * file had anything there. The kernel says when a page enters the cache, so only one thing is
 * pending: whether the page was a hole. When the context ends, the bytes that were read from the
 * disk tell.
 */
#ifndef MIGPOP_FILE_BPF_H
#define MIGPOP_FILE_BPF_H

/* Counts the pages that the context has brought in: by reading, of which the holes are zero; and by
 * writing. */
__noinline int thread__settle_file(u64 of)
{
	struct task_state *ts = task_state__of(of);
	u64 data, read, written;
	struct site_key *key;
	struct site *add;

	if (!ts || !ts->file_mapping)
		return 0;
	key = &ts->key;
	add = &ts->add;
	data = (ts->file_data + 4095) >> PAGE_SHIFT;
	read = ts->file_read;
	written = ts->file_written;
	task_state__key(ts, ts->thread_key.tgid, key);
	key->backing = ts->file_key;
	key->context = ts->context;
	__builtin_memset(add, 0, sizeof(*add));
	if (read) {
		key->access = ACCESS_READ;
		add->populated = read;
		add->zero_populated = read > data ? read - data : 0;
		task_state__count(ts, key, add);
	}
	if (written) {
		key->access = ACCESS_WRITE;
		add->populated = written;
		add->zero_populated = 0;
		task_state__count(ts, key, add);
	}
	ts->file_mapping = 0;
	ts->file_read = 0;
	ts->file_written = 0;
	ts->file_data = 0;
	ts->file_index = 0;
	return 0;
}

/* Returns how many of the pages that enter the cache are written. A fault writes only the page at
 * its address, and no page of a private mapping, which is copied: all other pages come by
 * read-ahead. */
__noinline int thread__pages_written(u64 of, u64 first, u64 pages)
{
	struct task_state *ts = task_state__of(of);
	u64 index;

	if (!ts)
		return 0;
	if (ts->context == CONTEXT_SYSCALL) {
		ts->key.backing = ts->file_key;
		return task_state__call_access(ts, ts->in_function, ts->access) == ACCESS_WRITE
			       ? pages
			       : 0;
	}
	if (ts->access != ACCESS_WRITE || !task_state__find_vma(ts, ts->address) ||
	    ts->vma.kind == KIND_PRIVATE_FILE)
		return 0;
	index = ts->vma_pgoff + ((ts->address - ts->vma_start) >> PAGE_SHIFT);
	if (index - first >= pages)
		return 0;
	ts->file_index = index + 1;
	return 1;
}

/* Counts for a task that is not watched: a target whose window is not open, or a thread of the
 * kernel. */
static __always_inline void count_in_passing(struct task_struct *task,
					     const struct backing_key *backing, struct backing *b,
					     u64 pages)
{
	struct site_key key = {.backing = *backing, .stack = -1, .context = CONTEXT_SYSCALL};
	struct site add = {.populated = pages};
	u64 ip;

	key.syscall = task__syscall(task, &ip);
	key.ip = ip;
	key.tgid = task->tgid;
	b->flags |= BACKING_HOLES_UNKNOWN;
	site__add(&key, &add);
	thread__count(task->tgid, task->pid, &add);
}

/* Makes the context in which the page was allocated the present one; if the allocation was not
 * seen, the present call. The page is not pending any more, since it is known what it became. */
static __always_inline void task_state__enter_file_context(struct task_state *ts, void *ctx,
							   struct task_struct *task,
							   const struct folio *folio)
{
	s32 nr = SYSCALL_NONE;
	u64 ip = 0;

	if (ts->nr_pending &&
	    ts->pending[(ts->nr_pending - 1) & (PENDING_MAX - 1)].page == (u64)folio) {
		ts->nr_pending--;
		return;
	}
	if (ts->context != CONTEXT_USER)
		nr = task__syscall(task, &ip);
	task_state__enter_context(ts, ctx, task, nr, ip, UNWIND_IN_PAGE_CACHE);
}

/* A page enters the cache of a file that is no memory of a target. It is no longer pending: before
 * the thread's next event it may be freed, and be somebody else's memory. */
static __always_inline void task__forget_page(struct task_struct *task, const struct folio *folio)
{
	struct task_state *ts;

	if (!is_watched(task))
		return;
	ts = task_state__find(task);
	if (ts && ts->nr_pending &&
	    ts->pending[(ts->nr_pending - 1) & (PENDING_MAX - 1)].page == (u64)folio)
		ts->nr_pending--;
}

static __always_inline void on_page_cache_add(void *ctx, struct task_struct *task,
					      struct folio *folio)
{
	struct address_space *mapping;
	u64 pages, written;
	struct backing_key key;
	struct task_state *ts;
	struct backing *b;

	if (closed)
		return;
	mapping = BPF_CORE_READ(folio, mapping);
	if (!nr_files || inode__memory_key(BPF_CORE_READ(mapping, host), &key) != KIND_FILE ||
	    !(b = bpf_map_lookup_elem(&backings, &key))) {
		task__forget_page(task, folio);
		return;
	}
	if (!backing__counts(b) || (b->exited && !is_watched(task)))
		return;
	pages = 1ULL << (folio__order(folio) & 31);
	if (!is_watched(task)) {
		if (is_target(task) || task->flags & PF_KTHREAD) {
			count_in_passing(task, &key, b, pages);
			return;
		}
		other__watch(task->tgid);
	}
	ts = task_state__get(task);
	if (!ts)
		return;
	ENDS_WITH_SCOPE struct event event = event__begin(ts);

	if (ts->file_mapping != (u64)mapping)
		thread__settle_file(task_state__thread(ts));
	task_state__enter_file_context(ts, ctx, task, folio);
	ts->file_mapping = (u64)mapping;
	ts->file_key = key;
	written = thread__pages_written(task_state__thread(ts), BPF_CORE_READ(folio, index), pages);
	ts->file_written += written;
	ts->file_read += pages - written;
	/* Read-ahead brings more pages in the same fault. */
	ts->kernel_fault = ts->context == CONTEXT_KERNEL;
}

static __always_inline void file__holes_unknown(const struct task_state *ts)
{
	struct backing_key key = ts->file_key;
	struct backing *b = bpf_map_lookup_elem(&backings, &key);

	if (b)
		b->flags |= BACKING_HOLES_UNKNOWN;
}

/* True for a page of a folio that is not its first: it has no mapping and no index of its own. The
 * lowest bit of its second word tells. */
static __always_inline bool page__is_tail(const void *page)
{
	u64 second = 0;

	bpf_probe_read_kernel(&second, sizeof(second), page + sizeof(u64));
	return second & 1;
}

static __always_inline struct block_device *file__disk(u64 mapping)
{
	return BPF_CORE_READ((struct address_space *)mapping, host, i_sb, s_bdev);
}

/* Something is read from a disk. The pages that it is read into are in the file's cache already. If
 * it is not the file's own data, but what the file system must know of the file, the pages are the
 * disk's. */
static __always_inline void on_bio(struct task_struct *task, const struct bio *bio)
{
	const struct folio *folio;
	struct task_state *ts;
	u64 mapping, index, size;

	if (!nr_files || !is_watched(task) ||
	    (BPF_CORE_READ(bio, bi_opf) & REQ_OP_MASK) != REQ_OP_READ)
		return;
	ts = task_state__find(task);
	if (!ts || !ts->file_mapping)
		return;
	ENDS_WITH_SCOPE struct event event = event__begin(ts);

	folio = (const struct folio *)BPF_CORE_READ(bio, bi_io_vec, bv_page);
	size = BPF_CORE_READ(bio, bi_iter.bi_size);
	if (page__is_tail(folio)) {
		ts->file_data += size;
		return;
	}
	mapping = (u64)BPF_CORE_READ(folio, mapping);
	if (!mapping) { /* it is read into pages of the file system's own, to be unpacked */
		file__holes_unknown(ts);
		return;
	}
	if (mapping != ts->file_mapping)
		return;
	if (BPF_CORE_READ(bio, bi_bdev) != file__disk(mapping)) {
		/* Either a layer below reads what the file system has asked for (LVM), or the data
		 * of the file are on another disk than the file system. */
		if (!ts->file_data)
			file__holes_unknown(ts);
		return;
	}
	index = BPF_CORE_READ(folio, index);
	if (ts->file_index && ts->file_index - 1 - index < (size + 4095) >> PAGE_SHIFT)
		size -= size < 4096 ? size : 4096;
	ts->file_data += size;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Says what memory a page, an inode or a VMA belongs to: a backing's key. Keeps the table of the
 * backings that were seen. Knows nothing of who asked.
 */
#ifndef MIGPOP_BACKING_BPF_H
#define MIGPOP_BACKING_BPF_H

static __always_inline u64 inode__swapped(const struct inode *inode)
{
	const struct shmem_inode_info *info =
		(const void *)inode - bpf_core_field_offset(struct shmem_inode_info, vfs_inode);

	return BPF_CORE_READ(info, swapped);
}

/* Returns the kernel's own figure: the pages of a file in the page cache and, for shmem, in swap.
 * The blocks of a shmem inode still count clean pages that the kernel took back, until somebody
 * gives pages back or populates some (shmem_recalc_inode()); the blocks of an ordinary file are the
 * disk's. */
static __always_inline u64 inode__pages(const struct inode *inode, u32 kind)
{
	if (kind == KIND_HUGETLB)
		return BPF_CORE_READ(inode, i_blocks) >> (PAGE_SHIFT - 9);
	return BPF_CORE_READ(inode, i_data.nrpages) +
	       (kind == KIND_SHMEM ? inode__swapped(inode) : 0);
}

/* Fills the key of an inode and returns its kind: KIND_NONE if its pages are not memory, but the
 * page cache of a file. */
static __always_inline u32 inode__key(const struct inode *inode, struct backing_key *key)
{
	const struct super_block *sb = LOAD(struct inode, inode, i_sb);
	u32 magic = LOAD(struct super_block, sb, s_magic);

	__builtin_memset(key, 0, sizeof(*key));
	key->id = LOAD(struct inode, inode, i_ino);
	key->dev = LOAD(struct super_block, sb, s_dev);
	key->kind = magic == MAGIC_TMPFS       ? KIND_SHMEM
		    : magic == MAGIC_HUGETLBFS ? KIND_HUGETLB
					       : KIND_NONE;
	return key->kind;
}

/* Does the same for an inode that is in the table, or may be: there an ordinary file has the kind
 * KIND_FILE. */
static __always_inline u32 inode__memory_key(const struct inode *inode, struct backing_key *key)
{
	if (inode__key(inode, key) == KIND_NONE)
		key->kind = KIND_FILE;
	return key->kind;
}

/* Returns a directory entry of the inode; NULL if it has none, or if this kernel's layout is not
 * known. */
static __always_inline const struct dentry *inode__dentry(const struct inode *inode)
{
	const struct hlist_node *alias;

	if (!bpf_core_field_exists(struct inode, i_dentry.first))
		return NULL;
	alias = BPF_CORE_READ(inode, i_dentry.first);
	if (!alias)
		return NULL;
	if (bpf_core_field_exists(struct dentry, d_alias))
		return (const void *)alias - bpf_core_field_offset(struct dentry, d_alias);
	if (bpf_core_field_exists(struct dentry___named_union, d_u.d_alias))
		return (const void *)alias -
		       bpf_core_field_offset(struct dentry___named_union, d_u.d_alias);
	return NULL;
}

static __always_inline void inode__name(const struct inode *inode, struct backing *b)
{
	const struct dentry *dentry = inode__dentry(inode);

	if (dentry && bpf_core_field_exists(struct dentry, d_name.name))
		bpf_probe_read_kernel_str(b->name, sizeof(b->name),
					  BPF_CORE_READ(dentry, d_name.name));
}

/* Returns how many pages of huge memory the process maps. A kernel without a pool of huge pages
 * does not count them. */
static __always_inline s64 mm__hugetlb(struct mm_struct *mm)
{
	if (!bpf_core_field_exists(struct hstate, nr_huge_pages))
		return 0;
	return BPF_CORE_READ(mm, hugetlb_usage.counter);
}

/* Returns the size of the page tables in bytes, or FIGURE_UNKNOWN. */
static __always_inline s64 mm__page_tables(struct mm_struct *mm)
{
	if (!bpf_core_field_exists(struct mm_struct, pgtables_bytes.counter))
		return FIGURE_UNKNOWN;
	return BPF_CORE_READ(mm, pgtables_bytes.counter);
}

static __always_inline struct backing *backing__add(const struct backing_key *key, u32 owner)
{
	long err = bpf_map_update_elem(&backings, key, &backing_none, BPF_NOEXIST);

	if (err == -E2BIG)
		process__lose_here(owner, LOST_BACKINGS, 1);
	if (key->kind == KIND_HUGETLB)
		hugetlb_in_use = 1;
	if (key->kind == KIND_FILE && !err)
		__sync_fetch_and_add(&nr_files, 1);
	return bpf_map_lookup_elem(&backings, key);
}

/* True for file systems that read from the disk straight into the pages of the file: a page that
 * nothing was read into was a hole. Other file systems read into pages of their own, from many
 * disks, or from another machine. */
static __always_inline bool inode__tells_holes(const struct inode *inode)
{
	u32 magic = BPF_CORE_READ(inode, i_sb, s_magic);

	return magic == MAGIC_EXT4 || magic == MAGIC_XFS;
}

static __always_inline void hugetlb_file__add(const struct backing_key *key, u32 owner)
{
	for (u32 i = 0; i < HUGETLB_FILES_MAX; i++)
		if (!hugetlb_files[i].id &&
		    !__sync_val_compare_and_swap(&hugetlb_files[i].id, 0, key->id)) {
			hugetlb_files[i] = *key;
			return;
		}
	process__lose_here(owner, LOST_BACKINGS, 1);
}

static __always_inline void inode__add(const struct inode *inode, const struct backing_key *key,
				       u64 pending, u32 owner)
{
	struct backing *b = backing__add(key, owner);

	if (!b)
		return;
	b->inode_address = (u64)inode;
	b->owner = owner;
	b->open_pages = inode__pages(inode, key->kind) - pending;
	b->open_before = b->exit_before = b->blocks = b->open_pages;
	/* The file is new, and its first page was in flight when counting ended. */
	if (pending && (closed || (windowed && !tgid__test(watched_bits, owner)))) {
		b->exit_before = b->exit_pages = b->open_pages + pending;
		b->exited = 1;
	}
	inode__name(inode, b);
	if (key->kind == KIND_HUGETLB)
		hugetlb_file__add(key, owner);
	if (key->kind == KIND_FILE && !(tells_holes && inode__tells_holes(inode)))
		b->flags |= BACKING_HOLES_UNKNOWN;
}

/* Enters the inode of a target into the table. The books start from the pages that it has now,
 * without "pending" pages that have been allocated since and are about to be counted. */
__noinline int inode__enter(u64 address, u64 pending, u32 owner)
{
	const struct inode *inode = (const struct inode *)address;
	struct backing_key key;

	if (inode__key(inode, &key) != KIND_NONE && !bpf_map_lookup_elem(&backings, &key))
		inode__add(inode, &key, pending, owner);
	return 0;
}

/* Does the same for an ordinary file that its owner uses as memory. */
__noinline int inode__enter_file(u64 address, u32 owner)
{
	const struct inode *inode = (const struct inode *)address;
	struct backing_key key;

	if (inode__memory_key(inode, &key) == KIND_FILE && !bpf_map_lookup_elem(&backings, &key))
		inode__add(inode, &key, 0, owner);
	return 0;
}

/*
 * True if an ordinary file that is opened and mapped so is memory. A guest's file is mapped to be
 * written, by a descriptor that was opened for writing: QEMU opens its mem-path O_RDWR for a
 * private mapping as well. Libraries are mapped by descriptors that can only read, and disk images
 * are not mapped.
 */
static __always_inline bool file__is_memory(const struct file *file, bool writable)
{
	const struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct backing_key key;

	return writable && BPF_CORE_READ(file, f_mode) & FMODE_WRITE &&
	       (BPF_CORE_READ(inode, i_mode) & S_IFMT) == S_IFREG &&
	       inode__key(inode, &key) == KIND_NONE;
}

/* True if it is the memory of a target that is being counted. */
static __always_inline bool backing__counts(const struct backing *b)
{
	return !windowed || tgid__test(watched_bits, b->owner);
}

/* Returns the index that an anonymous page at the VMA's start has, whether or not there is one. */
static __always_inline u64 vma__anon_pgoff(const struct vm_area_struct *vma)
{
	const struct vm_area_struct___anon_pgoff *halves = (const void *)vma;

	if (!bpf_core_field_exists(halves->__vm_anon_pgoff_lo))
		return BPF_CORE_READ(vma, vm_pgoff);
	return (u64)BPF_CORE_READ(halves, __vm_anon_pgoff_hi) << 32 |
	       BPF_CORE_READ(halves, __vm_anon_pgoff_lo);
}

/* Fills the key of the private memory, or of the shared inode, that a VMA maps. KIND_NONE: it maps
 * an ordinary file. */
static __always_inline void vma__key(const struct vm_area_struct *vma, u32 tgid,
				     struct backing_key *key, u32 *flags)
{
	u64 vm_flags = BPF_CORE_READ(vma, vm_flags);
	struct file *file = BPF_CORE_READ(vma, vm_file);

	__builtin_memset(key, 0, sizeof(*key));
	*flags = 0;
	if (file) {
		u32 kind = inode__key(BPF_CORE_READ(file, f_inode), key);

		if (vm_flags & VM_SHARED) {
			if (file__is_memory(file, vm_flags & VM_WRITE))
				key->kind = KIND_FILE;
			return;
		}
		key->tgid = tgid;
		if (kind == KIND_HUGETLB) {
			key->id = BPF_CORE_READ(vma, vm_start);
			key->dev = 0;
			return;
		}
		key->kind = KIND_PRIVATE_FILE;
		return;
	}
	key->tgid = tgid;
	key->kind = KIND_ANON;
	if (vm_flags & VM_GROWSDOWN) {
		key->id = BPF_CORE_READ(vma, vm_end);
		*flags = BACKING_STACK;
		return;
	}
	key->id = BPF_CORE_READ(vma, vm_start);
	if (bpf_core_field_exists(struct mm_struct, brk) &&
	    bpf_core_field_exists(struct mm_struct, start_brk) &&
	    key->id <= BPF_CORE_READ(vma, vm_mm, brk) &&
	    BPF_CORE_READ(vma, vm_end) >= BPF_CORE_READ(vma, vm_mm, start_brk))
		*flags = BACKING_HEAP;
}

static __always_inline void vma__register(const struct vm_area_struct *vma,
					  const struct backing_key *key, u32 flags)
{
	struct file *file = BPF_CORE_READ(vma, vm_file);
	u32 owner = BPF_CORE_READ(vma, vm_mm, owner, tgid);
	struct backing *b;

	if (key->kind == KIND_NONE || bpf_map_lookup_elem(&backings, key))
		return;
	/* The file's own pages show through a private mapping until they are copied. */
	if (file && file__is_memory(file, BPF_CORE_READ(vma, vm_flags) & VM_WRITE))
		inode__enter_file((u64)BPF_CORE_READ(file, f_inode), owner);
	if (!key->tgid) {
		inode__enter((u64)BPF_CORE_READ(file, f_inode), 0, owner);
		return;
	}
	b = backing__add(key, key->tgid);
	if (!b)
		return;
	b->start = BPF_CORE_READ(vma, vm_start);
	b->end = BPF_CORE_READ(vma, vm_end);
	b->flags = flags;
	b->owner = key->tgid;
	if (file)
		inode__name(BPF_CORE_READ(file, f_inode), b);
}

/* Enters ts->vma into the table. "vma" is the VMA that it is the key of. */
__noinline int thread__enter_vma(u64 of, u64 vma, u32 flags)
{
	struct task_state *ts = task_state__of(of);

	if (ts)
		vma__register((const struct vm_area_struct *)vma, &ts->vma, flags);
	return 0;
}

/* Makes ts->vma the key of the VMA whose address is in ts->vma_start. */
__noinline int thread__set_vma(u64 of, u32 tgid)
{
	struct task_state *ts = task_state__of(of);
	const struct vm_area_struct *vma;
	u64 address;
	u32 flags;

	if (!ts)
		return 0;
	address = ts->vma_start;
	vma = (const struct vm_area_struct *)address;
	ts->vma_start = BPF_CORE_READ(vma, vm_start);
	ts->vma_end = BPF_CORE_READ(vma, vm_end);
	ts->vma_pgoff = BPF_CORE_READ(vma, vm_pgoff);
	ts->vma_anon_pgoff = vma__anon_pgoff(vma);
	ts->vma_generation = vma_generation;
	vma__key(vma, tgid, &ts->vma, &flags);
	if (tgid__test(target_bits, tgid))
		thread__enter_vma(of, address, flags);
	return 0;
}

/* Makes ts->vma the key of a VMA. The verifier lets a pointer become a number only in a map. */
static __always_inline void task_state__set_vma(struct task_state *ts,
						const struct vm_area_struct *vma, u32 tgid)
{
	ts->vma_start = (u64)vma;
	thread__set_vma(task_state__thread(ts), tgid);
}

static __always_inline bool task_state__knows(const struct task_state *ts, u64 address)
{
	return address >= ts->vma_start && address < ts->vma_end &&
	       ts->vma_generation == vma_generation;
}

static long find_vma__found(struct task_struct *task, struct vm_area_struct *vma,
			    struct task_state **ts)
{
	task_state__set_vma(*ts, vma, task->tgid);
	return 0;
}

static __always_inline bool task_state__look_up_vma(struct task_state *ts, struct task_struct *task,
						    u64 address)
{
	return address && !bpf_find_vma(task, address, find_vma__found, &ts, 0);
}

__noinline int thread__find_vma(u64 of, u64 address)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *ts = task_state__find(task);

	return (u64)task == of && ts && task_state__look_up_vma(ts, task, address);
}

/* Makes ts->vma the key of the VMA at "address". False if there is none, if the kernel is changing
 * the VMAs, or if the thread is not the current one. */
static __always_inline bool task_state__find_vma(struct task_state *ts, u64 address)
{
	return task_state__knows(ts, address) || thread__find_vma(task_state__thread(ts), address);
}

/* Returns the file "fd" of the current task; NULL if there is none. */
static __always_inline struct file *task__file(const struct task_struct *task, u64 fd)
{
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(fdt, fd), *file = NULL;

	if (fd >= BPF_CORE_READ(fdt, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	return file;
}

/* Returns the inode of the file "fd". */
static __always_inline struct inode *task__inode(const struct task_struct *task, u64 fd)
{
	struct file *file = task__file(task, fd);

	return file ? BPF_CORE_READ(file, f_inode) : NULL;
}

static __always_inline bool inode__is_memory(const struct inode *inode, struct backing_key *key)
{
	return inode && (BPF_CORE_READ(inode, i_mode) & S_IFMT) == S_IFREG &&
	       inode__key(inode, key) != KIND_NONE;
}

/* False if the inode of the table has been evicted since. Its memory stays that of an inode until
 * it is used again: it was evicted if nobody refers to it, or if its number has changed. (The bits
 * of i_state have been renumbered twice.) */
static __always_inline bool backing__is_there(const struct backing_key *key,
					      const struct backing *b)
{
	const struct inode *inode = (const struct inode *)b->inode_address;
	struct backing_key now;

	if (inode__memory_key(inode, &now) != key->kind || now.id != key->id || now.dev != key->dev)
		return false;
	/* Nobody refers to an ordinary file that is closed, but its pages are kept. */
	return key->kind == KIND_FILE || BPF_CORE_READ(inode, i_count.counter) > 0;
}

static __always_inline u64 backing__pages_now(const struct backing_key *key,
					      const struct backing *b)
{
	const struct inode *inode = (const struct inode *)b->inode_address;

	return backing__is_there(key, b) ? inode__pages(inode, key->kind) : 0;
}

/* Returns the order of a folio. PG_head has been bit 16 or bit 6, and the order has been in two
 * places. */
static __always_inline u32 folio__order(const struct folio *folio)
{
	u64 flags = 0;

	bpf_probe_read_kernel(&flags, sizeof(flags), folio);
	if (!(flags >> bpf_core_enum_value(enum pageflags___head, PG_head___head) & 1))
		return 0;
	if (bpf_core_field_exists(struct folio___order, _folio_order)) {
		const struct folio___order *old = (const void *)folio;

		return BPF_CORE_READ(old, _folio_order);
	}
	return BPF_CORE_READ(folio, _flags_1) & 0xff;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The few kernel types and constants that the programs use, relocated by CO-RE to those of the
 * running kernel. Every difference between kernel versions lives here, beside its commit.
 *
 * A kernel that lacks a member which a program reads refuses the program. So where a member serves
 * a name or a hint only, it is asked for first (bpf_core_field_exists()), the program does without
 * it, and the member is a row of the table in src/probe/members.c, by which doctor tells of it.
 * Members that counting needs are read as they are: the error names them.
 */
#ifndef MIGPOP_KERNEL_H
#define MIGPOP_KERNEL_H

struct bpf_map;

#define __KERNEL_TYPES __attribute__((preserve_access_index))

typedef struct {
	int counter;
} __KERNEL_TYPES atomic_t;

typedef struct {
	s64 counter;
} __KERNEL_TYPES atomic_long_t;

struct qstr {
	const unsigned char *name;
} __KERNEL_TYPES;

struct hlist_node {
	struct hlist_node *next;
} __KERNEL_TYPES;

struct list_head {
	struct list_head *next;
} __KERNEL_TYPES;

struct hlist_head {
	struct hlist_node *first;
} __KERNEL_TYPES;

struct super_block {
	u32 s_dev;
	unsigned long s_magic;
	struct block_device *s_bdev;
} __KERNEL_TYPES;

struct address_space {
	struct inode *host;
	unsigned long nrpages;
} __KERNEL_TYPES;

struct inode {
	unsigned short i_mode;
	struct super_block *i_sb;
	unsigned long i_ino;
	u32 i_generation;
	u64 i_blocks;
	atomic_t i_count;
	struct hlist_head i_dentry;
	struct address_space i_data;
} __KERNEL_TYPES;

struct dentry {
	struct qstr d_name;
	struct hlist_node d_alias;
} __KERNEL_TYPES;

/* Up to 7.0 the union that d_alias is in has a name. */
struct dentry___named_union {
	union {
		struct hlist_node d_alias;
	} d_u;
} __KERNEL_TYPES;

struct file {
	struct inode *f_inode;
	unsigned int f_mode;
	void *private_data;
} __KERNEL_TYPES;

struct userfaultfd_ctx {
	struct mm_struct *mm;
} __KERNEL_TYPES;

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
} __KERNEL_TYPES;

struct files_struct {
	struct fdtable *fdt;
} __KERNEL_TYPES;

struct percpu_counter {
	s64 count;
	s32 *counters;
} __KERNEL_TYPES;

struct mm_struct {
	struct task_struct *owner;
	struct file *exe_file;
	unsigned long start_brk, brk, start_stack;
	unsigned long start_code, end_code, mmap_base;
	atomic_long_t hugetlb_usage, pgtables_bytes;
} __KERNEL_TYPES;

/* A pool of huge pages. Without CONFIG_HUGETLB_PAGE it is empty, or does not exist. */
struct hstate {
	unsigned long nr_huge_pages;
} __KERNEL_TYPES;

/* Up to 6.1: one atomic a member. Since 6.2 (f1a7941243c1): a percpu_counter a member. */
struct mm_rss_stat {
	atomic_long_t count[4];
} __KERNEL_TYPES;

struct mm_struct___atomic {
	struct mm_rss_stat rss_stat;
} __KERNEL_TYPES;

struct mm_struct___percpu {
	struct percpu_counter rss_stat[4];
} __KERNEL_TYPES;

/* Up to 6.1 a thread holds back what it has changed, up to 64 events. */
struct task_rss_stat {
	int count[4];
} __KERNEL_TYPES;

struct task_struct___holds_back {
	struct task_rss_stat rss_stat;
} __KERNEL_TYPES;

/* The elements of a per-CPU array: for each element an address that is in no CPU's memory, see
 * edge.bpf.h. */
struct bpf_array {
	void *pptrs[0];
} __KERNEL_TYPES;

struct vm_area_struct {
	unsigned long vm_start, vm_end, vm_flags, vm_pgoff;
	struct mm_struct *vm_mm;
	struct anon_vma *anon_vma;
	struct file *vm_file;
} __KERNEL_TYPES;

/* Since 7.3 the anonymous pages of a private mapping of a file have indexes of their own, which are
 * not the file's. The VMA has both first indexes, that of its anonymous pages in two halves. */
struct vm_area_struct___anon_pgoff {
	u32 __vm_anon_pgoff_lo, __vm_anon_pgoff_hi;
} __KERNEL_TYPES;

struct rb_node {
	struct rb_node *rb_right, *rb_left;
} __KERNEL_TYPES;

struct rb_root {
	struct rb_node *rb_node;
} __KERNEL_TYPES;

struct rb_root_cached {
	struct rb_root rb_root;
} __KERNEL_TYPES;

struct anon_vma {
	struct rb_root_cached rb_root;
} __KERNEL_TYPES;

struct anon_vma_chain {
	struct vm_area_struct *vma;
	struct rb_node rb;
} __KERNEL_TYPES;

struct page {
	struct address_space *mapping;
} __KERNEL_TYPES;

struct folio {
	struct address_space *mapping;
	unsigned long index;
	atomic_t _mapcount, _refcount;
	atomic_t _large_mapcount; /* since 6.10 */
	unsigned long _flags_1;
} __KERNEL_TYPES;

struct bio_vec {
	struct page *bv_page;
} __KERNEL_TYPES;

struct bvec_iter {
	unsigned int bi_size;
} __KERNEL_TYPES;

struct bio {
	struct block_device *bi_bdev;
	unsigned int bi_opf;
	struct bvec_iter bi_iter;
	struct bio_vec *bi_io_vec;
} __KERNEL_TYPES;

struct signal_struct {
	atomic_t live;
	struct list_head thread_head;
	int group_exit_code;
} __KERNEL_TYPES;

struct task_struct {
	int pid, tgid;
	int exit_code;
	char comm[16];
	unsigned int __state;
	struct task_struct *group_leader, *real_parent;
	struct list_head thread_node;
	struct thread_struct thread;
	unsigned int flags, ptrace;
	unsigned long nvcsw, nivcsw; /* how often others ran after it */
	unsigned long maj_flt;
	u64 self_exec_id; /* raised by each execve() */
	int pagefault_disabled;
	struct mm_struct *mm;
	struct files_struct *files;
	struct signal_struct *signal;
	void *worker_private; /* struct io_worker of a worker of io_uring */
} __KERNEL_TYPES;

struct io_wq_work {
	unsigned int flags;
} __KERNEL_TYPES;

struct io_worker {
	struct io_wq_work *cur_work;
} __KERNEL_TYPES;

/* A request of io_uring. */
struct io_kiocb {
	u8 opcode;
	struct io_wq_work work;
} __KERNEL_TYPES;

struct shmem_inode_info {
	unsigned long swapped;
	struct inode vfs_inode;
} __KERNEL_TYPES;

struct trace_event_raw_mm_page_alloc {
	unsigned long pfn;
	unsigned int order;
	unsigned long gfp_flags;
} __KERNEL_TYPES;

struct trace_event_raw_mm_page_free {
	unsigned long pfn;
	unsigned int order;
} __KERNEL_TYPES;

struct trace_event_raw_mm_filemap_op_page_cache {
	unsigned long pfn;
} __KERNEL_TYPES;

struct trace_event_raw_sys_enter {
	long id;
} __KERNEL_TYPES;

struct trace_event_raw_sys_exit {
	long ret;
} __KERNEL_TYPES;

struct bpf_iter_meta {
	struct seq_file *seq;
	u64 seq_num;
} __KERNEL_TYPES;

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __KERNEL_TYPES;

struct bpf_iter__task_vma {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct vm_area_struct *vma;
} __KERNEL_TYPES;

/* include/linux/gfp_types.h. Page tables and slab lack MOVABLE; so does memory allocated to be
 * pinned for long (PF_MEMALLOC_PIN), which HIGHMEM tells then: 0x140cc2 for io_uring's buffers. */
enum { GFP_HIGHMEM = 0x02, GFP_MOVABLE = 0x08 };

/* include/linux/mm.h */
enum {
	VM_WRITE = 0x2,
	VM_SHARED = 0x8,
	VM_GROWSDOWN = 0x100,
	VM_HUGETLB = 0x00400000,
	VM_HUGEPAGE = 0x20000000,
	VM_NOHUGEPAGE = 0x40000000,
};

/* include/linux/fs.h: the file was opened for writing. */
enum { FMODE_WRITE = 0x2 };

/* include/linux/blk_types.h */
enum { REQ_OP_READ = 0, REQ_OP_MASK = 0xff };

/* include/linux/mm_types_task.h: members of rss_stat, unchanged since 4.5 (eca56ff906bd). */
enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES, NR_MM_COUNTERS };

/* include/linux/mm_types.h: enum fault_flag, unchanged since 5.9 for these. */
enum { FAULT_FLAG_WRITE = 1 << 0, FAULT_FLAG_TRIED = 1 << 5, FAULT_FLAG_USER = 1 << 6 };

/* include/linux/sched.h: of task->__state. */
enum { TASK_RUNNING = 0, TASK_UNINTERRUPTIBLE = 2 };

/* include/linux/sched.h */
enum {
	PF_IO_WORKER = 0x00000010,
	PF_MEMALLOC = 0x00000800,
	PF_USER_WORKER = 0x00004000, /* since 6.4 (54e6842d0775) */
	PF_KTHREAD = 0x00200000,
	PF_MEMALLOC_PIN = 0x10000000,
};

/* include/linux/page-flags.h: low bits of page->mapping */
enum { MAPPING_ANON = 1, MAPPING_FLAGS = 3 };

/* include/linux/page-flags.h. page->flags is the first word of a page on every version; its type
 * became a struct in 6.18 (memdesc_flags_t). */
enum pageflags___head { PG_head___head };

/* The order of a large folio: in 6.1 a byte of its own, since 6.6 (379708ffde1b) the low byte of
 * _flags_1. */
struct folio___order {
	unsigned char _folio_order;
} __KERNEL_TYPES;

/* arch/x86/include/asm/trap_pf.h */
enum { PF_ERROR_PRESENT = 1 << 0, PF_ERROR_WRITE = 1 << 1 };

/* include/uapi/asm-generic/signal.h */
enum { SIGURG = 23 };

/* include/uapi/linux/ptrace.h */
enum { PTRACE_PEEKTEXT = 1, PTRACE_PEEKDATA = 2, PTRACE_POKETEXT = 4, PTRACE_POKEDATA = 5 };

/* include/uapi/linux/io_uring.h: enum io_uring_op, a bit each. Requests that write memory: READV,
 * READ_FIXED, RECVMSG, READ, RECV, READ_MULTISHOT, RECV_ZC, READV_FIXED; and that read it: WRITEV,
 * WRITE_FIXED, SENDMSG, WRITE, SEND, SEND_ZC, SENDMSG_ZC, WRITEV_FIXED. */
#define IO_URING_WRITES                                                                            \
	(1ULL << 1 | 1ULL << 4 | 1ULL << 10 | 1ULL << 22 | 1ULL << 27 | 1ULL << 49 | 1ULL << 58 |  \
	 1ULL << 60)
#define IO_URING_READS                                                                             \
	(1ULL << 2 | 1ULL << 5 | 1ULL << 9 | 1ULL << 23 | 1ULL << 26 | 1ULL << 47 | 1ULL << 48 |   \
	 1ULL << 61)

/* include/uapi/linux/aio_abi.h */
enum { IOCB_CMD_PREAD = 0, IOCB_CMD_PWRITE = 1, IOCB_CMD_PREADV = 7, IOCB_CMD_PWRITEV = 8 };

/* include/uapi/linux/magic.h */
#define MAGIC_TMPFS     0x01021994u
#define MAGIC_HUGETLBFS 0x958458f6u
#define MAGIC_PROC      0x9fa0u
#define MAGIC_EXT4      0xef53u
#define MAGIC_XFS       0x58465342u

/* include/uapi/linux/kvm.h: SEV pins what is registered so. */
#define KVM_MEMORY_ENCRYPT_REG_REGION 0x8010aebbu

/* In pages: files that programs have private copies of are smaller than 256 GiB. */
#define FILE_INDEX_MAX (1ULL << 26)

enum { PAGE_SHIFT = 12, S_IFMT = 0170000, S_IFREG = 0100000 };

/*
 * LOAD() is BPF_CORE_READ() of one member, for what runs page after page. A load takes about a
 * nanosecond where a call of bpf_probe_read_kernel() takes 28 (6.18, x86-64); either yields 0 for
 * an address where no memory is. A member that is a pointer stays one for the verifier, which
 * refuses arithmetic with it.
 *
 * The object is compiled twice: with MIGPOP_CASTING for kernels that have bpf_rdonly_cast(), since
 * 6.2 (fd264ca02094), which makes an address a pointer to a structure. An object that names the
 * function cannot be loaded elsewhere without CAP_SYS_ADMIN: libbpf up to 1.2 looks for it in the
 * BTF of all modules.
 */
#ifdef MIGPOP_CASTING
extern void *bpf_rdonly_cast(const void *address, u32 type) __ksym;

#define LOAD(type, address, member)                                                                \
	(((const type *)bpf_rdonly_cast((const void *)(address), bpf_core_type_id_kernel(type)))   \
		 ->member)
#else
#define LOAD(type, address, member)                                                                \
	({                                                                                         \
		/* Apart, or the address's own members are taken for the kernel's. */              \
		const void *at = (const void *)(address);                                          \
                                                                                                   \
		BPF_CORE_READ((const type *)at, member);                                           \
	})
#endif

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmigfix: guest memory that a migration loads, made zero without being populated.
 *
 * A loader that is told "this page is zero" must make it read as zero. Reading it first, to see
 * whether it is zero already, makes the kernel allocate every page of a shared memory that nobody
 * ever wrote. libmigfix asks the kernel whether the page was ever populated, gives it back where it
 * may, and compares and writes where it may not. Content comes first, then the presence that
 * postcopy needs, then sparseness.
 *
 * Offsets and lengths are bytes from the beginning of a region; where nothing else is said they
 * need no alignment. Functions return 0 (or the number they document) or a negative errno; none
 * prints, aborts, changes errno, or allocates but for migfix_region_open(). They may be called from
 * several threads on one region, but for migfix_region_close(), which must be the last; two calls
 * on the same bytes at a time have the result of one of the two orders only if both make them zero.
 *
 * A region belongs to the process that opened it: in a child after fork() it is refused with
 * -EINVAL. So is NULL; and, as long as its memory has not been used for something else, a region
 * that was closed.
 */
#ifndef MIGFIX_H
#define MIGFIX_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MIGFIX_API __attribute__((visibility("default")))

struct migfix_region;

/* What the kernel keeps the memory in: it decides how a page can be given back, and how to learn
 * whether it was ever populated. */
enum migfix_backing {
	MIGFIX_BACKING_DETECT,       /* in options: find out */
	MIGFIX_BACKING_UNKNOWN,      /* nothing can be relied on: compare and write */
	MIGFIX_BACKING_ANON,         /* private anonymous */
	MIGFIX_BACKING_ANON_SHARED,  /* shared anonymous, or a shmem file whose fd is not at hand:
					compared and written. With CAP_CHECKPOINT_RESTORE its file
					is found, and it is MIGFIX_BACKING_SHMEM. */
	MIGFIX_BACKING_SHMEM,        /* shared mapping of a memfd or of a file on tmpfs */
	MIGFIX_BACKING_FILE,         /* shared mapping of any other file: never punched */
	MIGFIX_BACKING_FILE_PRIVATE, /* private mapping of a file or memfd */
	MIGFIX_BACKING_HUGETLB,      /* huge pages of a pool: never given back, a reservation would
					go with them */
};

enum migfix_policy {
	MIGFIX_POLICY_AUTO,          /* hole: nothing; populated: given back where that is allowed;
					else compared and, where it is not zero, written */
	MIGFIX_POLICY_READ_FIRST,    /* what QEMU does: compare, write */
	MIGFIX_POLICY_MADVISE_FIRST, /* give back without asking whether there is anything, where
					that is allowed; else as AUTO */
};

/* What more is known of the memory. Those marked * are found by migfix_region_open() as well; the
 * others can only be told. */
enum migfix_flag {
	MIGFIX_PREALLOCATED = 1 << 0, /* * of the whole region: its pages were paid for, none is
					 given back. Pages populated when the region is opened are
					 kept also without it. */
	MIGFIX_LOCKED = 1 << 1,       /* * mlocked: none is given back */
	MIGFIX_PINNED = 1 << 2,       /* pinned for a device (VFIO, RDMA): none is given back */
	MIGFIX_USERFAULTFD = 1 << 3,  /* * registered with a userfaultfd: none is given back, and
					 holes are left to who places their content, where the
					 backing lets one ask for them; else touching one waits */
	MIGFIX_SEALED = 1 << 4,       /* * the file refuses to be punched */
	MIGFIX_READ_ONLY = 1 << 5, /* * cannot be written: what is not zero stays, with -EACCES */
	MIGFIX_MUST_BE_PRESENT = 1 << 6, /* every zeroed page is populated, as by a read of it:
					    postcopy marks it received and never answers a fault
					    on it. None is given back. Of private anonymous
					    memory the kernel's page of zeros will do. */
	MIGFIX_TRACK = 1 << 7, /* between open and close only migfix_write() leads to writes of this
				  memory, through whatever mapping: then a page that was a hole and
				  was never written, or was made zero since, is known to be zero
				  without asking. With MIGFIX_MUST_BE_PRESENT it is asked for all
				  the same. */
};

/* As by MIGFIX_OPTIONS_INIT everything is found out. Not as by memset(): 0 is an fd. */
struct migfix_options {
	size_t size; /* sizeof(struct migfix_options) of the caller */
	enum migfix_backing backing;
	enum migfix_policy policy;
	uint32_t flags;     /* enum migfix_flag */
	int32_t fd;         /* of the file that is mapped, borrowed until the region is closed, its
			       file offset with it; -1: none at hand */
	uint64_t fd_offset; /* of the region in the file */
	uint64_t batch; /* most bytes that migfix_zero_later() gathers; 0: the default, 64 MiB */
};

#define MIGFIX_OPTIONS_INIT                                                                        \
	{                                                                                          \
		.size = sizeof(struct migfix_options), .fd = -1                                    \
	}

/*
 * Opens [addr, addr + len), which stays mapped until the region is closed. Detection never guesses
 * in favour of giving memory back: a told backing or fd that contradicts /proc/self/smaps is
 * refused, one that cannot be checked is used as MIGFIX_BACKING_UNKNOWN, and so are mappings of
 * several kinds and devices. Flags are those of any part of the range. Costs what is populated, not
 * what is mapped. "options" NULL: as by MIGFIX_OPTIONS_INIT. Options of a later version of this
 * structure are taken if what they have more is zero.
 *
 * -EINVAL: no address, no length, more than 128 TiB, options of too small a size, unknown flags, or
 *          not what is mapped there; addr not aligned to the page size of the memory
 * -E2BIG:  options ask for something that this version does not know
 * -ENOMEM: no memory, or part of the range is not mapped
 * -EACCES: part of the range cannot be read
 * -EBADF:  fd is not open, or is not the file that is mapped
 */
MIGFIX_API int migfix_region_open(struct migfix_region **region, void *addr, uint64_t len,
				  const struct migfix_options *options);

/* Handles what migfix_zero_later() left, and frees the region, also when it fails. NULL is done. */
MIGFIX_API int migfix_region_close(struct migfix_region *region);

/* Sets and clears flags of an open region, and handles what migfix_zero_later() left, under both
 * the old flags and the new. Set MIGFIX_PINNED before the memory is pinned, MIGFIX_USERFAULTFD
 * before it is registered; clear MIGFIX_TRACK before somebody else writes. Pages populated when the
 * region was opened are kept whatever is cleared.
 *
 * -EINVAL: unknown flags, or a flag in both, or MIGFIX_TRACK set anew: nobody knows what was
 * written before; else as migfix_flush(), with the flags changed */
MIGFIX_API int migfix_region_set_flags(struct migfix_region *region, uint32_t set, uint32_t clear);

/* Makes [off, off + len) read as zero, and changes nothing else. Only whole pages that were asked
 * for are given back. Where the kernel refuses to take pages back (memory locked, or a file sealed,
 * since the region was opened) they are compared and written, and it is not asked again.
 *
 * -EINVAL: out of the region
 * -EACCES: read-only and not zero; memory is untouched
 * -EBUSY:  MIGFIX_MUST_BE_PRESENT, but the page is a hole that a userfaultfd waits for: who handles
 *          that must place it; to touch it here would wait for them, who may be the caller
 * -EFAULT, -EHWPOISON, -ENOMEM: MIGFIX_MUST_BE_PRESENT, and it cannot be populated
 * After an error a part may have been made zero. */
MIGFIX_API int migfix_zero(struct migfix_region *region, uint64_t off, uint64_t len);

/* As migfix_zero(), but gathered into runs, of each thread its own as far as there are enough, and
 * handled at once: when the next one does not follow, when options.batch bytes have come together,
 * by migfix_zero(), migfix_write(), migfix_is_zero() and migfix_populate_read() of one of its
 * pages, and all by migfix_flush(), migfix_memory(), migfix_region_set_flags() and
 * migfix_region_close(). An error of a run that was gathered is returned by the call that handles
 * it. What is not aligned to 1 KiB is handled at once. */
MIGFIX_API int migfix_zero_later(struct migfix_region *region, uint64_t off, uint64_t len);
MIGFIX_API int migfix_flush(struct migfix_region *region);

/* Where to put the content of [off, off + len): the address is in *memory. The range is no longer
 * gathered nor known to be zero. A loader that takes its addresses from here, and from
 * migfix_memory() when it is done, cannot forget a flush. */
MIGFIX_API int migfix_write(struct migfix_region *region, uint64_t off, uint64_t len,
			    void **memory);

/* The whole region, with nothing gathered left to be done, for whoever uses it from now on. */
MIGFIX_API int migfix_memory(struct migfix_region *region, void **memory);

/* Does [off, off + len) read as zero? 1 or 0. Populates nothing where the backing lets one ask: not
 * on MIGFIX_BACKING_ANON_SHARED, _FILE and _UNKNOWN. */
MIGFIX_API int migfix_is_zero(struct migfix_region *region, uint64_t off, uint64_t len);

/* A part of a region whose content nobody needs: what a RamDiscardManager calls discarded. */
struct migfix_section {
	uint64_t off, len;
};

/* The first discarded section that ends beyond "off", in *section: 1; none: 0; else a negative
 * errno, which ends the call. */
typedef int migfix_next_discarded(void *opaque, uint64_t off, struct migfix_section *section);

/* Populates the pages of [off, off + len) for reading, but for those with a byte in a discarded
 * section: those get neither page nor page table of their own. "next" NULL: nothing is discarded.
 * By MADV_POPULATE_READ (Linux 5.14), else by reading a byte a page. -EINVAL: out of the region, or
 * a section that ends before it begins or does not end beyond "off"; what madvise(2) returns. */
MIGFIX_API int migfix_populate_read(struct migfix_region *region, uint64_t off, uint64_t len,
				    migfix_next_discarded *next, void *opaque);

/* The same with a bitmap: bit i stands for the i-th granule of the region, 1 for discarded.
 * "granule" is in bytes, a power of two. */
MIGFIX_API int migfix_populate_read_bitmap(struct migfix_region *region, uint64_t off, uint64_t len,
					   const uint64_t *discarded, uint64_t granule);

/* What was found or told of an open region. */
struct migfix_info {
	enum migfix_backing backing;
	enum migfix_policy policy;
	uint32_t flags;
	uint32_t gives_back; /* 1: populated pages may be given back; 0: compared and written */
	uint64_t page_size;  /* bytes */
	uint64_t preallocated_pages; /* populated when the region was opened; all, where a file has
					pages that were allocated and never written; 0 on a backing
					that never gives back */
};
MIGFIX_API int migfix_region_info(const struct migfix_region *region, struct migfix_info *info,
				  size_t size);

/* Since the region was opened, in pages of its page size; a page of which a part was asked for
 * counts. */
struct migfix_stats {
	uint64_t zero_pages;      /* made zero: the sum of the next six */
	uint64_t clean_pages;     /* known to be zero by MIGFIX_TRACK */
	uint64_t hole_pages;      /* zero without being looked at: not populated, or zero in the
				     file below */
	uint64_t discarded_pages; /* given back; of shmem also the holes behind a populated page
				     in one call */
	uint64_t compared_pages;  /* read, and found zero */
	uint64_t written_pages;   /* written */
	uint64_t not_freed_pages; /* a call to give back succeeded, but the page stayed; it reads as
				     zero */
	uint64_t populated_pages; /* holes that were populated for MIGFIX_MUST_BE_PRESENT */
	uint64_t runs;            /* handled for migfix_zero_later() */
};
MIGFIX_API int migfix_region_stats(const struct migfix_region *region, struct migfix_stats *stats,
				   size_t size);

/* "0.1.0" */
MIGFIX_API const char *migfix_version(void);

#ifdef __cplusplus
}
#endif

#endif

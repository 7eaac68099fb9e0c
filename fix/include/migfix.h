/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmigfix: makes guest memory that a migration loads zero without populating it.
 *
 * A loader that is told "this page is zero" must make the page read as zero. If it reads the page
 * first, to see whether it is zero already, the kernel allocates every page of a shared memory that
 * nobody ever wrote. libmigfix asks the kernel whether the page was ever populated. It gives a
 * populated page back where that is allowed, and compares and writes it where it is not. Correct
 * content comes first, then the presence that postcopy needs, then sparse memory.
 *
 * Offsets and lengths are bytes from the beginning of a region; unless a function says otherwise
 * they need no alignment. Functions return 0 (or the number they document) or a negative errno.
 * None of them prints, aborts or changes errno, and only migfix_region_open() allocates. Several
 * threads may call them on one region, except that migfix_region_close() must be the last call. If
 * two calls work on the same bytes at a time, the result is that of one of the two orders only if
 * both calls make the bytes zero.
 *
 * A region belongs to the process that opened it. Functions refuse with -EINVAL a region that a
 * parent opened before fork(), NULL, and, as long as its memory has not been reused, a region that
 * was closed.
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

/* What the kernel keeps the memory in. The backing decides how a page can be given back, and how to
 * learn whether the page was ever populated. */
enum migfix_backing {
	MIGFIX_BACKING_DETECT,       /* in options: find out which backing it is */
	MIGFIX_BACKING_UNKNOWN,      /* the kernel cannot be asked about it: pages are compared and
					written */
	MIGFIX_BACKING_ANON,         /* private anonymous memory */
	MIGFIX_BACKING_ANON_SHARED,  /* shared anonymous memory, or a shmem file whose fd is not
					known: pages are compared and written. With
					CAP_CHECKPOINT_RESTORE the library finds the file, and the
					backing is MIGFIX_BACKING_SHMEM. */
	MIGFIX_BACKING_SHMEM,        /* shared mapping of a memfd or of a file on tmpfs */
	MIGFIX_BACKING_FILE,         /* shared mapping of any other file: it is never punched */
	MIGFIX_BACKING_FILE_PRIVATE, /* private mapping of a file or memfd */
	MIGFIX_BACKING_HUGETLB, /* huge pages of a pool: never given back, because their reservation
				   would be lost */
};

enum migfix_policy {
	MIGFIX_POLICY_AUTO,       /* leaves a hole alone, gives a populated page back where that is
				     allowed, and else compares it and writes it if it is not zero */
	MIGFIX_POLICY_READ_FIRST, /* what QEMU does: compare, then write */
	MIGFIX_POLICY_MADVISE_FIRST, /* where that is allowed, gives pages back without asking
					whether they are populated; else as AUTO */
};

/* What else is known of the memory. migfix_region_open() finds the flags marked * by itself as
 * well; the others must be set by the caller. */
enum migfix_flag {
	/* * for the whole region: its pages were allocated on purpose, so none is given back. Pages
	 * that are populated when the region is opened are kept without this flag too. */
	MIGFIX_PREALLOCATED = 1 << 0,
	MIGFIX_LOCKED = 1 << 1, /* * the memory is mlocked: no page is given back */
	/* the memory is pinned for a device (VFIO, RDMA): no page is given back */
	MIGFIX_PINNED = 1 << 2,
	/* * the memory is registered with a userfaultfd: no page is given back. Where the backing
	 * can tell holes, they are left to whoever handles the userfaultfd; elsewhere touching a
	 * hole waits for that handler. */
	MIGFIX_USERFAULTFD = 1 << 3,
	MIGFIX_SEALED = 1 << 4,    /* * the file is sealed, and refuses to be punched */
	MIGFIX_READ_ONLY = 1 << 5, /* * the memory cannot be written: a range that is not zero stays
				      as it is, and the call returns -EACCES */
	/* every zeroed page is populated, as a read of it would do: postcopy marks the page
	 * received and never answers a fault on it. No page is given back. For private anonymous
	 * memory the kernel's shared page of zeros is enough. */
	MIGFIX_MUST_BE_PRESENT = 1 << 6,
	/* the caller promises that between open and close the memory is written only after
	 * migfix_write(), whichever mapping is used. The library then knows without asking that a
	 * page is zero if it was a hole, or was made zero, and was not written since. With
	 * MIGFIX_MUST_BE_PRESENT it asks nevertheless. */
	MIGFIX_TRACK = 1 << 7,
	/* for a program that a security policy confines, as libvirt's AppArmor profile confines
	 * QEMU: the library opens neither /proc/self/smaps nor pagemap, and checks the mapping by
	 * /proc/self/maps. It does not find MIGFIX_USERFAULTFD then, which the caller must set. A
	 * lock it finds when the kernel refuses to take pages back. Unless the memory is a shared
	 * mapping of options.fd, of a memfd or a file on tmpfs, its backing is
	 * MIGFIX_BACKING_UNKNOWN. */
	MIGFIX_CONFINED = 1 << 8,
};

/* Initialise it with MIGFIX_OPTIONS_INIT: then the library finds everything out by itself. memset()
 * does not do, because 0 is a valid fd. */
struct migfix_options {
	size_t size; /* sizeof(struct migfix_options), as the caller was compiled */
	enum migfix_backing backing;
	enum migfix_policy policy;
	uint32_t flags; /* flags of enum migfix_flag, combined */
	int32_t fd;     /* the file that is mapped, or -1 if its fd is not known. The fd is borrowed
			   until the region is closed, together with its file offset. */
	uint64_t fd_offset; /* where the region begins in the file, in bytes */
	uint64_t batch; /* most bytes that migfix_zero_later() gathers in one run; 0: the default,
			   64 MiB */
};

#define MIGFIX_OPTIONS_INIT                                                                        \
	{                                                                                          \
		.size = sizeof(struct migfix_options), .fd = -1                                    \
	}

/*
 * Opens [addr, addr + len) as a region. The memory must stay mapped until the region is closed.
 * Detection never guesses in favour of giving memory back: a backing or an fd in the options that
 * contradicts /proc/self/smaps (maps, with MIGFIX_CONFINED) is refused; a backing that cannot be
 * checked is used as MIGFIX_BACKING_UNKNOWN, and so are a range made of several kinds of mappings
 * and device memory. A flag holds for the region if it holds for any part of the range. The cost
 * grows with what is populated, not with what is mapped. If "options" is NULL, MIGFIX_OPTIONS_INIT
 * is used. Options of a later version of the structure are accepted if their additional members are
 * zero.
 *
 * -EINVAL: addr is NULL, len is 0 or more than 128 TiB, options->size is too small, a flag is
 *          unknown, the options contradict the mapping, or addr is not aligned to the page size of
 *          the memory
 * -E2BIG: the options ask for something that this version does not know
 * -ENOMEM: no memory, or part of the range is not mapped
 * -EACCES: part of the range cannot be read
 * -EBADF: fd is not open, or is not the file that is mapped
 */
MIGFIX_API int migfix_region_open(struct migfix_region **region, void *addr, uint64_t len,
				  const struct migfix_options *options);

/* Handles the runs that migfix_zero_later() gathered and frees the region, even if handling them
 * fails. Closing NULL does nothing and returns 0. */
MIGFIX_API int migfix_region_close(struct migfix_region *region);

/* Sets and clears flags of an open region. Runs that migfix_zero_later() gathered are handled under
 * both the old flags and the new. Set MIGFIX_PINNED before the memory is pinned, and
 * MIGFIX_USERFAULTFD before it is registered; clear MIGFIX_TRACK before anybody else writes. Pages
 * that were populated when the region was opened are kept, whichever flags are cleared.
 * -EINVAL: a flag is unknown, or is both in "set" and in "clear"; or "set" has MIGFIX_TRACK, which
 *          the region does not have: nobody knows what was written before; or MIGFIX_CONFINED,
 *          which says how a region is opened, is in either
 * Other errors are those of migfix_flush(); the flags are changed nevertheless. */
MIGFIX_API int migfix_region_set_flags(struct migfix_region *region, uint32_t set, uint32_t clear);

/* Makes [off, off + len) read as zero, and changes nothing else. Only whole pages inside the range
 * are given back. If the kernel refuses to take pages back (because the memory was locked or the
 * file sealed after the region was opened), they are compared and written, and the kernel is not
 * asked again.
 * -EINVAL: the range is not inside the region
 * -EACCES: the memory is read-only and not zero; it is untouched
 * -EBUSY: with MIGFIX_MUST_BE_PRESENT, the page is a hole that a userfaultfd handler must fill;
 *         touching it here would wait for the handler, which may be the calling thread
 * -EFAULT, -EHWPOISON, -ENOMEM: with MIGFIX_MUST_BE_PRESENT, the page cannot be populated
 * After an error, part of the range may have been made zero. */
MIGFIX_API int migfix_zero(struct migfix_region *region, uint64_t off, uint64_t len);

/* Does what migfix_zero() does, but later: neighbouring ranges are gathered into one run, and the
 * run is handled in one go. As far as there are enough slots, each thread has a run of its own. A
 * run is handled when the next range does not follow it; when it has options.batch bytes; when
 * migfix_zero(), migfix_write(), migfix_is_zero() or migfix_populate_read() is called for one of
 * its pages; and by migfix_flush(), migfix_memory(), migfix_region_set_flags() and
 * migfix_region_close(), which handle all runs. The call that handles a run returns the errors of
 * that run. A range that is not aligned to 1 KiB is handled at once. */
MIGFIX_API int migfix_zero_later(struct migfix_region *region, uint64_t off, uint64_t len);
MIGFIX_API int migfix_flush(struct migfix_region *region);

/* Stores the address of [off, off + len) in *memory, for the caller to write the content there. The
 * range is no longer gathered, nor known to be zero. A loader that takes its addresses from this
 * function, and from migfix_memory() when it is done, cannot forget a flush. */
MIGFIX_API int migfix_write(struct migfix_region *region, uint64_t off, uint64_t len,
			    void **memory);

/* Handles all gathered runs, and stores the address of the region in *memory for whoever uses the
 * memory from now on. */
MIGFIX_API int migfix_memory(struct migfix_region *region, void **memory);

/* Returns 1 if [off, off + len) reads as zero, 0 if it does not, or a negative errno. Populates
 * nothing where the backing can be asked; MIGFIX_BACKING_ANON_SHARED, MIGFIX_BACKING_FILE and
 * MIGFIX_BACKING_UNKNOWN cannot. */
MIGFIX_API int migfix_is_zero(struct migfix_region *region, uint64_t off, uint64_t len);

/* A part of a region whose content nobody needs, in bytes from the beginning of the region. QEMU's
 * RamDiscardManager calls it discarded. */
struct migfix_section {
	uint64_t off, len;
};

/* Finds the first discarded section that ends beyond "off". Returns 1 and stores the section in
 * *section, or 0 if there is none; a negative errno ends the call of migfix_populate_read(). */
typedef int migfix_next_discarded(void *opaque, uint64_t off, struct migfix_section *section);

/* Populates the pages of [off, off + len) for reading. A page with a byte in a discarded section
 * gets neither a page nor a page table of its own. "next" may be NULL: nothing is discarded. Uses
 * MADV_POPULATE_READ (Linux 5.14), and on older kernels reads one byte of each page. -EINVAL: the
 * range is not inside the region, or a section overflows or does not end beyond "off". Other errors
 * are those of madvise(2). */
MIGFIX_API int migfix_populate_read(struct migfix_region *region, uint64_t off, uint64_t len,
				    migfix_next_discarded *next, void *opaque);

/* Does the same with a bitmap: bit i stands for the i-th granule of the region, and is 1 if the
 * granule is discarded. "granule" is in bytes, a power of two. */
MIGFIX_API int migfix_populate_read_bitmap(struct migfix_region *region, uint64_t off, uint64_t len,
					   const uint64_t *discarded, uint64_t granule);

/* What the caller told and what the library found about an open region. */
struct migfix_info {
	enum migfix_backing backing;
	enum migfix_policy policy;
	uint32_t flags;
	uint32_t gives_back; /* 1: populated pages may be given back; 0: they are compared and
				written */
	uint64_t page_size;  /* in bytes */
	uint64_t preallocated_pages; /* pages that were populated when the region was opened; all
					pages, if the file has pages that were allocated and never
					written; 0 on a backing that never gives back */
};
MIGFIX_API int migfix_region_info(const struct migfix_region *region, struct migfix_info *info,
				  size_t size);

/* Counters since the region was opened, in pages of the region's page size. A page counts even if
 * only part of it was asked for. */
struct migfix_stats {
	uint64_t zero_pages;      /* pages made zero: the sum of the next six members */
	uint64_t clean_pages;     /* MIGFIX_TRACK knew that they were zero */
	uint64_t hole_pages;      /* zero without being read: the page is not populated, or the file
				     below is zero there */
	uint64_t discarded_pages; /* given back; for shmem this includes the holes behind a
				     populated page in one call */
	uint64_t compared_pages;  /* read, and found to be zero */
	uint64_t written_pages;   /* written with zeros */
	uint64_t not_freed_pages; /* the call to give the page back succeeded, but the page stayed;
				     it reads as zero */
	uint64_t populated_pages; /* holes that were populated because of MIGFIX_MUST_BE_PRESENT */
	uint64_t runs;            /* runs of migfix_zero_later() that were handled */
};
MIGFIX_API int migfix_region_stats(const struct migfix_region *region, struct migfix_stats *stats,
				   size_t size);

/* The version of the library, such as "0.1.0". The string is static. */
MIGFIX_API const char *migfix_version(void);

#ifdef __cplusplus
}
#endif

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One measurement of the libmigfix benchmark: memory of one kind, in one state, made zero by one
 * contestant, a page of 4 KiB a call as a loader does; or populated but for its discarded sections.
 * Prints "NS-A-PAGE PAGES POPULATED STALE": what a call took, how many there were, how many pages
 * the memory has afterwards, and how many hold what they should not. Contestants, rounds and
 * figures are the script's.
 */
#include <errno.h>
#include <fcntl.h>
#include <migfix.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, BLOCK = 2 << 20, DISCARDED = 8, PAYLOAD_EVERY = 100 };
enum state { HOLE, SPARSE, DIRTY };

struct memory {
	uint8_t *at;
	uint64_t size;
	int fd; /* -1: anonymous */
	bool huge;
	enum state state;
	struct migfix_region *region; /* NULL: the contestant goes without */
	uint64_t calls;
};

static void fail(const char *what, int err)
{
	fprintf(stderr, "fix: %s: %s\n", what, strerror(err));
	exit(1);
}

static void check(const char *what, int err)
{
	if (err < 0)
		fail(what, -err);
}

/* Of this thread, which never waits: what others do on the machine is not in it. */
static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void map(struct memory *m, const char *backing)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;

	m->fd = -1;
	m->huge = !strcmp(backing, "hugetlb");
	if (strcmp(backing, "anon")) {
		m->fd = memfd_create("guest", MFD_CLOEXEC | (m->huge ? MFD_HUGETLB : 0));
		if (m->fd < 0 || ftruncate(m->fd, (off_t)m->size))
			fail("memfd", errno);
		flags = MAP_SHARED;
	}
	m->at = mmap(NULL, m->size, PROT_READ | PROT_WRITE, flags, m->fd, 0);
	if (m->at == MAP_FAILED && m->huge && errno == ENOMEM)
		exit(77); /* somebody else had use for the huge pages */
	if (m->at == MAP_FAILED)
		fail("mmap", errno);
	/* Pages, not huge pages, are counted. */
	if (!m->huge && madvise(m->at, m->size, MADV_NOHUGEPAGE) && errno != EINVAL)
		fail("MADV_NOHUGEPAGE", errno);
}

/* Pages that the kernel allocated for the memory; the shared zero page is none. */
static uint64_t populated(const struct memory *m)
{
	unsigned long long from, to, kib, sum = 0;
	bool ours = false;
	char line[512];
	struct stat st;
	FILE *smaps;

	if (m->fd >= 0) {
		check("fstat", fstat(m->fd, &st) ? -errno : 0);
		return (uint64_t)st.st_blocks / (PAGE / 512);
	}
	smaps = fopen("/proc/self/smaps", "re");
	if (!smaps)
		fail("smaps", errno);
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%llx-%llx ", &from, &to) == 2)
			ours = from < (uintptr_t)m->at + m->size && to > (uintptr_t)m->at;
		else if (ours && sscanf(line, "Anonymous: %llu kB", &kib) == 1)
			sum += kib * 1024 / PAGE;
	}
	fclose(smaps);
	return sum;
}

static bool is_payload(const struct memory *m, uint64_t off)
{
	return m->state == SPARSE && off / PAGE % PAYLOAD_EVERY == PAYLOAD_EVERY / 2;
}

static bool is_zero(const uint8_t *page)
{
	uint64_t words[8], any = 0;

	for (size_t i = 0; i < PAGE; i += sizeof(words)) {
		memcpy(words, page + i, sizeof(words));
		for (size_t k = 0; k < 8; k++)
			any |= words[k];
		if (any)
			return false;
	}
	return true;
}

/* What was loaded before: nothing, a page in a hundred, or every page. */
static void prepare(struct memory *m)
{
	for (uint64_t off = 0; off < m->size; off += PAGE) {
		void *to = m->at + off;

		if (m->state != DIRTY && !is_payload(m, off))
			continue;
		if (m->region)
			check("migfix_write", migfix_write(m->region, off, PAGE, &to));
		memset(to, 42, PAGE);
	}
}

/* Pages that do not hold what they should. Holes are left alone, where that can be. */
static uint64_t stale(const struct memory *m)
{
	uint64_t found = 0, off = 0;

	while (off < m->size) {
		if (m->fd >= 0 && !m->huge) {
			off_t data = lseek(m->fd, (off_t)off, SEEK_DATA);

			if (data < 0)
				break;
			off = (uint64_t)data;
		}
		found += is_zero(m->at + off) == is_payload(m, off);
		off += PAGE;
	}
	return found;
}

/* Contestants: one page, and what is left at the end. */

static int read_first(struct memory *m, uint64_t off)
{
	if (!is_zero(m->at + off))
		memset(m->at + off, 0, PAGE);
	return 0;
}

static int dontneed(struct memory *m, uint64_t off)
{
	return madvise(m->at + off, PAGE, MADV_DONTNEED) && errno != EINVAL ? -errno : 0;
}

static int zero(struct memory *m, uint64_t off)
{
	return migfix_zero(m->region, off, PAGE);
}

static int zero_later(struct memory *m, uint64_t off)
{
	return migfix_zero_later(m->region, off, PAGE);
}

static const struct contestant {
	const char *name;
	int (*zero)(struct memory *m, uint64_t off);
	bool library;
	enum migfix_policy policy;
	uint32_t flags;
} contestants[] = {
	{"read-first", read_first, false, 0, 0},
	{"dontneed", dontneed, false, 0, 0},
	{"madvise-first", zero, true, MIGFIX_POLICY_MADVISE_FIRST, 0},
	{"auto", zero, true, MIGFIX_POLICY_AUTO, 0},
	{"batched", zero_later, true, MIGFIX_POLICY_AUTO, 0},
	{"tracked", zero_later, true, MIGFIX_POLICY_AUTO, MIGFIX_TRACK},
};

static void open_region(struct memory *m, enum migfix_policy policy, uint32_t flags)
{
	struct migfix_options options = MIGFIX_OPTIONS_INIT;

	options.fd = m->fd;
	options.policy = policy;
	options.flags = flags;
	check("migfix_region_open", migfix_region_open(&m->region, m->at, m->size, &options));
}

static uint64_t make_zero(struct memory *m, const struct contestant *c)
{
	uint64_t start;

	if (c->library)
		open_region(m, c->policy, c->flags);
	prepare(m);
	start = now_ns();
	for (uint64_t off = 0; off < m->size; off += PAGE) {
		if (is_payload(m, off))
			continue;
		check(c->name, c->zero(m, off));
		m->calls++;
	}
	if (m->region)
		check("migfix_flush", migfix_flush(m->region));
	return now_ns() - start;
}

/* The populate routines. One block of eight is populated, as virtio-mem would have it. */

static int next_discarded(void *opaque, uint64_t off, struct migfix_section *section)
{
	const struct memory *m = opaque;
	uint64_t block = off / BLOCK;

	if (off >= m->size)
		return 0;
	if (block % DISCARDED == 0)
		block++;
	section->off = (block - block % DISCARDED + 1) * BLOCK;
	section->len = (uint64_t)(DISCARDED - 1) * BLOCK;
	return section->off < m->size;
}

static void read_bytes(const struct memory *m, uint64_t off, uint64_t len)
{
	for (uint64_t end = off + len; off < end; off += PAGE)
		(void)*(volatile uint8_t *)(m->at + off);
}

static void populate(struct memory *m, const char *how)
{
	uint64_t step = (uint64_t)DISCARDED * BLOCK;

	if (!strcmp(how, "byte-a-page")) {
		read_bytes(m, 0, m->size);
	} else if (!strcmp(how, "sparse")) {
		check(how, migfix_populate_read(m->region, 0, m->size, next_discarded, m));
	} else {
		for (uint64_t off = 0; off < m->size; off += step)
			if (!strcmp(how, "byte-sections"))
				read_bytes(m, off, BLOCK);
			else if (madvise(m->at + off, BLOCK, MADV_POPULATE_READ))
				fail("MADV_POPULATE_READ", errno);
	}
}

static uint64_t make_present(struct memory *m, const char *how)
{
	uint64_t start;

	if (!strcmp(how, "sparse"))
		open_region(m, MIGFIX_POLICY_AUTO, 0);
	m->calls = m->size / PAGE / DISCARDED;
	start = now_ns();
	populate(m, how);
	return now_ns() - start;
}

static int usage(void)
{
	fputs("usage: fix BACKING SIZE hole|sparse|dirty CONTESTANT\n"
	      "       fix BACKING SIZE populate kernel|sparse|byte-sections|byte-a-page\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static const char *const states[] = {"hole", "sparse", "dirty"};
	const struct contestant *c = NULL;
	struct memory m = {.fd = -1};
	int state = -1;
	uint64_t ns;

	if (argc != 5)
		return usage();
	for (int i = 0; i < 3; i++)
		if (!strcmp(argv[3], states[i]))
			state = i;
	for (size_t i = 0; i < sizeof(contestants) / sizeof(*contestants); i++)
		if (!strcmp(argv[4], contestants[i].name))
			c = &contestants[i];
	if (state < 0 ? strcmp(argv[3], "populate") : !c)
		return usage();
	m.state = state < 0 ? HOLE : (enum state)state;
	m.size = strtoull(argv[2], NULL, 10);
	map(&m, argv[1]);
	ns = state < 0 ? make_present(&m, argv[4]) : make_zero(&m, c);
	printf("%.2f %llu %llu ", (double)ns / (double)m.calls, (unsigned long long)m.calls,
	       (unsigned long long)populated(&m));
	printf("%llu\n", (unsigned long long)stale(&m));
	check("migfix_region_close", m.region ? migfix_region_close(m.region) : 0);
	return 0;
}

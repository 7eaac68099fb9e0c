// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program that exports what QEMU exports, run with libmigfix-preload.so: for what no QEMU does on
 * demand, such as memory that takes the place of unplugged memory at the same address, with the
 * same file descriptor. WITH_HANDLER: as QEMU 8.2 and later, with a zero handler of its own; with
 * the argument "handler" only this is tried.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE  4096u
#define PAGES 64u
#define SIZE  ((size_t)PAGES * PAGE)

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

/* ---- what QEMU exports ---- */

struct RAMBlock {
	char *host;
	int fd;
	bool shared;
};
struct notifier {
	void (*added)(struct notifier *n, void *host, size_t size, size_t max_size);
	void (*removed)(struct notifier *n, void *host, size_t size, size_t max_size);
	void (*resized)(struct notifier *n, void *host, size_t old_size, size_t new_size);
	struct notifier *next, **previous;
};

static struct RAMBlock blocks[4];
static struct notifier *notifier;
static _Thread_local unsigned long rcu[8];
static _Thread_local bool coroutine;
static bool postcopy, discards_disabled;

/* Prologues as compilers write them; nobody comes here once they are replaced. */
#define REPLACED(type, name, arguments)                                                            \
	type name arguments;                                                                       \
	__asm__(".pushsection replaced, \"ax\", @progbits\n.balign 4096\n.globl " #name            \
		"\n.type " #name ", @function\n" #name                                             \
		":\npush %rbp\nmov %rsp, %rbp\nsub $16, %rsp\nmov %rdi, %rbx\ntest %rsi, "         \
		"%rsi\nud2\n"                                                                      \
		".size " #name ", . - " #name "\n.skip 64, 0xcc\n.popsection\n")

REPLACED(bool, buffer_is_zero, (const void *buffer, size_t length));
#ifdef WITH_HANDLER
REPLACED(void, ram_handle_zero, (void *host, uint64_t size));
#endif

struct RAMBlock *qemu_ram_block_from_host(void *host, bool round, uint64_t *offset);
int qemu_ram_get_fd(struct RAMBlock *block);
bool qemu_ram_is_shared(struct RAMBlock *block);
size_t qemu_ram_pagesize(struct RAMBlock *block);
void ram_block_notifier_add(struct notifier *n);
bool migrate_postcopy_ram(void);
bool qemu_in_coroutine(void);
bool ram_block_discard_is_disabled(void);
unsigned long *get_ptr_rcu_reader(void);

struct RAMBlock *qemu_ram_block_from_host(void *host, bool round, uint64_t *offset)
{
	REQUIRE(!round);
	for (size_t i = 0; i < sizeof(blocks) / sizeof(*blocks); i++) {
		*offset = (uint64_t)((char *)host - blocks[i].host);
		if (blocks[i].host && *offset < SIZE)
			return &blocks[i];
	}
	return NULL;
}

int qemu_ram_get_fd(struct RAMBlock *block)
{
	return block->fd;
}

bool qemu_ram_is_shared(struct RAMBlock *block)
{
	return block->shared;
}

size_t qemu_ram_pagesize(struct RAMBlock *block)
{
	(void)block;
	return PAGE;
}

void ram_block_notifier_add(struct notifier *n)
{
	notifier = n;
}

bool migrate_postcopy_ram(void)
{
	return postcopy;
}

bool qemu_in_coroutine(void)
{
	return coroutine;
}

bool ram_block_discard_is_disabled(void)
{
	return discards_disabled;
}

unsigned long *get_ptr_rcu_reader(void)
{
	return rcu;
}

/* ---- RAM blocks that come and go as QEMU's do ---- */

static int new_file(void)
{
	int fd = memfd_create("ram", MFD_CLOEXEC);

	REQUIRE(fd >= 0 && !ftruncate(fd, 4 * SIZE));
	return fd;
}

static long pages_of(int fd)
{
	struct stat st;

	REQUIRE(!fstat(fd, &st));
	return st.st_blocks / 8;
}

/* At "where", or anywhere. */
static struct RAMBlock *plug(int i, char *where, int fd, bool shared, off_t offset)
{
	int flags = (shared ? MAP_SHARED : MAP_PRIVATE) | (where ? MAP_FIXED_NOREPLACE : 0);
	struct RAMBlock *block = &blocks[i];

	*block = (struct RAMBlock){.fd = fd, .shared = shared};
	block->host = mmap(where, SIZE, PROT_READ | PROT_WRITE, flags, fd, offset);
	REQUIRE(block->host != MAP_FAILED);
	notifier->added(notifier, block->host, SIZE, SIZE);
	return block;
}

static void unplug(struct RAMBlock *block)
{
	char *host = block->host;

	notifier->removed(notifier, host, SIZE, SIZE);
	block->host = NULL;
	munmap(host, SIZE);
	close(block->fd);
}

/* ---- the source, and the loader of old ---- */

static void asked_without_populating(void)
{
	struct RAMBlock *block = plug(0, NULL, new_file(), true, 0);

	block->host[5 * PAGE + 7] = 1;
	block->host[6 * PAGE] = 0;
	for (unsigned i = 0; i < PAGES; i++)
		REQUIRE(buffer_is_zero(block->host + i * PAGE, PAGE) == (i != 5));
	REQUIRE(buffer_is_zero(block->host + 8 * PAGE, 8 * PAGE));
	REQUIRE(pages_of(block->fd) == 2);
	/* Of a hole and a page with content: read. */
	REQUIRE(!buffer_is_zero(block->host + 4 * PAGE, 2 * PAGE));
	unplug(block);
}

static void asked_at_its_offset_in_the_file(void)
{
	int fd = new_file();
	struct RAMBlock *block;

	REQUIRE(pwrite(fd, "x", 1, (off_t)(SIZE + 3 * PAGE)) == 1);
	block = plug(0, NULL, fd, true, (off_t)SIZE);
	for (unsigned i = 0; i < PAGES; i++)
		REQUIRE(buffer_is_zero(block->host + i * PAGE, PAGE) == (i != 3));
	REQUIRE(pages_of(fd) == 1);
	unplug(block);
}

static void private_copies_count(void)
{
	struct RAMBlock *block = plug(0, NULL, new_file(), false, 0);

	block->host[2 * PAGE] = 1;
	for (unsigned i = 0; i < PAGES; i++)
		REQUIRE(buffer_is_zero(block->host + i * PAGE, PAGE) == (i != 2));
	REQUIRE(pages_of(block->fd) == 1); /* copied from */
	/* A hole below a copy: the copy is what is read. */
	REQUIRE(!fallocate(block->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2 * PAGE, PAGE));
	REQUIRE(!buffer_is_zero(block->host + 2 * PAGE, PAGE));
	REQUIRE(pages_of(block->fd) == 0);
	unplug(block);
}

/* What is not on tmpfs is not asked: SEEK_DATA may mean anything there. */
static void other_files_are_read(void)
{
	int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
	struct RAMBlock *block = plug(0, NULL, fd, false, 0);

	block->host[PAGE] = 1;
	REQUIRE(buffer_is_zero(block->host, PAGE));
	REQUIRE(!buffer_is_zero(block->host + PAGE, PAGE));
	unplug(block);
}

/* The block layer, not the loader, runs in coroutines outside of RCU critical sections. */
static void whose_call_it_is(bool handler)
{
	struct RAMBlock *block = plug(0, NULL, new_file(), true, 0);

	coroutine = true;
	REQUIRE(buffer_is_zero(block->host, PAGE));
	REQUIRE(pages_of(block->fd) == 1);
	rcu[0] = 3;
	REQUIRE(buffer_is_zero(block->host + PAGE, PAGE));
	REQUIRE(pages_of(block->fd) == (handler ? 2 : 1));
	postcopy = true;
	REQUIRE(buffer_is_zero(block->host + 2 * PAGE, PAGE));
	REQUIRE(pages_of(block->fd) == (handler ? 3 : 2));
	postcopy = coroutine = false;
	rcu[0] = 0;
	unplug(block);
}

/* Other memory where a block was, and another file with its number: an answer from what was known
 * of the block would be "zero". */
static void nothing_outlives_an_unmapping(void)
{
	struct RAMBlock *block = plug(0, NULL, new_file(), true, 0);
	char *where = block->host, *memory;
	int fd = block->fd;

	REQUIRE(buffer_is_zero(where, PAGE));
	unplug(block);
	memory = mmap(where, SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	REQUIRE(memory == where);
	REQUIRE(new_file() == fd);
	memory[100] = 1;
	REQUIRE(!buffer_is_zero(memory, PAGE));
	munmap(memory, SIZE);
	/* And a block in its place is asked about as itself. */
	REQUIRE(pwrite(fd, "x", 1, 9 * PAGE) == 1);
	block = plug(1, where, fd, true, 0);
	REQUIRE(!buffer_is_zero(where + 9 * PAGE, PAGE));
	REQUIRE(buffer_is_zero(where + 8 * PAGE, PAGE));
	REQUIRE(pages_of(fd) == 1);
	unplug(block);
}

static atomic_bool over;

static void *ask(void *opaque)
{
	const struct RAMBlock *block = opaque;
	char *own = aligned_alloc(PAGE, PAGE);

	memset(own, 1, PAGE);
	while (!over) {
		for (unsigned i = 0; i < PAGES; i++)
			REQUIRE(buffer_is_zero(block->host + i * PAGE, PAGE) == (i != 5));
		REQUIRE(!buffer_is_zero(own, PAGE));
	}
	free(own);
	return NULL;
}

static void threads_ask_while_blocks_come_and_go(void)
{
	struct RAMBlock *block = plug(0, NULL, new_file(), true, 0), *other;
	pthread_t threads[4];

	block->host[5 * PAGE] = 1;
	for (int i = 0; i < 4; i++)
		REQUIRE(!pthread_create(&threads[i], NULL, ask, block));
	for (int i = 0; i < 500; i++) {
		other = plug(1, NULL, new_file(), true, 0);
		other->host[i % (int)PAGES * (int)PAGE] = 1;
		for (unsigned page = 0; page < PAGES; page++)
			REQUIRE(buffer_is_zero(other->host + page * PAGE, PAGE) ==
				(page != (unsigned)i % PAGES));
		unplug(other);
	}
	over = true;
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	unplug(block);
}

/* ---- the zero handler ---- */

#ifdef WITH_HANDLER
static bool reads_zero(const char *memory)
{
	static const char zero[PAGE];

	return !memcmp(memory, zero, PAGE);
}

/* All blocks there are when the first page is made zero have their populated pages kept. */
static void handler(void)
{
	struct RAMBlock *block = plug(0, NULL, new_file(), true, 0);
	struct RAMBlock *copied = plug(1, NULL, new_file(), false, 0);

	memset(block->host, 1, 2 * PAGE);
	ram_handle_zero(block->host, PAGE);
	REQUIRE(pages_of(block->fd) == 2);
	memset(block->host + 8 * PAGE, 1, 4 * PAGE);
	ram_handle_zero(block->host + 8 * PAGE, PAGE);
	ram_handle_zero(block->host + 20 * PAGE, PAGE);
	REQUIRE(pages_of(block->fd) == 5);
	discards_disabled = true;
	ram_handle_zero(block->host + 9 * PAGE, PAGE);
	REQUIRE(pages_of(block->fd) == 5);
	discards_disabled = false;
	postcopy = true;
	ram_handle_zero(block->host + 10 * PAGE, PAGE);
	ram_handle_zero(block->host + 21 * PAGE, PAGE);
	REQUIRE(pages_of(block->fd) == 6);
	postcopy = false;
	REQUIRE(reads_zero(block->host) && !reads_zero(block->host + PAGE));
	for (unsigned i = 2; i < PAGES; i++)
		REQUIRE(reads_zero(block->host + i * PAGE) == (i != 11));
	memset(copied->host, 1, 2 * PAGE);
	ram_handle_zero(copied->host, PAGE);
	ram_handle_zero(copied->host + 2 * PAGE, PAGE);
	REQUIRE(reads_zero(copied->host) && !reads_zero(copied->host + PAGE));
	unplug(block);
	unplug(copied);
	/* Not known before the first page was loaded: never given back, but made zero. */
	block = plug(0, NULL, new_file(), true, 0);
	memset(block->host, 1, PAGE);
	ram_handle_zero(block->host, PAGE);
	ram_handle_zero(block->host + PAGE, PAGE);
	REQUIRE(pages_of(block->fd) == 1 && reads_zero(block->host));
	unplug(block);
}
#endif

int main(int argc, char **argv)
{
	REQUIRE(notifier); /* it was loaded, and hooked */
#ifdef WITH_HANDLER
	handler();
	if (argc > 1 && !strcmp(argv[1], "handler"))
		return 0;
	whose_call_it_is(true);
#else
	(void)argc;
	(void)argv;
	whose_call_it_is(false);
#endif
	asked_without_populating();
	asked_at_its_offset_in_the_file();
	private_copies_count();
	other_files_are_read();
	nothing_outlives_an_unmapping();
	threads_ask_while_blocks_come_and_go();
	return 0;
}

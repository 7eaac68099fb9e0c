// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest's memory for shell scripts, read from outside without populating any of it; and what the
 * churning guest must have left there, whose boot sector it writes as well. Exit status: 0 done,
 * 1 it is not as it must be, 2 usage, 4 it cannot be read.
 */
#include "proc/guest_memory.h"
#include "verify/guest/churn.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define STEP (512 << 10)
#define DISK (1 << 20)
#define PAGE UINT32_C(4096)

static const char usage_text[] =
	"usage: guest-memory boot-sector FILE           a disk from which the churning guest "
	"starts\n"
	"       guest-memory dump PID ADDRESS SIZE FILE memory of a process; what is not there is "
	"a "
	"hole\n"
	"       guest-memory passes PID ADDRESS         of the churning guest over its memory\n"
	"       guest-memory churned FILE               does each byte of a dump hold what it "
	"must?\n";

static int complain(const char *what, int err)
{
	fprintf(stderr, "guest-memory: %s: %s\n", what, strerror(-err));
	return 4;
}

static int write_boot_sector(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), err = 0;

	if (fd < 0)
		return complain(path, -errno);
	if (write(fd, guest_churn, GUEST_CHURN_SIZE) != GUEST_CHURN_SIZE || ftruncate(fd, DISK))
		err = complain(path, -errno);
	close(fd);
	return err;
}

static int copy(struct guest_memory *m, int fd)
{
	char *buffer = malloc(STEP);
	int err = buffer ? ftruncate(fd, (off_t)m->length) ? -errno : 0 : -ENOMEM;

	for (uint64_t off = 0; off < m->length && !err; off += STEP) {
		size_t len = m->length - off < STEP ? (size_t)(m->length - off) : STEP;
		bool any = false;

		err = guest_memory__read(m, off, buffer, len, &any);
		if (!err && any && pwrite(fd, buffer, len, (off_t)off) != (ssize_t)len)
			err = -EIO;
	}
	free(buffer);
	return err;
}

static int dump(pid_t pid, uint64_t address, uint64_t size, const char *path)
{
	struct guest_memory m;
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), err;

	if (fd < 0)
		return complain(path, -errno);
	err = guest_memory__open(&m, pid, address, size);
	if (!err)
		err = copy(&m, fd);
	guest_memory__close(&m);
	close(fd);
	return err ? complain("dump", err) : 0;
}

static int print_passes(pid_t pid, uint64_t address)
{
	const uint64_t at = GUEST_CHURN_PASSES / PAGE * PAGE;
	struct guest_memory m;
	uint32_t words[PAGE / 4], passes = 0;
	bool any = false;
	int err = guest_memory__open(&m, pid, address, at + PAGE);

	if (!err)
		err = guest_memory__read(&m, at, words, sizeof(words), &any);
	if (!err && any)
		passes = words[GUEST_CHURN_PASSES % PAGE / 4];
	guest_memory__close(&m);
	if (err)
		return complain("passes", err);
	printf("%" PRIu32 "\n", passes);
	return 0;
}

/* Of page "page" once pass "pass" has been there; before the first it is as it was at the start. */
static uint32_t churned_word(uint32_t page, int64_t pass)
{
	return pass >= 0 && ((page + pass) & 1) ? (uint32_t)pass + 1 : 0;
}

/* Up to where the guest has come in its pass all is of that pass, from there on of the one before.
 * Which word that is nobody knows, but that there is one such word. */
static int check_churned(const uint32_t *memory)
{
	uint32_t pass = memory[GUEST_CHURN_PASSES / 4], at = GUEST_CHURN_START / 4;
	uint32_t end = GUEST_CHURN_END / 4, turn;

	while (at < end && memory[at] == churned_word(at / (PAGE / 4), pass))
		at++;
	turn = at;
	while (at < end && memory[at] == churned_word(at / (PAGE / 4), (int64_t)pass - 1))
		at++;
	if (at == end) {
		printf("pass %" PRIu32 " had come to 0x%" PRIx32 "\n", pass, turn * 4);
		return 0;
	}
	printf("pass %" PRIu32 " had come to 0x%" PRIx32 ", but 0x%" PRIx32 " holds 0x%" PRIx32
	       "\n",
	       pass, turn * 4, at * 4, memory[at]);
	return 1;
}

static int check_dump(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), status;
	const uint32_t *memory;

	if (fd < 0)
		return complain(path, -errno);
	if (lseek(fd, 0, SEEK_END) < GUEST_CHURN_END) {
		close(fd);
		return complain(path, -ENODATA);
	}
	memory = mmap(NULL, GUEST_CHURN_END, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (memory == MAP_FAILED)
		return complain(path, -errno);
	status = check_churned(memory);
	munmap((void *)(uintptr_t)memory, GUEST_CHURN_END);
	return status;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	pid_t pid = argc > 3 ? (pid_t)atoi(argv[2]) : 0;
	uint64_t address = argc > 3 ? strtoull(argv[3], NULL, 0) : 0;

	if (argc == 3 && !strcmp(verb, "boot-sector"))
		return write_boot_sector(argv[2]);
	if (argc == 6 && !strcmp(verb, "dump"))
		return dump(pid, address, strtoull(argv[4], NULL, 0), argv[5]);
	if (argc == 4 && !strcmp(verb, "passes"))
		return print_passes(pid, address);
	if (argc == 3 && !strcmp(verb, "churned"))
		return check_dump(argv[2]);
	fputs(usage_text, stderr);
	return 2;
}

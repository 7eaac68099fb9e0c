/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Has ELF files read by a process of its own, which may die of one, hang in one, or be taken over
 * by one. What that process answers is checked here, and bounded; whether it is true is another
 * matter.
 *
 * The functions return 0, a negative errno of the file (cfi.h lists them), or, if the reader failed:
 *   -ETIME       it did not answer in time
 *   -ECONNRESET  it died, twice
 *   -ENOMEM      the file needs more memory than a reader may have
 *   -EPROTO      its answer made no sense
 * A file of which the reader failed is in the list of unreadable.h, which answers for it from then
 * on. A call takes HELPER_TIME_MAX at most. One thread at a time may use a reader.
 */
#ifndef MIGPOP_READER_CLIENT_H
#define MIGPOP_READER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cfi_table;
struct elf_headers;
struct elf_place;
struct reader;
struct record_frames;
struct stat;

/* Returns NULL without memory. The process is started by reader__start(), which does not wait for
 * it, or when it is needed. */
struct reader *reader__new(void);
void reader__free(struct reader *r);
void reader__start(struct reader *r);

/* Frees a reader that has no file open, and keeps its process for the next reader__new(): to start one
 * takes some milliseconds. One process is kept at most. */
void reader__leave(struct reader *r);

/* Ends the process. It is started again when it is needed. */
void reader__stop(struct reader *r);

/* A file, or an image in memory in place of one. */
struct reader_file {
	int fd;                /* -1: an image in memory */
	const struct stat *st; /* of the file */
	const void *image;
	size_t size; /* of the image, at most READER_IMAGE_MAX */
};

int reader__headers(struct reader *r, const struct reader_file *f, struct elf_headers *out);
int reader__rows(struct reader *r, const struct reader_file *f, struct cfi_table *out);

/* Stores in *text, for the caller to free, the text in the file's read-only data that begins with
 * "begins", up to its end or 256 bytes; NULL if there is none. */
int reader__text(struct reader *r, const struct reader_file *f, const char *begins, char **text);

/*
 * Names of a file that stays open in the reader, by a handle. A handle is worth nothing when the
 * reader has been started anew, as reader__generation() tells. Debug files are offered before the first
 * name is asked for: see symbol/elf_names.h. These functions do not try again,
 * and do not note what the reader failed of: their caller opens the file once more.
 */
struct reader_names {
	uint64_t handle;
	char *build_id;   /* NULL if it has none; free it */
	bool lacks_debug; /* a separate debug file may have more names */
	char *debug_link; /* the name of its debug file, without directory; or NULL; free it */
};

uint64_t reader__generation(const struct reader *r);
int reader__open(struct reader *r, const struct reader_file *f, struct reader_names *out);
int reader__add_debug(struct reader *r, uint64_t handle, int fd, bool by_link, bool *used);
int reader__alt_link(struct reader *r, uint64_t handle, char **build_id, char **name);
int reader__add_alt(struct reader *r, uint64_t handle, int fd, bool *used);
int reader__find(struct reader *r, uint64_t handle, uint64_t file_offset, struct elf_place *place,
		 struct record_frames *frames);
void reader__close(struct reader *r, uint64_t handle);

/* True if "err" is of the reader, and not of the file. */
bool reader__has_failed(int err);

/* Why a file cannot be read, for people: a static string. */
const char *reader__why(int err);

#endif

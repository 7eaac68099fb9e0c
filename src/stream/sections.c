// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the outer structure of a stream, as QEMU's migration/savevm.c writes it: header,
 * configuration, sections and commands. ram.c reads what is in a section of RAM.
 */
#include "stream/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* From migration/savevm.h. */
enum section_type {
	SECTION_EOF = 0x00,
	SECTION_START = 0x01,
	SECTION_PART = 0x02,
	SECTION_END = 0x03,
	SECTION_FULL = 0x04,
	SECTION_SUBSECTION = 0x05,
	SECTION_VMDESCRIPTION = 0x06,
	SECTION_CONFIGURATION = 0x07,
	SECTION_COMMAND = 0x08,
	SECTION_FOOTER = 0x7e,
};

enum { FILE_VERSION = 3, RAM_VERSION = 4, MACHINE_MAX = 4096 };

/* --- header --- */

/* Other data that may be found where a stream is expected. */
static const struct not_a_stream {
	const char *magic;
	size_t len;
	const char *what;
} not_streams[] = {
	{"\x16\x03", 2, "this is TLS: not supported, decrypt it first"},
	{"\x11\x22\x33\x44", 4, "this is a multifd channel, not the main one: not supported"},
	{"\x1f\x8b", 2, "this is compressed by gzip: decompress it first"},
	{"\x28\xb5\x2f\xfd", 4, "this is compressed by zstd: decompress it first"},
	{"QFI\xfb", 4, "this is a qcow2 image: a snapshot in it is not supported"},
};

/* Skips what is before the first stream. Returns false if none begins within the first 16 MiB. */
static bool find_stream(struct stream_reader *r)
{
	static const uint8_t begin[] = {'Q', 'E', 'V', 'M', 0, 0, 0, FILE_VERSION};
	const uint64_t last = r->in.offset + (16 << 20);

	while (r->in.offset < last && input__peek(&r->in, sizeof(begin))) {
		const uint8_t *at = r->in.buffer + r->in.begin;
		const uint8_t *found = memmem(at, input__at_hand(&r->in), begin, sizeof(begin));

		input__take(&r->in, found ? (size_t)(found - at)
					  : input__at_hand(&r->in) - sizeof(begin) + 1);
		if (found)
			return true;
	}
	return false;
}

static int fail_magic(struct stream_reader *r)
{
	uint64_t at = r->in.offset;

	for (size_t i = 0; i < sizeof(not_streams) / sizeof(*not_streams); i++) {
		const struct not_a_stream *n = &not_streams[i];

		if (input__at_hand(&r->in) >= n->len &&
		    !memcmp(r->in.buffer + r->in.begin, n->magic, n->len))
			return stream_reader__fail(r, at, -ENOTSUP, "%s", n->what);
	}
	if (find_stream(r))
		return stream_reader__fail(
			r, at, -EINVAL,
			"no migration stream of QEMU's begins here, but one does "
			"at %" PRIu64 ": tail -c +%" PRIu64 " FILE | migpop replay -",
			r->in.offset, r->in.offset + 1);
	return stream_reader__fail(r, at, -EINVAL,
				   "no migration stream of QEMU's begins like this");
}

static int read_header(struct stream_reader *r)
{
	const uint8_t *magic = input__peek(&r->in, 4);
	uint32_t version;
	int err;

	if (!magic)
		return stream_reader__fail_short(r, r->in.offset, "the header");
	if (memcmp(magic, "QEVM", 4)) {
		input__peek(&r->in, 16);
		return fail_magic(r);
	}
	input__take(&r->in, 4);
	err = stream_reader__u32(r, &version, "the header");
	if (!err && version != FILE_VERSION)
		err = stream_reader__fail(r, r->in.offset - 4, -ENOTSUP,
					  "version %" PRIu32 " of the stream, not %d", version,
					  FILE_VERSION);
	return err;
}

/* --- configuration --- */

/* Reads the capabilities, and notes those that change what follows. QEMU sends the others for
 * comparison only. */
static int read_capabilities(struct stream_reader *r)
{
	static const char what[] = "the capabilities of the source";
	char name[STREAM_NAME_MAX];
	uint32_t n;
	int err = stream_reader__u32(r, &n, what);

	while (!err && n--) {
		err = stream_reader__string(r, name, what);
		if (err)
			break;
		if (!strcmp(name, "x-ignore-shared"))
			r->info->ignore_shared = true;
		if (!strcmp(name, "mapped-ram"))
			r->info->mapped_ram = true;
	}
	return err;
}

/* The page size: TARGET_PAGE_BITS_MIN and _MAX of include/exec are 10 and 16. */
static int read_page_bits(struct stream_reader *r)
{
	uint64_t at = r->in.offset;
	uint32_t bits;
	int err = stream_reader__u32(r, &bits, "the target's page size");

	if (!err && (bits < 10 || bits > 16))
		err = stream_reader__fail(r, at, -EINVAL, "pages of 2^%" PRIu32 " bytes", bits);
	if (!err) {
		r->info->page_size = UINT32_C(1) << bits;
		r->knows_page_size = true;
	}
	return err;
}

static int read_uuid(struct stream_reader *r)
{
	if (!input__peek(&r->in, 16))
		return stream_reader__fail_short(r, r->in.offset, "the machine's UUID");
	input__take(&r->in, 16);
	return 0;
}

/* Reads one of the subsections of vmstate_configuration (migration/savevm.c). Nothing says how long
 * a subsection is, so an unknown one cannot be skipped. */
static int read_subsection(struct stream_reader *r)
{
	static const struct {
		const char *name;
		int (*read)(struct stream_reader *r);
	} known[] = {
		{"configuration/capabilities", read_capabilities},
		{"configuration/target-page-bits", read_page_bits},
		{"configuration/uuid", read_uuid},
	};
	uint64_t at = r->in.offset;
	char name[STREAM_NAME_MAX];
	uint32_t version;
	int err;

	input__take(&r->in, 1);
	err = stream_reader__string(r, name, "the name of a subsection");
	if (!err)
		err = stream_reader__u32(r, &version, "a subsection");
	if (err)
		return err;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(name, known[i].name))
			return known[i].read(r);
	return stream_reader__fail(r, at, -ENOTSUP, "subsection %s: not supported", name);
}

static int read_machine(struct stream_reader *r)
{
	uint64_t at = r->in.offset;
	const uint8_t *name;
	uint32_t len;
	size_t kept;
	int err = stream_reader__u32(r, &len, "the configuration");

	if (err)
		return err;
	if (len > MACHINE_MAX)
		return stream_reader__fail(r, at, -EINVAL,
					   "a machine with a name of %" PRIu32 " bytes", len);
	name = input__peek(&r->in, len);
	if (!name)
		return stream_reader__fail_short(r, at, "the configuration");
	kept = len < sizeof(r->info->machine) ? len : sizeof(r->info->machine) - 1;
	memcpy(r->info->machine, name, kept);
	r->info->machine[kept] = '\0';
	input__take(&r->in, len);
	return 0;
}

/* Streams of machines before 2.3 have no configuration. */
static int read_configuration(struct stream_reader *r)
{
	const uint8_t *type = input__peek(&r->in, 1);
	int err;

	if (!type || *type != SECTION_CONFIGURATION)
		return 0;
	input__take(&r->in, 1);
	err = read_machine(r);
	while (!err) {
		type = input__peek(&r->in, 1);
		if (!type || *type != SECTION_SUBSECTION)
			break;
		err = read_subsection(r);
	}
	return err;
}

/* --- commands --- */

/* enum qemu_vm_cmd of migration/savevm.c */
enum command {
	COMMAND_OPEN_RETURN_PATH = 1,
	COMMAND_PING = 2,
	COMMAND_POSTCOPY_ADVISE = 3,
	COMMAND_SWITCHOVER_START = 11, /* since 10.0 */
};

/* enum mig_rp_message_type of migration/migration.h */
enum { REPLY_SHUT = 1, REPLY_PONG = 2 };

static int reply(const struct stream_source *s, uint8_t type, const uint8_t value[4])
{
	uint8_t message[8] = {0, type, 0, 4};

	memcpy(message + 4, value, 4);
	return s->reply ? s->reply(s->opaque, message, sizeof(message)) : 0;
}

int stream__goodbye(const struct stream_source *source)
{
	static const uint8_t no_error[4];

	return reply(source, REPLY_SHUT, no_error);
}

static const char *command__name(uint16_t command)
{
	static const char *const names[] = {
		"none",
		"open return path",
		"ping",
		"postcopy advise",
		"postcopy listen",
		"postcopy run",
		"postcopy discard",
		"packaged sections",
		"enable COLO",
		"postcopy resume",
		"received bitmap",
		"switchover start",
	};

	return command < sizeof(names) / sizeof(*names) ? names[command] : "of a later QEMU";
}

static int read_command(struct stream_reader *r)
{
	uint64_t at = r->in.offset - 1;
	const uint8_t *payload;
	uint16_t command, len;
	int err = stream_reader__u16(r, &command, "a command");

	if (!err)
		err = stream_reader__u16(r, &len, "a command");
	if (err)
		return err;
	payload = input__peek(&r->in, len);
	if (!payload)
		return stream_reader__fail_short(r, at, "a command");
	switch (command) {
	case COMMAND_OPEN_RETURN_PATH:
		r->info->return_path = true;
		break;
	case COMMAND_SWITCHOVER_START:
		break;
	case COMMAND_PING:
		if (len != 4)
			return stream_reader__fail(r, at, -EINVAL, "a ping of %u bytes", len);
		err = reply(r->in.source, REPLY_PONG, payload);
		if (err)
			return stream_reader__fail(r, at, err, "cannot answer the source: %s",
						   strerror(-err));
		break;
	case COMMAND_POSTCOPY_ADVISE:
		r->advised = true;
		break;
	default:
		return stream_reader__fail(r, at, -ENOTSUP, "command %u (%s): not supported",
					   command, command__name(command));
	}
	input__take(&r->in, len);
	return err;
}

/* --- sections --- */

/* True if all pages have been sent. A background snapshot sends each page once, and then the device
 * state, which was saved before: the section of RAM never ends (migration/migration.c:
 * bg_migration_completion()). */
static bool has_all_pages(const struct stream_reader *r)
{
	const struct stream_info *info = r->info;

	return r->declared && !info->mapped_ram &&
	       (info->zero_pages + info->payload_pages) * info->page_size >= r->declared;
}

/* Streams of machines before 2.4 have no footers. No type of section equals the mark of a footer.
 * */
static int read_footer(struct stream_reader *r)
{
	uint64_t at = r->in.offset;
	const uint8_t *mark = input__peek(&r->in, 1);
	uint32_t id;
	int err;

	if (!mark && r->has_footers)
		return stream_reader__fail_short(r, at, "the footer of a section");
	if (!mark || *mark != SECTION_FOOTER)
		return 0;
	r->has_footers = true;
	input__take(&r->in, 1);
	err = stream_reader__u32(r, &id, "the footer of a section");
	if (!err && id != r->ram_section)
		err = stream_reader__fail(r, at, -EINVAL,
					  "the footer of section %" PRIu32 " ends section %" PRIu32,
					  id, r->ram_section);
	return err;
}

static int read_start(struct stream_reader *r)
{
	uint64_t at = r->in.offset - 1;
	uint32_t id, instance, version;
	char name[STREAM_NAME_MAX];
	int err = stream_reader__u32(r, &id, "a section");

	if (!err)
		err = stream_reader__string(r, name, "the name of a section");
	if (!err)
		err = stream_reader__u32(r, &instance, "a section");
	if (!err)
		err = stream_reader__u32(r, &version, "a section");
	if (err)
		return err;
	/* Nothing says how long a section is, so an unknown one cannot be skipped. */
	if (strcmp(name, "ram"))
		return stream_reader__fail(r, at, -ENOTSUP,
					   "section %s before the end of RAM: "
					   "not supported",
					   name);
	if (r->has_ram)
		return stream_reader__fail(r, at, -EINVAL, "RAM begins for a second time");
	if (version != RAM_VERSION)
		return stream_reader__fail(r, at, -ENOTSUP, "version %" PRIu32 " of RAM, not %d",
					   version, RAM_VERSION);
	r->has_ram = true;
	r->ram_section = id;
	return 0;
}

static int read_part(struct stream_reader *r)
{
	uint64_t at = r->in.offset - 1;
	uint32_t id;
	int err = stream_reader__u32(r, &id, "a section");

	if (!err && (!r->has_ram || id != r->ram_section))
		err = stream_reader__fail(r, at, -EINVAL,
					  "section %" PRIu32 " goes on and never began", id);
	return err;
}

static int read_section(struct stream_reader *r, bool *complete)
{
	uint64_t at = r->in.offset;
	uint8_t type;
	int err = stream_reader__u8(r, &type, "the next section");

	if (err)
		return err;
	if (type == SECTION_FULL && has_all_pages(r)) {
		r->info->snapshot = true;
		*complete = true;
		return 0;
	}
	switch (type) {
	case SECTION_COMMAND:
		return read_command(r);
	case SECTION_START:
	case SECTION_FULL:
		err = read_start(r);
		break;
	case SECTION_PART:
	case SECTION_END:
		err = read_part(r);
		break;
	case SECTION_EOF:
		return stream_reader__fail(r, at, -EINVAL,
					   "the stream is over before RAM is complete");
	default:
		return stream_reader__fail(r, at, -EINVAL, "section type 0x%02x", type);
	}
	if (!err)
		err = stream_reader__ram(r);
	if (!err)
		err = read_footer(r);
	*complete = type == SECTION_END || type == SECTION_FULL;
	r->info->sections++;
	return err;
}

int stream__read(const struct stream_source *source, const struct stream_sink *sink,
		 struct stream_info *info, struct stream_error *error)
{
	struct stream_reader r = {.sink = sink, .info = info, .error = error};
	bool complete = false;
	int err = input__open(&r.in, source);

	*info = (struct stream_info){.page_size = STREAM_PAGE_USUAL};
	if (err) {
		stream_reader__fail(&r, 0, err, "%s", strerror(-err));
		goto out;
	}
	err = stream_reader__save_file(&r);
	if (!err)
		err = read_header(&r);
	if (!err)
		err = read_configuration(&r);
	while (!err && !complete)
		err = read_section(&r, &complete);
	if (!err && info->multifd_syncs)
		err = stream_reader__fail(&r, r.first_sync, -ENOTSUP,
					  "multifd: the pages went through "
					  "other channels, which are not supported");
	info->bytes = r.in.bytes;
out:
	free(r.blocks);
	input__close(&r.in);
	return err;
}

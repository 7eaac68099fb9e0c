// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Streams that are not a live migration of a PC: libvirt's save files, targets with pages of other
 * sizes, background snapshots, and what has a stream somewhere in it. Made byte by byte; each is
 * read in one piece, byte by byte, and cut off at each of its bytes.
 */
#include "stream_reading.h"

/* --- libvirt's save files --- */

/* A number of the host's byte order, or of the other. */
static void put_native(struct made *m, uint32_t v, bool swap)
{
	v = swap ? __builtin_bswap32(v) : v;
	put(m, &v, sizeof(v));
}

enum { XML = 300, SAVE_HEADER = 92 };

static void put_save_header(struct made *m, const char *magic, uint32_t version, uint32_t format,
			    bool swap)
{
	static const char xml[XML] = "<domain type='kvm'>QEVM</domain>";

	m->len = 0;
	put(m, magic, 16);
	put_native(m, version, swap);
	put_native(m, XML, swap);
	put_native(m, 1, swap); /* it was running */
	put_native(m, format, swap);
	put_native(m, 200, swap); /* of the cookie, within the XML's length */
	for (int i = 0; i < 14; i++)
		put_native(m, 0, swap);
	assert_int_equal(m->len, SAVE_HEADER);
	put(m, xml, sizeof(xml));
}

static void put_stream(struct made *m)
{
	static struct made stream;

	put_setup(&stream);
	put_section(&stream, END);
	put_page(&stream, "ram0", 3, 0x11);
	put_zero(&stream, "rom", 0);
	put_end_of_section(&stream);
	put(m, stream.data, stream.len);
}

static void a_save_file_is_read_behind_its_header(void **state)
{
	(void)state;
	for (int swap = 0; swap < 2; swap++) {
		put_save_header(&made, "LibvirtQemudSave", 2, 0, swap);
		put_stream(&made);
		assert_reads_from(16); /* with less it is nothing that is known */
		assert_true(info.save_file);
		assert_int_equal(info.begin, SAVE_HEADER + XML);
		assert_int_equal(info.payload_pages, 1);
		assert_int_equal(sunk.blocks[0].memory[3 * PAGE], 0x11);
	}
	/* What is wrong in the stream is told by where it lies in the file. */
	put_save_header(&made, "LibvirtQemudSave", 2, 0, false);
	put(&made, "QEVM\0\0\0\2", 8);
	assert_fails(-ENOTSUP, SAVE_HEADER + XML + 4, "version 2");
}

static void a_save_file_that_cannot_be_read_says_why(void **state)
{
	static const char *const programs[] = {"gzip", "bzip2", "xz", "lzop", "zstd"};

	(void)state;
	for (uint32_t i = 0; i < 5; i++) {
		char words[64];

		put_save_header(&made, "LibvirtQemudSave", 2, i + 1, false);
		snprintf(words, sizeof(words), "tail -c +393 FILE | %s -dc | migpop replay -",
			 programs[i]);
		assert_fails(-ENOTSUP, SAVE_HEADER + XML, words);
	}
	put_save_header(&made, "LibvirtQemudSave", 2, 7, false);
	assert_fails(-ENOTSUP, 0, "format 7: not supported");
	put_save_header(&made, "LibvirtQemudSave", 3, 0, false);
	assert_fails(-ENOTSUP, 0, "not supported");
	put_save_header(&made, "LibvirtQemudPart", 2, 0, false);
	assert_fails(-EINVAL, 0, "never finished");
}

static void a_stream_behind_something_else_is_found(void **state)
{
	static const char other[1000] = "Not a stream, not even QEVM\0\0\0\2.";

	(void)state;
	made.len = 0;
	put(&made, other, sizeof(other));
	put_stream(&made);
	assert_fails(-EINVAL, 0, "one does at 1000: tail -c +1001 FILE");
	made.len = sizeof(other);
	assert_fails(-EINVAL, 0, "no migration stream of QEMU's begins like this");
}

/* --- pages of other sizes --- */

/* The first "n" pages of a block of four, pages of content at the bits that are set in "payload".
 */
static void put_pages(uint64_t size, uint64_t n, unsigned int payload)
{
	static uint8_t data[65536];

	memset(data, 0x77, sizeof(data));
	put_header(&made);
	put_start(&made, "ram");
	put_number(&made, 4 * 65536 | MEM_SIZE, 8);
	put_block(&made, "ram0", 4 * 65536);
	put_end_of_section(&made);
	put_section(&made, END);
	for (uint64_t page = 0; page < n; page++) {
		bool full = payload >> page & 1;

		put_number(&made, page * size | (full ? FULL : ZERO) | (page ? CONTINUE : 0), 8);
		if (!page)
			put_string(&made, "ram0");
		if (full)
			put(&made, data, size);
		else
			put_number(&made, 0, 1);
	}
	put_end_of_section(&made);
}

static void the_second_page_tells_the_size(void **state)
{
	static const uint32_t sizes[] = {1024, 2048, 4096, 8192, 16384, 32768, 65536};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		for (unsigned int payload = 0; payload < 16; payload += payload ? 4 : 1) {
			sunk.page_size = sizes[i];
			put_pages(sizes[i], 4, payload);
			assert_int_equal(read_some(made.len, 1), 0);
			assert_int_equal(read_some(made.len, 0), 0);
			assert_int_equal(info.page_size, sizes[i]);
			assert_int_equal(info.payload_pages, __builtin_popcount(payload));
			assert_int_equal(info.zero_pages, 4 - __builtin_popcount(payload));
			for (unsigned int p = 0; p < 4; p++)
				assert_int_equal(sunk.blocks[0].memory[(p + 1) * sizes[i] - 1],
						 payload >> p & 1 ? 0x77 : 0);
		}
	sunk.page_size = 0;
	/* One page tells nothing. */
	put_pages(4096, 1, 1);
	assert_reads();
	assert_int_equal(info.page_size, 4096);
}

/* Nothing is ever written beyond a block. */
static void a_block_is_whole_pages(void **state)
{
	static const uint64_t flags[] = {ZERO, FULL, XBZRLE};

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		uint64_t at;

		put_header(&made);
		put_start(&made, "ram");
		put_number(&made, 8 * 1024 | MEM_SIZE, 8);
		put_block(&made, "ram0", 5 * 1024);
		put_block(&made, "ram1", 3 * 1024);
		put_end_of_section(&made);
		put_section(&made, END);
		at = made.len;
		put_number(&made, 4096 | flags[i], 8);
		put_string(&made, "ram0");
		put(&made, made.data, 1);
		assert_fails(-EINVAL, at, "ram0 has 5120 bytes, which are no whole pages of 4096");
	}
}

/* What the stream itself says comes first. */
static void a_size_that_is_said_is_not_looked_for(void **state)
{
	(void)state;
	put_header(&made);
	put_number(&made, SUBSECTION, 1);
	put_string(&made, "configuration/target-page-bits");
	put_number(&made, 1, 4);
	put_number(&made, 13, 4);
	put_start(&made, "ram");
	put_number(&made, 65536 | MEM_SIZE, 8);
	put_block(&made, "ram0", 65536);
	put_end_of_section(&made);
	put_section(&made, END);
	put_number(&made, ZERO, 8);
	put_string(&made, "ram0");
	put_number(&made, 0, 1);
	put_number(&made, 16384 | ZERO | CONTINUE, 8); /* the page after the next */
	put_number(&made, 0, 1);
	put_end_of_section(&made);
	sunk.page_size = 8192;
	assert_reads();
	sunk.page_size = 0;
	assert_int_equal(info.page_size, 8192);
	assert_int_equal(info.zero_pages, 2);
}

/* --- background snapshots --- */

static void put_device(struct made *m)
{
	put_number(m, DEVICE, 1);
	put_number(m, 0, 4);
	put_string(m, "timer");
	put_number(m, 0, 4);
	put_number(m, 2, 4);
}

static void put_all_pages_but(struct made *m, uint64_t missing)
{
	put_setup(m);
	put_section(m, PART);
	put_page(m, "ram0", 0, 0x11);
	for (uint64_t page = 1; page < 16 - missing; page++)
		put_zero(m, NULL, page);
	put_zero(m, "rom", 0);
	put_end_of_section(m);
}

static void a_snapshot_is_complete_with_its_last_page(void **state)
{
	(void)state;
	put_all_pages_but(&made, 0);
	put_number(&made, DEVICE, 1); /* nothing of what follows is asked for */
	assert_reads();
	assert_true(info.snapshot);
	assert_int_equal(info.payload_pages, 1);
	assert_int_equal(info.zero_pages, 16);
	put_all_pages_but(&made, 1);
	put_device(&made);
	assert_fails(-ENOTSUP, made.len - 5 - 6 - 8, "section timer before the end of RAM");
	/* That of a live migration ends. */
	put_all_pages_but(&made, 0);
	put_end(&made);
	assert_reads();
	assert_false(info.snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_save_file_is_read_behind_its_header),
		cmocka_unit_test(a_save_file_that_cannot_be_read_says_why),
		cmocka_unit_test(a_stream_behind_something_else_is_found),
		cmocka_unit_test(the_second_page_tells_the_size),
		cmocka_unit_test(a_block_is_whole_pages),
		cmocka_unit_test(a_size_that_is_said_is_not_looked_for),
		cmocka_unit_test(a_snapshot_is_complete_with_its_last_page),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	sunk__clear(&sunk);
	return failed;
}

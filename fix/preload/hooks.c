// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Decides when the file is asked in place of the memory. In doubt the original rule runs: read,
 * compare and, if that is the task, write. buffer_is_zero() never gives memory back, because a
 * function that is asked whether a buffer is zero must not change it. ram_handle_zero() leaves it
 * to release.c, which keeps memory that was allocated on purpose (prealloc=on).
 *
 * All of QEMU calls buffer_is_zero(), so a call must first be recognised as one that gains. The
 * answer is right in any case; at stake are the time of the block layer, and a page that postcopy
 * needs.
 *
 * - The buffer is whole pages of a RAM block that can be asked. The block layer's own buffers are
 *   not; for them the cost is one look into a table.
 * - The source of a migration asks from threads of its own, outside of coroutines. The block layer
 *   runs in coroutines, also where it is given guest memory (detect-zeroes=on).
 * - The destination of QEMU before 8.2 asks from the coroutine that loads the stream. This
 *   coroutine runs in the main thread, in an RCU critical section that lasts as long as the stream
 *   is loaded. The block layer's coroutines there are not in one. Later versions call
 *   ram_handle_zero().
 */
#include <string.h>

#include "blocks.h"
#include "hooks.h"
#include "release.h"
#include "stats.h"
#include "zero.h"

static const struct qemu *qemu;
static struct hooks_options options;
/* Set in the thread that loaded the library. A QEMU that daemonizes forks in this thread, and the
 * child's main thread inherits the value. */
static _Thread_local bool main_thread;

void hooks_init(const struct qemu *found, const struct hooks_options *wanted)
{
	qemu = found;
	options = *wanted;
	main_thread = true;
}

static bool is_whole_pages(const void *memory, size_t length)
{
	/* Target pages, of 4 KiB to 64 KiB. If the host's page is larger, the file is asked in
	 * vain, which does no harm. */
	return !((uintptr_t)memory & 4095) && !(length & 4095) && length && length <= 65536;
}

/* With postcopy, every page that is loaded as zero must be present: the page counts as received,
 * and a fault on it would never be answered. The original rule reads the page, which makes it
 * present. */
static bool must_be_present(void)
{
	return qemu->migrate_postcopy_ram();
}

static bool hole(enum stats_end end, const struct block *block, const void *memory, size_t length)
{
	bool is_hole = blocks_is_hole(block, memory, length);

	stats_count(end, is_hole ? STATS_HOLE : STATS_POPULATED);
	return is_hole;
}

/* Answers a call of the stream loader, in a QEMU that has no ram_handle_zero(). */
static bool is_loaded_hole(const struct block *block, const void *buffer, size_t length)
{
	if (!options.destination || options.handler || !main_thread || !qemu->get_ptr_rcu_reader ||
	    !*qemu->get_ptr_rcu_reader())
		return false;
	if (must_be_present()) {
		stats_count(STATS_DESTINATION, STATS_PRESENT);
		return false;
	}
	return hole(STATS_DESTINATION, block, buffer, length);
}

static bool is_known_hole(const void *buffer, size_t length)
{
	struct block block;

	if (!blocks_find(buffer, length, &block))
		return false;
	if (qemu->in_coroutine())
		return is_loaded_hole(&block, buffer, length);
	return options.source && hole(STATS_SOURCE, &block, buffer, length);
}

/* noinline: hooks_buffer_is_zero() then saves no registers for calls that gain nothing. */
__attribute__((noinline)) static bool ask_or_read(const void *buffer, size_t length)
{
	return is_known_hole(buffer, length) || zero_buffer(buffer, length);
}

bool hooks_buffer_is_zero(const void *buffer, size_t length)
{
	if (is_whole_pages(buffer, length) && blocks_may_have(buffer))
		return ask_or_read(buffer, length);
	return zero_buffer(buffer, length);
}

/* True if [host, host + size) is zero now, and nothing is left to do. */
static bool is_handled(void *host, uint64_t size)
{
	struct block block;

	if (!is_whole_pages(host, size) || !blocks_find(host, size, &block))
		return false;
	if (must_be_present()) {
		stats_count(STATS_DESTINATION, STATS_PRESENT);
		return false;
	}
	release_sight();
	return (options.policy == MIGFIX_POLICY_AUTO &&
		hole(STATS_DESTINATION, &block, host, size)) ||
	       release_zero(host, size);
}

void hooks_ram_handle_zero(void *host, uint64_t size)
{
	if (!is_handled(host, size) && !zero_buffer(host, size))
		memset(host, 0, size);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libmigfix-preload.so: finds out whether it was loaded into a QEMU, which of QEMU's functions can
 * be replaced, and what the environment asks for. It replaces the functions, and says so in one
 * line. In any other program it does nothing.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blocks.h"
#include "hooks.h"
#include "migfix_policy.h"
#include "patch.h"
#include "qemu.h"
#include "release.h"
#include "say.h"
#include "stats.h"
#include "zero.h"

static struct qemu qemu;

/* Reads "dst", "src", or both with a comma between, in any order. */
static bool read_ends(const char *text, struct hooks_options *options)
{
	char *copy = strdup(text), *rest = copy, *word;
	bool known = copy;

	while (known && (word = strsep(&rest, ","))) {
		if (!strcmp(word, "dst"))
			options->destination = true;
		else if (!strcmp(word, "src"))
			options->source = true;
		else
			known = false;
	}
	free(copy);
	return known;
}

struct plan {
	struct patch patches[2];
	const char *names[2];
	size_t count;
	const char *source;      /* what is done for the source, or why nothing is */
	const char *destination; /* what is done for the destination, or why nothing is */
};

static void replace(struct plan *plan, const char *name, const struct qemu_function *function,
		    uintptr_t replacement)
{
	plan->names[plan->count] = name;
	plan->patches[plan->count++] = (struct patch){function->entry, function->size, replacement};
}

static void plan_destination(struct plan *plan, struct hooks_options *options)
{
	options->handler = qemu.ram_handle_zero.entry;
	if (!options->destination)
		plan->destination = "left alone";
	else if (options->handler)
		replace(plan, "ram_handle_zero", &qemu.ram_handle_zero,
			(uintptr_t)hooks_ram_handle_zero);
	else if (!qemu.buffer_is_zero.entry || !qemu.get_ptr_rcu_reader)
		plan->destination = "cannot be hooked: its functions are not exported";
}

static void plan_source(struct plan *plan, const struct hooks_options *options)
{
	if (!options->source)
		plan->source = "left alone";
	else if (!qemu.buffer_is_zero.entry && !qemu.buffer_is_zero_ool.entry)
		plan->source = "cannot be hooked: its functions are not exported";
	else if (qemu_reads_before_it_asks(&qemu))
		plan->source = qemu_multifd_asks(&qemu)
				       ? "hooked for multifd only: else this QEMU reads each page "
					 "before it calls a function"
				       : "cannot be hooked: this QEMU reads each page before it "
					 "calls a function";
}

static void plan_hooks(struct plan *plan, struct hooks_options *options)
{
	plan->source = plan->destination = "hooked";
	plan_destination(plan, options);
	plan_source(plan, options);
	/* A loader without ram_handle_zero() calls buffer_is_zero() too. */
	if (qemu.buffer_is_zero.entry && (options->source || !options->handler))
		replace(plan, "buffer_is_zero", &qemu.buffer_is_zero,
			(uintptr_t)hooks_buffer_is_zero);
	else if (qemu.buffer_is_zero_ool.entry && options->source &&
		 (!qemu_reads_before_it_asks(&qemu) || qemu_multifd_asks(&qemu)))
		replace(plan, "buffer_is_zero_ool", &qemu.buffer_is_zero_ool,
			(uintptr_t)hooks_buffer_is_zero);
}

static bool read_policy(const char *text, struct hooks_options *options)
{
	enum migfix_policy policy;

	if (!migfix_policy__find(text, &policy))
		return false;
	if (policy == MIGFIX_POLICY_READ_FIRST) /* what QEMU does without us */
		options->destination = false;
	else
		options->policy = policy;
	return true;
}

/* Reads MIGFIX and MIGFIX_POLICY. Returns false if nothing is to be done; a wrong value was
 * reported. */
static bool read_options(struct hooks_options *options, const char *policy)
{
	const char *ends = getenv("MIGFIX");

	if (ends && !strcmp(ends, "off"))
		return false;
	if (!read_ends(ends && *ends ? ends : "dst,src", options)) {
		say("libmigfix: QEMU is left as it is: MIGFIX=%s is not dst, src, dst,src or off",
		    ends);
		return false;
	}
	if (!read_policy(policy, options)) {
		say("libmigfix: QEMU is left as it is: MIGFIX_POLICY=%s is not auto, madvise-first "
		    "or read-first",
		    policy);
		return false;
	}
	return true;
}

/* Replaces the functions. Returns false if QEMU is left as it is; the reason was reported. */
static bool hook(struct plan *plan, struct hooks_options *options)
{
	const char *why = qemu_missing(&qemu);
	size_t refused;

	if (why) {
		say("libmigfix: QEMU is left as it is: %s", why);
		return false;
	}
	plan_hooks(plan, options);
	if (!plan->count)
		return true;
	zero_init();
	hooks_init(&qemu, options);
	release_init(&qemu, options->policy);
	why = patch_apply(plan->patches, plan->count, &refused);
	if (why) {
		say("libmigfix: QEMU is left as it is: %s %s", plan->names[refused], why);
		return false;
	}
	blocks_init(&qemu, release_forget);
	return true;
}

__attribute__((constructor)) static void start(void)
{
	const char *statistics = getenv("MIGFIX_STATS"), *policy = getenv("MIGFIX_POLICY");
	struct hooks_options options = {0};
	struct plan plan = {0};

	policy = policy && *policy ? policy : "auto";
	if (!qemu_find(&qemu) || !read_options(&options, policy) || !hook(&plan, &options))
		return;
	stats_init(statistics ? statistics : "", plan.names, plan.count, policy);
	say("libmigfix " MIGFIX_VERSION ": source %s; destination %s; replaced %s%s%s", plan.source,
	    plan.destination, plan.count ? plan.names[0] : "nothing", plan.count > 1 ? " and " : "",
	    plan.count > 1 ? plan.names[1] : "");
}

/* Only the process with the guest memory writes statistics. The parent of a QEMU that daemonizes
 * has no guest memory, and a child that QEMU forks later must not overwrite the file. */
__attribute__((destructor)) static void end(void)
{
	if (blocks_owner() == getpid())
		stats_write();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words for the policies of migfix.h, for the programs that come with the library: an option or
 * a variable of the environment takes one, output names one. It is not installed.
 */
#ifndef MIGFIX_POLICY_H
#define MIGFIX_POLICY_H

#include "migfix.h"

#include <stdbool.h>
#include <string.h>

/* Returns the word for a policy; NULL if the number is none. */
static inline const char *migfix_policy__name(enum migfix_policy policy)
{
	switch (policy) {
	case MIGFIX_POLICY_AUTO:
		return "auto";
	case MIGFIX_POLICY_READ_FIRST:
		return "read-first";
	case MIGFIX_POLICY_MADVISE_FIRST:
		return "madvise-first";
	}
	return NULL;
}

/* Stores the policy that the word names in *policy. Returns false if it names none. */
static inline bool migfix_policy__find(const char *name, enum migfix_policy *policy)
{
	const char *word;

	for (unsigned int i = 0; (word = migfix_policy__name((enum migfix_policy)i)); i++) {
		if (!strcmp(name, word)) {
			*policy = (enum migfix_policy)i;
			return true;
		}
	}
	return false;
}

#endif

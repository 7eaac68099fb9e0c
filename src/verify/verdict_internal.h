/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the verdict on migrations and the verdict on the populate routine share.
 */
#ifndef MIGPOP_VERIFY_VERDICT_INTERNAL_H
#define MIGPOP_VERIFY_VERDICT_INTERNAL_H

#include "verify/verdict.h"

/* Adds a condition, whose result is "holds" until verify__set_result(). */
struct verify_check *verify__add_check(struct verify_judgement *j, const char *name,
				       const char *what);
void verify__set_result(struct verify_check *c, enum verify_result result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Check all records that there are. */
enum verify_result verify__check_books(const struct verification *v, struct verify_judgement *j);
enum verify_result verify__check_lost(const struct verification *v, struct verify_judgement *j);

void verify__set_ratios(const struct verification *v, struct verify_ratio *out);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/* A fix that fixes nothing, for verify to notice. */
int no_preload_of_any_use;

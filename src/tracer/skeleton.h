/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The skeletons of the two BPF objects, which bpftool generates, with the types of their variables.
 */
#ifndef MIGPOP_TRACER_SKELETON_H
#define MIGPOP_TRACER_SKELETON_H

#include "shared/keys.h"
#include "shared/vmm.h"

#include "casting.skel.h"
#include "migpop.skel.h"

#endif

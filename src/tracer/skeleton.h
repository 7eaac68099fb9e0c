/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The skeleton of the BPF object, which bpftool generates, with the types of the object's variables.
 */
#ifndef MIGPOP_TRACER_SKELETON_H
#define MIGPOP_TRACER_SKELETON_H

#include "shared/keys.h"
#include "shared/vmm.h"

#include "migpop.skel.h"

#endif

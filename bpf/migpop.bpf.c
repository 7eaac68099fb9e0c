// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The BPF object: includes the parts, nothing more. Data flows hook -> context -> key -> counter.
 */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/ioctl.h>
#include <linux/falloc.h>
#include <linux/mman.h>
#include <linux/userfaultfd.h>
#include <asm-generic/errno-base.h>
#include <asm-generic/mman-common.h>
#define __VMLINUX_H__ /* members of pt_regs have their kernel names */
#include <bpf/bpf_helpers.h>
#include "arch/arch.h"
#include "kernel.h"
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#include "shared/keys.h"
#include "shared/counts.h"
#include "shared/loss.h"
#include "shared/task.h"
#include "shared/process.h"
#include "shared/window.h"
#include "shared/vmm.h"
#include "shared/unwind.h"
#include "shared/raw_stack.h"
#include "maps.bpf.h"
#include "target.bpf.h"
#include "unwind.bpf.h"
#include "backing.bpf.h"
#include "syscall.bpf.h"
#include "access.bpf.h"
#include "populate.bpf.h"
#include "release.bpf.h"
#include "hugetlb.bpf.h"
#include "file.bpf.h"
#include "edge.bpf.h"
#include "let_go.bpf.h"
#include "advice.bpf.h"
#include "stream.bpf.h"
#include "window.bpf.h"
#include "collapse.bpf.h"
#include "attach_common.bpf.h"
#include "attach_classic.bpf.h"
#include "attach_tracepoint.bpf.h"
#include "attach_function.bpf.h"

char LICENSE[] SEC("license") = "GPL";

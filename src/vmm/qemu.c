// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * QEMU's row.
 */
#include <stddef.h>

#include "vmm/qemu_memory.h"
#include "vmm/qemu_monitor.h"
#include "vmm/qemu_options.h"
#include "vmm/rows.h"

/* RHEL and its kin call it qemu-kvm, Proxmox kvm. */
static const char *const programs[] = {"qemu-kvm", "kvm", NULL};

/* "qemu-system-x86", "qemu-kvm", "kvm", and ".qemu-system-x8", which NixOS's wrappers start. */
static const struct vmm_comm comms[] = {
	{.name = "qemu", .is_prefix = true},
	{.name = ".qemu", .is_prefix = true},
	{.name = "kvm"},
	{.name = NULL},
};

/* Names of threads are those of the kernel only with -name debug-threads=on; the argument of a
 * thread has its name always. */
static const struct vmm_thread threads[] = {
	/* migration/migration.c of 7.2 */
	{"live_migration", THREAD_SENDS_LIVE},
	{"bg_snapshot", THREAD_SENDS_SNAPSHOT},
	/* migration/migration.c of 10.0 */
	{"mig/src/main", THREAD_SENDS_LIVE},
	{"mig/snapshot", THREAD_SENDS_SNAPSHOT},
	/* dump/dump.c */
	{"dump_thread", THREAD_SENDS_DUMP},
	/* migration/savevm.c of 7.2 and of 10.0 */
	{"postcopy/listen", THREAD_LISTENS},
	{"mig/dst/listen", THREAD_LISTENS},
	/* io/task.c: it connects, to the destination it may be */
	{"io-task-worker", THREAD_CONNECTS},
	{.name = NULL},
};

const struct vmm vmm_qemu = {
	.name = "QEMU",
	.rules = "qemu.rules",
	.prefix = "qemu-system-",
	.programs = programs,
	.comms = comms,
	.version = "QEMU emulator version ",
	.incoming = "-incoming",
	.describe = qemu_options__describe,
	.threads = threads,
	/* QemuThreadArgs (util/qemu-thread-posix.c): { start routine, its argument, name, … } */
	.argument_name = 16,
	/* QEMU_VM_FILE_MAGIC, in big endian */
	.magic = 0x4d564551,
	.ram_blocks = qemu_memory__read,
	.monitor = &qemu_monitor,
};

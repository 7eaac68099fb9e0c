// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A KVM vCPU: a guest of a few instructions reads and writes pages of a slot that a memfd backs.
 * The host populates them in the vCPU's thread, by GUP or, where it emulates, by faults of its own.
 * Protected mode without paging, flat segments: every address of the guest is a physical one.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "route.h"

#ifdef __x86_64__

#define CODE_ADDR 0x1000UL
#define DATA_ADDR 0x1000000UL

enum { READ = 1500, WRITTEN = 1000 };

/* esi: address, ecx: pages to read, edx: pages to write. */
static const unsigned char guest[] = {
	0x8a, 0x06,                         /* mov (%esi), %al */
	0x81, 0xc6, 0x00, 0x10, 0x00, 0x00, /* add $4096, %esi */
	0x49,                               /* dec %ecx */
	0x75, 0xf5,                         /* jnz to the start */
	0xc6, 0x06, 0x01,                   /* movb $1, (%esi) */
	0x81, 0xc6, 0x00, 0x10, 0x00, 0x00, /* add $4096, %esi */
	0x4a,                               /* dec %edx */
	0x75, 0xf4,                         /* jnz to the movb */
	0xf4,                               /* hlt */
};

static void add_slot(int vm, uint32_t slot, uint64_t addr, void *mem, size_t size)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = addr,
		.memory_size = size,
		.userspace_addr = (uintptr_t)mem,
	};

	check_call("KVM_SET_USER_MEMORY_REGION", !ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region));
}

static void set_registers(int vcpu)
{
	struct kvm_segment flat = {
		.limit = 0xffffffff,
		.selector = 0x10,
		.type = 3,
		.present = 1,
		.db = 1,
		.s = 1,
		.g = 1,
	};
	struct kvm_regs regs = {
		.rip = CODE_ADDR,
		.rsi = DATA_ADDR,
		.rcx = READ,
		.rdx = WRITTEN,
		.rflags = 2,
	};
	struct kvm_sregs sregs;

	check_call("KVM_GET_SREGS", !ioctl(vcpu, KVM_GET_SREGS, &sregs));
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = flat;
	flat.selector = 0x8;
	flat.type = 11;
	sregs.cs = flat;
	sregs.cr0 |= 1;
	check_call("KVM_SET_SREGS", !ioctl(vcpu, KVM_SET_SREGS, &sregs));
	check_call("KVM_SET_REGS", !ioctl(vcpu, KVM_SET_REGS, &regs));
}

static void run_guest(int vcpu, struct kvm_run *state)
{
	int err;

	do
		err = ioctl(vcpu, KVM_RUN, 0);
	while (err && errno == EINTR);
	if (err)
		skip("KVM_RUN: %s", strerror(errno));
	if (state->exit_reason != KVM_EXIT_HLT)
		skip("KVM_RUN ended with exit reason %u, not with the guest's hlt",
		     state->exit_reason);
}

static void run(int argc, char **argv)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm, vcpu, fd, size;
	struct kvm_run *state;
	char *mem, *code;

	(void)argc, (void)argv;
	if (kvm < 0)
		skip("/dev/kvm: %s", strerror(errno));
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0)
		skip("KVM_CREATE_VM: %s", strerror(errno));
	/* Where Intel needs room of its own, out of the way of both slots. */
	ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000UL);

	fd = route_memfd(READ + WRITTEN);
	mem = map_shared(fd, READ + WRITTEN);
	code = map_anon(1);
	memcpy(code, guest, sizeof(guest));
	add_slot(vm, 0, CODE_ADDR, code, page_size);
	add_slot(vm, 1, DATA_ADDR, mem, (READ + WRITTEN) * page_size);

	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	check_call("KVM_CREATE_VCPU", vcpu >= 0);
	size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	state = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	check_call("mmap of the vCPU", state != MAP_FAILED);
	set_registers(vcpu);
	run_guest(vcpu, state);
	check_equal("st_blocks in pages", memfd_pages(fd), READ + WRITTEN);

	expect("populated %d " OF_MEMFD, READ + WRITTEN);
	expect("populated %d " OF_MEMFD " syscall=ioctl", READ + WRITTEN);
	expect("populated %d " OF_MEMFD " access=read syscall=ioctl unless-null", READ);
	expect("populated %d " OF_MEMFD " access=write syscall=ioctl unless-null", WRITTEN);
	expect("zero_populated %d " OF_MEMFD " unless-null", READ);
	expect("kernel %d " OF_MEMFD, READ + WRITTEN);
	expect("residual 0 " OF_MEMFD);
}

#else

static void run(int argc, char **argv)
{
	(void)argc, (void)argv;
	skip("the guest is of x86 instructions");
}

#endif

const struct route route = {.run = run};

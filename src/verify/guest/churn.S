/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest of migpop verify --guest churn, a boot sector. In pass k it fills page i of the memory
 * from 1 to 100 MiB with the number k + 1 if i + k is odd, and with 0 if it is even. Half of this
 * memory is zero at any time, and each page turns from non-zero to zero and back, so that a handler
 * that leaves old data behind is caught in every run. The code is linked as constant data, but its
 * addresses are those that the BIOS loads it to: differences of labels need no linker.
 */
#include "verify/guest/churn.h"

#define AT(label) (0x7c00 + label - guest_churn)

	.section .rodata
	.globl	guest_churn
	.balign	4
	.code16
guest_churn:
	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	inb	$0x92, %al		/* A20 */
	orb	$2, %al
	andb	$0xfe, %al
	outb	%al, $0x92
	lgdtl	AT(gdt_pointer)
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmp	$0x08, $AT(protected)

	.code32
protected:
	movw	$0x10, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	cld
	xorl	%ebx, %ebx		/* k */
pass:
	movl	%ebx, GUEST_CHURN_PASSES
	movl	$(GUEST_CHURN_START), %edi
	movl	$(GUEST_CHURN_START >> 12), %esi	/* i */
page:
	xorl	%eax, %eax
	leal	(%esi, %ebx), %edx
	testb	$1, %dl
	jz	fill
	leal	1(%ebx), %eax
fill:
	movl	$1024, %ecx
	rep stosl
	incl	%esi
	cmpl	$(GUEST_CHURN_END >> 12), %esi
	jb	page
	incl	%ebx
	jmp	pass

	.balign	8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* 0x08: code, 4 GiB from 0 */
	.quad	0x00cf93000000ffff	/* 0x10: data, the same */
gdt_pointer:
	.word	. - gdt - 1
	.long	AT(gdt)

	.org	guest_churn + GUEST_CHURN_SIZE - 2
	.word	0xaa55

	.section .note.GNU-stack, "", @progbits

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Call frame information by hand, one function a kind of row: built as a library that is only ever
 * read. The row of the "ret" is the one under test; test_cfi has what it must be, in the same
 * order.
 */

#define FUNCTION(name, directives)                                                                 \
	__asm__(".text\n.globl case_" #name "\n.type case_" #name                                  \
		", @function\n.balign 16\n.Lstart_" #name ":\n.cfi_startproc\n"                    \
		"nop\n" directives "\ncase_" #name ": ret\n.cfi_endproc\n.size case_" #name        \
		", . - case_" #name "\n.skip 16, 0x90\n")

FUNCTION(sp, ".cfi_adjust_cfa_offset 48\n.cfi_offset rbp, -24");
FUNCTION(sp_negative, ".cfi_def_cfa rsp, -16");
FUNCTION(sp_odd, ".cfi_def_cfa rsp, 10");
FUNCTION(sp_max, ".cfi_def_cfa_offset 4194296");
FUNCTION(sp_beyond, ".cfi_def_cfa_offset 4194304");
FUNCTION(bp, ".cfi_def_cfa rbp, 16\n.cfi_offset rbp, -16");
FUNCTION(bp_far, ".cfi_offset rbp, -2024");
FUNCTION(bp_too_far, ".cfi_offset rbp, -2032");
FUNCTION(bp_above, ".cfi_offset rbp, 8");
FUNCTION(bp_undefined, ".cfi_undefined rbp");
FUNCTION(bp_register, ".cfi_register rbp, rax");
FUNCTION(bp_val_offset, ".cfi_val_offset rbp, -16");
FUNCTION(bp_restored, ".cfi_offset rbp, -16\nnop\n.cfi_restore rbp");
/* DW_CFA_expression rbp: breg6 0 */
FUNCTION(bp_at_bp, ".cfi_escape 0x10, 6, 2, 0x76, 0");
FUNCTION(bp_expression, ".cfi_escape 0x10, 6, 2, 0x76, 8");
/* DW_CFA_def_cfa_expression: breg7 8; deref, and so on */
FUNCTION(sp_deref, ".cfi_escape 0x0f, 3, 0x77, 8, 0x06");
FUNCTION(sp_deref8, ".cfi_escape 0x0f, 6, 0x77, 0x98, 0x01, 0x06, 0x23, 8");
FUNCTION(sp_deref16, ".cfi_escape 0x0f, 5, 0x77, 8, 0x06, 0x23, 16");
FUNCTION(bp_deref, ".cfi_escape 0x0f, 3, 0x76, 0x78, 0x06");
FUNCTION(bp_deref8, ".cfi_escape 0x0f, 5, 0x76, 0x78, 0x06, 0x23, 8");
FUNCTION(ax_deref, ".cfi_escape 0x0f, 3, 0x70, 8, 0x06");
FUNCTION(plt, ".cfi_escape 0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22");
FUNCTION(plt_other, ".cfi_escape 0x0f, 11, 0x77, 16, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, "
		    "0x24, 0x22");
FUNCTION(end, ".cfi_undefined rip");
FUNCTION(ra_elsewhere, ".cfi_offset rip, -16");
FUNCTION(ra_register, ".cfi_register rip, rcx");
FUNCTION(sp_elsewhere, ".cfi_offset rsp, -16");
FUNCTION(other_register, ".cfi_def_cfa r10, 0");
FUNCTION(remembered, ".cfi_remember_state\n.cfi_def_cfa rbp, 16\nnop\n.cfi_restore_state");
FUNCTION(signal_plain, ".cfi_signal_frame");
FUNCTION(signal, ".cfi_signal_frame\n.cfi_escape 0x0f, 4, 0x77, 0xa0, 0x01, 0x06\n"
		 ".cfi_escape 0x10, 16, 3, 0x77, 0xa8, 0x01\n"
		 ".cfi_escape 0x10, 7, 3, 0x77, 0xa0, 0x01\n"
		 ".cfi_escape 0x10, 6, 3, 0x77, 0xf8, 0x00");
FUNCTION(signal_other, ".cfi_signal_frame\n.cfi_escape 0x0f, 4, 0x77, 0xa0, 0x01, 0x06\n"
		       ".cfi_escape 0x10, 16, 3, 0x77, 0xb0, 0x01\n"
		       ".cfi_escape 0x10, 7, 3, 0x77, 0xa0, 0x01\n"
		       ".cfi_escape 0x10, 6, 3, 0x77, 0xf8, 0x00");

/* Calls in all their lengths: the offset of what follows each is in code_returns. In code_no_calls
 * there is none. */
#define CALL(instruction)                                                                          \
	instruction "\n77: .pushsection .rodata\n.long 77b - code_calls\n.popsection\n"

/* One instruction a line. */
/* clang-format off */
__asm__(
	".globl code_calls, code_calls_end, code_returns, code_no_calls, code_no_calls_end\n"
	".pushsection .rodata\n.balign 4\ncode_returns:\n.popsection\n"
	".text\ncode_calls: .skip 8, 0x90\n.Lhere: nop\n"
	CALL("call .Lhere")
	CALL(".byte 0x48; call .Lhere")
	CALL("call *%rax")
	CALL("call *%r11")
	CALL("call *(%rax)")
	CALL("call *(%r13)")
	CALL("call *(%rsp)")
	CALL("call *(%rax,%rbx,8)")
	CALL("call *0(,%rax,8)")
	CALL("call *8(%rbx)")
	CALL("call *8(%rsp)")
	CALL("call *8(%rax,%rbx,2)")
	CALL("call *4096(%rbx)")
	CALL("call *4096(%r12)")
	CALL("call *4096(%rax,%r9,2)")
	CALL("call *.Lhere(%rip)")
	CALL("notrack call *%rdx")
	CALL("call *%fs:16")
	"code_calls_end: .skip 16, 0x90\n"
	"code_no_calls: jmp *%rax\n"
	"push 8(%rbx)\n"
	"lcall *(%rax)\n"
	"jmp .Lhere\n"
	"syscall\n"
	".byte 0xe8, 0, 0, 0, 0x7f\n" /* a call to where no code is */
	"inc %eax\n"
	"ret\n"
	"code_no_calls_end: .skip 16, 0x90\n");
/* clang-format on */

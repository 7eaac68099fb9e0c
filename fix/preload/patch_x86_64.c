// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Writes the jump at the entry of an x86-64 function, and recognises entries that must be left
 * alone: those whose first instructions are not what a compiler begins a function with, such as the
 * jump or the breakpoint of somebody else's hook.
 */
#include <stdbool.h>
#include <string.h>

#include "patch.h"

static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
/* jmp *0(%rip), then the address: the jump uses no register, and reaches any distance. */
static const uint8_t jump[] = {0xff, 0x25, 0, 0, 0, 0};
#define JUMP_LENGTH (sizeof(jump) + sizeof(uint64_t))

/* Opcodes that compilers begin functions with. A function that begins with another one is not
 * replaced. */
struct opcodes {
	uint8_t first, last;
	bool modrm;
	uint8_t immediate; /* bytes; 4 become 2 after an operand-size prefix */
};

static const struct opcodes plain[] = {
	{0x00, 0x03, true, 0},  {0x08, 0x0b, true, 0}, /* arithmetic */
	{0x20, 0x23, true, 0},  {0x28, 0x2b, true, 0},
	{0x30, 0x33, true, 0},  {0x38, 0x3b, true, 0},
	{0x3c, 0x3c, false, 1}, {0x3d, 0x3d, false, 4}, /* cmp with al, eax */
	{0x50, 0x5f, false, 0},                         /* push, pop */
	{0x63, 0x63, true, 0},                          /* movslq */
	{0x6a, 0x6a, false, 1},                         /* push */
	{0x70, 0x7f, false, 1},                         /* jcc */
	{0x80, 0x80, true, 1},  {0x81, 0x81, true, 4},
	{0x83, 0x83, true, 1},  {0x84, 0x85, true, 0},  /* test */
	{0x88, 0x8b, true, 0},                          /* mov */
	{0x8d, 0x8d, true, 0},                          /* lea */
	{0x90, 0x90, false, 0},                         /* nop */
	{0xa8, 0xa8, false, 1}, {0xa9, 0xa9, false, 4}, /* test with al, eax */
	{0xb0, 0xb7, false, 1}, {0xb8, 0xbf, false, 4}, /* mov */
	{0xc0, 0xc1, true, 1},  {0xd0, 0xd3, true, 0},  /* shifts */
	{0xc3, 0xc3, false, 0},                         /* ret */
	{0xc6, 0xc6, true, 1},  {0xc7, 0xc7, true, 4},  /* mov */
	{0xe8, 0xe9, false, 4}, {0xeb, 0xeb, false, 1}, /* call, jmp */
	{0xff, 0xff, true, 0},                          /* indirect call, jmp, push */
};

/* Opcodes after 0x0f. */
static const struct opcodes escaped[] = {
	{0x10, 0x11, true, 0},  {0x28, 0x29, true, 0}, /* movups, movaps */
	{0x18, 0x18, true, 0},  {0x1f, 0x1f, true, 0}, /* prefetch, nop */
	{0x40, 0x4f, true, 0},                         /* cmovcc */
	{0x57, 0x57, true, 0},  {0xef, 0xef, true, 0}, /* xorps, pxor */
	{0x6e, 0x6f, true, 0},  {0x7e, 0x7f, true, 0}, /* movd, movdqa */
	{0x80, 0x8f, false, 4},                        /* jcc */
	{0x90, 0x9f, true, 0},                         /* setcc */
	{0xaf, 0xaf, true, 0},                         /* imul */
	{0xb6, 0xb7, true, 0},  {0xbe, 0xbf, true, 0}, /* movzx, movsx */
};

static const struct opcodes *find(const struct opcodes *table, size_t count, uint8_t opcode)
{
	for (size_t i = 0; i < count; i++) {
		if (opcode >= table[i].first && opcode <= table[i].last)
			return &table[i];
	}
	return NULL;
}

/* The length of ModRM, SIB and displacement, in bytes. */
static size_t modrm_length(const uint8_t *modrm)
{
	unsigned mod = modrm[0] >> 6, rm = modrm[0] & 7;
	size_t displacement = mod == 1 ? 1 : mod == 2 ? 4 : 0;

	if (mod == 3)
		return 1;
	if (rm == 4)
		return 2 + (mod == 0 && (modrm[1] & 7) == 5 ? 4 : displacement);
	return 1 + (mod == 0 && rm == 5 ? 4 : displacement);
}

static bool is_prefix(uint8_t byte)
{
	return byte == 0x66 || byte == 0x2e || byte == 0x64 || byte == 0xf2 || byte == 0xf3;
}

/* The length of the instruction in bytes, and in *opcode where its opcode stands; 0 if functions do
 * not begin with it. Looks at no more than 15 bytes, the longest instruction of the processor. */
static size_t decode(const uint8_t *code, const uint8_t **opcode)
{
	const struct opcodes *found;
	const uint8_t *at = code;
	bool narrow = false, wide = false;
	size_t immediate;

	for (; is_prefix(*at) && at < code + 4; at++)
		narrow |= *at == 0x66;
	if ((*at & 0xf0) == 0x40)
		wide = *at++ & 8;
	*opcode = at;
	if (*at == 0x0f)
		found = find(escaped, sizeof(escaped) / sizeof(*escaped), *++at);
	else
		found = find(plain, sizeof(plain) / sizeof(*plain), *at);
	if (!found)
		return 0;
	at++;
	immediate = found->immediate == 4 && narrow ? 2 : found->immediate;
	if (wide && **opcode >= 0xb8 && **opcode <= 0xbf)
		immediate = 8;
	return (size_t)(at - code) + (found->modrm ? modrm_length(at) : 0) + immediate;
}

static bool leaves(const uint8_t *op)
{
	return *op == 0xe8 || *op == 0xe9 || *op == 0xeb || *op == 0xc3 || *op == 0xff;
}

static size_t entry_length(const uint8_t *code)
{
	return memcmp(code, endbr64, sizeof(endbr64)) ? 0 : sizeof(endbr64);
}

const char *patch_refusal(const uint8_t *code, size_t size)
{
	size_t at = entry_length(code), end = at + JUMP_LENGTH;

	if (size < end)
		return "is too short to be replaced";
	for (bool first = true; at < end; first = false) {
		const uint8_t *opcode;
		size_t length = decode(code + at, &opcode);

		if (!length || at + length > size)
			return "does not begin as compiled code does";
		if (first && leaves(opcode))
			return "begins with a jump: somebody else's hook?";
		at += length;
	}
	return NULL;
}

size_t patch_encode(uint8_t *code, uintptr_t replacement)
{
	size_t at = entry_length(code);
	uint64_t address = replacement;

	memcpy(code + at, jump, sizeof(jump));
	memcpy(code + at + sizeof(jump), &address, sizeof(address));
	return at + JUMP_LENGTH;
}

int patch_calls(const uint8_t *begin, const uint8_t *end, const void *callee)
{
	for (const uint8_t *at = begin; at + 5 <= end; at++) {
		int32_t distance;

		if (*at != 0xe8 && *at != 0xe9)
			continue;
		memcpy(&distance, at + 1, sizeof(distance));
		if ((uintptr_t)at + 5 + (uintptr_t)(intptr_t)distance == (uintptr_t)callee)
			return 1;
	}
	return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * zero_buffer() with SSE2, which every x86-64 has, and with AVX2. The order is that of QEMU's
 * function: both ends first, without regard to alignment, then aligned blocks with an exit after
 * each.
 */
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "zero.h"

typedef bool zero_function(const unsigned char *buffer, size_t length);

/* Checks fewer than 16 bytes: as two words that may overlap, or byte by byte. */
static bool zero_short(const unsigned char *buffer, size_t length)
{
	unsigned char any = 0;

	if (length >= 8) {
		uint64_t first, last;

		memcpy(&first, buffer, 8);
		memcpy(&last, buffer + length - 8, 8);
		return !(first | last);
	}
	while (length)
		any |= buffer[--length];
	return !any;
}

static bool sse2_zero(__m128i value)
{
	return _mm_movemask_epi8(_mm_cmpeq_epi8(value, _mm_setzero_si128())) == 0xffff;
}

static bool zero_sse2(const unsigned char *buffer, size_t length)
{
	const unsigned char *end = buffer + length;
	const __m128i *at = (const __m128i *)(((uintptr_t)buffer + 16) & ~(uintptr_t)15);
	__m128i value;

	value = _mm_or_si128(_mm_loadu_si128((const __m128i *)buffer),
			     _mm_loadu_si128((const __m128i *)(end - 16)));
	if (!sse2_zero(value))
		return false;
	for (; (const unsigned char *)(at + 8) <= end; at += 8) {
		value = _mm_or_si128(
			_mm_or_si128(_mm_or_si128(at[0], at[1]), _mm_or_si128(at[2], at[3])),
			_mm_or_si128(_mm_or_si128(at[4], at[5]), _mm_or_si128(at[6], at[7])));
		if (!sse2_zero(value))
			return false;
	}
	for (value = _mm_setzero_si128(); (const unsigned char *)(at + 1) <= end; at++)
		value = _mm_or_si128(value, *at);
	return sse2_zero(value);
}

__attribute__((target("avx2"))) static bool zero_avx2(const unsigned char *buffer, size_t length)
{
	const unsigned char *end = buffer + length;
	const __m256i *at = (const __m256i *)(((uintptr_t)buffer + 32) & ~(uintptr_t)31);
	__m256i value;

	value = _mm256_or_si256(_mm256_loadu_si256((const __m256i *)buffer),
				_mm256_loadu_si256((const __m256i *)(end - 32)));
	if (!_mm256_testz_si256(value, value))
		return false;
	for (; (const unsigned char *)(at + 8) <= end; at += 8) {
		value = _mm256_or_si256(_mm256_or_si256(_mm256_or_si256(at[0], at[1]),
							_mm256_or_si256(at[2], at[3])),
					_mm256_or_si256(_mm256_or_si256(at[4], at[5]),
							_mm256_or_si256(at[6], at[7])));
		if (!_mm256_testz_si256(value, value))
			return false;
	}
	for (value = _mm256_setzero_si256(); (const unsigned char *)(at + 1) <= end; at++)
		value = _mm256_or_si256(value, *at);
	return _mm256_testz_si256(value, value);
}

static zero_function *zero_long = zero_sse2;

void zero_init(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx2"))
		zero_long = zero_avx2;
}

/* Most buffers that are not zero differ from zero at one of these three bytes. */
static bool is_sampled_zero(const unsigned char *buffer, size_t length)
{
	return !(buffer[0] | buffer[length / 2] | buffer[length - 1]);
}

bool zero_buffer(const void *buffer, size_t length)
{
	if (length >= 64)
		return is_sampled_zero(buffer, length) && zero_long(buffer, length);
	if (length >= 16)
		return zero_sse2(buffer, length);
	return zero_short(buffer, length);
}

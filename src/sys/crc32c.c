/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/crc32c.h"

/* The table for half a byte: small, and only slow machines use it. */
static const uint32_t nibbles[16] = {
	0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
	0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
	0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t
ward_crc32c_portable(uint32_t crc, struct ward_span in)
{
	crc = ~crc;
	for (size_t i = 0; i < in.len; i++) {
		crc ^= in.data[i];
		crc = crc >> 4 ^ nibbles[crc & 15];
		crc = crc >> 4 ^ nibbles[crc & 15];
	}
	return ~crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t
with_instruction(uint32_t start, struct ward_span in)
{
	uint64_t crc = ~start;
	size_t i = 0;

	for (; i + 8 <= in.len; i += 8) {
		uint64_t word;

		memcpy(&word, in.data + i, 8);
		crc = __builtin_ia32_crc32di(crc, word);
	}
	for (; i < in.len; i++)
		crc = __builtin_ia32_crc32qi((uint32_t)crc, in.data[i]);
	return ~(uint32_t)crc;
}

uint32_t
ward_crc32c(uint32_t crc, struct ward_span in)
{
	return __builtin_cpu_supports("sse4.2") ? with_instruction(crc, in)
						: ward_crc32c_portable(crc, in);
}
#else
uint32_t
ward_crc32c(uint32_t crc, struct ward_span in)
{
	return ward_crc32c_portable(crc, in);
}
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside formats/elf only: fields in the file's own byte order and width. */
#ifndef WARD_FORMATS_ELF_PRIV_H
#define WARD_FORMATS_ELF_PRIV_H

#include "base/cursor.h"
#include "formats/elf/elf.h"

static inline uint16_t
half(const struct ward_elf *elf, struct ward_cursor *c)
{
	return elf->big ? ward_cursor_u16be(c) : ward_cursor_u16le(c);
}

static inline uint32_t
word(const struct ward_elf *elf, struct ward_cursor *c)
{
	return elf->big ? ward_cursor_u32be(c) : ward_cursor_u32le(c);
}

static inline uint64_t
xword(const struct ward_elf *elf, struct ward_cursor *c)
{
	return elf->big ? ward_cursor_u64be(c) : ward_cursor_u64le(c);
}

/* An address or size as wide as the class. */
static inline uint64_t
native(const struct ward_elf *elf, struct ward_cursor *c)
{
	return elf->is64 ? xword(elf, c) : word(elf, c);
}

/* Bytes of `table` from `offset` up to a NUL, or to the end when there is none. */
struct ward_span ward_elf_string(struct ward_span table, uint64_t offset);
/* All facts of a file. WARD_E_NOMEM: a list could not be built. */
enum ward_rc ward_elf_tell(const struct ward_elf *elf,
			   const struct ward_sink *sink) WARD_MUST_CHECK;

#endif

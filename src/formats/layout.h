/* SPDX-License-Identifier: Apache-2.0 */
/* Where an executable's parts lie in the file: what signatures with offsets and
 * section hashes need. */
#ifndef WARD_FORMATS_LAYOUT_H
#define WARD_FORMATS_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ward_layout_section {
	uint64_t offset;  /* in the file, bytes */
	uint64_t size;	  /* in the file, bytes; may run past the end in damaged files */
	uint64_t address; /* when loaded, relative to the image base (PE) or absolute
			     (ELF) */
	uint64_t memory_size;
};

struct ward_layout {
	bool has_entry;
	uint64_t entry; /* file offset of the entry point */
	const struct ward_layout_section *sections;
	size_t section_count;
};

#endif

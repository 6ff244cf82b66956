/* SPDX-License-Identifier: Apache-2.0 */
/* Samples as they are stored: one zstd frame (RFC 8878). The digest of what is inside is checked in both
 * directions. */
#ifndef WARD_CLOUD_OBJECTS_PACK_H
#define WARD_CLOUD_OBJECTS_PACK_H

#include "base/rc.h"
#include "base/span.h"

/* All of `from`, from its beginning, to `to`. WARD_E_FORMAT: it has another digest; WARD_E_LIMIT: the disk
 * is full; WARD_E_IO. */
enum ward_rc ward_object_pack(int from, int to, const uint8_t sha256[32],
			      uint64_t *ret_written) WARD_MUST_CHECK;
/* And back. WARD_E_FORMAT: damaged; WARD_E_LIMIT: more than `max` bytes. */
enum ward_rc ward_object_unpack(int from, int to, uint64_t max,
				const uint8_t sha256[32]) WARD_MUST_CHECK;

#endif

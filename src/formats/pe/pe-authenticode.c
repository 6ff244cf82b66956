/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pe/pe.h"

/*
 * The specification hashes headers, then sections in the order of their raw data, then what is
 * left. In a file whose sections follow each other without a gap, which signing tools require,
 * that is the file from front to end with three holes.
 */
enum ward_rc
ward_pe_authentihash(const struct ward_pe *pe, enum ward_digest_kind kind, uint8_t *ret_digest)
{
	uint64_t checksum = pe->optional_offset + 64;
	uint64_t entry = pe->optional_offset + (pe->plus ? 144 : 128);
	uint64_t table = pe->in.len;
	struct ward_span runs[4];

	if (pe->directory_count <= WARD_PE_DIR_SECURITY || !ward_span_has(pe->in, entry, 8))
		return WARD_E_FORMAT;
	if (pe->certificates.len)
		table = pe->directories[WARD_PE_DIR_SECURITY].virtual_address;
	if (table < entry + 8)
		return WARD_E_FORMAT;
	runs[0] = ward_span_cut(pe->in, 0, checksum);
	runs[1] = ward_span_cut(pe->in, checksum + 4, entry - checksum - 4);
	runs[2] = ward_span_cut(pe->in, entry + 8, table - entry - 8);
	runs[3] = ward_span_cut(pe->in, table + pe->certificates.len, UINT64_MAX);
	return ward_digest_runs(kind, runs, 4, ret_digest);
}

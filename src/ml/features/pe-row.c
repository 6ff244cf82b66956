/* SPDX-License-Identifier: Apache-2.0 */
#include "ml/features/pe-row.h"

#include <math.h>

#include "base/cursor.h"
#include "base/text.h"

enum { DIR_EXCEPTION = 3, DIR_DEBUG = 6, DIR_TLS = 9, DOS_HEADER = 64, FEW_IMPORTS = 12 };

static const float dense_code = 7.2f;
static const uint32_t dans = 0x536e6144; /* "DanS" */

static void
copy_fields(const struct ward_pe *pe, struct ward_pe_row *row)
{
#define FIELD(column, member) row->column[0] = (float)pe->member;
#include "ml/features/pe-fields.def"
#undef FIELD
}

static void
describe_directories(const struct ward_pe *pe, struct ward_pe_row *row)
{
	const struct ward_pe_directory *d = pe->directories;
	size_t i;

#define DIRECTORY(name, index)                                                                     \
	row->SizeImageDirectoryEntry##name[0] = (float)d[index].size;                              \
	row->RVAImageDirectoryEntry##name[0] = (float)d[index].virtual_address
	DIRECTORY(Export, WARD_PE_DIR_EXPORT);
	DIRECTORY(Import, WARD_PE_DIR_IMPORT);
	DIRECTORY(Resource, WARD_PE_DIR_RESOURCE);
	DIRECTORY(Exception, DIR_EXCEPTION);
	DIRECTORY(Security, WARD_PE_DIR_SECURITY);
#undef DIRECTORY
	for (i = 0; i < WARD_PE_DIRECTORIES; i++) {
		row->directories_present[i] = d[i].virtual_address != 0;
		row->directories_share[i] =
			d[i].virtual_address ? (float)((double)d[i].size / (double)pe->in.len)
					     : NAN;
	}
	row->has_tls[0] = d[DIR_TLS].virtual_address != 0;
	row->has_debug[0] = d[DIR_DEBUG].virtual_address != 0;
	row->is_net[0] = d[WARD_PE_DIR_CLR].virtual_address != 0;
}

/*
 * "DanS", three zeros and pairs of 32-bit words, all exclusive-or'ed with the key behind "Rich";
 * Microsoft's linker leaves it.
 */
static void
describe_rich(struct ward_span stub, struct ward_pe_row *row)
{
	size_t end = ward_text_find(stub, ward_span_str("Rich"), 0), at, pairs;
	struct ward_cursor c = ward_cursor_at(stub, end == SIZE_MAX ? 0 : end + 4);
	uint32_t key = ward_cursor_u32le(&c);

	row->rich_entries[0] = NAN;
	if (end == SIZE_MAX || !ward_cursor_ok(&c))
		return;
	for (at = end & 3; at < end; at += 4) {
		c = ward_cursor_at(stub, at);
		if ((ward_cursor_u32le(&c) ^ key) != dans)
			continue;
		row->has_rich[0] = 1;
		pairs = end - at > 16 ? (end - at - 16) / 8 : 0;
		row->rich_entries[0] = (float)pairs;
		return;
	}
}

static void
describe_file(const struct ward_pe *pe, struct ward_feature_work *work, struct ward_pe_row *row)
{
	uint32_t lfanew = pe->dos.e_lfanew;

	row->is_64[0] = pe->plus;
	row->malformed[0] = pe->malformed;
	row->sections_lost[0] = (float)pe->coff.number_of_sections - (float)pe->section_count;
	row->overlay_size[0] = (float)pe->overlay.len;
	row->overlay_share[0] = (float)((double)pe->overlay.len / (double)pe->in.len);
	row->overlay_entropy[0] = ward_feature_entropy(work, pe->overlay);
	row->certificates_size[0] = (float)pe->certificates.len;
	row->after_certificates_size[0] = (float)pe->overlay2.len;
	row->dos_stub_size[0] = lfanew > DOS_HEADER ? (float)lfanew - DOS_HEADER : 0;
	row->headers_overlap[0] = lfanew < DOS_HEADER;
	row->image_size_ratio[0] = (float)(pe->optional.size_of_image / (double)pe->in.len);
	describe_rich(ward_span_cut(pe->in, DOS_HEADER,
				    lfanew > DOS_HEADER && lfanew < 4096 ? lfanew - DOS_HEADER : 0),
		      row);
}

static bool
is_packer_name(const char *name)
{
	static const char *const packers[] = {"UPX",  ".aspack", ".adata",   "MPRESS", ".petite",
					      ".nsp", ".vmp",	 ".themida", "PEC2",   ".packed",
					      "FSG!", ".MaskPE", ".enigma",  ".yP"};
	size_t i;

	for (i = 0; i < sizeof(packers) / sizeof(packers[0]); i++)
		if (ward_text_starts_nocase(ward_span_str(name), packers[i]))
			return true;
	return false;
}

static void
describe_packer(const struct ward_pe *pe, struct ward_pe_row *row)
{
	size_t i;

	for (i = 0; i < pe->section_count; i++)
		if (is_packer_name(pe->sections[i].name))
			row->packer_name[0] = 1;
	row->packer_shape[0] = row->sections_code_entropy[0] > dense_code && row->is_net[0] == 0 &&
			       row->SumImportFunctionMethod[0] <= FEW_IMPORTS;
}

enum ward_rc
ward_pe_row_make(struct ward_span in, struct ward_arena *arena, struct ward_pe_row *row)
{
	struct ward_feature_work work = {.left = 3 * (uint64_t)in.len};
	struct ward_pe *pe;
	enum ward_rc rc = ward_pe_parse(in, arena, &pe);

	if (rc == WARD_OK)
		rc = ward_bytes_row_make(in, arena, &row->bytes);
	if (rc != WARD_OK)
		return rc;
	copy_fields(pe, row);
	describe_directories(pe, row);
	describe_file(pe, &work, row);
	ward_pe_row_sections(pe, &work, row);
	ward_pe_row_entry(pe, &work, row);
	rc = ward_pe_row_tables(pe, arena, &work, row);
	if (rc == WARD_OK)
		describe_packer(pe, row);
	return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "ml/features/elf-row.h"

#include "base/text.h"
#include "formats/elf/elf-stats.h"

enum { NEAR_ENDS = 4096, EI_OSABI = 7 };

static void
copy_stats(const struct ward_elf *elf, struct ward_elf_row *row)
{
	struct ward_elf_stats stats;

	ward_elf_stats_make(elf, &stats);
#define X(name) row->name[0] = (float)stats.name;
	WARD_ELF_STATS_LIST(X)
#undef X
}

static void
describe_header(const struct ward_elf *elf, struct ward_elf_row *row)
{
	row->is_64[0] = elf->is64;
	row->is_big_endian[0] = elf->big;
	row->os_abi[0] = elf->header.e_ident[EI_OSABI];
	row->malformed[0] = elf->malformed;
	row->no_section_headers[0] = elf->section_count == 0;
	row->headers_lost[0] = (float)(elf->section_total - elf->section_count +
				       elf->segment_total - elf->segment_count);
	row->module_signature_size[0] = (float)elf->module_signature.len;
	row->build_id_size[0] = (float)ward_elf_build_id(elf).len;
}

static void
describe_overlay(const struct ward_elf *elf, struct ward_feature_work *work,
		 struct ward_elf_row *row)
{
	row->overlay_size[0] = (float)elf->overlay.len;
	row->overlay_share[0] = (float)((double)elf->overlay.len / (double)elf->in.len);
	row->overlay_entropy[0] = ward_feature_entropy(work, elf->overlay);
}

static bool
has_upx(struct ward_span in)
{
	struct ward_span mark = ward_span_str("UPX!");
	size_t tail = in.len > NEAR_ENDS ? in.len - NEAR_ENDS : 0;

	return ward_text_find(ward_span_cut(in, 0, NEAR_ENDS), mark, 0) != SIZE_MAX ||
	       ward_text_find(ward_span_cut(in, tail, NEAR_ENDS), mark, 0) != SIZE_MAX;
}

static void
describe_packer(const struct ward_elf *elf, struct ward_elf_row *row)
{
	row->packer_mark[0] = has_upx(elf->in);
	row->packer_shape[0] = elf->section_count == 0 && elf->segment_count <= 3 &&
			       row->segment_code_entropy[0] > 7;
}

enum ward_rc
ward_elf_row_make(struct ward_span in, struct ward_arena *arena, struct ward_elf_row *row)
{
	struct ward_feature_work work = {.left = 2 * (uint64_t)in.len};
	struct ward_elf *elf;
	enum ward_rc rc = ward_elf_parse(in, arena, &elf);

	if (rc == WARD_OK)
		rc = ward_bytes_row_make(in, arena, &row->bytes);
	if (rc != WARD_OK)
		return rc;
	copy_stats(elf, row);
	describe_header(elf, row);
	describe_overlay(elf, &work, row);
	ward_elf_row_segments(elf, &work, row);
	ward_elf_row_sections(elf, &work, row);
	ward_elf_row_symbols(elf, row);
	describe_packer(elf, row);
	return WARD_OK;
}

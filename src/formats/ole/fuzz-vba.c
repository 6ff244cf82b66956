/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/codec/fuzz-run.h"
#include "formats/ole/ovba.h"
#include "formats/ole/vba.h"

static enum ward_rc
source(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	size_t at = ward_ovba_find(in, 0);
	enum ward_rc rc;

	if (at != SIZE_MAX && at >= in.len)
		abort();
	ward_buf_init(&out, 1 << 20, ward_arena_budget(arena));
	rc = ward_ovba_decompress(in, &out, sink);
	(void)ward_vba_autoexec(ward_buf_span(&out));
	(void)ward_vba_autoexec(in);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_reader(source, data, size);
}

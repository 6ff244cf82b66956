/* SPDX-License-Identifier: Apache-2.0 */
/* The streams by themselves: a mutated container rarely leads to them. */
#include "formats/codec/fuzz-run.h"
#include "formats/ole/office.h"
#include "formats/package.h"

static enum ward_rc
all_streams(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	bool locked = false;

	(void)ward_office_word(in, sink);
	(void)ward_office_excel(in, sink);
	(void)!ward_office_powerpoint(in, arena, sink, &locked);
	ward_office_link(in, sink);
	return ward_package_read(in, sink);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_reader(all_streams, data, size);
}

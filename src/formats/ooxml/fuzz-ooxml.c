/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/codec/fuzz-run.h"
#include "formats/ooxml/ooxml.h"

static enum ward_rc
part(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	(void)arena;
	return ward_ooxml_part("word/document.xml", in, sink);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_reader(part, data, size);
}

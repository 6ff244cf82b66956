/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/ooxml/ooxml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_sink sink = {0};

	(void)!ward_ooxml_part("word/document.xml", ward_span_of(data, size), &sink);
	return 0;
}

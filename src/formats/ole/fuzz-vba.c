/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/ole/ovba.h"
#include "formats/ole/vba.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_sink sink = {0};
	struct ward_buf out;

	ward_buf_init(&out, 1 << 20, NULL);
	(void)!ward_ovba_decompress(ward_span_of(data, size), &out, &sink);
	(void)ward_vba_autoexec(ward_buf_span(&out));
	(void)ward_vba_autoexec(ward_span_of(data, size));
	(void)ward_ovba_find(ward_span_of(data, size), 0);
	ward_buf_done(&out);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/codec/fuzz-run.h"
#include "formats/rtf/rtf.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_reader(ward_rtf_read, data, size);
}

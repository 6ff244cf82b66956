/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/codec/fuzz-run.h"
#include "formats/ole/ole.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_reader(ward_ole_read, data, size);
}

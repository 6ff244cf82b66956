/* SPDX-License-Identifier: Apache-2.0 */
/* What was read without complaint is written and read back to the same. */
#include "cloud/ops/config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	struct ward_config config, again;

	ward_buf_init(&why, 4096, NULL);
	ward_buf_init(&out, 1 << 16, NULL);
	ward_config_default(&config);
	if (ward_config_read(&config, "f", ward_span_of(data, size), &why))
		return 0;
	ward_config_default(&again);
	if (ward_config_write(&config, &out) ||
	    ward_config_read(&again, "f", ward_buf_span(&out), &why) ||
	    memcmp(&config, &again, sizeof(config)) != 0)
		abort();
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "guard/origin/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A host is short, ends, and is its own host. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_span in = ward_span_of(data, size);
	char host[WARD_HOST_ROOM], again[WARD_HOST_ROOM], url[WARD_HOST_ROOM + 16] = "http://";

	if (ward_address_host(in, host) == WARD_OK) {
		if (strnlen(host, sizeof(host)) >= sizeof(host))
			abort();
		memcpy(url + 7, host, strlen(host) + 1);
		if (ward_address_host(ward_span_str(url), again) != WARD_OK ||
		    strcmp(host, again) != 0)
			abort();
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "guard/origin/address.h"
#include "guard/origin/proc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A host is short, ends, and is its own host; what /proc seems to say is read within its bounds. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_span in = ward_span_of(data, size);
	char host[WARD_HOST_ROOM], again[WARD_HOST_ROOM], url[WARD_HOST_ROOM + 16] = "http://";
	struct ward_proc_stat stat;
	struct ward_proc_socket socket;

	if (ward_address_host(in, host) == WARD_OK) {
		if (strnlen(host, sizeof(host)) >= sizeof(host))
			abort();
		memcpy(url + 7, host, strlen(host) + 1);
		if (ward_address_host(ward_span_str(url), again) != WARD_OK ||
		    strcmp(host, again) != 0)
			abort();
	}
	if (ward_proc_parse_stat(in, &stat) == WARD_OK &&
	    strnlen(stat.name, sizeof(stat.name)) >= sizeof(stat.name))
		abort();
	while (ward_proc_next_socket(&in, &socket) != WARD_E_NOENT)
		;
	return 0;
}

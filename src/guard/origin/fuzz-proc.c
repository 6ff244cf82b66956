/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "guard/origin/proc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Names are whatever their processes like; what is read ends where it says. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_span rest = ward_span_of(data, size);
	struct ward_proc_socket socket;
	struct ward_proc_stat stat;

	if (ward_proc_parse_stat(rest, &stat) == WARD_OK &&
	    strnlen(stat.name, sizeof(stat.name)) >= sizeof(stat.name))
		abort();
	while (ward_proc_next_socket(&rest, &socket) != WARD_E_NOENT)
		;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/watch/mounts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Places are names that users choose: what is read ends where it says. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ward_mount mount;
	struct ward_span rest = ward_span_of(data, size);
	enum ward_rc rc;

	while ((rc = ward_mounts_next(&rest, &mount)) != WARD_E_NOENT) {
		if (rc == WARD_OK &&
		    (strnlen(mount.place, sizeof(mount.place)) >= sizeof(mount.place) ||
		     strnlen(mount.type, sizeof(mount.type)) >= sizeof(mount.type)))
			__builtin_trap();
	}
	return 0;
}

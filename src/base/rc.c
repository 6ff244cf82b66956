/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rc.h"

const char *
ward_rc_str(enum ward_rc rc)
{
	switch (rc) {
	case WARD_OK:
		return "ok";
	case WARD_E_NOMEM:
		return "out of memory";
	case WARD_E_LIMIT:
		return "limit reached";
	case WARD_E_TRUNCATED:
		return "truncated";
	case WARD_E_FORMAT:
		return "malformed";
	case WARD_E_UNSUPPORTED:
		return "unsupported";
	case WARD_E_ENCRYPTED:
		return "encrypted";
	case WARD_E_IO:
		return "input/output error";
	case WARD_E_PERM:
		return "not permitted";
	case WARD_E_NOENT:
		return "does not exist";
	case WARD_E_INVAL:
		return "invalid argument";
	case WARD_E_TIMEOUT:
		return "timed out";
	case WARD_E_PROTO:
		return "protocol violation";
	case WARD_E_GONE:
		return "peer is gone";
	case WARD_E_STOPPED:
		return "stopped";
	}
	return "unknown code";
}

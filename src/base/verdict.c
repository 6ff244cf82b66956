/* SPDX-License-Identifier: Apache-2.0 */
#include "base/verdict.h"

const char *
ward_verdict_name(enum ward_verdict verdict)
{
	switch (verdict) {
	case WARD_CLEAN:
		return "clean";
	case WARD_UNKNOWN:
		return "unknown";
	case WARD_NOT_SCANNED:
		return "not-scanned";
	case WARD_SUSPICIOUS:
		return "suspicious";
	case WARD_MALICIOUS:
		return "malicious";
	}
	return "not-scanned";
}

static const char *const reason_names[WARD_REASON_COUNT] = {
	[WARD_REASON_NONE] = "none",
	[WARD_REASON_ENCRYPTED] = "encrypted",
	[WARD_REASON_UNSUPPORTED] = "unsupported",
	[WARD_REASON_CORRUPT] = "corrupt",
	[WARD_REASON_SIZE] = "size",
	[WARD_REASON_BYTES] = "bytes",
	[WARD_REASON_FILES] = "files",
	[WARD_REASON_DEPTH] = "depth",
	[WARD_REASON_RATIO] = "ratio",
	[WARD_REASON_TIMEOUT] = "timeout",
	[WARD_REASON_MEMORY] = "memory",
	[WARD_REASON_CRASHED] = "crashed",
	[WARD_REASON_CHANGED] = "changed",
	[WARD_REASON_PERMISSION] = "permission",
	[WARD_REASON_VANISHED] = "vanished",
	[WARD_REASON_SPECIAL] = "special",
	[WARD_REASON_IO] = "io",
};

const char *
ward_reason_name(enum ward_reason reason)
{
	unsigned index = (unsigned)reason;

	return index < WARD_REASON_COUNT ? reason_names[index] : "none";
}

static const char *const layer_names[WARD_LAYER_END] = {
	[WARD_LAYER_HASH] = "hash",	      [WARD_LAYER_YARA] = "yara",
	[WARD_LAYER_SIGNATURE] = "signature", [WARD_LAYER_STRUCTURE] = "structure",
	[WARD_LAYER_CLOUD] = "cloud",	      [WARD_LAYER_POLICY] = "policy",
	[WARD_LAYER_CACHE] = "cache",	      [WARD_LAYER_RECORD] = "record",
};

const char *
ward_layer_name(enum ward_layer layer)
{
	unsigned index = (unsigned)layer;

	return index < WARD_LAYER_END && layer_names[index] ? layer_names[index] : "unknown";
}

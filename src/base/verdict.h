/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the product says about a file. A verdict is never an error, and an error
 * never a verdict: whatever could not be looked at is WARD_NOT_SCANNED with a
 * reason, and nothing maps it to clean.
 */
#ifndef WARD_BASE_VERDICT_H
#define WARD_BASE_VERDICT_H

#include "base/span.h"

/* Ordered by what a summary of several parts says: the highest one wins. */
enum ward_verdict {
	WARD_CLEAN = 0,	      /* looked at whole: known good, or cannot run code and nothing
				 matched */
	WARD_UNKNOWN = 1,     /* looked at whole, nothing matched, but it can run code (or
				 no intelligence was loaded) and nobody vouches for it */
	WARD_NOT_SCANNED = 2, /* some part was not looked at; see the reasons */
	WARD_SUSPICIOUS = 3,  /* traits of malware, not enough to convict */
	WARD_MALICIOUS = 4,
};

/* Why a part was not scanned. The names are the product's public words:
 * "not-scanned:<name>". */
enum ward_reason {
	WARD_REASON_NONE = 0,
	WARD_REASON_ENCRYPTED,	 /* "encrypted": needs a password */
	WARD_REASON_UNSUPPORTED, /* "unsupported": format or variant nobody here
				    unpacks */
	WARD_REASON_CORRUPT,	 /* "corrupt": contents could not be unpacked */
	WARD_REASON_SIZE,	 /* "size": one object is larger than allowed */
	WARD_REASON_BYTES,	 /* "bytes": unpacked bytes of the whole file */
	WARD_REASON_FILES,	 /* "files": number of objects inside */
	WARD_REASON_DEPTH,	 /* "depth": nesting */
	WARD_REASON_RATIO,	 /* "ratio": unpacked to packed bytes */
	WARD_REASON_TIMEOUT,	 /* "timeout": time for one file is up */
	WARD_REASON_MEMORY,	 /* "memory" */
	WARD_REASON_CRASHED,	 /* "crashed": the scanner died on it */
	WARD_REASON_CHANGED,	 /* "changed": the file changed or shrank while it was
				    read */
	WARD_REASON_PERMISSION,	 /* "permission" */
	WARD_REASON_VANISHED,	 /* "vanished": gone between listing and opening, or
				    never there */
	WARD_REASON_SPECIAL,	 /* "special": FIFO, socket, device */
	WARD_REASON_IO,		 /* "io": the disk or the system refused */
	WARD_REASON_COUNT,
};

/* "clean", "unknown", "not-scanned", "suspicious", "malicious"; static. */
const char *ward_verdict_name(enum ward_verdict verdict);
/* The public word; "none" for WARD_REASON_NONE and anything out of range;
 * static. */
const char *ward_reason_name(enum ward_reason reason);

/* Which layer of the product spoke. Histories keep the numbers. */
enum ward_layer {
	WARD_LAYER_HASH = 0,  /* digest of the whole object or a section of it */
	WARD_LAYER_YARA,      /* a YARA rule */
	WARD_LAYER_SIGNATURE, /* a ClamAV-style body signature */
	WARD_LAYER_STRUCTURE, /* a trait found by a parser */
	WARD_LAYER_COUNT,     /* of those that look at a file's bytes */
	/* What only the guard hears. */
	WARD_LAYER_CLOUD = 16,
	WARD_LAYER_POLICY, /* its list of contents that are blocked */
	WARD_LAYER_CACHE,  /* it was known from before */
	WARD_LAYER_RECORD, /* a signed record that blocks a content */
	WARD_LAYER_END,
};

/* "hash", "yara", "signature", "structure", "cloud", "policy", "cache", "record"; static. */
const char *ward_layer_name(enum ward_layer layer);

#endif

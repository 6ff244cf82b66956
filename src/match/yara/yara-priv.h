/* SPDX-License-Identifier: Apache-2.0 */
/* What builder and matcher share: the block's layout, streams, libyara's errors. */
#ifndef WARD_MATCH_YARA_YARA_PRIV_H
#define WARD_MATCH_YARA_YARA_PRIV_H

#include <yara.h>

#include "base/buf.h"
#include "base/cursor.h"

/*
 * The block: 8 bytes magic, u32le version, u32le number of sets, then per set a
 * u64le length and what yr_rules_save_stream wrote.
 */
#define WARD_YARA_MAGIC "wardyara"
enum { WARD_YARA_MAGIC_LEN = 8, WARD_YARA_VERSION = 1 };

/* The externals, all strings; each has the value of the member it stands for. */
struct ward_yara_external {
	const char *name;
	enum {
		WARD_YARA_FILENAME,
		WARD_YARA_FILEPATH,
		WARD_YARA_EXTENSION,
		WARD_YARA_OWNER,
		WARD_YARA_FILETYPE
	} value;
};
extern const struct ward_yara_external ward_yara_externals[];
extern const size_t ward_yara_external_count;

/* One of libyara's ERROR_ codes as a result code. */
enum ward_rc ward_yara_rc(int error);
/* The same in English for a notice; static. */
const char *ward_yara_error_str(int error);

/* Loads one compiled set. Needs yr_initialize. WARD_E_FORMAT, WARD_E_UNSUPPORTED
 * (another version of libyara), WARD_E_NOMEM. */
enum ward_rc ward_yara_load(struct ward_span bytes, YR_RULES **ret_rules) WARD_MUST_CHECK;
/* Appends one compiled set. */
enum ward_rc ward_yara_save(YR_RULES *rules, struct ward_buf *out) WARD_MUST_CHECK;

#endif

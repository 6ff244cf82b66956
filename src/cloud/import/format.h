/* SPDX-License-Identifier: Apache-2.0 */
/* Which format a list has, told by its content: names lie. Only what makes files known good without
 * saying so itself (.md5sums, .fp, .sfp) needs its name, or to be named by the administrator. */
#ifndef WARD_CLOUD_IMPORT_FORMAT_H
#define WARD_CLOUD_IMPORT_FORMAT_H

#include "cloud/import/entries.h"

/* "list", "csv", "clamav", "clamav-good", "stix", "misp", "misp-warninglist", "dpkg"; NULL past the
 * last. */
const char *ward_import_format(size_t which);
bool ward_import_is_format(const char *name);

/* Reads `text` as `format`, or as what it looks like when that is NULL or empty; `name` is the file's.
 * Starts the figures of the file. Fails as readers do. */
enum ward_rc ward_import_read(struct ward_span text, const char *name, const char *format,
			      struct ward_entries *into) WARD_MUST_CHECK;

#endif

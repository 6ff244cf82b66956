/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ClamAV's published databases.
 * Source of the formats: ClamAV's documentation, "Signature writing" and
 * "Database info" (docs.clamav.net/manual/Signatures.html): hash-based
 * signatures .hdb .hsb .mdb .msb, allow lists .fp .sfp, ignore lists .ign2, body
 * signatures .ndb, containers .cvd .cld; a u as the last letter (.hdu .ndu …)
 * marks potentially unwanted applications, which are suspicious here, as are
 * names that start with "PUA.".
 */
#ifndef WARD_MATCH_CLAMAV_CLAMAV_H
#define WARD_MATCH_CLAMAV_CLAMAV_H

#include "match/load.h"

/* Is `name`'s extension one that ClamAV's databases use (supported or not)? */
bool ward_clamav_is_name(const char *name);

/*
 * Loads one database file, told by the extension of `name`; containers load
 * what they hold, each member with a report of its own. Members and files of
 * kinds not supported are counted by line and named in their report.
 * WARD_E_FORMAT when any line or container is damaged (every one was told
 * through load->notice), WARD_E_UNSUPPORTED when the extension is none of
 * ClamAV's.
 */
enum ward_rc ward_clamav_load(const struct ward_load *load, const char *name,
			      struct ward_span bytes) WARD_MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The readers, one for each format of lists. Bytes are strangers'. Each reads `text` to its end into
 * `into`; what it cannot use it counts there with the place and the reason, and so it does with a text
 * that is not of its format at all. Results: WARD_OK, WARD_E_LIMIT, WARD_E_NOMEM.
 */
#ifndef WARD_CLOUD_IMPORT_READERS_H
#define WARD_CLOUD_IMPORT_READERS_H

#include "cloud/import/entries.h"

/* One hash a line in hex (SHA-256, SHA-1 or MD5 by its length), then perhaps white space, a comma or a
 * semicolon and a word that names the threat. '#' begins a comment. */
enum ward_rc ward_import_list(struct ward_span text, struct ward_entries *into) WARD_MUST_CHECK;

/* dpkg's md5sums (deb-md5sums(5)): MD5, two spaces, path. Known good. */
enum ward_rc ward_import_dpkg(struct ward_span text, struct ward_entries *into) WARD_MUST_CHECK;

/* ClamAV's .hdb .hdu .hsb .hsu: hash:size:name[:levels], the size a number or *
 * (docs.clamav.net/manual/Signatures/HashSignatures.html). .mdb and .msb lines are named as not
 * usable. _good: .fp and .sfp, the same lines as known good. */
enum ward_rc ward_import_clamav(struct ward_span text, struct ward_entries *into) WARD_MUST_CHECK;
enum ward_rc ward_import_clamav_good(struct ward_span text,
				     struct ward_entries *into) WARD_MUST_CHECK;

/*
 * CSV (RFC 4180; white space around quotes is let pass, '#' begins a comment). A first line that names
 * columns, in the comments too, says what they are: sha256, sha1, md5, hash; threat, name, signature,
 * malware, family; verdict; confidence (0 to 100); valid_until, expires; type, value and to_ids as
 * MISP exports them. Without one the first column that is a hash counts. Of one line the strongest
 * hash is taken. A MISP feed's hashes.csv holds digests of values, not of files, and is not usable.
 */
enum ward_rc ward_import_csv(struct ward_span text, struct ward_entries *into) WARD_MUST_CHECK;
/* By its beginning: columns are named, cells are quoted, or the hash is not the first one. */
bool ward_import_is_csv(struct ward_span text);

/*
 * STIX 2.0 and 2.1 bundles (OASIS STIX 2.1 §4.7, §4.14, §6.7, §9): indicators whose pattern is nothing
 * but an OR of hashes of files, and files that a malware object is tied to. Objects of a bundle are read one by one, twice: memory is that of the largest one, of the names
 * and of what they are tied to.
 */
enum ward_rc ward_import_stix(struct ward_span text, struct ward_entries *into) WARD_MUST_CHECK;

/* MISP events (the core format, datatracker.ietf.org/doc/draft-dulaunoy-misp-core-format): attributes
 * of hash types with to_ids. A feed's manifest.json names events and holds none: not usable. */
enum ward_rc ward_import_misp(struct ward_span text, struct ward_entries *into) WARD_MUST_CHECK;
/* MISP warning lists (github.com/MISP/misp-warninglists, schema.json): lists of hashes are known good,
 * others are not usable. */
enum ward_rc ward_import_warninglist(struct ward_span text,
				     struct ward_entries *into) WARD_MUST_CHECK;

#endif

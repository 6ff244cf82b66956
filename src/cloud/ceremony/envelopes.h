/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes in files, read and written for people. All functions say themselves what is wrong. */
#ifndef WARD_CLOUD_CEREMONY_ENVELOPES_H
#define WARD_CLOUD_CEREMONY_ENVELOPES_H

#include "cloud/ceremony/options.h"
#include "trust/piece.h"

/* Room for whatever one command reads. NULL: no memory; then it was said. */
struct ward_arena *ward_envelopes_arena(struct ward_budget *budget) WARD_MUST_CHECK;
/* A file's bytes, in the arena. */
bool ward_envelopes_read(const char *path, struct ward_arena *arena,
			 struct ward_span *ret) WARD_MUST_CHECK;
/* What a new root or list of targets starts from: --from, or the directory's newest. False: it cannot be
 * read. *ret_found false: there is none, or --first says so. Only its form is checked. */
bool ward_envelopes_base(const struct ward_ceremony_options *o, enum ward_dsse_type type,
			 struct ward_arena *arena, struct ward_trust_piece *ret,
			 bool *ret_found) WARD_MUST_CHECK;
/* Signs the payload with --key, writes it to --out and takes it in with --install. Exit status. */
int ward_envelopes_finish(struct ward_ceremony_options *o, enum ward_dsse_type type,
			  struct ward_span payload);
/* Takes envelopes into the directory; those that bring the first root, too. Exit status. */
int ward_envelopes_install(struct ward_ceremony_options *o, const struct ward_span *envelopes,
			   size_t count);
/* An envelope to its file. */
bool ward_envelopes_write(const char *path, struct ward_span envelope) WARD_MUST_CHECK;

/* A public key of a file, or a key's id: at least 8 of its hex digits, looked for in `role`. */
bool ward_envelopes_key(const char *text, struct ward_trust_key *ret) WARD_MUST_CHECK;

#endif

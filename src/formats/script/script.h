/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts: one tokenizer, driven by a table per language, undoes what hides
 * words from a matcher. Children: the derived "normalised" (comments dropped,
 * white space collapsed, joined literals in one piece, escapes and character
 * functions decoded, escape characters inside words removed; only when more
 * than comments and blanks changed), and long base64 or hex literals in it
 * decoded (formats/codec/blob.h; offsets into the normalised text). Nothing is
 * evaluated: variables stay what they are.
 *
 * Not followed: here-documents and Perl's and Ruby's own quotes (q//, %w) are
 * read as code; a stray quote in them shifts what counts as a literal up to the
 * next one.
 *
 * Facts: script.interpreter (of a #! line), script.longest-line (bytes),
 * script.strings.decoded (joins, escapes and character functions undone),
 * script.literals (base64 and hex).
 */
#ifndef WARD_FORMATS_SCRIPT_SCRIPT_H
#define WARD_FORMATS_SCRIPT_SCRIPT_H

#include "formats/sink.h"

/* All of type ward_reader; time is linear in the input. UTF-16 with a byte order
 * mark is read as such. */
enum ward_rc ward_script_read_shell(struct ward_span in, struct ward_arena *arena,
				    const struct ward_sink *sink) WARD_MUST_CHECK;
enum ward_rc ward_script_read_python(struct ward_span in, struct ward_arena *arena,
				     const struct ward_sink *sink) WARD_MUST_CHECK;
enum ward_rc ward_script_read_perl(struct ward_span in, struct ward_arena *arena,
				   const struct ward_sink *sink) WARD_MUST_CHECK;
enum ward_rc ward_script_read_ruby(struct ward_span in, struct ward_arena *arena,
				   const struct ward_sink *sink) WARD_MUST_CHECK;
enum ward_rc ward_script_read_php(struct ward_span in, struct ward_arena *arena,
				  const struct ward_sink *sink) WARD_MUST_CHECK;
enum ward_rc ward_script_read_javascript(struct ward_span in, struct ward_arena *arena,
					 const struct ward_sink *sink) WARD_MUST_CHECK;
enum ward_rc ward_script_read_powershell(struct ward_span in, struct ward_arena *arena,
					 const struct ward_sink *sink) WARD_MUST_CHECK;
enum ward_rc ward_script_read_batch(struct ward_span in, struct ward_arena *arena,
				    const struct ward_sink *sink) WARD_MUST_CHECK;
/* VBScript and VBA. */
enum ward_rc ward_script_read_vb(struct ward_span in, struct ward_arena *arena,
				 const struct ward_sink *sink) WARD_MUST_CHECK;
enum ward_rc ward_script_read_jsp(struct ward_span in, struct ward_arena *arena,
				  const struct ward_sink *sink) WARD_MUST_CHECK;
enum ward_rc ward_script_read_asp(struct ward_span in, struct ward_arena *arena,
				  const struct ward_sink *sink) WARD_MUST_CHECK;
enum ward_rc ward_script_read_lua(struct ward_span in, struct ward_arena *arena,
				  const struct ward_sink *sink) WARD_MUST_CHECK;

#endif

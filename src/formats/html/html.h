/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTML (HTML Living Standard, section 13), read as tolerantly as browsers read
 * it. Children: "script-N" (JavaScript or VBScript by its language; data blocks
 * such as JSON are passed over), "handlers" (event attributes and javascript:
 * URLs joined), "data-N" (data: URLs decoded, RFC 2397), "srcdoc-N"; and the
 * derived "normalised": tags and attribute names in lower case, references
 * decoded, white space collapsed, comments dropped.
 *
 * Facts: html.scripts; html.embed (at most 16): what frames and objects load.
 * Traits: script, external (a refresh to data: or script, an object from
 * elsewhere, a URL that launches a program), autoexec (an HTML application).
 */
#ifndef WARD_FORMATS_HTML_HTML_H
#define WARD_FORMATS_HTML_HTML_H

#include "formats/sink.h"

/* Of type ward_reader. Time is linear in the input. */
enum ward_rc ward_html_read(struct ward_span in, struct ward_arena *arena,
			    const struct ward_sink *sink) WARD_MUST_CHECK;

#endif

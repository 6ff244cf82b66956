/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long base64 or hex literals in text: what droppers carry their payload in. A
 * run of at least 64 digits (it may go on over full lines) is decoded when its
 * first bytes come out as text, UTF-16 text or the start of a known format; all
 * else (digests, keys, identifiers, paths) is passed over after a look at 48
 * bytes. At most 256 are taken from one object, further ones are a gap "files".
 */
#ifndef WARD_FORMATS_CODEC_BLOB_H
#define WARD_FORMATS_CODEC_BLOB_H

#include "formats/codec/out.h"

/* What the first bytes of something decoded look like. */
enum ward_codec_look {
	WARD_CODEC_LOOK_NOISE,
	WARD_CODEC_LOOK_TEXT,
	WARD_CODEC_LOOK_UTF16, /* little-endian */
	WARD_CODEC_LOOK_ZLIB,
	WARD_CODEC_LOOK_KNOWN, /* a program, document or container */
};

/* Looks at the first bytes only. */
enum ward_codec_look ward_codec_look(struct ward_span bytes);

/*
 * Hands every such literal over as a child "base64@OFFSET" or "hex@OFFSET"
 * (bytes into `in`); UTF-16 as UTF-8 of type powershell, whose
 * -EncodedCommand this is; zlib data inflated as "zlib@OFFSET". `inflate`: the
 * text unpacks raw DEFLATE somewhere, so noise is tried as that
 * ("inflated@OFFSET"). `ret_count`, unless NULL: literals decoded. Time is
 * linear, far below a nanosecond a byte where nothing is found.
 */
enum ward_rc ward_codec_blobs(struct ward_span in, bool inflate, struct ward_arena *arena,
			      const struct ward_sink *sink, unsigned *ret_count) WARD_MUST_CHECK;

#endif

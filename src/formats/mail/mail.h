/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internet messages: RFC 5322 with MIME (RFC 2045, 2046, 2047, 2183, 2231), and
 * mailboxes in mbox form (RFC 4155). Every part becomes a child under its file
 * name, "part-N" when it has none; attached messages are children of type mail,
 * read again by whoever takes them. Where mail clients disagree about a
 * message's meaning (fields given twice, odd blank lines) both readings are
 * made; the children of the second are named "reading-2/NAME".
 *
 * Facts: mail.subject, mail.from, mail.attachments (at most 16 names).
 * Gaps: "depth" below 32 nested multiparts (that part is handed over raw),
 * "encrypted", "unsupported" for a fragment of a split message.
 */
#ifndef WARD_FORMATS_MAIL_MAIL_H
#define WARD_FORMATS_MAIL_MAIL_H

#include "formats/sink.h"

/* Both are of type ward_reader. Time is linear in the input. */
enum ward_rc ward_mail_read(struct ward_span in, struct ward_arena *arena,
			    const struct ward_sink *sink) WARD_MUST_CHECK;
/* Each message is a child "message-N" of type mail. WARD_E_FORMAT when no line
 * "From " starts the input. */
enum ward_rc ward_mbox_read(struct ward_span in, struct ward_arena *arena,
			    const struct ward_sink *sink) WARD_MUST_CHECK;

#endif

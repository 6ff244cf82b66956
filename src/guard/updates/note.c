/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/updates/note.h"

#include <stdio.h>

#include "base/text.h"
#include "policy/json/json.h"
#include "sys/clock.h"
#include "sys/log.h"

enum { DETAIL_MAX = 4096, HEX = 2 * WARD_SHELF_ID + 1 };

static void
name_of(const struct ward_shelf_pack *p, char ret[HEX])
{
	if (ward_shelf_is_none(p->id))
		(void)snprintf(ret, HEX, "installed");
	else
		ward_text_hex(ward_span_of(p->id, WARD_SHELF_ID), ret);
}

static enum ward_rc
put(struct ward_buf *out, const char *key, const char *value)
{
	enum ward_rc rc = ward_buf_printf(out, "%s\"%s\": ", out->len ? ", " : "{", key);

	return rc == WARD_OK ? ward_json_quote(out, ward_span_str(value)) : rc;
}

static enum ward_rc
put_detail(struct ward_buf *out, const struct ward_update_note *n)
{
	char from[HEX], to[HEX];
	enum ward_rc rc = put(out, "action", n->action);

	name_of(n->from, from);
	name_of(n->to, to);
	if (rc == WARD_OK)
		rc = put(out, "from", from);
	if (rc == WARD_OK)
		rc = put(out, "to", to);
	if (rc == WARD_OK)
		rc = put(out, "how", n->how);
	if (rc == WARD_OK)
		rc = put(out, "why", n->why);
	if (rc == WARD_OK)
		rc = ward_buf_printf(out, ", \"number\": %llu}", (unsigned long long)n->to->number);
	return rc;
}

static bool
is_trouble(const struct ward_update_note *n)
{
	return strcmp(n->action, "refused") == 0 || strcmp(n->action, "fell-back") == 0 ||
	       strcmp(n->action, "mended") == 0;
}

void
ward_update_note(struct ward_history *history, const struct ward_update_note *n)
{
	WARD_AUTO(ward_buf_done) struct ward_buf detail = {0};
	char text[800], from[HEX], to[HEX], uid[16];
	struct ward_event event = {
		.at_ms = ward_clock_wall() / 1000,
		.kind = ward_span_str("update"),
		.program = ward_span_str(n->author->program),
		.pid = n->author->pid,
		.uid = n->author->uid,
	};

	name_of(n->from, from);
	name_of(n->to, to);
	(void)snprintf(text, sizeof(text), "%s: %.16s to %.16s%s%s", n->action, from, to,
		       *n->why ? ": " : "", n->why);
	ward_buf_init(&detail, DETAIL_MAX, NULL);
	if (put_detail(&detail, n) != WARD_OK)
		ward_buf_clear(&detail);
	event.text = ward_span_str(text);
	event.detail = ward_buf_span(&detail);
	(void)snprintf(uid, sizeof(uid), "%u", n->author->uid);
	ward_say(is_trouble(n) ? WARD_ERROR : WARD_WARNING, "intelligence.update", text,
		 "ward.action", n->action, "ward.from", from, "ward.to", to, "error.message",
		 n->why, "user.id", uid, NULL);
	if (history && ward_history_event_add(history, &event) != WARD_OK)
		ward_say(WARD_ERROR, "history.failed", "an update could not be remembered", NULL);
}

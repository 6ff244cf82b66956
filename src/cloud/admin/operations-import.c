/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/admin/operations-import.h"

#include <stdlib.h>

#include "base/text.h"
#include "cloud/admin/take.h"
#include "sys/fd.h"

enum { WAIT_MS = 1000, LIST_MAX = 128 };

bool
ward_admin_import_verdict(const char *text, enum ward_verdict *ret_verdict)
{
	static const struct {
		const char *name;
		enum ward_verdict verdict;
	} names[] = {{"auto", WARD_UNKNOWN},
		     {"malicious", WARD_MALICIOUS},
		     {"suspicious", WARD_SUSPICIOUS},
		     {"clean", WARD_CLEAN}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i].name) == 0) {
			*ret_verdict = names[i].verdict;
			return true;
		}
	return false;
}

static const char *
text_in(const json_t *request, const char *key)
{
	const char *text = json_string_value(json_object_get(request, key));

	return text ? text : "";
}

/* NULL, or what is wrong. */
static const char *
read_take(const json_t *request, const char *actor, struct ward_take *ret)
{
	const json_t *time = json_object_get(request, "time_ms");

	*ret = (struct ward_take){.list = text_in(request, "list"),
				  .actor = actor,
				  .time_ms = (uint64_t)json_integer_value(time)};
	if (!ret->list[0] || strlen(ret->list) > LIST_MAX)
		return "list: a name of 1 to 128 bytes";
	return json_is_integer(time) && json_integer_value(time) > 0 ? NULL : "time_ms: is needed";
}

static const char *
said(enum ward_rc rc)
{
	if (rc == WARD_E_LIMIT)
		return "busy"; /* the command comes back */
	if (rc == WARD_E_PROTO)
		return "a batch is broken, or says more than --verdict allows";
	return rc ? ward_rc_str(rc) : NULL;
}

static const char *
take_batch(struct ward_node *node, const struct ward_take *take, int fd)
{
	struct ward_fd_stat st;
	uint8_t *bytes = NULL;
	size_t len = 0;
	enum ward_rc rc;

	if (fd < 0 || ward_fd_stat(fd, &st) || st.kind != WARD_FD_REGULAR ||
	    st.size > WARD_TAKE_MAX)
		return "a descriptor of frames is needed";
	bytes = malloc(st.size + 1);
	rc = bytes ? ward_fd_pread(fd, bytes, st.size, 0, &len) : WARD_E_NOMEM;
	if (!rc)
		rc = ward_take_frames(node->log, ward_span_of(bytes, len), take);
	free(bytes);
	return said(rc);
}

static const char *
withdraw(struct ward_node *node, const struct ward_take *take, const json_t *request, json_t *out)
{
	struct ward_stale_walk walk = {.len = 0};
	struct ward_span hex = ward_span_str(text_in(request, "walk"));
	char text[2 * WARD_STALE_KEY + 1];
	uint64_t withdrawn = 0;
	enum ward_rc rc;

	walk.len = hex.len / 2;
	if (walk.len > sizeof(walk.key) || !ward_text_unhex(hex, walk.key, walk.len))
		return "walk: hex";
	rc = ward_take_withdraw(node, take, &walk, &withdrawn);
	if (rc)
		return said(rc);
	ward_text_hex(ward_span_of(walk.key, walk.len), text);
	(void)json_object_set_new(out, "withdrawn", json_integer((json_int_t)withdrawn));
	(void)json_object_set_new(out, "walk", json_string(text));
	(void)json_object_set_new(out, "end", json_boolean(walk.end));
	return NULL;
}

static const char *
wait_applied(struct ward_node *node, json_t *out)
{
	enum ward_rc rc = ward_node_settle(node, WAIT_MS, NULL);

	if (rc && rc != WARD_E_TIMEOUT)
		return ward_rc_str(rc);
	(void)json_object_set_new(out, "applied", json_boolean(rc == WARD_OK));
	return NULL;
}

const char *
ward_admin_import(struct ward_node *node, const char *actor, const json_t *request, int fd,
		  json_t *out)
{
	const char *op = text_in(request, "op"), *wrong;
	struct ward_take take;

	if (strcmp(op, "import.wait") == 0)
		return wait_applied(node, out);
	wrong = read_take(request, actor, &take);
	if (wrong)
		return wrong;
	if (strcmp(op, "import.withdraw") == 0)
		return withdraw(node, &take, request, out);
	if (strcmp(op, "import.batch") != 0)
		return "no such operation";
	return ward_admin_import_verdict(text_in(request, "verdict"), &take.verdict)
		       ? take_batch(node, &take, fd)
		       : "verdict: auto, malicious, suspicious or clean";
}

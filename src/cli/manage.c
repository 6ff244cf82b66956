/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/manage.h"

#include <stdlib.h>
#include <time.h>

#include "cli/human.h"
#include "cli/json.h"
#include "proto/wire.h"
#include "sys/fd.h"
#include "sys/ipc.h"
#include "sys/local.h"

/* --- asking --- */

struct exchange {
	struct ward_budget budget;
	struct ward_arena *arena;
	struct ward_buf out;
	struct ward_manage_reply reply;
	uint8_t message[WARD_IPC_MESSAGE_MAX];
};

static enum ward_rc
exchange(struct exchange *x, const struct ward_manage_ask *ask,
	 const struct ward_manage_request *request)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	char path[WARD_MANAGE_SOCKET_MAX];
	struct ward_ipc_message m = {.len = 0};
	enum ward_rc rc = WARD_E_LIMIT;

	if (ward_manage_socket(ask->socket ? ask->socket : WARD_GUARD_SOCKET, path))
		rc = ward_local_connect(path, &fd);
	if (rc == WARD_E_NOENT)
		return WARD_E_GONE;
	ward_buf_clear(&x->out);
	if (rc == WARD_OK)
		rc = ward_manage_request_encode(request, &x->out);
	if (rc == WARD_OK)
		rc = ward_ipc_send(fd, ward_buf_span(&x->out), &ask->file, ask->file >= 0, true);
	if (rc == WARD_OK)
		rc = ward_ipc_recv(fd, x->message, &m, true);
	if (rc == WARD_E_GONE)
		return WARD_E_LIMIT; /* it is there and lets us go: too many ask */
	if (rc == WARD_OK) {
		rc = ward_manage_reply_decode(ward_span_of(x->message, m.len), x->arena, &x->reply);
		ward_ipc_message_close(&m);
	}
	return rc;
}

static enum ward_rc
complain(const struct ward_manage_ask *ask, enum ward_rc rc, const char *text)
{
	if (ask->quiet)
		return rc;
	(void)fprintf(stderr, "ward %s: ", ask->command);
	ward_human_print(stderr, ward_span_str(text));
	(void)fputc('\n', stderr);
	return rc;
}

static enum ward_rc
page(struct exchange *x, const struct ward_manage_ask *ask,
     const struct ward_manage_request *request)
{
	enum ward_rc rc = exchange(x, ask, request);

	if (rc == WARD_E_GONE)
		return ask->quiet_if_gone ? rc
					  : complain(ask, rc, "the guard (wardd) is not running");
	if (rc == WARD_E_LIMIT)
		return complain(ask, rc, "the guard has too much to do; try again");
	if (rc != WARD_OK)
		return complain(ask, rc, ward_rc_str(rc));
	if (x->reply.rc == WARD_OK || ask->quiet)
		return x->reply.rc;
	/* Lines of its own, some with line and column. */
	for (struct ward_span rest = ward_span_str(x->reply.error); rest.len > 0;) {
		const uint8_t *end = memchr(rest.data, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.data) : rest.len;

		(void)fprintf(stderr, "ward %s: ", ask->command);
		ward_human_print(stderr, ward_span_of(rest.data, len));
		(void)fputc('\n', stderr);
		rest = ward_span_cut(rest, len + 1, rest.len);
	}
	return x->reply.rc;
}

/* --- showing --- */

static json_t *
time_json(uint64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	char text[32];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || strftime(text, sizeof(text), "%FT%TZ", &tm) == 0)
		return json_null();
	return json_string(text);
}

static json_t *
field_json(const struct ward_manage_field *f)
{
	json_t *value;

	switch (f->kind) {
	case WARD_MANAGE_NUMBER:
		return json_integer((json_int_t)f->number);
	case WARD_MANAGE_BOOL:
		return json_boolean(f->number != 0);
	case WARD_MANAGE_TIME:
		return time_json(f->number);
	case WARD_MANAGE_JSON:
		value = json_loadb((const char *)f->text.data, f->text.len, JSON_DECODE_ANY, NULL);
		return value ? value : ward_json_text((const char *)f->text.data);
	case WARD_MANAGE_TEXT:
	case WARD_MANAGE_KINDS:
		break;
	}
	return ward_json_text((const char *)f->text.data);
}

static void
show_json(const struct ward_manage_ask *ask, const struct ward_manage_entry *entry)
{
	json_t *object = json_object();

	(void)json_object_set_new(object, "event", json_string(ask->event));
	for (size_t i = 0; i < entry->count; i++)
		(void)json_object_set_new(object, entry->fields[i].name,
					  field_json(&entry->fields[i]));
	ward_json_line(object, stdout);
}

static void
print_field(const struct ward_manage_field *f)
{
	time_t seconds = (time_t)(f->number / 1000);
	char text[32] = "";
	struct tm tm;

	switch (f->kind) {
	case WARD_MANAGE_NUMBER:
		(void)printf("%llu", (unsigned long long)f->number);
		return;
	case WARD_MANAGE_BOOL:
		(void)fputs(f->number ? "yes" : "no", stdout);
		return;
	case WARD_MANAGE_TIME:
		if (localtime_r(&seconds, &tm))
			(void)strftime(text, sizeof(text), "%F %T", &tm);
		(void)fputs(text, stdout);
		return;
	case WARD_MANAGE_TEXT:
	case WARD_MANAGE_JSON:
	case WARD_MANAGE_KINDS:
		break;
	}
	ward_human_print(stdout, f->text);
}

void
ward_manage_print(const struct ward_manage_entry *entry, const char *name)
{
	const struct ward_manage_field *f = ward_manage_field_find(entry, name);

	if (f)
		print_field(f);
}

bool
ward_manage_true(const struct ward_manage_entry *entry, const char *name)
{
	const struct ward_manage_field *f = ward_manage_field_find(entry, name);

	return f && f->kind == WARD_MANAGE_BOOL && f->number != 0;
}

void
ward_manage_show_all(const struct ward_manage_entry *entry)
{
	for (size_t i = 0; i < entry->count; i++) {
		(void)printf("%-12s ", entry->fields[i].name);
		print_field(&entry->fields[i]);
		(void)putchar('\n');
	}
}

static void
show(struct ward_manage_ask *ask, const struct ward_manage_reply *reply)
{
	for (size_t i = 0; i < reply->count; i++) {
		if (ask->take)
			ask->take(ask->ctx, &reply->entries[i]);
		else if (ask->json)
			show_json(ask, &reply->entries[i]);
		else if (ask->show)
			ask->show(&reply->entries[i]);
		ask->shown++;
	}
}

/* Keeps the cursor for the next page, since the arena is emptied before it. */
static void
turn(struct exchange *x, struct ward_arena_mark start, uint8_t cursor[WARD_MANAGE_CURSOR_MAX],
     struct ward_manage_request *request)
{
	size_t len = x->reply.next.len;

	if (len > 0)
		memcpy(cursor, x->reply.next.data, len);
	request->cursor = ward_span_of(cursor, len);
	ward_arena_restore(x->arena, start);
}

enum ward_rc
ward_manage_show(struct ward_manage_ask *ask, const struct ward_manage_request *request)
{
	struct ward_manage_request next = *request;
	uint8_t cursor[WARD_MANAGE_CURSOR_MAX];
	struct exchange *x = calloc(1, sizeof(*x));
	enum ward_rc rc = WARD_E_NOMEM;

	if (!x)
		return rc;
	x->budget.cap = (size_t)2 * WARD_MANAGE_ARENA;
	x->arena = ward_arena_new(&x->budget);
	ward_buf_init(&x->out, WARD_IPC_MESSAGE_MAX, NULL);
	while (x->arena) {
		struct ward_arena_mark start = ward_arena_save(x->arena);

		rc = page(x, ask, &next);
		if (rc != WARD_OK)
			break;
		show(ask, &x->reply);
		turn(x, start, cursor, &next);
		if (request->limit > 0)
			next.limit = request->limit > ask->shown
					     ? request->limit - (uint32_t)ask->shown
					     : 0;
		if (next.cursor.len == 0 || (request->limit > 0 && next.limit == 0))
			break;
	}
	ward_buf_done(&x->out);
	(void)ward_arena_free(x->arena);
	free(x);
	return rc;
}

bool
ward_manage_id(const char *command, const char *text, struct ward_manage_request *request)
{
	request->has_id = ward_wire_uuid_parse(ward_span_str(text), request->id) == WARD_OK;
	if (!request->has_id) {
		(void)fprintf(stderr, "ward %s: ", command);
		ward_human_print(stderr, ward_span_str(text));
		(void)fputs(" is no id; ids are as `list` shows them\n", stderr);
	}
	return request->has_id;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/admin/deliver.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/text.h"
#include "cloud/admin/server.h"
#include "sys/fd.h"

enum { WHY = 4096, BUSY_TRIES = 60, BUSY_MS = 500, SETTLE_TRIES = 3600, SETTLE_MS = 1000 };

struct ward_delivery {
	const struct ward_config *config;
	const struct ward_take *take;
	struct ward_node *node; /* NULL: a service runs */
	struct ward_buf frames;
	json_t *reply; /* the service's last one */
};

static const char *
name_of(enum ward_verdict v)
{
	return v == WARD_UNKNOWN ? "auto" : ward_verdict_name(v);
}

/* --- asking the service --- */

/* WARD_E_LIMIT: it is busy. The answer is in d->reply. */
static enum ward_rc
ask_once(struct ward_delivery *d, json_t *request, int fd)
{
	enum ward_rc rc;

	json_decref(d->reply);
	d->reply = NULL;
	rc = ward_admin_ask(d->config, request, fd, &d->reply);
	if (rc || json_is_true(json_object_get(d->reply, "ok")))
		return rc;
	if (strcmp(json_string_value(json_object_get(d->reply, "error")), "busy") == 0)
		return WARD_E_LIMIT;
	(void)fprintf(stderr, "wardcloud: %s\n",
		      json_string_value(json_object_get(d->reply, "error")));
	return WARD_E_PROTO;
}

static enum ward_rc
ask(struct ward_delivery *d, const char *op, const char *walk, int fd)
{
	const struct timespec pause = {0, BUSY_MS * 1000000L};
	json_t *request = json_pack("{s:s, s:s, s:I, s:s, s:s}", "op", op, "list", d->take->list,
				    "time_ms", (json_int_t)d->take->time_ms, "verdict",
				    name_of(d->take->verdict), "walk", walk);
	enum ward_rc rc = request ? WARD_E_LIMIT : WARD_E_INVAL; /* a name that is not UTF-8 */

	for (unsigned i = 0; rc == WARD_E_LIMIT && i < BUSY_TRIES; i++) {
		if (i > 0)
			(void)nanosleep(&pause, NULL);
		rc = ask_once(d, request, fd);
	}
	json_decref(request);
	return rc;
}

/* --- opening --- */

static enum ward_rc
open_node(struct ward_delivery *d)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	enum ward_rc rc;

	ward_buf_init(&why, WHY, NULL);
	rc = ward_node_open(d->config, NULL, &d->node, &why);
	if (rc)
		(void)fprintf(stderr, "wardcloud: %.*s", (int)why.len,
			      why.data ? (const char *)why.data : "\n");
	return rc;
}

enum ward_rc
ward_delivery_open(const struct ward_config *config, const struct ward_take *take,
		   struct ward_delivery **ret)
{
	WARD_AUTO(ward_delivery_closep) struct ward_delivery *d = calloc(1, sizeof(*d));
	enum ward_rc rc;

	if (!d)
		return WARD_E_NOMEM;
	d->config = config;
	d->take = take;
	ward_buf_init(&d->frames, WARD_TAKE_MAX, NULL);
	rc = ask(d, "import.wait", "", -1);
	if (rc == WARD_E_NOENT)
		rc = open_node(d);
	else if (rc)
		(void)fprintf(stderr, "wardcloud: the service does not answer: %s\n",
			      ward_rc_str(rc));
	if (rc)
		return rc;
	*ret = d;
	d = NULL;
	return WARD_OK;
}

struct ward_delivery *
ward_delivery_close(struct ward_delivery *d)
{
	if (!d)
		return NULL;
	ward_node_close(d->node);
	ward_buf_done(&d->frames);
	json_decref(d->reply);
	free(d);
	return NULL;
}

void
ward_delivery_closep(struct ward_delivery **d)
{
	*d = ward_delivery_close(*d);
}

/* --- batches --- */

static enum ward_rc
hand_over(struct ward_delivery *d)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	enum ward_rc rc = ward_fd_memory("import", &fd);

	if (!rc)
		rc = ward_fd_write_all(fd, ward_buf_span(&d->frames));
	if (!rc)
		rc = ward_fd_seal(fd);
	return rc ? rc : ask(d, "import.batch", "", fd);
}

static enum ward_rc
flush(struct ward_delivery *d)
{
	enum ward_rc rc;

	if (d->frames.len == 0)
		return WARD_OK;
	rc = d->node ? ward_take_frames(d->node->log, ward_buf_span(&d->frames), d->take)
		     : hand_over(d);
	ward_buf_clear(&d->frames);
	return rc;
}

enum ward_rc
ward_delivery_record(void *context, struct ward_span record)
{
	struct ward_delivery *d = context;
	uint8_t len[4] = {(uint8_t)(record.len >> 24), (uint8_t)(record.len >> 16),
			  (uint8_t)(record.len >> 8), (uint8_t)record.len};
	enum ward_rc rc = WARD_OK;

	if (d->frames.len + sizeof(len) + record.len > WARD_TAKE_MAX)
		rc = flush(d);
	if (!rc)
		rc = ward_buf_append(&d->frames, len, sizeof(len));
	return rc ? rc : ward_buf_append(&d->frames, record.data, record.len);
}

enum ward_rc
ward_delivery_settle(struct ward_delivery *d)
{
	enum ward_rc rc = flush(d);

	if (!rc && d->node)
		return ward_node_settle(d->node, SETTLE_TRIES * SETTLE_MS, NULL);
	for (unsigned i = 0; i < SETTLE_TRIES && !rc; i++) {
		rc = ask(d, "import.wait", "", -1);
		if (!rc && json_is_true(json_object_get(d->reply, "applied")))
			return WARD_OK;
	}
	return rc ? rc : WARD_E_TIMEOUT;
}

/* --- withdrawing --- */

static enum ward_rc
withdraw_there(struct ward_delivery *d, uint64_t *ret_withdrawn)
{
	char walk[2 * WARD_STALE_KEY + 1] = "";
	enum ward_rc rc = WARD_OK;
	bool end = false;

	while (!rc && !end) {
		rc = ask(d, "import.withdraw", walk, -1);
		if (rc)
			break;
		*ret_withdrawn +=
			(uint64_t)json_integer_value(json_object_get(d->reply, "withdrawn"));
		end = json_is_true(json_object_get(d->reply, "end"));
		(void)snprintf(walk, sizeof(walk), "%s",
			       json_string_value(json_object_get(d->reply, "walk")));
	}
	return rc;
}

static enum ward_rc
withdraw_here(struct ward_delivery *d, uint64_t *ret_withdrawn)
{
	struct ward_stale_walk walk = {.len = 0};
	enum ward_rc rc = WARD_OK;

	while (!rc && !walk.end) {
		uint64_t n = 0;

		rc = ward_take_withdraw(d->node, d->take, &walk, &n);
		*ret_withdrawn += n;
	}
	return rc;
}

enum ward_rc
ward_delivery_withdraw(struct ward_delivery *d, uint64_t *ret_withdrawn)
{
	enum ward_rc rc;

	*ret_withdrawn = 0;
	rc = d->node ? withdraw_here(d, ret_withdrawn) : withdraw_there(d, ret_withdrawn);
	return rc ? rc : ward_delivery_settle(d);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/updates/rules.h"

#include <stdlib.h>

#include "sys/fd.h"

enum { WHY = 512, RESTARTS_MAX = 16 };

static const char *const formats[] = {"yar", "hdb", "hsb", "ldb", "ndb"};

enum { FORMATS = sizeof(formats) / sizeof(formats[0]) };

const char *
ward_rules_format(uint32_t number)
{
	return number < FORMATS ? formats[number] : NULL;
}

struct work {
	const struct ward_reader *reader;
	const struct ward_rule *rules;
	size_t count;
	ward_rules_bad bad;
	void *ctx;
	bool *out; /* those that are left out */
};

/* --- what the child is given --- */

static void
put_le(uint64_t value, size_t len, uint8_t *ret)
{
	for (size_t i = 0; i < len; i++)
		ret[i] = (uint8_t)(value >> (8 * i));
}

static enum ward_rc
put_rule(const struct ward_rule *r, struct ward_buf *out)
{
	uint8_t head[WARD_UPDATES_RULE_HEAD];
	uint32_t format = 0;
	enum ward_rc rc;

	while (format < FORMATS && strcmp(formats[format], r->format) != 0)
		format++;
	if (format == FORMATS)
		return WARD_E_INVAL;
	if (r->text.len > WARD_RULES_BYTES_MAX)
		return WARD_E_LIMIT;
	put_le(r->number, 8, head);
	put_le(format, 4, head + 8);
	put_le(r->text.len, 4, head + 12);
	rc = ward_buf_append(out, head, sizeof(head));
	return rc == WARD_OK ? ward_buf_append(out, r->text.data, r->text.len) : rc;
}

static enum ward_rc
write_sources(const struct work *w, int *ret_fd)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	WARD_AUTO(ward_fd_close) int fd = -1;
	enum ward_rc rc = WARD_OK;

	ward_buf_init(&out, WARD_RULES_BYTES_MAX + (size_t)WARD_RULES_MAX * WARD_UPDATES_RULE_HEAD,
		      NULL);
	for (size_t i = 0; rc == WARD_OK && i < w->count; i++)
		if (!w->out[i])
			rc = put_rule(&w->rules[i], &out);
	if (rc == WARD_OK && out.len == 0)
		return WARD_E_NOENT;
	if (rc == WARD_OK)
		rc = ward_fd_memory("ward-rules", &fd);
	if (rc == WARD_OK)
		rc = ward_fd_write_all(fd, ward_buf_span(&out));
	if (rc == WARD_OK)
		rc = ward_fd_seal(fd);
	if (rc == WARD_OK) {
		*ret_fd = fd;
		fd = -1;
	}
	return rc;
}

/* --- what it says --- */

/* One that is not ours, or was left out already, is nobody's. */
static bool
leave_out(struct work *w, uint64_t number, const char *why)
{
	for (size_t i = 0; i < w->count; i++) {
		if (w->rules[i].number != number || w->out[i])
			continue;
		w->out[i] = true;
		w->bad(w->ctx, number, why);
		return true;
	}
	return false;
}

static void
on_bad(void *ctx, uint64_t number, const char *why)
{
	(void)leave_out(ctx, number, why);
}

/* WARD_E_GONE and the like: who ended it is left out, and the others are tried again. */
static enum ward_rc
try(struct work *w, int out, bool *ret_again)
{
	WARD_AUTO(ward_fd_close) int sources = -1;
	struct ward_reader_bad bad = {.say = on_bad, .ctx = w};
	enum ward_rc rc = write_sources(w, &sources);

	*ret_again = false;
	if (rc != WARD_OK)
		return rc;
	rc = ward_reader_compile(w->reader, sources, &bad, out);
	if ((rc == WARD_E_GONE || rc == WARD_E_TIMEOUT || rc == WARD_E_NOMEM) && bad.trying)
		*ret_again = leave_out(w, bad.trying,
				       rc == WARD_E_TIMEOUT ? "it takes too long to compile"
							    : "it ends the compiler");
	return rc;
}

static enum ward_rc
compile(struct work *w, int *ret_fd)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_fd_stat st = {.size = 0};
	bool again = true;
	enum ward_rc rc = WARD_E_GONE;

	for (int i = 0; again && i < RESTARTS_MAX; i++) {
		ward_fd_close(&fd);
		rc = ward_fd_memory("ward-rules", &fd);
		if (rc != WARD_OK)
			return rc;
		rc = try(w, fd, &again);
	}
	if (rc == WARD_OK)
		rc = ward_fd_seal(fd);
	if (rc == WARD_OK)
		rc = ward_fd_stat(fd, &st);
	if (rc == WARD_OK && st.size > 0) {
		*ret_fd = fd;
		fd = -1;
	}
	return rc == WARD_E_NOENT ? WARD_OK : rc;
}

enum ward_rc
ward_rules_compile(const struct ward_reader *reader, const struct ward_rule *rules, size_t count,
		   ward_rules_bad bad, void *ctx, int *ret_fd)
{
	struct work w = {reader, rules, count, bad, ctx, NULL};
	enum ward_rc rc;

	*ret_fd = -1;
	if (count == 0)
		return WARD_OK;
	if (count > WARD_RULES_MAX)
		return WARD_E_LIMIT;
	w.out = calloc(count, sizeof(*w.out));
	rc = w.out ? compile(&w, ret_fd) : WARD_E_NOMEM;
	free(w.out);
	return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/updates/child.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "base/text.h"
#include "intel/builder.h"
#include "intel/delta/delta.h"
#include "intel/pack.h"
#include "sys/ipc.h"
#include "sys/mapping.h"
#include "sys/process.h"
#include "sys/sandbox.h"

enum { PIECE = 32 * 1024, EXTRA_MEMORY = 256 << 20 };
#define CPU_USEC (UINT64_C(600) * 1000 * 1000)

struct task {
	bool apply, compile;
	uint64_t max;
	struct ward_mapping file, base;
};

static enum ward_rc
say(char letter, const void *data, size_t len)
{
	static uint8_t message[PIECE + 1];

	message[0] = (uint8_t)letter;
	if (len > 0)
		memcpy(message + 1, data, len);
	return ward_ipc_send(WARD_UPDATES_CHANNEL, ward_span_of(message, len + 1), NULL, 0, true);
}

static enum ward_rc
write_result(void *ctx, struct ward_span bytes)
{
	enum ward_rc rc = WARD_OK;

	(void)ctx;
	for (size_t at = 0; at < bytes.len && rc == WARD_OK; at += PIECE) {
		struct ward_span piece = ward_span_cut(bytes, at, PIECE);

		rc = say(WARD_UPDATES_DATA, piece.data, piece.len);
	}
	return rc;
}

static enum ward_rc
apply(const struct task *t)
{
	struct ward_delta delta;
	enum ward_rc rc = ward_delta_read(t->file.bytes, &delta);

	if (rc == WARD_OK)
		rc = ward_delta_apply(&delta, t->base.bytes, t->max, write_result, NULL);
	return rc == WARD_OK ? say(WARD_UPDATES_END, NULL, 0) : rc;
}

static enum ward_rc
look(const struct task *t)
{
	struct ward_updates_look l = {.zero = 0};
	struct ward_edition edition = {.number = 0};
	struct ward_delta delta;
	enum ward_rc rc;

	l.is_delta = ward_delta_is(t->file.bytes);
	if (l.is_delta) {
		rc = ward_delta_read(t->file.bytes, &delta);
		if (rc == WARD_OK) {
			memcpy(l.id, delta.result, sizeof(l.id));
			memcpy(l.base, delta.base, sizeof(l.base));
		}
	} else {
		rc = ward_pack_verify(t->file.bytes);
		if (rc == WARD_OK)
			rc = ward_pack_name(t->file.bytes, l.id, &edition);
	}
	l.number = edition.number;
	l.made_s = edition.made_s;
	return rc == WARD_OK ? say(WARD_UPDATES_LOOK, &l, sizeof(l)) : rc;
}

/* --- rules --- */

enum { NAME = 48, RULES_MAX = 4096 };

struct rule {
	uint64_t number;
	char name[NAME];
	struct ward_span text;
};

/* The first thing that is said about a rule is why it is left out. */
static void
remember(void *ctx, bool bad, const char *file, unsigned line, const char *text)
{
	char *why = ctx;

	(void)bad;
	(void)file;
	if (!*why && line > 0)
		(void)snprintf(why, WARD_UPDATES_WHY_MAX, "line %u: %s", line, text);
	else if (!*why)
		(void)snprintf(why, WARD_UPDATES_WHY_MAX, "%s", text);
}

static bool
next_rule(struct ward_cursor *c, struct rule *ret)
{
	const char *format;
	uint64_t number = ward_cursor_u64le(c);
	uint32_t kind = ward_cursor_u32le(c);
	uint32_t len = ward_cursor_u32le(c);

	format = ward_rules_format(kind);
	*ret = (struct rule){.number = number, .text = ward_cursor_bytes(c, len)};
	if (!ward_cursor_ok(c) || !format)
		return false;
	(void)snprintf(ret->name, sizeof(ret->name), "record-%llu.%s", (unsigned long long)number,
		       format);
	return true;
}

static enum ward_rc
write_nowhere(void *ctx, struct ward_span bytes)
{
	(void)ctx;
	(void)bytes;
	return WARD_OK;
}

static enum ward_rc
build(const struct rule *rules, size_t count, ward_pack_write write, char *why)
{
	const struct ward_pack_config config = {.notice = remember, .notice_ctx = why};
	struct ward_pack_builder *b = NULL;
	enum ward_rc rc = ward_pack_builder_new(&config, &b);

	for (size_t i = 0; rc == WARD_OK && i < count; i++)
		rc = ward_pack_builder_add(b, rules[i].name, rules[i].text);
	if (rc == WARD_OK)
		rc = ward_pack_builder_finish(b, "", write, NULL, NULL, NULL);
	(void)ward_pack_builder_free(b);
	return rc;
}

static enum ward_rc
tell_rule(char letter, uint64_t number, const char *why)
{
	uint8_t message[sizeof(number) + WARD_UPDATES_WHY_MAX];
	size_t len = strnlen(why, WARD_UPDATES_WHY_MAX);

	memcpy(message, &number, sizeof(number));
	memcpy(message + sizeof(number), why, len);
	return say(letter, message, sizeof(number) + len);
}

/* Each alone first: a faulty one speaks against itself only. */
static enum ward_rc
try_rule(const struct rule *rule, bool *ret_good)
{
	char why[WARD_UPDATES_WHY_MAX] = "";
	enum ward_rc rc = tell_rule(WARD_UPDATES_TRIES, rule->number, "");

	if (rc != WARD_OK)
		return rc;
	rc = build(rule, 1, write_nowhere, why);
	*ret_good = rc == WARD_OK;
	if (rc == WARD_OK || rc == WARD_E_NOMEM)
		return rc;
	return tell_rule(WARD_UPDATES_BAD, rule->number, *why ? why : ward_rc_str(rc));
}

static enum ward_rc
compile(const struct task *t)
{
	struct rule *rules = calloc(RULES_MAX, sizeof(*rules));
	struct ward_cursor c = ward_cursor_of(t->file.bytes);
	char why[WARD_UPDATES_WHY_MAX] = "";
	enum ward_rc rc = rules ? WARD_OK : WARD_E_NOMEM;
	size_t count = 0;

	while (rc == WARD_OK && ward_cursor_left(&c) > 0) {
		bool good = false;

		if (count == RULES_MAX || !next_rule(&c, &rules[count]))
			rc = WARD_E_FORMAT;
		else
			rc = try_rule(&rules[count], &good);
		count += good;
	}
	if (rc == WARD_OK)
		rc = tell_rule(WARD_UPDATES_TRIES, 0, "");
	if (rc == WARD_OK && count > 0)
		rc = build(rules, count, write_result, why);
	free(rules);
	return rc == WARD_OK ? say(WARD_UPDATES_END, NULL, 0) : rc;
}

/* From here on nothing but memory and the channel. What the library loads when it is first used is
   loaded before. */
static enum ward_rc
lock_in(const struct task *t)
{
	uint8_t digest[WARD_SHA256_LEN];
	int abi;
	enum ward_rc rc = ward_digest(WARD_SHA256, ward_span_str(""), digest);

	if (rc == WARD_OK)
		rc = ward_sandbox_limit((size_t)t->max + EXTRA_MEMORY);
	if (rc == WARD_OK)
		rc = ward_sandbox_cpu_fuse(CPU_USEC);
	if (rc == WARD_OK)
		rc = ward_sandbox_isolate(&abi);
	return rc == WARD_OK ? ward_sandbox_filter(WARD_SANDBOX_WORKER) : rc;
}

static enum ward_rc
work(struct task *t)
{
	enum ward_rc rc = ward_sandbox_drop(NULL);

	if (rc == WARD_OK)
		rc = ward_mapping_open(WARD_UPDATES_FILE, &t->file);
	if (rc == WARD_OK && t->apply)
		rc = ward_mapping_open(WARD_UPDATES_BASE, &t->base);
	if (rc == WARD_OK)
		rc = lock_in(t);
	if (rc != WARD_OK)
		return rc;
	if (t->compile)
		return compile(t);
	return t->apply ? apply(t) : look(t);
}

int
ward_updates_child(int argc, char **argv)
{
	struct task t = {.apply = false};
	int32_t code;
	enum ward_rc rc;

	if (argc != 4 || !ward_text_u64(ward_span_str(argv[3]), &t.max))
		return 2;
	t.apply = strcmp(argv[2], "apply") == 0;
	t.compile = strcmp(argv[2], "compile") == 0;
	rc = work(&t);
	code = (int32_t)rc;
	if (rc != WARD_OK)
		(void)!say(WARD_UPDATES_FAILED, &code, sizeof(code));
	ward_process_quit(rc == WARD_OK ? 0 : 1);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/updates/child.h"

#include "base/text.h"
#include "intel/delta/delta.h"
#include "intel/pack.h"
#include "sys/ipc.h"
#include "sys/mapping.h"
#include "sys/process.h"
#include "sys/sandbox.h"

enum { PIECE = 32 * 1024, EXTRA_MEMORY = 256 << 20 };
#define CPU_USEC (UINT64_C(600) * 1000 * 1000)

struct task {
	bool apply;
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
	rc = work(&t);
	code = (int32_t)rc;
	if (rc != WARD_OK)
		(void)!say(WARD_UPDATES_FAILED, &code, sizeof(code));
	ward_process_quit(rc == WARD_OK ? 0 : 1);
}

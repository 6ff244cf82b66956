/* SPDX-License-Identifier: Apache-2.0 */
/* The committed vectors: they are what the generator makes, byte by byte, and src/trust says of each what
 * index.json says; every word of refusal is among them. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "sys/entry.h"
#include "sys/fd.h"
#include "trust/accept.h"
#include "trust/store.h"
#include "vectors.h"
#include <cmocka.h>

enum { FILE_MAX = 1 << 20, BATCH = 64 };

static const char *directory;

static struct ward_buf
read_file(const char *name)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_buf bytes;
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	ward_buf_init(&bytes, FILE_MAX, NULL);
	assert_int_equal(ward_fd_open_regular(-1, path, false, &fd, NULL), WARD_OK);
	assert_int_equal(ward_fd_read_all(fd, &bytes), WARD_OK);
	return bytes;
}

/* --- they are what the generator makes --- */

static enum ward_rc
count(void *ctx, const char *name)
{
	size_t *files = ctx;

	(void)name;
	(*files)++;
	return WARD_OK;
}

static void
the_generator_makes_the_same_bytes(void **state)
{
	struct vectors *v = vectors_make();
	size_t files = 0;
	int dir = -1;

	(void)state;
	for (size_t i = 0; i < v->count; i++) {
		struct ward_buf there = read_file(v->files[i].name);

		if (!ward_span_eq(ward_buf_span(&there), ward_buf_span(&v->files[i].bytes)))
			fail_msg("%s differs: run make-updates", v->files[i].name);
		ward_buf_done(&there);
	}
	assert_int_equal(ward_fd_open_directory(-1, directory, &dir), WARD_OK);
	assert_int_equal(ward_entry_list(dir, count, &files), WARD_OK);
	assert_int_equal(files, v->count); /* and no others */
	ward_fd_close(&dir);
	vectors_free(v);
}

/* --- what src/trust says of them --- */

struct endpoint {
	struct ward_trust *t;
	struct ward_budget budget;
	struct ward_arena *arena;
	struct ward_refusal why;
	struct ward_buf files[BATCH], timestamp, proof_bytes;
	struct ward_span spans[BATCH];
	size_t count;
};

static const char *
text_of(const json_t *vector, const char *key)
{
	const char *text = json_string_value(json_object_get(vector, key));

	return text ? text : "";
}

static enum ward_rc
step(struct endpoint *e, const char *what, struct ward_span bytes, uint64_t now_ms)
{
	bool other_log;

	if (strcmp(what, "root") == 0)
		return e->t ? ward_trust_take_root(e->t, bytes, &other_log, &e->why)
			    : ward_trust_new(bytes, &e->t, &e->why);
	if (strcmp(what, "timestamp") == 0)
		return ward_trust_take_timestamp(e->t, bytes, now_ms, &e->why);
	if (strcmp(what, "snapshot") == 0)
		return ward_trust_take_snapshot(e->t, bytes, now_ms, &e->why);
	if (strcmp(what, "targets") == 0)
		return ward_trust_take_targets(e->t, bytes, now_ms, &e->why);
	assert_string_equal(what, "state");
	return ward_trust_load(bytes, &e->t, &e->why);
}

static enum ward_rc
take_batch(struct endpoint *e, const struct ward_proof *proof, uint64_t now_ms)
{
	const struct ward_trust_self self = {.device = {9}};
	const struct ward_trust_accepted *accepted;
	const struct ward_trust_batch batch = {.records = e->spans,
					       .count = e->count,
					       .timestamp = ward_buf_span(&e->timestamp),
					       .proof = proof,
					       .now_ms = now_ms};

	return ward_trust_accept(e->t, &batch, &self, e->arena, &accepted, &e->why);
}

static void
read_names(struct endpoint *e, const json_t *names)
{
	const json_t *name;
	size_t i;

	for (i = 0; i < e->count; i++)
		ward_buf_done(&e->files[i]);
	e->count = json_array_size(names);
	assert_true(e->count <= BATCH);
	json_array_foreach(names, i, name)
	{
		e->files[i] = read_file(json_string_value(name));
		e->spans[i] = ward_buf_span(&e->files[i]);
	}
}

/* The state before: so many of the good steps, which are the first of the index, at their times. */
static void
reach(struct endpoint *e, const json_t *vectors, const char *state)
{
	static const char *const states[] = {"nothing",	 "root",  "timestamp",
					     "snapshot", "ready", "records"};
	size_t steps = 0;

	while (steps < 6 && strcmp(states[steps], state) != 0)
		steps++;
	assert_true(steps < 6);
	for (size_t i = 0; i < steps; i++) {
		const json_t *v = json_array_get(vectors, i);
		uint64_t now_ms = (uint64_t)json_integer_value(json_object_get(v, "now_ms"));

		read_names(e, json_object_get(v, "files"));
		if (strcmp(text_of(v, "step"), "batch") == 0)
			assert_int_equal(take_batch(e, NULL, now_ms), WARD_OK);
		else
			assert_int_equal(step(e, text_of(v, "step"), e->spans[0], now_ms), WARD_OK);
	}
}

static enum ward_rc
try(struct endpoint *e, const json_t *v)
{
	uint64_t now_ms = (uint64_t)json_integer_value(json_object_get(v, "now_ms"));
	struct ward_proof proof;
	bool proven = json_object_get(v, "proof") != NULL;

	read_names(e, json_object_get(v, "files"));
	if (json_object_get(v, "timestamp"))
		e->timestamp = read_file(text_of(v, "timestamp"));
	if (proven) {
		e->proof_bytes = read_file(text_of(v, "proof"));
		assert_int_equal(ward_proof_read(ward_buf_span(&e->proof_bytes), &proof), WARD_OK);
	}
	return strcmp(text_of(v, "step"), "batch") == 0
		       ? take_batch(e, proven ? &proof : NULL, now_ms)
		       : step(e, text_of(v, "step"), e->spans[0], now_ms);
}

static void
check(const json_t *vectors, const json_t *v, bool seen[WARD_REFUSED_COUNT])
{
	struct endpoint *e = calloc(1, sizeof(*e));
	const char *got = "accepted";
	enum ward_rc rc;

	assert_non_null(e);
	e->budget.cap = 64 << 20;
	e->arena = ward_arena_new(&e->budget);
	reach(e, vectors, text_of(v, "state"));
	rc = try(e, v);
	if (rc) {
		assert_int_equal(rc, WARD_E_PERM);
		got = ward_refusal_word(e->why.code);
		seen[e->why.code] = true;
	}
	if (strcmp(got, text_of(v, "expect")) != 0)
		fail_msg("%s %s in state %s: %s (%s), not %s", text_of(v, "step"),
			 e->count ? json_string_value(json_array_get(json_object_get(v, "files"),
								     e->count - 1))
				  : "",
			 text_of(v, "state"), got, e->why.text, text_of(v, "expect"));
	for (size_t i = 0; i < e->count; i++)
		ward_buf_done(&e->files[i]);
	ward_buf_done(&e->timestamp);
	ward_buf_done(&e->proof_bytes);
	ward_trust_free(e->t);
	ward_arena_free(e->arena);
	free(e);
}

static void
each_is_taken_or_refused_as_the_index_says(void **state)
{
	struct ward_buf text = read_file("index.json");
	json_t *index = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *vectors = json_object_get(index, "vectors"), *v;
	bool seen[WARD_REFUSED_COUNT] = {false};
	size_t i;

	(void)state;
	assert_true(json_array_size(vectors) > 40);
	json_array_foreach(vectors, i, v) check(vectors, v, seen);
	for (int code = 1; code < WARD_REFUSED_COUNT; code++)
		if (!seen[code])
			fail_msg("no vector for %s",
				 ward_refusal_word((enum ward_refusal_code)code));
	json_decref(index);
	ward_buf_done(&text);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_generator_makes_the_same_bytes),
		cmocka_unit_test(each_is_taken_or_refused_as_the_index_says),
	};

	if (argc != 2)
		return 2;
	directory = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "cloud/publish/index.h"
#include "intel/compiler.h"
#include "intel/delta/delta.h"
#include "sys/fd.h"
#include "sys/mapping.h"
#include "sys/walk.h"

enum { HASHES = 4000 };

struct world {
	char root[64];
	struct ward_publish *publish;
};

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	(void)snprintf(w->root, sizeof(w->root), "/tmp/ward-publish-XXXXXX");
	assert_non_null(mkdtemp(w->root));
	*state = w;
	return 0;
}

static bool
forget(void *ctx, const struct ward_walk_entry *entry)
{
	(void)ctx;
	if (entry->fd >= 0) {
		int fd = entry->fd;

		ward_fd_close(&fd);
		(void)remove(entry->path);
	}
	return true;
}

static int
teardown(void **state)
{
	static const char *const parts[] = {"packs", "deltas", ""};
	const struct ward_walk_options options = {.recursive = true};
	struct world *w = *state;
	char path[128];

	ward_publish_closep(&w->publish);
	(void)!ward_walk(w->root, &options, forget, NULL);
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", w->root, parts[i]);
		(void)remove(path);
	}
	free(w);
	return 0;
}

/* A pack of digests, of which the last ones are other ones each time. */
static int
make_pack(const struct ward_edition *edition, struct ward_intel_result *result)
{
	struct ward_compiler job = {
		.extra = "list.sha256", .created = "2026-01-31T12:00:00Z", .edition = edition};
	struct ward_buf text;
	int fd = -1, list = -1;

	ward_buf_init(&text, 1 << 20, NULL);
	for (unsigned i = 0; i < HASHES; i++)
		assert_int_equal(
			ward_buf_printf(&text, "%064x N.%u\n",
					(i < HASHES - 20 ? i : i * (unsigned)edition->number) *
						2654435761u,
					i),
			WARD_OK);
	assert_int_equal(ward_fd_memory("list", &list), WARD_OK);
	assert_int_equal(ward_fd_write_all(list, ward_buf_span(&text)), WARD_OK);
	job.extra_fd = list;
	assert_int_equal(ward_compiler_run(&job, &fd, result), WARD_OK);
	ward_fd_close(&list);
	ward_buf_done(&text);
	return fd;
}

static enum ward_rc
add(struct world *w, uint64_t number, unsigned deltas, struct ward_publish_figures *figures)
{
	const struct ward_edition edition = {number, 1767225600, ward_span_str("test")};
	struct ward_intel_result result;
	struct ward_publish_job job = {.result = &result, .edition = &edition, .deltas = deltas};
	struct ward_buf why;
	enum ward_rc rc;

	job.pack = make_pack(&edition, &result);
	ward_buf_init(&why, 4096, NULL);
	rc = ward_publish_add(w->publish, &job, figures, &why);
	ward_buf_done(&why);
	ward_fd_close(&job.pack);
	return rc;
}

static enum ward_rc
open_again(struct world *w)
{
	struct ward_buf why;
	enum ward_rc rc;

	ward_publish_closep(&w->publish);
	ward_buf_init(&why, 4096, NULL);
	rc = ward_publish_open(w->root, &w->publish, &why);
	ward_buf_done(&why);
	return rc;
}

static void
map(struct world *w, const char *name, struct ward_mapping *ret)
{
	char path[300];
	int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/%s", w->root, name);
	assert_int_equal(ward_fd_open_regular(-1, path, false, &fd, NULL), WARD_OK);
	assert_int_equal(ward_mapping_open(fd, ret), WARD_OK);
	ward_fd_close(&fd);
}

static enum ward_rc
keep(void *ctx, struct ward_span bytes)
{
	return ward_buf_append(ctx, bytes.data, bytes.len);
}

/* What the index says is what lies there, and each delta makes the newest pack. */
static void
check(struct world *w, const json_t *index)
{
	const json_t *newest = json_array_get(ward_index_packs(index), 0), *delta;
	struct ward_mapping pack;
	char name[256];
	size_t i;

	(void)snprintf(name, sizeof(name), "packs/%s.wardpack", ward_index_hex(newest, "id"));
	map(w, name, &pack);
	assert_int_equal(ward_pack_verify(pack.bytes), WARD_OK);
	json_array_foreach(json_object_get(newest, "deltas"), i, delta)
	{
		struct ward_mapping base, bytes;
		struct ward_delta d;
		struct ward_buf out;

		(void)snprintf(name, sizeof(name), "packs/%s.wardpack",
			       ward_index_hex(delta, "from"));
		map(w, name, &base);
		(void)snprintf(name, sizeof(name), "deltas/%s-%s.warddelta",
			       ward_index_hex(delta, "from"), ward_index_hex(newest, "id"));
		map(w, name, &bytes);
		ward_buf_init(&out, 16 << 20, NULL);
		assert_int_equal(ward_delta_read(bytes.bytes, &d), WARD_OK);
		assert_int_equal(ward_delta_apply(&d, base.bytes, 16 << 20, keep, &out), WARD_OK);
		assert_true(ward_span_eq(ward_buf_span(&out), pack.bytes));
		ward_buf_done(&out);
		ward_mapping_done(&base);
		ward_mapping_done(&bytes);
	}
	ward_mapping_done(&pack);
}

static json_t *
read_index(const struct world *w)
{
	char path[128];
	json_t *index;

	(void)snprintf(path, sizeof(path), "%s/index.json", w->root);
	index = ward_index_read(path);
	assert_non_null(index);
	return index;
}

static void
test_series(void **state)
{
	struct world *w = *state;
	struct ward_publish_figures f = {0};
	json_t *index;

	assert_int_equal(open_again(w), WARD_OK);
	assert_int_equal(ward_publish_number(w->publish), 0);
	for (unsigned n = 1; n <= 5; n++) {
		assert_int_equal(add(w, n, 3, &f), WARD_OK);
		assert_int_equal(f.deltas, n <= 3 ? n - 1 : 3);
		assert_true(n == 1 || (f.delta_size > 0 && f.delta_size < f.size / 4));
		assert_int_equal(open_again(w), WARD_OK);
		assert_int_equal(ward_publish_number(w->publish), n);
		index = read_index(w);
		assert_int_equal(json_array_size(ward_index_packs(index)), n < 4 ? n : 4);
		check(w, index);
		json_decref(index);
	}
	assert_int_equal(add(w, 5, 3, &f), WARD_E_INVAL);
}

static void
test_one_at_a_time(void **state)
{
	struct world *w = *state;
	struct ward_publish *other = NULL;
	struct ward_buf why;

	ward_buf_init(&why, 4096, NULL);
	assert_int_equal(open_again(w), WARD_OK);
	assert_int_equal(ward_publish_open(w->root, &other, &why), WARD_E_PERM);
	ward_buf_done(&why);
}

static void
test_damaged_index(void **state)
{
	struct world *w = *state;
	char path[128];

	assert_int_equal(open_again(w), WARD_OK);
	(void)snprintf(path, sizeof(path), "%s/index.json", w->root);
	assert_int_equal(ward_fd_write_atomic(path, ward_span_str("{\"packs\": []}"), 0644),
			 WARD_OK);
	assert_int_equal(open_again(w), WARD_E_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_series, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_at_a_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_index, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

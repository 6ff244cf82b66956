/* SPDX-License-Identifier: Apache-2.0 */
/* The packs on disk: whatever step fails, or is the last one, what the state names is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "guard/updates/state.h"
#include "guard/updates/trial.h"
#include "sys/entry.h"
#include "sys/fd.h"

enum { STEPS_MAX = 64 };

/* Counts steps; at the `last` one it fails, or the process ends. */
struct fault {
	unsigned steps, last;
	bool quit;
};

struct world {
	char directory[64];
	struct fault fault;
	struct ward_shelf *shelf;
};

static enum ward_rc
on_step(void *ctx)
{
	struct fault *f = ctx;

	if (++f->steps != f->last)
		return WARD_OK;
	if (f->quit)
		_exit(0);
	return WARD_E_LIMIT;
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	(void)snprintf(w->directory, sizeof(w->directory), "/tmp/ward-shelf-XXXXXX");
	assert_non_null(mkdtemp(w->directory));
	*state = w;
	return 0;
}

static enum ward_rc
forget(void *ctx, const char *name)
{
	return ward_entry_remove(*(const int *)ctx, name, false);
}

static void
empty(const struct world *w)
{
	int dir = -1;

	assert_int_equal(ward_fd_open_directory(-1, w->directory, &dir), WARD_OK);
	assert_int_equal(ward_entry_list(dir, forget, &dir), WARD_OK);
	ward_fd_close(&dir);
}

static int
teardown(void **state)
{
	struct world *w = *state;

	ward_shelf_freep(&w->shelf);
	empty(w);
	(void)rmdir(w->directory);
	free(w);
	return 0;
}

static bool
open_shelf(struct world *w)
{
	const struct ward_shelf_options o = {w->directory, on_step, &w->fault};
	bool mended = false;

	ward_shelf_freep(&w->shelf);
	assert_int_equal(ward_shelf_open(&o, &w->shelf, &mended), WARD_OK);
	return mended;
}

static struct ward_shelf_pack
pack_of(unsigned number)
{
	struct ward_shelf_pack p = {.number = number, .made_s = 1000 + number, .taken_ms = number};

	memset(p.id, (int)number, sizeof(p.id));
	return p;
}

/* What guard/updates does with one pack, but for the proof: the file, the candidate, the change. */
static enum ward_rc
take(struct ward_shelf *s, unsigned number)
{
	struct ward_shelf_pack pack = pack_of(number);
	struct ward_shelf_state next;
	char text[16];
	int fd = -1;
	enum ward_rc rc = ward_shelf_new_file(s, 0, &fd);

	(void)snprintf(text, sizeof(text), "pack %u", number);
	if (rc == WARD_OK)
		rc = ward_fd_write_all(fd, ward_span_str(text));
	if (rc == WARD_OK)
		rc = ward_shelf_keep(s, 0, fd, pack.id);
	ward_fd_close(&fd);
	next = *ward_shelf_state(s);
	next.candidate = pack;
	if (rc == WARD_OK)
		rc = ward_shelf_set(s, &next);
	next.previous = next.current;
	next.current = pack;
	memset(&next.candidate, 0, sizeof(next.candidate));
	if (rc == WARD_OK)
		rc = ward_shelf_set(s, &next);
	ward_shelf_sweep(s);
	return rc;
}

static void
assert_holds(const struct ward_shelf *s, const struct ward_shelf_pack *p)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	char expected[16];
	int fd = -1;

	if (ward_shelf_is_none(p->id))
		return;
	(void)snprintf(expected, sizeof(expected), "pack %llu", (unsigned long long)p->number);
	ward_buf_init(&text, 64, NULL);
	assert_int_equal(ward_shelf_open_pack(s, p->id, &fd), WARD_OK);
	assert_int_equal(ward_fd_read_all(fd, &text), WARD_OK);
	assert_true(ward_span_eq(ward_buf_span(&text), ward_span_str(expected)));
	ward_fd_close(&fd);
}

static enum ward_rc
count(void *ctx, const char *name)
{
	(void)name;
	++*(unsigned *)ctx;
	return WARD_OK;
}

/* What it names is there and whole, and beside that only its state and its lock. */
static void
assert_whole(struct world *w)
{
	const struct ward_shelf_state *s = ward_shelf_state(w->shelf);
	unsigned files = 0, wanted = 2;
	int dir = -1;

	assert_holds(w->shelf, &s->current);
	assert_holds(w->shelf, &s->previous);
	assert_true(ward_shelf_is_none(s->candidate.id));
	wanted += !ward_shelf_is_none(s->current.id);
	wanted += !ward_shelf_is_none(s->previous.id);
	assert_int_equal(ward_fd_open_directory(-1, w->directory, &dir), WARD_OK);
	assert_int_equal(ward_entry_list(dir, count, &files), WARD_OK);
	ward_fd_close(&dir);
	assert_int_equal(files, wanted);
}

static void
test_takes(void **state)
{
	struct world *w = *state;

	assert_false(open_shelf(w));
	assert_true(ward_shelf_is_none(ward_shelf_state(w->shelf)->current.id));
	for (unsigned n = 1; n <= 4; n++)
		assert_int_equal(take(w->shelf, n), WARD_OK);
	assert_false(open_shelf(w));
	assert_int_equal(ward_shelf_state(w->shelf)->current.number, 4);
	assert_int_equal(ward_shelf_state(w->shelf)->previous.number, 3);
	assert_whole(w);
}

/* One that fails: the one before is in use, in this process and the next. */
static void
test_each_step_fails(void **state)
{
	struct world *w = *state;
	unsigned failed = 0;

	for (unsigned last = 1; last < STEPS_MAX; last++) {
		enum ward_rc rc;

		ward_shelf_freep(&w->shelf);
		empty(w);
		w->fault = (struct fault){0};
		(void)open_shelf(w);
		assert_int_equal(take(w->shelf, 1), WARD_OK);
		assert_int_equal(take(w->shelf, 2), WARD_OK);
		w->fault = (struct fault){.last = last};
		rc = take(w->shelf, 3);
		failed += rc != WARD_OK;
		assert_int_equal(ward_shelf_state(w->shelf)->current.number, rc ? 2 : 3);
		w->fault = (struct fault){0};
		(void)open_shelf(w);
		assert_int_equal(ward_shelf_state(w->shelf)->current.number, rc ? 2 : 3);
		assert_whole(w);
	}
	assert_true(failed >= 5);
}

/* The process ends there. */
static void
test_each_step_is_the_last(void **state)
{
	struct world *w = *state;
	bool seen[4] = {false};

	for (unsigned last = 1; last < STEPS_MAX; last++) {
		pid_t child;
		int status;

		ward_shelf_freep(&w->shelf);
		empty(w);
		w->fault = (struct fault){0};
		(void)open_shelf(w);
		assert_int_equal(take(w->shelf, 1), WARD_OK);
		assert_int_equal(take(w->shelf, 2), WARD_OK);
		w->fault = (struct fault){.last = last, .quit = true};
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			(void)!take(w->shelf, 3);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		w->fault = (struct fault){0};
		(void)open_shelf(w);
		assert_in_range(ward_shelf_state(w->shelf)->current.number, 2, 3);
		seen[ward_shelf_state(w->shelf)->current.number] = true;
		assert_whole(w);
	}
	assert_true(seen[2] && seen[3]);
}

/* A pack that is gone from the disk, a state that is: what holds is used. */
static void
test_mends(void **state)
{
	struct world *w = *state;
	struct ward_shelf_pack gone = pack_of(2);
	char path[200];

	(void)open_shelf(w);
	assert_int_equal(take(w->shelf, 1), WARD_OK);
	assert_int_equal(take(w->shelf, 2), WARD_OK);
	(void)snprintf(path, sizeof(path), "%s/", w->directory);
	for (size_t i = 0; i < sizeof(gone.id); i++)
		(void)snprintf(path + strlen(path), 3, "%02x", gone.id[i]);
	(void)snprintf(path + strlen(path), 12, ".wardpack");
	assert_int_equal(unlink(path), 0);
	assert_true(open_shelf(w));
	assert_int_equal(ward_shelf_state(w->shelf)->current.number, 1);
	assert_whole(w);
	(void)snprintf(path, sizeof(path), "%s/state", w->directory);
	assert_int_equal(ward_fd_write_atomic(path, ward_span_str("ward-intel 1\n"), 0600),
			 WARD_OK);
	assert_true(open_shelf(w));
	assert_true(ward_shelf_is_none(ward_shelf_state(w->shelf)->current.id));
}

static void
test_one_owner(void **state)
{
	struct world *w = *state;
	const struct ward_shelf_options o = {.directory = w->directory};
	struct ward_shelf *other = NULL;
	bool mended;

	(void)open_shelf(w);
	assert_int_equal(ward_shelf_open(&o, &other, &mended), WARD_E_PERM);
}

static void
test_text(void **state)
{
	struct ward_shelf_state s = {.current = pack_of(7),
				     .previous = pack_of(6),
				     .trial_until_ms = UINT64_MAX,
				     .frozen = true,
				     .fell = true,
				     .bad_count = WARD_SHELF_BAD};
	struct ward_shelf_state read;
	struct ward_buf text;

	(void)state;
	for (size_t i = 0; i < WARD_SHELF_BAD; i++)
		memset(s.bad[i], (int)i + 1, WARD_SHELF_ID);
	ward_buf_init(&text, WARD_STATE_MAX, NULL);
	assert_int_equal(ward_state_write(&s, &text), WARD_OK);
	assert_int_equal(ward_state_read(ward_buf_span(&text), &read), WARD_OK);
	assert_memory_equal(read.current.id, s.current.id, WARD_SHELF_ID);
	assert_int_equal(read.previous.made_s, 1006);
	assert_true(read.trial_until_ms == UINT64_MAX && read.frozen && read.fell);
	assert_memory_equal(read.bad, s.bad, sizeof(s.bad));
	for (size_t i = 0; i < text.len; i++) {
		text.data[i] ^= 1;
		assert_int_equal(ward_state_read(ward_buf_span(&text), &read), WARD_E_FORMAT);
		text.data[i] ^= 1;
		assert_int_equal(ward_state_read(ward_span_of(text.data, i), &read), WARD_E_FORMAT);
	}
	ward_buf_done(&text);
}

static void
test_trial(void **state)
{
	struct ward_trial t;

	(void)state;
	ward_trial_init(&t);
	ward_trial_crashed(&t, 5);
	ward_trial_begin(&t);
	/* What crashed before says nothing about the new one, nor does the same file again. */
	for (unsigned i = 0; i < 10; i++) {
		ward_trial_crashed(&t, 5);
		ward_trial_crashed(&t, 6);
	}
	assert_int_equal(ward_trial_count(&t), 1);
	ward_trial_crashed(&t, 0);
	ward_trial_crashed(&t, 8);
	assert_int_equal(ward_trial_count(&t), 3);
	ward_trial_begin(&t);
	assert_int_equal(ward_trial_count(&t), 0);
	ward_trial_crashed(&t, 8);
	assert_int_equal(ward_trial_count(&t), 0);
	ward_trial_done(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_takes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_each_step_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_each_step_is_the_last, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_owner, setup, teardown),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_trial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

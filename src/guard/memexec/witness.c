/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/memexec/witness.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guard/memexec/bpf/object.h"
#include "guard/memexec/witness-priv.h"
#include "sys/fd.h"

#define BTF   "/sys/kernel/btf/vmlinux"
#define LSMS  "/sys/kernel/security/lsm"
#define SPACE "/proc/self/ns/pid"

enum { AT_ONCE = 64, LSMS_ROOM = 512 };

struct ward_witness {
	enum ward_witness_way way;
	enum ward_witness_lack lack;
	struct bpf_object *object;
	struct bpf_link *link;
	struct ring_buffer *ring;
	struct ward_bpf_setting setting;
	/* of a reading */
	ward_witness_visit visit;
	void *ctx;
	size_t left;
};

static const struct {
	enum ward_witness_way way;
	const char *program;
} PROGRAMS[] = {
	{WARD_WITNESS_LSM, "ward_lsm"},
	{WARD_WITNESS_RETURN, "ward_return"},
	{WARD_WITNESS_TRACE, "ward_trace"},
};

/* --- what there is --- */

static bool
exists(const char *path)
{
	struct ward_fd_stat st;

	return ward_fd_stat_at(-1, path, true, &st) == WARD_OK;
}

/* A program for a hook of an LSM that is not on loads, and is never called. */
static bool
lsm_is_on(void)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	char text[LSMS_ROOM];
	size_t n = 0;

	if (ward_fd_open_regular(-1, LSMS, false, &fd, NULL) != WARD_OK ||
	    ward_fd_pread(fd, text, sizeof(text) - 1, 0, &n) != WARD_OK)
		return false;
	text[n] = 0;
	for (const char *word = text; *word;) {
		size_t len = strcspn(word, ",\n");

		if (len == 3 && memcmp(word, "bpf", 3) == 0)
			return true;
		word += len + (word[len] != 0);
	}
	return false;
}

/* --- loading --- */

static int
say_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int
on_record(void *ctx, void *data, size_t size)
{
	struct ward_witness *w = ctx;

	if (size >= sizeof(struct ward_bpf_record))
		w->visit(w->ctx, data);
	/* Another error would be taken for one of the ring. */
	return --w->left == 0 ? -EINTR : 0;
}

static void
unload(struct ward_witness *w)
{
	ring_buffer__free(w->ring);
	(void)bpf_link__destroy(w->link);
	bpf_object__close(w->object);
	w->ring = NULL;
	w->link = NULL;
	w->object = NULL;
}

static int
map_of(const struct ward_witness *w, const char *name)
{
	return bpf_object__find_map_fd_by_name(w->object, name);
}

/* Of the programs in the object only this one is loaded. 0, or -errno. */
static int
choose(struct ward_witness *w, const char *name)
{
	struct bpf_program *p, *found = NULL;

	bpf_object__for_each_program(p, w->object)
	{
		bool is_it = strcmp(bpf_program__name(p), name) == 0;

		(void)bpf_program__set_autoload(p, is_it);
		found = is_it ? p : found;
	}
	if (!found)
		return -ENOENT;
	if (bpf_object__load(w->object) != 0)
		return -errno;
	w->ring = ring_buffer__new(map_of(w, "ring"), on_record, w, NULL);
	if (!w->ring)
		return -errno;
	w->link = bpf_program__attach(found);
	return w->link ? 0 : -errno;
}

/* The same, whole or not at all. */
static int
load(struct ward_witness *w, const char *name)
{
	const struct bpf_object_open_opts options = {.sz = sizeof(options), .object_name = "ward"};
	int error;

	w->object = bpf_object__open_mem(ward_bpf_object, sizeof(ward_bpf_object), &options);
	if (!w->object)
		return -errno;
	error = choose(w, name);
	if (error != 0)
		unload(w);
	return error;
}

static void
try_all(struct ward_witness *w, unsigned ways)
{
	for (size_t i = 0; i < sizeof(PROGRAMS) / sizeof(PROGRAMS[0]); i++) {
		int error;

		if (!(ways & PROGRAMS[i].way) ||
		    (PROGRAMS[i].way == WARD_WITNESS_LSM && !lsm_is_on()))
			continue;
		error = load(w, PROGRAMS[i].program);
		if (error == 0) {
			w->way = PROGRAMS[i].way;
			return;
		}
		if (error == -EPERM || error == -EACCES)
			w->lack = WARD_WITNESS_NOT_PERMITTED;
	}
}

struct ward_witness *
ward_witness_new(unsigned ways)
{
	struct ward_witness *w = calloc(1, sizeof(*w));
	struct ward_fd_stat st;

	if (!w)
		return NULL;
	w->lack = WARD_WITNESS_NOT_POSSIBLE;
	if (ways == 0)
		w->lack = WARD_WITNESS_NOT_WANTED;
	else if (!exists(BTF))
		w->lack = WARD_WITNESS_NO_BTF;
	else if (ward_fd_stat_at(-1, SPACE, true, &st) == WARD_OK) {
		w->setting.pid_space = (unsigned)st.inode;
		(void)libbpf_set_print(say_nothing);
		try_all(w, ways);
	}
	return w;
}

struct ward_witness *
ward_witness_free(struct ward_witness *w)
{
	if (w)
		unload(w);
	free(w);
	return NULL;
}

/* --- use --- */

enum ward_witness_way
ward_witness_way(const struct ward_witness *w)
{
	return w->way;
}

enum ward_witness_lack
ward_witness_lack(const struct ward_witness *w)
{
	return w->lack;
}

enum ward_rc
ward_witness_want(struct ward_witness *w, enum ward_bpf_mode mode)
{
	const unsigned zero = 0;

	if (w->way == WARD_WITNESS_NONE)
		return WARD_OK;
	w->setting.mode = mode;
	return bpf_map_update_elem(map_of(w, "setting"), &zero, &w->setting, BPF_ANY) == 0
		       ? WARD_OK
		       : WARD_E_PERM;
}

int
ward_witness_fd(const struct ward_witness *w)
{
	return w->ring ? ring_buffer__epoll_fd(w->ring) : -1;
}

void
ward_witness_read(struct ward_witness *w, ward_witness_visit visit, void *ctx)
{
	if (!w->ring)
		return;
	w->visit = visit;
	w->ctx = ctx;
	w->left = AT_ONCE;
	(void)ring_buffer__consume(w->ring);
}

struct ward_bpf_counts
ward_witness_counts(const struct ward_witness *w)
{
	struct ward_bpf_counts counts = {0};
	const unsigned zero = 0;

	if (w->way != WARD_WITNESS_NONE)
		(void)bpf_map_lookup_elem(map_of(w, "counts"), &zero, &counts);
	return counts;
}

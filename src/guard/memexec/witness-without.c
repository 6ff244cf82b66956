/* SPDX-License-Identifier: Apache-2.0 */
/* Built where libbpf or clang was missing (meson's option ebpf). */
#include "guard/memexec/witness-priv.h"

#include <stdlib.h>

struct ward_witness {
	enum ward_witness_lack lack;
};

struct ward_witness *
ward_witness_new(unsigned ways)
{
	struct ward_witness *w = calloc(1, sizeof(*w));

	if (w)
		w->lack = ways == 0 ? WARD_WITNESS_NOT_WANTED : WARD_WITNESS_NOT_BUILT;
	return w;
}

struct ward_witness *
ward_witness_free(struct ward_witness *w)
{
	free(w);
	return NULL;
}

enum ward_witness_way
ward_witness_way(const struct ward_witness *w)
{
	(void)w;
	return WARD_WITNESS_NONE;
}

enum ward_witness_lack
ward_witness_lack(const struct ward_witness *w)
{
	return w->lack;
}

enum ward_rc
ward_witness_want(struct ward_witness *w, enum ward_bpf_mode mode)
{
	(void)w;
	(void)mode;
	return WARD_OK;
}

int
ward_witness_fd(const struct ward_witness *w)
{
	(void)w;
	return -1;
}

void
ward_witness_read(struct ward_witness *w, ward_witness_visit visit, void *ctx)
{
	(void)w;
	(void)visit;
	(void)ctx;
}

struct ward_bpf_counts
ward_witness_counts(const struct ward_witness *w)
{
	(void)w;
	return (struct ward_bpf_counts){0};
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "match/hash/fuse.h"

#include <stdlib.h>

enum { MAX_SEEDS = 100, MAX_SEGMENT = 1 << 18 };

struct spot {
	uint64_t at[3];
};

struct work {
	uint64_t *hashes;     /* of all keys, in order of their first slot; later the stack */
	uint8_t *which;	      /* for each on the stack: which of its three slots is its own */
	uint64_t *sum;	      /* per slot: XOR of the hashes that use it */
	uint8_t *count;	      /* per slot: users * 4, low 2 bits: XOR of which of the three */
	uint32_t *alone;      /* slots with one user left */
	uint64_t *starts;     /* counting sort */
	uint64_t slots, keys; /* sizes */
};

static inline uint64_t
mix(uint64_t key, uint64_t seed)
{
	uint64_t h = key + seed * 0x9e3779b97f4a7c15u;

	h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53u;
	return h ^ h >> 33;
}

static inline uint64_t
high_product(uint64_t a, uint64_t b)
{
	return (uint64_t)(((unsigned __int128)a * b) >> 64);
}

static inline struct spot
spot_of(const struct ward_fuse *f, uint64_t h)
{
	uint64_t first = high_product(h, (uint64_t)f->segments * f->segment);
	uint64_t mask = f->segment - 1;

	return (struct spot){{first, (first + f->segment) ^ (h >> 18 & mask),
			      (first + 2 * (uint64_t)f->segment) ^ (h & mask)}};
}

static inline uint16_t
print_of(uint64_t h)
{
	return (uint16_t)(h ^ h >> 32);
}

uint64_t
ward_fuse_slots(uint32_t segment, uint32_t segments)
{
	if (segment == 0 || segment > MAX_SEGMENT || (segment & (segment - 1)) || segments == 0)
		return 0;
	return ((uint64_t)segments + 2) * segment;
}

bool
ward_fuse_has(const struct ward_fuse *f, uint64_t key)
{
	uint64_t h = mix(key, f->seed);
	struct spot s = spot_of(f, h);
	unsigned x = print_of(h);

	x ^= ward_table_get16(&f->prints, s.at[0]);
	x ^= ward_table_get16(&f->prints, s.at[1]);
	x ^= ward_table_get16(&f->prints, s.at[2]);
	return x == 0;
}

/*
 * The paper's parameters, without libm: a segment of 2^floor(log(n) / log(3.33) + 2.25) slots,
 * and max(1.125, 0.875 + 0.25 log(10^6) / log(n)) slots per key. The logarithm is taken from
 * below (by at most 0.09 bits), which makes small filters a little larger, never too small.
 */
static void
choose_size(uint64_t n, struct ward_fuse *f)
{
	double power = 2.4647, factor = 0.875, log2n = 0, rest = (double)n;
	uint64_t want;

	f->segment = 4;
	for (; f->segment < MAX_SEGMENT && (double)n >= power; power *= 3.33)
		f->segment *= 2;
	for (; rest >= 2; rest /= 2)
		log2n++;
	log2n += rest - 1;
	if (log2n > 0)
		factor += 0.25 * 19.931568569 / log2n;
	if (factor < 1.125)
		factor = 1.125;
	want = n <= 1 ? 4 : (uint64_t)((double)n * factor + 0.5);
	want = (want + f->segment - 1) / f->segment;
	f->segments = want > 3 ? (uint32_t)(want - 2) : 1;
}

static unsigned
block_bits(const struct ward_fuse *f)
{
	unsigned bits = 1;

	while (bits < 20 && (1u << bits) < f->segments)
		bits++;
	return bits;
}

/* Hashes in rough order of their first slot: neighbours then touch neighbouring memory. */
static void
sort_hashes(struct work *w, const struct ward_fuse *f, const uint64_t *keys)
{
	unsigned bits = block_bits(f), shift = 64 - bits;
	uint64_t sum = 0;

	memset(w->starts, 0, ((1u << 20) + 1) * sizeof(*w->starts));
	for (uint64_t i = 0; i < w->keys; i++)
		w->starts[(mix(keys[i], f->seed) >> shift) + 1]++;
	for (uint64_t b = 0; b <= 1u << bits; b++) {
		sum += w->starts[b];
		w->starts[b] = sum;
	}
	for (uint64_t i = 0; i < w->keys; i++) {
		uint64_t h = mix(keys[i], f->seed);

		w->hashes[w->starts[h >> shift]++] = h;
	}
}

/* False when a slot has more users than its counter holds: another seed, please. */
static bool
count_users(struct work *w, const struct ward_fuse *f)
{
	unsigned high = 0;

	memset(w->count, 0, w->slots);
	memset(w->sum, 0, w->slots * sizeof(*w->sum));
	for (uint64_t i = 0; i < w->keys; i++) {
		struct spot s = spot_of(f, w->hashes[i]);

		for (unsigned k = 0; k < 3; k++) {
			uint8_t *c = &w->count[s.at[k]];

			high |= *c >= 0xf8;
			*c = (uint8_t)((*c + 4) ^ k);
			w->sum[s.at[k]] ^= w->hashes[i];
		}
	}
	return !high;
}

/* Takes away, one by one, the keys that have a slot to themselves. How many could be taken. */
static uint64_t
peel(struct work *w, const struct ward_fuse *f)
{
	uint64_t queue = 0, stack = 0;

	for (uint64_t i = 0; i < w->slots; i++) {
		w->alone[queue] = (uint32_t)i;
		queue += w->count[i] >> 2 == 1;
	}
	/* The two other bounds only matter for equal keys, whose sums are nonsense. */
	while (queue > 0 && queue <= w->slots && stack < w->keys) {
		uint32_t slot = w->alone[--queue];
		uint64_t h = w->sum[slot];
		unsigned own = w->count[slot] & 3;
		struct spot s;

		if (w->count[slot] >> 2 != 1)
			continue;
		w->hashes[stack] = h;
		w->which[stack++] = (uint8_t)own;
		s = spot_of(f, h);
		for (unsigned k = 0; k < 3; k++) {
			uint64_t at = s.at[k];

			w->count[at] = (uint8_t)((w->count[at] - 4) ^ k);
			w->sum[at] ^= h;
			w->alone[queue] = (uint32_t)at;
			queue += k != own && w->count[at] >> 2 == 1;
		}
	}
	return stack;
}

/* In the reverse order of peeling each key's own slot is still free to make the XOR right. */
static void
assign(const struct work *w, const struct ward_fuse *f, uint8_t *bytes)
{
	for (uint64_t i = w->keys; i-- > 0;) {
		uint64_t h = w->hashes[i];
		struct spot s = spot_of(f, h);
		uint64_t own = s.at[w->which[i]];
		unsigned x = print_of(h);

		ward_table_put(bytes + 2 * own, 0, 2);
		for (unsigned k = 0; k < 3; k++)
			x ^= ward_table_get16(&f->prints, s.at[k]);
		ward_table_put(bytes + 2 * own, x, 2);
	}
}

static void
work_done(struct work *w)
{
	free(w->hashes);
	free(w->which);
	free(w->sum);
	free(w->count);
	free(w->alone);
	free(w->starts);
}

static enum ward_rc
work_init(struct work *w, uint64_t keys, uint64_t slots)
{
	*w = (struct work){.keys = keys, .slots = slots};
	w->hashes = malloc((keys + 1) * sizeof(*w->hashes));
	w->which = malloc(keys + 1);
	w->sum = malloc(slots * sizeof(*w->sum));
	w->count = malloc(slots);
	w->alone = malloc((slots + 3) * sizeof(*w->alone));
	w->starts = malloc(((1u << 20) + 1) * sizeof(*w->starts));
	if (w->hashes && w->which && w->sum && w->count && w->alone && w->starts)
		return WARD_OK;
	work_done(w);
	return WARD_E_NOMEM;
}

enum ward_rc
ward_fuse_build(const uint64_t *keys, uint64_t count, struct ward_fuse *ret, uint8_t **ret_bytes)
{
	struct ward_fuse f = {0};
	struct work w;
	uint8_t *bytes;
	bool done = false;
	enum ward_rc rc;

	if (count == 0 || count > 1u << 31)
		return WARD_E_INVAL;
	choose_size(count, &f);
	if (work_init(&w, count, ward_fuse_slots(f.segment, f.segments)) != WARD_OK)
		return WARD_E_NOMEM;
	bytes = calloc(w.slots, 2);
	rc = bytes ? WARD_E_FORMAT : WARD_E_NOMEM;
	while (bytes && !done && f.seed < MAX_SEEDS) {
		f.seed++;
		sort_hashes(&w, &f, keys);
		done = count_users(&w, &f) && peel(&w, &f) == count;
	}
	if (done) {
		f.prints = (struct ward_table){bytes, w.slots, 2};
		assign(&w, &f, bytes);
		*ret = f;
		*ret_bytes = bytes;
		bytes = NULL;
		rc = WARD_OK;
	}
	work_done(&w);
	free(bytes);
	return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast lists are applied and verdicts looked up, without the network:
 *
 *	cloud-lookup DIRECTORY N	N digests of a list into new views in DIRECTORY (not removed),
 *					then look-ups, single and in batches, known and unknown
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "cloud/log/record.h"
#include "cloud/views/applier.h"
#include "cloud/views/views-priv.h"
#include "sys/clock.h"

enum { BATCH = 1000, RECORD = 4096 };

static void
fail(const char *what)
{
	(void)fprintf(stderr, "cloud-lookup: %s\n", what);
	exit(1);
}

/* splitmix64, as uniform as SHA-256 is, and faster. */
static void
digest_of(uint64_t number, uint8_t ret[32])
{
	for (uint64_t i = 0; i < 4; i++) {
		uint64_t z = (number * 4 + i + 1) * UINT64_C(0x9e3779b97f4a7c15);

		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		z ^= z >> 31;
		memcpy(ret + 8 * i, &z, 8);
	}
}

static int
by_digest(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

static void
add_record(struct ward_apply *apply, uint64_t first, uint64_t n, struct ward_arena *arena)
{
	static uint8_t digests[RECORD][32];
	static uint64_t offset;
	static char name[] = "bench", threat[] = "Bench.Threat";
	char *threats[] = {threat};
	Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__Reputation list = WARD__LOG__V1__REPUTATION__INIT;
	struct ward_log_entry entry = {.position = {WARD_LOG_STATE, 0, offset++}};
	struct ward_arena_mark mark = ward_arena_save(arena);
	const struct ward_apply_news *news;
	struct ward_log_item item;
	bool full = false;

	for (uint64_t i = 0; i < n; i++)
		digest_of(first + i, digests[i]);
	qsort(digests, n, 32, by_digest);
	record.time_ms = UINT64_C(1764000000000);
	record.fact_case = WARD__LOG__V1__RECORD__FACT_REPUTATION;
	record.reputation = &list;
	list.list = name;
	list.kind = WARD__LOG__V1__DIGEST__DIGEST_SHA256;
	list.verdict = WARD__V1__VERDICT__VERDICT_MALICIOUS;
	list.confidence = 900;
	list.digests = (ProtobufCBinaryData){n * 32, digests[0]};
	list.threats = threats;
	list.n_threats = 1;
	if (ward_record_item(&record, arena, &item))
		fail("cannot pack a record");
	entry.body = item.body;
	if (ward_apply_add(apply, &entry, &full) || (full && ward_apply_commit(apply, &news)))
		fail("cannot apply a record");
	ward_arena_restore(arena, mark);
}

static void
fill(struct ward_views *views, uint64_t n)
{
	struct ward_budget budget = {.cap = 4 << 20};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	const struct ward_apply_news *news;
	struct ward_apply *apply = NULL;
	uint64_t begun = ward_clock_monotonic(), applied;

	if (!arena || ward_apply_new(views, &apply))
		fail("no memory");
	for (uint64_t i = 0; i < n; i += RECORD)
		add_record(apply, i, n - i < RECORD ? n - i : RECORD, arena);
	if (ward_apply_pending(apply) > 0 && ward_apply_commit(apply, &news))
		fail("cannot commit");
	applied = ward_clock_monotonic();
	if (ward_views_build_table(views, true))
		fail("cannot build the table");
	printf("applied %llu digests in %.1f s (%.0f/s), table %.1f s later\n",
	       (unsigned long long)n, (double)(applied - begun) / 1e6,
	       (double)n * 1e6 / (double)(applied - begun + 1),
	       (double)(ward_clock_monotonic() - applied) / 1e6);
	ward_apply_free(apply);
}

static void
look_up(struct ward_views *views, const char *what, uint64_t n, uint64_t from, size_t batch,
	uint64_t rounds)
{
	static uint8_t digests[64 * BATCH][32];
	static struct ward_view_verdict verdicts[BATCH];
	uint64_t begun, took = 0, known = 0, done = 0;

	for (uint64_t r = 0; r < rounds; r++) {
		for (uint64_t i = 0; i < sizeof(digests) / 32; i++)
			digest_of(from + (r * 64 * BATCH + i) * UINT64_C(7919) % n, digests[i]);
		begun = ward_clock_monotonic();
		for (uint64_t i = 0; i + batch <= 64 * BATCH; i += batch) {
			if (ward_views_verdicts(views, (const uint8_t(*)[32])digests + i, batch,
						NULL, UINT64_C(1764000000000), verdicts))
				fail("a look-up failed");
			known += verdicts[0].source != 0;
			done += batch;
		}
		took += ward_clock_monotonic() - begun;
	}
	printf("%-8s batches of %4zu: %6.2f M/s, %5.0f ns each%s\n", what, batch,
	       (double)done / (double)took, 1000.0 * (double)took / (double)done,
	       known > 0 ? "" : " (none known)");
}

int
main(int argc, char **argv)
{
	struct ward_views_options options = {.directory = argc == 3 ? argv[1] : NULL};
	struct ward_views *views = NULL;
	struct ward_views_size size;
	char why[512] = "";
	uint64_t n = 0, begun;

	if (argc != 3 || !ward_text_u64(ward_span_str(argv[2]), &n) || n == 0)
		fail("usage: cloud-lookup DIRECTORY N");
	if (ward_views_open(&options, &views, why))
		fail(why);
	fill(views, n);
	ward_views_size(views, &size);
	printf("disk %.0f MB, table %.0f MB, %llu tables built, %llu changes left\n",
	       (double)size.disk_bytes / 1e6, (double)size.table_bytes / 1e6,
	       (unsigned long long)size.table_builds, (unsigned long long)size.overlay);
	for (size_t batch = 1; batch <= BATCH; batch *= 10) {
		look_up(views, "known", n, 0, batch, 20);
		look_up(views, "unknown", n, n, batch, 20);
	}
	printf("the same again: ");
	fill(views, n / 10 + 1);
	begun = ward_clock_monotonic();
	ward_views_close(views);
	printf("closed in %.1f s\n", (double)(ward_clock_monotonic() - begun) / 1e6);
	begun = ward_clock_monotonic();
	if (ward_views_open(&options, &views, why))
		fail(why);
	printf("opened in %.1f s\n", (double)(ward_clock_monotonic() - begun) / 1e6);
	look_up(views, "reopened", n, 0, BATCH, 20);
	ward_views_close(views);
	return 0;
}

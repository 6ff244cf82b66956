/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Body signatures at size: bench-body FILE [SIGNATURES] scans FILE (twice, the second time is
 * measured) with that many signatures, default 1,000: nine of ten random, one of ten cut out of FILE
 * and altered in one byte, so that anchors are met. Prints MB per second of processor time.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "match/clamav/body.h"

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool
on_hit(void *ctx, const struct ward_match_hit *hit)
{
	unsigned *hits = ctx;

	(void)hit;
	(*hits)++;
	return true;
}

static void
check(enum ward_rc rc, const char *what)
{
	if (rc == WARD_OK)
		return;
	(void)fprintf(stderr, "bench-body: %s: %s\n", what, ward_rc_str(rc));
	exit(2);
}

/* A place whose next bytes are as varied as what people write signatures of. */
static uint64_t
varied_place(struct ward_span file, uint64_t from)
{
	for (uint64_t at = from % (file.len - 64);; at = (at + 61) % (file.len - 64)) {
		bool seen[256] = {false};
		unsigned different = 0;

		for (unsigned k = 0; k < 24; k++) {
			different += !seen[file.data[at + k]];
			seen[file.data[at + k]] = true;
		}
		if (different >= 14)
			return at;
	}
}

static void
add_signature(struct ward_body_builder *b, struct ward_span file, unsigned i)
{
	struct ward_body_signature sig;
	struct ward_buf code;
	char line[200];
	enum ward_rc rc;
	uint64_t r = (i + 1) * 0x9e3779b97f4a7c15u;
	uint64_t place = varied_place(file, r);
	int n = snprintf(line, sizeof(line), "Bench.%u:0:*:", i);

	for (unsigned k = 0; k < 24; k++) {
		unsigned byte =
			i % 10 == 0 ? file.data[place + k] : (unsigned)(r * (k + 1) >> 40) & 0xff;

		if (k == 20 && i % 10 == 0)
			byte ^= 0x80;
		n += snprintf(line + n, sizeof(line) - (size_t)n, "%02x%s", byte,
			      k == 12 ? "{-20}" : "");
	}
	ward_buf_init(&code, 1 << 16, NULL);
	if (ward_body_parse(ward_span_str(line), &code, &sig, &rc))
		check(rc, line);
	sig.source = ward_span_str("bench");
	check(ward_body_builder_add(b, &sig), "add");
	ward_buf_done(&code);
}

static struct ward_span
map_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	void *map = size > 0 ? mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;

	check(map == MAP_FAILED ? WARD_E_IO : WARD_OK, path);
	(void)close(fd);
	return ward_span_of(map, (size_t)size);
}

int
main(int argc, char **argv)
{
	unsigned signatures = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1000, hits = 0;
	struct ward_match_object o = {.type = WARD_TYPE_DATA};
	struct ward_body_builder *b;
	struct ward_matcher *m;
	struct ward_buf table;
	double start;

	if (argc < 2)
		return 2;
	o.bytes = map_file(argv[1]);
	check(ward_body_builder_new(&b), "builder");
	for (unsigned i = 0; i < signatures; i++)
		add_signature(b, o.bytes, i);
	ward_buf_init(&table, UINT32_MAX, NULL);
	check(ward_body_builder_finish(b, &table), "finish");
	ward_body_builder_free(b);
	check(ward_body_matcher_new(ward_buf_span(&table), &m), "open");
	check(ward_matcher_scan(m, &o, on_hit, &hits), "scan");
	start = now();
	check(ward_matcher_scan(m, &o, on_hit, &hits), "scan");
	printf("%u signatures, %.1f MB: %.0f MB/s, %u hits\n", signatures,
	       (double)o.bytes.len / 1e6, (double)o.bytes.len / 1e6 / (now() - start), hits / 2);
	ward_matcher_free(m);
	ward_buf_done(&table);
	return 0;
}

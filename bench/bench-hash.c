/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash table at size: bench-hash [ENTRIES] (default 10,000,000 random SHA-256) prints build time,
 * size, open time, bits per key of the filter, its false positive rate, look-ups per second and the
 * memory that look-ups of absent and present hashes leave resident.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "match/hash/build.h"

enum { LOOKUPS = 5000000 };

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static void
digest(uint64_t number, uint8_t *out)
{
	uint64_t state = number * 7919;

	for (unsigned i = 0; i < 4; i++) {
		uint64_t v = next_random(&state);

		memcpy(out + 8 * i, &v, 8);
	}
}

static long
resident_kib(const char *key)
{
	char line[200];
	long value = -1;
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, strlen(key)) == 0)
			value = strtol(line + strlen(key), NULL, 10);
	}
	if (f)
		(void)fclose(f);
	return value;
}

static void
check(enum ward_rc rc, const char *what)
{
	if (rc == WARD_OK)
		return;
	(void)fprintf(stderr, "bench-hash: %s: %s\n", what, ward_rc_str(rc));
	exit(2);
}

static void
build(uint64_t n, const char *path)
{
	struct ward_hash_builder *b;
	struct ward_hash_image image;
	double start = now(), added;
	FILE *f = fopen(path, "wbe");

	check(ward_hash_builder_new(&b), "builder");
	for (uint64_t i = 0; i < n; i++) {
		struct ward_hash_entry e = {.kind = WARD_HASH_SHA256,
					    .any_size = true,
					    .verdict = WARD_MALICIOUS,
					    .name = ward_span_str("Bench.Listed"),
					    .source = ward_span_str("bench")};

		digest(i, e.digest);
		check(ward_hash_builder_add(b, &e), "add");
	}
	added = now();
	check(ward_hash_builder_finish(b, NULL, NULL, &image), "finish");
	printf("add %.2f s, sort and compile %.2f s, peak %ld MiB\n", added - start, now() - added,
	       resident_kib("VmHWM:") / 1024);
	for (size_t i = 0; f && i < image.count; i++)
		check(fwrite(image.runs[i].data, 1, image.runs[i].len, f) == image.runs[i].len
			      ? WARD_OK
			      : WARD_E_IO,
		      "write");
	check(f && fclose(f) == 0 ? WARD_OK : WARD_E_IO, "write");
	printf("table %.1f MB, %.2f bytes per hash\n", (double)image.length / 1e6,
	       (double)image.length / (double)n);
	ward_hash_builder_free(b);
}

static void
look(const struct ward_hash_table *t, uint64_t from, bool present)
{
	struct ward_hash_found found;
	uint64_t hits = 0, passed = 0;
	uint8_t d[32];
	double start = now(), took;

	for (uint64_t i = 0; i < LOOKUPS; i++) {
		digest(from + i, d);
		hits += ward_hash_table_find(t, WARD_HASH_SHA256, d, 1, &found) == WARD_OK;
	}
	took = now() - start;
	for (uint64_t i = 0; i < LOOKUPS; i++) {
		uint64_t key = 0;

		digest(from + i, d);
		for (unsigned k = 0; k < 8; k++)
			key = key << 8 | d[k];
		passed += ward_fuse_has(&t->column[0].filter, key);
	}
	printf("%s: %.2f M look-ups/s, %.2f%% found, filter passes %.5f%%, resident file pages "
	       "%.1f "
	       "MiB\n",
	       present ? "present" : "absent", LOOKUPS / took / 1e6, 100.0 * (double)hits / LOOKUPS,
	       100.0 * (double)passed / LOOKUPS, (double)resident_kib("RssFile:") / 1024);
}

static void
use(uint64_t n, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t size = lseek(fd, 0, SEEK_END);
	void *map = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
	struct ward_hash_table t;
	double start = now();

	check(map == MAP_FAILED ? WARD_E_IO : WARD_OK, "map");
	check(ward_hash_table_open(ward_span_of(map, (size_t)size), &t), "open");
	printf("open %.3f ms, filter %.3f bits per key\n", (now() - start) * 1e3,
	       (double)t.column[0].filter.prints.count * 16 / (double)n);
	(void)madvise(map, (size_t)size, MADV_RANDOM);
	printf("before look-ups: resident file pages %.1f MiB\n",
	       (double)resident_kib("RssFile:") / 1024);
	look(&t, n, false);
	look(&t, 0, true);
	(void)munmap(map, (size_t)size);
	(void)close(fd);
}

int
main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
	const char *path = argc > 2 ? argv[2] : "bench-hash.table";

	build(n, path);
	use(n, path);
	return unlink(path);
}

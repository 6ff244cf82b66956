/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exclusions: bench-exclude [ENTRIES] (default 1000, a third each paths, globs below a directory and
 * extensions, and twenty globs that begin with a wildcard) prints ns of CPU for a check of a path that
 * nothing matches, and beside it the same list asked one by one with fnmatch(3), as a simple
 * implementation would.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "policy/exclude/exclude.h"

enum { TEXT = 64, FLOATING = 20, PATHS = 1000, ROUNDS = 200 };

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
make_entry(size_t i, char *text, struct ward_exclusion *e)
{
	*e = (struct ward_exclusion){.value = text, .scope = WARD_EXCLUDE_BOTH};
	if (i < FLOATING) {
		e->kind = WARD_EXCLUDE_GLOB;
		(void)snprintf(text, TEXT, "**/cache-%zu/*.tmp%zu", i, i);
	} else if (i % 3 == 0) {
		e->kind = WARD_EXCLUDE_PATH;
		(void)snprintf(text, TEXT, "/srv/customers/%zu/data", i);
	} else if (i % 3 == 1) {
		e->kind = WARD_EXCLUDE_GLOB;
		(void)snprintf(text, TEXT, "/srv/customers/%zu/*/build/**", i);
	} else {
		e->kind = WARD_EXCLUDE_EXTENSION;
		(void)snprintf(text, TEXT, "ext%zu", i);
	}
}

static void
make_path(size_t i, char *path)
{
	(void)snprintf(path, TEXT, "/srv/customers/%zu/www/assets/img-%zu.min.js", i * 7 % 1500, i);
}

static bool
one_by_one(const struct ward_exclusion *entries, size_t count, const char *path)
{
	char pattern[TEXT + 8];

	for (size_t i = 0; i < count; i++) {
		const char *before = entries[i].kind == WARD_EXCLUDE_EXTENSION ? "*." : "";
		const char *after = entries[i].kind == WARD_EXCLUDE_PATH ? "/*" : "";

		(void)snprintf(pattern, sizeof(pattern), "%s%s%s", before, entries[i].value, after);
		if (fnmatch(pattern, path, 0) == 0)
			return true;
	}
	return false;
}

static void
measure(const struct ward_exclusion *entries, size_t count, const struct ward_exclusions *set)
{
	static char paths[PATHS][TEXT];
	size_t found = 0, slow_found = 0;
	double start, fast, slow;

	for (size_t i = 0; i < PATHS; i++)
		make_path(i, paths[i]);
	start = now();
	for (size_t round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < PATHS; i++) {
			const struct ward_exclusion_subject s = {.path = paths[i],
								 .process = "/usr/bin/node",
								 .scope = WARD_EXCLUDE_REALTIME,
								 .now_s = 1};

			found += ward_exclusions_match(set, &s) != NULL;
		}
	fast = (now() - start) / ROUNDS / PATHS;
	start = now();
	for (size_t i = 0; i < PATHS; i++)
		slow_found += one_by_one(entries, count, paths[i]);
	slow = (now() - start) / PATHS;
	(void)printf(
		"%zu exclusions: %.0f ns a check (%zu found); one by one with fnmatch %.0f ns (%zu "
		"found): %.0f times\n",
		count, fast * 1e9, found / ROUNDS, slow * 1e9, slow_found, slow / fast);
}

int
main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	struct ward_exclusion *entries = calloc(count ? count : 1, sizeof(*entries));
	char *texts = calloc(count ? count : 1, TEXT);
	struct ward_exclusions *set = NULL;
	double start;

	if (!entries || !texts)
		return 1;
	for (size_t i = 0; i < count; i++)
		make_entry(i, texts + i * TEXT, &entries[i]);
	start = now();
	if (ward_exclusions_new(entries, count, &set) != WARD_OK)
		return 1;
	(void)printf("compiled in %.2f ms\n", (now() - start) * 1e3);
	measure(entries, count, set);
	ward_exclusions_free(set);
	free(texts);
	free(entries);
	return 0;
}

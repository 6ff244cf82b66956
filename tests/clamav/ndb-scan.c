/* SPDX-License-Identifier: Apache-2.0 */
/* ndb-scan DATABASE FILE…: prints "FILE NAME" for each signature of the database that matches, for
 * the comparison with clamscan in agree.sh. */
#include <stdio.h>
#include <stdlib.h>

#include "match/clamav/body.h"
#include "match/clamav/clamav.h"
#include "match/hash/build.h"

static void
die(const char *what, const char *why)
{
	(void)fprintf(stderr, "ndb-scan: %s: %s\n", what, why);
	exit(2);
}

static void
read_file(const char *path, struct ward_buf *out)
{
	FILE *f = fopen(path, "rbe");
	uint8_t block[4096];
	size_t n;

	ward_buf_init(out, 64 << 20, NULL);
	if (!f)
		die(path, "cannot be opened");
	while ((n = fread(block, 1, sizeof(block), f)) > 0) {
		if (ward_buf_append(out, block, n) != WARD_OK)
			die(path, "too large");
	}
	(void)fclose(f);
}

static void
on_notice(void *ctx, bool bad, const char *file, unsigned line, const char *text)
{
	(void)ctx;
	(void)fprintf(stderr, "ndb-scan: %s: %s:%u: %s\n", bad ? "error" : "note", file, line,
		      text);
}

static bool
on_hit(void *ctx, const struct ward_match_hit *hit)
{
	printf("%s %s\n", (const char *)ctx, hit->threat);
	return true;
}

static void
compile(const char *path, struct ward_buf *table)
{
	struct ward_load load = {.notice = on_notice};
	struct ward_buf text;
	enum ward_rc rc;

	read_file(path, &text);
	if (ward_hash_builder_new(&load.hashes) != WARD_OK ||
	    ward_body_builder_new(&load.bodies) != WARD_OK)
		die(path, "no memory");
	rc = ward_clamav_load(&load, path, ward_buf_span(&text));
	if (rc != WARD_OK)
		die(path, ward_rc_str(rc));
	ward_buf_init(table, 256 << 20, NULL);
	rc = ward_body_builder_finish(load.bodies, table);
	if (rc != WARD_OK)
		die(path, ward_rc_str(rc));
	ward_hash_builder_free(load.hashes);
	ward_body_builder_free(load.bodies);
	ward_buf_done(&text);
}

int
main(int argc, char **argv)
{
	struct ward_matcher *m;
	struct ward_buf table;

	if (argc < 2)
		return 2;
	compile(argv[1], &table);
	if (ward_body_matcher_new(ward_buf_span(&table), &m) != WARD_OK)
		die(argv[1], "the table does not open");
	for (int i = 2; i < argc; i++) {
		struct ward_match_object o = {.type = WARD_TYPE_DATA};
		struct ward_buf bytes;

		read_file(argv[i], &bytes);
		o.bytes = ward_buf_span(&bytes);
		if (ward_matcher_scan(m, &o, on_hit, argv[i]) != WARD_OK)
			die(argv[i], "not wholly matched");
		ward_buf_done(&bytes);
	}
	ward_matcher_free(m);
	ward_buf_done(&table);
	return 0;
}

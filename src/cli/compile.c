/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/compile.h"

#include "base/text.h"
#include "cli/human.h"
#include "intel/compiler.h"

static void
complain(void *ctx, const char *path, const char *what)
{
	(void)ctx;
	(void)fputs("ward: ", stderr);
	ward_human_print(stderr, ward_span_str(path));
	(void)fprintf(stderr, ": %s\n", what);
}

static void
on_notice(void *ctx, bool bad, const char *file, unsigned line, const char *text)
{
	const struct ward_compile *job = ctx;

	if (!bad && job->quiet)
		return;
	if (file)
		ward_human_print(stderr, ward_span_str(file));
	if (file && line)
		(void)fprintf(stderr, ":%u", line);
	(void)fputs(file ? ": " : "", stderr);
	(void)fputs(bad ? "error: " : "note: ", stderr);
	ward_human_print(stderr, ward_span_str(text));
	(void)fputc('\n', stderr);
}

static void
print_counts(const struct ward_intel_result *result)
{
	static const char *const names[WARD_HASH_KINDS] = {
		[WARD_HASH_SHA256] = "SHA-256",
		[WARD_HASH_SHA1] = "SHA-1",
		[WARD_HASH_MD5] = "MD5",
		[WARD_HASH_SECTION_SHA256] = "section SHA-256",
		[WARD_HASH_SECTION_SHA1] = "section SHA-1",
		[WARD_HASH_SECTION_MD5] = "section MD5",
	};
	char id[2 * WARD_PACK_ID_LEN + 1], count[WARD_HUMAN_MAX];

	for (size_t i = 0; i < WARD_HASH_KINDS; i++)
		if (result->counts.hashes[i])
			(void)printf("%12s %s hashes\n",
				     ward_human_count(result->counts.hashes[i], count), names[i]);
	if (result->counts.bodies)
		(void)printf("%12s body signatures\n",
			     ward_human_count(result->counts.bodies, count));
	if (result->counts.yara_rules)
		(void)printf("%12s YARA rules\n",
			     ward_human_count(result->counts.yara_rules, count));
	ward_text_hex(ward_span_of(result->id, WARD_PACK_ID_LEN), id);
	(void)printf("pack %s\n", id);
}

enum ward_rc
ward_compile(const struct ward_compile *job, int *ret_fd)
{
	const struct ward_compiler compiler = {.paths = job->paths->items,
					       .count = job->paths->count,
					       .created = job->created,
					       .lenient = job->lenient,
					       .complain = complain,
					       .notice = on_notice,
					       .ctx = (void *)(uintptr_t)job};
	struct ward_intel_result result;
	enum ward_rc rc;

	(void)fflush(stdout);
	rc = ward_compiler_run(&compiler, ret_fd, &result);
	if (rc == WARD_OK && !job->quiet)
		print_counts(&result);
	if (rc == WARD_E_GONE)
		(void)fputs("ward: the compiler crashed\n", stderr);
	if (rc == WARD_E_NOENT)
		(void)fputs("ward: no rules or signatures in what was named\n", stderr);
	return rc;
}

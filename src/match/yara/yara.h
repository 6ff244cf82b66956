/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YARA rules: a builder that compiles sources into one block of bytes, and the
 * matcher that scans with such a block. Backed by libyara 4.2
 * (https://yara.readthedocs.io/en/v4.2.3/).
 *
 * Compiled rules are code for libyara's machine: whoever feeds bytes to
 * ward_yara_matcher_new or _add_compiled vouches for them. They come out of a
 * verified intelligence pack or from the administrator, never from a scanned
 * file.
 */
#ifndef WARD_MATCH_YARA_YARA_H
#define WARD_MATCH_YARA_YARA_H

#include "base/buf.h"
#include "match/match.h"

/* Limits of one build. */
enum {
	WARD_YARA_SOURCE_MAX = 64 << 20, /* bytes of one source or included file */
	WARD_YARA_INCLUDES_MAX = 10000,	 /* files included by one source, in all */
	WARD_YARA_SETS_MAX = 64,	 /* compiled sets in one block */
};

/*
 * Resolves `include "name"` in `from` (the file that includes; for a source
 * itself, the name given to _add_source). Appends the file's bytes to `out`.
 * Libyara refuses cycles and a depth past 16. Any failure is reported as an
 * error of the including line.
 */
typedef enum ward_rc (*ward_yara_include)(void *ctx, const char *name, const char *from,
					  struct ward_buf *out);

struct ward_yara_config {
	ward_yara_include include; /* NULL: includes are refused */
	void *include_ctx;
	ward_match_notice notice; /* may be NULL */
	void *notice_ctx;
	/*
	 * false: one broken source fails the build. true: broken sources are
	 * left out, each named by a notice with bad = false.
	 */
	bool lenient;
};

struct ward_yara_counts {
	size_t sources;		/* given to the builder */
	size_t sources_skipped; /* left out because broken (lenient) */
	size_t rules;		/* in the finished block */
	size_t rules_skipped;	/* in the sources left out */
	size_t warnings;	/* of the compiler, about rules in the block */
	size_t sets; /* compiled sets in the block: one of sources, one per _add_compiled */
};

struct ward_yara_builder;

/* NULL when there is no memory. The configuration is copied. Not thread-safe. */
struct ward_yara_builder *ward_yara_builder_new(const struct ward_yara_config *config)
	WARD_MUST_CHECK;
/* NULL is fine; returns NULL. */
struct ward_yara_builder *ward_yara_builder_free(struct ward_yara_builder *b);
void ward_yara_builder_freep(struct ward_yara_builder **b);

/*
 * Takes a copy of one source file. `name` is what notices say (a path as the
 * user knows it) and where includes start. Rules see each other by name inside
 * one namespace only; ns NULL means `name`, which keeps files apart. The
 * namespace becomes ward_match_hit.source. WARD_E_LIMIT past WARD_YARA_SOURCE_MAX.
 * Nothing is compiled yet.
 */
enum ward_rc ward_yara_builder_add_source(struct ward_yara_builder *b, const char *name,
					  struct ward_span bytes, const char *ns) WARD_MUST_CHECK;
/*
 * Takes a copy of a set compiled by `yarac` of the same libyara version.
 * WARD_E_FORMAT when libyara does not load it or it expects externals of a type
 * other than string under the names below.
 */
enum ward_rc ward_yara_builder_add_compiled(struct ward_yara_builder *b, const char *name,
					    struct ward_span bytes) WARD_MUST_CHECK;

/*
 * Compiles everything and appends one block to `out`. WARD_E_FORMAT when a
 * source is broken (strict) or nothing at all was left; every broken source was
 * reported by then, with file, line and reason. A source that imports a module
 * this libyara lacks is broken; its notice names the module and the rules lost.
 * To be called once.
 */
enum ward_rc ward_yara_builder_finish(struct ward_yara_builder *b, struct ward_buf *out,
				      struct ward_yara_counts *ret_counts) WARD_MUST_CHECK;

struct ward_yara_options {
	unsigned seconds; /* for one object and one set; 0: 60 */
};

/*
 * A matcher over a block from _finish. The rules are copied out of `bytes`,
 * which may go away. The rules are never written to after this returns, so that
 * processes forked later share their memory; the libyara scanner with its
 * per-scan state is made at the first scan of each process. One thread at a
 * time may scan with one matcher. `options` NULL: defaults.
 *
 * Externals every rule may use, all strings, set for each object:
 *   filename, file_name  ward_match_origin.filename
 *   filepath, file_path  ward_match_origin.filepath
 *   extension            ward_match_origin.extension
 *   owner                ward_match_origin.owner
 *   filetype, file_type  ward_yara_filetype() of the object
 *
 * A matching rule becomes a hit of WARD_LAYER_YARA:
 *   threat   the first of the metas threat_name, malware, threat that is a
 *            non-empty string; otherwise the rule's name
 *   verdict  the first that applies:
 *            1. tag "pua", or meta pua = true or non-zero: suspicious
 *            2. integer meta score (0–100): 75 and more malicious, less suspicious
 *            3. meta severity: "critical", "high" malicious, other words
 *               suspicious; an integer up to 10 counts as tenths: 8 and more of
 *               10, or 75 and more, malicious, less suspicious
 *            4. nothing said: malicious, what every YARA user expects of a match
 *            Numbers written as strings count as numbers; case does not matter.
 *   rule     the rule's name; source: its namespace
 *   detail   the first three strings that matched: "$a at 0x40, $b at 0x1f0"
 *
 * scan: WARD_E_TIMEOUT when `expired` says so or the options' time is up;
 * WARD_E_LIMIT when one string matched more than libyara counts (a million) or a
 * regular expression or condition outgrew its limits; hits before that count.
 */
enum ward_rc ward_yara_matcher_new(struct ward_span bytes, const struct ward_yara_options *options,
				   ward_match_notice notice, void *notice_ctx,
				   struct ward_matcher **ret_matcher) WARD_MUST_CHECK;

/* Rules in the matcher, over all sets. The matcher must be from _matcher_new. */
size_t ward_yara_matcher_rules(const struct ward_matcher *m);

/*
 * The value of `filetype`, in the words of LOKI's and THOR's rules: "EXE" (PE),
 * "ELF", "MACH-O", "PDF", "RTF", "PHP", "JSP", "ASP", "VBS", "BATCH",
 * "Python", "PowerShell", "ZIP"…; "" for data without a type. Static.
 */
const char *ward_yara_filetype(enum ward_type type);

#endif

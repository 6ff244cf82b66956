/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tier 2: samples through the engine, in the same sandboxed scanners that endpoints use, with the
 * cloud's own rules besides. One thread owns the scanners; a sample that is asked for several times
 * at once is analysed once. What was found is recorded in the log before anybody hears of it.
 */
#ifndef WARD_CLOUD_VERDICT_ANALYSIS_H
#define WARD_CLOUD_VERDICT_ANALYSIS_H

#include "base/buf.h"
#include "cloud/log/log.h"
#include "proto/wire.h"

struct ward_analysis;

struct ward_analysis_options {
	struct ward_log *log;
	const char *scanner;	  /* path of ward-scan */
	const char *const *packs; /* paths, ended by NULL */
	const char *version;	  /* of the packs, for the record; at most 64 bytes */
	unsigned jobs, timeout_ms;
	size_t queue_max;
};

/* `why` gets lines of what is wrong with the scanner or a pack. Texts are copied. */
enum ward_rc ward_analysis_new(const struct ward_analysis_options *options,
			       struct ward_analysis **ret, struct ward_buf *why) WARD_MUST_CHECK;
/* Those who wait hear WARD_E_STOPPED. */
struct ward_analysis *ward_analysis_free(struct ward_analysis *analysis);

/* From the analysis' thread; the verdict is borrowed for the call, NULL unless rc is WARD_OK. */
typedef void (*ward_analysed_fn)(void *context, enum ward_rc rc,
				 const Ward__Log__V1__Verdict *verdict);

/*
 * Queues the sample; the descriptor becomes the analysis'. `fn` may be NULL. WARD_E_LIMIT: too many
 * wait (the descriptor is closed). Any thread.
 */
enum ward_rc ward_analysis_submit(struct ward_analysis *analysis, const uint8_t sha256[32], int fd,
				  ward_analysed_fn fn, void *context) WARD_MUST_CHECK;
/* Is it waiting or being analysed? */
bool ward_analysis_pending(struct ward_analysis *analysis, const uint8_t sha256[32]);

/* Since the start, but `waiting`: now. Any thread. */
struct ward_analysis_stats {
	uint64_t waiting, analysed, convicted, failed;
};
/* Cheap, at any time. */
void ward_analysis_stats(struct ward_analysis *analysis, struct ward_analysis_stats *ret_stats);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the local layers left undecided during a scan: asked about in batches while the scan goes on,
 * samples sent as the policy allows, then reported with what the cloud said. No answer changes
 * nothing: what was unknown stays unknown. One thread; never blocks but in _finish.
 */
#ifndef WARD_CLI_CLOUD_SCAN_H
#define WARD_CLI_CLOUD_SCAN_H

#include "cli/report.h"
#include "client/submit.h"
#include "pool/pool.h"

struct ward_cloud_scan;

struct ward_cloud_scan_options {
	const char *state;   /* directory of the enrolment */
	unsigned wait_ms;    /* how long _finish waits for answers */
	unsigned timeout_ms; /* for one look-up */
	void (*show)(void *context, const struct ward_report *report);
	void *context;
};

/* One file: the reply is taken over, `kept` too (-1: open the path again). */
struct ward_cloud_file {
	const char *path;
	struct ward_pool_reply *reply;
	struct ward_fd_stat was;
	Ward__V1__PathClass place;
	int kept;
};

struct ward_cloud_totals {
	uint64_t asked, answered, decided, sent, unanswered;
};

/* NULL after saying why on stderr (not enrolled …). What the options point to outlives it. */
struct ward_cloud_scan *ward_cloud_scan_new(const struct ward_cloud_scan_options *options)
	WARD_MUST_CHECK;
/* What is not answered is not shown any more. NULL is fine. */
struct ward_cloud_scan *ward_cloud_scan_free(struct ward_cloud_scan *scan);

/* True when the cloud should be asked: nothing convicts it, nothing vouches for it. */
bool ward_cloud_scan_wants(const struct ward_report *report);
/* Takes the file; `show` is called for it once, later. False: no memory, the file stays the caller's. */
bool ward_cloud_scan_add(struct ward_cloud_scan *scan,
			 struct ward_cloud_file *file) WARD_MUST_CHECK;
/* Does what can be done now; waits up to `ms` for something to do. */
void ward_cloud_scan_work(struct ward_cloud_scan *scan, int ms);
/* Waits for the rest, at most wait_ms; then shows what there is. *stop (may change meanwhile) ends it
 * early. */
void ward_cloud_scan_finish(struct ward_cloud_scan *scan, const volatile int *stop);
const struct ward_cloud_totals *ward_cloud_scan_totals(const struct ward_cloud_scan *scan);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* One file on its way through the cloud, and the run it belongs to. */
#ifndef WARD_CLI_CLOUD_SCAN_PRIV_H
#define WARD_CLI_CLOUD_SCAN_PRIV_H

#include "cli/cloud-scan.h"
#include "cli/endpoint.h"
#include "client/query.h"
#include "client/words.h"

enum {
	SCAN_BATCH = WARD_WIRE_LOOKUP_MAX,
	SCAN_PREFIX_BATCH = 8, /* each answer may have 4096 records */
	SCAN_BATCH_USEC = 200 * 1000,
	SCAN_AGAIN_USEC = 500 * 1000,
	SCAN_UPLOADS = 4,
	SCAN_PENDING_MAX = 10 * 1000, /* files held; then the scan waits for the cloud */
};

/* What a person said when asked about samples. */
enum scan_leave { LEAVE_ASK, LEAVE_ALL, LEAVE_NONE };

struct scan_item {
	struct ward_cloud_scan *scan;
	struct scan_item *next;
	char *path;
	struct ward_pool_reply *reply;
	struct ward_report report;
	struct ward_report_cloud cloud;
	Ward__V1__FileVerdict *said;
	struct ward_query query;
	struct ward_query_facts facts;
	struct ward_fd_stat was;
	struct ward_submit_file file; /* while it is sent; fd -1 otherwise */
	int kept;
	unsigned prefix;	       /* bytes told, 0: all */
	uint64_t again_at, give_up_at; /* monotonic µs */
};

struct scan_list {
	struct scan_item *first, **last;
	size_t count;
};

struct ward_cloud_scan {
	struct ward_cloud_scan_options o;
	struct ward_endpoint endpoint;
	struct ward_cloud_totals totals;
	struct scan_list batch;	  /* to be asked about */
	struct scan_list later;	  /* to be asked about again */
	struct scan_list uploads; /* waiting to be sent */
	size_t looking_up, uploading, pending;
	uint64_t batch_begun;
	enum scan_leave leave;
	bool complained, giving_up;
	char why[512]; /* the last reason for no answer */
};

void scan_list_add(struct scan_list *list, struct scan_item *item);
struct scan_item *scan_list_take(struct scan_list *list);

/* --- cloud-scan.c --- */
/* Shows it as it is and lets go of it. */
void scan_item_end(struct scan_item *item);
/* The analysis is not finished: asks again in a while, or ends. */
void scan_item_wait(struct scan_item *item, unsigned hold_ms);
/* Says once that the cloud cannot be asked. */
void scan_complain(struct ward_cloud_scan *scan, const struct ward_call_end *end);

/* --- cloud-sample.c --- */
/* The cloud wants the sample: queues it, if policy and people allow; ends the item otherwise. */
void scan_sample_wanted(struct scan_item *item);
/* Sends what waits, a few at a time. */
void scan_send_samples(struct ward_cloud_scan *scan);

#endif

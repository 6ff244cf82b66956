/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/serve/keeper.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "cloud/log/record.h"
#include "sys/clock.h"
#include "sys/log.h"

enum { ROUND_SECONDS = 60, WHY_MAX = 1024 };

struct ward_keeper {
	struct ward_node *node;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop;
	uint64_t next_snapshot_ms;
};

static uint64_t
now_ms(void)
{
	return ward_clock_wall() / 1000;
}

static void
make_snapshot(struct ward_keeper *k)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	uint64_t every = k->node->config.log.snapshot_every_ms;
	enum ward_rc rc;

	if (every == 0 || now_ms() < k->next_snapshot_ms)
		return;
	k->next_snapshot_ms = ward_node_snapshot_time(&k->node->config) + every;
	if (now_ms() < k->next_snapshot_ms)
		return; /* another node that shares the directory made one */
	ward_buf_init(&why, WHY_MAX, NULL);
	rc = ward_node_snapshot(k->node, &why);
	k->next_snapshot_ms = now_ms() + every;
	if (rc)
		ward_say(WARD_ERROR, "snapshot.failed", "the snapshot failed", "error.message",
			 ward_rc_str(rc), NULL);
	else
		ward_say(WARD_INFO, "snapshot.made", "a snapshot was made", NULL);
}

static enum ward_rc
note_gone(void *context, const uint8_t sha256[32], uint64_t bytes, uint64_t stored_ms)
{
	struct ward_keeper *k = context;
	Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__SampleGone gone = WARD__LOG__V1__SAMPLE_GONE__INIT;

	(void)bytes;
	(void)stored_ms;
	gone.sha256 = (ProtobufCBinaryData){32, (uint8_t *)(uintptr_t)sha256};
	record.time_ms = now_ms();
	record.fact_case = WARD__LOG__V1__RECORD__FACT_SAMPLE_GONE;
	record.sample_gone = &gone;
	return ward_record_append_wait(k->node->log, &record, NULL);
}

static void
expire_samples(struct ward_keeper *k)
{
	uint64_t keep = k->node->config.objects.keep_ms;
	enum ward_rc rc;

	if (keep == 0)
		return;
	rc = ward_objects_expire(k->node->objects, now_ms() - keep, note_gone, k);
	if (rc)
		ward_say(WARD_WARNING, "samples.expire", "old samples could not be removed",
			 "error.message", ward_rc_str(rc), NULL);
}

/* False: it is to stop. */
static bool
pause_round(struct ward_keeper *k)
{
	struct timespec until;
	bool stop;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ROUND_SECONDS;
	pthread_mutex_lock(&k->lock);
	if (!k->stop)
		(void)pthread_cond_timedwait(&k->wake, &k->lock, &until);
	stop = k->stop;
	pthread_mutex_unlock(&k->lock);
	return !stop;
}

static void *
keep(void *context)
{
	struct ward_keeper *k = context;

	do {
		ward_views_flush(k->node->views); /* what a crash would have applied again */
		make_snapshot(k);
		expire_samples(k);
	} while (pause_round(k));
	return NULL;
}

enum ward_rc
ward_keeper_start(struct ward_node *node, struct ward_keeper **ret)
{
	struct ward_keeper *k = calloc(1, sizeof(*k));

	if (!k)
		return WARD_E_NOMEM;
	k->node = node;
	k->next_snapshot_ms = ward_node_snapshot_time(&node->config);
	if (k->next_snapshot_ms == 0)
		k->next_snapshot_ms = now_ms();
	k->next_snapshot_ms += node->config.log.snapshot_every_ms;
	pthread_mutex_init(&k->lock, NULL);
	pthread_cond_init(&k->wake, NULL);
	if (pthread_create(&k->thread, NULL, keep, k) != 0) {
		free(k);
		return WARD_E_NOMEM;
	}
	*ret = k;
	return WARD_OK;
}

struct ward_keeper *
ward_keeper_stop(struct ward_keeper *k)
{
	if (!k)
		return NULL;
	pthread_mutex_lock(&k->lock);
	k->stop = true;
	pthread_cond_signal(&k->wake);
	pthread_mutex_unlock(&k->lock);
	pthread_join(k->thread, NULL);
	pthread_cond_destroy(&k->wake);
	pthread_mutex_destroy(&k->lock);
	free(k);
	return NULL;
}

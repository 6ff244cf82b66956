/* SPDX-License-Identifier: Apache-2.0 */
/* Samples: read from the guard's descriptor while the file is held, a few at a time, those first that
 * somebody waits for. */
#include "uplink/uplink-priv.h"

enum { WAIT_LATE_MS = 10 * 1000 };

/* Where somebody would have to be asked, nobody is: that is a no. */
bool
sample_may(const struct question *q)
{
	const Ward__V1__Policy *p = &q->u->settings.policy;

	return q->sample.fd >= 0 && !p->private_lookup &&
	       ward_consent_of(p->samples, q->type) == WARD_CONSENT_YES;
}

static void
sent(void *context, const struct ward_call_end *end, const Ward__V1__SampleReply *reply)
{
	struct question *q = context;
	struct uplink *u = q->u;
	char why[256];

	u->asking.submits--;
	q->sample_done = true;
	ward_fd_close(&q->sample.fd);
	if (!reply) {
		q->happened = WARD__UPLINK__V1__SAMPLE__SAMPLE_FAILED;
		ask_fail(q, ward_fault_describe(end, why, sizeof(why)));
		return;
	}
	q->happened = reply->status == WARD__V1__SAMPLE_STATUS__SAMPLE_STATUS_KNOWN
			      ? WARD__UPLINK__V1__SAMPLE__SAMPLE_KNOWN
			      : WARD__UPLINK__V1__SAMPLE__SAMPLE_SENT;
	u->count.samples += q->happened == WARD__UPLINK__V1__SAMPLE__SAMPLE_SENT;
	if (reply->verdict)
		ask_judge(q, reply->verdict);
	else
		ask_rest(q);
}

static unsigned
wait_ms(const struct question *q)
{
	uint64_t deadline = answer_deadline(q);

	if (deadline == 0)
		return WAIT_LATE_MS;
	return deadline > q->u->now ? (unsigned)((deadline - q->u->now) / 1000) : 0;
}

static void
send_sample(struct question *q)
{
	struct ward_submit_spec spec = {
		.file = q->file,
		.read = ward_submit_file_read,
		.source = &q->sample,
		.wait_ms = wait_ms(q),
		.done = sent,
		.context = q,
	};

	if (!q->u->link.client || ward_submit_start(q->u->link.client, &spec, NULL) != WARD_OK) {
		ask_fail(q, "the sample cannot be sent");
		return;
	}
	ask_set_stage(q, STAGE_SENDING);
	q->u->asking.submits++;
}

static struct question *
next_sample(const struct uplink *u)
{
	struct question *any = NULL;

	for (struct question *q = u->asking.first; q; q = q->next) {
		if (q->stage != STAGE_WAITS)
			continue;
		if (answer_awaited(q))
			return q;
		any = q;
	}
	return any;
}

void
sample_work(struct uplink *u)
{
	struct question *q;

	while (u->asking.waiting > 0 && u->asking.submits < SUBMITS_MAX && (q = next_sample(u)))
		send_sample(q);
}

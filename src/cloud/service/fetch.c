/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FetchUpdates and FetchMetadata. A batch is made by a worker, once for all who ask the same while it is
 * current: thousands who come back at once went away at about the same record.
 */
#include <stdlib.h>

#include "cloud/service/ledger.h"
#include "cloud/service/service-priv.h"

enum { BATCHES = 16, LIMIT = 1000 };

struct waiter {
	struct waiter *next;
	struct ward_call_ref call;
};

struct batch {
	uint64_t after, limit, version, used;
	bool making;
	struct ward_message *message; /* NULL: none yet */
	struct waiter *waiters;	      /* while it is made */
};

struct service_fetcher {
	struct ward_service *service;
	pthread_mutex_t lock; /* of what follows */
	uint64_t turn;
	struct batch batches[BATCHES];
	struct ward_counter *made, *given;
};

/* --- batches; the lock is held --- */

static struct batch *
find(struct service_fetcher *f, uint64_t after, uint64_t limit, uint64_t version)
{
	for (size_t i = 0; i < BATCHES; i++) {
		struct batch *b = &f->batches[i];

		if ((b->making || b->message) && b->after == after && b->limit == limit &&
		    b->version == version)
			return b;
	}
	return NULL;
}

/* In the place of the one that was not used for longest; NULL: all of them are being made. */
static struct batch *
take_place(struct service_fetcher *f)
{
	struct batch *place = NULL;

	for (size_t i = 0; i < BATCHES; i++)
		if (!f->batches[i].making && (!place || f->batches[i].used < place->used))
			place = &f->batches[i];
	if (place)
		ward_message_done(place->message);
	return place;
}

/* --- answering --- */

/* What one who waited gets; the message NULL: nothing can be read. */
struct answer {
	struct ward_message *message;
};

static void
answer(struct ward_call *call, void *arg)
{
	struct answer *a = arg;

	if (call && a->message)
		ward_call_answer_shared(call, ward_message_share(a->message));
	else if (call)
		ward_call_finish(call, WARD_GRPC_UNAVAILABLE, "the records cannot be read now");
	ward_message_done(a->message);
	free(a);
}

static void
answer_all(struct waiter *waiters, struct ward_message *message)
{
	while (waiters) {
		struct waiter *w = waiters;
		struct answer *a = malloc(sizeof(*a));

		waiters = w->next;
		if (a) {
			a->message = message ? ward_message_share(message) : NULL;
			ward_edge_post(w->call, answer, a);
		}
		free(w);
	}
}

struct making {
	struct service_fetcher *fetcher;
	struct batch *batch;
};

static void
make(void *context)
{
	struct making *m = context;
	struct service_fetcher *f = m->fetcher;
	struct batch *b = m->batch;
	struct ward_message *message = NULL;
	struct waiter *waiters;

	if (service_ledger_batch(f->service->ledger, b->after, (size_t)b->limit, &message))
		message = NULL;
	pthread_mutex_lock(&f->lock);
	b->message = message;
	b->making = false;
	waiters = b->waiters;
	b->waiters = NULL;
	message = message ? ward_message_share(message) : NULL;
	pthread_mutex_unlock(&f->lock);
	ward_counter_add(f->made, 1);
	answer_all(waiters, message);
	ward_message_done(message);
	free(m);
}

/* Has a worker make it. The lock is held; NULL: too much is going on. */
static struct batch *
begin(struct service_fetcher *f, uint64_t after, uint64_t limit, uint64_t version)
{
	struct making *m = malloc(sizeof(*m));
	struct batch *b = m ? take_place(f) : NULL;

	if (!b) {
		free(m);
		return NULL;
	}
	*b = (struct batch){.after = after, .limit = limit, .version = version, .making = true};
	*m = (struct making){f, b};
	if (service_work(f->service->workers, make, m) == WARD_OK)
		return b;
	b->making = false;
	free(m);
	return NULL;
}

/* *ret_message: it is there, with a reference; NULL: the call has to wait. False: it cannot. */
static bool
join(struct service_fetcher *f, struct ward_call *call, const Ward__V1__UpdatesRequest *r,
     struct ward_message **ret_message)
{
	uint64_t version = service_ledger_version(f->service->ledger);
	uint64_t limit = r->limit ? r->limit : LIMIT;
	struct batch *b = find(f, r->after, limit, version);
	struct waiter *w = NULL;

	if (!b)
		b = begin(f, r->after, limit, version);
	if (!b)
		return false;
	b->used = ++f->turn;
	if (b->message) {
		*ret_message = ward_message_share(b->message);
		return true;
	}
	w = malloc(sizeof(*w));
	if (!w)
		return false;
	*w = (struct waiter){b->waiters, ward_call_ref(call)};
	b->waiters = w;
	return true;
}

void
service_fetch(struct ward_call *call, struct ward_span message)
{
	struct ward_service *s = ward_call_context(call);
	struct service_fetcher *f = s->fetcher;
	Ward__V1__UpdatesRequest *request;
	struct ward_message *made = NULL;
	const char *why = NULL;
	bool fine;

	if (ward_wire_decode(&ward__v1__updates_request__descriptor, message, ward_call_arena(call),
			     &request, &why)) {
		ward_call_finish(call, WARD_GRPC_INVALID_ARGUMENT, why);
		return;
	}
	pthread_mutex_lock(&f->lock);
	fine = join(f, call, request, &made);
	pthread_mutex_unlock(&f->lock);
	ward_counter_add(f->given, 1);
	if (made)
		ward_call_answer_shared(call, made);
	else if (!fine)
		ward_call_finish(call, WARD_GRPC_RESOURCE_EXHAUSTED, NULL);
}

void
service_metadata(struct ward_call *call, struct ward_span message)
{
	struct ward_service *s = ward_call_context(call);
	WARD_AUTO(ward_buf_done) struct ward_buf envelope = {0};
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	Ward__V1__MetadataReply reply = WARD__V1__METADATA_REPLY__INIT;
	Ward__V1__MetadataRequest *request;
	const char *why = NULL;
	enum ward_rc rc;

	if (ward_wire_decode(&ward__v1__metadata_request__descriptor, message,
			     ward_call_arena(call), &request, &why)) {
		ward_call_finish(call, WARD_GRPC_INVALID_ARGUMENT, why);
		return;
	}
	ward_buf_init(&envelope, WARD_WIRE_METADATA_MAX, NULL);
	ward_buf_init(&out, WARD_WIRE_MESSAGE_MAX, NULL);
	rc = service_ledger_metadata(s->ledger, request->role, request->version, &envelope);
	if (!rc || rc == WARD_E_NOENT) {
		reply.envelope = (ProtobufCBinaryData){envelope.len, envelope.data};
		rc = ward_wire_encode(&reply.base, &out);
	}
	if (rc)
		ward_call_finish(call, WARD_GRPC_UNAVAILABLE, "the metadata cannot be read now");
	else
		ward_call_answer(call, ward_buf_span(&out));
}

/* --- life --- */

enum ward_rc
service_fetcher_new(struct ward_service *s, struct service_fetcher **ret)
{
	struct service_fetcher *f = calloc(1, sizeof(*f));

	if (!f)
		return WARD_E_NOMEM;
	f->service = s;
	pthread_mutex_init(&f->lock, NULL);
	f->made = ward_metrics_counter(s->o.metrics, "ward_update_batches_total",
				       "Batches of signed records that were put together.", NULL);
	f->given = ward_metrics_counter(s->o.metrics, "ward_update_fetches_total",
					"Calls that asked for signed records.", NULL);
	*ret = f;
	return WARD_OK;
}

struct service_fetcher *
service_fetcher_free(struct service_fetcher *f)
{
	if (!f)
		return NULL;
	for (size_t i = 0; i < BATCHES; i++)
		ward_message_done(f->batches[i].message);
	pthread_mutex_destroy(&f->lock);
	free(f);
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file's way: batch → look-up → (upload → ) (later → look-up again → ) end. Batches go out when they
 * are full, when their first file has waited a fifth of a second, or when the scan has ended.
 */
#include "cli/cloud-scan.h"

#include <stdlib.h>

#include "cli/cloud-scan-priv.h"
#include "cli/human.h"
#include "cli/session.h"
#include "client/answer.h"
#include "formats/sink.h"
#include "sys/clock.h"

/* --- lists --- */

void
scan_list_add(struct scan_list *list, struct scan_item *item)
{
	if (!list->first)
		list->last = &list->first;
	item->next = NULL;
	*list->last = item;
	list->last = &item->next;
	list->count++;
}

struct scan_item *
scan_list_take(struct scan_list *list)
{
	struct scan_item *item = list->first;

	if (item) {
		list->first = item->next;
		list->count--;
	}
	return item;
}

/* --- the end of an item --- */

static void
item_free(struct scan_item *item)
{
	item->scan->pending--;
	ward_fd_close(&item->file.fd);
	ward_fd_close(&item->kept);
	ward_said_free(item->said);
	ward_pool_reply_free(item->reply);
	free(item->path);
	free(item);
}

/* The cloud convicts whatever the local layers could not; it vouches only for what was scanned whole. */
static void
decide(struct scan_item *item)
{
	enum ward_verdict said = ward_wire_verdict_from(item->said->verdict);
	bool convicts = said >= WARD_SUSPICIOUS && said > item->report.verdict;
	bool vouches = said == WARD_CLEAN && item->report.verdict == WARD_UNKNOWN;

	if (convicts || vouches) {
		item->report.verdict = said;
		item->cloud.decided = true;
		item->scan->totals.decided++;
	}
}

void
scan_item_end(struct scan_item *item)
{
	struct ward_cloud_scan *s = item->scan;

	if (item->said) {
		decide(item);
		s->totals.answered++;
	} else if (item->cloud.nothing) {
		s->totals.answered++;
	} else {
		item->cloud.why = s->why;
		s->totals.unanswered++;
	}
	item->cloud.said = item->said;
	item->report.cloud = &item->cloud;
	s->o.show(s->o.context, &item->report);
	item_free(item);
}

void
scan_item_wait(struct scan_item *item, unsigned hold_ms)
{
	uint64_t now = ward_clock_monotonic();

	if (item->give_up_at == 0)
		item->give_up_at = now + (uint64_t)hold_ms * 1000;
	item->again_at = now + SCAN_AGAIN_USEC;
	if (item->scan->giving_up || item->again_at > item->give_up_at) {
		item->cloud.sample = "there, its analysis takes longer";
		scan_item_end(item);
	} else {
		scan_list_add(&item->scan->later, item);
	}
}

void
scan_complain(struct ward_cloud_scan *s, const struct ward_call_end *end)
{
	if (end->fault == WARD_FAULT_CANCELLED)
		return; /* we did that */
	ward_fault_describe(end, s->why, sizeof(s->why));
	if (s->complained)
		return;
	s->complained = true;
	(void)fputs("ward: the cloud does not answer, the scan goes on without it: ", stderr);
	ward_human_print(stderr, ward_span_str(s->why));
	(void)fputs("\n", stderr);
}

/* --- look-ups --- */

/* One look-up under way. */
struct flight {
	struct ward_cloud_scan *scan;
	size_t count;
	struct scan_item *items[];
};

/* Too many files share the prefix: one byte more of it says which. */
static bool
tell_more(struct scan_item *item)
{
	if (item->prefix == 0 || item->prefix >= 6)
		return false;
	item->prefix++;
	scan_list_add(&item->scan->batch, item);
	return true;
}

/* By what was said of it. */
static void
go_on(struct scan_item *item)
{
	const Ward__V1__FileVerdict *v = item->said;
	bool open = v && ward_wire_verdict_from(v->verdict) < WARD_SUSPICIOUS &&
		    v->verdict != WARD__V1__VERDICT__VERDICT_CLEAN;

	if (open && v->sample == WARD__V1__SAMPLE_WISH__SAMPLE_WANTED && item->give_up_at == 0)
		scan_sample_wanted(item);
	else if (open && v->sample == WARD__V1__SAMPLE_WISH__SAMPLE_HERE)
		scan_item_wait(item, v->hold_ms);
	else
		scan_item_end(item);
}

static void
take_answer(struct scan_item *item, const Ward__V1__LookupReply *reply, uint32_t index)
{
	bool cut = false;
	const Ward__V1__FileVerdict *v = ward_answer_find(reply, index, item->facts.sha256, &cut);

	if (!v && cut && tell_more(item))
		return;
	item->cloud.nothing = !v && !cut;
	ward_said_free(item->said);
	item->said = v ? ward_said_copy(v) : NULL;
	go_on(item);
}

static void
looked_up(void *context, const struct ward_call_end *end, const void *reply)
{
	struct flight *f = context;

	f->scan->looking_up--;
	if (!reply)
		scan_complain(f->scan, end);
	for (size_t i = 0; i < f->count; i++) {
		if (reply)
			take_answer(f->items[i], reply, (uint32_t)i);
		else
			scan_item_end(f->items[i]);
	}
	free(f);
}

static size_t
batch_max(const struct ward_cloud_scan *s)
{
	return s->endpoint.state.policy.private_lookup ? SCAN_PREFIX_BATCH : SCAN_BATCH;
}

static bool
ask(struct flight *f)
{
	struct ward_cloud_scan *s = f->scan;
	Ward__V1__LookupRequest request = WARD__V1__LOOKUP_REQUEST__INIT;
	const ProtobufCMessage *message = &request.base;
	Ward__V1__FileQuery *files[SCAN_BATCH];
	char version[] = WARD_VERSION;
	struct ward_ask_spec spec = {
		.kind = WARD_ASK_LOOKUP,
		.messages = &message,
		.message_count = 1,
		.deadline_ms = s->o.timeout_ms,
		.done = looked_up,
		.context = f,
	};

	for (size_t i = 0; i < f->count; i++) {
		struct scan_item *item = f->items[i];

		ward_query_fill(&item->query, &item->facts, &s->endpoint.state.policy);
		if (item->prefix)
			ward_query_hide(&item->query, item->prefix);
		files[i] = &item->query.file;
	}
	request.files = files;
	request.n_files = f->count;
	request.engine_version = version;
	return ward_ask_start(s->endpoint.client, &spec, NULL) == WARD_OK;
}

static void
flush(struct ward_cloud_scan *s)
{
	size_t max = batch_max(s), count = s->batch.count < max ? s->batch.count : max;
	struct flight *f = malloc(sizeof(*f) + count * sizeof(struct scan_item *));
	const struct ward_call_end none = {.fault = WARD_FAULT_LOCAL};

	if (f) {
		*f = (struct flight){.scan = s, .count = count};
		for (size_t i = 0; i < count; i++)
			f->items[i] = scan_list_take(&s->batch);
		s->looking_up++;
		if (!ask(f))
			looked_up(f, &none, NULL);
	}
	s->batch_begun = ward_clock_monotonic();
}

/* Those whose time has come go into the batch again. */
static void
take_later(struct ward_cloud_scan *s)
{
	uint64_t now = ward_clock_monotonic();

	while (s->later.first && s->later.first->again_at <= now)
		scan_list_add(&s->batch, scan_list_take(&s->later));
}

static void
step(struct ward_cloud_scan *s, bool all)
{
	take_later(s);
	while (s->batch.count > 0 && (all || s->batch.count >= batch_max(s) ||
				      ward_clock_monotonic() - s->batch_begun >= SCAN_BATCH_USEC))
		flush(s);
	scan_send_samples(s);
}

/* --- the run --- */

bool
ward_cloud_scan_wants(const struct ward_report *r)
{
	return (r->verdict == WARD_UNKNOWN || r->verdict == WARD_NOT_SCANNED) && r->looked_at &&
	       r->sha256;
}

static void
fill_facts(struct scan_item *item, Ward__V1__PathClass place)
{
	const struct ward_result *r = item->reply->result;
	const char *slash = strrchr(item->path, '/');

	item->facts = (struct ward_query_facts){
		.sha256 = r->sha256,
		.size = r->size,
		.type = r->type,
		.traits = r->traits,
		.packed = (r->traits & WARD_TRAIT_PACKED) != 0,
		.place = place,
		.name = slash ? slash + 1 : item->path,
	};
}

bool
ward_cloud_scan_add(struct ward_cloud_scan *s, struct ward_cloud_file *file)
{
	struct scan_item *item = calloc(1, sizeof(*item));

	if (item)
		item->path = strdup(file->path);
	if (!item || !item->path) {
		free(item);
		return false;
	}
	item->scan = s;
	item->reply = file->reply;
	item->was = file->was;
	item->kept = file->kept;
	item->file.fd = -1;
	item->prefix = s->endpoint.state.policy.private_lookup ? WARD_WIRE_PREFIX_MIN : 0;
	ward_session_report(item->path, item->reply, &item->report);
	fill_facts(item, file->place);
	if (s->batch.count == 0)
		s->batch_begun = ward_clock_monotonic();
	scan_list_add(&s->batch, item);
	s->pending++;
	s->totals.asked++;
	while (s->pending >= SCAN_PENDING_MAX)
		ward_cloud_scan_work(s, 100);
	return true;
}

void
ward_cloud_scan_work(struct ward_cloud_scan *s, int ms)
{
	step(s, false);
	if (ms == 0)
		ward_client_work(s->endpoint.client);
	else
		ward_client_wait(s->endpoint.client, ms);
	step(s, false);
}

const struct ward_cloud_totals *
ward_cloud_scan_totals(const struct ward_cloud_scan *s)
{
	return &s->totals;
}

/* Ends what is not under way; what is under way ends when the client is freed. */
static void
end_waiting(struct ward_cloud_scan *s)
{
	struct scan_list *const lists[] = {&s->batch, &s->later, &s->uploads};

	for (size_t i = 0; i < 3; i++)
		while (lists[i]->first)
			scan_item_end(scan_list_take(lists[i]));
}

void
ward_cloud_scan_finish(struct ward_cloud_scan *s, const volatile int *stop)
{
	uint64_t end = ward_clock_monotonic() + (uint64_t)s->o.wait_ms * 1000;

	while (s->pending > 0 && !*stop && ward_clock_monotonic() < end) {
		step(s, true);
		if (s->pending > 0)
			ward_client_wait(s->endpoint.client, 50);
	}
	if (s->pending == 0)
		return;
	s->giving_up = true;
	(void)snprintf(s->why, sizeof(s->why), "no answer within the time for it");
	end_waiting(s);
	ward_state_contact_save(s->endpoint.directory, s->endpoint.client);
	s->endpoint.client = ward_client_free(s->endpoint.client);
	end_waiting(s);
}

struct ward_cloud_scan *
ward_cloud_scan_new(const struct ward_cloud_scan_options *options)
{
	struct ward_cloud_scan *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->o = *options;
	if (!ward_endpoint_open(&s->endpoint, options->state)) {
		ward_endpoint_close(&s->endpoint);
		free(s);
		return NULL;
	}
	return s;
}

static void
show_nothing(void *context, const struct ward_report *report)
{
	(void)context;
	(void)report;
}

struct ward_cloud_scan *
ward_cloud_scan_free(struct ward_cloud_scan *s)
{
	if (!s)
		return NULL;
	s->o.show = show_nothing;
	s->giving_up = true;
	end_waiting(s);
	ward_endpoint_close(&s->endpoint);
	end_waiting(s);
	free(s);
	return NULL;
}

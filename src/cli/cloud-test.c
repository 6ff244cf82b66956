/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ward cloud test`: walks the way of an unknown file with a harmless one that only the cloud knows
 * (docs/cloud-test-file.md), fresh each time so that no cache can answer.
 */
#include <openssl/rand.h>

#include "base/text.h"
#include "cli/cloud-print.h"
#include "cli/cloud.h"
#include "cli/commands.h"
#include "cli/human.h"
#include "cli/json.h"
#include "client/answer.h"
#include "client/query.h"
#include "client/submit.h"
#include "sys/clock.h"
#include "sys/digest.h"

enum { ROUNDS = 5, SPREAD_USEC = 5 * 1000 * 1000, SPREAD_STEP_MS = 20 };

struct test {
	const struct ward_cloud_options *o;
	struct ward_endpoint endpoint;
	char file[256];
	size_t size;
	uint8_t sha256[32];
	bool failed;
	/* of the last look-up or upload */
	Ward__V1__FileVerdict *said;
	bool done, known;
	struct ward_call_end end;
};

/* --- what is shown --- */

static bool
show_step(struct test *t, const char *name, bool good, const char *text)
{
	json_t *more = NULL;

	if (!good && t->end.fault != WARD_FAULT_NONE)
		more = json_pack("{s:s}", "fault", ward_fault_name(t->end.fault));
	ward_cloud_step(t->o->json, name, good, text, more);
	t->failed |= !good;
	return good;
}

static bool
step(struct test *t, const char *name, const char *text)
{
	return show_step(t, name, true, text);
}

static bool
fail(struct test *t, const char *name, const char *why)
{
	return show_step(t, name, false, why);
}

/* A step that a call's end decides. */
static bool
step_of_end(struct test *t, const char *name, const char *detail)
{
	char text[512];

	if (t->end.fault == WARD_FAULT_NONE)
		return step(t, name, detail);
	return fail(t, name, ward_fault_describe(&t->end, text, sizeof(text)));
}

/* --- the file --- */

static bool
make_file(struct test *t)
{
	uint8_t random[16];
	char hex[33];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return false;
	ward_text_hex(ward_span_of(random, sizeof(random)), hex);
	t->size = (size_t)snprintf(t->file, sizeof(t->file),
				   "#!/bin/sh\n# WARD-CLOUD-PROTECTION-TEST-FILE-3f7c9a52-61d8-"
				   "4be0-9c0e-7d24a8b1f6e3 %s\n",
				   hex);
	return ward_digest(WARD_SHA256, ward_span_of(t->file, t->size), t->sha256) == WARD_OK;
}

static void
query_of(struct test *t, struct ward_query *query)
{
	struct ward_query_facts facts = {
		.sha256 = t->sha256, .size = t->size, .type = WARD_TYPE_SHELL};
	Ward__V1__Policy open_policy = WARD__V1__POLICY__INIT;

	ward_query_fill(query, &facts, &open_policy);
}

/* --- calls --- */

static void
take_answer(void *context, const void *reply)
{
	struct test *t = context;
	const Ward__V1__FileVerdict *v = ward_answer_find(reply, 0, t->sha256, NULL);

	t->said = ward_said_free(t->said);
	if (v)
		t->said = ward_said_copy(v);
}

static bool
look_up(struct test *t)
{
	struct ward_endpoint_answer answer = {.take = take_answer, .context = t};
	Ward__V1__LookupRequest request = WARD__V1__LOOKUP_REQUEST__INIT;
	struct ward_query query;
	Ward__V1__FileQuery *files[] = {&query.file};
	bool good;

	query_of(t, &query);
	request.files = files;
	request.n_files = 1;
	good = ward_endpoint_ask(t->endpoint.client, WARD_ASK_LOOKUP, &request.base,
				 (unsigned)t->o->timeout * 1000, &answer);
	t->end = answer.end;
	return good;
}

static void
submitted(void *context, const struct ward_call_end *end, const Ward__V1__SampleReply *reply)
{
	struct test *t = context;

	t->end = *end;
	t->done = true;
	t->said = ward_said_free(t->said);
	if (reply && reply->verdict)
		t->said = ward_said_copy(reply->verdict);
}

static enum ward_rc
read_test_file(void *source, uint64_t offset, void *into, size_t len)
{
	const struct test *t = source;

	if (!ward_span_has(ward_span_of(t->file, t->size), offset, len))
		return WARD_E_TRUNCATED;
	memcpy(into, t->file + offset, len);
	return WARD_OK;
}

static bool
upload(struct test *t)
{
	struct ward_query query;
	struct ward_submit_spec spec = {
		.file = &query.file,
		.read = read_test_file,
		.source = t,
		.wait_ms = (unsigned)t->o->wait * 1000,
		.deadline_ms = (unsigned)(t->o->wait + t->o->timeout) * 1000,
		.done = submitted,
		.context = t,
	};

	query_of(t, &query);
	t->done = false;
	if (ward_submit_start(t->endpoint.client, &spec, NULL))
		return false;
	while (!t->done)
		ward_client_wait(t->endpoint.client, -1);
	return t->end.fault == WARD_FAULT_NONE;
}

/* --- the steps --- */

static bool
test_round_trip(struct test *t)
{
	uint64_t best = UINT64_MAX;
	char text[64];

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t begun = ward_clock_monotonic();

		if (!look_up(t))
			return step_of_end(t, "round trip", "");
		begun = ward_clock_monotonic() - begun;
		best = begun < best ? begun : best;
	}
	(void)snprintf(text, sizeof(text), "%llu.%03llu ms", (unsigned long long)best / 1000,
		       (unsigned long long)best % 1000);
	return step(t, "round trip", text);
}

static bool
test_lookup(struct test *t)
{
	if (!t->said || t->said->tier == WARD__V1__TIER__TIER_REPUTATION)
		return fail(t, "look-up", "a file nobody has seen is known already");
	return step(t, "look-up",
		    t->said->sample == WARD__V1__SAMPLE_WISH__SAMPLE_WANTED
			    ? "the file is unknown, its sample is wanted"
			    : "the file is unknown");
}

static bool
test_upload(struct test *t)
{
	if (t->endpoint.state.policy.samples == WARD__V1__SAMPLES__SAMPLES_NONE) {
		(void)step(t, "upload", "not tried: the policy forbids samples");
		return false;
	}
	if (!upload(t))
		return step_of_end(t, "upload", "");
	return step(t, "upload", "the sample arrived whole");
}

static bool
test_verdict(struct test *t)
{
	char text[256];

	if (!t->said || t->said->sample == WARD__V1__SAMPLE_WISH__SAMPLE_HERE)
		return fail(t, "verdict", "the analysis takes longer than we waited");
	(void)snprintf(text, sizeof(text), "%s, %s (by %s)",
		       ward_verdict_name(ward_wire_verdict_from(t->said->verdict)), t->said->threat,
		       ward_wire_tier_name(t->said->tier));
	if (t->said->verdict != WARD__V1__VERDICT__VERDICT_MALICIOUS)
		return fail(t, "verdict", "the service does not know its own test file");
	return step(t, "verdict", text);
}

/* A conviction is a record first and known a moment later. */
static bool
test_memory(struct test *t)
{
	uint64_t begun = ward_clock_monotonic(), took;
	char text[96];

	do {
		if (!look_up(t))
			return step_of_end(t, "everywhere", "");
		took = ward_clock_monotonic() - begun;
		if (t->said && t->said->verdict == WARD__V1__VERDICT__VERDICT_MALICIOUS) {
			(void)snprintf(text, sizeof(text),
				       "every device's next look-up knows it (after %llu ms)",
				       (unsigned long long)took / 1000);
			return step(t, "everywhere", text);
		}
		ward_client_wait(t->endpoint.client, SPREAD_STEP_MS);
	} while (took < SPREAD_USEC);
	return fail(t, "everywhere", "the next look-ups do not know it");
}

static void
run_steps(struct test *t)
{
	char text[600], uuid[37];
	bool reached;

	ward_wire_uuid_text(t->endpoint.state.device, uuid);
	(void)snprintf(text, sizeof(text), "as %s", uuid);
	(void)step(t, "enrolled", text);
	(void)snprintf(text, sizeof(text), "%s, TLS 1.3, HTTP/2", t->endpoint.state.server);
	reached = look_up(t);
	if (step_of_end(t, "reachable", text) && reached && test_round_trip(t) && test_lookup(t) &&
	    test_upload(t) && test_verdict(t))
		(void)test_memory(t);
}

int
ward_cloud_test(const struct ward_cloud_options *options)
{
	struct test t = {.o = options};
	int status = WARD_EXIT_ERROR;

	if (ward_endpoint_open(&t.endpoint, options->state) && make_file(&t)) {
		run_steps(&t);
		status = t.failed ? WARD_EXIT_FOUND : WARD_EXIT_NOTHING;
	} else if (options->json) {
		(void)fail(&t, "enrolled", "no");
	}
	ward_said_free(t.said);
	ward_endpoint_close(&t.endpoint);
	return status;
}

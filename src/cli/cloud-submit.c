/* SPDX-License-Identifier: Apache-2.0 */
/* `ward cloud submit`: the scanner says what a file is (its digest, its type), then its bytes go up. */
#include <sys/stat.h>

#include "base/text.h"
#include "cli/cloud-print.h"
#include "cli/cloud.h"
#include "cli/commands.h"
#include "cli/human.h"
#include "cli/json.h"
#include "client/query.h"
#include "client/submit.h"
#include "sys/fd.h"

struct submit {
	const struct ward_cloud_options *o;
	struct ward_endpoint endpoint;
	struct ward_pool *pool;
	const char *path;
	uint8_t sha256[32];
	bool done, good, bad;
};

static void
complain(const char *path, const char *why)
{
	(void)fputs("ward cloud submit: ", stderr);
	ward_human_print(stderr, ward_span_str(path));
	(void)fprintf(stderr, ": %s\n", why);
}

static void
show(struct submit *s, const Ward__V1__SampleReply *reply)
{
	bool known = reply->status == WARD__V1__SAMPLE_STATUS__SAMPLE_STATUS_KNOWN;
	char hex[65];
	json_t *object;

	ward_text_hex(ward_span_of(s->sha256, 32), hex);
	if (s->o->json) {
		object = json_pack("{s:s, s:o, s:s, s:s, s:o}", "event", "cloud.submit", "path",
				   ward_json_text(s->path), "sha256", hex, "status",
				   known ? "known" : "stored", "cloud",
				   ward_cloud_json(reply->verdict));
		ward_json_line(object, stdout);
		return;
	}
	ward_human_print(stdout, ward_span_str(s->path));
	(void)printf("\n  sha256:     %s\n  sent:       %s\n", hex,
		     known ? "no, it was there already" : "yes");
	if (reply->verdict)
		ward_cloud_print(reply->verdict, "  ", stdout);
}

static void
done(void *context, const struct ward_call_end *end, const Ward__V1__SampleReply *reply)
{
	struct submit *s = context;

	s->done = true;
	s->good = reply != NULL;
	if (!reply) {
		ward_endpoint_complain(s->path, end);
		return;
	}
	show(s, reply);
	s->bad |= reply->verdict &&
		  ward_wire_verdict_from(reply->verdict->verdict) >= WARD_SUSPICIOUS;
}

/* Sends one that the scanner has looked at. */
static bool
send(struct submit *s, const struct ward_result *r, struct ward_submit_file *file)
{
	struct ward_query_facts facts = {.sha256 = r->sha256, .size = r->size, .type = r->type};
	Ward__V1__Policy open_policy = WARD__V1__POLICY__INIT;
	struct ward_query query;
	struct ward_submit_spec spec = {
		.file = &query.file,
		.read = ward_submit_file_read,
		.source = file,
		.wait_ms = (unsigned)s->o->wait * 1000,
		.done = done,
		.context = s,
	};

	/* the user named the file: digest and bytes are sent whatever look-ups hide */
	ward_query_fill(&query, &facts, &open_policy);
	memcpy(s->sha256, r->sha256, sizeof(s->sha256));
	s->done = s->good = false;
	if (ward_submit_start(s->endpoint.client, &spec, NULL)) {
		complain(s->path, "it cannot be sent (is it empty?)");
		return false;
	}
	while (!s->done)
		ward_client_wait(s->endpoint.client, -1);
	return s->good;
}

/* A descriptor of its own for the scanner: the pool closes what it is given. */
static bool
scan(struct submit *s, struct ward_pool_reply **ret_reply)
{
	struct ward_pool_request request = {.path = s->path, .owner = ""};
	enum ward_rc rc = ward_fd_open_regular(-1, s->path, true, &request.fd, NULL);

	if (!rc)
		rc = ward_pool_submit(s->pool, &request);
	while (!rc && (rc = ward_pool_wait(s->pool, -1, ret_reply)) == WARD_E_TIMEOUT)
		rc = WARD_OK;
	return rc == WARD_OK;
}

static bool
submit_one(struct submit *s)
{
	WARD_AUTO(ward_pool_reply_freep) struct ward_pool_reply *reply = NULL;
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_submit_file file;
	enum ward_rc rc = ward_fd_open_regular(-1, s->path, true, &fd, &file.was);

	if (rc) {
		complain(s->path, ward_rc_str(rc));
		return false;
	}
	file.fd = fd;
	if (!scan(s, &reply) || reply->result->objects == 0) {
		complain(s->path, "the scanner cannot read it");
		return false;
	}
	return send(s, reply->result, &file);
}

static int
submit_all(struct submit *s, const struct ward_strings *paths)
{
	bool good = true;

	s->pool = ward_session_start(&s->o->session);
	if (!s->pool)
		return WARD_EXIT_ERROR;
	for (size_t i = 0; i < paths->count; i++) {
		s->path = paths->items[i];
		good &= submit_one(s);
	}
	s->pool = ward_pool_free(s->pool);
	if (!good)
		return WARD_EXIT_ERROR;
	return s->bad ? WARD_EXIT_FOUND : WARD_EXIT_NOTHING;
}

int
ward_cloud_submit(const struct ward_cloud_options *options, const struct ward_strings *paths)
{
	struct submit s = {.o = options};
	int status = WARD_EXIT_ERROR;

	if (paths->count == 0) {
		(void)fputs("ward cloud submit: which files?\n", stderr);
		return WARD_EXIT_ERROR;
	}
	if (ward_endpoint_open(&s.endpoint, options->state))
		status = submit_all(&s, paths);
	ward_endpoint_close(&s.endpoint);
	return status;
}

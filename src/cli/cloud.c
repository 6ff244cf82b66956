/* SPDX-License-Identifier: Apache-2.0 */
/* `ward cloud`: what the service says, asked by hand. */
#include "cli/cloud.h"

#include "base/text.h"
#include "cli/cloud-print.h"
#include "cli/commands.h"
#include "cli/human.h"
#include "cli/json.h"
#include "client/answer.h"
#include "client/query.h"
#include "sys/clock.h"

/* --- status --- */

static json_t *
policy_json(const Ward__V1__Policy *p)
{
	return json_pack("{s:I, s:s, s:s, s:I, s:b, s:b}", "version", (json_int_t)p->version,
			 "level", ward_policy_level_name(p->level), "samples",
			 ward_policy_samples_name(p->samples), "hold_ms", (json_int_t)p->hold_ms,
			 "send_names", p->send_names, "private_lookup", p->private_lookup);
}

static void
status_json(const struct ward_state *s, const struct ward_key_facts *facts,
	    const struct ward_state_contact *contact)
{
	char uuid[37], proxy[600];
	json_t *object;

	ward_wire_uuid_text(s->device, uuid);
	object = json_pack(
		"{s:s, s:b, s:s, s:s, s:s, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:i}", "event",
		"cloud.status", "enrolled", true, "device", uuid, "server", s->server, "proxy",
		ward_proxy_shown(s->proxy, proxy, sizeof(proxy)), "enrolled_ms",
		(json_int_t)s->enrolled_ms, "certificate_until_ms", (json_int_t)facts->not_after_ms,
		"renew_after_ms", (json_int_t)s->renew_after_ms, "policy", policy_json(&s->policy),
		"answered_ms", (json_int_t)contact->answered_ms, "failed_ms",
		(json_int_t)contact->failed_ms, "failing_since_ms",
		(json_int_t)contact->failing_since_ms, "failures", (int)contact->failures);
	ward_json_set_text(object, "fault", contact->failing_since_ms ? contact->fault : NULL);
	ward_json_set_text(object, "fault_text", contact->failing_since_ms ? contact->text : NULL);
	ward_json_line(object, stdout);
}

static void
print_contact(const struct ward_state_contact *c)
{
	char when[32];

	(void)printf("last answer:  %s\n",
		     c->answered_ms ? ward_endpoint_time(c->answered_ms, when) : "never yet");
	if (!c->failing_since_ms)
		return;
	(void)printf("failing:      since %s, %u times in a row (%s",
		     ward_endpoint_time(c->failing_since_ms, when), c->failures, c->fault);
	(void)fputs(*c->text ? ": " : "", stdout);
	ward_human_print(stdout, ward_span_str(c->text));
	(void)fputs(")\n", stdout);
}

static void
status_text(const struct ward_state *s, const struct ward_key_facts *facts,
	    const struct ward_state_contact *contact)
{
	char uuid[37], when[32], proxy[600];

	ward_wire_uuid_text(s->device, uuid);
	(void)printf("enrolled:     yes\ndevice:       %s\nserver:       %s\n", uuid, s->server);
	(void)printf("proxy:        %s\n",
		     *s->proxy ? ward_proxy_shown(s->proxy, proxy, sizeof(proxy)) : "none");
	(void)printf("certificate:  until %s\n", ward_endpoint_time(facts->not_after_ms, when));
	(void)printf("renewal:      %s%s\n", ward_endpoint_time(s->renew_after_ms, when),
		     ward_state_renewal_due(s, ward_clock_wall() / 1000) ? " (due)" : "");
	(void)printf("policy:       level %s, samples %s, hold %u ms, names %s, look-ups %s "
		     "(version %llu)\n",
		     ward_policy_level_name(s->policy.level),
		     ward_policy_samples_name(s->policy.samples), s->policy.hold_ms,
		     s->policy.send_names ? "sent" : "not sent",
		     s->policy.private_lookup ? "by prefix" : "by digest",
		     (unsigned long long)s->policy.version);
	print_contact(contact);
}

static int
status_without(const struct ward_cloud_options *o, enum ward_rc rc, const char *why)
{
	const char *text = rc == WARD_E_NOENT  ? "not enrolled"
			   : rc == WARD_E_PERM ? "this user may not read the state"
			   : why	       ? why
					       : ward_rc_str(rc);

	if (o->json)
		ward_json_line(json_pack("{s:s, s:b, s:s}", "event", "cloud.status", "enrolled",
					 false, "reason", text),
			       stdout);
	else
		(void)printf("enrolled:     no (%s, %s)\n", text, o->state);
	return rc == WARD_E_NOENT ? WARD_EXIT_FOUND : WARD_EXIT_ERROR;
}

static int
status(const struct ward_cloud_options *o)
{
	struct ward_state_contact contact;
	struct ward_key_facts facts;
	struct ward_state state;
	const char *why = NULL;
	enum ward_rc rc = ward_state_load(o->state, &state, &why);

	if (!rc)
		rc = ward_key_facts(ward_buf_span(&state.identity), &facts);
	if (rc) {
		ward_state_done(&state);
		return status_without(o, rc, why);
	}
	ward_state_contact_load(o->state, &contact);
	(o->json ? status_json : status_text)(&state, &facts, &contact);
	ward_state_done(&state);
	return WARD_EXIT_NOTHING;
}

/* --- lookup --- */

struct lookup {
	const struct ward_cloud_options *o;
	const struct ward_strings *hashes;
	uint8_t (*digests)[32];
	struct ward_query *queries;
	bool found, unanswered;
};

static void
show(struct lookup *l, size_t i, const Ward__V1__FileVerdict *v, bool cut)
{
	char hex[65];
	json_t *object;

	ward_text_hex(ward_span_of(l->digests[i], 32), hex);
	l->found |= v && ward_wire_verdict_from(v->verdict) >= WARD_SUSPICIOUS;
	l->unanswered |= !v && cut;
	if (l->o->json) {
		object = v ? ward_cloud_json(v) : json_pack("{s:s}", "verdict", "unknown");
		(void)json_object_set_new(object, "event", json_string("cloud.verdict"));
		(void)json_object_set_new(object, "sha256", json_string(hex));
		if (!v && cut)
			(void)json_object_set_new(object, "cut", json_true());
		ward_json_line(object, stdout);
		return;
	}
	(void)printf("%s\n", hex);
	if (v)
		ward_cloud_print(v, "  ", stdout);
	else
		(void)printf("  verdict:    unknown (%s)\n",
			     cut ? "too many files share the prefix: the answer was cut"
				 : "nothing under its prefix");
}

static void
show_all(void *context, const void *message)
{
	struct lookup *l = context;

	for (size_t i = 0; i < l->hashes->count; i++) {
		bool cut = false;
		const Ward__V1__FileVerdict *v =
			ward_answer_find(message, (uint32_t)i, l->digests[i], &cut);

		show(l, i, v, cut);
	}
}

static bool
fill_queries(struct lookup *l, const Ward__V1__Policy *policy, Ward__V1__FileQuery **files)
{
	for (size_t i = 0; i < l->hashes->count; i++) {
		struct ward_query_facts facts = {.sha256 = l->digests[i]};

		if (!ward_text_unhex(ward_span_str(l->hashes->items[i]), l->digests[i], 32)) {
			(void)fprintf(stderr, "ward cloud lookup: not a SHA-256: %s\n",
				      l->hashes->items[i]);
			return false;
		}
		ward_query_fill(&l->queries[i], &facts, policy);
		if (l->o->prefix)
			ward_query_hide(&l->queries[i], WARD_WIRE_PREFIX_MIN);
		files[i] = &l->queries[i].file;
	}
	return true;
}

static int
ask_lookup(struct lookup *l, struct ward_endpoint *e)
{
	struct ward_endpoint_answer answer = {.take = show_all, .context = l};
	Ward__V1__LookupRequest request = WARD__V1__LOOKUP_REQUEST__INIT;
	Ward__V1__FileQuery *files[WARD_WIRE_LOOKUP_MAX];
	char version[] = WARD_VERSION;

	if (!fill_queries(l, &e->state.policy, files))
		return WARD_EXIT_ERROR;
	request.files = files;
	request.n_files = l->hashes->count;
	request.engine_version = version;
	if (!ward_endpoint_ask(e->client, WARD_ASK_LOOKUP, &request.base,
			       (unsigned)l->o->timeout * 1000, &answer)) {
		ward_endpoint_complain("not answered", &answer.end);
		return WARD_EXIT_ERROR;
	}
	if (l->unanswered)
		return WARD_EXIT_ERROR;
	return l->found ? WARD_EXIT_FOUND : WARD_EXIT_NOTHING;
}

static int
lookup(const struct ward_cloud_options *o, const struct ward_strings *hashes)
{
	struct lookup l = {.o = o, .hashes = hashes};
	struct ward_endpoint endpoint;
	int exit_status = WARD_EXIT_ERROR;

	if (hashes->count == 0 || hashes->count > WARD_WIRE_LOOKUP_MAX) {
		(void)fputs("ward cloud lookup: 1 to 1000 SHA-256 digests are needed\n", stderr);
		return WARD_EXIT_ERROR;
	}
	l.digests = calloc(hashes->count, sizeof(*l.digests));
	l.queries = calloc(hashes->count, sizeof(*l.queries));
	if (ward_endpoint_open(&endpoint, o->state) && l.digests && l.queries)
		exit_status = ask_lookup(&l, &endpoint);
	ward_endpoint_close(&endpoint);
	free(l.digests);
	free(l.queries);
	return exit_status;
}

/* --- the command --- */

#define AT(member) offsetof(struct ward_cloud_options, member)

static const struct ward_option table[] = {
	{"json", 0, WARD_OPTION_FLAG, NULL, AT(json), "JSON objects, one per line"},
	{"prefix", 0, WARD_OPTION_FLAG, NULL, AT(prefix),
	 "lookup: tell only the digest's first three bytes"},
	{"timeout", 0, WARD_OPTION_TIME, "TIME", AT(timeout), "for each answer (default 10s)"},
	{"wait", 0, WARD_OPTION_TIME, "TIME", AT(wait),
	 "submit, test: for the verdict, at most 60s (default 60s)"},
	{"block-at-first-sight", 0, WARD_OPTION_FLAG, NULL, AT(sight),
	 "test: the guard; opens two fresh files, of which it must deny one"},
	{"directory", 0, WARD_OPTION_TEXT, "DIR", AT(directory),
	 "test: where those are made (default /var/tmp)"},
	{"socket", 0, WARD_OPTION_TEXT, "PATH", AT(socket),
	 "test: where the guard answers (default /run/ward/control.sock)"},
	{"state", 0, WARD_OPTION_TEXT, "DIR", AT(state),
	 "where the enrolment is kept (default " WARD_STATE_DIRECTORY ")"},
	{"help", 'h', WARD_OPTION_FLAG, NULL, AT(help), "print this"},
	{NULL, 0, WARD_OPTION_FLAG, NULL, 0, NULL},
};

static int
run_verb(const struct ward_cloud_options *o, const struct ward_strings *operands)
{
	const char *verb = operands->count ? operands->items[0] : "";
	const struct ward_strings rest = {operands->items + 1,
					  operands->count ? operands->count - 1 : 0, 0};

	if (strcmp(verb, "lookup") == 0)
		return lookup(o, &rest);
	if (strcmp(verb, "submit") == 0)
		return ward_cloud_submit(o, &rest);
	if (strcmp(verb, "status") == 0 && rest.count == 0)
		return status(o);
	if (strcmp(verb, "test") == 0 && rest.count == 0)
		return o->sight ? ward_cloud_sight(o) : ward_cloud_test(o);
	(void)fputs("ward cloud: status, test, lookup SHA256…, or submit FILE…\n"
		    "Try: ward cloud --help\n",
		    stderr);
	return WARD_EXIT_ERROR;
}

static int
command_cloud(int argc, char **argv)
{
	struct ward_cloud_options options = {
		.state = WARD_STATE_DIRECTORY, .timeout = 10, .wait = 60};
	WARD_AUTO(ward_strings_done) struct ward_strings operands = {.count = 0};

	ward_session_options_default(&options.session);
	if (!ward_options_parse(&ward_command_cloud, argc, argv, &options, &operands))
		return WARD_EXIT_ERROR;
	if (options.help) {
		ward_options_help(&ward_command_cloud, stdout);
		return WARD_EXIT_NOTHING;
	}
	options.timeout = options.timeout < 3600 ? options.timeout : 3600;
	options.wait = options.wait < 60 ? options.wait : 60;
	return run_verb(&options, &operands);
}

const struct ward_command ward_command_cloud = {
	.name = "cloud",
	.synopsis =
		"ward cloud status | test [OPTION]…\n       ward cloud lookup [OPTION]… SHA256…\n"
		"       ward cloud submit [OPTION]… FILE…",
	.about = "Asks the cloud service this machine is enrolled at (ward enroll).\n\n"
		 "  status  where it is enrolled, certificate, policy, when the service last "
		 "answered\n"
		 "  test    every step on the way to a verdict, each OK or the reason\n"
		 "  lookup  what is known of files, by their SHA-256\n"
		 "  submit  send files for analysis and wait for the verdict\n\n"
		 "Exit status: 0 nothing bad found (test: all is well), 1 found (test: a step "
		 "failed;\n"
		 "status: not enrolled), 2 it could not be done.",
	.examples = "  ward cloud test\n"
		    "  ward cloud test --block-at-first-sight\n"
		    "  ward cloud lookup $(sha256sum suspicious.bin | cut -d' ' -f1)\n"
		    "  ward cloud submit suspicious.bin\n",
	.verbs = "status test lookup submit",
	.options = table,
	.run = command_cloud,
};

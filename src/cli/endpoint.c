/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/endpoint.h"

#include <time.h>

#include "cli/human.h"
#include "client/device.h"
#include "sys/clock.h"
#include "sys/fd.h"

/* --- questions --- */

static void
answered(void *context, const struct ward_call_end *end, const void *reply)
{
	struct ward_endpoint_answer *answer = context;

	answer->end = *end;
	answer->done = true;
	if (reply && answer->take)
		answer->take(answer->context, reply);
}

bool
ward_endpoint_ask(struct ward_client *client, enum ward_ask_kind kind,
		  const ProtobufCMessage *message, unsigned deadline_ms,
		  struct ward_endpoint_answer *answer)
{
	struct ward_ask_spec spec = {
		.kind = kind,
		.messages = &message,
		.message_count = 1,
		.deadline_ms = deadline_ms,
		.done = answered,
		.context = answer,
	};
	enum ward_rc rc = ward_ask_start(client, &spec, NULL);

	answer->done = false;
	if (rc) {
		answer->end = (struct ward_call_end){.fault = WARD_FAULT_LOCAL};
		(void)snprintf(answer->end.text, sizeof(answer->end.text), "%s", ward_rc_str(rc));
		return false;
	}
	while (!answer->done)
		ward_client_wait(client, -1);
	return answer->end.fault == WARD_FAULT_NONE;
}

void
ward_endpoint_complain(const char *what, const struct ward_call_end *end)
{
	char text[512];

	(void)fprintf(stderr, "ward: %s: ", what);
	ward_human_print(stderr, ward_span_str(ward_fault_describe(end, text, sizeof(text))));
	(void)fputs("\n", stderr);
}

char *
ward_endpoint_time(uint64_t ms, char ret[32])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm t;

	ret[0] = 0;
	if (gmtime_r(&seconds, &t))
		(void)strftime(ret, 32, "%Y-%m-%d %H:%M:%S UTC", &t);
	return ret;
}

/* --- renewal --- */

struct renewal {
	struct ward_endpoint *e;
	struct ward_buf key;
	const char *why;
	enum ward_rc rc;
};

static void
take_renewal(void *context, const void *reply)
{
	struct renewal *r = context;
	struct ward_state *s = &r->e->state;

	r->why = "what the service sent makes no sense";
	r->rc = ward_state_take(s, ward_buf_span(&r->key), reply, NULL, ward_buf_span(&s->ca),
				&r->why);
	if (!r->rc) {
		r->why = "it cannot be written";
		r->rc = ward_state_save(r->e->directory, s);
	}
}

static bool
ask_renewal(struct renewal *r)
{
	Ward__V1__RenewRequest request = WARD__V1__RENEW_REQUEST__INIT;
	Ward__V1__DeviceInfo info;
	WARD_AUTO(ward_buf_done) struct ward_buf csr = {0};
	struct ward_device device;
	struct ward_endpoint_answer answer = {.take = take_renewal, .context = r};

	ward_buf_init(&csr, 8192, NULL);
	ward_device_describe(&device, WARD_VERSION);
	ward_device_info(&device, &info);
	if (ward_key_new(&r->key) || ward_key_request(ward_buf_span(&r->key), &csr)) {
		(void)fputs("ward: no key can be made\n", stderr);
		return false;
	}
	request.csr = (ProtobufCBinaryData){csr.len, csr.data};
	request.device = &info;
	if (!ward_endpoint_ask(r->e->client, WARD_ASK_RENEW, &request.base, 0, &answer)) {
		ward_endpoint_complain("the certificate is not renewed", &answer.end);
		return false;
	}
	if (r->rc)
		(void)fprintf(stderr, "ward: the certificate is not renewed: %s\n", r->why);
	return r->rc == WARD_OK;
}

static enum ward_rc
new_client(struct ward_endpoint *e)
{
	struct ward_channel_options options;

	ward_state_channel(&e->state, &options);
	options.agent = "ward/" WARD_VERSION;
	return ward_client_new(&options, &e->client);
}

bool
ward_endpoint_renew(struct ward_endpoint *e)
{
	struct renewal r = {.e = e};
	WARD_AUTO(ward_fd_close) int lock = -1;
	const char *why = NULL;
	bool good = true;

	if (ward_state_lock(e->directory, &lock, &why)) {
		(void)fprintf(stderr, "ward: the certificate is not renewed: %s: %s\n",
			      e->directory, why);
		return false;
	}
	ward_buf_init(&r.key, 8192, NULL);
	good = ask_renewal(&r);
	ward_key_wipe(&r.key);
	if (good) { /* with the new certificate from now on */
		e->client = ward_client_free(e->client);
		good = new_client(e) == WARD_OK;
	}
	return good;
}

/* --- opening --- */

enum ward_rc
ward_endpoint_load(struct ward_endpoint *e, const char *directory, const char **ret_why)
{
	enum ward_rc rc;

	*e = (struct ward_endpoint){.directory = directory};
	rc = ward_state_load(directory, &e->state, ret_why);
	if (!rc)
		rc = new_client(e);
	return rc;
}

static void
explain(const char *directory, enum ward_rc rc, const char *why)
{
	if (rc == WARD_E_NOENT)
		(void)fprintf(stderr,
			      "ward: this machine is not enrolled (nothing in %s).\n"
			      "Enrol it: ward enroll --server HOST:PORT --token TOKEN --ca-sha256 "
			      "FINGERPRINT\n",
			      directory);
	else if (rc == WARD_E_PERM)
		(void)fprintf(stderr,
			      "ward: %s cannot be read by this user. Run as root, or name a state "
			      "directory of your own with --state.\n",
			      directory);
	else
		(void)fprintf(stderr, "ward: %s: %s\n", directory, why ? why : ward_rc_str(rc));
}

bool
ward_endpoint_open(struct ward_endpoint *e, const char *directory)
{
	const char *why = NULL;
	enum ward_rc rc = ward_endpoint_load(e, directory, &why);

	if (rc) {
		explain(directory, rc, why);
		return false;
	}
	/* a failure was told; the old certificate may be good for a while */
	if (ward_state_renewal_due(&e->state, ward_clock_wall() / 1000) && !ward_endpoint_renew(e))
		return e->client != NULL;
	return true;
}

void
ward_endpoint_close(struct ward_endpoint *e)
{
	if (e->client)
		ward_state_contact_save(e->directory, e->client);
	e->client = ward_client_free(e->client);
	ward_state_done(&e->state);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/enroll.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "client/device.h"
#include "client/key.h"
#include "proto/wire.h"

enum { CONNECTIONS = 64, LINE = 8192, ANSWER = 256 * 1024, FAILURES_MAX = 100 };

struct enrolment;

/* One of the connections, which enrols one device after the other. */
struct seat {
	struct enrolment *e;
	struct fleet_device *device;
	struct ward_buf key;
	bool good; /* the answer to the call under way was taken */
};

struct enrolment {
	const struct fleet_enroll_options *o;
	struct fleet_crowd crowd;
	struct seat seats[CONNECTIONS];
	_Atomic size_t begun, done;
	_Atomic bool failed;
	pthread_mutex_t lock; /* of what follows */
	struct ward_buf made, root;
	char *why;
};

static void
fail(struct enrolment *e, const char *why)
{
	pthread_mutex_lock(&e->lock);
	if (!e->why[0])
		(void)snprintf(e->why, 256, "%s", why);
	pthread_mutex_unlock(&e->lock);
	atomic_store(&e->failed, true);
}

static void enrol_next(struct seat *seat);

/* --- the answer --- */

static enum ward_rc
accept_reply(struct seat *seat, const Ward__V1__EnrollReply *reply, const char **ret_why)
{
	struct enrolment *e = seat->e;
	struct ward_span authorities[8];
	struct ward_buf identity, ca;
	struct ward_key_issued issued = {
		.certificate = ward_span_of(reply->certificate.data, reply->certificate.len),
		.authorities = authorities,
		.authority_count = reply->n_authorities < 8 ? reply->n_authorities : 8,
		.device = reply->device.data,
		.ca = e->o->ca,
	};
	enum ward_rc rc;

	for (size_t i = 0; i < issued.authority_count; i++)
		authorities[i] =
			ward_span_of(reply->authorities[i].data, reply->authorities[i].len);
	ward_buf_init(&identity, LINE, NULL);
	ward_buf_init(&ca, ANSWER, NULL);
	rc = ward_key_accept(ward_buf_span(&seat->key), &issued, &identity, &ca, ret_why);
	pthread_mutex_lock(&e->lock);
	if (!rc)
		rc = ward_buf_append(&e->made, identity.data, identity.len);
	if (!rc && e->root.len == 0)
		rc = ward_buf_append(&e->root, reply->root.data, reply->root.len);
	pthread_mutex_unlock(&e->lock);
	ward_key_wipe(&identity);
	ward_buf_done(&ca);
	return rc;
}

static void
on_reply(void *context, struct ward_span message)
{
	struct seat *seat = context;
	struct ward_budget budget = {.cap = 65536 + 24 * message.len};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	Ward__V1__EnrollReply *reply;
	const char *why = "what the service sent makes no sense";

	if (!arena ||
	    ward_wire_decode(&ward__v1__enroll_reply__descriptor, message, arena, &reply, &why) ||
	    accept_reply(seat, reply, &why)) {
		fail(seat->e, why);
		return;
	}
	seat->good = true;
	atomic_fetch_add(&seat->e->done, 1);
}

static void
on_ended(void *context, enum ward_grpc_status status)
{
	struct seat *seat = context;
	struct enrolment *e = seat->e;

	if (status == WARD_GRPC_RESOURCE_EXHAUSTED)
		fail(e, "the service takes no more for now: limits.enrol and limits.enrol-address");
	else if (status == WARD_GRPC_UNAVAILABLE)
		atomic_fetch_sub(&e->begun, seat->good ? 0 : 1); /* another one will do it */
	else if (status || !seat->good)
		fail(e, ward_grpc_status_name(status));
	else
		enrol_next(seat);
}

static const struct fleet_call_face enroll_call = {
	.path = "/ward.v1.Enrollment/Enroll",
	.answer_max = ANSWER,
	.message = on_reply,
	.ended = on_ended,
};

/* --- the question --- */

static enum ward_rc
encode(struct seat *seat, struct ward_span csr, struct ward_buf *body)
{
	Ward__V1__EnrollRequest request = WARD__V1__ENROLL_REQUEST__INIT;
	Ward__V1__DeviceInfo info;
	struct ward_device device;
	uint8_t *prefix = ward_buf_reserve(body, WARD_GRPC_PREFIX);
	enum ward_rc rc;

	if (!prefix)
		return WARD_E_NOMEM;
	ward_buf_grown(body, WARD_GRPC_PREFIX);
	ward_device_describe(&device, "fleet");
	ward_device_info(&device, &info);
	request.token = (char *)(uintptr_t)seat->e->o->token;
	request.csr = (ProtobufCBinaryData){csr.len, (uint8_t *)(uintptr_t)csr.data};
	request.device = &info;
	rc = ward_wire_encode(&request.base, body);
	if (!rc)
		ward_grpc_prefix(body->data, (uint32_t)(body->len - WARD_GRPC_PREFIX));
	return rc;
}

static void
enrol_next(struct seat *seat)
{
	struct enrolment *e = seat->e;
	struct ward_buf csr, body;

	if (atomic_load(&e->failed))
		return;
	if (atomic_fetch_add(&e->begun, 1) >= e->o->count) {
		atomic_fetch_sub(&e->begun, 1);
		return;
	}
	seat->good = false;
	ward_key_wipe(&seat->key);
	ward_buf_init(&seat->key, LINE, NULL);
	ward_buf_init(&csr, LINE, NULL);
	ward_buf_init(&body, ANSWER, NULL);
	if (ward_key_new(&seat->key) || ward_key_request(ward_buf_span(&seat->key), &csr) ||
	    encode(seat, ward_buf_span(&csr), &body) ||
	    fleet_call_start(&seat->device->link, &enroll_call, ward_buf_span(&body), seat))
		fail(e, "no key or request could be made");
	ward_buf_done(&csr);
	ward_key_wipe(&body);
}

/* --- all --- */

static void
on_up(struct fleet_device *device)
{
	struct enrolment *e = device->loop->crowd->context;

	enrol_next(&e->seats[device->number]);
}

static void
on_down(struct fleet_device *device)
{
	struct enrolment *e = device->loop->crowd->context;

	if (atomic_load(&e->crowd.failures) > FAILURES_MAX)
		fail(e, "no connection to the service");
}

static enum ward_rc
work(struct enrolment *e)
{
	const struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};
	enum ward_rc rc = fleet_crowd_start(&e->crowd, e->o->threads);

	if (!rc)
		fleet_crowd_want(&e->crowd, true);
	while (!rc && atomic_load(&e->done) < e->o->count && !atomic_load(&e->failed))
		(void)nanosleep(&pause, NULL);
	fleet_crowd_stop(&e->crowd);
	if (!rc && e->made.len > 0)
		rc = fleet_identities_add(e->o->directory, ward_buf_span(&e->made));
	if (!rc && e->root.len > 0)
		rc = fleet_root_save(e->o->directory, ward_buf_span(&e->root));
	return !rc && atomic_load(&e->failed) ? WARD_E_PERM : rc;
}

enum ward_rc
fleet_enroll(const struct fleet_enroll_options *o, char why[256])
{
	static const struct fleet_job job = {.up = on_up, .down = on_down};
	struct enrolment *e = calloc(1, sizeof(*e));
	struct fleet_device *devices = calloc(CONNECTIONS, sizeof(*devices));
	enum ward_rc rc = e && devices ? WARD_OK : WARD_E_NOMEM;

	why[0] = 0;
	if (!rc)
		rc = fleet_target_init(&e->crowd.target, o->server, o->ca_file);
	if (!rc) {
		e->o = o;
		e->why = why;
		pthread_mutex_init(&e->lock, NULL);
		ward_buf_init(&e->made, o->count * LINE, NULL);
		ward_buf_init(&e->root, ANSWER, NULL);
		e->crowd.job = &job;
		e->crowd.context = e;
		e->crowd.devices = devices;
		e->crowd.count = CONNECTIONS;
		for (size_t i = 0; i < CONNECTIONS; i++)
			e->seats[i] = (struct seat){.e = e, .device = &devices[i]};
		rc = work(e);
		for (size_t i = 0; i < CONNECTIONS; i++)
			ward_key_wipe(&e->seats[i].key);
		ward_key_wipe(&e->made);
		ward_buf_done(&e->root);
		fleet_target_done(&e->crowd.target);
		pthread_mutex_destroy(&e->lock);
	}
	free(devices);
	free(e);
	return rc;
}

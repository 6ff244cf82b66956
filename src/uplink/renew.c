/* SPDX-License-Identifier: Apache-2.0 */
/* A new certificate with a new key, well before the old one ends. */
#include "client/device.h"
#include "sys/clock.h"
#include "uplink/uplink-priv.h"

enum { RETRY_USEC = 600 * 1000 * 1000, CHECK_USEC = 60 * 1000 * 1000, KEY_MAX = 8192 };

static void
end_renewal(struct uplink *u, uint64_t again)
{
	struct link *l = &u->link;

	ward_key_wipe(&l->new_key);
	ward_fd_close(&l->renewal_lock);
	l->renewing = false;
	l->renew_at = u->now + again;
}

/* The connection is made anew with the new certificate when link.c sees the new files. */
static void
renewed(void *context, const struct ward_call_end *end, const void *reply)
{
	struct uplink *u = context;
	struct link *l = &u->link;
	const char *why = NULL;
	enum ward_rc rc = WARD_E_GONE;

	(void)end;
	if (reply)
		rc = ward_state_take(&l->state, ward_buf_span(&l->new_key), reply, NULL,
				     ward_buf_span(&l->state.ca), &why);
	if (rc == WARD_OK)
		rc = ward_state_save(u->directory, &l->state);
	l->reopen |= rc == WARD_OK;
	end_renewal(u, rc == WARD_OK ? CHECK_USEC : RETRY_USEC);
}

static enum ward_rc
ask_renewal(struct uplink *u)
{
	struct link *l = &u->link;
	Ward__V1__RenewRequest request = WARD__V1__RENEW_REQUEST__INIT;
	const ProtobufCMessage *message = &request.base;
	WARD_AUTO(ward_buf_done) struct ward_buf csr = {0};
	Ward__V1__DeviceInfo info;
	struct ward_device device;
	struct ward_ask_spec spec = {
		.kind = WARD_ASK_RENEW,
		.messages = &message,
		.message_count = 1,
		.done = renewed,
		.context = u,
	};
	enum ward_rc rc;

	ward_buf_init(&csr, KEY_MAX, NULL);
	ward_buf_init(&l->new_key, KEY_MAX, NULL);
	ward_device_describe(&device, u->settings.engine_version);
	ward_device_info(&device, &info);
	rc = ward_key_new(&l->new_key);
	if (rc == WARD_OK)
		rc = ward_key_request(ward_buf_span(&l->new_key), &csr);
	request.csr = (ProtobufCBinaryData){csr.len, csr.data};
	request.device = &info;
	return rc == WARD_OK ? ward_ask_start(l->client, &spec, NULL) : rc;
}

void
renew_work(struct uplink *u)
{
	struct link *l = &u->link;

	if (l->renewing || !l->client || u->now < l->renew_at)
		return;
	l->renew_at = u->now + CHECK_USEC;
	if (!ward_state_renewal_due(&l->state, ward_clock_wall() / 1000) || link_refusal(u))
		return;
	if (ward_state_lock(u->directory, &l->renewal_lock, NULL) != WARD_OK)
		return; /* a command line is at it */
	l->renewing = true;
	if (ask_renewal(u) != WARD_OK)
		end_renewal(u, RETRY_USEC);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/serve/mirror.h"

#include <stdlib.h>

#include "base/text.h"
#include "cloud/serve/http-priv.h"

struct ward_mirror {
	struct MHD_Daemon *daemon;
	struct ward_service *service;
};

/* What never changes may be kept for ever; what names the newest, for seconds. */
static const char immutable[] = "public, max-age=31536000, immutable";
static const char fresh[] = "public, max-age=5";

static enum MHD_Result
answer(struct MHD_Connection *connection, unsigned status, const char *keep, struct ward_span body)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		body.len, (void *)(uintptr_t)body.data, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	result = MHD_add_response_header(response, "Content-Type",
					 status == 200 ? "application/octet-stream" : "text/plain");
	if (result == MHD_YES)
		result = MHD_add_response_header(response, "Cache-Control",
						 status == 200 ? keep : "no-store");
	if (result == MHD_YES)
		result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
refuse(struct MHD_Connection *connection, unsigned status, const char *text)
{
	return answer(connection, status, "", ward_span_str(text));
}

static enum MHD_Result
answer_updates(struct ward_mirror *m, struct MHD_Connection *connection, const char *after)
{
	struct ward_message *message = NULL;
	enum MHD_Result result;
	uint64_t number;

	if (!ward_text_u64(ward_span_str(after), &number))
		return refuse(connection, 404, "/v1/updates/NUMBER\n");
	if (ward_service_batch(m->service, number, &message))
		return refuse(connection, 503, "the records cannot be read now\n");
	result = answer(connection, 200, fresh, ward_message_body(message));
	ward_message_done(message);
	return result;
}

/* "root/3", "timestamp" */
static bool
parse_metadata(const char *text, Ward__V1__Role *ret_role, uint64_t *ret_version)
{
	static const struct {
		const char *name;
		Ward__V1__Role role;
	} roles[] = {{"root/", WARD__V1__ROLE__ROLE_ROOT},
		     {"targets/", WARD__V1__ROLE__ROLE_TARGETS},
		     {"snapshot/", WARD__V1__ROLE__ROLE_SNAPSHOT}};

	if (strcmp(text, "timestamp") == 0) {
		*ret_role = WARD__V1__ROLE__ROLE_TIMESTAMP;
		*ret_version = 0;
		return true;
	}
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		size_t len = strlen(roles[i].name);

		*ret_role = roles[i].role;
		if (strncmp(text, roles[i].name, len) == 0)
			return ward_text_u64(ward_span_str(text + len), ret_version) &&
			       *ret_version > 0;
	}
	return false;
}

static enum MHD_Result
answer_metadata(struct ward_mirror *m, struct MHD_Connection *connection, const char *which)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	Ward__V1__Role role;
	uint64_t version;

	ward_buf_init(&out, WARD_WIRE_METADATA_MAX, NULL);
	if (!parse_metadata(which, &role, &version) ||
	    ward_service_envelope(m->service, role, version, &out))
		return refuse(connection, 404, "no such metadata\n");
	return answer(connection, 200, version ? immutable : fresh, ward_buf_span(&out));
}

static enum MHD_Result
on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
	   const char *version, const char *data, size_t *size, void **state)
{
	static const char updates[] = "/v1/updates/", metadata[] = "/v1/metadata/";
	struct ward_mirror *m = context;

	(void)version;
	(void)data;
	(void)size;
	(void)state;
	if (strcmp(method, "GET") != 0)
		return refuse(connection, 405, "GET only\n");
	if (strncmp(url, updates, sizeof(updates) - 1) == 0)
		return answer_updates(m, connection, url + sizeof(updates) - 1);
	if (strncmp(url, metadata, sizeof(metadata) - 1) == 0)
		return answer_metadata(m, connection, url + sizeof(metadata) - 1);
	return refuse(connection, 404, "/v1/updates/ or /v1/metadata/\n");
}

enum ward_rc
ward_mirror_start(const char *listen, struct ward_service *service, struct ward_mirror **ret)
{
	struct ward_mirror *m = calloc(1, sizeof(*m));
	enum ward_rc rc;

	if (!m)
		return WARD_E_NOMEM;
	m->service = service;
	rc = ward_http_listen(listen, on_request, m, &m->daemon);
	if (rc)
		free(m);
	else
		*ret = m;
	return rc;
}

uint16_t
ward_mirror_port(const struct ward_mirror *m)
{
	return ward_http_daemon_port(m->daemon);
}

struct ward_mirror *
ward_mirror_stop(struct ward_mirror *m)
{
	if (m) {
		MHD_stop_daemon(m->daemon);
		free(m);
	}
	return NULL;
}

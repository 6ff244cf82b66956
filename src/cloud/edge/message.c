/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that many calls send: framed once, counted, never changed. */
#include <stdlib.h>

#include "cloud/edge/edge-priv.h"

struct ward_message *
ward_message_new(size_t len, uint8_t **ret_body)
{
	struct ward_message *m = malloc(sizeof(*m) + WARD_GRPC_PREFIX + len);

	if (!m)
		return NULL;
	atomic_init(&m->references, 1);
	m->len = WARD_GRPC_PREFIX + len;
	ward_grpc_prefix(m->bytes, (uint32_t)len);
	*ret_body = m->bytes + WARD_GRPC_PREFIX;
	return m;
}

struct ward_span
ward_message_body(const struct ward_message *m)
{
	return ward_span_of(m->bytes + WARD_GRPC_PREFIX, m->len - WARD_GRPC_PREFIX);
}

struct ward_message *
ward_message_share(struct ward_message *m)
{
	atomic_fetch_add_explicit(&m->references, 1, memory_order_relaxed);
	return m;
}

void
ward_message_done(struct ward_message *m)
{
	if (m && atomic_fetch_sub_explicit(&m->references, 1, memory_order_acq_rel) == 1)
		free(m);
}

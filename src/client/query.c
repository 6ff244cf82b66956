/* SPDX-License-Identifier: Apache-2.0 */
#include "client/query.h"

#include <stdio.h>

/* --- queries --- */

void
ward_query_hide(struct ward_query *q, size_t len)
{
	Ward__V1__FileQuery *f = &q->file;

	ward__v1__file_query__init(f);
	f->prefix = (ProtobufCBinaryData){len, q->sha256};
}

static void
fill_context(struct ward_query *q, const struct ward_query_facts *facts, bool names)
{
	ward__v1__context__init(&q->context);
	q->context.path_class = facts->place;
	if (names && facts->name && strlen(facts->name) < sizeof(q->name) &&
	    ward_wire_is_text(facts->name, sizeof(q->name) - 1)) {
		(void)snprintf(q->name, sizeof(q->name), "%s", facts->name);
		q->context.name = q->name;
	}
}

void
ward_query_fill(struct ward_query *q, const struct ward_query_facts *facts,
		const Ward__V1__Policy *policy)
{
	Ward__V1__FileQuery *f = &q->file;

	ward__v1__file_query__init(f);
	memcpy(q->sha256, facts->sha256, sizeof(q->sha256));
	if (policy->private_lookup) {
		ward_query_hide(q, WARD_WIRE_PREFIX_MIN);
		return;
	}
	f->sha256 = (ProtobufCBinaryData){sizeof(q->sha256), q->sha256};
	f->size = facts->size;
	f->type = (char *)(uintptr_t)ward_type_name(facts->type);
	ward__v1__features__init(&q->features);
	q->features.traits = facts->traits;
	q->features.packed = facts->packed;
	f->features = &q->features;
	fill_context(q, facts, policy->send_names);
	f->context = &q->context;
}

/* --- consent --- */

bool
ward_consent_is_safe(enum ward_type type)
{
	return ward_type_is_active(type);
}

enum ward_consent
ward_consent_of(Ward__V1__Samples samples, enum ward_type type)
{
	switch ((int)samples) {
	case WARD__V1__SAMPLES__SAMPLES_ALL:
		return WARD_CONSENT_YES;
	case WARD__V1__SAMPLES__SAMPLES_NONE:
		return WARD_CONSENT_NO;
	case WARD__V1__SAMPLES__SAMPLES_ASK:
		return WARD_CONSENT_ASK;
	default:
		return ward_consent_is_safe(type) ? WARD_CONSENT_YES : WARD_CONSENT_NO;
	}
}

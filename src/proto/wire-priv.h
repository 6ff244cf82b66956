/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of ward.proto, record.proto and uplink.proto, message by message. */
#ifndef WARD_PROTO_WIRE_PRIV_H
#define WARD_PROTO_WIRE_PRIV_H

#include "proto/wire.h"

/* Each: NULL when the message keeps its limits, else the name of the field that does not. */
typedef const char *(*ward_wire_check_fn)(const void *message);

/* The check for messages of this type; NULL: no such message is decoded. */
ward_wire_check_fn ward_wire_check(const ProtobufCMessageDescriptor *type) WARD_MUST_CHECK;
const char *ward_wire_check_record(const void *record);
const char *ward_wire_check_uplink_request(const void *message);
const char *ward_wire_check_uplink_reply(const void *message);

/* For both files of checks. Files and evidence as ward.proto limits them. */
const char *ward_wire_check_file(const Ward__V1__FileQuery *q);
const char *ward_wire_check_event(const Ward__V1__Event *e);
const char *ward_wire_check_policy(const Ward__V1__Policy *p);
const char *ward_wire_check_device(const Ward__V1__DeviceInfo *d);
const char *ward_wire_check_verdict(const Ward__V1__FileVerdict *v);
const char *ward_wire_check_change(const Ward__V1__VerdictChange *c);
const char *ward_wire_check_evidence(Ward__V1__Evidence *const *evidence, size_t count);

static inline bool
ward_wire_is_len(ProtobufCBinaryData b, size_t len)
{
	return b.len == len;
}

static inline bool
ward_wire_is_len_or_none(ProtobufCBinaryData b, size_t len)
{
	return b.len == 0 || b.len == len;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A record (proto/record.proto) as an item of the log: its bytes, channel, route and key. */
#ifndef WARD_CLOUD_LOG_RECORD_H
#define WARD_CLOUD_LOG_RECORD_H

#include "cloud/log/log.h"
#include "proto/wire.h"

/*
 * Packs the record; bytes live in the arena. Everything about devices, tokens and policies goes to
 * the first partition of STATE, in one order; facts about a file go where its SHA-256 leads.
 * WARD_E_INVAL: a record without a fact, or without what its key is made of.
 */
enum ward_rc ward_record_item(const Ward__Log__V1__Record *record, struct ward_arena *arena,
			      struct ward_log_item *ret_item) WARD_MUST_CHECK;

/* Packs and appends one record and waits until it is durable; for what is rare. ret_position may be
 * NULL. */
enum ward_rc ward_record_append_wait(struct ward_log *log, const Ward__Log__V1__Record *record,
				     struct ward_log_position *ret_position) WARD_MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/grpc.h"

#include <stdio.h>

#include "base/text.h"

const char *
ward_grpc_status_name(enum ward_grpc_status status)
{
	static const char *const names[WARD_GRPC_STATUSES] = {
		"OK",
		"CANCELLED",
		"UNKNOWN",
		"INVALID_ARGUMENT",
		"DEADLINE_EXCEEDED",
		"NOT_FOUND",
		"ALREADY_EXISTS",
		"PERMISSION_DENIED",
		"RESOURCE_EXHAUSTED",
		"FAILED_PRECONDITION",
		"ABORTED",
		"OUT_OF_RANGE",
		"UNIMPLEMENTED",
		"INTERNAL",
		"UNAVAILABLE",
		"DATA_LOSS",
		"UNAUTHENTICATED",
	};

	return (unsigned)status < WARD_GRPC_STATUSES ? names[status] : "UNKNOWN";
}

void
ward_grpc_prefix(uint8_t at[WARD_GRPC_PREFIX], uint32_t length)
{
	at[0] = 0;
	for (unsigned i = 0; i < 4; i++)
		at[1 + i] = (uint8_t)(length >> (24 - 8 * i));
}

/* --- messages out of pieces --- */

void
ward_grpc_deframer_init(struct ward_grpc_deframer *d, size_t message_max,
			struct ward_budget *budget)
{
	d->message_max = message_max;
	d->handed = false;
	ward_buf_init(&d->pending, message_max + WARD_GRPC_PREFIX, budget);
}

void
ward_grpc_deframer_done(struct ward_grpc_deframer *d)
{
	ward_buf_done(&d->pending);
}

bool
ward_grpc_deframer_idle(const struct ward_grpc_deframer *d)
{
	return d->pending.len == 0 || d->handed;
}

/* Bytes of the whole message with its prefix, of which at least the prefix is there. */
static enum ward_rc
message_size(const struct ward_grpc_deframer *d, const uint8_t *prefix, size_t *ret_size)
{
	size_t length = (size_t)prefix[1] << 24 | (size_t)prefix[2] << 16 | (size_t)prefix[3] << 8 |
			prefix[4];

	if (prefix[0] > 1)
		return WARD_E_PROTO;
	if (prefix[0] == 1)
		return WARD_E_UNSUPPORTED;
	if (length > d->message_max)
		return WARD_E_LIMIT;
	*ret_size = WARD_GRPC_PREFIX + length;
	return WARD_OK;
}

/* Moves bytes from `in` until `pending` holds `size`. */
static enum ward_rc
collect(struct ward_grpc_deframer *d, struct ward_span *in, size_t size)
{
	struct ward_span piece = ward_span_cut(*in, 0, size - d->pending.len);
	enum ward_rc rc;

	if (d->pending.len >= size)
		return WARD_OK;
	rc = ward_buf_append(&d->pending, piece.data, piece.len);
	if (rc)
		return rc;
	*in = ward_span_cut(*in, piece.len, in->len);
	return d->pending.len == size ? WARD_OK : WARD_E_NOENT;
}

static enum ward_rc
deframe_pending(struct ward_grpc_deframer *d, struct ward_span *in, struct ward_span *ret_message)
{
	size_t size;
	enum ward_rc rc = collect(d, in, WARD_GRPC_PREFIX);

	if (!rc)
		rc = message_size(d, d->pending.data, &size);
	if (!rc)
		rc = collect(d, in, size);
	if (!rc)
		*ret_message =
			ward_span_of(d->pending.data + WARD_GRPC_PREFIX, size - WARD_GRPC_PREFIX);
	return rc;
}

enum ward_rc
ward_grpc_deframe(struct ward_grpc_deframer *d, struct ward_span *in, struct ward_span *ret_message)
{
	size_t size;
	enum ward_rc rc;

	if (d->handed) {
		ward_buf_clear(&d->pending);
		d->handed = false;
	}
	if (d->pending.len > 0 || in->len < WARD_GRPC_PREFIX) {
		rc = in->len > 0 || d->pending.len >= WARD_GRPC_PREFIX
			     ? deframe_pending(d, in, ret_message)
			     : WARD_E_NOENT;
		d->handed = rc == WARD_OK;
		return rc;
	}
	rc = message_size(d, in->data, &size);
	if (rc)
		return rc;
	if (in->len < size)
		return deframe_pending(d, in, ret_message);
	*ret_message = ward_span_cut(*in, WARD_GRPC_PREFIX, size - WARD_GRPC_PREFIX);
	*in = ward_span_cut(*in, size, in->len);
	return WARD_OK;
}

/* --- time-outs --- */

enum ward_rc
ward_grpc_timeout_parse(struct ward_span text, uint64_t *ret_usec)
{
	static const struct {
		char letter;
		uint64_t times, parts; /* of a µs */
	} units[] = {{'H', UINT64_C(3600000000), 1},
		     {'M', 60000000, 1},
		     {'S', 1000000, 1},
		     {'m', 1000, 1},
		     {'u', 1, 1},
		     {'n', 1, 1000}};
	uint64_t value = 0;

	if (text.len < 2 || text.len > 9)
		return WARD_E_FORMAT;
	for (size_t i = 0; i + 1 < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return WARD_E_FORMAT;
		value = value * 10 + (uint64_t)(text.data[i] - '0');
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (text.data[text.len - 1] == (uint8_t)units[i].letter) {
			*ret_usec = value * units[i].times / units[i].parts;
			return WARD_OK;
		}
	return WARD_E_FORMAT;
}

void
ward_grpc_timeout_text(uint64_t usec, char ret_text[16])
{
	if (usec < 100000000)
		(void)snprintf(ret_text, 16, "%uu", (unsigned)usec);
	else if (usec / 1000 < 100000000)
		(void)snprintf(ret_text, 16, "%um", (unsigned)(usec / 1000));
	else
		(void)snprintf(ret_text, 16, "99999999m");
}

/* --- grpc-message --- */

size_t
ward_grpc_message_encode(const char *text, char *ret, size_t room)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = 0;

	for (; *text; text++) {
		uint8_t c = (uint8_t)*text;
		bool plain = c >= 0x20 && c <= 0x7e && c != '%';

		if (n + (plain ? 1 : 3) >= room)
			break;
		if (plain) {
			ret[n++] = (char)c;
			continue;
		}
		ret[n++] = '%';
		ret[n++] = digits[c >> 4];
		ret[n++] = digits[c & 15];
	}
	ret[n] = 0;
	return n;
}

size_t
ward_grpc_message_decode(struct ward_span text, char *ret, size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len && n + 1 < room; i++) {
		int high = -1, low = -1;

		if (text.data[i] == '%' && i + 2 < text.len) {
			high = ward_text_hex_value(text.data[i + 1]);
			low = ward_text_hex_value(text.data[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			ret[n++] = (char)(high << 4 | low);
			i += 2;
		} else {
			ret[n++] = (char)text.data[i];
		}
	}
	ret[n] = 0;
	return n;
}

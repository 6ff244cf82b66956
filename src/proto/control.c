/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/scan.h"

#include "proto/codec-priv.h"
#include "scan.pb-c.h"

enum { TEXT_MAX = 4 * WARD_PROTO_STRING_MAX };

enum ward_rc
ward_proto_control_encode(const struct ward_proto_control *control, struct ward_buf *out)
{
	Ward__Scan__V1__Control m = WARD__SCAN__V1__CONTROL__INIT;
	Ward__Scan__V1__Setup setup = WARD__SCAN__V1__SETUP__INIT;
	Ward__Scan__V1__Spawn spawn = WARD__SCAN__V1__SPAWN__INIT;

	if (control->pack_count > WARD_PROTO_PACKS_MAX || control->slot >= WARD_PROTO_SLOTS_MAX)
		return WARD_E_INVAL;
	if (control->kind == WARD_PROTO_SETUP) {
		setup.worker_memory = control->worker_memory;
		setup.pack_count = control->pack_count;
		m.kind_case = WARD__SCAN__V1__CONTROL__KIND_SETUP;
		m.setup = &setup;
	} else {
		spawn.slot = control->slot;
		m.kind_case = WARD__SCAN__V1__CONTROL__KIND_SPAWN;
		m.spawn = &spawn;
	}
	return ward_codec_pack(&m.base, out);
}

enum ward_rc
ward_proto_control_decode(struct ward_span in, struct ward_arena *arena,
			  struct ward_proto_control *ret_control)
{
	const Ward__Scan__V1__Control *m =
		ward_codec_unpack(&ward__scan__v1__control__descriptor, in, arena);
	struct ward_proto_control c = {0};

	if (!m)
		return WARD_E_PROTO;
	if (m->kind_case == WARD__SCAN__V1__CONTROL__KIND_SETUP) {
		c.kind = WARD_PROTO_SETUP;
		c.worker_memory = m->setup->worker_memory;
		c.pack_count = m->setup->pack_count;
	} else if (m->kind_case == WARD__SCAN__V1__CONTROL__KIND_SPAWN) {
		c.kind = WARD_PROTO_SPAWN;
		c.slot = m->spawn->slot;
	} else {
		return WARD_E_PROTO;
	}
	if (c.pack_count > WARD_PROTO_PACKS_MAX || c.slot >= WARD_PROTO_SLOTS_MAX)
		return WARD_E_PROTO;
	*ret_control = c;
	return WARD_OK;
}

static bool
event_makes_sense(const struct ward_proto_event *e)
{
	switch (e->kind) {
	case WARD_PROTO_READY:
		return e->landlock <= 1000;
	case WARD_PROTO_FAILED:
		return e->rc <= WARD_E_NOMEM && e->rc >= WARD_E_STOPPED && e->text;
	case WARD_PROTO_SPAWNED:
		return e->slot < WARD_PROTO_SLOTS_MAX && e->pid <= INT32_MAX;
	case WARD_PROTO_EXITED:
		return e->pid > 0 && e->pid <= INT32_MAX && e->code >= 0 && e->code <= 255 &&
		       e->signal >= 0 && e->signal <= 64;
	}
	return false;
}

enum ward_rc
ward_proto_event_encode(const struct ward_proto_event *event, struct ward_buf *out)
{
	Ward__Scan__V1__Event m = WARD__SCAN__V1__EVENT__INIT;
	Ward__Scan__V1__Ready ready = WARD__SCAN__V1__READY__INIT;
	Ward__Scan__V1__Failed failed = WARD__SCAN__V1__FAILED__INIT;
	Ward__Scan__V1__Spawned spawned = WARD__SCAN__V1__SPAWNED__INIT;
	Ward__Scan__V1__Exited exited = WARD__SCAN__V1__EXITED__INIT;

	if (!event_makes_sense(event))
		return WARD_E_INVAL;
	switch (event->kind) {
	case WARD_PROTO_READY:
		ready.landlock = event->landlock;
		m.kind_case = WARD__SCAN__V1__EVENT__KIND_READY;
		m.ready = &ready;
		break;
	case WARD_PROTO_FAILED:
		failed.rc = event->rc;
		failed.text = ward_codec_bytes(event->text, strnlen(event->text, TEXT_MAX));
		m.kind_case = WARD__SCAN__V1__EVENT__KIND_FAILED;
		m.failed = &failed;
		break;
	case WARD_PROTO_SPAWNED:
		spawned.slot = event->slot;
		spawned.pid = event->pid;
		m.kind_case = WARD__SCAN__V1__EVENT__KIND_SPAWNED;
		m.spawned = &spawned;
		break;
	case WARD_PROTO_EXITED:
		exited.pid = event->pid;
		exited.code = event->code;
		exited.signal = event->signal;
		m.kind_case = WARD__SCAN__V1__EVENT__KIND_EXITED;
		m.exited = &exited;
		break;
	}
	return ward_codec_pack(&m.base, out);
}

static bool
event_from(const Ward__Scan__V1__Event *m, struct ward_arena *arena, struct ward_proto_event *e)
{
	switch ((int)m->kind_case) {
	case WARD__SCAN__V1__EVENT__KIND_READY:
		e->kind = WARD_PROTO_READY;
		e->landlock = m->ready->landlock;
		return true;
	case WARD__SCAN__V1__EVENT__KIND_FAILED:
		e->kind = WARD_PROTO_FAILED;
		e->rc = (enum ward_rc)m->failed->rc;
		e->text = ward_codec_text(arena, m->failed->text, TEXT_MAX);
		return true;
	case WARD__SCAN__V1__EVENT__KIND_SPAWNED:
		e->kind = WARD_PROTO_SPAWNED;
		e->slot = m->spawned->slot;
		e->pid = m->spawned->pid;
		return true;
	case WARD__SCAN__V1__EVENT__KIND_EXITED:
		e->kind = WARD_PROTO_EXITED;
		e->pid = m->exited->pid;
		e->code = m->exited->code;
		e->signal = m->exited->signal;
		return true;
	default:
		return false;
	}
}

enum ward_rc
ward_proto_event_decode(struct ward_span in, struct ward_arena *arena,
			struct ward_proto_event *ret_event)
{
	const Ward__Scan__V1__Event *m =
		ward_codec_unpack(&ward__scan__v1__event__descriptor, in, arena);
	struct ward_proto_event e = {0};

	if (!m || !event_from(m, arena, &e) || !event_makes_sense(&e))
		return WARD_E_PROTO;
	*ret_event = e;
	return WARD_OK;
}

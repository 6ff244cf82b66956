/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/serve/life.h"

#include "sys/clock.h"
#include "sys/log.h"
#include "sys/process.h"

#define STARTED "service-started"
#define STOPPED "service-stopped"
#define KILLED	"service-killed"

void
ward_life_note(struct ward_history *h, const char *kind, const char *text)
{
	const struct ward_event event = {
		.at_ms = ward_clock_wall() / 1000,
		.kind = ward_span_str(kind),
		.text = ward_span_str(text),
		.pid = (uint32_t)ward_process_self(),
	};
	enum ward_rc rc = ward_history_event_add(h, &event);

	if (rc != WARD_OK)
		ward_say(WARD_ERROR, "history.failed", "an event could not be remembered",
			 "error.message", ward_rc_str(rc), NULL);
}

/* The newest that is about the service itself. */
static enum ward_rc
find(void *ctx, const struct ward_event *e)
{
	bool *was_running = ctx;

	if (!ward_span_starts(e->kind, "service-", 8))
		return WARD_OK;
	*was_running = ward_span_eq(e->kind, ward_span_str(STARTED));
	return WARD_E_STOPPED;
}

bool
ward_life_begin(struct ward_history *h)
{
	bool was_running = false;

	(void)!ward_history_event_list(h, ward_span_str(""), 0, 0, find, &was_running);
	if (was_running) {
		ward_life_note(h, KILLED,
			       "the guard ended without being told to: killed, crashed, or the "
			       "machine went down");
		ward_say(WARD_WARNING, "guard.was-killed",
			 "the guard had ended without being told to", NULL);
	}
	ward_life_note(h, STARTED, "the guard was started");
	return was_running;
}

void
ward_life_end(struct ward_history *h)
{
	ward_life_note(h, STOPPED, "the guard was told to stop");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/agenda.h"

#include <stdlib.h>

static bool
earlier(const struct fleet_event *a, const struct fleet_event *b)
{
	return a->at != b->at ? a->at < b->at : a->turn < b->turn;
}

static void
swap(struct fleet_event *a, struct fleet_event *b)
{
	struct fleet_event c = *a;

	*a = *b;
	*b = c;
}

static enum ward_rc
grow(struct fleet_agenda *a)
{
	size_t room = a->room ? 2 * a->room : 1024;
	struct fleet_event *heap = reallocarray(a->heap, room, sizeof(*heap));

	if (!heap)
		return WARD_E_NOMEM;
	a->heap = heap;
	a->room = room;
	return WARD_OK;
}

enum ward_rc
fleet_agenda_add(struct fleet_agenda *a, struct fleet_event event)
{
	size_t i = a->count;
	enum ward_rc rc = i == a->room ? grow(a) : WARD_OK;

	if (rc)
		return rc;
	event.turn = a->turn++;
	a->heap[a->count++] = event;
	for (; i > 0 && earlier(&a->heap[i], &a->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&a->heap[i], &a->heap[(i - 1) / 2]);
	return WARD_OK;
}

const struct fleet_event *
fleet_agenda_next(const struct fleet_agenda *a)
{
	return a->count ? a->heap : NULL;
}

struct fleet_event
fleet_agenda_take(struct fleet_agenda *a)
{
	struct fleet_event first = a->heap[0];

	a->heap[0] = a->heap[--a->count];
	for (size_t i = 0, child; (child = 2 * i + 1) < a->count; i = child) {
		if (child + 1 < a->count && earlier(&a->heap[child + 1], &a->heap[child]))
			child++;
		if (!earlier(&a->heap[child], &a->heap[i]))
			break;
		swap(&a->heap[child], &a->heap[i]);
	}
	return first;
}

void
fleet_agenda_done(struct fleet_agenda *a)
{
	free(a->heap);
	*a = (struct fleet_agenda){0};
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/sweep/pace.h"

#include "base/text.h"

/* ns that may be used before anything is waited for. */
enum { FREE = 20 * 1000 * 1000 };
/* Fields of the line behind its name: user, nice, system, idle, iowait, irq, softirq, steal. */
enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };

void
ward_pace_begin(struct ward_pace *p, unsigned percent, unsigned cpus, uint64_t now)
{
	*p = (struct ward_pace){
		.permille = percent >= 100 ? 0 : (uint64_t)percent * 10 * (cpus ? cpus : 1),
		.at = now,
	};
}

void
ward_pace_used(struct ward_pace *p, uint64_t cpu_usec)
{
	if (p->permille)
		p->debt += cpu_usec * 1000;
}

uint64_t
ward_pace_wait(struct ward_pace *p, uint64_t now)
{
	uint64_t paid;

	if (p->permille == 0)
		return 0;
	paid = (now - p->at) * p->permille;
	p->debt = p->debt > paid ? p->debt - paid : 0;
	p->at = now;
	return p->debt > FREE ? (p->debt - FREE + p->permille - 1) / p->permille : 0;
}

enum ward_rc
ward_load_read(struct ward_span stat, struct ward_load *ret_load)
{
	struct ward_load load = {.busy = 0};
	struct ward_span line, part;
	uint64_t value;

	if (!ward_text_split(&stat, '\n', &line) || !ward_text_split(&line, ' ', &part) ||
	    !ward_span_eq(part, ward_span_str("cpu")))
		return WARD_E_FORMAT;
	for (int i = 0; i < FIELDS;) {
		if (!ward_text_split(&line, ' ', &part))
			return WARD_E_FORMAT;
		if (part.len == 0)
			continue;
		if (!ward_text_u64(part, &value) || value > UINT64_MAX / 16)
			return WARD_E_FORMAT;
		load.all += value;
		load.busy += i == NICE || i == IDLE || i == IOWAIT ? 0 : value;
		i++;
	}
	*ret_load = load;
	return WARD_OK;
}

bool
ward_load_idle(const struct ward_load *before, const struct ward_load *now)
{
	if (now->all <= before->all || now->busy < before->busy)
		return true;
	return (now->busy - before->busy) * 100 < (now->all - before->all) * WARD_LOAD_BUSY_PERCENT;
}

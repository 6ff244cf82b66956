/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/sink.h"

#include <stdarg.h>
#include <stdio.h>

enum { FACT_MAX = 1024 };

enum ward_rc
ward_sink_child(const struct ward_sink *sink, const struct ward_child *child)
{
	return sink->child ? sink->child(sink->ctx, child) : WARD_OK;
}

enum ward_rc
ward_sink_object(const struct ward_sink *sink, const char *name, struct ward_span bytes)
{
	struct ward_child child = {.name = name, .bytes = bytes};

	return ward_sink_child(sink, &child);
}

void
ward_sink_gap(const struct ward_sink *sink, const char *name, enum ward_reason why)
{
	if (sink->gap)
		sink->gap(sink->ctx, name, why);
}

void
ward_sink_fact(const struct ward_sink *sink, const char *key, const char *fmt, ...)
{
	char value[FACT_MAX];
	va_list args;

	if (!sink->fact)
		return;
	va_start(args, fmt);
	(void)vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	sink->fact(sink->ctx, key, value);
}

void
ward_sink_trait(const struct ward_sink *sink, enum ward_trait trait)
{
	if (sink->trait)
		sink->trait(sink->ctx, trait);
}

void
ward_sink_layout(const struct ward_sink *sink, const struct ward_layout *layout)
{
	if (sink->layout)
		sink->layout(sink->ctx, layout);
}

enum ward_rc
ward_sink_charge(const struct ward_sink *sink, uint64_t produced, uint64_t consumed)
{
	return sink->charge ? sink->charge(sink->ctx, produced, consumed) : WARD_OK;
}

enum ward_rc
ward_sink_inflate_charge(void *sink, uint64_t produced)
{
	return ward_sink_charge(sink, produced, 0);
}

size_t
ward_sink_child_max(const struct ward_sink *sink, size_t max)
{
	return sink->max_child && sink->max_child < max ? (size_t)sink->max_child : max;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utf.h"
#include "sys/clock.h"

enum { LINE_MAX = 8192, VALUE_MAX = 1024 };

/* One program, one log: the only state of its kind (sys/log.h). */
static struct {
	const char *service;
	int fd;
	enum ward_level from;
	bool text;
	_Atomic uint64_t dropped;
} sink = {.service = "ward", .fd = 2, .from = WARD_INFO};

void
ward_say_init(const char *service, int fd, enum ward_level from, bool text)
{
	sink.service = service;
	sink.fd = fd;
	sink.from = from;
	sink.text = text;
}

uint64_t
ward_say_dropped(void)
{
	return atomic_load(&sink.dropped);
}

static enum ward_rc
put_time(struct ward_buf *out)
{
	uint64_t now = ward_clock_wall();
	time_t seconds = (time_t)(now / 1000000);
	struct tm t;

	if (!gmtime_r(&seconds, &t))
		return WARD_E_IO;
	return ward_buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ", t.tm_year + 1900,
			       t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec,
			       (unsigned)(now / 1000 % 1000));
}

/* RFC 8259 §7; invalid UTF-8 becomes U+FFFD. */
static enum ward_rc
put_json(struct ward_buf *out, const char *text)
{
	WARD_AUTO(ward_buf_done) struct ward_buf clean = {0};
	enum ward_rc rc;

	ward_buf_init(&clean, (size_t)3 * VALUE_MAX, NULL);
	rc = ward_utf_clean(&clean, ward_span_of(text, strnlen(text, VALUE_MAX)));
	if (!rc)
		rc = ward_buf_byte(out, '"');
	for (size_t i = 0; i < clean.len && !rc; i++) {
		uint8_t c = clean.data[i];

		if (c == '"' || c == '\\')
			rc = ward_buf_printf(out, "\\%c", c);
		else if (c < 0x20)
			rc = ward_buf_printf(out, "\\u%04x", c);
		else
			rc = ward_buf_byte(out, c);
	}
	return rc ? rc : ward_buf_byte(out, '"');
}

static const char *const levels[] = {"debug", "info", "warning", "error"};

static enum ward_rc
put_pairs(struct ward_buf *out, va_list pairs)
{
	const char *name;
	enum ward_rc rc = WARD_OK;

	while (!rc && (name = va_arg(pairs, const char *))) {
		const char *value = va_arg(pairs, const char *);

		if (!value)
			break;
		rc = ward_buf_str(out, sink.text ? " " : ",");
		if (!rc && sink.text)
			rc = ward_buf_printf(out, "%s=", name);
		else if (!rc)
			rc = ward_buf_printf(out, "\"%s\":", name);
		if (!rc)
			rc = put_json(out, value);
	}
	return rc;
}

static enum ward_rc
put_head(struct ward_buf *out, enum ward_level level, const char *action, const char *message)
{
	enum ward_rc rc = ward_buf_str(out, sink.text ? "" : "{\"@timestamp\":\"");

	if (!rc)
		rc = put_time(out);
	if (sink.text)
		return rc ? rc : ward_buf_printf(out, " %-7s %s", levels[level], message);
	if (!rc)
		rc = ward_buf_printf(out,
				     "\",\"log.level\":\"%s\",\"event.action\":\"%s\","
				     "\"service.name\":\"%s\",\"message\":",
				     levels[level], action, sink.service);
	return rc ? rc : put_json(out, message);
}

/* One write, so that lines of several threads do not mix; a full pipe drops the line. */
static void
put_line(const struct ward_buf *line)
{
	if (write(sink.fd, line->data, line->len) != (ssize_t)line->len)
		atomic_fetch_add(&sink.dropped, 1);
}

void
ward_say(enum ward_level level, const char *action, const char *message, ...)
{
	WARD_AUTO(ward_buf_done) struct ward_buf line = {0};
	enum ward_rc rc;
	va_list pairs;

	if (level < sink.from)
		return;
	ward_buf_init(&line, LINE_MAX, NULL);
	rc = put_head(&line, level, action, message);
	va_start(pairs, message);
	if (!rc)
		rc = put_pairs(&line, pairs);
	va_end(pairs);
	if (!rc)
		rc = ward_buf_str(&line, sink.text ? "\n" : "}\n");
	if (rc)
		atomic_fetch_add(&sink.dropped, 1);
	else
		put_line(&line);
}

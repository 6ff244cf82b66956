/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/human.h"

#include "base/utf.h"

const char *
ward_human_bytes(uint64_t bytes, char buf[WARD_HUMAN_MAX])
{
	static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
	double value = (double)bytes / 1000;
	size_t unit = 0;

	if (bytes < 1000) {
		(void)snprintf(buf, WARD_HUMAN_MAX, "%u B", (unsigned)bytes);
		return buf;
	}
	while (value >= 999.95 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1000;
		unit++;
	}
	(void)snprintf(buf, WARD_HUMAN_MAX, "%.1f %s", value, units[unit]);
	return buf;
}

const char *
ward_human_count(uint64_t count, char buf[WARD_HUMAN_MAX])
{
	char digits[WARD_HUMAN_MAX];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count);
	size_t at = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf[at++] = ',';
		buf[at++] = digits[i];
	}
	buf[at] = '\0';
	return buf;
}

const char *
ward_human_seconds(double seconds, char buf[WARD_HUMAN_MAX])
{
	unsigned whole = (unsigned)seconds;

	if (seconds < 60)
		(void)snprintf(buf, WARD_HUMAN_MAX, "%.1f s", seconds);
	else if (seconds < 3600)
		(void)snprintf(buf, WARD_HUMAN_MAX, "%u:%02u", whole / 60, whole % 60);
	else
		(void)snprintf(buf, WARD_HUMAN_MAX, "%u:%02u:%02u", whole / 3600, whole / 60 % 60,
			       whole % 60);
	return buf;
}

void
ward_human_print(FILE *out, struct ward_span text)
{
	struct ward_buf b;

	/* Each byte becomes at most ten ("\u{10ffff}" for four). */
	ward_buf_init(&b, text.len * 10 + 16, NULL);
	if (ward_utf_escape(&b, text) == WARD_OK)
		(void)fwrite(b.data, 1, b.len, out);
	else
		(void)fputs("(name not printable)", out);
	ward_buf_done(&b);
}

const char *
ward_human_colour(bool on, enum ward_colour colour)
{
	static const char *const codes[] = {
		[WARD_PLAIN] = "\033[0m",  [WARD_RED] = "\033[1;31m", [WARD_YELLOW] = "\033[33m",
		[WARD_GREEN] = "\033[32m", [WARD_DIM] = "\033[2m",    [WARD_BOLD] = "\033[1m",
	};

	return on ? codes[colour] : "";
}

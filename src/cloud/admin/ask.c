/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/admin/ask.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/utf.h"
#include "cloud/admin/server.h"

enum { SETTLE_MS = 60 * 1000 };

static json_t *
ask_here(const struct ward_config *config, const json_t *request)
{
	WARD_AUTO(ward_node_closep) struct ward_node *node = NULL;
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	char actor[32];
	enum ward_rc rc;

	ward_buf_init(&why, 4096, NULL);
	rc = ward_node_open(config, NULL, &node, &why);
	if (!rc)
		rc = ward_node_settle(node, SETTLE_MS, NULL);
	if (rc) {
		(void)fprintf(stderr, "wardcloud: %s\n%.*s", ward_rc_str(rc), (int)why.len,
			      why.data ? (const char *)why.data : "");
		return NULL;
	}
	(void)snprintf(actor, sizeof(actor), "uid:%u", getuid());
	return ward_admin_call(node, actor, request, -1);
}

json_t *
ward_ask(const struct ward_config *config, const json_t *request)
{
	json_t *reply = NULL;
	enum ward_rc rc = ward_admin_ask(config, request, -1, &reply);

	if (rc == WARD_E_NOENT)
		reply = ask_here(config, request);
	else if (rc)
		(void)fprintf(stderr, "wardcloud: the service does not answer: %s\n",
			      ward_rc_str(rc));
	return reply;
}

/* --- for people --- */

static void
print_escaped(const char *text)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};

	ward_buf_init(&out, 65536, NULL);
	if (!ward_utf_escape(&out, ward_span_str(text)))
		(void)fwrite(out.data ? (const char *)out.data : "", 1, out.len, stdout);
}

static void
print_time(json_int_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm t;
	char text[32];

	if (ms == 0 || !gmtime_r(&seconds, &t) ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &t) == 0)
		(void)fputs("never", stdout);
	else
		(void)fputs(text, stdout);
}

static bool
is_time(const char *name)
{
	size_t len = strlen(name);

	return len > 3 && strcmp(name + len - 3, "_ms") == 0 && strcmp(name, "hold_ms") != 0;
}

static void
print_value(const char *name, const json_t *value)
{
	if (json_is_string(value))
		print_escaped(json_string_value(value));
	else if (json_is_integer(value) && is_time(name))
		print_time(json_integer_value(value));
	else if (json_is_integer(value))
		(void)printf("%lld", (long long)json_integer_value(value));
	else
		(void)fputs(json_is_true(value) ? "yes" : "no", stdout);
}

static bool
says_something(const json_t *value)
{
	return !json_is_array(value) && !json_is_object(value) &&
	       !(json_is_string(value) && json_string_length(value) == 0);
}

static void
print_line(const json_t *object)
{
	const char *name, *between = "  ";
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		if (!says_something(value))
			continue;
		(void)printf("%s%s=", between, name);
		print_value(name, value);
	}
	(void)putchar('\n');
}

static void
print_list(const char *name, const json_t *list)
{
	size_t i;
	json_t *one;

	(void)printf("%s: %zu\n", name, json_array_size(list));
	json_array_foreach(list, i, one)
	{
		if (json_is_object(one)) {
			print_line(one);
		} else {
			(void)fputs("  ", stdout);
			print_value("", one);
			(void)putchar('\n');
		}
	}
}

void
ward_ask_print(const json_t *reply, bool json)
{
	const char *name;
	json_t *value;

	if (json) {
		(void)json_dumpf(reply, stdout, JSON_COMPACT);
		(void)putchar('\n');
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)reply, name, value)
	{
		if (json_is_array(value)) {
			print_list(name, value);
		} else if (json_is_object(value)) {
			(void)printf("%s:\n", name);
			print_line(value);
		} else if (says_something(value) && strcmp(name, "ok") != 0) {
			(void)printf("%s: ", name);
			print_value(name, value);
			(void)putchar('\n');
		}
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <stdlib.h>

#include "base/text.h"

static bool
takes_value(const struct ward_option *o)
{
	return o->kind != WARD_OPTION_FLAG && o->kind != WARD_OPTION_NO;
}

static bool
with_unit(const char *text, const char *units, const uint64_t *factors, uint64_t *ret_value)
{
	struct ward_span s = ward_span_str(text);
	uint64_t value, factor = 1;

	if (s.len > 1) {
		const char *unit = strchr(units, (char)ward_text_lower(s.data[s.len - 1]));

		if (unit) {
			factor = factors[unit - units];
			s.len--;
		}
	}
	return ward_text_u64(s, &value) && !__builtin_mul_overflow(value, factor, ret_value);
}

bool
ward_options_size(const char *text, uint64_t *ret_bytes)
{
	static const uint64_t factors[] = {1ull << 10, 1ull << 20, 1ull << 30, 1ull << 40};
	uint64_t bytes;

	if (!with_unit(text, "kmgt", factors, &bytes))
		return false;
	*ret_bytes = bytes;
	return true;
}

bool
ward_options_time(const char *text, uint64_t *ret_seconds)
{
	static const uint64_t factors[] = {1, 60, 3600};
	uint64_t seconds;

	if (!with_unit(text, "smh", factors, &seconds))
		return false;
	*ret_seconds = seconds;
	return true;
}

static bool
store_list(struct ward_strings *list, const char *value)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 16;
		const char **items = reallocarray(list->items, room, sizeof(*items));

		if (!items)
			return false;
		list->items = items;
		list->room = room;
	}
	list->items[list->count++] = value;
	return true;
}

void
ward_strings_done(struct ward_strings *list)
{
	free(list->items);
	*list = (struct ward_strings){.items = NULL};
}

static bool
store(const struct ward_option *o, void *target, const char *value)
{
	void *at = (char *)target + o->offset;

	switch (o->kind) {
	case WARD_OPTION_FLAG:
		*(bool *)at = true;
		return true;
	case WARD_OPTION_NO:
		*(bool *)at = false;
		return true;
	case WARD_OPTION_TEXT:
		*(const char **)at = value;
		return true;
	case WARD_OPTION_LIST:
		return store_list(at, value);
	case WARD_OPTION_NUMBER:
		return ward_text_u64(ward_span_str(value), at);
	case WARD_OPTION_SIZE:
		return ward_options_size(value, at);
	case WARD_OPTION_TIME:
		return ward_options_time(value, at);
	}
	return false;
}

static const struct ward_option *
find_long(const struct ward_command *command, struct ward_span name)
{
	for (const struct ward_option *o = command->options; o->name; o++)
		if (ward_span_eq(name, ward_span_str(o->name)))
			return o;
	return NULL;
}

static const struct ward_option *
find_letter(const struct ward_command *command, char letter)
{
	for (const struct ward_option *o = command->options; o->name; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

struct parse {
	const struct ward_command *command;
	void *target;
	int argc;
	char **argv;
	int i;
};

static bool
complain(const struct parse *p, const char *what, const char *which)
{
	(void)fprintf(stderr, "ward %s: %s: %s\nTry: ward %s --help\n", p->command->name, what,
		      which, p->command->name);
	return false;
}

/* `inlined`: a value glued to the option ("--jobs=2", "-j2"), or NULL. */
static bool
apply(struct parse *p, const struct ward_option *o, const char *inlined)
{
	const char *value = inlined;

	if (!takes_value(o)) {
		if (inlined)
			return complain(p, "option takes no value", o->name);
		return store(o, p->target, "");
	}
	if (!value) {
		if (p->i + 1 >= p->argc)
			return complain(p, "option needs a value", o->name);
		value = p->argv[++p->i];
	}
	return store(o, p->target, value) || complain(p, "bad value for option", o->name);
}

static bool
parse_long(struct parse *p, const char *text)
{
	struct ward_span rest = ward_span_str(text), name;
	const char *equals = strchr(text, '=');
	const struct ward_option *o;

	(void)ward_text_split(&rest, '=', &name);
	o = find_long(p->command, name);
	if (!o)
		return complain(p, "unknown option", p->argv[p->i]);
	return apply(p, o, equals ? equals + 1 : NULL);
}

static bool
parse_letters(struct parse *p, const char *letters)
{
	for (; *letters; letters++) {
		const struct ward_option *o = find_letter(p->command, *letters);

		if (!o)
			return complain(p, "unknown option", p->argv[p->i]);
		if (takes_value(o))
			return apply(p, o, letters[1] ? letters + 1 : NULL);
		if (!apply(p, o, NULL))
			return false;
	}
	return true;
}

bool
ward_options_parse(const struct ward_command *command, int argc, char **argv, void *target,
		   struct ward_strings *operands)
{
	struct parse p = {.command = command, .target = target, .argc = argc, .argv = argv};
	bool only_operands = false;

	for (p.i = 1; p.i < argc; p.i++) {
		const char *arg = argv[p.i];

		if (!only_operands && strcmp(arg, "--") == 0) {
			only_operands = true;
		} else if (!only_operands && strncmp(arg, "--", 2) == 0) {
			if (!parse_long(&p, arg + 2))
				return false;
		} else if (!only_operands && arg[0] == '-' && arg[1]) {
			if (!parse_letters(&p, arg + 1))
				return false;
		} else if (!store_list(operands, arg)) {
			return complain(&p, "no memory for argument", arg);
		}
	}
	return true;
}

static void
help_option(const struct ward_option *o, FILE *out)
{
	char left[64];

	if (o->letter)
		(void)snprintf(left, sizeof(left), "  -%c, --%s%s%s", o->letter, o->name,
			       o->value ? " " : "", o->value ? o->value : "");
	else
		(void)snprintf(left, sizeof(left), "      --%s%s%s", o->name, o->value ? " " : "",
			       o->value ? o->value : "");
	(void)fprintf(out, "%-30s %s\n", left, o->help);
}

void
ward_options_help(const struct ward_command *command, FILE *out)
{
	(void)fprintf(out, "Usage: %s\n\n%s\n\nOptions:\n", command->synopsis, command->about);
	for (const struct ward_option *o = command->options; o->name; o++)
		help_option(o, out);
	if (command->examples)
		(void)fprintf(out, "\nExamples:\n%s", command->examples);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/ceremony/options.h"

#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/text.h"
#include "cloud/node/node.h"
#include "sys/clock.h"

enum { WHY = 4096 };

static const struct option table[] = {
	{"config", required_argument, NULL, 'c'},
	{"set", required_argument, NULL, 's'},
	{"dir", required_argument, NULL, 'd'},
	{"out", required_argument, NULL, 'o'},
	{"from", required_argument, NULL, 'f'},
	{"passphrase-file", required_argument, NULL, 'p'},
	{"key", required_argument, NULL, 'k'},
	{"expires", required_argument, NULL, 'e'},
	{"root-keys", required_argument, NULL, 'n'},
	{"root-threshold", required_argument, NULL, 't'},
	{"service-kinds", required_argument, NULL, 'K'},
	{"install", no_argument, NULL, 'i'},
	{"online", no_argument, NULL, 'O'},
	{"first", no_argument, NULL, '1'},
	{"new-log", no_argument, NULL, 'l'},
	{"help", no_argument, NULL, 'h'},
	{"add", required_argument, NULL, 'A' + 128 + WARD_EDIT_ADD},
	{"remove", required_argument, NULL, 'A' + 128 + WARD_EDIT_REMOVE},
	{"threshold", required_argument, NULL, 'A' + 128 + WARD_EDIT_THRESHOLD},
	{"delegate", required_argument, NULL, 'A' + 128 + WARD_EDIT_DELEGATE},
	{"public", required_argument, NULL, 'A' + 128 + WARD_EDIT_PUBLIC},
	{"kinds", required_argument, NULL, 'A' + 128 + WARD_EDIT_KINDS},
	{"scopes", required_argument, NULL, 'A' + 128 + WARD_EDIT_SCOPES},
	{"end", required_argument, NULL, 'A' + 128 + WARD_EDIT_END},
	{"revoke", required_argument, NULL, 'A' + 128 + WARD_EDIT_REVOKE},
	{NULL, 0, NULL, 0},
};

int
ward_ceremony_fail(const char *text)
{
	(void)fprintf(stderr, "wardcloud: keys: %s\n", text);
	return 2;
}

int
ward_ceremony_refused(enum ward_rc rc, const struct ward_refusal *why)
{
	const char *word = ward_refusal_word(why->code);

	(void)fprintf(stderr, "wardcloud: keys: %s%s%s\n", word, *word ? ": " : "",
		      why->text[0] ? why->text : ward_rc_str(rc));
	return 2;
}

bool
ward_ceremony_duration(const char *text, uint64_t *ret_ms)
{
	static const struct {
		char unit;
		uint64_t ms;
	} units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
	size_t len = strlen(text);
	uint64_t n;

	if (len < 2 || !ward_text_u64(ward_span_of(text, len - 1), &n) || n == 0 || n > 1000000)
		return false;
	for (size_t i = 0; i < 4; i++)
		if (text[len - 1] == units[i].unit)
			return *ret_ms = n * units[i].ms, true;
	return false;
}

/* --- taking options --- */

static bool
take_number(const char *text, unsigned *ret)
{
	uint64_t n;

	if (!ward_text_u64(ward_span_str(text), &n) || n < 1 || n > WARD_CEREMONY_KEYS)
		return false;
	*ret = (unsigned)n;
	return true;
}

static bool
take_edit(struct ward_ceremony_options *o, int letter, const char *text)
{
	if (o->edit_count == WARD_CEREMONY_EDITS)
		return false;
	o->edits[o->edit_count++] =
		(struct ward_edit){(enum ward_edit_kind)(letter - 'A' - 128), text};
	return true;
}

static bool
take_expiry(struct ward_ceremony_options *o, const char *text)
{
	uint64_t ms;

	if (!ward_ceremony_duration(text, &ms))
		return false;
	o->expires_ms = o->now_ms + ms;
	return true;
}

static void
take_flag(struct ward_ceremony_options *o, int letter)
{
	o->install |= letter == 'i';
	o->online |= letter == 'O';
	o->first |= letter == '1';
	o->new_log |= letter == 'l';
	o->help |= letter == 'h';
}

static bool
take(struct ward_ceremony_options *o, int letter, const char *text)
{
	switch (letter) {
	case 'c':
		return o->config = text, true;
	case 's':
		if (o->set_count == WARD_CEREMONY_SETS)
			return false;
		return o->sets[o->set_count++] = text, true;
	case 'd':
		return o->dir = text, true;
	case 'o':
		return o->out = text, true;
	case 'f':
		return o->from = text, true;
	case 'p':
		return o->passphrase_file = text, true;
	case 'K':
		return o->kinds = text, true;
	case 'k':
		if (o->key_count == WARD_CEREMONY_KEYS)
			return false;
		return o->keys[o->key_count++] = text, true;
	case 'e':
		return take_expiry(o, text);
	case 'n':
		return take_number(text, &o->root_keys);
	case 't':
		return take_number(text, &o->root_threshold);
	default:
		if (text)
			return take_edit(o, letter, text);
		return take_flag(o, letter), true;
	}
}

bool
ward_ceremony_parse(struct ward_ceremony_options *o, const char *allowed, int argc, char **argv)
{
	int letter, which = 0;
	char name[40];

	o->now_ms = ward_clock_wall() / 1000;
	optind = 1;
	while ((letter = getopt_long(argc, argv, "", table, &which)) != -1) {
		if (letter == '?')
			return false;
		(void)snprintf(name, sizeof(name), " %s ", table[which].name);
		if (letter != 'h' && !strstr(allowed, name)) {
			(void)fprintf(stderr, "wardcloud: keys: no option --%s here\n",
				      table[which].name);
			return false;
		}
		if (!take(o, letter, optarg)) {
			(void)fprintf(stderr, "wardcloud: keys: --%s: not a value for it: %s\n",
				      table[which].name, optarg);
			return false;
		}
	}
	o->operand_count = argc - optind;
	o->operands = argv + optind;
	return true;
}

/* --- the directory --- */

bool
ward_ceremony_directory(struct ward_ceremony_options *o)
{
	static const char standard[] = "/etc/wardcloud/wardcloud.conf";
	static struct ward_config config;
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	ward_config_text path;
	struct stat st;
	const char *file = o->config;

	if (o->dir) {
		if (strlen(o->dir) >= sizeof(o->directory)) {
			(void)ward_ceremony_fail("the directory's name is too long");
			return false;
		}
		memcpy(o->directory, o->dir, strlen(o->dir) + 1);
		return true;
	}
	if (!file && stat(standard, &st) == 0)
		file = standard;
	ward_buf_init(&why, WHY, NULL);
	if (ward_node_config(file, o->sets, o->set_count, &config, &why) ||
	    !ward_config_path(&config, "trust", path)) {
		(void)fwrite(why.data ? (const char *)why.data : "", 1, why.len, stderr);
		return false;
	}
	memcpy(o->directory, path, strlen(path) + 1);
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ward cloud test --block-at-first-sight`: opens two files that nobody has ever seen and sees what the
 * guard makes of it. One is convicted by the cloud's test rule alone (docs/cloud-test-file.md), the other
 * by nobody. Everything is said by the guard or felt at the open; no key of the device is needed.
 */
#include <poll.h>
#include <sys/sysmacros.h>

#include "base/text.h"
#include "cli/cloud-print.h"
#include "cli/cloud.h"
#include "cli/commands.h"
#include "cli/manage.h"
#include "proto/wire.h"
#include "sys/clock.h"
#include "sys/crypto.h"
#include "sys/digest.h"
#include "sys/entry.h"
#include "sys/fd.h"

enum { TEXT_ROOM = 512, HISTORY_USEC = 10 * 1000 * 1000, HISTORY_STEP_MS = 50 };

#define THREAT	       "Test.Ward.CloudOnly"
#define STANDARD_PLACE "/var/tmp"
#define BAD	       "cloud-only.sh"
#define GOOD	       "ordinary.sh"

struct sight {
	const struct ward_cloud_options *o;
	struct ward_arena *arena; /* of the guard's replies */
	struct ward_guard_reply guard;
	bool failed;
	int above, directory; /* where the files lie, and where that is; -1 */
	char place[48];
	uint8_t sha256[WARD_SHA256_LEN]; /* of the bad one */
	/* what the history says of it */
	struct ward_manage_request threat;
	char status[32], name[128], tier[32];
};

static bool
step(struct sight *s, const char *name, bool good, const char *text, json_t *more)
{
	ward_cloud_step(s->o->json, name, good, text, more);
	s->failed |= !good;
	return good;
}

/* --- what the guard says --- */

static const char *
word(const struct sight *s, const char *name)
{
	for (size_t i = 0; i < s->guard.text_count; i++) {
		if (strcmp(s->guard.texts[i].name, name) == 0)
			return s->guard.texts[i].value;
	}
	return "";
}

static uint64_t
figure(const struct sight *s, const char *name)
{
	for (size_t i = 0; i < s->guard.figure_count; i++) {
		if (strcmp(s->guard.figures[i].name, name) == 0)
			return s->guard.figures[i].value;
	}
	return 0;
}

static bool
refresh(struct sight *s)
{
	return ward_guard_status(s->o->socket, s->arena, &s->guard);
}

static bool
check_guard(struct sight *s)
{
	char text[TEXT_ROOM];
	const char *mode = word(s, "mode"), *cloud = word(s, "cloud");

	(void)snprintf(text, sizeof(text), "wardd %s answers", word(s, "version"));
	(void)step(s, "guard", true, text, NULL);
	(void)snprintf(text, sizeof(text), "%s%s", mode,
		       strcmp(mode, "block") == 0 ? "" : ": nothing is denied in this mode");
	if (!step(s, "mode", strcmp(mode, "block") == 0, text, NULL))
		return false;
	(void)snprintf(text, sizeof(text), "%s %s", cloud, word(s, "cloud.server"));
	return step(s, "cloud", strcmp(cloud, "connected") == 0, text, NULL);
}

/* Btrfs shows files under other numbers than its mounts: "no" is a hint, not a proof. */
static bool
seems_watched(const struct sight *s)
{
	const char *list = word(s, "filesystems.devices"), *at = list;
	struct ward_fd_stat st;
	char device[32];
	size_t n;

	if (ward_fd_stat(s->directory, &st) != WARD_OK)
		return true;
	n = (size_t)snprintf(device, sizeof(device), "%u:%u", major(st.device), minor(st.device));
	while ((at = strstr(at, device)) != NULL) {
		if ((at == list || at[-1] == ' ') && (at[n] == 0 || at[n] == ' '))
			return true;
		at += n;
	}
	return strstr(list, "…") != NULL;
}

/* --- the files --- */

static bool
random_hex(char hex[33])
{
	uint8_t random[16];

	if (ward_crypto_random(random, sizeof(random)) != WARD_OK)
		return false;
	ward_text_hex(ward_span_of(random, sizeof(random)), hex);
	return true;
}

static enum ward_rc
write_file(int directory, const char *name, const char *text)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	enum ward_rc rc = ward_fd_create(directory, name, 0700, &fd);

	return rc == WARD_OK ? ward_fd_write_all(fd, ward_span_str(text)) : rc;
}

static bool
make_place(struct sight *s)
{
	const char *in = s->o->directory ? s->o->directory : STANDARD_PLACE;
	char hex[33], text[TEXT_ROOM];
	enum ward_rc rc;

	if (!random_hex(hex))
		return step(s, "files", false, "no random numbers", NULL);
	(void)snprintf(s->place, sizeof(s->place), "ward-test-%s", hex);
	rc = ward_fd_open_directory(-1, in, &s->above);
	if (rc == WARD_OK)
		rc = ward_entry_make_directory(s->above, s->place, 0700);
	if (rc == WARD_OK)
		rc = ward_fd_open_directory(s->above, s->place, &s->directory);
	if (rc == WARD_OK)
		return true;
	(void)snprintf(text, sizeof(text), "no directory can be made in %.300s: %s", in,
		       ward_rc_str(rc));
	return step(s, "files", false, text, NULL);
}

/* What the open said, and how long that took. */
struct opened {
	enum ward_rc rc;
	bool held;
	uint64_t usec;
};

static void
open_fresh(struct sight *s, const char *name, const char *text, struct opened *ret)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	uint64_t held = figure(s, "cloud.held"), begun;

	*ret = (struct opened){.rc = write_file(s->directory, name, text)};
	if (ret->rc != WARD_OK)
		return;
	begun = ward_clock_monotonic();
	ret->rc = ward_fd_open_once(s->directory, name, &fd);
	ret->usec = ward_clock_monotonic() - begun;
	ret->held = refresh(s) && figure(s, "cloud.held") > held;
}

static json_t *
facts(const struct opened *o)
{
	return json_pack("{s:s, s:b, s:I}", "outcome",
			 o->rc == WARD_OK	? "allowed"
			 : o->rc == WARD_E_PERM ? "denied"
						: "error",
			 "held", o->held, "usec", (json_int_t)o->usec);
}

static const char *
milliseconds(const struct opened *o, char ret[32])
{
	(void)snprintf(ret, 32, "%llu.%03llu ms", (unsigned long long)o->usec / 1000,
		       (unsigned long long)o->usec % 1000);
	return ret;
}

static const char *
why_not(const struct sight *s, const struct opened *o)
{
	if (o->rc != WARD_OK)
		return ward_rc_str(o->rc);
	if (!seems_watched(s))
		return "it opened: the guard does not watch this file system";
	if (!o->held)
		return "it opened and was not held: excluded, or not in the scope of the policy's "
		       "section hold";
	return "it was held, and opened: the cloud did not convict it in time";
}

static bool
open_bad(struct sight *s)
{
	char hex[33], file[256], text[TEXT_ROOM], time[32];
	struct opened o;

	if (!random_hex(hex))
		return step(s, "first sight", false, "no random numbers", NULL);
	(void)snprintf(file, sizeof(file),
		       "#!/bin/sh\n# WARD-CLOUD-PROTECTION-TEST-FILE-3f7c9a52-61d8-4be0-9c0e-"
		       "7d24a8b1f6e3 %s\n",
		       hex);
	if (ward_digest(WARD_SHA256, ward_span_str(file), s->sha256) != WARD_OK)
		return step(s, "first sight", false, "no digest", NULL);
	open_fresh(s, BAD, file, &o);
	if (o.rc == WARD_E_PERM)
		(void)snprintf(text, sizeof(text), "a file nobody has seen: %s %s, then denied",
			       o.held ? "held for" : "not held,", milliseconds(&o, time));
	else
		(void)snprintf(text, sizeof(text), "%s", why_not(s, &o));
	return step(s, "first sight", o.rc == WARD_E_PERM && o.held, text, facts(&o));
}

static bool
open_good(struct sight *s)
{
	char hex[33], file[256], text[TEXT_ROOM], time[32];
	struct opened o;

	if (!random_hex(hex))
		return step(s, "ordinary", false, "no random numbers", NULL);
	(void)snprintf(file, sizeof(file), "#!/bin/sh\n# %s\necho good morning\n", hex);
	open_fresh(s, GOOD, file, &o);
	if (o.rc == WARD_OK)
		(void)snprintf(text, sizeof(text), "a file nobody has seen: %s %s, then allowed",
			       o.held ? "held for" : "not held,", milliseconds(&o, time));
	else
		(void)snprintf(text, sizeof(text), "a harmless file was not opened: %s",
			       ward_rc_str(o.rc));
	return step(s, "ordinary", o.rc == WARD_OK, text, facts(&o));
}

/* --- what the history says --- */

static void
copy_text(const struct ward_manage_entry *e, const char *name, char *into, size_t room)
{
	const struct ward_manage_field *f = ward_manage_field_find(e, name);

	(void)snprintf(into, room, "%s", f && f->text.len ? (const char *)f->text.data : "");
}

static void
take_listed(void *ctx, const struct ward_manage_entry *e)
{
	struct sight *s = ctx;
	char hex[2 * WARD_SHA256_LEN + 1], said[2 * WARD_SHA256_LEN + 1], id[40];

	ward_text_hex(ward_span_of(s->sha256, sizeof(s->sha256)), hex);
	copy_text(e, "sha256", said, sizeof(said));
	copy_text(e, "id", id, sizeof(id));
	if (s->threat.has_id || strcmp(hex, said) != 0)
		return;
	copy_text(e, "status", s->status, sizeof(s->status));
	copy_text(e, "name", s->name, sizeof(s->name));
	s->threat.has_id = ward_wire_uuid_parse(ward_span_str(id), s->threat.id) == WARD_OK;
}

static void
take_shown(void *ctx, const struct ward_manage_entry *e)
{
	struct sight *s = ctx;
	const struct ward_manage_field *f = ward_manage_field_find(e, "evidence");
	json_t *evidence = f && f->text.len
				   ? json_loadb((const char *)f->text.data, f->text.len, 0, NULL)
				   : NULL;
	const char *tier = json_string_value(json_object_get(evidence, "tier"));

	(void)snprintf(s->tier, sizeof(s->tier), "%s", tier ? tier : "");
	json_decref(evidence);
}

static enum ward_rc
manage(struct sight *s, struct ward_manage_request *r,
       void (*take)(void *ctx, const struct ward_manage_entry *entry))
{
	struct ward_manage_ask ask = {.command = "cloud test",
				      .socket = s->o->socket,
				      .file = -1,
				      .take = take,
				      .ctx = s};

	return ward_manage_show(&ask, r);
}

/* The guard writes it down after it has answered. */
static bool
find_threat(struct sight *s)
{
	uint64_t until = ward_clock_monotonic() + HISTORY_USEC;
	struct ward_manage_request list = {
		.operation = WARD_MANAGE_THREAT_LIST, .name = THREAT, .limit = 16};

	while (manage(s, &list, take_listed) == WARD_OK && !s->threat.has_id) {
		if (ward_clock_monotonic() > until)
			break;
		(void)poll(NULL, 0, HISTORY_STEP_MS);
	}
	if (!s->threat.has_id)
		return false;
	s->threat.operation = WARD_MANAGE_THREAT_SHOW;
	return manage(s, &s->threat, take_shown) == WARD_OK;
}

static bool
check_verdict(struct sight *s)
{
	char text[TEXT_ROOM], id[37] = "";

	if (!find_threat(s))
		return step(s, "verdict", false, "the guard's history does not have it", NULL);
	ward_wire_uuid_text(s->threat.id, id);
	(void)snprintf(text, sizeof(text), "malicious, %s (by %s); ward threat show %s", s->name,
		       s->tier, id);
	return step(s, "verdict", strcmp(s->tier, "sample") == 0 && strcmp(s->name, THREAT) == 0,
		    text,
		    json_pack("{s:s, s:s, s:s}", "threat", s->name, "tier", s->tier, "id", id));
}

/* --- afterwards --- */

static bool
gone(const struct sight *s, const char *name)
{
	enum ward_rc rc = ward_entry_remove(s->directory, name, false);

	return rc == WARD_OK || rc == WARD_E_NOENT;
}

static void
clean_up(struct sight *s)
{
	bool good = true;

	if (s->directory < 0)
		return;
	if (s->threat.has_id && strcmp(s->status, "quarantined") == 0) {
		s->threat.operation = WARD_MANAGE_THREAT_DELETE;
		s->threat.why = "a test file of ward cloud test";
		good = manage(s, &s->threat, NULL) == WARD_OK;
	}
	good &= gone(s, BAD);
	good &= gone(s, GOOD);
	good &= ward_entry_remove(s->above, s->place, true) == WARD_OK;
	(void)step(s, "clean-up", good,
		   good ? "both files are gone; the history keeps the threat, as a test" : s->place,
		   NULL);
}

int
ward_cloud_sight(const struct ward_cloud_options *options)
{
	static struct sight s;
	struct ward_budget budget = {.cap = (size_t)8 * WARD_GUARD_ARENA};

	s = (struct sight){
		.o = options, .arena = ward_arena_new(&budget), .above = -1, .directory = -1};
	if (!s.arena || !refresh(&s)) {
		if (options->json)
			(void)step(&s, "guard", false, "it does not answer", NULL);
		s.arena = ward_arena_free(s.arena);
		return WARD_EXIT_ERROR;
	}
	if (check_guard(&s) && make_place(&s)) {
		if (open_bad(&s))
			(void)check_verdict(&s);
		(void)open_good(&s);
	}
	clean_up(&s);
	ward_fd_close(&s.directory);
	ward_fd_close(&s.above);
	s.arena = ward_arena_free(s.arena);
	return s.failed ? WARD_EXIT_FOUND : WARD_EXIT_NOTHING;
}

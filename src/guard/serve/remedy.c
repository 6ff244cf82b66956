/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/serve/remedy.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy/json/json.h"
#include "sys/clock.h"
#include "sys/entry.h"
#include "sys/fd.h"
#include "sys/log.h"
#include "sys/running.h"

enum { PATH_ROOM = 4096, EVIDENCE_MAX = 4096 };

struct ward_remedy {
	struct ward_history *history;
	struct ward_quarantine *quarantine;
};

static void
say_missing(const char *what, enum ward_rc rc)
{
	ward_say(WARD_ERROR, "store.failed", "a store cannot be opened and is done without",
		 "ward.store", what, "error.message", ward_rc_str(rc), NULL);
}

static void
open_history(struct ward_remedy *r, const char *directory, const struct ward_policy *policy)
{
	char path[PATH_ROOM];
	const struct ward_history_options o = {
		.path = path,
		.days = (uint32_t)(policy->history.keep / (24u * 3600 * 1000)),
		.max_items = (uint32_t)policy->history.items,
	};
	bool aside = false;
	enum ward_rc rc;

	(void)snprintf(path, sizeof(path), "%s/history.db", directory);
	rc = ward_history_open(&o, &r->history, &aside);
	if (rc != WARD_OK)
		say_missing("history", rc);
	else if (aside)
		ward_say(WARD_WARNING, "store.set-aside",
			 "the history was damaged; a new one is begun", NULL);
}

static void
open_quarantine(struct ward_remedy *r, const char *directory, const struct ward_policy *policy)
{
	char path[PATH_ROOM];
	const struct ward_quarantine_options o = {
		.directory = path,
		.total_max = policy->history.quarantine_quota,
	};
	enum ward_rc rc;

	(void)snprintf(path, sizeof(path), "%s/quarantine", directory);
	rc = ward_quarantine_open(&o, &r->quarantine, NULL);
	if (rc != WARD_OK)
		say_missing("quarantine", rc);
}

struct ward_remedy *
ward_remedy_new(const char *directory, const struct ward_policy *policy)
{
	struct ward_remedy *r = calloc(1, sizeof(*r));
	enum ward_rc rc;

	if (!r)
		return NULL;
	rc = ward_entry_make_directory(-1, directory, 0711);
	if (rc != WARD_OK && rc != WARD_E_PERM)
		say_missing(directory, rc);
	open_history(r, directory, policy);
	open_quarantine(r, directory, policy);
	return r;
}

struct ward_remedy *
ward_remedy_free(struct ward_remedy *r)
{
	if (!r)
		return NULL;
	ward_history_freep(&r->history);
	ward_quarantine_freep(&r->quarantine);
	free(r);
	return NULL;
}

struct ward_history *
ward_remedy_history(const struct ward_remedy *r)
{
	return r->history;
}

struct ward_quarantine *
ward_remedy_quarantine(const struct ward_remedy *r)
{
	return r->quarantine;
}

bool
ward_remedy_has_history(const struct ward_remedy *r)
{
	return r->history != NULL;
}

bool
ward_remedy_has_quarantine(const struct ward_remedy *r)
{
	return r->quarantine != NULL;
}

static const char *
reason_of(const struct ward_remedy_case *what)
{
	if (what->kind == WARD_INCIDENT_WRITTEN)
		return "written";
	if (what->kind == WARD_INCIDENT_LATE)
		return "late-verdict";
	if (what->kind == WARD_INCIDENT_FOUND)
		return "scan";
	return what->exec ? "exec" : "open";
}

static enum ward_layer
layer_of(const char *name)
{
	for (enum ward_layer l = WARD_LAYER_HASH; l < WARD_LAYER_END; l++) {
		if (strcmp(ward_layer_name(l), name) == 0)
			return l;
	}
	return WARD_LAYER_HASH;
}

static bool
wants_quarantine(const struct ward_remedy_case *what)
{
	return what->action >= WARD_POLICY_ACTION_QUARANTINE &&
	       (what->kind == WARD_INCIDENT_BLOCKED || what->kind == WARD_INCIDENT_WRITTEN ||
		what->kind == WARD_INCIDENT_LATE || what->kind == WARD_INCIDENT_FOUND);
}

static enum ward_threat_status
take_away(struct ward_remedy *r, const struct ward_remedy_case *what, uint8_t id[WARD_ITEM_ID],
	  const char **ret_note)
{
	const struct ward_item_cause cause = {
		.verdict = what->verdict,
		.threat = ward_span_str(what->threat),
		.reason = ward_span_str(reason_of(what)),
		.program = ward_span_str(what->program),
		.actor_pid = (uint32_t)what->pid,
	};
	const struct ward_quarantine_request request = {
		.fd = what->fd,
		.root = -1,
		.opened = ward_span_str(what->path),
		.cause = &cause,
	};
	struct ward_quarantine_outcome outcome = {0};

	if (!r->quarantine) {
		*ret_note = "there is no quarantine";
		return WARD_THREAT_FAILED;
	}
	if (ward_quarantine_add(r->quarantine, &request, &outcome) != WARD_OK) {
		*ret_note = ward_quarantine_why_text(outcome.why);
		return WARD_THREAT_FAILED;
	}
	memcpy(id, outcome.id, WARD_ITEM_ID);
	*ret_note = ward_quarantine_why_text(outcome.why);
	return WARD_THREAT_QUARANTINED;
}

/* Test files are named so by the rules that find them. */
static const char *
category_of(const struct ward_remedy_case *what)
{
	if (strncmp(what->threat, "Test.", 5) == 0)
		return "test";
	return what->verdict == WARD_MALICIOUS ? "malware" : "suspicious";
}

static enum ward_rc
add_member(struct ward_buf *json, const char *name, const char *value)
{
	enum ward_rc rc;

	if (!*value)
		return WARD_OK;
	rc = ward_buf_str(json, json->len > 1 ? ", \"" : "\"");
	if (rc == WARD_OK)
		rc = ward_buf_str(json, name);
	if (rc == WARD_OK)
		rc = ward_buf_str(json, "\": ");
	return rc == WARD_OK ? ward_json_quote(json, ward_span_str(value)) : rc;
}

/* {"layer": "cloud", "rule": "…", "tier": "sample"}; without memory nothing. */
static struct ward_span
evidence_of(const struct ward_remedy_case *what, struct ward_buf *json)
{
	enum ward_rc rc = ward_buf_byte(json, '{');

	if (rc == WARD_OK)
		rc = add_member(json, "layer", what->layer);
	if (rc == WARD_OK)
		rc = add_member(json, "rule", what->rule);
	if (rc == WARD_OK)
		rc = add_member(json, "tier", what->tier);
	if (rc == WARD_OK)
		rc = ward_buf_byte(json, '}');
	if (rc != WARD_OK)
		ward_buf_clear(json);
	return ward_buf_span(json);
}

static void
remember(struct ward_remedy *r, const struct ward_remedy_case *what, enum ward_threat_status status,
	 struct ward_span item, const char *note)
{
	WARD_AUTO(ward_buf_done) struct ward_buf json = {0};
	struct ward_fd_stat st = {.uid = 0};
	struct ward_threat threat = {
		.status = status,
		.verdict = what->verdict,
		.layer = layer_of(what->layer),
		.name = ward_span_str(what->threat),
		.category = ward_span_str(category_of(what)),
		.path = ward_span_str(what->path),
		.sha256 = what->sha256,
		.reason = ward_span_str(reason_of(what)),
		.program = ward_span_str(what->program),
		.note = ward_span_str(note),
		.actor_pid = (uint32_t)what->pid,
		.quarantine = item,
		.last_ms = ward_clock_wall() / 1000,
	};
	uint8_t id[WARD_HISTORY_ID];
	enum ward_rc rc;

	if (!r->history)
		return;
	ward_buf_init(&json, EVIDENCE_MAX, NULL);
	threat.evidence = evidence_of(what, &json);
	if (ward_fd_stat(what->fd, &st) == WARD_OK)
		threat.owner_uid = st.uid;
	rc = ward_history_threat_add(r->history, &threat, id);
	if (rc != WARD_OK)
		ward_say(WARD_ERROR, "history.failed", "a threat could not be remembered",
			 "error.message", ward_rc_str(rc), NULL);
}

void
ward_remedy_act(struct ward_remedy *r, const struct ward_remedy_case *what,
		enum ward_threat_status *ret_status, const char **ret_note)
{
	uint8_t id[WARD_ITEM_ID];
	struct ward_span item = {NULL, 0};
	enum ward_threat_status status = WARD_THREAT_BLOCKED;

	*ret_note = "";
	if (what->kind == WARD_INCIDENT_WOULD_BLOCK || what->kind == WARD_INCIDENT_SEEN ||
	    (what->kind == WARD_INCIDENT_FOUND && what->action < WARD_POLICY_ACTION_BLOCK))
		status = WARD_THREAT_ALLOWED;
	if (what->kind == WARD_INCIDENT_FAILED)
		status = WARD_THREAT_FAILED;
	/* Who runs it goes first: nothing is to bring it back while it is taken away. */
	if (wants_quarantine(what) && what->action >= WARD_POLICY_ACTION_KILL)
		(void)ward_running_kill(what->fd);
	if (wants_quarantine(what))
		status = take_away(r, what, id, ret_note);
	if (status == WARD_THREAT_QUARANTINED)
		item = ward_span_of(id, sizeof(id));
	if (what->verdict >= WARD_SUSPICIOUS)
		remember(r, what, status, item, *ret_note);
	*ret_status = status;
}

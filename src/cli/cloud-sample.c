/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of a scan: who allows them, and that they are the files that were scanned. */
#include <unistd.h>

#include "cli/cloud-scan-priv.h"
#include "cli/human.h"

/* --- leave --- */

/* A line from the terminal; its first letter. */
static char
read_letter(void)
{
	char first = 0, c = 0;

	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		first = first ? first : c;
	return first;
}

static bool
ask_person(struct scan_item *item)
{
	struct ward_cloud_scan *s = item->scan;

	if (s->leave != LEAVE_ASK)
		return s->leave == LEAVE_ALL;
	(void)fputs("\nSend ", stderr);
	ward_human_print(stderr, ward_span_str(item->path));
	(void)fprintf(stderr, " (%s, %llu bytes) to %s for analysis? [y]es, [n]o, [a]ll, n[o]ne: ",
		      ward_type_title(item->facts.type), (unsigned long long)item->facts.size,
		      s->endpoint.state.server);
	switch (read_letter()) {
	case 'y':
		return true;
	case 'a':
		s->leave = LEAVE_ALL;
		return true;
	case 'o':
		s->leave = LEAVE_NONE;
		return false;
	default:
		return false;
	}
}

/* NULL, or why it is not sent. */
static const char *
refusal(struct scan_item *item)
{
	Ward__V1__Samples samples = item->scan->endpoint.state.policy.samples;

	switch (ward_consent_of(samples, item->facts.type)) {
	case WARD_CONSENT_YES:
		return NULL;
	case WARD_CONSENT_NO:
		return samples == WARD__V1__SAMPLES__SAMPLES_NONE
			       ? "not sent: the policy forbids samples"
			       : "not sent: its type may hold personal data (policy: safe)";
	case WARD_CONSENT_ASK:
		break;
	}
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return "not sent: the policy wants a person to be asked";
	return ask_person(item) ? NULL : "not sent: you said no";
}

void
scan_sample_wanted(struct scan_item *item)
{
	item->cloud.sample = item->scan->giving_up ? "not sent: too late" : refusal(item);
	if (item->cloud.sample)
		scan_item_end(item);
	else
		scan_list_add(&item->scan->uploads, item);
}

/* --- sending --- */

static const char *
why_not_sent(enum ward_fault fault)
{
	switch ((int)fault) {
	case WARD_FAULT_LOCAL:
		return "not sent: the file changed";
	case WARD_FAULT_STATUS:
		return "not sent: the service refuses it";
	case WARD_FAULT_CANCELLED:
		return "not sent: too late";
	default:
		return "not sent: no connection";
	}
}

static void
not_sent(struct scan_item *item, const struct ward_call_end *end)
{
	item->cloud.sample = why_not_sent(end->fault);
	if (end->fault != WARD_FAULT_LOCAL && end->fault != WARD_FAULT_STATUS)
		scan_complain(item->scan, end);
	scan_item_end(item);
}

static void
sent(void *context, const struct ward_call_end *end, const Ward__V1__SampleReply *reply)
{
	struct scan_item *item = context;
	struct ward_cloud_scan *s = item->scan;
	bool stored = reply && reply->status == WARD__V1__SAMPLE_STATUS__SAMPLE_STATUS_STORED;

	s->uploading--;
	ward_fd_close(&item->file.fd);
	if (!reply) {
		not_sent(item, end);
		return;
	}
	item->cloud.sample = stored ? "sent" : "there already";
	s->totals.sent += stored;
	if (reply->verdict) {
		ward_said_free(item->said);
		item->said = ward_said_copy(reply->verdict);
	}
	if (item->said && item->said->sample == WARD__V1__SAMPLE_WISH__SAMPLE_HERE)
		scan_item_wait(item, s->endpoint.state.policy.hold_ms);
	else
		scan_item_end(item);
}

/* The very file that was scanned, or nothing. */
static enum ward_rc
open_sample(struct scan_item *item)
{
	if (item->kept < 0)
		return ward_submit_file_open(item->path, &item->was, &item->file);
	item->file = (struct ward_submit_file){item->kept, item->was};
	item->kept = -1;
	return WARD_OK;
}

static void
send_one(struct scan_item *item)
{
	struct ward_cloud_scan *s = item->scan;
	struct ward_submit_spec spec = {
		.file = &item->query.file,
		.read = ward_submit_file_read,
		.source = &item->file,
		.offset = item->said->sample_offset,
		.wait_ms = item->said->hold_ms,
		.done = sent,
		.context = item,
	};

	if (open_sample(item)) {
		item->cloud.sample = "not sent: the file changed or is gone";
		scan_item_end(item);
		return;
	}
	s->uploading++;
	if (ward_submit_start(s->endpoint.client, &spec, NULL)) {
		s->uploading--;
		item->cloud.sample = "not sent: no memory";
		scan_item_end(item);
	}
}

void
scan_send_samples(struct ward_cloud_scan *s)
{
	while (s->uploads.first && s->uploading < SCAN_UPLOADS)
		send_one(scan_list_take(&s->uploads));
}

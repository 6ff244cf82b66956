/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/leave-out.h"

#include <time.h>

#include "cli/human.h"
#include "sys/fd-path.h"

void
ward_leave_out_done(struct ward_leave_out *l)
{
	l->policy = ward_policy_effective_free(l->policy);
}

static const struct ward_exclusion *
match(const struct ward_leave_out *l, struct ward_exclusion_subject *s)
{
	s->scope = WARD_EXCLUDE_ON_DEMAND;
	s->now_s = (uint64_t)time(NULL);
	return ward_exclusions_match(l->policy->exclusions, s);
}

const struct ward_exclusion *
ward_leave_out_file(const struct ward_leave_out *l, int fd)
{
	char path[WARD_FD_PATH];
	struct ward_exclusion_subject s = {.path = path};

	if (!l->policy || l->nothing || l->policy->policy.exclusion_count == 0 ||
	    ward_fd_path(fd, path) != WARD_OK)
		return NULL;
	return match(l, &s);
}

/* The verdict is the cloud's, and it is a bad one. */
static bool
of_cloud(const struct ward_report *report)
{
	return report->cloud && report->cloud->decided && report->cloud->said &&
	       report->verdict >= WARD_SUSPICIOUS;
}

bool
ward_leave_out_convict(const struct ward_leave_out *l, struct ward_report *report,
		       struct ward_finding *ret_finding)
{
	if (!l->policy || !report->sha256 || !ward_policy_blocks(l->policy, report->sha256))
		return false;
	*ret_finding = (struct ward_finding){
		.layer = WARD_LAYER_HASH,
		.verdict = WARD_MALICIOUS,
		.threat = "Policy.Blocked",
		.rule = "blocked.hashes",
		.source = "policy",
		.detail = "",
		.path = "",
	};
	report->verdict = WARD_MALICIOUS;
	report->findings = ret_finding;
	report->finding_count = 1;
	report->findings_dropped = 0;
	return true;
}

const struct ward_exclusion *
ward_leave_out_findings(const struct ward_leave_out *l, const struct ward_report *report)
{
	struct ward_exclusion_subject s = {.sha256 = report->sha256};
	bool convicted = of_cloud(report), by_hash;
	const struct ward_exclusion *found = NULL;

	if (!l->policy || l->nothing || (report->finding_count == 0 && !convicted) ||
	    report->findings_dropped)
		return NULL;
	if (s.sha256)
		found = match(l, &s);
	by_hash = found != NULL;
	if (!found && convicted) {
		struct ward_exclusion_subject one = {.threat = report->cloud->said->threat};

		found = match(l, &one);
		if (!found)
			return NULL;
	}
	for (size_t i = 0; !by_hash && i < report->finding_count; i++) {
		struct ward_exclusion_subject one = {.threat = report->findings[i].threat};
		const struct ward_exclusion *e = one.threat ? match(l, &one) : NULL;

		if (!e)
			return NULL;
		if (i + 1 == report->finding_count)
			found = e;
	}
	return found;
}

void
ward_leave_out_print(const char *path, const struct ward_exclusion *e, FILE *out)
{
	(void)fputs("excluded     ", out);
	ward_human_print(out, ward_span_str(path));
	(void)fprintf(out, " (%s ", ward_exclusion_kind_name(e->kind));
	ward_human_print(out, ward_span_str(e->value));
	(void)fputs(")\n", out);
}

void
ward_leave_out_print_json(const char *path, const struct ward_exclusion *e, FILE *out)
{
	WARD_AUTO(ward_buf_done) struct ward_buf line = {0};
	enum ward_rc rc;

	ward_buf_init(&line, 64 << 10, NULL);
	rc = ward_buf_str(&line, "{\"event\": \"excluded\", \"path\": ");
	if (rc == WARD_OK)
		rc = ward_json_quote(&line, ward_span_str(path));
	if (rc == WARD_OK)
		rc = ward_buf_printf(&line, ", \"kind\": \"%s\", \"value\": ",
				     ward_exclusion_kind_name(e->kind));
	if (rc == WARD_OK)
		rc = ward_json_quote(&line, ward_span_str(e->value));
	if (rc == WARD_OK)
		rc = ward_buf_str(&line, "}\n");
	if (rc == WARD_OK)
		(void)fwrite(line.data, 1, line.len, out);
}

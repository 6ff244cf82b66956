/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report.h"

#include "cli/cloud-print.h"
#include "cli/human.h"

void
ward_totals_add(struct ward_totals *totals, const struct ward_report *report)
{
	totals->files[report->verdict]++;
	for (size_t i = 0; i < report->gap_count; i++)
		totals->gaps[report->gaps[i].reason]++;
	totals->objects += report->objects;
	totals->bytes += report->looked_at ? report->size : 0;
	totals->unpacked_bytes += report->unpacked_bytes;
}

uint64_t
ward_totals_files(const struct ward_totals *totals)
{
	uint64_t sum = 0;

	for (int v = 0; v < 5; v++)
		sum += totals->files[v];
	return sum;
}

static enum ward_colour
verdict_colour(enum ward_verdict verdict)
{
	switch (verdict) {
	case WARD_MALICIOUS:
		return WARD_RED;
	case WARD_SUSPICIOUS:
	case WARD_NOT_SCANNED:
		return WARD_YELLOW;
	case WARD_CLEAN:
		return WARD_GREEN;
	case WARD_UNKNOWN:
		break;
	}
	return WARD_DIM;
}

static void
print_text(FILE *out, const char *text)
{
	ward_human_print(out, ward_span_str(text));
}

static void
print_head(const struct ward_report *r, bool colour, FILE *out)
{
	(void)fprintf(out, "%s%-12s%s ", ward_human_colour(colour, verdict_colour(r->verdict)),
		      ward_verdict_name(r->verdict), ward_human_colour(colour, WARD_PLAIN));
	print_text(out, r->path);
}

static void
print_finding(const struct ward_finding *f, bool colour, FILE *out)
{
	(void)fprintf(out, "             %s", ward_human_colour(colour, WARD_BOLD));
	print_text(out, f->threat);
	(void)fprintf(out, "%s (%s", ward_human_colour(colour, WARD_PLAIN),
		      ward_layer_name(f->layer));
	if (*f->rule && strcmp(f->rule, f->threat) != 0) {
		(void)fputs(" ", out);
		print_text(out, f->rule);
	}
	if (*f->source) {
		(void)fputs(", ", out);
		print_text(out, f->source);
	}
	(void)fputs(")", out);
	if (*f->path) {
		(void)fputs(" in ", out);
		print_text(out, f->path);
	}
	if (*f->detail) {
		(void)fputs(": ", out);
		print_text(out, f->detail);
	}
	(void)fputs("\n", out);
}

static void
print_gap(const struct ward_gap *g, const char *detail, FILE *out)
{
	(void)fprintf(out, "             not-scanned:%s", ward_reason_name(g->reason));
	if (detail) {
		(void)fputs(": ", out);
		print_text(out, detail);
	}
	if (*g->path) {
		(void)fputs(" at ", out);
		print_text(out, g->path);
	}
	if (g->count > 1)
		(void)fprintf(out, " and %llu more", (unsigned long long)(g->count - 1));
	(void)fputs("\n", out);
}

/* Which tier says so, and why; then what became of the sample. */
static void
print_cloud(const struct ward_report_cloud *c, bool colour, FILE *out)
{
	char confidence[8];

	if (c->said && c->decided && *c->said->threat) {
		(void)fprintf(out, "             %s", ward_human_colour(colour, WARD_BOLD));
		print_text(out, c->said->threat);
		(void)fprintf(out, "%s (cloud: %s, confidence %s)\n",
			      ward_human_colour(colour, WARD_PLAIN),
			      ward_wire_tier_name(c->said->tier),
			      ward_cloud_confidence(c->said->confidence, confidence));
	} else if (c->said) {
		(void)fprintf(out, "             cloud: %s (%s, confidence %s)\n",
			      ward_verdict_name(ward_wire_verdict_from(c->said->verdict)),
			      ward_wire_tier_name(c->said->tier),
			      ward_cloud_confidence(c->said->confidence, confidence));
	} else if (c->nothing) {
		(void)fputs("             cloud: knows nothing of it\n", out);
	} else {
		(void)fputs("             cloud: no answer\n", out);
	}
	if (c->said && (c->decided || c->said->tier == WARD__V1__TIER__TIER_METADATA))
		ward_cloud_print_evidence(c->said, "               ", out);
	if (c->sample)
		(void)fprintf(out, "             sample: %s\n", c->sample);
}

/* Whether there is anything to say without being asked for all. */
static bool
is_notable(const struct ward_report *r)
{
	return r->finding_count || r->gap_count || (r->cloud && r->verdict >= WARD_SUSPICIOUS);
}

void
ward_report_print(const struct ward_report *r, bool all, bool colour, FILE *out)
{
	if (!all && !is_notable(r))
		return;
	print_head(r, colour, out);
	/* One plain gap of the file itself, the usual case, fits on the line. */
	if (!r->cloud && !r->finding_count && r->gap_count == 1 && !*r->gaps[0].path &&
	    r->gaps[0].count == 1) {
		(void)fprintf(out, "  %s", ward_reason_name(r->gaps[0].reason));
		if (r->detail) {
			(void)fputs(": ", out);
			print_text(out, r->detail);
		}
		(void)fputs("\n", out);
		return;
	}
	(void)fputs("\n", out);
	for (size_t i = 0; i < r->finding_count; i++)
		print_finding(&r->findings[i], colour, out);
	if (r->findings_dropped)
		(void)fprintf(out, "             and %llu more findings\n",
			      (unsigned long long)r->findings_dropped);
	for (size_t i = 0; i < r->gap_count; i++)
		print_gap(&r->gaps[i], r->detail, out);
	if (r->cloud)
		print_cloud(r->cloud, colour, out);
}

static void
print_reasons(const struct ward_totals *totals, FILE *out)
{
	char count[WARD_HUMAN_MAX];
	const char *before = "  ";

	for (int i = 1; i < WARD_REASON_COUNT; i++) {
		if (!totals->gaps[i])
			continue;
		(void)fprintf(out, "%s%s %s", before, ward_reason_name((enum ward_reason)i),
			      ward_human_count(totals->gaps[i], count));
		before = ", ";
	}
}

static void
print_total(const struct ward_totals *totals, enum ward_verdict v, bool colour, FILE *out)
{
	static const char *const notes[] = {
		[WARD_CLEAN] = "",	 [WARD_UNKNOWN] = "  can run code; nothing loaded knows it",
		[WARD_NOT_SCANNED] = "", [WARD_SUSPICIOUS] = "",
		[WARD_MALICIOUS] = "",
	};
	char count[WARD_HUMAN_MAX];
	bool mark = colour && totals->files[v] && v >= WARD_NOT_SCANNED;

	(void)fprintf(out, "  %s%-12s%s %10s%s", ward_human_colour(mark, verdict_colour(v)),
		      ward_verdict_name(v), ward_human_colour(mark, WARD_PLAIN),
		      ward_human_count(totals->files[v], count), totals->files[v] ? notes[v] : "");
	if (v == WARD_NOT_SCANNED)
		print_reasons(totals, out);
	(void)fputs("\n", out);
}

void
ward_totals_print(const struct ward_totals *totals, bool colour, FILE *out)
{
	uint64_t files = ward_totals_files(totals);
	double seconds = totals->seconds > 0.000001 ? totals->seconds : 0.000001;
	char a[WARD_HUMAN_MAX], b[WARD_HUMAN_MAX], c[WARD_HUMAN_MAX], d[WARD_HUMAN_MAX];

	(void)fprintf(out, "\nLooked at %s files (%s, %s objects inside) in %s\n",
		      ward_human_count(files, a), ward_human_bytes(totals->bytes, b),
		      ward_human_count(totals->objects, d), ward_human_seconds(totals->seconds, c));
	(void)fprintf(out, "  %s files/s, %s/s\n",
		      ward_human_count((uint64_t)((double)files / seconds), a),
		      ward_human_bytes((uint64_t)((double)totals->bytes / seconds), b));
	print_total(totals, WARD_MALICIOUS, colour, out);
	print_total(totals, WARD_SUSPICIOUS, colour, out);
	print_total(totals, WARD_NOT_SCANNED, colour, out);
	print_total(totals, WARD_UNKNOWN, colour, out);
	print_total(totals, WARD_CLEAN, colour, out);
	if (totals->excluded)
		(void)fprintf(out, "  excluded by the policy: %s (--all names them)\n",
			      ward_human_count(totals->excluded, a));
	if (totals->cloud.asked)
		(void)fprintf(
			out,
			"  cloud         asked about %s, %s verdicts from it, %s samples sent, %s "
			"without an answer\n",
			ward_human_count(totals->cloud.asked, a),
			ward_human_count(totals->cloud.decided, b),
			ward_human_count(totals->cloud.sent, c),
			ward_human_count(totals->cloud.unanswered, d));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/serve/status.h"

#include "guard/memexec/witness.h"
#include "guard/serve/mode.h"
#include "policy/settings.h"
#include "sys/clock.h"

enum { STUCK_USEC = 5 * 1000 * 1000 };

static void
issue(struct ward_guard_reply *r, const char *code, const char *text)
{
	if (r->issue_count < WARD_GUARD_ISSUES_MAX)
		r->issues[r->issue_count++] = (struct ward_guard_issue){code, text};
}

static void
text(struct ward_guard_reply *r, const char *name, const char *value)
{
	if (value && r->text_count < WARD_GUARD_TEXTS_MAX)
		r->texts[r->text_count++] = (struct ward_guard_text){name, value};
}

static void
figure(struct ward_guard_reply *r, const char *name, uint64_t value)
{
	if (r->figure_count < WARD_GUARD_FIGURES_MAX)
		r->figures[r->figure_count++] = (struct ward_guard_figure){name, value};
}

static void
tell_decisions(const struct ward_decide_stats *d, struct ward_guard_reply *r)
{
	figure(r, "opens.asked", d->opens);
	figure(r, "opens.exec", d->execs);
	figure(r, "opens.own", d->own);
	figure(r, "opens.special", d->special);
	figure(r, "opens.empty", d->empty);
	figure(r, "opens.excluded", d->excluded);
	figure(r, "opens.cached", d->cached);
	figure(r, "opens.joined", d->joined);
	figure(r, "opens.denied", d->denied);
	figure(r, "opens.would_be_denied", d->would_deny);
	figure(r, "opens.expired", d->expired);
	figure(r, "opens.overloaded", d->overloaded);
	figure(r, "opens.held", d->holding);
	figure(r, "queue.exec", d->queued[WARD_URGENT_EXEC]);
	figure(r, "queue.open", d->queued[WARD_URGENT_OPEN]);
	figure(r, "queue.background", d->queued[WARD_URGENT_NOT]);
	figure(r, "queue.scanning", d->asked[0]);
	figure(r, "queue.cloud", d->asked[1]);
	figure(r, "written.seen", d->written);
	figure(r, "written.dropped", d->written_dropped);
	figure(r, "verdicts.clean", d->verdicts[WARD_CLEAN]);
	figure(r, "verdicts.unknown", d->verdicts[WARD_UNKNOWN]);
	figure(r, "verdicts.not_scanned", d->verdicts[WARD_NOT_SCANNED]);
	figure(r, "verdicts.suspicious", d->verdicts[WARD_SUSPICIOUS]);
	figure(r, "verdicts.malicious", d->verdicts[WARD_MALICIOUS]);
	figure(r, "verdicts.failed", d->failed);
	figure(r, "verdicts.retried", d->retried);
	figure(r, "verdicts.late", d->late);
	figure(r, "verdicts.changed", d->changed);
	figure(r, "cache.settled", d->settled);
	figure(r, "cache.lapsed", d->lapsed);
	figure(r, "cache.entries", d->cache.entries);
	figure(r, "cache.room", d->cache.room);
	figure(r, "cache.hits", d->cache.hits);
	figure(r, "cache.misses", d->cache.misses);
	figure(r, "cache.outdated", d->cache.outdated);
	figure(r, "intelligence.epoch", d->epoch);
}

static void
tell_scanners(struct ward_scanners *scanners, struct ward_guard_reply *r)
{
	struct ward_pool_stats p;

	ward_scanners_stats(scanners, &p);
	figure(r, "scanners.workers", p.jobs);
	figure(r, "scanners.answered", p.answered);
	figure(r, "scanners.crashed", p.crashed);
	figure(r, "scanners.timed_out", p.timed_out);
	figure(r, "scanners.out_of_memory", p.out_of_memory);
	figure(r, "scanners.restarts", p.restarts);
	if (ward_scanners_broken(scanners))
		issue(r, "scanners-broken",
		      "the scanners cannot be kept running; opens get the fail mode");
}

static void
tell_loop(const struct ward_loop *loop, struct ward_guard_reply *r)
{
	struct ward_loop_stats l;

	ward_loop_stats(loop, &l);
	figure(r, "loop.stuck", l.stuck);
	figure(r, "loop.by_watchdog", l.by_watchdog);
	figure(r, "written.overflows", l.overflows);
	if (ward_loop_age(loop) > STUCK_USEC)
		issue(r, "loop-stuck", "the thread that decides does not come round");
	if (l.overflows > 0)
		issue(r, "overflow",
		      "the kernel lost news of written files; their next open asks all the same");
}

static void
tell_watch(const struct ward_status_sources *s, struct ward_arena *arena,
	   struct ward_guard_reply *r)
{
	char *devices = ward_arena_alloc(arena, WARD_GUARD_TEXT_MAX);
	struct ward_watch_figures w = ward_watch_figures(s->watch);
	bool real_time = ward_mode_in_real_time(s->mode);

	if (devices) {
		ward_watch_devices(s->watch, devices, WARD_GUARD_TEXT_MAX);
		text(r, "filesystems.devices", devices);
	}
	figure(r, "filesystems.watched", w.watched);
	figure(r, "filesystems.left_out", w.left_out);
	figure(r, "filesystems.refused", w.refused);
	if (s->degraded)
		issue(r, "no-permission-events",
		      "this kernel cannot hold opens; written files are looked at, no more");
	if (w.refused > 0)
		issue(r, "filesystems-refused", "the kernel cannot watch some file systems");
	if (real_time && w.watched == 0)
		issue(r, "nothing-watched", "no file system is watched");
}

static void
tell_stores(const struct ward_status_sources *s, struct ward_guard_reply *r)
{
	struct ward_journal_stats j;

	ward_journal_stats(s->journal, &j);
	figure(r, "incidents.told", j.told);
	figure(r, "incidents.repeated", j.repeated);
	figure(r, "incidents.dropped", j.dropped);
	if (!ward_remedy_has_history(s->remedy))
		issue(r, "no-history", "the history cannot be opened");
	if (!ward_remedy_has_quarantine(s->remedy))
		issue(r, "no-quarantine", "the quarantine cannot be opened");
}

/* "quick_scan.result": names live in the arena. */
static const char *
scan_name(struct ward_arena *arena, enum ward_sweep_kind kind, const char *what)
{
	const char *name = ward_arena_printf(arena, "%s_scan.%s", ward_sweep_kind_name(kind), what);

	return name ? name : "scan";
}

static void
tell_plan(const struct ward_sweep_state *s, enum ward_sweep_kind k, struct ward_arena *arena,
	  struct ward_guard_reply *r)
{
	if (k == WARD_SWEEP_RUNNING)
		return; /* nobody plans these */
	figure(r, scan_name(arena, k, "next_ms"), s->next_ms[k]);
	figure(r, scan_name(arena, k, "overdue_since_ms"), s->overdue_ms[k]);
	if (s->overdue_ms[k] != 0)
		issue(r, k == WARD_SWEEP_QUICK ? "quick-scan-overdue" : "full-scan-overdue",
		      k == WARD_SWEEP_QUICK
			      ? "a quick scan that was planned has not been finished for a day"
			      : "a full scan that was planned has not been finished for a day");
}

static void
tell_last_scan(const struct ward_sweep_state *s, enum ward_sweep_kind k, struct ward_arena *arena,
	       struct ward_guard_reply *r)
{
	const struct ward_sweep_last *last = &s->last[k];

	if (last->begin_ms == 0)
		return;
	figure(r, scan_name(arena, k, "begin_ms"), last->begin_ms);
	figure(r, scan_name(arena, k, "end_ms"), last->end_ms);
	figure(r, scan_name(arena, k, "files"), last->files);
	figure(r, scan_name(arena, k, "threats"), last->threats);
	figure(r, scan_name(arena, k, "not_scanned"), last->not_scanned);
	text(r, scan_name(arena, k, "result"), ward_run_outcome_name(last->outcome));
	text(r, scan_name(arena, k, "source"),
	     ward_arena_strdup(arena, ward_span_str(last->source)));
	text(r, scan_name(arena, k, "intelligence"),
	     ward_arena_strdup(arena, ward_span_str(last->intelligence)));
}

static void
tell_scans(struct ward_sweep *sweep, struct ward_arena *arena, struct ward_guard_reply *r)
{
	struct ward_sweep_state *s = ward_arena_alloc(arena, sizeof(*s));

	if (!sweep || !s)
		return;
	ward_sweep_state(sweep, s);
	text(r, "scan.state", ward_sweep_doing_name(s->doing));
	if (s->doing != WARD_SWEEP_NOTHING) {
		text(r, "scan.kind", ward_sweep_kind_name(s->kind));
		figure(r, "scan.percent", s->percent);
	}
	for (enum ward_sweep_kind k = 0; k < WARD_SWEEP_KINDS; k++) {
		tell_plan(s, k, arena, r);
		tell_last_scan(s, k, arena, r);
	}
}

static void
tell_witness(const struct ward_witness *w, struct ward_guard_reply *r)
{
	const struct ward_bpf_counts counts = ward_witness_counts(w);

	text(r, "memory.ebpf", ward_witness_name(w));
	text(r, "memory.ebpf_text", ward_witness_text(w));
	figure(r, "memory.ebpf_looked_at", counts.looked_at);
	figure(r, "memory.ebpf_lost", counts.lost);
}

/* What the policy wants closed and the kernel leaves open is an issue. */
static void
tell_memory(const struct ward_status_sources *s, struct ward_guard_reply *r)
{
	enum ward_memexec_kernel kernel = ward_memexec_kernel();
	struct ward_memexec_stats m;
	struct ward_origins_stats o;
	struct ward_packages_stats p;

	ward_memory_stats(s->memory, &m);
	tell_witness(ward_memory_witness(s->memory), r);
	figure(r, "memory.executed", m.memory);
	figure(r, "memory.deleted", m.deleted);
	figure(r, "memory.unwatched", m.pseudo);
	figure(r, "memory.stopped", m.stopped);
	text(r, "memory.kernel", ward_memexec_kernel_text(kernel));
	if (s->policy->realtime.memfd == WARD_POLICY_MEMFD_DENY &&
	    kernel != WARD_MEMEXEC_KERNEL_DENIES &&
	    ward_witness_way(ward_memory_witness(s->memory)) == WARD_WITNESS_NONE)
		issue(r, "memory-open", ward_memexec_kernel_text(kernel));
	ward_origins_stats(s->origins, &o);
	figure(r, "origins.seen", o.seen);
	figure(r, "origins.gone", o.gone);
	figure(r, "origins.downloads", o.downloads);
	figure(r, "origins.dropped", o.dropped);
	ward_packages_stats(s->packages, &p);
	figure(r, "packages.files", p.files);
	figure(r, "packages.builds", p.builds);
	figure(r, "packages.failed", p.failed);
	figure(r, "packages.unchanged", p.unchanged);
}

/* A setting as a document has it, without its quotes. */
static const char *
word(struct ward_arena *arena, const char *path, const struct ward_policy *policy)
{
	const struct ward_setting *setting = ward_setting_find(path);
	struct ward_buf out;
	const char *text = NULL;

	ward_buf_init(&out, WARD_GUARD_TEXT_MAX, NULL);
	if (setting && ward_setting_print(setting, policy, &out) == WARD_OK && out.len > 2)
		text = ward_arena_strdup(arena, ward_span_of(out.data + 1, out.len - 2));
	ward_buf_done(&out);
	return text ? text : "";
}

static void
tell_organisation(const struct ward_status_sources *s, struct ward_arena *arena,
		  struct ward_guard_reply *r)
{
	const char *error = ward_arena_strdup(arena, ward_span_str(s->organisation_error));

	text(r, "cloud.enabled", s->policy->cloud.enabled ? "yes" : "no");
	text(r, "cloud.level", word(arena, "cloud.level", s->policy));
	text(r, "cloud.samples", word(arena, "cloud.samples", s->policy));
	figure(r, "policy.organisation_version", s->organisation_version);
	figure(r, "policy.refused_settings", s->refused_settings);
	if (error && *error)
		issue(r, "policy-refused", error);
}

/* "off", "not-enrolled", "connected", "unreachable", "connecting". */
static const char *
cloud_word(const struct ward_asker_state *c)
{
	if (!c->enabled)
		return "off";
	if (c->running && !c->enrolled)
		return "not-enrolled";
	if (c->down_since_ms != 0)
		return "unreachable";
	return c->connected ? "connected" : "connecting";
}

static void
tell_cloud(struct ward_asker *asker, struct ward_arena *arena, struct ward_guard_reply *r)
{
	struct ward_asker_state *c = ward_arena_alloc(arena, sizeof(*c));

	if (!asker || !c)
		return;
	ward_asker_state(asker, c);
	text(r, "cloud", cloud_word(c));
	text(r, "cloud.server", c->server);
	text(r, "cloud.device", c->device);
	text(r, "cloud.organisation", c->organisation);
	text(r, "cloud.problem", c->problem);
	figure(r, "cloud.down_since_ms", c->down_since_ms);
	figure(r, "cloud.breaker_open", c->breaker_open);
	figure(r, "cloud.answered_ms", c->answered_ms);
	figure(r, "cloud.round_trip_usec", c->round_trip_usec);
	figure(r, "cloud.certificate_until_ms", c->certificate_until_ms);
	figure(r, "cloud.update_position", c->position);
	figure(r, "cloud.outbox", c->outbox);
	figure(r, "cloud.outbox_dropped", c->outbox_dropped);
	figure(r, "cloud.lookups", c->lookups);
	figure(r, "cloud.samples_sent", c->samples);
	figure(r, "cloud.asked", c->asked);
	figure(r, "cloud.held", c->held);
	figure(r, "cloud.answered", c->answered);
	figure(r, "cloud.timed_out", c->timed_out);
	figure(r, "cloud.late", c->late);
	figure(r, "cloud.late_dropped", c->late_dropped);
	figure(r, "cloud.recalled", c->recalled);
	figure(r, "cloud.refused", c->refused);
	figure(r, "cloud.events_dropped", c->notes_dropped);
	figure(r, "cloud.starts", c->starts);
	if (c->enabled && c->enrolled && c->down_since_ms != 0)
		issue(r, "cloud-unreachable",
		      "the cloud does not answer; unknown files get the fail mode");
	if (c->enabled && c->enrolled && c->certificate_until_ms != 0 &&
	    c->certificate_until_ms <= ward_clock_wall() / 1000)
		issue(r, "certificate-expired",
		      "the certificate of this device has expired; it has to be enrolled again");
	if (c->enabled && c->starts > 0 && !c->running)
		issue(r, "no-uplink", "the network process does not run; it is started again");
}

void
ward_status_fill(const struct ward_status_sources *s, struct ward_arena *arena,
		 struct ward_guard_reply *reply)
{
	uint64_t now_ms = ward_clock_wall() / 1000;
	struct ward_decide_stats d;
	const char *error = ward_arena_strdup(arena, ward_span_str(s->reload_error));

	ward_decide_stats(s->decide, &d);
	text(reply, "version", WARD_VERSION);
	text(reply, "mode", ward_decide_mode_name(s->mode));
	text(reply, "fail.open", s->policy->fail.open == WARD_POLICY_FAIL_OPEN ? "open" : "closed");
	text(reply, "fail.exec", s->policy->fail.exec == WARD_POLICY_FAIL_OPEN ? "open" : "closed");
	text(reply, "intelligence", s->intelligence);
	tell_organisation(s, arena, reply);
	figure(reply, "intelligence.since_ms", s->intelligence_ms);
	if (s->intelligence_ms != 0 && now_ms > s->intelligence_ms)
		figure(reply, "intelligence.age_s", (now_ms - s->intelligence_ms) / 1000);
	figure(reply, "uptime_s", (ward_clock_monotonic() - s->started) / 1000000);
	figure(reply, "mode.audit_until_ms", s->audit_until_ms);
	figure(reply, "deadline_ms", s->policy->realtime.deadline);
	tell_decisions(&d, reply);
	tell_scanners(s->scanners, reply);
	tell_loop(s->loop, reply);
	tell_watch(s, arena, reply);
	tell_stores(s, reply);
	tell_memory(s, reply);
	tell_scans(s->sweep, arena, reply);
	tell_cloud(s->asker, arena, reply);
	ward_renew_status(s->renew, arena, reply);
	ward_records_status(s->records, arena, reply);
	if (s->intelligence[0] == 0)
		issue(reply, "no-intelligence", "nothing is loaded: nothing can be found");
	if (error && error[0])
		issue(reply, "reload-failed", error);
	reply->healthy = reply->issue_count == 0;
}

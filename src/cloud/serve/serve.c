/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service put together, from the log up to the edge, and taken apart in an order in which nobody
 * speaks to somebody who is gone: no more calls, then those who answer them later, then the log.
 */
#include "cloud/serve/serve.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "cloud/admin/server.h"
#include "cloud/identity/enroll.h"
#include "cloud/identity/policy-key.h"
#include "cloud/node/options.h"
#include "cloud/release/release.h"
#include "cloud/serve/figures.h"
#include "cloud/serve/http.h"
#include "cloud/serve/keeper.h"
#include "cloud/serve/mirror.h"
#include "cloud/service/service.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/process.h"

enum {
	SETTLE_MS = 24 * 3600 * 1000,
	WHY = 4096,
	METHODS = WARD_SERVICE_METHODS + WARD_ENROLL_METHODS,
	PACKS = 16
};

static const char usage[] =
	"Usage: wardcloud serve [--config FILE] [--set SECTION.KEY=VALUE]… [--check-config]\n\n"
	"Runs the service until SIGTERM. SIGHUP reads the configuration's log settings and the\n"
	"certificate files anew. --check-config only says whether the configuration is right.\n";

struct serve {
	struct ward_serve_options options;
	struct ward_node *node;
	struct ward_ca *ca;
	uint8_t policy_key[WARD_SIGN_PUBLIC];
	struct ward_metrics *metrics;
	struct ward_analysis *analysis;
	struct ward_authority *authority;     /* NULL: no keys for updates */
	struct ward_release *_Atomic release; /* the same */
	struct ward_service *service;
	struct ward_enroll *enroll;
	struct ward_edge *edge;
	struct ward_admin_server *admin;
	struct ward_http *http;
	struct ward_mirror *mirror;
	struct ward_keeper *keeper;
	struct ward_histogram *latency[METHODS];
	struct ward_counter *results[METHODS][WARD_GRPC_STATUSES];
	struct ward_method methods[METHODS];
	_Atomic bool failed;
	struct ward_buf why;
};

/* --- what others tell --- */

static void
on_update(void *context, uint64_t position, const Ward__V1__VerdictChange *change, uint64_t time_ms)
{
	struct serve *s = context;

	(void)time_ms;
	if (s->service)
		ward_service_updated(s->service, position);
	if (s->release && change && change->sha256.len == WARD_HASH_LEN)
		ward_release_verdict(s->release, change->sha256.data);
}

/* A revoked device is refused at once, on open connections too. */
static void
on_device(void *context, const uint8_t id[WARD_DEVICE_LEN], enum ward_device_state state)
{
	struct serve *s = context;

	if (state == WARD_DEVICE_REVOKED && s->edge)
		ward_edge_drop_device(s->edge, id);
}

static void
on_failed(void *context, enum ward_rc rc, const char *why)
{
	struct serve *s = context;

	atomic_store(&s->failed, true);
	ward_say(WARD_ERROR, "applier.failed", why, "error.message", ward_rc_str(rc), NULL);
	(void)raise(SIGTERM);
}

static enum ward_grpc_status
on_admit(void *context, const struct ward_peer *peer, const struct ward_method *method)
{
	struct serve *s = context;

	(void)method;
	return ward_service_admit(s->service, peer);
}

static void
on_done(void *context, const struct ward_method *method, enum ward_grpc_status status,
	uint64_t usec, unsigned loop)
{
	struct serve *s = context;

	(void)loop;
	for (size_t i = 0; i < METHODS; i++)
		if (s->methods[i].path == method->path) { /* the edge keeps the pointer */
			ward_histogram_add(s->latency[i], usec);
			ward_counter_add(s->results[i][status], 1);
		}
}

static void
on_event(void *context, const char *what, const char *address, const char *detail)
{
	(void)context;
	ward_say(WARD_DEBUG, what, "edge", "client.ip", address, "detail", detail, NULL);
}

static bool
well(void *context, char why[256])
{
	struct serve *s = context;

	(void)snprintf(why, 256, "the applier has stopped\n");
	return !atomic_load(&s->failed);
}

/* --- building --- */

static void
register_methods(struct serve *s)
{
	for (size_t i = 0; i < METHODS; i++) {
		char labels[96];

		(void)snprintf(labels, sizeof(labels), "method=\"%s\"", s->methods[i].label);
		s->latency[i] =
			ward_metrics_histogram(s->metrics, "ward_call_seconds",
					       "Time of calls, first byte to last.", labels);
		for (int g = 0; g < WARD_GRPC_STATUSES; g++) {
			(void)snprintf(labels, sizeof(labels), "method=\"%s\",status=\"%s\"",
				       s->methods[i].label,
				       ward_grpc_status_name((enum ward_grpc_status)g));
			s->results[i][g] = ward_metrics_counter(s->metrics, "ward_calls_total",
								"Calls that ended.", labels);
		}
	}
}

/* "a:b:c" to a list of paths, in place. */
static void
split(char *text, const char **ret, size_t max)
{
	size_t n = 0;

	while (*text && n + 1 < max) {
		char *colon = strchr(text, ':');

		ret[n++] = text;
		if (colon)
			*colon = 0;
		text = colon ? colon + 1 : text + strlen(text);
	}
	ret[n] = NULL;
}

static enum ward_rc
start_analysis(struct serve *s)
{
	const struct ward_config *c = &s->options.config;
	char packs[WARD_CONFIG_TEXT];
	const char *list[PACKS];
	struct ward_analysis_options o = {
		.log = s->node->log,
		.scanner =
			c->analysis.scanner[0] ? c->analysis.scanner : WARD_LIBEXECDIR "/ward-scan",
		.packs = list,
		.version = WARD_VERSION,
		.jobs = (unsigned)c->analysis.jobs,
		.timeout_ms = (unsigned)c->analysis.timeout_ms,
		.queue_max = c->analysis.queue_max,
	};

	(void)snprintf(packs, sizeof(packs), "%s",
		       c->analysis.packs[0] ? c->analysis.packs
					    : WARD_DATADIR "/default.wardpack:" WARD_DATADIR
							   "/cloud.wardpack");
	split(packs, list, PACKS);
	return ward_analysis_new(&o, &s->analysis, &s->why);
}

/* Without keys everything but signed records works. */
static enum ward_rc
open_authority(struct serve *s)
{
	struct ward_refusal why = {.code = WARD_REFUSED_NOT};
	ward_config_text trust;
	enum ward_rc rc;

	if (!ward_config_path(&s->options.config, "trust", trust))
		return WARD_E_LIMIT;
	rc = ward_authority_open(trust, ward_clock_wall() / 1000, &s->authority, &why);
	if (rc == WARD_E_NOENT) {
		ward_say(WARD_INFO, "updates.off",
			 "no keys for updates: nothing is signed (wardcloud keys)", NULL);
		return WARD_OK;
	}
	if (rc && ward_buf_printf(&s->why, "%s: %s\n", trust, why.text))
		return rc;
	return rc;
}

static enum ward_rc
start_release(struct serve *s)
{
	const struct ward_config *c = &s->options.config;
	struct ward_release *release = NULL;
	struct ward_release_options o = {
		.log = s->node->log,
		.views = s->node->views,
		.applier = s->node->applier,
		.authority = s->authority,
		.metrics = s->metrics,
		.policy = {.convictions = c->updates.publish,
			   .allow = c->updates.allow,
			   .confidence = (unsigned)c->updates.confidence * 10,
			   .life_ms = c->updates.life_ms,
			   .gate_devices = c->updates.gate_devices,
			   .gate_share = c->updates.gate_percent * 10,
			   .gate_age_ms = c->updates.gate_age_ms},
	};
	enum ward_rc rc = s->authority ? ward_release_start(&o, &release) : WARD_OK;

	s->release = release;
	s->node->release = release;
	return rc;
}

static unsigned
loops(const struct ward_config *c)
{
	return c->edge.threads ? (unsigned)c->edge.threads : ward_process_cpus();
}

static enum ward_rc
start_services(struct serve *s)
{
	const struct ward_config *c = &s->options.config;
	ward_config_text spool;
	struct ward_service_options service = {
		.log = s->node->log,
		.views = s->node->views,
		.objects = s->node->objects,
		.analysis = s->analysis,
		.metrics = s->metrics,
		.authority = s->authority,
		.release = s->release,
		.spool = spool,
		.sample_max = c->analysis.sample_max,
		.spool_max = c->analysis.spool_bytes,
		.device_rate = c->limits.device_requests,
		.device_burst = c->limits.device_burst,
		.loops = loops(c),
	};
	struct ward_enroll_options enroll = {
		.log = s->node->log,
		.views = s->node->views,
		.applier = s->node->applier,
		.ca = s->ca,
		.policy_key = s->policy_key,
		.authority = s->authority,
		.address_rate = c->limits.enrol_address,
		.all_rate = c->limits.enrol_all,
	};
	enum ward_rc rc = ward_config_path(c, "spool", spool) ? WARD_OK : WARD_E_LIMIT;

	if (!rc)
		rc = ward_service_new(&service, &s->service);
	if (!rc)
		rc = ward_enroll_new(&enroll, &s->enroll);
	if (!rc) {
		ward_service_methods(s->service, s->methods);
		ward_enroll_methods(s->enroll, s->methods + WARD_SERVICE_METHODS);
		register_methods(s);
	}
	return rc;
}

static enum ward_rc
start_edge(struct serve *s)
{
	const struct ward_config *c = &s->options.config;
	ward_config_text certificate, key, ca;
	char why[512] = "";
	struct ward_edge_options o = {
		.listen = c->edge.listen,
		.threads = loops(c),
		.certificate = certificate,
		.key = key,
		.client_ca = ca,
		.organisation = c->service.organisation,
		.methods = s->methods,
		.method_count = METHODS,
		.hooks = {s, on_admit, on_done, on_event},
		.connections_max = (unsigned)c->edge.connections_max,
		.streams_max = (unsigned)c->edge.streams_max,
		.address_max = (unsigned)c->edge.address_max,
		.idle_ms = (unsigned)c->edge.idle_ms,
		.handshake_ms = (unsigned)c->edge.handshake_ms,
		.stall_ms = (unsigned)c->edge.stall_ms,
	};
	enum ward_rc rc;

	if (!ward_config_path(c, c->edge.certificate, certificate) ||
	    !ward_config_path(c, c->edge.key, key) || !ward_config_path(c, c->edge.client_ca, ca))
		return WARD_E_LIMIT;
	rc = ward_edge_start(&o, &s->edge, why);
	if (rc && ward_buf_printf(&s->why, "%s\n", why))
		return rc;
	return rc;
}

/* The signals are blocked, and waited for only when everything runs. */
static bool
told_to_stop(void)
{
	sigset_t waiting;

	sigemptyset(&waiting);
	(void)sigpending(&waiting);
	return sigismember(&waiting, SIGTERM) == 1 || sigismember(&waiting, SIGINT) == 1;
}

static enum ward_rc
open_node(struct serve *s)
{
	const struct ward_applier_events events = {s, on_update, on_device, on_failed};
	const struct ward_config *c = &s->options.config;
	ward_config_text pki;
	enum ward_rc rc = ward_node_open(c, &events, &s->node, &s->why);

	if (!rc) /* who is revoked must be known before anybody is answered */
		rc = ward_node_settle(s->node, SETTLE_MS, told_to_stop);
	if (!rc && !ward_config_path(c, "pki", pki))
		rc = WARD_E_LIMIT;
	if (!rc) {
		rc = ward_ca_open(pki, c->service.organisation, &s->ca);
		if (rc && ward_buf_printf(&s->why, "%s: no CA of %s here; run wardcloud init\n",
					  pki, c->service.organisation))
			return rc;
	}
	if (!rc)
		rc = ward_policy_key_public(pki, s->policy_key);
	return rc;
}

static enum ward_rc
start_mirror(struct serve *s)
{
	const char *listen = s->options.config.updates.mirror_listen;
	char port[16];
	enum ward_rc rc = listen[0] ? ward_mirror_start(listen, s->service, &s->mirror) : WARD_OK;

	if (rc && ward_buf_printf(&s->why, "updates.mirror-listen: %s\n", listen))
		return rc;
	if (s->mirror) {
		(void)snprintf(port, sizeof(port), "%u", ward_mirror_port(s->mirror));
		ward_say(WARD_INFO, "mirror.started", "signed updates by GET", "server.port", port,
			 NULL);
	}
	return rc;
}

static enum ward_rc
start(struct serve *s)
{
	const struct ward_config *c = &s->options.config;
	enum ward_rc rc = open_node(s);

	s->metrics = ward_metrics_new();
	if (!s->metrics)
		rc = WARD_E_NOMEM;
	if (!rc)
		rc = open_authority(s);
	if (!rc)
		rc = start_release(s);
	if (!rc)
		rc = start_analysis(s);
	if (!rc)
		rc = start_services(s);
	if (!rc)
		rc = start_edge(s);
	if (!rc)
		rc = ward_admin_server_start(s->node, &s->admin);
	if (!rc)
		rc = ward_keeper_start(s->node, &s->keeper);
	if (!rc)
		rc = start_mirror(s);
	if (!rc)
		ward_figures_register(s->metrics, s->node, s->edge);
	if (!rc && c->metrics.listen[0]) {
		rc = ward_http_start(c->metrics.listen, s->metrics, well, s, &s->http);
		if (rc && ward_buf_printf(&s->why, "metrics.listen: %s\n", c->metrics.listen))
			return rc;
	}
	return rc;
}

static void
stop(struct serve *s)
{
	bool drained = true;

	if (s->edge) {
		drained = ward_edge_drain(s->edge, (unsigned)s->options.config.service.drain_ms);
		ward_edge_stop(s->edge);
	}
	ward_http_stop(s->http);
	ward_mirror_stop(s->mirror);
	ward_keeper_stop(s->keeper);
	ward_admin_server_stop(s->admin);
	if (s->service)
		ward_service_stop(s->service);
	ward_analysis_free(s->analysis);
	if (s->release)
		ward_release_stop(s->release);
	s->node = ward_node_close(s->node);
	s->release = ward_release_free(s->release);
	ward_edge_free(s->edge);
	ward_service_free(s->service);
	ward_authority_closep(&s->authority);
	ward_enroll_free(s->enroll);
	ward_ca_free(s->ca);
	ward_metrics_free(s->metrics);
	ward_say(WARD_INFO, "service.stopped", "stopped", "drained", drained ? "yes" : "no", NULL);
}

/* --- running --- */

static void
reload(struct serve *s)
{
	struct ward_serve_options fresh = s->options;
	char why[512] = "";
	enum ward_rc rc;

	ward_buf_clear(&s->why);
	rc = ward_serve_reread(&fresh, &s->why);
	if (!rc) {
		ward_say_init("wardcloud", 2, fresh.config.service.debug ? WARD_DEBUG : WARD_INFO,
			      fresh.config.service.text_log);
		rc = ward_edge_reload(s->edge, why);
	}
	if (rc)
		ward_say(WARD_ERROR, "service.reload", "the configuration stays as it was",
			 "error.message", why[0] ? why : ward_rc_str(rc), NULL);
	else
		ward_say(WARD_INFO, "service.reload", "log settings and certificates read anew",
			 NULL);
}

/* Until told to stop; the watchdog hears of us while the applier works. */
static void
run(struct serve *s, const sigset_t *signals)
{
	const struct timespec round = {.tv_sec = 10};

	for (;;) {
		int signal = sigtimedwait(signals, NULL, &round);

		if (signal == SIGTERM || signal == SIGINT)
			return;
		if (signal == SIGHUP)
			reload(s);
		if (!atomic_load(&s->failed))
			(void)sd_notify(0, "WATCHDOG=1");
	}
}

static int
serve(struct serve *s)
{
	sigset_t signals;
	char port[16];
	enum ward_rc rc;
	int status = 2;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before any thread is there */
	(void)signal(SIGPIPE, SIG_IGN);
	rc = start(s);
	if (rc) {
		(void)fprintf(stderr, "wardcloud: %s\n%.*s", ward_rc_str(rc), (int)s->why.len,
			      s->why.data ? (const char *)s->why.data : "");
	} else {
		(void)snprintf(port, sizeof(port), "%u", ward_edge_port(s->edge));
		ward_say(WARD_INFO, "service.started", "ready", "service.version", WARD_VERSION,
			 "server.port", port, NULL);
		(void)sd_notify(0, "READY=1");
		run(s, &signals);
		(void)sd_notify(0, "STOPPING=1");
		status = atomic_load(&s->failed) ? 2 : 0;
	}
	stop(s);
	return status;
}

int
ward_serve_command(int argc, char **argv)
{
	static struct serve s;
	int status;

	if (!ward_serve_options(argc, argv, usage, &s.options))
		return s.options.help ? 0 : 2;
	if (s.options.check) {
		(void)puts("the configuration is right");
		return 0;
	}
	ward_buf_init(&s.why, WHY, NULL);
	ward_say_init("wardcloud", 2, s.options.config.service.debug ? WARD_DEBUG : WARD_INFO,
		      s.options.config.service.text_log);
	status = serve(&s);
	ward_buf_done(&s.why);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* ward-fleet: many simulated endpoints in one process. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/text.h"
#include "fleet/enroll.h"
#include "fleet/outbreak-options.h"
#include "fleet/plot.h"
#include "fleet/push.h"
#include "fleet/report.h"
#include "sys/fd.h"
#include "sys/process.h"

enum { FILE_MAX = 1 << 20, DEVICES_MAX = 60000, REPORT_MAX = 64 << 20, PATH = 512 };

static const char usage[] =
	"Usage: ward-fleet enroll --server ADDRESS:PORT --ca FILE --state DIR --devices N "
	"--token-file FILE\n"
	"       ward-fleet push --server ADDRESS:PORT --ca FILE --state DIR --devices N "
	"[--resume]\n"
	"       ward-fleet outbreak --server ADDRESS:PORT --ca FILE --state DIR --devices N "
	"[options]\n\n"
	"Simulated endpoints over real connections, each with a certificate of its own.\n\n"
	"  enroll   enrols devices until the state directory holds N; the token must be good for "
	"them\n"
	"           (wardcloud token create --uses N)\n"
	"  push     devices that follow the updates; reads commands: connect, drop,\n"
	"           await SHA256 SINCE, quit (src/fleet/push.h); answers in JSON\n\n"
	"  outbreak simulates files and an outbreak on them, with several ways of protection\n"
	"           (docs/fleet.md), and prints a table\n\n"
	"  --threads N   event loops; one per CPU if not said\n"
	"  --resume      connections after the first one resume their TLS session\n"
	"  --believers N so many devices check what is signed of updates\n"
	"  --json FILE   outbreak: all that was measured\n"
	"  --plots DIR   outbreak: infected.svg, reach.svg and protected.svg\n";

struct arguments {
	const char *server, *ca, *state, *token_file, *json, *plots;
	uint64_t devices, threads, believers;
	bool resume;
	struct fleet_outbreak_options outbreak;
};

static bool
complain(const char *what)
{
	(void)fprintf(stderr, "ward-fleet: %s\n", what);
	return false;
}

static bool
take_number(const char *text, uint64_t max, uint64_t *ret)
{
	return ward_text_u64(ward_span_str(text), ret) && *ret > 0 && *ret <= max;
}

/* "--name VALUE" of the outbreak's. */
static bool
take_setting(struct arguments *a, int argc, char **argv, int *at)
{
	const char *name = argv[*at] + 2;

	if (*at + 1 >= argc || fleet_outbreak_set(&a->outbreak, name, argv[*at + 1])) {
		(void)fprintf(stderr, "ward-fleet: --%s: not such a value\n", name);
		return false;
	}
	*at += 1;
	return true;
}

static bool
take_text(struct arguments *a, const char *name, const char *value)
{
	const struct {
		const char *name;
		const char **text;
	} texts[] = {{"server", &a->server},	     {"ca", &a->ca},	 {"state", &a->state},
		     {"token-file", &a->token_file}, {"json", &a->json}, {"plots", &a->plots}};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(texts[i].name, name) != 0)
			continue;
		*texts[i].text = value;
		return true;
	}
	if (strcmp(name, "devices") == 0)
		return take_number(value, DEVICES_MAX, &a->devices);
	if (strcmp(name, "believers") == 0)
		return take_number(value, DEVICES_MAX, &a->believers);
	return strcmp(name, "threads") == 0 && take_number(value, 64, &a->threads);
}

static bool
take_arguments(int argc, char **argv, struct arguments *a)
{
	*a = (struct arguments){.threads = ward_process_cpus()};
	fleet_outbreak_standard(&a->outbreak);
	for (int i = 1; i < argc; i++) {
		const char *name = strncmp(argv[i], "--", 2) == 0 ? argv[i] + 2 : "";

		if (strcmp(name, "resume") == 0) {
			a->resume = true;
		} else if (fleet_outbreak_knows(name)) {
			if (!take_setting(a, argc, argv, &i))
				return false;
		} else if (i + 1 == argc || !take_text(a, name, argv[++i])) {
			return false;
		}
	}
	return a->server && a->ca && a->state && a->devices > 0;
}

/* A descriptor for each device. */
static bool
raise_limit(size_t devices)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return false;
	limit.rlim_cur = devices + 100;
	if (limit.rlim_max < limit.rlim_cur)
		limit.rlim_max = limit.rlim_cur;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0 ||
	       complain("that many descriptors are not allowed (ulimit -Hn)");
}

static bool
read_file(const char *path, struct ward_buf *into)
{
	WARD_AUTO(ward_fd_close) int fd = -1;

	ward_buf_init(into, FILE_MAX, NULL);
	if (!ward_fd_open_regular(-1, path, true, &fd, NULL) && !ward_fd_read_all(fd, into))
		return true;
	(void)fprintf(stderr, "ward-fleet: %s: cannot be read\n", path);
	return false;
}

/* --- enroll --- */

static bool
enroll_with(const struct arguments *a, size_t have, const struct ward_buf *ca, const char *token)
{
	struct fleet_enroll_options o = {.server = a->server,
					 .directory = a->state,
					 .ca = ward_buf_span(ca),
					 .ca_file = a->ca,
					 .token = token,
					 .count = a->devices - have,
					 .threads = (unsigned)a->threads};
	char why[256];
	enum ward_rc rc = fleet_enroll(&o, why);

	if (rc)
		return complain(why[0] ? why : ward_rc_str(rc));
	(void)printf("{\"enrolled\": %zu}\n", o.count);
	return true;
}

static bool
enroll(const struct arguments *a)
{
	WARD_AUTO(ward_buf_done) struct ward_buf ca = {0}, token = {0};
	char text[160] = "";
	struct ward_span trimmed;
	size_t have = 0;
	enum ward_rc rc = fleet_identities_count(a->state, &have);

	if (rc && rc != WARD_E_NOENT)
		return complain("the state directory cannot be read");
	if (have >= a->devices) {
		(void)puts("{\"enrolled\": 0}");
		return true;
	}
	if (!a->token_file)
		return complain("--token-file is needed");
	if (!read_file(a->ca, &ca) || !read_file(a->token_file, &token))
		return false;
	trimmed = ward_text_trim(ward_buf_span(&token));
	if (trimmed.len == 0 || trimmed.len >= sizeof(text))
		return complain("that is no token");
	memcpy(text, trimmed.data, trimmed.len);
	return enroll_with(a, have, &ca, text);
}

/* --- with the devices of the state directory --- */

static bool
push(const struct arguments *a, struct fleet_crowd *crowd)
{
	bool good;

	crowd->job = &fleet_push_job;
	good = !fleet_crowd_start(crowd, (unsigned)a->threads) && fleet_push(crowd, stdin);
	fleet_crowd_stop(crowd);
	return good;
}

/* One of the things that can be made of what was measured, in a file. */
static bool
write_out(const struct arguments *a, struct fleet_tally *tallies, const char *path,
	  enum ward_rc (*make)(const struct fleet_outbreak_options *, struct fleet_tally *,
			       struct ward_buf *))
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	enum ward_rc rc;

	ward_buf_init(&out, REPORT_MAX, NULL);
	rc = make(&a->outbreak, tallies, &out);
	if (!rc)
		rc = ward_fd_write_atomic(path, ward_buf_span(&out), 0644);
	if (rc)
		(void)fprintf(stderr, "ward-fleet: %s: %s\n", path, ward_rc_str(rc));
	return !rc;
}

static bool
write_plots(const struct arguments *a, struct fleet_tally *tallies)
{
	static const struct {
		const char *name;
		enum ward_rc (*make)(const struct fleet_outbreak_options *, struct fleet_tally *,
				     struct ward_buf *);
	} plots[] = {{"infected", fleet_plot_infected},
		     {"reach", fleet_plot_reach},
		     {"protected", fleet_plot_bars}};
	char path[PATH];
	bool good = true;

	for (size_t i = 0; i < sizeof(plots) / sizeof(plots[0]) && good; i++)
		good = snprintf(path, PATH, "%s/%s.svg", a->plots, plots[i].name) < PATH &&
		       write_out(a, tallies, path, plots[i].make);
	return good;
}

/* All that was asked for. */
static bool
tell(const struct arguments *a, struct fleet_tally *tallies)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};

	ward_buf_init(&out, REPORT_MAX, NULL);
	if (fleet_report_text(&a->outbreak, tallies, &out))
		return complain("no memory for the table");
	(void)fwrite(out.data, 1, out.len, stdout);
	return (!a->json || write_out(a, tallies, a->json, fleet_report_json)) &&
	       (!a->plots || write_plots(a, tallies));
}

static bool
outbreak(const struct arguments *a, struct fleet_crowd *crowd)
{
	struct fleet_tally tallies[FLEET_MODES] = {0};
	enum ward_rc rc = fleet_outbreak(crowd, (unsigned)a->threads, &a->outbreak, tallies);
	bool good = !rc;

	if (rc == WARD_E_STOPPED)
		(void)complain(
			"the service could not be reached, or left questions without answer");
	else if (rc)
		(void)complain(ward_rc_str(rc));
	if (good)
		good = tell(a, tallies);
	for (unsigned i = 0; i < FLEET_MODES; i++)
		fleet_tally_done(&tallies[i]);
	return good;
}

/* The first ones check what is signed. */
static enum ward_rc
make_believers(const struct arguments *a, struct fleet_crowd *crowd)
{
	WARD_AUTO(ward_buf_done) struct ward_buf root = {0};
	enum ward_rc rc = a->believers ? fleet_root_load(a->state, &root) : WARD_OK;

	if (rc)
		(void)complain("the service gave no root for updates");
	for (size_t i = 0; i < a->believers && i < crowd->count && !rc; i++)
		rc = fleet_belief_new(ward_buf_span(&root), &crowd->beliefs,
				      &crowd->devices[i].belief);
	return rc;
}

static bool
with_crowd(struct arguments *a, bool (*work)(const struct arguments *, struct fleet_crowd *))
{
	struct fleet_crowd crowd = {.resume = a->resume, .count = a->devices};
	enum ward_rc rc = fleet_target_init(&crowd.target, a->server, a->ca);
	bool good = false;

	a->outbreak.plan.devices = (uint32_t)a->devices;
	crowd.devices = calloc(a->devices, sizeof(*crowd.devices));
	if (!rc && crowd.devices)
		rc = fleet_identities_load(a->state, crowd.devices, crowd.count);
	if (!rc && crowd.devices)
		rc = make_believers(a, &crowd);
	if (rc || !crowd.devices) {
		(void)complain(
			"the server's address, the CA, or the state (run ward-fleet enroll)");
		fleet_crowd_stop(&crowd);
	} else {
		good = work(a, &crowd);
	}
	fleet_target_done(&crowd.target);
	free(crowd.devices);
	return good;
}

int
main(int argc, char **argv)
{
	struct arguments a;
	bool good;

	if (argc < 2 || !take_arguments(argc - 1, argv + 1, &a)) {
		(void)fputs(usage, stderr);
		(void)fputs(fleet_outbreak_help, stderr);
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	if (!raise_limit(a.devices))
		return 1;
	if (strcmp(argv[1], "enroll") == 0)
		good = enroll(&a);
	else if (strcmp(argv[1], "push") == 0)
		good = with_crowd(&a, push);
	else if (strcmp(argv[1], "outbreak") == 0)
		good = with_crowd(&a, outbreak);
	else
		good = complain("enroll, push or outbreak");
	return good ? 0 : 1;
}

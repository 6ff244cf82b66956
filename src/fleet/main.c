/* SPDX-License-Identifier: Apache-2.0 */
/* ward-fleet: many simulated endpoints in one process. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/text.h"
#include "fleet/enroll.h"
#include "fleet/push.h"
#include "sys/fd.h"
#include "sys/process.h"

enum { FILE_MAX = 1 << 20, DEVICES_MAX = 60000 };

static const char usage[] =
	"Usage: ward-fleet enroll --server ADDRESS:PORT --ca FILE --state DIR --devices N "
	"--token-file FILE\n"
	"       ward-fleet push --server ADDRESS:PORT --ca FILE --state DIR --devices N "
	"[--resume]\n\n"
	"Simulated endpoints over real connections, each with a certificate of its own.\n\n"
	"  enroll   enrols devices until the state directory holds N; the token must be good for "
	"them\n"
	"           (wardcloud token create --uses N)\n"
	"  push     devices that follow the updates; reads commands: connect, drop,\n"
	"           await SHA256 SINCE, quit (src/fleet/push.h); answers in JSON\n\n"
	"  --threads N   event loops; one per CPU if not said\n"
	"  --resume      connections after the first one resume their TLS session\n";

struct arguments {
	const char *server, *ca, *state, *token_file;
	uint64_t devices, threads;
	bool resume;
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

static bool
take_arguments(int argc, char **argv, struct arguments *a)
{
	static const struct option table[] = {
		{"server", 1, NULL, 's'},  {"ca", 1, NULL, 'c'},      {"state", 1, NULL, 'd'},
		{"devices", 1, NULL, 'n'}, {"threads", 1, NULL, 't'}, {"token-file", 1, NULL, 'f'},
		{"resume", 0, NULL, 'r'},  {NULL, 0, NULL, 0}};
	bool good = true;
	int o;

	*a = (struct arguments){.threads = ward_process_cpus()};
	while (good && (o = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (o == 's')
			a->server = optarg;
		else if (o == 'c')
			a->ca = optarg;
		else if (o == 'd')
			a->state = optarg;
		else if (o == 'f')
			a->token_file = optarg;
		else if (o == 'r')
			a->resume = true;
		else
			good = (o == 'n' && take_number(optarg, DEVICES_MAX, &a->devices)) ||
			       (o == 't' && take_number(optarg, 64, &a->threads));
	}
	return good && optind == argc && a->server && a->ca && a->state && a->devices > 0;
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

/* --- push --- */

static bool
push(const struct arguments *a)
{
	struct fleet_crowd crowd = {.job = &fleet_push_job, .resume = a->resume};
	enum ward_rc rc = fleet_target_init(&crowd.target, a->server, a->ca);
	bool good = false;

	crowd.devices = calloc(a->devices, sizeof(*crowd.devices));
	crowd.count = a->devices;
	if (!rc && crowd.devices)
		rc = fleet_identities_load(a->state, crowd.devices, crowd.count);
	if (rc || !crowd.devices)
		(void)complain(
			"the server's address, the CA, or the state (run ward-fleet enroll)");
	else
		good = !fleet_crowd_start(&crowd, (unsigned)a->threads) &&
		       fleet_push(&crowd, stdin);
	fleet_crowd_stop(&crowd);
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
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	if (!raise_limit(a.devices))
		return 1;
	if (strcmp(argv[1], "enroll") == 0)
		good = enroll(&a);
	else if (strcmp(argv[1], "push") == 0)
		good = push(&a);
	else
		good = complain("enroll or push");
	return good ? 0 : 1;
}

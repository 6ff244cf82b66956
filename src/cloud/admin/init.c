/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/admin/init.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cloud/admin/ask.h"
#include "cloud/identity/ca.h"
#include "cloud/identity/policy-key.h"
#include "sys/fd.h"

enum { HOSTS = 32, SETS = 64, TEXT = 256 * 1024, WHY = 4096 };

static const char usage[] =
	"Usage: wardcloud init --dir DIRECTORY --organisation NAME --host NAME… [--listen "
	"ADDRESS]\n"
	"       [--set SECTION.KEY=VALUE]…\n\n"
	"Makes the directory (mode 0700) with the certification authority, the server's "
	"certificate\n"
	"for the names endpoints will use, the configuration file wardcloud.conf, and a first\n"
	"enrolment token for one device, good for 24 hours.\n";

struct init {
	const char *directory, *organisation, *listen;
	const char *hosts[HOSTS], *sets[SETS];
	size_t host_count, set_count;
	bool help;
};

static bool
parse(int argc, char **argv, struct init *o)
{
	static const struct option table[] = {
		{"dir", required_argument, NULL, 'd'},
		{"organisation", required_argument, NULL, 'o'},
		{"host", required_argument, NULL, 'n'},
		{"listen", required_argument, NULL, 'l'},
		{"set", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int letter;

	optind = 1;
	while ((letter = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (letter == 'd')
			o->directory = optarg;
		else if (letter == 'o')
			o->organisation = optarg;
		else if (letter == 'l')
			o->listen = optarg;
		else if (letter == 'n' && o->host_count < HOSTS)
			o->hosts[o->host_count++] = optarg;
		else if (letter == 's' && o->set_count < SETS)
			o->sets[o->set_count++] = optarg;
		else if (letter == 'h')
			o->help = true;
		else
			return false;
	}
	return optind == argc && (o->help || (o->directory && o->directory[0] == '/' &&
					      o->organisation && o->host_count > 0));
}

static enum ward_rc
write_config(const struct ward_config *config)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	ward_config_text path;
	enum ward_rc rc;

	ward_buf_init(&out, TEXT, NULL);
	if (!ward_config_path(config, "wardcloud.conf", path))
		return WARD_E_LIMIT;
	rc = ward_config_write(config, &out);
	return rc ? rc : ward_fd_write_atomic(path, ward_buf_span(&out), 0600);
}

static enum ward_rc
make(const struct init *o, const struct ward_config *config)
{
	ward_config_text pki;
	uint8_t key[WARD_SIGN_PUBLIC];
	enum ward_rc rc;

	if (!ward_config_path(config, "pki", pki))
		return WARD_E_LIMIT;
	if (mkdir(o->directory, 0700) != 0 && errno != EEXIST)
		return WARD_E_PERM;
	if (chmod(o->directory, 0700) != 0)
		return WARD_E_PERM;
	rc = ward_ca_create(pki, o->organisation, o->hosts, o->host_count);
	if (!rc)
		rc = ward_policy_key_public(pki, key);
	return rc ? rc : write_config(config);
}

static enum ward_rc
print_fingerprint(const struct ward_config *config, const char *organisation)
{
	struct ward_ca *ca = NULL;
	ward_config_text pki;
	uint8_t digest[32];
	char hex[65];
	enum ward_rc rc;

	if (!ward_config_path(config, "pki", pki))
		return WARD_E_LIMIT;
	rc = ward_ca_open(pki, organisation, &ca);
	if (!rc)
		rc = ward_ca_fingerprint(ca, digest);
	ward_ca_free(ca);
	if (rc)
		return rc;
	ward_text_hex(ward_span_of(digest, sizeof(digest)), hex);
	(void)printf("configuration: %s/wardcloud.conf\nca-sha256: %s\n", config->service.directory,
		     hex);
	return WARD_OK;
}

static int
first_token(const struct ward_config *config)
{
	json_t *request =
		json_pack("{s:s, s:s, s:i}", "op", "token.create", "name", "first", "uses", 1);
	json_t *reply = request ? ward_ask(config, request) : NULL;
	bool good = json_is_true(json_object_get(reply, "ok"));

	if (good)
		ward_ask_print(reply, false);
	json_decref(reply);
	json_decref(request);
	return good ? 0 : 2;
}

/* False after saying what is wrong. */
static bool
configure(const struct init *o, struct ward_config *config)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	enum ward_rc rc = WARD_OK;

	ward_buf_init(&why, WHY, NULL);
	ward_config_default(config);
	(void)snprintf(config->service.directory, WARD_CONFIG_TEXT, "%s", o->directory);
	(void)snprintf(config->service.organisation, WARD_CONFIG_TEXT, "%s", o->organisation);
	if (o->listen)
		(void)snprintf(config->edge.listen, WARD_CONFIG_TEXT, "%s", o->listen);
	for (size_t i = 0; i < o->set_count && !rc; i++)
		rc = ward_config_set(config, o->sets[i], &why);
	if (!rc)
		rc = ward_config_check(config, &why);
	if (rc)
		(void)fprintf(stderr, "wardcloud: init: %.*s", (int)why.len,
			      why.data ? (const char *)why.data : "");
	return rc == WARD_OK;
}

int
ward_init_command(int argc, char **argv)
{
	static struct ward_config config;
	struct init o = {0};
	enum ward_rc rc;

	if (!parse(argc, argv, &o) || o.help) {
		(void)fputs(usage, o.help ? stdout : stderr);
		return o.help ? 0 : 2;
	}
	if (!configure(&o, &config))
		return 2;
	rc = make(&o, &config);
	if (!rc)
		rc = print_fingerprint(&config, o.organisation);
	if (rc) {
		(void)fprintf(stderr, "wardcloud: init: %s%s\n", ward_rc_str(rc),
			      rc == WARD_E_PERM ? " (is there a service already?)" : "");
		return 2;
	}
	return first_token(&config);
}

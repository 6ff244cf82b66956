/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/admin/init.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cloud/admin/ask.h"
#include "cloud/ceremony/begin.h"
#include "cloud/ceremony/secret.h"
#include "cloud/identity/ca.h"
#include "cloud/identity/policy-key.h"
#include "sys/clock.h"
#include "sys/crypto.h"
#include "sys/fd.h"

enum { HOSTS = 32, SETS = 64, TEXT = 256 * 1024, WHY = 4096 };

static const char usage[] =
	"Usage: wardcloud init --dir DIRECTORY --organisation NAME --host NAME… [--listen "
	"ADDRESS]\n"
	"       [--set SECTION.KEY=VALUE]… [--updates-passphrase-file FILE | --no-updates-keys]\n\n"
	"Makes the directory (mode 0700) with the certification authority, the server's "
	"certificate\n"
	"for the names endpoints will use, the configuration file wardcloud.conf, the keys\n"
	"behind signed updates (as `wardcloud keys init` does; the offline ones are sealed by a "
	"passphrase\n"
	"that is printed once, or that of a file), and a first enrolment token for one device, "
	"good "
	"for 24\n"
	"hours.\n";

struct init {
	const char *directory, *organisation, *listen;
	const char *hosts[HOSTS], *sets[SETS];
	size_t host_count, set_count;
	const char *passphrase_file;
	bool no_updates, help;
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
		{"updates-passphrase-file", required_argument, NULL, 'p'},
		{"no-updates-keys", no_argument, NULL, 'u'},
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
		else if (letter == 'p')
			o->passphrase_file = optarg;
		else if (letter == 'u')
			o->no_updates = true;
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

/* The keys behind signed updates. Their passphrase is printed, as the token is: nothing keeps it. */
static int
updates(const struct init *o, const struct ward_config *config)
{
	static struct ward_ceremony_options ceremony;
	WARD_AUTO(ward_key_text_done) struct ward_buf passphrase = {0};
	char made[WARD_BEGIN_PASSPHRASE];
	ward_config_text path;
	int status;

	if (o->no_updates)
		return 0;
	if (!ward_config_path(config, "trust", path))
		return ward_ceremony_fail(ward_rc_str(WARD_E_LIMIT));
	ceremony.now_ms = ward_clock_wall() / 1000;
	ceremony.passphrase_file = o->passphrase_file;
	memcpy(ceremony.directory, path, sizeof(path));
	if (o->passphrase_file) {
		if (!ward_secret_new_passphrase(&ceremony, "updates", &passphrase))
			return 2;
		return ward_begin(&ceremony, ward_buf_span(&passphrase));
	}
	if (ward_begin_passphrase(made))
		return ward_ceremony_fail(ward_rc_str(WARD_E_IO));
	status = ward_begin(&ceremony, ward_span_str(made));
	if (status == 0)
		(void)printf("updates-passphrase: %s\n", made);
	ward_crypto_wipe(made, sizeof(made));
	return status;
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
	int status;

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
	status = updates(&o, &config);
	return status ? status : first_token(&config);
}

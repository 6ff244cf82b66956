/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ward enroll`: makes this machine a device of an organisation's cloud service. Whom to believe is
 * said explicitly, by the CA's fingerprint or file; there is no "accept whatever answers".
 */
#include <unistd.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/endpoint.h"
#include "cli/human.h"
#include "client/device.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { TOKEN = 129, FILE_MAX = 64 * 1024 };

struct enroll_options {
	const char *server, *token, *token_file, *ca, *ca_sha256, *proxy, *state;
	bool leave, forget, renew, help;
};

struct enroll {
	struct enroll_options o;
	char token[TOKEN];
	bool pinned;
	uint8_t digest[32];
	struct ward_buf ca, key, csr;
	struct ward_state state;
	const char *why;
	enum ward_rc rc;
};

static bool
complain(const char *text)
{
	(void)fprintf(stderr, "ward enroll: %s\n", text);
	return false;
}

/* --- what the user said --- */

static enum ward_rc
read_named(const char *name, struct ward_buf *into)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	enum ward_rc rc;

	if (strcmp(name, "-") == 0)
		return ward_fd_read_all(STDIN_FILENO, into);
	rc = ward_fd_open_regular(-1, name, true, &fd, NULL);
	return rc ? rc : ward_fd_read_all(fd, into);
}

static bool
take_token(struct enroll *e)
{
	WARD_AUTO(ward_key_wipe) struct ward_buf text = {0};
	struct ward_span token;

	ward_buf_init(&text, FILE_MAX, NULL);
	if (e->o.token && e->o.token_file)
		return complain("--token and --token-file: one of them");
	if (!e->o.token && !e->o.token_file)
		return complain(
			"a token is needed: --token TOKEN, or --token-file FILE (- is standard "
			"input).\nThe service's administrator makes one: wardcloud token create");
	if (e->o.token_file && read_named(e->o.token_file, &text))
		return complain("the token's file cannot be read");
	token = ward_text_trim(e->o.token ? ward_span_str(e->o.token) : ward_buf_span(&text));
	if (token.len == 0 || token.len >= sizeof(e->token) || memchr(token.data, 0, token.len))
		return complain("that is no token");
	memcpy(e->token, token.data, token.len);
	return true;
}

/* Hex digits, in pairs with colons between them if they like. */
static bool
take_fingerprint(struct enroll *e)
{
	char hex[65] = "";
	size_t n = 0;

	for (const char *c = e->o.ca_sha256; *c; c++) {
		if (*c == ':')
			continue;
		if (n == 64)
			return complain("--ca-sha256: more than 64 hex digits");
		hex[n++] = *c;
	}
	if (!ward_text_unhex(ward_span_of(hex, n), e->digest, sizeof(e->digest)))
		return complain("--ca-sha256: 64 hex digits are needed");
	e->pinned = true;
	return true;
}

static bool
take_trust(struct enroll *e)
{
	uint8_t digest[32];

	if (e->o.ca_sha256 && !take_fingerprint(e))
		return false;
	if (!e->o.ca_sha256 && !e->o.ca)
		return complain("whom shall it trust? Say which CA is the service's:\n"
				"  --ca-sha256 FINGERPRINT   as `wardcloud init` and `wardcloud "
				"token create` "
				"print it, or\n"
				"  --ca FILE                 a copy of the service's pki/ca.pem\n"
				"Without it anybody on the way could pose as the service and take "
				"the token.");
	if (e->o.ca && read_named(e->o.ca, &e->ca))
		return complain("--ca: the file cannot be read");
	if (e->o.ca && ward_key_fingerprint(ward_buf_span(&e->ca), digest))
		return complain("--ca: there is no certificate (PEM) in that file");
	if (e->o.ca && e->pinned && memcmp(digest, e->digest, 32) != 0)
		return complain("the CA in --ca has another fingerprint than --ca-sha256 says");
	return true;
}

static bool
take_addresses(struct enroll *e)
{
	if (!e->o.server)
		return complain("--server HOST:PORT is needed");
	if (!ward_address_valid(e->o.server) || strlen(e->o.server) >= sizeof(e->state.server))
		return complain("--server: write it as host:port, or [address]:port");
	if (e->o.proxy && *e->o.proxy && !ward_proxy_valid(e->o.proxy))
		return complain(
			"--proxy: write it as http://host:port, https://…, socks4a://… or "
			"socks5h://…, with user:password@ before the host if it needs them");
	(void)snprintf(e->state.server, sizeof(e->state.server), "%s", e->o.server);
	(void)snprintf(e->state.proxy, sizeof(e->state.proxy), "%s", e->o.proxy ? e->o.proxy : "");
	return true;
}

/* --- the call --- */

static void
take_reply(void *context, const void *reply)
{
	struct enroll *e = context;

	e->why = "what the service sent makes no sense";
	e->rc = ward_state_take(&e->state, ward_buf_span(&e->key), reply,
				e->pinned ? e->digest : NULL, ward_buf_span(&e->ca), &e->why);
	if (!e->rc) {
		e->state.enrolled_ms = ward_clock_wall() / 1000;
		e->why = "the state cannot be written";
		e->rc = ward_state_save(e->o.state, &e->state);
	}
}

static bool
ask(struct enroll *e, struct ward_client *client)
{
	Ward__V1__EnrollRequest request = WARD__V1__ENROLL_REQUEST__INIT;
	Ward__V1__DeviceInfo info;
	struct ward_device device;
	struct ward_endpoint_answer answer = {.take = take_reply, .context = e};

	ward_device_describe(&device, WARD_VERSION);
	ward_device_info(&device, &info);
	request.token = e->token;
	request.csr = (ProtobufCBinaryData){e->csr.len, e->csr.data};
	request.device = &info;
	if (!ward_endpoint_ask(client, WARD_ASK_ENROLL, &request.base, 30 * 1000, &answer)) {
		ward_endpoint_complain("not enrolled", &answer.end);
		return false;
	}
	return e->rc ? complain(e->why) : true;
}

static void
print_enrolled(const struct ward_state *s)
{
	char uuid[37], when[32];

	ward_wire_uuid_text(s->device, uuid);
	(void)printf("enrolled: %s\nserver: %s\nrenewal: %s\nlevel: %s\nsamples: %s\n", uuid,
		     s->server, ward_endpoint_time(s->renew_after_ms, when),
		     ward_policy_level_name(s->policy.level),
		     ward_policy_samples_name(s->policy.samples));
}

static bool
enroll(struct enroll *e)
{
	WARD_AUTO(ward_client_freep) struct ward_client *client = NULL;
	struct ward_channel_options options = {
		.server = e->state.server,
		.proxy = e->state.proxy,
		.ca = ward_buf_span(&e->ca),
		.ca_sha256 = e->pinned ? e->digest : NULL,
		.agent = "ward/" WARD_VERSION,
	};

	if (ward_key_new(&e->key) || ward_key_request(ward_buf_span(&e->key), &e->csr))
		return complain("no key can be made");
	if (ward_client_new(&options, &client))
		return complain("no memory");
	if (!ask(e, client))
		return false;
	print_enrolled(&e->state);
	return true;
}

static bool
begin(struct enroll *e)
{
	WARD_AUTO(ward_fd_close) int lock = -1;
	struct ward_state known;
	const char *why = NULL;
	enum ward_rc rc;

	if (!take_addresses(e) || !take_trust(e) || !take_token(e))
		return false;
	if (ward_state_lock(e->o.state, &lock, &why)) {
		(void)fprintf(stderr, "ward enroll: %s: %s\n", e->o.state, why);
		return false;
	}
	rc = ward_state_load(e->o.state, &known, &why);
	ward_state_done(&known);
	if (rc == WARD_OK)
		return complain("this machine is enrolled already: ward cloud status shows where, "
				"ward enroll --leave ends it");
	return enroll(e);
}

/* --- leaving and renewing --- */

static bool
forget(const char *directory)
{
	if (ward_state_clear(directory))
		return complain("the state cannot be removed");
	(void)puts("this machine is no longer enrolled");
	return true;
}

static bool
leave(const char *directory, bool only_here)
{
	Ward__V1__LeaveRequest request = WARD__V1__LEAVE_REQUEST__INIT;
	struct ward_endpoint_answer answer = {0};
	WARD_AUTO(ward_fd_close) int lock = -1;
	struct ward_endpoint endpoint;
	const char *why = NULL;
	bool good;

	if (ward_state_lock(directory, &lock, &why)) {
		(void)fprintf(stderr, "ward enroll: %s: %s\n", directory, why);
		return false;
	}
	if (only_here)
		return forget(directory);
	why = NULL;
	if (ward_endpoint_load(&endpoint, directory, &why)) {
		ward_endpoint_close(&endpoint);
		return complain(why ? why : "this machine is not enrolled");
	}
	good = ward_endpoint_ask(endpoint.client, WARD_ASK_LEAVE, &request.base, 0, &answer);
	ward_endpoint_close(&endpoint);
	if (good)
		return forget(directory);
	ward_endpoint_complain("the service was not told", &answer.end);
	return complain(
		"nothing was changed; --leave --forget removes what is kept here all the same "
		"(then revoke the device at the service)");
}

static bool
renew(const char *directory)
{
	struct ward_endpoint endpoint;
	const char *why = NULL;
	bool good = ward_endpoint_load(&endpoint, directory, &why) == WARD_OK;

	if (!good)
		(void)complain(why ? why : "this machine is not enrolled");
	good = good && ward_endpoint_renew(&endpoint);
	if (good)
		print_enrolled(&endpoint.state);
	ward_endpoint_close(&endpoint);
	return good;
}

/* --- the command --- */

#define AT(member) offsetof(struct enroll_options, member)

static const struct ward_option table[] = {
	{"server", 's', WARD_OPTION_TEXT, "HOST:PORT", AT(server),
	 "the organisation's cloud service"},
	{"token", 't', WARD_OPTION_TEXT, "TOKEN", AT(token),
	 "what lets this machine in (others on this machine can see it: better a file)"},
	{"token-file", 0, WARD_OPTION_TEXT, "FILE", AT(token_file),
	 "the token from a file; - is standard input"},
	{"ca-sha256", 0, WARD_OPTION_TEXT, "FINGERPRINT", AT(ca_sha256),
	 "SHA-256 of the service's CA certificate, as wardcloud prints it"},
	{"ca", 0, WARD_OPTION_TEXT, "FILE", AT(ca), "the service's CA certificate (PEM)"},
	{"proxy", 0, WARD_OPTION_TEXT, "URL", AT(proxy),
	 "http://, https://, socks4a:// or socks5h://[user:password@]host:port"},
	{"state", 0, WARD_OPTION_TEXT, "DIR", AT(state),
	 "where key and certificate are kept (default " WARD_STATE_DIRECTORY ")"},
	{"renew", 0, WARD_OPTION_FLAG, NULL, AT(renew),
	 "get a new certificate and the current policy now"},
	{"leave", 0, WARD_OPTION_FLAG, NULL, AT(leave), "tell the service, and forget it"},
	{"forget", 0, WARD_OPTION_FLAG, NULL, AT(forget),
	 "with --leave: without telling the service"},
	{"help", 'h', WARD_OPTION_FLAG, NULL, AT(help), "print this"},
	{NULL, 0, WARD_OPTION_FLAG, NULL, 0, NULL},
};

static void
enroll_done(struct enroll *e)
{
	explicit_bzero(e->token, sizeof(e->token));
	ward_key_wipe(&e->key);
	ward_buf_done(&e->ca);
	ward_buf_done(&e->csr);
	ward_state_done(&e->state);
}

static int
command_enroll(int argc, char **argv)
{
	WARD_AUTO(enroll_done) struct enroll e = {.o = {.state = WARD_STATE_DIRECTORY}};
	WARD_AUTO(ward_strings_done) struct ward_strings operands = {.count = 0};
	bool good;

	ward_state_init(&e.state);
	ward_buf_init(&e.ca, FILE_MAX, NULL);
	ward_buf_init(&e.key, 8192, NULL);
	ward_buf_init(&e.csr, 8192, NULL);
	if (!ward_options_parse(&ward_command_enroll, argc, argv, &e.o, &operands))
		return WARD_EXIT_ERROR;
	if (e.o.help) {
		ward_options_help(&ward_command_enroll, stdout);
		return WARD_EXIT_NOTHING;
	}
	if (operands.count > 0)
		good = complain("it takes options only (try --help)");
	else if (e.o.leave)
		good = leave(e.o.state, e.o.forget);
	else if (e.o.renew)
		good = renew(e.o.state);
	else
		good = begin(&e);
	return good ? WARD_EXIT_NOTHING : WARD_EXIT_ERROR;
}

const struct ward_command ward_command_enroll = {
	.name = "enroll",
	.synopsis = "ward enroll --server HOST:PORT --token-file FILE --ca-sha256 FINGERPRINT\n"
		    "       ward enroll --renew | --leave",
	.about = "Makes this machine a device of your cloud service (wardcloud), so that\n"
		 "`ward scan --cloud` and `ward cloud` can ask it. The key is made here and never\n"
		 "leaves this machine. Only the CA you name is trusted.",
	.examples =
		"  ward enroll --server cloud.example.org:7443 --token-file - --ca-sha256 3f7c…\n"
		"  ward enroll --leave\n",
	.options = table,
	.run = command_enroll,
};

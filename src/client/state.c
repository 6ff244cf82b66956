/* SPDX-License-Identifier: Apache-2.0 */
#include "client/state.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/clock.h"
#include "sys/errno.h"
#include "sys/fd.h"

#include <errno.h>

enum { FILE_MAX = 256 * 1024, PATH = 4096, VERSION = 1 };

#define KEYS_FILE "policy.keys"
#define ROOT_FILE "updates.root"

static const char *const files[] = {"enrolment.json", "device.pem", "contact.json",
				    "policy.envelope"};

/* --- words --- */

static const char *const levels[] = {"unspecified", "normal",	 "moderate",
				     "high",	    "high_plus", "zero_tolerance"};
static const char *const samples_names[] = {"unspecified", "safe", "all", "none", "ask"};

enum { LEVELS = sizeof(levels) / sizeof(levels[0]), SAMPLES = 5 };

const char *
ward_policy_level_name(Ward__V1__Level level)
{
	return (unsigned)level < LEVELS ? levels[level] : levels[0];
}

const char *
ward_policy_samples_name(Ward__V1__Samples samples)
{
	return (unsigned)samples < SAMPLES ? samples_names[samples] : samples_names[0];
}

static int
word_index(const char *const *words, int count, const char *word)
{
	for (int i = 0; word && i < count; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

/* --- whose it is --- */

void
ward_state_owner(uint32_t *ret_uid, uint32_t *ret_gid)
{
	const struct passwd *pw = getpwnam("ward-uplink");

	*ret_uid = pw && pw->pw_uid ? pw->pw_uid : WARD_STATE_NUMBER;
	*ret_gid = pw && pw->pw_uid && pw->pw_gid ? pw->pw_gid : WARD_STATE_NUMBER;
}

/* What root does in a directory of another user it does with that user's rights, so that no link of
 * his leads it anywhere, and what it makes is his. */
struct role {
	int uid, gid; /* as before; -1: nothing was changed */
};

static struct role
take_role(const char *directory)
{
	struct role before = {-1, -1};
	struct ward_fd_stat st;
	struct stat whole;

	if (geteuid() != 0 || ward_fd_stat_at(-1, directory, true, &st) != WARD_OK || st.uid == 0 ||
	    stat(directory, &whole) != 0)
		return before;
	before.gid = setfsgid(whole.st_gid);
	before.uid = setfsuid(st.uid);
	return before;
}

static void
leave_role(const struct role *before)
{
	if (before->uid < 0)
		return;
	(void)setfsuid((uid_t)before->uid);
	(void)setfsgid((gid_t)before->gid);
}

/* Nothing is given away by mistake: a directory that holds something else is another directory. */
static bool
is_ours(const char *name)
{
	static const char *const names[] = {"enrolment.json", "device.pem", "contact.json",
					    "lock",	      "outbox.db",  "updates.json",
					    "policy.envelope"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* Files made before the user was there, or by a root that knew nothing of him. */
static enum ward_rc
give_files(int dir, uint32_t uid, uint32_t gid)
{
	int copy = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	DIR *list = copy < 0 ? NULL : fdopendir(copy);
	enum ward_rc rc = list ? WARD_OK : WARD_E_IO;
	struct stat st;

	for (struct dirent *e; !rc && (e = readdir(list));) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    strcmp(e->d_name, KEYS_FILE) == 0 || /* stays root's */
		    strcmp(e->d_name, ROOT_FILE) == 0)
			continue;
		if (!is_ours(e->d_name) || fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(st.st_mode) || st.st_nlink != 1)
			rc = WARD_E_PERM;
		else if (fchownat(dir, e->d_name, uid, gid, AT_SYMLINK_NOFOLLOW) != 0)
			rc = ward_errno_rc(errno);
	}
	if (list)
		(void)closedir(list);
	else
		ward_fd_close(&copy);
	return rc;
}

/* The standard one lies in a directory that only root changes; root makes it too. */
static enum ward_rc
make_directory(const char *directory)
{
	if (strcmp(directory, WARD_STATE_DIRECTORY) == 0 && geteuid() == 0 &&
	    mkdir(WARD_STATE_PARENT, 0711) != 0 && errno != EEXIST)
		return ward_errno_rc(errno);
	return mkdir(directory, 0700) == 0 || errno == EEXIST ? WARD_OK : ward_errno_rc(errno);
}

/* Nobody but root can write into the directory while it is still root's. */
enum ward_rc
ward_state_hand_over(const char *directory, uint32_t *ret_uid, uint32_t *ret_gid)
{
	WARD_AUTO(ward_fd_close) int dir = -1;
	struct stat named, st;
	uint32_t uid, gid;
	enum ward_rc rc;

	rc = make_directory(directory);
	if (!rc)
		rc = ward_fd_open_directory(-1, directory, &dir);
	if (rc)
		return rc;
	if (fstat(dir, &st) != 0 || lstat(directory, &named) != 0)
		return ward_errno_rc(errno);
	/* no link, and nothing that was put in its place */
	if ((st.st_mode & 077) != 0 || named.st_ino != st.st_ino || named.st_dev != st.st_dev)
		return WARD_E_PERM;
	if (st.st_uid != 0) {
		*ret_uid = st.st_uid;
		*ret_gid = st.st_gid ? st.st_gid : st.st_uid;
		return WARD_OK;
	}
	ward_state_owner(&uid, &gid);
	rc = give_files(dir, uid, gid);
	if (!rc && fchown(dir, uid, gid) != 0)
		rc = ward_errno_rc(errno);
	if (!rc) {
		*ret_uid = uid;
		*ret_gid = gid;
	}
	return rc;
}

/* --- files --- */

void
ward_state_init(struct ward_state *s)
{
	memset(s, 0, sizeof(*s));
	ward__v1__policy__init(&s->policy);
	ward_buf_init(&s->ca, FILE_MAX, NULL);
	ward_buf_init(&s->identity, FILE_MAX, NULL);
	ward_buf_init(&s->policy_keys, FILE_MAX, NULL);
	ward_buf_init(&s->envelope, FILE_MAX, NULL);
	ward_buf_init(&s->root, FILE_MAX, NULL);
}

void
ward_state_done(struct ward_state *s)
{
	ward_key_wipe(&s->identity);
	ward_buf_done(&s->ca);
	ward_buf_done(&s->policy_keys);
	ward_buf_done(&s->envelope);
	ward_buf_done(&s->root);
	explicit_bzero(s->proxy, sizeof(s->proxy));
}

static bool
path_of(const char *directory, const char *name, char ret[PATH])
{
	return snprintf(ret, PATH, "%s/%s", directory, name) < PATH;
}

static enum ward_rc
read_file(const char *directory, const char *name, struct ward_buf *into)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	char path[PATH];
	enum ward_rc rc = path_of(directory, name, path) ? WARD_OK : WARD_E_LIMIT;

	if (!rc)
		rc = ward_fd_open_regular(-1, path, false, &fd, NULL);
	return rc ? rc : ward_fd_read_all(fd, into);
}

static enum ward_rc
write_file(const char *directory, const char *name, struct ward_span bytes)
{
	struct role role = take_role(directory);
	char path[PATH];
	enum ward_rc rc = path_of(directory, name, path) ? ward_fd_write_atomic(path, bytes, 0600)
							 : WARD_E_LIMIT;

	leave_role(&role);
	return rc;
}

/* Without taking the directory's user's role: the file says who has put it there. What root has put there
 * stays, whatever others would like. */
static enum ward_rc
write_roots_file(const char *directory, const char *name, struct ward_span bytes)
{
	struct ward_fd_stat st;
	char path[PATH];

	if (!path_of(directory, name, path))
		return WARD_E_LIMIT;
	if (geteuid() != 0 && ward_fd_stat_at(-1, path, false, &st) == WARD_OK &&
	    st.uid != geteuid())
		return WARD_OK;
	return ward_fd_write_atomic(path, bytes, 0600);
}

/* Dumps and lets go of it. */
static enum ward_rc
write_json(const char *directory, const char *name, json_t *object)
{
	char *text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
	enum ward_rc rc = text ? write_file(directory, name, ward_span_str(text)) : WARD_E_NOMEM;

	free(text);
	json_decref(object);
	return rc;
}

static json_t *
read_json(const char *directory, const char *name, enum ward_rc *ret_rc)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	json_t *object = NULL;

	ward_buf_init(&text, FILE_MAX, NULL);
	*ret_rc = read_file(directory, name, &text);
	if (*ret_rc)
		return NULL;
	object = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(object))
		*ret_rc = WARD_E_FORMAT;
	return object;
}

/* --- the directory --- */

static enum ward_rc
check_directory(const char *directory, const char **ret_why)
{
	struct ward_fd_stat st;
	enum ward_rc rc = ward_fd_stat_at(-1, directory, true, &st);

	if (rc)
		return rc;
	if (st.kind != WARD_FD_DIRECTORY) {
		*ret_why = "the state directory is no directory";
		return WARD_E_FORMAT;
	}
	/* root may look at anybody's */
	if ((st.uid != geteuid() && st.uid != 0 && geteuid() != 0) || (st.mode & 077) != 0) {
		*ret_why = "the state directory must be this user's own, mode 0700";
		return WARD_E_FORMAT;
	}
	return WARD_OK;
}

enum ward_rc
ward_state_lock(const char *directory, int *ret_fd, const char **ret_why)
{
	char path[PATH];
	const char *why = NULL;
	struct role role;
	enum ward_rc rc = make_directory(directory);

	if (!rc)
		rc = check_directory(directory, &why);
	role = take_role(directory);
	if (!rc && !path_of(directory, "lock", path))
		rc = WARD_E_LIMIT;
	if (!rc && access(directory, W_OK | X_OK) != 0)
		rc = WARD_E_PERM;
	else if (!rc) {
		why = "another program is changing it just now";
		rc = ward_fd_lock(-1, path, ret_fd);
	}
	leave_role(&role);
	if (rc && ret_why)
		*ret_why = why ? why : "it cannot be made or written by this user";
	return rc;
}

enum ward_rc
ward_state_clear(const char *directory)
{
	char path[PATH];
	enum ward_rc rc = WARD_OK;
	struct role role = take_role(directory);

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (path_of(directory, files[i], path) && unlink(path) != 0 && errno != ENOENT)
			rc = ward_errno_rc(errno);
	if (!rc)
		rc = ward_fd_sync_directory(directory);
	leave_role(&role);
	if (!rc && path_of(directory, KEYS_FILE, path) && access(path, F_OK) == 0)
		rc = write_roots_file(directory, KEYS_FILE, ward_span_of("", 0));
	if (!rc && path_of(directory, ROOT_FILE, path) && access(path, F_OK) == 0)
		rc = write_roots_file(directory, ROOT_FILE, ward_span_of("", 0));
	return rc;
}

/* --- enrolment.json --- */

static json_t *
policy_json(const Ward__V1__Policy *p)
{
	return json_pack("{s:I, s:s, s:s, s:I, s:b, s:b}", "version", (json_int_t)p->version,
			 "level", ward_policy_level_name(p->level), "samples",
			 ward_policy_samples_name(p->samples), "hold_ms", (json_int_t)p->hold_ms,
			 "send_names", p->send_names, "private_lookup", p->private_lookup);
}

static json_t *
enrolment_json(const struct ward_state *s)
{
	char device[37];

	ward_wire_uuid_text(s->device, device);
	return json_pack("{s:i, s:s, s:s, s:s, s:I, s:I, s:s%, s:o}", "version", VERSION, "server",
			 s->server, "proxy", s->proxy, "device", device, "enrolled_ms",
			 (json_int_t)s->enrolled_ms, "renew_after_ms",
			 (json_int_t)s->renew_after_ms, "ca", (const char *)s->ca.data, s->ca.len,
			 "policy", policy_json(&s->policy));
}

enum ward_rc
ward_state_save(const char *directory, const struct ward_state *s)
{
	enum ward_rc rc = write_file(directory, "device.pem", ward_buf_span(&s->identity));

	if (!rc && s->policy_keys.len > 0)
		rc = write_roots_file(directory, KEYS_FILE, ward_buf_span(&s->policy_keys));
	if (!rc && s->root.len > 0)
		rc = write_roots_file(directory, ROOT_FILE, ward_buf_span(&s->root));
	if (!rc && s->envelope.len > 0)
		rc = write_file(directory, "policy.envelope", ward_buf_span(&s->envelope));
	return rc ? rc : write_json(directory, "enrolment.json", enrolment_json(s));
}

static bool
take_policy(const json_t *from, Ward__V1__Policy *p)
{
	const char *level = NULL, *samples = NULL;
	json_int_t version = 0, hold = 0;
	int names = 0, private = 0, l, m;

	if (json_unpack((json_t *)(uintptr_t)from, "{s:I, s:s, s:s, s:I, s:b, s:b}", "version",
			&version, "level", &level, "samples", &samples, "hold_ms", &hold,
			"send_names", &names, "private_lookup", &private) != 0)
		return false;
	l = word_index(levels, LEVELS, level);
	m = word_index(samples_names, SAMPLES, samples);
	if (l < 0 || m < 0 || version < 0 || hold < 0 || hold > WARD_WIRE_HOLD_MAX_MS)
		return false;
	p->version = (uint64_t)version;
	p->level = (Ward__V1__Level)l;
	p->samples = (Ward__V1__Samples)m;
	p->hold_ms = (uint32_t)hold;
	p->send_names = names != 0;
	p->private_lookup = private != 0;
	return true;
}

/* NULL or what is wrong. */
static const char *
take_enrolment(json_t *from, struct ward_state *s)
{
	const char *server = NULL, *proxy = NULL, *device = NULL, *ca = NULL;
	json_int_t version = 0, enrolled = 0, renew = 0;
	json_t *policy = NULL;

	if (json_unpack(from, "{s:I, s:s, s:s, s:s, s:I, s:I, s:s, s:o}", "version", &version,
			"server", &server, "proxy", &proxy, "device", &device, "enrolled_ms",
			&enrolled, "renew_after_ms", &renew, "ca", &ca, "policy", &policy) != 0 ||
	    version != VERSION)
		return "enrolment.json lacks something";
	if (!ward_address_valid(server) || strlen(server) >= sizeof(s->server))
		return "enrolment.json: server";
	if ((*proxy && !ward_proxy_valid(proxy)) || strlen(proxy) >= sizeof(s->proxy))
		return "enrolment.json: proxy";
	if (ward_wire_uuid_parse(ward_span_str(device), s->device))
		return "enrolment.json: device";
	if (enrolled < 0 || renew < 0 || !take_policy(policy, &s->policy))
		return "enrolment.json: policy";
	if (ward_buf_str(&s->ca, ca))
		return "enrolment.json: ca";
	(void)snprintf(s->server, sizeof(s->server), "%s", server);
	(void)snprintf(s->proxy, sizeof(s->proxy), "%s", proxy);
	s->enrolled_ms = (uint64_t)enrolled;
	s->renew_after_ms = (uint64_t)renew;
	return NULL;
}

static const char *
check_identity(const struct ward_state *s)
{
	struct ward_key_facts facts;

	if (ward_key_facts(ward_buf_span(&s->identity), &facts))
		return "device.pem is no key with its certificate";
	return memcmp(facts.device, s->device, 16) == 0 ? NULL
							: "device.pem is of another enrolment";
}

static enum ward_rc
load(const char *directory, struct ward_state *s, const char **why)
{
	enum ward_rc rc = check_directory(directory, why);
	json_t *object = rc ? NULL : read_json(directory, "enrolment.json", &rc);

	if (!rc)
		*why = take_enrolment(object, s);
	else if (object || rc == WARD_E_FORMAT)
		*why = *why ? *why : "enrolment.json is no JSON object";
	json_decref(object);
	if (rc || *why)
		return rc ? rc : WARD_E_FORMAT;
	rc = read_file(directory, "device.pem", &s->identity);
	if (!rc)
		*why = check_identity(s);
	else if (rc == WARD_E_NOENT)
		*why = "device.pem is missing";
	return *why ? WARD_E_FORMAT : rc;
}

enum ward_rc
ward_state_load(const char *directory, struct ward_state *ret_state, const char **ret_why)
{
	const char *why = NULL;
	enum ward_rc rc;

	ward_state_init(ret_state);
	rc = load(directory, ret_state, &why);
	if (rc) {
		ward_state_done(ret_state);
		ward_state_init(ret_state);
		if (ret_why)
			*ret_why = why;
	}
	return rc;
}

void
ward_state_channel(const struct ward_state *s, struct ward_channel_options *ret)
{
	*ret = (struct ward_channel_options){
		.server = s->server,
		.proxy = s->proxy,
		.ca = ward_buf_span(&s->ca),
		.identity = ward_buf_span(&s->identity),
	};
}

/* --- enrolment --- */

/* Bytes to be passed on; who believes them proves them. */
static enum ward_rc
take_signed_policy(struct ward_state *s, const Ward__V1__EnrollReply *reply)
{
	enum ward_rc rc = WARD_OK;

	ward_buf_clear(&s->policy_keys);
	ward_buf_clear(&s->envelope);
	ward_buf_clear(&s->root);
	for (size_t i = 0; !rc && i < reply->n_policy_keys; i++)
		rc = ward_buf_append(&s->policy_keys, reply->policy_keys[i].data,
				     reply->policy_keys[i].len);
	if (!rc && reply->root.len > 0)
		rc = ward_buf_append(&s->root, reply->root.data, reply->root.len);
	if (!rc && reply->policy && reply->policy->document.len > 0)
		rc = ward_buf_append(&s->envelope, reply->policy->document.data,
				     reply->policy->document.len);
	return rc;
}

enum ward_rc
ward_state_take(struct ward_state *s, struct ward_span key_pem, const Ward__V1__EnrollReply *reply,
		const uint8_t *ca_sha256, struct ward_span ca, const char **ret_why)
{
	struct ward_span authorities[8];
	struct ward_key_issued issued = {
		.certificate = ward_span_of(reply->certificate.data, reply->certificate.len),
		.authorities = authorities,
		.authority_count = reply->n_authorities,
		.device = reply->device.data,
		.ca_sha256 = ca_sha256,
		.ca = ca,
	};
	struct ward_buf identity, ca_pem;
	enum ward_rc rc;

	if (reply->n_authorities > 8 || reply->device.len != 16)
		return WARD_E_FORMAT;
	for (size_t i = 0; i < reply->n_authorities; i++)
		authorities[i] =
			ward_span_of(reply->authorities[i].data, reply->authorities[i].len);
	ward_buf_init(&identity, FILE_MAX, NULL);
	ward_buf_init(&ca_pem, FILE_MAX, NULL);
	rc = ward_key_accept(key_pem, &issued, &identity, &ca_pem, ret_why);
	if (rc) {
		ward_key_wipe(&identity);
		ward_buf_done(&ca_pem);
		return rc;
	}
	ward_key_wipe(&s->identity);
	ward_buf_done(&s->ca);
	s->identity = identity;
	s->ca = ca_pem;
	rc = take_signed_policy(s, reply);
	memcpy(s->device, reply->device.data, 16);
	s->renew_after_ms = reply->renew_after_ms;
	if (reply->policy) {
		s->policy = *reply->policy;
		s->policy.document =
			(ProtobufCBinaryData){0, NULL}; /* lives as long as the reply */
		s->policy.base.n_unknown_fields = 0;
		s->policy.base.unknown_fields = NULL;
	}
	return rc;
}

bool
ward_state_renewal_due(const struct ward_state *s, uint64_t now_ms)
{
	return now_ms >= s->renew_after_ms;
}

/* --- contact.json --- */

void
ward_state_contact_load(const char *directory, struct ward_state_contact *ret)
{
	enum ward_rc rc = WARD_OK;
	json_t *object = read_json(directory, "contact.json", &rc);
	json_int_t answered = 0, failed = 0, since = 0, failures = 0;
	const char *fault = "", *text = "";

	memset(ret, 0, sizeof(*ret));
	if (!rc && json_unpack(object, "{s:I, s:I, s:I, s:I, s:s, s:s}", "answered_ms", &answered,
			       "failed_ms", &failed, "failing_since_ms", &since, "failures",
			       &failures, "fault", &fault, "text", &text) == 0) {
		ret->answered_ms = (uint64_t)answered;
		ret->failed_ms = (uint64_t)failed;
		ret->failing_since_ms = (uint64_t)since;
		ret->failures = (unsigned)failures;
		(void)snprintf(ret->fault, sizeof(ret->fault), "%s", fault);
		(void)snprintf(ret->text, sizeof(ret->text), "%s", text);
	}
	json_decref(object);
}

/* A failure adds to those before, an answer ends them. */
static void
merge_contact(struct ward_state_contact *known, const struct ward_client_contact *met,
	      const struct ward_breaker *breaker)
{
	bool failing = met->failed_ms > met->answered_ms || breaker->failures > 0;

	if (met->answered_ms > known->answered_ms)
		known->answered_ms = met->answered_ms;
	if (!failing) {
		known->failures = 0;
		known->failing_since_ms = 0;
		return;
	}
	if (met->answered_ms > 0)
		known->failures = 0;
	if (known->failures == 0)
		known->failing_since_ms = breaker->since_ms ? breaker->since_ms : met->failed_ms;
	known->failures += breaker->failures;
	known->failed_ms = met->failed_ms;
	(void)snprintf(known->fault, sizeof(known->fault), "%s",
		       ward_fault_name(met->failure.fault));
	(void)snprintf(known->text, sizeof(known->text), "%s", met->failure.text);
}

void
ward_state_contact_save(const char *directory, struct ward_client *client)
{
	const struct ward_client_contact *met = ward_client_contact(client);
	struct ward_state_contact known;
	enum ward_rc ignored;

	if (met->answered_ms == 0 && met->failed_ms == 0)
		return;
	ward_state_contact_load(directory, &known);
	merge_contact(&known, met, ward_client_breaker(client));
	ignored = write_json(
		directory, "contact.json",
		json_pack("{s:I, s:I, s:I, s:I, s:s, s:s}", "answered_ms",
			  (json_int_t)known.answered_ms, "failed_ms", (json_int_t)known.failed_ms,
			  "failing_since_ms", (json_int_t)known.failing_since_ms, "failures",
			  (json_int_t)known.failures, "fault", known.fault, "text", known.text));
	(void)ignored;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The program: gives up its rights, then turns its loop. */
#include "uplink/uplink.h"

#include <curl/curl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/ipc.h"
#include "sys/log.h"
#include "sys/sandbox.h"
#include "uplink/uplink-priv.h"

enum { TURN_MAX_MS = 1000 };

/* --- start, in the order in which rights go --- */

static enum ward_rc
become_owner(struct uplink *u)
{
	uint32_t gid = getegid();
	enum ward_rc rc = WARD_OK;

	u->uid = geteuid();
	if (u->uid == 0)
		rc = ward_state_hand_over(u->directory, &u->uid, &gid);
	return rc == WARD_OK ? ward_sandbox_drop_to(u->uid, gid) : rc;
}

/* What libraries read once: their settings, error texts, random numbers. */
static enum ward_rc
load_libraries(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? WARD_OK : WARD_E_NOMEM;
}

/* Its own directory; what a resolver reads, which changes while we run; the CAs for a proxy that
 * speaks TLS. */
static enum ward_rc
close_doors(struct uplink *u)
{
	const struct ward_sandbox_place places[] = {
		{u->directory, true},
		{"/etc", false}, /* resolv.conf and hosts are replaced, not written */
		{"/run/systemd/resolve", false},
		{"/run/resolvconf", false},
		{"/run/NetworkManager", false},
		{"/usr/share/ca-certificates", false},
		{"/usr/local/share/ca-certificates", false},
		{"/dev/null", false},
		{"/dev/urandom", false},
	};
	int abi = 0;
	enum ward_rc rc = ward_sandbox_mute();

	if (rc == WARD_OK)
		rc = ward_sandbox_confine(places, sizeof(places) / sizeof(places[0]), &abi);
	if (rc == WARD_OK)
		rc = ward_sandbox_filter(WARD_SANDBOX_NETWORK);
	u->landlock = (uint32_t)abi;
	return rc;
}

static enum ward_rc
prepare(struct uplink *u, const char **ret_step)
{
	enum ward_rc rc;

	*ret_step = "its directory and user";
	rc = become_owner(u);
	if (rc == WARD_OK) {
		*ret_step = "the outbox";
		rc = report_open(u);
	}
	if (rc == WARD_OK) {
		*ret_step = "libraries";
		rc = load_libraries();
	}
	if (rc == WARD_OK) {
		*ret_step = "the sandbox";
		rc = close_doors(u);
	}
	return rc;
}

/* --- the loop --- */

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int
time_to_sleep(const struct uplink *u)
{
	uint64_t now = ward_clock_monotonic();
	uint64_t next = earlier(earlier(ask_next(u), link_next(u)),
				earlier(report_next(u), channel_next(u)));

	if (next <= now)
		return 0;
	return next - now >= TURN_MAX_MS * 1000 ? TURN_MAX_MS : (int)((next - now + 999) / 1000);
}

static void
turn(struct uplink *u)
{
	struct pollfd fds[] = {
		{.fd = WARD_UPLINK_CHANNEL, .events = POLLIN},
		{.fd = u->link.client ? ward_client_fd(u->link.client) : -1, .events = POLLIN},
	};

	(void)poll(fds, 2, time_to_sleep(u));
	u->now = ward_clock_monotonic();
	if (fds[0].revents)
		channel_read(u);
	if (u->link.client)
		ward_client_work(u->link.client);
	if (!u->started)
		return;
	ask_work(u);
	report_work(u);
	link_work(u);
	channel_tell_state(u);
}

static void
end(struct uplink *u)
{
	if (u->started)
		link_close(u);
	ask_free_all(u);
	report_close(u);
	ward_buf_done(&u->out);
	explicit_bzero(&u->settings, sizeof(u->settings));
	free(u);
}

int
ward_uplink_run(const char *directory)
{
	struct uplink *u = calloc(1, sizeof(*u));
	const char *step = "";
	enum ward_rc rc;
	int status;

	if (!u)
		return 1;
	ward_say_init("ward-uplink", 2, WARD_INFO, false);
	u->directory = directory;
	u->link.renewal_lock = -1;
	u->asking.next_check = UINT64_MAX;
	ward_buf_init(&u->out, WARD_UPLINK_MESSAGE_MAX, NULL);
	ward__v1__policy__init(&u->settings.policy);
	rc = prepare(u, &step);
	if (rc != WARD_OK)
		ward_say(WARD_ERROR, "uplink.failed", "the network process cannot start",
			 "ward.step", step, "ward.directory", directory, "error.message",
			 ward_rc_str(rc), NULL);
	while (rc == WARD_OK && !u->stop && !u->broken)
		turn(u);
	status = rc == WARD_OK && !u->broken ? 0 : 1;
	end(u);
	return status;
}

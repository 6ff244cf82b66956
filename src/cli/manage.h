/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the guard for what may change something (proto/manage.h), and showing what it says. */
#ifndef WARD_CLI_MANAGE_H
#define WARD_CLI_MANAGE_H

#include <stdio.h>

#include "proto/guard.h"
#include "proto/manage.h"

#define WARD_GUARD_SOCKET "/run/ward/control.sock"

struct ward_manage_ask {
	const char *command; /* "threat": begins the lines on stderr */
	const char *socket;  /* the guard's control socket; NULL: WARD_GUARD_SOCKET */
	const char *event;   /* "threat": of each JSON object */
	bool json;
	bool quiet_if_gone; /* says nothing when no guard runs */
	bool quiet;	    /* nor about anything else */
	int file;	    /* goes with the request; -1: none */
	/* For people: shows one entry. */
	void (*show)(const struct ward_manage_entry *entry);
	/* For ourselves: takes each entry, and nothing is shown. NULL: nobody. */
	void (*take)(void *ctx, const struct ward_manage_entry *entry);
	void *ctx;
	size_t shown; /* how many entries came */
};

/*
 * Asks, page after page up to request->limit entries (0: all), and shows what comes. WARD_E_NOENT with
 * ask->quiet_if_gone: no guard runs. Any other failure has been said on stderr. WARD_E_GONE: no guard.
 */
enum ward_rc ward_manage_show(struct ward_manage_ask *ask,
			      const struct ward_manage_request *request) WARD_MUST_CHECK;

/* "name: value" lines, all fields. */
void ward_manage_show_all(const struct ward_manage_entry *entry);
/* The field as text for people, on stdout; nothing when there is none. */
void ward_manage_print(const struct ward_manage_entry *entry, const char *name);
bool ward_manage_true(const struct ward_manage_entry *entry, const char *name);

/* "0198…-…": false after saying that it is no id. */
bool ward_manage_id(const char *command, const char *text,
		    struct ward_manage_request *request) WARD_MUST_CHECK;

/* How the guard is; false after saying why that is not known. NULL socket: WARD_GUARD_SOCKET. */
bool ward_guard_status(const char *socket, struct ward_arena *arena,
		       struct ward_guard_reply *ret_reply) WARD_MUST_CHECK;
/* Has the guard read its policy anew; false after saying why it did not. */
bool ward_guard_reload(const char *socket) WARD_MUST_CHECK;

#endif

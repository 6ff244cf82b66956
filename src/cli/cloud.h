/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of `ward cloud`; each returns an exit status. */
#ifndef WARD_CLI_CLOUD_H
#define WARD_CLI_CLOUD_H

#include "cli/endpoint.h"
#include "cli/options.h"
#include "cli/session.h"

struct ward_cloud_options {
	const char *state;
	const char *directory, *socket; /* test: where the files are made; the guard's */
	bool json, prefix, sight, help;
	uint64_t timeout, wait; /* seconds */
	struct ward_session_options session;
};

/* `ward cloud test` (cloud-test.c): every step on the way to a verdict, OK or the reason. */
int ward_cloud_test(const struct ward_cloud_options *options);
/* The same of the guard, with two files that nobody has seen (cloud-sight.c). */
int ward_cloud_sight(const struct ward_cloud_options *options);
/* `ward cloud submit` (cloud-submit.c). */
int ward_cloud_submit(const struct ward_cloud_options *options, const struct ward_strings *paths);

#endif

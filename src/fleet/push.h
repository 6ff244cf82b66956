/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast an update reaches everybody: all devices subscribe; commands come on standard input, a line
 * each, answers go to standard output as JSON, a line each.
 *
 *	connect			all at once, until each has been told something on its stream
 *	drop			closes all connections without a word
 *	await SHA256 SINCE	until each has the verdict on this file; how long after SINCE (µs since
 *				1970) and after the record's own time they had it
 *	quit
 */
#ifndef WARD_FLEET_PUSH_H
#define WARD_FLEET_PUSH_H

#include <stdio.h>

#include "fleet/crowd.h"

extern const struct fleet_job fleet_push_job;

/* The crowd runs with that job. Until "quit" or the end of `in`; false: a command was none, or what it
 * waited for did not come in two minutes. */
bool fleet_push(struct fleet_crowd *crowd, FILE *in);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the cloud service said, for people and for programs. */
#ifndef WARD_CLI_CLOUD_PRINT_H
#define WARD_CLI_CLOUD_PRINT_H

#include <jansson.h>
#include <stdio.h>

#include "client/words.h"

/* "0.950" of 950. */
const char *ward_cloud_confidence(uint32_t thousandths, char ret[8]);
/* Lines with this before each: verdict, tier, evidence … */
void ward_cloud_print(const Ward__V1__FileVerdict *v, const char *indent, FILE *out);
/* One line for each piece of evidence. */
void ward_cloud_print_evidence(const Ward__V1__FileVerdict *v, const char *indent, FILE *out);
/* A step of a test: its name, OK or FAILED, and what is to say of it. JSON: one object, with what `more` has
 * (taken over; may be NULL). */
void ward_cloud_step(bool as_json, const char *name, bool good, const char *text, json_t *more);
/* The same as an object (docs/json.md); the caller's reference. NULL v: null. */
json_t *ward_cloud_json(const Ward__V1__FileVerdict *v);

#endif

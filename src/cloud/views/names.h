/* SPDX-License-Identifier: Apache-2.0 */
/* Texts kept once and for as long as the views are open: names of threats and lists. */
#ifndef WARD_CLOUD_VIEWS_NAMES_H
#define WARD_CLOUD_VIEWS_NAMES_H

#include "base/rc.h"
#include "base/span.h"

struct ward_names;

struct ward_names *ward_names_new(void) WARD_MUST_CHECK;
struct ward_names *ward_names_free(struct ward_names *names);
/* The number of the text, made when it is new; 0 is "". Any thread. UINT32_MAX: no memory. */
uint32_t ward_names_number(struct ward_names *names, const char *text);
/* The text of a number; "" for one nobody made. Any thread. */
const char *ward_names_text(struct ward_names *names, uint32_t number);
uint32_t ward_names_count(struct ward_names *names);

#endif

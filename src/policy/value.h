/* SPDX-License-Identifier: Apache-2.0 */
/* Values as documents write them: numbers, "10s", "64M", "02:30", words. */
#ifndef WARD_POLICY_VALUE_H
#define WARD_POLICY_VALUE_H

#include "policy/settings.h"

/* "64M": digits with K, M, G or T (powers of 1024) or none: bytes. */
bool ward_value_size(struct ward_span text, uint64_t *ret) WARD_MUST_CHECK;
/* "10s": digits with ms, s, m, h or d; "0" needs no unit: milliseconds. */
bool ward_value_time(struct ward_span text, uint64_t *ret) WARD_MUST_CHECK;
/* "02:30": minutes after midnight. */
bool ward_value_clock(struct ward_span text, uint64_t *ret) WARD_MUST_CHECK;

/* The shortest text that reads back as the value. */
enum ward_rc ward_value_print_size(uint64_t bytes, struct ward_buf *out) WARD_MUST_CHECK;
enum ward_rc ward_value_print_time(uint64_t ms, struct ward_buf *out) WARD_MUST_CHECK;

/* The index among the setting's words, or -1. */
int ward_value_word(const struct ward_setting *s, struct ward_span text);

/* NULL, or what was expected instead: "a host and port" … */
const char *ward_value_check(enum ward_setting_check check, struct ward_span text);
/* The same as a regular expression of JSON Schema (ECMA 262); NULL: anything. */
const char *ward_value_pattern(enum ward_setting_check check);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The table of settings for others to read: people, editors, man. What these write is committed
 * (dist/policy.schema.json, docs/policy.md, docs/man/ward-policy.5); a test compares. */
#ifndef WARD_POLICY_DESCRIBE_H
#define WARD_POLICY_DESCRIBE_H

#include "base/buf.h"

/* A JSON Schema (draft 2020-12). It takes every document that the reader takes. It cannot see names
 * that stand twice, times and sizes out of range, and dangerous exclusions; the reader does. */
enum ward_rc ward_policy_write_schema(struct ward_buf *out) WARD_MUST_CHECK;
/* Tables in Markdown, a section each. */
enum ward_rc ward_policy_write_manual(struct ward_buf *out) WARD_MUST_CHECK;
/* The same in mdoc(7), for ward-policy(5). */
enum ward_rc ward_policy_write_man(struct ward_buf *out) WARD_MUST_CHECK;

#endif

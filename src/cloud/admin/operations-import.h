/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations by which `wardcloud import` hands its batches to the running service:
 *
 *	import.batch	{list, verdict, time_ms} and a descriptor of frames (take.h)
 *	import.wait	{} → {applied}: is all that was durable applied; waits for a second at most
 *	import.withdraw	{list, time_ms, walk} → {withdrawn, walk, end}
 */
#ifndef WARD_CLOUD_ADMIN_OPERATIONS_IMPORT_H
#define WARD_CLOUD_ADMIN_OPERATIONS_IMPORT_H

#include "cloud/admin/operations.h"

/* NULL: done, `out` has the answer; else what is wrong (static). `fd` (-1: none) stays the caller's. */
const char *ward_admin_import(struct ward_node *node, const char *actor, const json_t *request,
			      int fd, json_t *out);

/* "auto", "malicious", "suspicious", "clean"; false for others. */
bool ward_admin_import_verdict(const char *text, enum ward_verdict *ret_verdict);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Who may ask what. */
#ifndef WARD_GUARD_MANAGE_RIGHTS_H
#define WARD_GUARD_MANAGE_RIGHTS_H

#include "proto/manage.h"
#include "sys/peer.h"

enum ward_manage_right {
	WARD_RIGHT_ADMIN, /* root and the group ward-admin */
	WARD_RIGHT_OWN,	  /* anybody, about files that belong to who asks */
	WARD_RIGHT_ANYBODY,
};

#define WARD_ADMIN_GROUP "ward-admin"

/* What is not in the table is for administrators. */
enum ward_manage_right ward_manage_right_of(enum ward_manage_operation operation);
/* Whether it changes something. */
bool ward_manage_changes(enum ward_manage_operation operation);
/* "change a setting": goes on from "may not"; static. */
const char *ward_manage_deed(enum ward_manage_operation operation);
/* `group`: the number of WARD_ADMIN_GROUP; NULL: there is no such group. */
bool ward_manage_is_admin(const struct ward_peer *peer, const uint32_t *group);

#endif

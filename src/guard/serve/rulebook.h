/* SPDX-License-Identifier: Apache-2.0 */
/* Rules and signatures of the signed records in force, as a small pack that scanners load beside the others. Any
 * thread; NULL of a rulebook is one without rules. */
#ifndef WARD_GUARD_SERVE_RULEBOOK_H
#define WARD_GUARD_SERVE_RULEBOOK_H

#include "guard/decide/kin.h"
#include "guard/intake/overlay.h"
#include "guard/updates/rules.h"

struct ward_rulebook;

/* The child that compiles is kin while it lives. NULL without memory. */
struct ward_rulebook *ward_rulebook_new(struct ward_kin *kin) WARD_MUST_CHECK;
struct ward_rulebook *ward_rulebook_free(struct ward_rulebook *b);

/*
 * Compiles what is in force now, and waits for it; `bad` is told of what is left out. *ret_changed: scanners
 * have to be started with it. With an error the former pack stays.
 */
enum ward_rc ward_rulebook_make(struct ward_rulebook *b, struct ward_overlay *overlay,
				uint64_t now_ms, ward_rules_bad bad, void *ctx,
				bool *ret_changed) WARD_MUST_CHECK;
/* Scanners do not start with it: no rules from now on. */
void ward_rulebook_drop(struct ward_rulebook *b);
/* The pack, the caller's; -1: there is none. */
int ward_rulebook_open(struct ward_rulebook *b);

#endif

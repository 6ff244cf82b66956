/* SPDX-License-Identifier: Apache-2.0 */
/* The organisation's key for policies (policy/envelope.h): policy.key in the directory of the CA, 64
 * hex digits of an Ed25519 secret, mode 0600, made when it is first needed. */
#ifndef WARD_CLOUD_IDENTITY_POLICY_KEY_H
#define WARD_CLOUD_IDENTITY_POLICY_KEY_H

#include "sys/sign.h"

/* The secret; ward_sign_forget it. WARD_E_FORMAT: the file is no key. */
enum ward_rc ward_policy_key_secret(const char *directory,
				    uint8_t ret_secret[WARD_SIGN_SECRET]) WARD_MUST_CHECK;
/* Its public half: what devices get when they enrol. */
enum ward_rc ward_policy_key_public(const char *directory,
				    uint8_t ret_public[WARD_SIGN_PUBLIC]) WARD_MUST_CHECK;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* `wardcloud keys init`: everything in one go, on one machine. */
#ifndef WARD_CLOUD_CEREMONY_BEGIN_H
#define WARD_CLOUD_CEREMONY_BEGIN_H

#include "cloud/ceremony/options.h"

/* What the service's own key may sign unless --service-kinds says otherwise: what blocks, rules, signatures,
 * and taking back. Not what allows. */
#define WARD_CEREMONY_SERVICE_KINDS                                                                \
	"block-file,block-similar,block-signer,block-origin,rule,signature,disable"

enum { WARD_CEREMONY_ROOT_KEYS = 3, WARD_CEREMONY_ROOT_THRESHOLD = 2 };

/* The directory o->directory (made if it is not there), its keys, the first root and list of targets; the
 * offline keys are sealed by `passphrase`. Says what it did, and what to do now. Exit status. */
int ward_begin(const struct ward_ceremony_options *o, struct ward_span passphrase);

/* A passphrase that nobody can guess, for people to write down: 24 letters and digits in groups of four,
 * 120 bits. */
enum { WARD_BEGIN_PASSPHRASE = 30 };
enum ward_rc ward_begin_passphrase(char ret[WARD_BEGIN_PASSPHRASE]) WARD_MUST_CHECK;

#endif

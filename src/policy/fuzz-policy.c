/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever is read as a policy is written so that it reads back the same; whatever is refused says
   why. */
#include <stdlib.h>

#include "policy/merge.h"

static void
check(bool good)
{
	if (!good)
		abort();
}

static void
read_again(const struct ward_policy_document *d)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0}, why = {0};
	WARD_AUTO(ward_policy_document_freep) struct ward_policy_document *again = NULL;

	ward_buf_init(&out, WARD_POLICY_TEXT_MAX, NULL);
	ward_buf_init(&why, 1 << 20, NULL);
	check(ward_policy_document_write(d, &out) == WARD_OK);
	check(ward_policy_document_read(ward_buf_span(&out), "again", d->author, &why, &again) ==
	      WARD_OK);
	check(d->policy.exclusion_count == again->policy.exclusion_count);
	for (size_t i = 0; i < ward_setting_count; i++)
		check(d->set[i] == again->set[i] &&
		      ward_setting_same(&ward_settings[i], &d->policy, &again->policy));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int author = WARD_POLICY_LOCAL; author <= WARD_POLICY_ORGANISATION; author++) {
		WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
		struct ward_policy_document *d = NULL;
		WARD_AUTO(ward_policy_effective_freep) struct ward_policy_effective *e = NULL;
		enum ward_rc rc;

		ward_buf_init(&why, 1 << 20, NULL);
		rc = ward_policy_document_read(ward_span_of(data, size), "fuzz",
					       (enum ward_policy_author)author, &why, &d);
		check((rc == WARD_OK) == (why.len == 0));
		if (rc != WARD_OK)
			continue;
		read_again(d);
		rc = author == WARD_POLICY_LOCAL ? ward_policy_merge(d, NULL, &e)
						 : ward_policy_merge(NULL, d, &e);
		check(rc == WARD_OK && e->policy.exclusion_count == d->policy.exclusion_count);
	}
	return 0;
}

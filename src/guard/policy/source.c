/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/policy/source.h"

#include "guard/policy/organisation.h"
#include "sys/fd.h"

enum ward_rc
ward_policy_source_local(const struct ward_policy_places *places, struct ward_buf *why,
			 struct ward_policy_document **ret)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	WARD_AUTO(ward_fd_close) int fd = -1;
	const char *name = places->local ? places->local : WARD_POLICY_STANDARD;
	enum ward_rc rc = ward_fd_open_regular(-1, name, true, &fd, NULL);

	if (rc == WARD_E_NOENT && !places->local)
		return ward_policy_document_new(WARD_POLICY_LOCAL, ret);
	ward_buf_init(&text, WARD_POLICY_TEXT_MAX, NULL);
	if (rc == WARD_OK)
		rc = ward_fd_read_all(fd, &text);
	if (rc != WARD_OK) {
		(void)!ward_buf_printf(why, "%s: %s\n", name, ward_rc_str(rc));
		return rc;
	}
	return ward_policy_document_read(ward_buf_span(&text), name, WARD_POLICY_LOCAL, why, ret);
}

enum ward_rc
ward_policy_source_read(const struct ward_policy_places *places, struct ward_buf *why,
			struct ward_policy_effective **ret)
{
	WARD_AUTO(ward_policy_document_freep) struct ward_policy_document *local = NULL;
	WARD_AUTO(ward_policy_document_freep) struct ward_policy_document *organisation = NULL;
	enum ward_rc rc = ward_policy_source_local(places, why, &local);

	if (rc == WARD_OK)
		rc = ward_organisation_read(places, why, &organisation);
	if (rc == WARD_OK)
		rc = ward_policy_merge(local, organisation, ret);
	if (rc == WARD_OK)
		local = organisation = NULL;
	return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/ask/scope.h"

#include "sys/meta.h"

static enum ward_rc
look_for_url(void *ctx, const char *name, struct ward_span value)
{
	bool *found = ctx;

	static const char *const names[] = {"user.xdg.origin.url", "user.xdg.referrer.url",
					    "trusted.ward.origin"};
	bool known = false;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		known |= strcmp(name, names[i]) == 0;
	if (!known || value.len == 0)
		return WARD_OK;
	*found = true;
	return WARD_E_STOPPED;
}

void
ward_scope_origin_of(int fd, int64_t ctime_ns, uint64_t since, struct ward_scope_origin *ret_origin)
{
	*ret_origin = (struct ward_scope_origin){
		.written = ctime_ns / 1000 >= (int64_t)since,
		.place = ward_place_of_fd(fd),
	};
	(void)!ward_meta_xattrs(fd, look_for_url, &ret_origin->network);
}

/* Documents hold macros, mails whatever was sent along. */
static enum ward_policy_content
content_of(enum ward_type type)
{
	switch ((int)type) {
	case WARD_TYPE_ELF:
	case WARD_TYPE_PE:
	case WARD_TYPE_MACHO:
	case WARD_TYPE_JAVA_CLASS:
	case WARD_TYPE_DEX:
	case WARD_TYPE_WASM:
		return WARD_POLICY_CONTENT_EXECUTABLE;
	case WARD_TYPE_OLE2:
	case WARD_TYPE_OOXML:
	case WARD_TYPE_PDF:
	case WARD_TYPE_RTF:
	case WARD_TYPE_VBA:
		return WARD_POLICY_CONTENT_MACRO;
	default:
		break;
	}
	if (ward_type_is_script(type))
		return WARD_POLICY_CONTENT_SCRIPT;
	return ward_type_is_archive(type) || type == WARD_TYPE_ZIP ? WARD_POLICY_CONTENT_ARCHIVE
								   : WARD_POLICY_CONTENT_OTHER;
}

bool
ward_scope_holds(const struct ward_policy *policy, enum ward_type type,
		 const struct ward_scope_origin *o)
{
	unsigned wanted = policy->hold.origin;

	if (!(policy->hold.content & 1u << content_of(type)))
		return false;
	return (wanted & 1u << WARD_POLICY_ORIGIN_ANY) ||
	       (o->network && (wanted & 1u << WARD_POLICY_ORIGIN_NETWORK)) ||
	       (o->place == WARD__V1__PATH_CLASS__PATH_CLASS_DOWNLOAD &&
		(wanted & 1u << WARD_POLICY_ORIGIN_NETWORK)) ||
	       (o->written && (wanted & 1u << WARD_POLICY_ORIGIN_WRITTEN)) ||
	       (o->place == WARD__V1__PATH_CLASS__PATH_CLASS_REMOVABLE &&
		(wanted & 1u << WARD_POLICY_ORIGIN_REMOVABLE));
}

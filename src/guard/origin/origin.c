/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/origin/origin.h"

#include <stdio.h>

#include "guard/origin/medium.h"
#include "sys/attribute.h"
#include "sys/fd.h"
#include "sys/meta.h"

#define MARK "trusted.ward.origin"
static const char *const ADDRESSES[] = {"user.xdg.origin.url", "user.xdg.referrer.url"};

enum { MARK_MAX = 16 };

static bool
read_address(int fd, const char *attribute, char host[WARD_HOST_ROOM])
{
	char value[WARD_ADDRESS_MAX];
	size_t len = 0;

	return ward_attribute_get(fd, attribute, value, sizeof(value), &len) == WARD_OK &&
	       ward_address_host(ward_span_of(value, len), host) == WARD_OK;
}

static bool
has_mark(int fd)
{
	char value[MARK_MAX];
	size_t len = 0;

	return ward_attribute_get(fd, MARK, value, sizeof(value), &len) == WARD_OK && len > 0;
}

void
ward_origin_of_attributes(int fd, struct ward_origin *ret_origin)
{
	struct ward_origin o = {0};

	for (size_t i = 0; i < 2 && !o.downloaded; i++) {
		if (read_address(fd, ADDRESSES[i], o.host))
			o.downloaded |= WARD_ORIGIN_BY_ADDRESS;
	}
	if (has_mark(fd))
		o.downloaded |= WARD_ORIGIN_BY_MARK;
	*ret_origin = o;
}

void
ward_origin_of_file(int fd, struct ward_origin *ret_origin)
{
	struct ward_origin o;
	struct ward_fd_stat st;

	ward_origin_of_attributes(fd, &o);
	if (ward_fd_stat(fd, &st) == WARD_OK)
		o.removable = ward_medium_is_removable(st.device);
	*ret_origin = o;
}

/* What the package manager writes is what packages hold, wherever it fetched them: their contents are
   checked against signed lists, and the program was checked to be it. */
void
ward_origin_add_writer(struct ward_origin *origin, const struct ward_writer *writer)
{
	origin->written = true;
	origin->writer = *writer;
	if (writer->class == WARD_WRITER_PACKAGES)
		return;
	if (ward_writer_fetches(writer->class) || ward_writer_fetches(writer->ancestor))
		origin->downloaded |= WARD_ORIGIN_BY_WRITER;
	if (writer->connection)
		origin->downloaded |= WARD_ORIGIN_BY_SOCKET;
}

enum ward_rc
ward_origin_mark(int fd, const struct ward_origin *origin)
{
	if (!(origin->downloaded & (WARD_ORIGIN_BY_WRITER | WARD_ORIGIN_BY_SOCKET)) ||
	    origin->downloaded & (WARD_ORIGIN_BY_ADDRESS | WARD_ORIGIN_BY_MARK))
		return WARD_OK;
	return ward_meta_xattr_set(fd, MARK, ward_span_str("1"));
}

/* --- scope --- */

static bool
is_one_of(enum ward_type type, const enum ward_type *types, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (types[i] == type)
			return true;
	}
	return false;
}

static unsigned
content_of(enum ward_type type)
{
	static const enum ward_type documents[] = {
		WARD_TYPE_OLE2, WARD_TYPE_OOXML, WARD_TYPE_PDF,	    WARD_TYPE_RTF,
		WARD_TYPE_HTML, WARD_TYPE_VBA,	 WARD_TYPE_ONENOTE, WARD_TYPE_CHM,
	};
	static const enum ward_type programs[] = {
		WARD_TYPE_ELF,	      WARD_TYPE_PE,  WARD_TYPE_MACHO,
		WARD_TYPE_JAVA_CLASS, WARD_TYPE_DEX, WARD_TYPE_WASM,
	};

	if (is_one_of(type, documents, sizeof(documents) / sizeof(documents[0])))
		return 1u << WARD_POLICY_CONTENT_MACRO;
	if (is_one_of(type, programs, sizeof(programs) / sizeof(programs[0])))
		return 1u << WARD_POLICY_CONTENT_EXECUTABLE;
	if (ward_type_is_script(type))
		return 1u << WARD_POLICY_CONTENT_SCRIPT;
	if (ward_type_is_archive(type) || ward_type_is_opaque(type))
		return 1u << WARD_POLICY_CONTENT_ARCHIVE;
	return 1u << WARD_POLICY_CONTENT_OTHER;
}

static unsigned
origins_of(const struct ward_policy *policy, const struct ward_origin *o)
{
	bool package = o->writer.class == WARD_WRITER_PACKAGES && policy->realtime.trust_packages;
	unsigned origins = 1u << WARD_POLICY_ORIGIN_ANY;

	if (o->downloaded)
		origins |= 1u << WARD_POLICY_ORIGIN_NETWORK;
	if (o->written && !package)
		origins |= 1u << WARD_POLICY_ORIGIN_WRITTEN;
	if (o->removable)
		origins |= 1u << WARD_POLICY_ORIGIN_REMOVABLE;
	return origins;
}

bool
ward_origin_in_scope(const struct ward_policy *policy, enum ward_type type,
		     const struct ward_origin *origin)
{
	return policy->hold.content & content_of(type) &&
	       policy->hold.origin & origins_of(policy, origin);
}

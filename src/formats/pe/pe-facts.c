/* SPDX-License-Identifier: Apache-2.0 */
/* What is told to people about a PE file; only run when somebody listens. */
#include "base/text.h"
#include "formats/entropy.h"
#include "formats/pe/pe-priv.h"

enum { LIST_MAX = 900, SECTIONS_SHOWN = 32, RESOURCES_SHOWN = 32 };

struct number_name {
	unsigned number;
	const char *name;
};

static const struct number_name machines[] = {
	{0x14c, "i386"},     {0x8664, "x86-64"},       {0x1c0, "arm"},	   {0x1c4, "armv7"},
	{0xaa64, "arm64"},   {0x200, "ia64"},	       {0x1f0, "powerpc"}, {0x5032, "riscv32"},
	{0x5064, "riscv64"}, {0xebc, "efi-byte-code"}, {0, NULL},
};

static const struct number_name subsystems[] = {
	{1, "native"},
	{2, "windows-gui"},
	{3, "windows-console"},
	{7, "posix"},
	{9, "windows-ce"},
	{10, "efi-application"},
	{11, "efi-boot-driver"},
	{12, "efi-runtime-driver"},
	{14, "xbox"},
	{16, "windows-boot"},
	{0, NULL},
};

static void
tell_number(const struct ward_sink *sink, const char *key, const struct number_name *names,
	    unsigned number)
{
	for (; names->name; names++)
		if (names->number == number) {
			ward_sink_fact(sink, key, "%s", names->name);
			return;
		}
	ward_sink_fact(sink, key, "%u", number);
}

static void
tell_hex(const struct ward_sink *sink, const char *key, const uint8_t *digest, size_t len)
{
	char hex[2 * WARD_DIGEST_MAX + 1];

	ward_text_hex(ward_span_of(digest, len), hex);
	ward_sink_fact(sink, key, "%s", hex);
}

static void
tell_headers(const struct ward_pe *pe, const struct ward_sink *sink)
{
	const struct ward_pe_section *entry = ward_pe_entry_section(pe);

	ward_sink_fact(sink, "pe.format", "%s%s", pe->plus ? "PE32+" : "PE32",
		       pe->directories[WARD_PE_DIR_CLR].virtual_address ? " .NET" : "");
	tell_number(sink, "pe.machine", machines, pe->coff.machine);
	tell_number(sink, "pe.subsystem", subsystems, pe->optional.subsystem);
	ward_sink_fact(sink, "pe.timestamp", "%u", (unsigned)pe->coff.time_date_stamp);
	ward_sink_fact(sink, "pe.entry", "0x%x%s%s", (unsigned)pe->optional.address_of_entry_point,
		       entry ? " in " : "", entry ? entry->name : "");
	if (pe->certificates.len)
		ward_sink_fact(sink, "pe.signature", "present, %zu bytes, not verified",
			       pe->certificates.len);
}

static void
tell_sections(const struct ward_pe *pe, const struct ward_sink *sink)
{
	size_t i;

	for (i = 0; i < pe->section_count && i < SECTIONS_SHOWN; i++) {
		const struct ward_pe_section *s = &pe->sections[i];

		ward_sink_fact(sink, "pe.section", "%s raw %u memory %u entropy %.3f flags 0x%08x",
			       s->name, (unsigned)s->size_of_raw_data, (unsigned)s->virtual_size,
			       ward_entropy(ward_pe_section_bytes(pe, s)),
			       (unsigned)s->characteristics);
	}
	ward_sink_fact(sink, "pe.sections", "%zu", pe->section_count);
}

/* "KERNEL32.dll(12), USER32.dll(3)", as many as fit. */
static void
tell_dlls(const struct ward_pe_imports *imports, const char *key, const struct ward_sink *sink)
{
	WARD_AUTO(ward_buf_done) struct ward_buf list = {0};
	enum ward_rc rc = WARD_OK;
	size_t i;

	ward_buf_init(&list, LIST_MAX, NULL);
	if (imports->count == 0)
		return;
	for (i = 0; i < imports->count && rc == WARD_OK; i++) {
		struct ward_span dll = imports->dlls[i].dll;

		rc = ward_buf_printf(&list, "%s%.*s(%zu)", i ? ", " : "", (int)dll.len,
				     (const char *)dll.data, imports->dlls[i].count);
	}
	ward_sink_fact(sink, key, "%.*s%s", (int)list.len, (const char *)list.data,
		       rc ? " and more" : "");
}

static enum ward_rc
tell_imports(const struct ward_pe *pe, struct ward_arena *arena, const struct ward_sink *sink)
{
	struct ward_pe_imports imports, delayed;
	uint8_t md5[WARD_MD5_LEN];
	enum ward_rc rc = ward_pe_imports_read(pe, arena, &imports, &delayed);

	if (rc)
		return rc;
	tell_dlls(&imports, "pe.imports", sink);
	tell_dlls(&delayed, "pe.delay-imports", sink);
	rc = ward_pe_imphash(&imports, arena, md5);
	if (rc == WARD_OK)
		tell_hex(sink, "pe.imphash", md5, sizeof(md5));
	return rc == WARD_E_NOENT ? WARD_OK : rc;
}

static enum ward_rc
tell_exports(const struct ward_pe *pe, struct ward_arena *arena, const struct ward_sink *sink)
{
	struct ward_pe_exports exports;
	enum ward_rc rc = ward_pe_exports_read(pe, arena, &exports);

	if (rc == WARD_OK)
		ward_sink_fact(sink, "pe.exports", "%u functions, %u names, as %.*s",
			       (unsigned)exports.function_count, (unsigned)exports.name_count,
			       exports.dll.len < 200 ? (int)exports.dll.len : 200,
			       exports.dll.len ? (const char *)exports.dll.data : "");
	return rc == WARD_E_NOENT ? WARD_OK : rc;
}

static void
tell_resources(const struct ward_pe_resources *resources, struct ward_arena *arena,
	       const struct ward_sink *sink)
{
	size_t i;

	for (i = 0; i < resources->count && i < RESOURCES_SHOWN; i++) {
		struct ward_arena_mark mark = ward_arena_save(arena);
		const char *name = ward_pe_resource_path(&resources->items[i], arena);

		if (name)
			ward_sink_fact(sink, "pe.resource", "%.900s %u", name,
				       (unsigned)resources->items[i].size);
		ward_arena_restore(arena, mark);
	}
	if (resources->count)
		ward_sink_fact(sink, "pe.resources", "%zu", resources->count);
}

static enum ward_rc
tell_digest(const struct ward_pe *pe, const struct ward_sink *sink)
{
	uint8_t digest[WARD_DIGEST_MAX];
	enum ward_rc rc = ward_pe_authentihash(pe, WARD_SHA256, digest);

	if (rc == WARD_OK)
		tell_hex(sink, "pe.authentihash", digest, WARD_SHA256_LEN);
	return rc == WARD_E_FORMAT ? WARD_OK : rc;
}

enum ward_rc
ward_pe_tell(const struct ward_pe *pe, const struct ward_pe_resources *resources,
	     struct ward_arena *arena, const struct ward_sink *sink)
{
	enum ward_rc rc;

	tell_headers(pe, sink);
	tell_sections(pe, sink);
	rc = tell_imports(pe, arena, sink);
	if (rc == WARD_OK)
		rc = tell_exports(pe, arena, sink);
	if (rc)
		return rc;
	tell_resources(resources, arena, sink);
	if (pe->overlay.len)
		ward_sink_fact(sink, "pe.overlay", "%zu bytes, entropy %.3f", pe->overlay.len,
			       ward_entropy(pe->overlay));
	if (pe->overlay2.len)
		ward_sink_fact(sink, "pe.overlay-after-signature", "%zu bytes, entropy %.3f",
			       pe->overlay2.len, ward_entropy(pe->overlay2));
	return tell_digest(pe, sink);
}

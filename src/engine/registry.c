/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/registry.h"

#include "formats/archive/archive.h"
#include "formats/codec/plain.h"
#include "formats/elf/elf.h"
#include "formats/html/html.h"
#include "formats/ishield/ishield.h"
#include "formats/mail/mail.h"
#include "formats/ole/ole.h"
#include "formats/ooxml/ooxml.h"
#include "formats/pdf/pdf.h"
#include "formats/pe/pe.h"
#include "formats/rtf/rtf.h"
#include "formats/script/script.h"

static const struct ward_format builtin[] = {
	{WARD_TYPE_ELF, ward_elf_read, NULL},
	{WARD_TYPE_PE, ward_pe_read, NULL},
	{WARD_TYPE_PDF, ward_pdf_read, NULL},
	{WARD_TYPE_ZIP, ward_archive_read, NULL},
	{WARD_TYPE_OOXML, ward_archive_read, ward_ooxml_part},
	{WARD_TYPE_7Z, ward_archive_read, NULL},
	{WARD_TYPE_RAR, ward_archive_read, NULL},
	{WARD_TYPE_TAR, ward_archive_read, NULL},
	{WARD_TYPE_CPIO, ward_archive_read, NULL},
	{WARD_TYPE_AR, ward_archive_read, NULL},
	{WARD_TYPE_RPM, ward_archive_read, NULL},
	{WARD_TYPE_CAB, ward_archive_read, NULL},
	{WARD_TYPE_ISO, ward_archive_read, NULL},
	{WARD_TYPE_GZIP, ward_archive_read, NULL},
	{WARD_TYPE_BZIP2, ward_archive_read, NULL},
	{WARD_TYPE_XZ, ward_archive_read, NULL},
	{WARD_TYPE_LZMA, ward_archive_read, NULL},
	{WARD_TYPE_ZSTD, ward_archive_read, NULL},
	{WARD_TYPE_LZ4, ward_archive_read, NULL},
	{WARD_TYPE_COMPRESS, ward_archive_read, NULL},
	{WARD_TYPE_OLE2, ward_ole_read, NULL},
	{WARD_TYPE_ISHIELD, ward_ishield_read, NULL},
	{WARD_TYPE_RTF, ward_rtf_read, NULL},
	{WARD_TYPE_MAIL, ward_mail_read, NULL},
	{WARD_TYPE_MBOX, ward_mbox_read, NULL},
	{WARD_TYPE_TEXT, ward_codec_plain_read, NULL},
	{WARD_TYPE_HTML, ward_html_read, NULL},
	{WARD_TYPE_SHELL, ward_script_read_shell, NULL},
	{WARD_TYPE_PYTHON, ward_script_read_python, NULL},
	{WARD_TYPE_PERL, ward_script_read_perl, NULL},
	{WARD_TYPE_RUBY, ward_script_read_ruby, NULL},
	{WARD_TYPE_PHP, ward_script_read_php, NULL},
	{WARD_TYPE_JAVASCRIPT, ward_script_read_javascript, NULL},
	{WARD_TYPE_POWERSHELL, ward_script_read_powershell, NULL},
	{WARD_TYPE_BATCH, ward_script_read_batch, NULL},
	{WARD_TYPE_VBSCRIPT, ward_script_read_vb, NULL},
	{WARD_TYPE_VBA, ward_script_read_vb, NULL},
	{WARD_TYPE_JSP, ward_script_read_jsp, NULL},
	{WARD_TYPE_ASP, ward_script_read_asp, NULL},
	{WARD_TYPE_LUA, ward_script_read_lua, NULL},
	{WARD_TYPE_DATA, NULL, NULL},
};

const struct ward_format *
ward_registry_builtin(void)
{
	return builtin;
}

const struct ward_format *
ward_registry_find(const struct ward_format *table, enum ward_type type)
{
	for (; table->read; table++)
		if (table->type == type)
			return table;
	return NULL;
}

bool
ward_registry_is_archive(enum ward_type type)
{
	const struct ward_format *format = ward_registry_find(builtin, type);

	return format && format->read == ward_archive_read && type != WARD_TYPE_OOXML;
}

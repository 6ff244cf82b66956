/* SPDX-License-Identifier: Apache-2.0 */
#include "match/yara/yara-priv.h"

#include "match/yara/yara.h"

const struct ward_yara_external ward_yara_externals[] = {
	{"filename", WARD_YARA_FILENAME},   {"file_name", WARD_YARA_FILENAME},
	{"filepath", WARD_YARA_FILEPATH},   {"file_path", WARD_YARA_FILEPATH},
	{"extension", WARD_YARA_EXTENSION}, {"owner", WARD_YARA_OWNER},
	{"filetype", WARD_YARA_FILETYPE},   {"file_type", WARD_YARA_FILETYPE},
};
const size_t ward_yara_external_count =
	sizeof(ward_yara_externals) / sizeof(ward_yara_externals[0]);

/* Types without an entry have no name in those rules: "". */
static const char *const filetypes[WARD_TYPE_COUNT] = {
	[WARD_TYPE_TEXT] = "TXT",
	[WARD_TYPE_ELF] = "ELF",
	[WARD_TYPE_PE] = "EXE",
	[WARD_TYPE_MACHO] = "MACH-O",
	[WARD_TYPE_JAVA_CLASS] = "CLASS",
	[WARD_TYPE_DEX] = "DEX",
	[WARD_TYPE_WASM] = "WASM",
	[WARD_TYPE_OLE2] = "OLE",
	[WARD_TYPE_PDF] = "PDF",
	[WARD_TYPE_RTF] = "RTF",
	[WARD_TYPE_HTML] = "HTML",
	[WARD_TYPE_XML] = "XML",
	[WARD_TYPE_MAIL] = "EML",
	[WARD_TYPE_MBOX] = "MBOX",
	[WARD_TYPE_SHELL] = "Shell",
	[WARD_TYPE_PYTHON] = "Python",
	[WARD_TYPE_PERL] = "Perl",
	[WARD_TYPE_RUBY] = "Ruby",
	[WARD_TYPE_PHP] = "PHP",
	[WARD_TYPE_JAVASCRIPT] = "JavaScript",
	[WARD_TYPE_POWERSHELL] = "PowerShell",
	[WARD_TYPE_BATCH] = "BATCH",
	[WARD_TYPE_VBSCRIPT] = "VBS",
	[WARD_TYPE_JSP] = "JSP",
	[WARD_TYPE_ASP] = "ASP",
	[WARD_TYPE_LUA] = "Lua",
	[WARD_TYPE_VBA] = "VBA",
	[WARD_TYPE_ZIP] = "ZIP",
	[WARD_TYPE_OOXML] = "OOXML",
	[WARD_TYPE_7Z] = "7ZIP",
	[WARD_TYPE_RAR] = "RAR",
	[WARD_TYPE_TAR] = "TAR",
	[WARD_TYPE_CPIO] = "CPIO",
	[WARD_TYPE_AR] = "AR",
	[WARD_TYPE_RPM] = "RPM",
	[WARD_TYPE_CAB] = "CAB",
	[WARD_TYPE_ISO] = "ISO",
	[WARD_TYPE_GZIP] = "GZIP",
	[WARD_TYPE_BZIP2] = "BZIP2",
	[WARD_TYPE_XZ] = "XZ",
	[WARD_TYPE_LZMA] = "LZMA",
	[WARD_TYPE_ZSTD] = "ZSTD",
	[WARD_TYPE_LZ4] = "LZ4",
	[WARD_TYPE_COMPRESS] = "Z",
	[WARD_TYPE_IMAGE] = "IMAGE",
	[WARD_TYPE_MEDIA] = "MEDIA",
	[WARD_TYPE_FONT] = "FONT",
};

const char *
ward_yara_filetype(enum ward_type type)
{
	if ((size_t)type >= WARD_TYPE_COUNT || !filetypes[type])
		return "";
	return filetypes[type];
}

enum ward_rc
ward_yara_rc(int error)
{
	switch (error) {
	case ERROR_SUCCESS:
		return WARD_OK;
	case ERROR_INSUFFICIENT_MEMORY:
		return WARD_E_NOMEM;
	case ERROR_SCAN_TIMEOUT:
		return WARD_E_TIMEOUT;
	case ERROR_UNSUPPORTED_FILE_VERSION:
		return WARD_E_UNSUPPORTED;
	case ERROR_INVALID_FILE:
	case ERROR_CORRUPT_FILE:
		return WARD_E_FORMAT;
	default:
		/* Stacks, fibers, matches: everything else a scan can end with is a limit. */
		return WARD_E_LIMIT;
	}
}

const char *
ward_yara_error_str(int error)
{
	switch (error) {
	case ERROR_INSUFFICIENT_MEMORY:
		return "not enough memory";
	case ERROR_UNSUPPORTED_FILE_VERSION:
		return "compiled by another version of YARA (this is " YR_VERSION ")";
	case ERROR_INVALID_FILE:
		return "not a set of compiled YARA rules";
	case ERROR_CORRUPT_FILE:
		return "the compiled YARA rules are damaged";
	default:
		return "libyara refused it";
	}
}

static size_t
stream_read(void *ptr, size_t size, size_t count, void *user_data)
{
	struct ward_cursor *c = user_data;
	struct ward_span part;

	if (size == 0 || count > SIZE_MAX / size)
		return 0;
	part = ward_cursor_bytes(c, size * count);
	if (!ward_cursor_ok(c))
		return 0;
	if (part.len > 0)
		memcpy(ptr, part.data, part.len);
	return count;
}

static size_t
stream_write(const void *ptr, size_t size, size_t count, void *user_data)
{
	if (size != 0 && count > SIZE_MAX / size)
		return 0;
	return ward_buf_append(user_data, ptr, size * count) == WARD_OK ? count : 0;
}

enum ward_rc
ward_yara_load(struct ward_span bytes, YR_RULES **ret_rules)
{
	struct ward_cursor c = ward_cursor_of(bytes);
	YR_STREAM stream = {.user_data = &c, .read = stream_read};

	return ward_yara_rc(yr_rules_load_stream(&stream, ret_rules));
}

enum ward_rc
ward_yara_save(YR_RULES *rules, struct ward_buf *out)
{
	YR_STREAM stream = {.user_data = out, .write = stream_write};

	if (yr_rules_save_stream(rules, &stream) == ERROR_SUCCESS)
		return WARD_OK;
	return out->full ? WARD_E_LIMIT : WARD_E_NOMEM;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/type.h"

static const struct {
	const char *name;
	const char *title;
} types[WARD_TYPE_COUNT] = {
	[WARD_TYPE_DATA] = {"data", "data of no known format"},
	[WARD_TYPE_EMPTY] = {"empty", "empty file"},
	[WARD_TYPE_TEXT] = {"text", "plain text"},
	[WARD_TYPE_ELF] = {"elf", "ELF program, library or object"},
	[WARD_TYPE_PE] = {"pe", "Windows program or library (PE)"},
	[WARD_TYPE_MACHO] = {"macho", "Mach-O program or library"},
	[WARD_TYPE_JAVA_CLASS] = {"java-class", "Java class"},
	[WARD_TYPE_DEX] = {"dex", "Android bytecode (DEX)"},
	[WARD_TYPE_WASM] = {"wasm", "WebAssembly module"},
	[WARD_TYPE_OLE2] = {"ole2", "OLE2 compound document (Office 97–2003, MSI)"},
	[WARD_TYPE_PDF] = {"pdf", "PDF document"},
	[WARD_TYPE_RTF] = {"rtf", "RTF document"},
	[WARD_TYPE_HTML] = {"html", "HTML document"},
	[WARD_TYPE_XML] = {"xml", "XML document"},
	[WARD_TYPE_MAIL] = {"mail", "mail message (RFC 5322)"},
	[WARD_TYPE_MBOX] = {"mbox", "mailbox (mbox)"},
	[WARD_TYPE_SHELL] = {"shell", "shell script"},
	[WARD_TYPE_PYTHON] = {"python", "Python script"},
	[WARD_TYPE_PERL] = {"perl", "Perl script"},
	[WARD_TYPE_RUBY] = {"ruby", "Ruby script"},
	[WARD_TYPE_PHP] = {"php", "PHP script"},
	[WARD_TYPE_JAVASCRIPT] = {"javascript", "JavaScript"},
	[WARD_TYPE_POWERSHELL] = {"powershell", "PowerShell script"},
	[WARD_TYPE_BATCH] = {"batch", "Windows batch file"},
	[WARD_TYPE_VBSCRIPT] = {"vbscript", "VBScript"},
	[WARD_TYPE_JSP] = {"jsp", "JavaServer page"},
	[WARD_TYPE_ASP] = {"asp", "Active server page"},
	[WARD_TYPE_LUA] = {"lua", "Lua script"},
	[WARD_TYPE_VBA] = {"vba", "VBA macro source"},
	[WARD_TYPE_ZIP] = {"zip", "ZIP archive"},
	[WARD_TYPE_OOXML] = {"ooxml", "Office Open XML document"},
	[WARD_TYPE_7Z] = {"7z", "7-Zip archive"},
	[WARD_TYPE_RAR] = {"rar", "RAR archive"},
	[WARD_TYPE_TAR] = {"tar", "tar archive"},
	[WARD_TYPE_CPIO] = {"cpio", "cpio archive"},
	[WARD_TYPE_AR] = {"ar", "ar archive or Debian package"},
	[WARD_TYPE_RPM] = {"rpm", "RPM package"},
	[WARD_TYPE_CAB] = {"cab", "Windows cabinet"},
	[WARD_TYPE_ISO] = {"iso", "ISO 9660 image"},
	[WARD_TYPE_GZIP] = {"gzip", "gzip stream"},
	[WARD_TYPE_BZIP2] = {"bzip2", "bzip2 stream"},
	[WARD_TYPE_XZ] = {"xz", "xz stream"},
	[WARD_TYPE_LZMA] = {"lzma", "lzma stream"},
	[WARD_TYPE_ZSTD] = {"zstd", "Zstandard stream"},
	[WARD_TYPE_LZ4] = {"lz4", "LZ4 stream"},
	[WARD_TYPE_COMPRESS] = {"compress", "compress (.Z) stream"},
	[WARD_TYPE_IMAGE] = {"image", "image"},
	[WARD_TYPE_MEDIA] = {"media", "sound or video"},
	[WARD_TYPE_FONT] = {"font", "font"},
	[WARD_TYPE_ISHIELD] = {"installshield", "InstallShield file list"},
	[WARD_TYPE_ARJ] = {"arj", "ARJ archive"},
	[WARD_TYPE_LHA] = {"lha", "LHA archive"},
	[WARD_TYPE_ACE] = {"ace", "ACE archive"},
	[WARD_TYPE_CHM] = {"chm", "Windows compiled help"},
	[WARD_TYPE_SZDD] = {"szdd", "Windows compressed file (SZDD)"},
	[WARD_TYPE_SIS] = {"sis", "Symbian package"},
	[WARD_TYPE_TNEF] = {"tnef", "Outlook attachment container (TNEF)"},
	[WARD_TYPE_ISCAB] = {"iscab", "InstallShield cabinet"},
	[WARD_TYPE_NSIS] = {"nsis", "Nullsoft installer data"},
	[WARD_TYPE_AUTOIT] = {"autoit", "compiled AutoIt script"},
	[WARD_TYPE_ONENOTE] = {"onenote", "OneNote document"},
};

const char *
ward_type_name(enum ward_type type)
{
	return (unsigned)type < WARD_TYPE_COUNT ? types[type].name : "data";
}

const char *
ward_type_title(enum ward_type type)
{
	return (unsigned)type < WARD_TYPE_COUNT ? types[type].title : "data";
}

bool
ward_type_is_script(enum ward_type type)
{
	return type >= WARD_TYPE_SHELL && type <= WARD_TYPE_VBA;
}

bool
ward_type_is_active(enum ward_type type)
{
	return (type >= WARD_TYPE_ELF && type <= WARD_TYPE_WASM) || ward_type_is_script(type);
}

bool
ward_type_is_opaque(enum ward_type type)
{
	return type >= WARD_TYPE_ARJ && type <= WARD_TYPE_ONENOTE;
}

bool
ward_type_is_archive(enum ward_type type)
{
	return type >= WARD_TYPE_ZIP && type <= WARD_TYPE_COMPRESS;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What an object is, told from its bytes alone (engine/identify.h decides). */
#ifndef WARD_FORMATS_TYPE_H
#define WARD_FORMATS_TYPE_H

#include <stdbool.h>

enum ward_type {
	WARD_TYPE_DATA = 0, /* none of the others */
	WARD_TYPE_EMPTY,
	WARD_TYPE_TEXT, /* plain text without a known structure */
	/* executables */
	WARD_TYPE_ELF,
	WARD_TYPE_PE,
	WARD_TYPE_MACHO,
	WARD_TYPE_JAVA_CLASS,
	WARD_TYPE_DEX,
	WARD_TYPE_WASM,
	/* documents */
	WARD_TYPE_OLE2,
	WARD_TYPE_PDF,
	WARD_TYPE_RTF,
	WARD_TYPE_HTML,
	WARD_TYPE_XML,
	WARD_TYPE_MAIL,
	WARD_TYPE_MBOX,
	/* scripts */
	WARD_TYPE_SHELL,
	WARD_TYPE_PYTHON,
	WARD_TYPE_PERL,
	WARD_TYPE_RUBY,
	WARD_TYPE_PHP,
	WARD_TYPE_JAVASCRIPT,
	WARD_TYPE_POWERSHELL,
	WARD_TYPE_BATCH,
	WARD_TYPE_VBSCRIPT,
	WARD_TYPE_JSP,
	WARD_TYPE_ASP,
	WARD_TYPE_LUA,
	WARD_TYPE_VBA, /* macro source taken out of a document */
	/* containers */
	WARD_TYPE_ZIP,
	WARD_TYPE_OOXML, /* a zip with [Content_Types].xml */
	WARD_TYPE_7Z,
	WARD_TYPE_RAR,
	WARD_TYPE_TAR,
	WARD_TYPE_CPIO,
	WARD_TYPE_AR,
	WARD_TYPE_RPM,
	WARD_TYPE_CAB,
	WARD_TYPE_ISO,
	WARD_TYPE_GZIP,
	WARD_TYPE_BZIP2,
	WARD_TYPE_XZ,
	WARD_TYPE_LZMA,
	WARD_TYPE_ZSTD,
	WARD_TYPE_LZ4,
	WARD_TYPE_COMPRESS, /* .Z */
	/* media */
	WARD_TYPE_IMAGE,
	WARD_TYPE_MEDIA,
	WARD_TYPE_FONT,
	/* containers that formats/archive does not unpack */
	WARD_TYPE_ISHIELD, /* the file list of an InstallShield setup.exe */
	/* containers that are recognised so that they are not called clean; nothing unpacks them yet */
	WARD_TYPE_ARJ,
	WARD_TYPE_LHA,
	WARD_TYPE_ACE,
	WARD_TYPE_CHM,
	WARD_TYPE_SZDD,
	WARD_TYPE_SIS,
	WARD_TYPE_TNEF,
	WARD_TYPE_ISCAB,
	WARD_TYPE_NSIS,
	WARD_TYPE_AUTOIT,
	WARD_TYPE_ONENOTE,
	WARD_TYPE_COUNT,
};

/* Stable lower-case public name ("elf", "pe", "shell", "7z"…); static, never
 * NULL. */
const char *ward_type_name(enum ward_type type);
/* One line for people ("ELF program or library"); static, never NULL. */
const char *ward_type_title(enum ward_type type);
/* Can run code by itself: programs, libraries, scripts, macro source. */
bool ward_type_is_active(enum ward_type type);
/* Read by a script interpreter. */
bool ward_type_is_script(enum ward_type type);
/* A container that nothing here unpacks: its contents are not scanned. */
bool ward_type_is_opaque(enum ward_type type);
/* Unpacked by formats/archive. */
bool ward_type_is_archive(enum ward_type type);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "match/clamav/clamav.h"

#include "base/text.h"
#include "match/clamav/body.h"
#include "match/clamav/cvd.h"
#include "match/clamav/lines.h"

enum what {
	LINES,
	CONTAINER,
	OTHER,
	SILENT /* about the database, nothing to detect */
};

struct kind {
	const char *extension, *name;
	enum what what;
	ward_load_line take;
	bool section;
	enum ward_verdict verdict;
};

static const struct kind kinds[] = {
	{"hdb", "hdb", LINES, ward_clamav_hash_line, false, WARD_MALICIOUS},
	{"hsb", "hsb", LINES, ward_clamav_hash_line, false, WARD_MALICIOUS},
	{"hdu", "hdu", LINES, ward_clamav_hash_line, false, WARD_SUSPICIOUS},
	{"hsu", "hsu", LINES, ward_clamav_hash_line, false, WARD_SUSPICIOUS},
	{"mdb", "mdb", LINES, ward_clamav_hash_line, true, WARD_MALICIOUS},
	{"msb", "msb", LINES, ward_clamav_hash_line, true, WARD_MALICIOUS},
	{"mdu", "mdu", LINES, ward_clamav_hash_line, true, WARD_SUSPICIOUS},
	{"msu", "msu", LINES, ward_clamav_hash_line, true, WARD_SUSPICIOUS},
	{"fp", "fp", LINES, ward_clamav_hash_line, false, WARD_CLEAN},
	{"sfp", "sfp", LINES, ward_clamav_hash_line, false, WARD_CLEAN},
	{"ign2", "ign2", LINES, ward_clamav_ignore_line, false, WARD_CLEAN},
	{"ndb", "ndb", LINES, ward_body_line, false, WARD_MALICIOUS},
	{"ndu", "ndu", LINES, ward_body_line, false, WARD_SUSPICIOUS},
	{"cvd", "cvd", CONTAINER, NULL, false, WARD_CLEAN},
	{"cld", "cld", CONTAINER, NULL, false, WARD_CLEAN},
	{"cud", "cud", CONTAINER, NULL, false, WARD_CLEAN},
	{"ldb", "logical signatures (.ldb)", OTHER, NULL, false, WARD_CLEAN},
	{"ldu", "logical signatures (.ldu)", OTHER, NULL, false, WARD_CLEAN},
	{"idb", "icon signatures (.idb)", OTHER, NULL, false, WARD_CLEAN},
	{"cdb", "container metadata signatures (.cdb)", OTHER, NULL, false, WARD_CLEAN},
	{"db", "old body signatures (.db)", OTHER, NULL, false, WARD_CLEAN},
	{"zmd", "old zip metadata signatures (.zmd)", OTHER, NULL, false, WARD_CLEAN},
	{"rmd", "old rar metadata signatures (.rmd)", OTHER, NULL, false, WARD_CLEAN},
	{"sdb", "old body signatures (.sdb)", OTHER, NULL, false, WARD_CLEAN},
	{"pdb", "phishing domains (.pdb)", OTHER, NULL, false, WARD_CLEAN},
	{"gdb", "phishing URL hashes (.gdb)", OTHER, NULL, false, WARD_CLEAN},
	{"wdb", "phishing allow list (.wdb)", OTHER, NULL, false, WARD_CLEAN},
	{"cbc", "bytecode signatures (.cbc)", OTHER, NULL, false, WARD_CLEAN},
	{"crb", "certificate rules (.crb)", OTHER, NULL, false, WARD_CLEAN},
	{"cat", "Authenticode catalogues (.cat)", OTHER, NULL, false, WARD_CLEAN},
	{"ftm", "file type magic (.ftm)", OTHER, NULL, false, WARD_CLEAN},
	{"ign", "old ignore lists (.ign)", OTHER, NULL, false, WARD_CLEAN},
	{"imp", "import hash signatures (.imp)", OTHER, NULL, false, WARD_CLEAN},
	{"ioc", "OpenIOC documents (.ioc)", OTHER, NULL, false, WARD_CLEAN},
	{"pwdb", "archive passwords (.pwdb)", OTHER, NULL, false, WARD_CLEAN},
	{"cfg", "engine settings (.cfg)", OTHER, NULL, false, WARD_CLEAN},
	{"info", "info", SILENT, NULL, false, WARD_CLEAN},
};

static const struct kind *
kind_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (ward_text_eq_nocase(ward_span_str(dot + 1), kinds[i].extension))
			return &kinds[i];
	}
	return NULL;
}

bool
ward_clamav_is_name(const char *name)
{
	return kind_of(name) != NULL;
}

static const char *
count_line(const struct ward_load *load, struct ward_load_report *report, struct ward_span line,
	   void *arg, enum ward_rc *ret_rc)
{
	(void)load;
	(void)line;
	ward_load_unsupported(report, arg, 1);
	*ret_rc = WARD_OK;
	return NULL;
}

static enum ward_rc
load_lines(const struct ward_load *load, struct ward_load_report *report, const struct kind *kind,
	   struct ward_span bytes)
{
	struct ward_clamav_mode mode = {kind->section, kind->verdict};
	enum ward_verdict verdict = kind->verdict;

	if (kind->take == ward_body_line)
		return ward_load_lines(load, report, bytes, kind->take, &verdict);
	return ward_load_lines(load, report, bytes, kind->take, &mode);
}

enum ward_rc
ward_clamav_load(const struct ward_load *load, const char *name, struct ward_span bytes)
{
	const struct kind *kind = kind_of(name);
	struct ward_load_report report = {.file = name};
	enum ward_rc rc = WARD_OK;

	if (!kind)
		return WARD_E_UNSUPPORTED;
	report.kind = kind->extension;
	if (kind->what == CONTAINER)
		return ward_clamav_cvd_load(load, name, bytes);
	if (kind->what == LINES)
		rc = load_lines(load, &report, kind, bytes);
	else if (kind->what == OTHER)
		rc = ward_load_lines(load, &report, bytes, count_line,
				     (void *)(uintptr_t)kind->name);
	return rc == WARD_OK ? ward_load_end(load, &report) : rc;
}

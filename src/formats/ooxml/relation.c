/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/ooxml/relation.h"

#include "base/text.h"

static const char *const loaded[] = {
	"attachedTemplate", "oleObject", "frame",	"subDocument",	    "aFChunk",
	"control",	    "package",	 "movie",	"externalLinkPath", "vbaProject",
	"slideUpdateUrl",   "image",	 "webSettings",
};

/* Schemes behind which a program of the system does as it is told. */
static const char *const runs[] = {
	"ms-msdt:",  "search-ms:", "ms-officecmd:", "script:", "javascript:",
	"vbscript:", "mhtml:",	   "ms-search:",    "cmd:"};

static const char *const remote[] = {"http:", "https:",	      "ftp:",	      "\\\\",
				     "//",    "file:///\\\\", "file:\\\\\\\\"};

static bool
starts_any(struct ward_span s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ward_text_starts_nocase(s, list[i]))
			return true;
	return false;
}

static bool
is_running(struct ward_span target)
{
	return starts_any(ward_text_trim(target), runs, sizeof(runs) / sizeof(runs[0]));
}

bool
ward_relation_is_loaded(struct ward_span type, struct ward_span target)
{
	size_t at = type.len;

	while (at && type.data[at - 1] != '/')
		at--;
	type = ward_span_cut(type, at, type.len);
	for (size_t i = 0; i < sizeof(loaded) / sizeof(loaded[0]); i++)
		if (ward_text_eq_nocase(type, loaded[i]))
			return true;
	return is_running(target);
}

bool
ward_relation_is_remote(struct ward_span target)
{
	static const char file[] = "file://";

	target = ward_text_trim(target);
	if (is_running(target) || starts_any(target, remote, sizeof(remote) / sizeof(remote[0])))
		return true;
	/* file://host/share, but not file:///C:/… */
	return ward_text_starts_nocase(target, file) && target.len >= sizeof(file) &&
	       target.data[sizeof(file) - 1] != '/';
}

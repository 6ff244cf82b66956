/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cursor.h"
#include "base/text.h"
#include "formats/ole/vba.h"

/* Procedures that Word, Excel, PowerPoint, Access, Outlook and Publisher call
 * without being asked (the applications' object model references). */
static const char *const exact[] = {
	"AutoExec",
	"AutoOpen",
	"AutoExit",
	"AutoClose",
	"AutoNew",
	"Auto_Open",
	"Auto_Close",
	"Auto_Activate",
	"Auto_Deactivate",
	"Auto_Exec",
	"Document_Open",
	"DocumentOpen",
	"Document_Close",
	"Document_BeforeClose",
	"Document_BeforeSave",
	"Document_New",
	"DocumentChange",
	"Document_ContentControlOnEnter",
	"Document_XMLAfterInsert",
	"Workbook_Open",
	"Workbook_Activate",
	"Workbook_Close",
	"Workbook_BeforeClose",
	"Workbook_BeforeSave",
	"Workbook_Deactivate",
	"Workbook_SheetActivate",
	"Worksheet_Activate",
	"Worksheet_Change",
	"Worksheet_Calculate",
	"Worksheet_SelectionChange",
	"Presentation_Open",
	"Application_Startup",
	"Application_NewMail",
	"Application_NewMailEx",
	"App_DocumentOpen",
	"App_WorkbookOpen",
	"App_PresentationOpen",
	"SlideShowBegin",
	"OnSlideShowPageChange",
	"OnConnecting",
};

/* Events of ActiveX controls that fire when the document is drawn. */
static const char *const suffixes[] = {
	"_Layout",
	"_Painted",
	"_Painting",
	"_Resize",
	"_OnDownloadBegin",
	"_BeforeNavigate2",
	"_DocumentComplete",
	"_DownloadComplete",
	"_NavigateComplete2",
	"_ProgressChange",
	"_StatusTextChange",
	"_TitleChange",
	"_MouseHover",
	"_DocumentBeforeClose",
	"_BeforeScriptExecute",
};

static bool
ends_nocase(struct ward_span s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.len > n && ward_text_eq_nocase(ward_span_cut(s, s.len - n, n), suffix);
}

static bool
runs_alone(struct ward_span name)
{
	for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++)
		if (ward_text_eq_nocase(name, exact[i]))
			return true;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (ends_nocase(name, suffixes[i]))
			return true;
	return false;
}

/* The next word of letters, digits and underscores; empty at another sign. */
static struct ward_span
word(struct ward_span *line)
{
	size_t n = 0;
	struct ward_span got;

	*line = ward_text_trim(*line);
	while (n < line->len && (ward_text_is_alnum(line->data[n]) || line->data[n] == '_'))
		n++;
	got = ward_span_cut(*line, 0, n);
	*line = ward_span_cut(*line, n, line->len);
	return got;
}

/* The name a line declares a Sub or Function by, else empty. */
static struct ward_span
declared(struct ward_span line)
{
	struct ward_span w = word(&line);

	while (ward_text_eq_nocase(w, "private") || ward_text_eq_nocase(w, "public") ||
	       ward_text_eq_nocase(w, "friend") || ward_text_eq_nocase(w, "static"))
		w = word(&line);
	if (ward_text_eq_nocase(w, "sub") || ward_text_eq_nocase(w, "function"))
		return word(&line);
	return (struct ward_span){NULL, 0};
}

struct ward_span
ward_vba_autoexec(struct ward_span source)
{
	struct ward_cursor c = ward_cursor_of(source);
	struct ward_span line;

	while (ward_cursor_line(&c, &line)) {
		struct ward_span statement;

		while (ward_text_split(&line, ':', &statement)) {
			struct ward_span name = declared(statement);

			if (name.len && runs_alone(name))
				return name;
		}
	}
	return (struct ward_span){NULL, 0};
}

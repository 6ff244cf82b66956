/* SPDX-License-Identifier: Apache-2.0 */
/* VBA projects inside a compound file ([MS-OVBA] 2.3.4): which streams hold
 * modules, and their source. */
#ifndef WARD_FORMATS_OLE_VBA_H
#define WARD_FORMATS_OLE_VBA_H

#include "formats/ole/cfb.h"

struct ward_vba {
	struct ward_cfb *cfb;
	struct ward_arena *arena;
	const struct ward_sink *sink;
	struct ward_buf names; /* module names for the fact, comma separated */
	bool *done;	       /* per entry: its source was given to the sink */
	unsigned modules;      /* given to the sink */
};

/* `names` is freed by ward_vba_done. WARD_E_LIMIT: the arena refuses. */
enum ward_rc ward_vba_init(struct ward_vba *vba, struct ward_cfb *cfb, struct ward_arena *arena,
			   const struct ward_sink *sink) WARD_MUST_CHECK;
void ward_vba_done(struct ward_vba *vba);

/*
 * Reads every `dir` stream that is a project's and gives each module's source to
 * the sink as "VBA/<module>.vba", WARD_TYPE_VBA, in the project's code page.
 * Modules that are named but cannot be read become gaps "corrupt", unless
 * ward_vba_search() finds them later. Errors: as the sink and the arena say.
 */
enum ward_rc ward_vba_projects(struct ward_vba *vba) WARD_MUST_CHECK;

/*
 * For a project whose `dir` is missing or lies: looks for module source
 * anywhere in the bytes of stream `index`, unless it was given already. `name`
 * is the stream's own.
 */
enum ward_rc ward_vba_search(struct ward_vba *vba, uint32_t index, struct ward_span bytes,
			     const char *name) WARD_MUST_CHECK;

/* Facts and traits about all that was found. */
void ward_vba_report(const struct ward_vba *vba);

/* The name of the first procedure in `source` that Office calls by itself
 * (AutoOpen, Document_Open, …), borrowed; empty when there is none. */
struct ward_span ward_vba_autoexec(struct ward_span source);

#endif

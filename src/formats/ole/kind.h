/* SPDX-License-Identifier: Apache-2.0 */
/* Which application a compound file belongs to. No state, any thread. */
#ifndef WARD_FORMATS_OLE_KIND_H
#define WARD_FORMATS_OLE_KIND_H

#include "formats/ole/cfb.h"

enum ward_ole_kind {
	WARD_OLE_OTHER = 0,
	WARD_OLE_WORD,
	WARD_OLE_EXCEL,
	WARD_OLE_POWERPOINT,
	WARD_OLE_MSI, /* package, patch or transform: its names are coded */
	WARD_OLE_OUTLOOK,
	WARD_OLE_VISIO,
	WARD_OLE_PUBLISHER,
	WARD_OLE_EQUATION,
	WARD_OLE_LINK,
	WARD_OLE_PACKAGE,
	WARD_OLE_ENCRYPTED,
	WARD_OLE_VBA_PROJECT,
};

/* By the root's class, else by the streams there are. */
enum ward_ole_kind ward_ole_kind_of(const struct ward_cfb *cfb);
/* Facts ole.kind and ole.clsid (root's class, when it has one). */
void ward_ole_kind_report(const struct ward_cfb *cfb, enum ward_ole_kind kind,
			  const struct ward_sink *sink);

#endif

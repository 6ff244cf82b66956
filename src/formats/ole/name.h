/* SPDX-License-Identifier: Apache-2.0 */
/* Names of streams as people know them. No state, any thread. */
#ifndef WARD_FORMATS_OLE_NAME_H
#define WARD_FORMATS_OLE_NAME_H

#include "formats/ole/cfb.h"

/*
 * The path of entry `index` as UTF-8, storages joined by '/', an entry that no
 * storage leads to under "orphan/", one without a name as "?". `msi`: Windows
 * Installer packs two characters of a name into one; unpack them. NULL: the
 * arena refuses.
 */
char *ward_ole_name(const struct ward_cfb *cfb, uint32_t index, bool msi,
		    struct ward_arena *arena) WARD_MUST_CHECK;

#endif

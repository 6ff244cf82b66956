/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file list that InstallShield's setup.exe for Windows Installer carries
 * after its last section: a header, then per file its name, its size and its
 * bytes, deflated and veiled with the name. The layout is not published; it was
 * worked out on files that Debian's clamav-testfiles has.
 */
#ifndef WARD_FORMATS_ISHIELD_ISHIELD_H
#define WARD_FORMATS_ISHIELD_ISHIELD_H

#include "formats/sink.h"

/*
 * A ward_reader. Children: each file under its name. Gaps: "corrupt" for a file
 * that does not unpack or a list that ends early, "size", "files" for more than
 * 4096. WARD_E_FORMAT: no such list.
 */
enum ward_rc ward_ishield_read(struct ward_span in, struct ward_arena *arena,
			       const struct ward_sink *sink) WARD_MUST_CHECK;

/* `in` begins with such a list (or with the debug record some builds leave before
 * it). Looks at the first 512 bytes. */
bool ward_ishield_is(struct ward_span in);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The "Package" object: a file dropped into a document, as the Object Packager
 * stores it, in an OLE1 object's native data (RTF) and in the \x01Ole10Native
 * stream after its length (compound files). [MS-OLEDS] 2.3.6 gives only the
 * length; the rest is the packager's own, as published by the authors of
 * document analysis tools.
 */
#ifndef WARD_FORMATS_PACKAGE_H
#define WARD_FORMATS_PACKAGE_H

#include "formats/sink.h"

/*
 * Hands the packed file to the sink under the name it had, with facts
 * "package.name" and "package.path". WARD_E_FORMAT: not a package, nothing was
 * handed over; else as the sink says. No state, any thread.
 */
enum ward_rc ward_package_read(struct ward_span native,
			       const struct ward_sink *sink) WARD_MUST_CHECK;

#endif

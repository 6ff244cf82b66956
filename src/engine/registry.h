/* SPDX-License-Identifier: Apache-2.0 */
/* Which reader takes which type apart. A new format is one line in registry.c. */
#ifndef WARD_ENGINE_REGISTRY_H
#define WARD_ENGINE_REGISTRY_H

#include "formats/sink.h"

/* Looks at one part of a container of this type, named as in the container (OOXML relations). */
typedef enum ward_rc (*ward_part_reader)(const char *name, struct ward_span bytes,
					 const struct ward_sink *sink);

struct ward_format {
	enum ward_type type;
	ward_reader read;      /* NULL ends a table */
	ward_part_reader part; /* may be NULL */
};

/* The built-in table, ended by an entry whose `read` is NULL. */
const struct ward_format *ward_registry_builtin(void);
/* The entry for `type`, or NULL. */
const struct ward_format *ward_registry_find(const struct ward_format *table, enum ward_type type);

/* Of the built-in ones: holds other files and is nothing else (zip, tar, gzip …); documents are none. */
bool ward_registry_is_archive(enum ward_type type);

#endif

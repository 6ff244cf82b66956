/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/registry.h"

static const struct ward_format builtin[] = {
	{WARD_TYPE_DATA, NULL, NULL},
};

const struct ward_format *
ward_registry_builtin(void)
{
	return builtin;
}

const struct ward_format *
ward_registry_find(const struct ward_format *table, enum ward_type type)
{
	for (; table->read; table++)
		if (table->type == type)
			return table;
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/decide/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint16_t
ward_names_number(struct ward_names *names, const char *text)
{
	if (text[0] == 0)
		return 0;
	for (uint32_t i = 0; i < names->count; i++) {
		if (strncmp(names->texts[i], text, WARD_NAME_ROOM - 1) == 0)
			return (uint16_t)(i + 1);
	}
	if (!names->texts)
		names->texts = calloc(WARD_NAMES_MAX, WARD_NAME_ROOM);
	if (!names->texts || names->count == WARD_NAMES_MAX)
		return 0;
	(void)snprintf(names->texts[names->count], WARD_NAME_ROOM, "%s", text);
	return (uint16_t)++names->count;
}

const char *
ward_names_text(const struct ward_names *names, uint16_t number)
{
	return number == 0 || number > names->count ? "" : names->texts[number - 1];
}

void
ward_names_done(struct ward_names *names)
{
	free(names->texts);
	*names = (struct ward_names){0};
}

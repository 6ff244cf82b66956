/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/codec/base64.h"

int
ward_codec_base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

struct group {
	uint32_t bits;
	unsigned count; /* sextets held, 0…3 */
};

/* Writes the whole bytes of an unfinished group: 2 sextets hold 1, 3 hold 2. */
static void
group_end(struct group *g, struct ward_codec_out *out)
{
	if (g->count == 2)
		ward_codec_put(out, (uint8_t)(g->bits >> 4));
	if (g->count == 3) {
		ward_codec_put(out, (uint8_t)(g->bits >> 10));
		ward_codec_put(out, (uint8_t)(g->bits >> 2));
	}
	*g = (struct group){0, 0};
}

static void
group_add(struct group *g, uint32_t value, struct ward_codec_out *out)
{
	g->bits = g->bits << 6 | value;
	if (++g->count < 4)
		return;
	ward_codec_put(out, (uint8_t)(g->bits >> 16));
	ward_codec_put(out, (uint8_t)(g->bits >> 8));
	ward_codec_put(out, (uint8_t)g->bits);
	*g = (struct group){0, 0};
}

void
ward_codec_base64(struct ward_span in, struct ward_codec_out *out)
{
	struct group g = {0, 0};

	for (size_t i = 0; i < in.len && out->rc == WARD_OK; i++) {
		int value = ward_codec_base64_value(in.data[i]);

		if (value >= 0)
			group_add(&g, (uint32_t)value, out);
		else if (in.data[i] == '=')
			group_end(&g, out);
	}
	group_end(&g, out);
}

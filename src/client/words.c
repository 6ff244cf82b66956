/* SPDX-License-Identifier: Apache-2.0 */
#include "client/words.h"

#include <stdlib.h>

static const char *
word(const char *const *words, size_t count, unsigned index)
{
	return index < count ? words[index] : "other";
}

const char *
ward_word_sample(Ward__V1__SampleWish wish)
{
	static const char *const words[] = {"not wanted", "wanted", "here"};

	return word(words, 3, (unsigned)wish);
}

const char *
ward_word_path_class(Ward__V1__PathClass place)
{
	static const char *const words[] = {"other",   "system",    "user", "download",
					    "temp",    "web",	    "mail", "removable",
					    "network", "container", "other"};

	return word(words, 11, (unsigned)place);
}

Ward__V1__FileVerdict *
ward_said_copy(const Ward__V1__FileVerdict *verdict)
{
	size_t size = protobuf_c_message_get_packed_size(&verdict->base);
	uint8_t *packed = malloc(size + 1);
	Ward__V1__FileVerdict *copy = NULL;

	if (packed) {
		(void)protobuf_c_message_pack(&verdict->base, packed);
		copy = ward__v1__file_verdict__unpack(NULL, size, packed);
	}
	free(packed);
	return copy;
}

Ward__V1__FileVerdict *
ward_said_free(Ward__V1__FileVerdict *verdict)
{
	if (verdict)
		ward__v1__file_verdict__free_unpacked(verdict, NULL);
	return NULL;
}

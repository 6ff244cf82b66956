/* SPDX-License-Identifier: Apache-2.0 */
#include "ml/features/words.h"

#include <stdlib.h>

#include "base/text.h"

/* Bytes of a name that are hashed: hostile names may be as long as the file. */
enum { HASHED_MAX = 256 };

struct word {
	const char *text;
	enum ward_word_group group;
};

static const struct word words[] = {
#define WARD_WORD(text, group) {#text, WARD_WORD_##group},
#include "ml/features/words.def"
#undef WARD_WORD
};

static int
compare(const void *key, const void *item)
{
	const struct word *word = item;

	return strcmp(key, word->text);
}

enum ward_word_group
ward_word_group_of(struct ward_span word)
{
	char lower[WARD_WORD_MAX + 1];
	const struct word *found;
	size_t i;

	if (word.len > WARD_WORD_MAX)
		return WARD_WORD_GROUPS;
	for (i = 0; i < word.len; i++)
		lower[i] = (char)ward_text_lower(word.data[i]);
	lower[i] = 0;
	found = bsearch(lower, words, sizeof(words) / sizeof(words[0]), sizeof(words[0]), compare);
	return found ? found->group : WARD_WORD_GROUPS;
}

enum ward_word_group
ward_word_group_of_function(struct ward_span name)
{
	enum ward_word_group group;

	while (name.len && name.data[0] == '_')
		name = ward_span_cut(name, 1, name.len);
	group = ward_word_group_of(name);
	if (group != WARD_WORD_GROUPS || name.len < 2)
		return group;
	if (name.data[name.len - 1] != 'A' && name.data[name.len - 1] != 'W')
		return group;
	return ward_word_group_of(ward_span_cut(name, 0, name.len - 1));
}

unsigned
ward_word_bucket(struct ward_span word, unsigned buckets)
{
	uint32_t hash = 2166136261u;
	size_t i;

	for (i = 0; i < word.len && i < HASHED_MAX; i++)
		hash = (hash ^ ward_text_lower(word.data[i])) * 16777619u;
	return (hash ^ hash >> 16) % buckets;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/answer.h"

static const char *
refuse_one(const Ward__V1__FileQuery *q, const Ward__V1__FileVerdict *v, uint8_t *seen)
{
	if (q->prefix.len == 0) {
		if (*seen)
			return "two answers to one query";
		*seen = 1;
		return v->sha256.len == 0 ? NULL : "a digest nobody asked for";
	}
	if (v->sha256.len != 32 || memcmp(v->sha256.data, q->prefix.data, q->prefix.len) != 0)
		return "a digest without the prefix";
	return NULL;
}

const char *
ward_answer_refuse(const Ward__V1__LookupRequest *request, const Ward__V1__LookupReply *reply)
{
	uint8_t seen[WARD_WIRE_LOOKUP_MAX] = {0};

	if (request->n_files > WARD_WIRE_LOOKUP_MAX)
		return "too many queries";
	for (size_t i = 0; i < reply->n_files; i++) {
		const Ward__V1__FileVerdict *v = reply->files[i];
		const char *why;

		if (v->query >= request->n_files)
			return "an answer to no query";
		why = refuse_one(request->files[v->query], v, &seen[v->query]);
		if (why)
			return why;
	}
	for (size_t i = 0; i < reply->n_cut; i++)
		if (reply->cut[i] >= request->n_files)
			return "an answer to no query";
	return NULL;
}

const Ward__V1__FileVerdict *
ward_answer_find(const Ward__V1__LookupReply *reply, uint32_t index, const uint8_t sha256[32],
		 bool *ret_cut)
{
	bool cut = false;

	for (size_t i = 0; i < reply->n_cut; i++)
		cut |= reply->cut[i] == index;
	if (ret_cut)
		*ret_cut = cut;
	for (size_t i = 0; i < reply->n_files; i++) {
		const Ward__V1__FileVerdict *v = reply->files[i];

		if (v->query == index &&
		    (v->sha256.len == 0 || memcmp(v->sha256.data, sha256, 32) == 0))
			return v;
	}
	return NULL;
}

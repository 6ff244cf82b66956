/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/pool-priv.h"

#include <stdlib.h>

#include "sys/fd.h"

enum ward_rc
pool_answer(struct ward_pool *pool, struct job *job, const struct ward_proto_reply *reply)
{
	struct reply_node *node = calloc(1, sizeof(*node));

	if (!node)
		return WARD_E_NOMEM;
	node->reply = (struct ward_pool_reply){
		.cookie = job->cookie,
		.result = reply->result,
		.usec = reply->usec,
		.strings_cut = reply->strings_cut,
	};
	*pool->replies_end = node;
	pool->replies_end = &node->next;
	job_free(job);
	return WARD_OK;
}

enum ward_rc
pool_answer_reason(struct ward_pool *pool, struct job *job, enum ward_reason why)
{
	struct ward_proto_reply reply = {.id = job->id, .result = ward_result_new()};
	struct ward_fd_stat st;
	enum ward_rc rc;

	if (!reply.result)
		return WARD_E_NOMEM;
	if (ward_fd_stat(job->fd, &st) == WARD_OK)
		reply.result->size = st.size;
	reply.result->verdict = WARD_NOT_SCANNED;
	ward_result_add_gap(reply.result, why, "");
	rc = pool_answer(pool, job, &reply);
	if (rc != WARD_OK)
		(void)ward_result_free(reply.result);
	return rc;
}

struct ward_pool_reply *
ward_pool_reply_free(struct ward_pool_reply *reply)
{
	if (reply) {
		(void)ward_result_free(reply->result);
		/* The reply is the first member of what was allocated. */
		free(reply);
	}
	return NULL;
}

void
ward_pool_reply_freep(struct ward_pool_reply **reply)
{
	*reply = ward_pool_reply_free(*reply);
}

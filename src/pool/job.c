/* SPDX-License-Identifier: Apache-2.0 */
#include "pool/pool-priv.h"

#include <stdlib.h>

#include "sys/fd.h"

enum { READ_AHEAD_MAX = 4 << 20 };

void
job_list_push(struct job_list *list, struct job *job)
{
	job->next = NULL;
	if (list->tail)
		list->tail->next = job;
	else
		list->head = job;
	list->tail = job;
	list->count++;
	list->bytes += job->size;
}

struct job *
job_list_pop(struct job_list *list)
{
	struct job *job = list->head;

	if (!job)
		return NULL;
	list->head = job->next;
	if (!list->head)
		list->tail = NULL;
	list->count--;
	list->bytes -= job->size;
	job->next = NULL;
	return job;
}

void
job_list_prepend(struct job_list *to, struct job_list *from)
{
	if (!from->head)
		return;
	from->tail->next = to->head;
	if (!to->tail)
		to->tail = from->tail;
	to->head = from->head;
	to->count += from->count;
	to->bytes += from->bytes;
	*from = (struct job_list){0};
}

enum ward_rc
job_new(const struct ward_pool_request *request, const struct ward_proto_request *message,
	struct job **ret_job)
{
	struct job *job = calloc(1, sizeof(*job));
	struct ward_fd_stat st;
	enum ward_rc rc;

	if (!job)
		return WARD_E_NOMEM;
	job->fd = -1;
	job->id = message->id;
	job->size = ward_fd_stat(request->fd, &st) == WARD_OK ? st.size : 0;
	job->timeout_usec = (uint64_t)message->timeout_ms * 1000;
	job->cookie = request->cookie;
	ward_buf_init(&job->message, WARD_PROTO_MESSAGE_MAX, NULL);
	rc = ward_proto_request_encode(message, &job->message);
	if (rc != WARD_OK) {
		job_free(job);
		return rc;
	}
	/* The disk works while the file waits for a worker. */
	ward_fd_read_ahead(request->fd, job->size < READ_AHEAD_MAX ? job->size : READ_AHEAD_MAX);
	*ret_job = job;
	return WARD_OK;
}

void
job_free(struct job *job)
{
	ward_fd_close(&job->fd);
	ward_buf_done(&job->message);
	free(job);
}

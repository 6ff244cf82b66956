/* SPDX-License-Identifier: Apache-2.0 */
/* The server as a whole: starting, stopping, and what comes from other threads. */
#include "cloud/edge/edge.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cloud/edge/edge-priv.h"
#include "sys/fd.h"
#include "sys/net.h"
#include "sys/process.h"

static void
set_default(unsigned *value, unsigned standard)
{
	if (*value == 0)
		*value = standard;
}

static bool
take_text(char *into, size_t room, const char *text)
{
	return snprintf(into, room, "%s", text) < (int)room;
}

static enum ward_rc
take_options(struct ward_edge *edge, const struct ward_edge_options *o)
{
	edge->o = *o;
	set_default(&edge->o.threads, ward_process_cpus());
	set_default(&edge->o.connections_max, 50000);
	set_default(&edge->o.streams_max, 128);
	set_default(&edge->o.address_max, 1024);
	set_default(&edge->o.idle_ms, 600000);
	set_default(&edge->o.handshake_ms, 10000);
	set_default(&edge->o.stall_ms, 30000);
	if (edge->o.loop_memory == 0)
		edge->o.loop_memory = UINT64_C(1) << 30;
	edge->methods = calloc(o->method_count + 1, sizeof(*edge->methods));
	if (!edge->methods)
		return WARD_E_NOMEM;
	memcpy(edge->methods, o->methods, o->method_count * sizeof(*edge->methods));
	return take_text(edge->listen, sizeof(edge->listen), o->listen) &&
			       take_text(edge->certificate, sizeof(edge->certificate),
					 o->certificate) &&
			       take_text(edge->key, sizeof(edge->key), o->key) &&
			       take_text(edge->client_ca, sizeof(edge->client_ca), o->client_ca) &&
			       take_text(edge->organisation, sizeof(edge->organisation),
					 o->organisation)
		       ? WARD_OK
		       : WARD_E_LIMIT;
}

/* All loops listen on the same port, also when the first one chose it. */
static enum ward_rc
listen_all(struct ward_edge *edge, char why[512])
{
	char address[64];
	enum ward_rc rc = WARD_OK;

	(void)take_text(address, sizeof(address), edge->listen);
	for (unsigned i = 0; i < edge->loop_count && !rc; i++) {
		rc = ward_net_listen(address, &edge->loops[i].listener);
		if (!rc && i == 0) {
			edge->port = ward_net_port(edge->loops[0].listener);
			rc = ward_net_with_port(edge->listen, edge->port, address, sizeof(address));
		}
	}
	if (rc)
		(void)snprintf(why, 512, "%s: %s", edge->listen,
			       rc == WARD_E_INVAL ? "not an address and port" : "cannot listen");
	return rc;
}

static enum ward_rc
start_loops(struct ward_edge *edge, char why[512])
{
	enum ward_rc rc;

	edge->loops = calloc(edge->o.threads, sizeof(*edge->loops));
	if (!edge->loops)
		return WARD_E_NOMEM;
	edge->loop_count = edge->o.threads;
	for (unsigned i = 0; i < edge->loop_count; i++) {
		edge->loops[i].edge = edge;
		edge->loops[i].index = i;
		edge->loops[i].poller = edge->loops[i].wakeup = edge->loops[i].listener = -1;
	}
	rc = listen_all(edge, why);
	for (unsigned i = 0; i < edge->loop_count && !rc; i++)
		rc = edge_loop_start(&edge->loops[i]);
	return rc;
}

enum ward_rc
ward_edge_start(const struct ward_edge_options *options, struct ward_edge **ret, char why[512])
{
	struct ward_edge *edge = calloc(1, sizeof(*edge));
	enum ward_rc rc;

	why[0] = 0;
	if (!edge)
		return WARD_E_NOMEM;
	pthread_mutex_init(&edge->tls_lock, NULL);
	rc = take_options(edge, options);
	if (!rc)
		rc = edge_tls_new(edge, &edge->tls, why);
	if (!rc)
		rc = start_loops(edge, why);
	if (rc)
		ward_edge_free(edge);
	else
		*ret = edge;
	return rc;
}

uint16_t
ward_edge_port(const struct ward_edge *edge)
{
	return edge->port;
}

enum ward_rc
ward_edge_reload(struct ward_edge *edge, char why[512])
{
	SSL_CTX *fresh = NULL, *old;
	enum ward_rc rc = edge_tls_new(edge, &fresh, why);

	if (rc)
		return rc;
	pthread_mutex_lock(&edge->tls_lock);
	old = edge->tls;
	edge->tls = fresh;
	pthread_mutex_unlock(&edge->tls_lock);
	SSL_CTX_free(old);
	return WARD_OK;
}

void
ward_edge_post(struct ward_call_ref ref, ward_call_fn fn, void *arg)
{
	struct edge_post *post = malloc(sizeof(*post));

	/* without memory for so little nothing goes on; losing the post would leak a call */
	if (!post)
		abort();
	*post = (struct edge_post){.ref = ref, .fn = fn, .arg = arg};
	edge_post(&ref.edge->loops[ref.loop], post);
}

void
ward_edge_drop_device(struct ward_edge *edge, const uint8_t device[16])
{
	for (unsigned i = 0; i < edge->loop_count; i++) {
		struct edge_post *post = calloc(1, sizeof(*post));

		if (!post)
			abort();
		memcpy(post->device, device, 16);
		edge_post(&edge->loops[i], post);
	}
}

bool
ward_edge_drain(struct ward_edge *edge, unsigned timeout_ms)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

	for (unsigned i = 0; i < edge->loop_count; i++) {
		atomic_store(&edge->loops[i].drain, true);
		edge_loop_wake(&edge->loops[i]);
	}
	for (unsigned waited = 0; atomic_load(&edge->connections) > 0; waited += 10) {
		if (waited >= timeout_ms)
			return false;
		(void)nanosleep(&pause, NULL);
	}
	return true;
}

void
ward_edge_stop(struct ward_edge *edge)
{
	for (unsigned i = 0; i < edge->loop_count; i++) {
		struct edge_loop *loop = &edge->loops[i];

		if (!loop->running)
			continue;
		atomic_store(&loop->stop, true);
		edge_loop_wake(loop);
		pthread_join(loop->thread, NULL);
		loop->running = false;
	}
}

struct ward_edge *
ward_edge_free(struct ward_edge *edge)
{
	if (!edge)
		return NULL;
	ward_edge_stop(edge);
	for (unsigned i = 0; i < edge->loop_count; i++)
		edge_loop_done(&edge->loops[i]);
	free(edge->loops);
	free(edge->methods);
	SSL_CTX_free(edge->tls);
	pthread_mutex_destroy(&edge->tls_lock);
	free(edge);
	return NULL;
}

void
ward_edge_stats(struct ward_edge *edge, struct ward_edge_stats *ret_stats)
{
	*ret_stats = (struct ward_edge_stats){0};
	for (unsigned i = 0; i < edge->loop_count; i++) {
		struct edge_figures *f = &edge->loops[i].figures;

		ret_stats->connections += atomic_load(&f->connections);
		ret_stats->calls += atomic_load(&f->calls);
		ret_stats->accepted += atomic_load(&f->accepted);
		ret_stats->refused += atomic_load(&f->refused);
		ret_stats->handshakes_failed += atomic_load(&f->handshakes_failed);
		ret_stats->floods += atomic_load(&f->floods);
		ret_stats->calls_done += atomic_load(&f->done);
		ret_stats->bytes_in += atomic_load(&f->bytes_in);
		ret_stats->bytes_out += atomic_load(&f->bytes_out);
	}
}

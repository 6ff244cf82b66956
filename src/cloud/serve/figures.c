/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/serve/figures.h"

#include "sys/log.h"

/* One function for each figure: a name in the table, a member of a stats structure. */
#define LOG_FIGURE(member)                                                                         \
	static double log_##member(void *node)                                                     \
	{                                                                                          \
		struct ward_log_stats s;                                                           \
                                                                                                   \
		ward_log_stats(((struct ward_node *)node)->log, &s);                               \
		return (double)s.member;                                                           \
	}
#define VIEW_FIGURE(member)                                                                        \
	static double view_##member(void *node)                                                    \
	{                                                                                          \
		struct ward_views_size s;                                                          \
                                                                                                   \
		ward_views_size(((struct ward_node *)node)->views, &s);                            \
		return (double)s.member;                                                           \
	}
#define OBJECT_FIGURE(member)                                                                      \
	static double object_##member(void *node)                                                  \
	{                                                                                          \
		struct ward_objects_stats s;                                                       \
                                                                                                   \
		ward_objects_stats(((struct ward_node *)node)->objects, &s);                       \
		return (double)s.member;                                                           \
	}
#define EDGE_FIGURE(member)                                                                        \
	static double edge_##member(void *edge)                                                    \
	{                                                                                          \
		struct ward_edge_stats s;                                                          \
                                                                                                   \
		ward_edge_stats(edge, &s);                                                         \
		return (double)s.member;                                                           \
	}

LOG_FIGURE(records)
LOG_FIGURE(bytes)
LOG_FIGURE(syncs)
LOG_FIGURE(refused)
LOG_FIGURE(waiting)
LOG_FIGURE(size)
VIEW_FIGURE(files)
VIEW_FIGURE(verdicts)
VIEW_FIGURE(devices)
VIEW_FIGURE(disk_bytes)
VIEW_FIGURE(table_bytes)
VIEW_FIGURE(overlay)
VIEW_FIGURE(table_builds)
OBJECT_FIGURE(objects)
OBJECT_FIGURE(bytes)
OBJECT_FIGURE(failures)
EDGE_FIGURE(connections)
EDGE_FIGURE(calls)
EDGE_FIGURE(accepted)
EDGE_FIGURE(refused)
EDGE_FIGURE(handshakes_failed)
EDGE_FIGURE(floods)
EDGE_FIGURE(bytes_in)
EDGE_FIGURE(bytes_out)

static double
lag(void *node)
{
	return (double)ward_applier_lag(((struct ward_node *)node)->applier);
}

static double
lines_dropped(void *context)
{
	(void)context;
	return (double)ward_say_dropped();
}

struct figure {
	const char *name, *help;
	ward_gauge_fn fn;
	bool grows; /* a counter */
};

static const struct figure of_node[] = {
	{"ward_log_records_total", "Records appended and durable.", log_records, true},
	{"ward_log_bytes_total", "Bytes appended and durable.", log_bytes, true},
	{"ward_log_syncs_total", "Times the log was made durable.", log_syncs, true},
	{"ward_log_refused_total", "Appends refused: too much waited, or the disk is full.",
	 log_refused, true},
	{"ward_log_waiting_bytes", "Bytes taken and not yet durable.", log_waiting, false},
	{"ward_log_size_bytes", "Bytes of the log on disk.", log_size, false},
	{"ward_log_lag_records", "Durable records not yet applied to the views.", lag, false},
	{"ward_views_files", "File records.", view_files, false},
	{"ward_views_verdicts", "Files with a verdict.", view_verdicts, false},
	{"ward_views_devices", "Devices ever enrolled.", view_devices, false},
	{"ward_views_disk_bytes", "Bytes of the views on disk.", view_disk_bytes, false},
	{"ward_views_table_bytes", "Bytes of the mapped verdict table.", view_table_bytes, false},
	{"ward_views_overlay", "Verdicts changed since the table was built.", view_overlay, false},
	{"ward_views_table_builds_total", "Verdict tables built.", view_table_builds, true},
	{"ward_samples", "Samples stored.", object_objects, false},
	{"ward_samples_bytes", "Bytes of samples, compressed.", object_bytes, false},
	{"ward_samples_failures_total", "Failures of the sample store.", object_failures, true},
	{"ward_log_lines_dropped_total", "Lines of this service's own log that were lost.",
	 lines_dropped, true},
};

static const struct figure of_edge[] = {
	{"ward_edge_connections", "Connections now.", edge_connections, false},
	{"ward_edge_calls", "Calls running now.", edge_calls, false},
	{"ward_edge_accepted_total", "Connections taken.", edge_accepted, true},
	{"ward_edge_refused_total", "Connections refused by a limit.", edge_refused, true},
	{"ward_edge_handshakes_failed_total", "TLS handshakes that failed.", edge_handshakes_failed,
	 true},
	{"ward_edge_floods_total", "Connections closed for flooding.", edge_floods, true},
	{"ward_edge_received_bytes_total", "Bytes received.", edge_bytes_in, true},
	{"ward_edge_sent_bytes_total", "Bytes sent.", edge_bytes_out, true},
};

static void
add(struct ward_metrics *metrics, const struct figure *figures, size_t count, void *context)
{
	for (size_t i = 0; i < count; i++)
		(figures[i].grows ? ward_metrics_total : ward_metrics_gauge)(
			metrics, figures[i].name, figures[i].help, NULL, figures[i].fn, context);
}

void
ward_figures_register(struct ward_metrics *metrics, struct ward_node *node, struct ward_edge *edge)
{
	add(metrics, of_node, sizeof(of_node) / sizeof(of_node[0]), node);
	add(metrics, of_edge, sizeof(of_edge) / sizeof(of_edge[0]), edge);
}

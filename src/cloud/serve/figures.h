/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics of what a service stands on: log, views, samples, edge, process. */
#ifndef WARD_CLOUD_SERVE_FIGURES_H
#define WARD_CLOUD_SERVE_FIGURES_H

#include "cloud/edge/edge.h"
#include "cloud/node/node.h"
#include "cloud/ops/metrics.h"

/* Registers them; node and edge outlive the metrics' last reader. */
void ward_figures_register(struct ward_metrics *metrics, struct ward_node *node,
			   struct ward_edge *edge);

#endif

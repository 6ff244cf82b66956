/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/serve/replay.h"

#include <stdio.h>

#include "cloud/node/node.h"
#include "cloud/node/options.h"
#include "sys/clock.h"

enum { WHY_MAX = 4096 };

static const char usage[] =
	"Usage: wardcloud replay [--config FILE] [--set SECTION.KEY=VALUE]… [--compare]\n\n"
	"Builds the views anew from the log (from the newest snapshot, where the log was let go\n"
	"before it) and puts them in the old ones' place. With --compare the old ones stay, and\n"
	"both are compared record by record: exit status 1 if they differ. The service must not "
	"run.\n";

static const char fresh[] = "views.replay";

/* What the log held when the replay began: other nodes may go on appending. */
struct goal {
	struct ward_log_position ends[WARD_LOG_ENDS];
	size_t count;
};

/* New views with all of the log applied. */
static enum ward_rc
build(const struct ward_config *config, struct ward_log *log, const struct goal *goal,
      struct ward_views **ret, struct ward_buf *why)
{
	uint64_t records = 0, begun = ward_clock_monotonic(), taken;
	enum ward_rc rc = ward_node_remove_views(config, fresh, why);

	if (!rc)
		rc = ward_node_open_views(config, log, fresh, ret, why);
	if (rc)
		return rc;
	rc = ward_applier_run(log, *ret, goal->ends, goal->count, &records);
	taken = ward_clock_monotonic() - begun;
	if (!rc)
		(void)printf("%llu records applied in %.1f s\n", (unsigned long long)records,
			     (double)taken / 1e6);
	return rc;
}

/* 0: equal, 1: not, 2: could not be compared. */
static int
compare(const struct ward_config *config, struct ward_log *log, const struct goal *goal,
	struct ward_views *views, struct ward_buf *why)
{
	struct ward_views *live = NULL;
	uint64_t records = 0, different = 0, applied = 0;
	char detail[1024] = "";
	enum ward_rc rc = ward_node_open_views(config, log, "views", &live, why);

	/* a service that was killed left its last records unapplied: that is not a difference */
	if (!rc)
		rc = ward_applier_run(log, live, goal->ends, goal->count, &applied);
	if (!rc)
		rc = ward_views_compare(live, views, &records, &different, detail);
	ward_views_close(live);
	if (rc)
		return 2;
	(void)printf("%llu records compared, %llu differ\n%s", (unsigned long long)records,
		     (unsigned long long)different, detail);
	return different > 0;
}

static int
replay(const struct ward_serve_options *options, struct ward_log *log, struct ward_buf *why)
{
	const struct ward_config *config = &options->config;
	struct ward_views *views = NULL;
	static struct goal goal;
	enum ward_rc rc = ward_log_ends(log, goal.ends, &goal.count);
	int status = 0;

	if (!rc)
		rc = build(config, log, &goal, &views, why);
	if (!rc && options->compare)
		status = compare(config, log, &goal, views, why);
	ward_views_close(views);
	if (!rc && !options->compare)
		rc = ward_node_swap_views(config, fresh, "views", why);
	else if (!rc)
		rc = ward_node_remove_views(config, fresh, why);
	if (rc)
		(void)fprintf(stderr, "wardcloud: replay: %s\n", ward_rc_str(rc));
	return rc ? 2 : status;
}

int
ward_replay_command(int argc, char **argv)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	WARD_AUTO(ward_log_closep) struct ward_log *log = NULL;
	static struct ward_serve_options options;
	int status = 2;

	if (!ward_serve_options(argc, argv, usage, &options))
		return options.help ? 0 : 2;
	ward_buf_init(&why, WHY_MAX, NULL);
	if (!ward_node_open_log(&options.config, &log, &why))
		status = replay(&options, log, &why);
	(void)fwrite(why.data, 1, why.len, stderr);
	return status;
}

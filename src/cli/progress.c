/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/human.h"

enum { INTERVAL_NS = 100000000 };

uint64_t
ward_progress_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void
ward_progress_init(struct ward_progress *p, bool wanted)
{
	*p = (struct ward_progress){
		.on = wanted && isatty(STDERR_FILENO),
		.start_ns = ward_progress_now(),
	};
}

/* By bytes when there are any: ten thousand small files and one large one are not half done. */
static double
share_done(const struct ward_progress *p)
{
	double share;

	if (p->total_bytes)
		share = (double)p->bytes / (double)p->total_bytes;
	else
		share = p->total_files ? (double)p->files / (double)p->total_files : 0;
	return share > 1 ? 1 : share;
}

static void
print_rate(const struct ward_progress *p, double seconds, FILE *out)
{
	char files[WARD_HUMAN_MAX], bytes[WARD_HUMAN_MAX];

	if (seconds < 0.05)
		return;
	(void)fprintf(out, "  %s files/s  %s/s",
		      ward_human_count((uint64_t)((double)p->files / seconds), files),
		      ward_human_bytes((uint64_t)((double)p->bytes / seconds), bytes));
}

static void
print_figures(const struct ward_progress *p, double seconds, FILE *out)
{
	char done[WARD_HUMAN_MAX], total[WARD_HUMAN_MAX], left[WARD_HUMAN_MAX];
	double share = share_done(p);

	if (p->total_files) {
		static const char bar[] = "####################";
		int filled = (int)(share * 20);

		(void)fprintf(out, "[%-20.*s] %3.0f%%  %s/%s files", filled, bar, share * 100,
			      ward_human_count(p->files, done),
			      ward_human_count(p->total_files, total));
	} else {
		(void)fprintf(out, "%s files", ward_human_count(p->files, done));
	}
	print_rate(p, seconds, out);
	if (p->total_files && share > 0.01 && share < 1)
		(void)fprintf(out, "  %s left",
			      ward_human_seconds(seconds * (1 - share) / share, left));
	if (p->found)
		(void)fprintf(out, "  %s found", ward_human_count(p->found, done));
}

void
ward_progress_line(const struct ward_progress *p, uint64_t now_ns, const char *path, size_t width,
		   FILE *out)
{
	double seconds = (double)(now_ns - p->start_ns) / 1e9;
	char *text = NULL;
	size_t len = 0;
	FILE *line = open_memstream(&text, &len);

	if (!line)
		return;
	print_figures(p, seconds, line);
	if (path) {
		(void)fputs("  ", line);
		ward_human_print(line, ward_span_str(path));
	}
	if (fclose(line) == 0)
		(void)fprintf(out, "%.*s", (int)(len < width ? len : width), text);
	free(text);
}

static size_t
terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
		return size.ws_col - 1u;
	return 79;
}

void
ward_progress_step(struct ward_progress *p, const char *path)
{
	uint64_t now;

	if (!p->on)
		return;
	now = ward_progress_now();
	if (now - p->last_ns < INTERVAL_NS)
		return;
	p->last_ns = now;
	(void)fputs("\r\033[K", stderr);
	ward_progress_line(p, now, path, terminal_width(), stderr);
	(void)fflush(stderr);
	p->shown = true;
}

void
ward_progress_clear(struct ward_progress *p)
{
	if (p->shown)
		(void)fputs("\r\033[K", stderr);
	p->shown = false;
}

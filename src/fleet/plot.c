/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/plot.h"

#include <math.h>
#include <stdio.h>

#include "fleet/svg.h"

enum { WIDTH = 890, HEIGHT = 460, LEFT = 76, RIGHT = 280, TOP = 64, BOTTOM = 58 };
enum { PLOT_WIDTH = WIDTH - LEFT - RIGHT, PLOT_HEIGHT = HEIGHT - TOP - BOTTOM };
enum { POINTS = 400, TEXT = 96, LABEL_GAP = 17, BAR = 34, BAR_GAP = 16, BAR_LEFT = 230 };

struct axis {
	double low, high; /* of the values; logarithms where it is logarithmic */
};

/* One mode's line, and what stands behind its end. */
struct curve {
	unsigned class;
	double value; /* of its end */
	double label; /* where its label is, pixels */
	char text[TEXT];
};

static bool
ran(const struct fleet_outbreak_options *o, unsigned mode)
{
	return o->modes & 1U << mode;
}

static double
at_x(const struct axis *a, double value)
{
	return LEFT + (value - a->low) / (a->high - a->low) * PLOT_WIDTH;
}

static double
at_y(const struct axis *a, double value)
{
	return TOP + PLOT_HEIGHT - (value - a->low) / (a->high - a->low) * PLOT_HEIGHT;
}

/* --- the frame --- */

static void
mark_x(struct fleet_svg *svg, const struct axis *x, double value, const char *text)
{
	double at = at_x(x, value);

	fleet_svg_line(svg, FLEET_SVG_GRID, (struct fleet_point){at, TOP},
		       (struct fleet_point){at, TOP + PLOT_HEIGHT});
	fleet_svg_text(svg, FLEET_SVG_DIM, (struct fleet_point){at, TOP + PLOT_HEIGHT + 20},
		       FLEET_SVG_MIDDLE, text);
}

static void
mark_y(struct fleet_svg *svg, const struct axis *y, double value, const char *text)
{
	double at = at_y(y, value);

	fleet_svg_line(svg, value > y->low ? FLEET_SVG_GRID : FLEET_SVG_INK,
		       (struct fleet_point){LEFT, at}, (struct fleet_point){LEFT + PLOT_WIDTH, at});
	fleet_svg_text(svg, FLEET_SVG_DIM, (struct fleet_point){LEFT - 8, at + 4}, FLEET_SVG_END,
		       text);
}

/* 1, 2 or 5 times a power of ten, so that `high` has at most six such steps. */
static double
step_of(double high)
{
	double step = pow(10, floor(log10(high / 6)));

	if (6 * step >= high)
		return step;
	if (6 * 2 * step >= high)
		return 2 * step;
	return 6 * 5 * step >= high ? 5 * step : 10 * step;
}

static void
mark_evenly(struct fleet_svg *svg, const struct axis *a,
	    void (*mark)(struct fleet_svg *, const struct axis *, double, const char *))
{
	double step = step_of(a->high);
	char text[TEXT];

	for (unsigned i = 0; i * step <= a->high * 1.0001; i++) {
		(void)snprintf(text, TEXT, "%g", i * step);
		mark(svg, a, i * step, text);
	}
}

static void
head(struct fleet_svg *svg, const char *heading, const char *below, const char *x_name)
{
	fleet_svg_heading(svg, (struct fleet_point){16, 26}, heading);
	fleet_svg_text(svg, FLEET_SVG_DIM, (struct fleet_point){16, 46}, FLEET_SVG_START, below);
	fleet_svg_text(svg, FLEET_SVG_INK,
		       (struct fleet_point){LEFT + PLOT_WIDTH / 2.0, HEIGHT - 14}, FLEET_SVG_MIDDLE,
		       x_name);
}

/* Labels stand where their lines end, and none on another. */
static void
put_labels(struct fleet_svg *svg, struct curve *curves, size_t count, const struct axis *y)
{
	double free_to = HEIGHT;

	for (size_t done = 0; done < count; done++) {
		struct curve *lowest = NULL;

		for (size_t i = 0; i < count; i++)
			if (curves[i].label == 0 && (!lowest || curves[i].value < lowest->value))
				lowest = &curves[i];
		if (!lowest)
			return;
		lowest->label = fmin(at_y(y, lowest->value) + 4, free_to - LABEL_GAP);
		free_to = lowest->label;
		fleet_svg_text(svg, lowest->class,
			       (struct fleet_point){LEFT + PLOT_WIDTH + 8, lowest->label},
			       FLEET_SVG_START, lowest->text);
	}
}

/* --- infected over time --- */

static size_t
infected_by(const struct fleet_series *s, uint64_t time)
{
	size_t n = 0;

	while (n < s->count && s->values[n] <= time)
		n++;
	return n;
}

static void
draw_infected(struct fleet_svg *svg, unsigned mode, struct fleet_tally *t, const struct axis *xy)
{
	struct fleet_point points[POINTS + 1];

	(void)fleet_series_quantiles(&t->infections);
	for (size_t i = 0; i <= POINTS; i++) {
		double minutes = xy[0].high * (double)i / POINTS;

		points[i].x = at_x(&xy[0], minutes);
		points[i].y = at_y(&xy[1], (double)infected_by(&t->infections,
							       (uint64_t)(minutes * FLEET_MINUTE)));
	}
	fleet_svg_curve(svg, FLEET_SVG_SERIES + mode, points, POINTS + 1);
}

enum ward_rc
fleet_plot_infected(const struct fleet_outbreak_options *o, struct fleet_tally *tallies,
		    struct ward_buf *out)
{
	struct axis xy[2] = {{0, o->plan.minutes}, {0, o->plan.devices}};
	struct curve curves[FLEET_MODES] = {0};
	struct fleet_svg svg;
	char below[TEXT];
	size_t count = 0;

	(void)snprintf(below, TEXT, "of %u; each infects %g a minute; every copy is different",
		       o->plan.devices, o->plan.spread);
	fleet_svg_begin(&svg, out, (struct fleet_point){WIDTH, HEIGHT}, "Infected devices");
	head(&svg, "Infected devices", below, "simulated time, minutes");
	mark_evenly(&svg, &xy[0], mark_x);
	mark_evenly(&svg, &xy[1], mark_y);
	for (unsigned m = FLEET_MODES; m-- > 0;) {
		struct curve *c = &curves[count];

		if (!ran(o, m))
			continue;
		count++;
		draw_infected(&svg, m, &tallies[m], xy);
		c->class = FLEET_SVG_SERIES + m;
		c->value = (double)tallies[m].infections.count;
		(void)snprintf(c->text, TEXT, "%s: %zu", fleet_mode_title((enum fleet_mode)m),
			       tallies[m].infections.count);
	}
	put_labels(&svg, curves, count, &xy[1]);
	return fleet_svg_end(&svg);
}

/* --- who has a record --- */

static const struct {
	double seconds;
	const char *text;
} moments[] = {{0.001, "1 ms"}, {0.01, "10 ms"}, {0.1, "100 ms"}, {1, "1 s"},	 {10, "10 s"},
	       {60, "1 min"},	{600, "10 min"}, {3600, "1 h"},	  {28800, "8 h"}};

static double
log_seconds(uint64_t usec)
{
	return log10(usec < 1000 ? 0.001 : (double)usec / 1e6);
}

/* The record whose way counts in this mode. */
static struct fleet_reach *
record_of(struct fleet_tally *t)
{
	return t->family.since ? &t->family : &t->conviction;
}

static void
draw_reach(struct fleet_svg *svg, unsigned mode, struct fleet_reach *r, const struct axis *xy)
{
	struct fleet_point points[POINTS + 2];
	size_t n = 0;

	(void)fleet_series_quantiles(&r->there);
	points[n++] = (struct fleet_point){LEFT, at_y(&xy[1], 0)};
	for (size_t i = 0; i <= POINTS && r->there.count > 0; i++) {
		size_t at = (r->there.count - 1) * i / POINTS;

		points[n].x = at_x(&xy[0], log_seconds(r->there.values[at]));
		points[n++].y =
			at_y(&xy[1], 100.0 * (double)(at + 1) / (r->online ? r->online : 1));
	}
	fleet_svg_curve(svg, FLEET_SVG_SERIES + mode, points, n);
}

static void
name_reach(struct curve *c, unsigned mode, struct fleet_reach *r)
{
	struct fleet_quantiles q = fleet_series_quantiles(&r->there);
	double seconds = (double)q.p99 / 1e6;
	const char *title = fleet_mode_title((enum fleet_mode)mode);

	c->class = FLEET_SVG_SERIES + mode;
	c->value = 98 -
		   6.0 * mode; /* all lines end at the top: in the order of the modes below that */
	if (seconds < 1)
		(void)snprintf(c->text, TEXT, "%s: %.0f ms", title, seconds * 1e3);
	else if (seconds < 120)
		(void)snprintf(c->text, TEXT, "%s: %.1f s", title, seconds);
	else
		(void)snprintf(c->text, TEXT, "%s: %.0f min", title, seconds / 60);
}

enum ward_rc
fleet_plot_reach(const struct fleet_outbreak_options *o, struct fleet_tally *tallies,
		 struct ward_buf *out)
{
	struct axis xy[2] = {{-3, log10(28800)}, {0, 100}};
	struct curve curves[FLEET_MODES] = {0};
	struct fleet_svg svg;
	size_t count = 0;

	fleet_svg_begin(&svg, out, (struct fleet_point){WIDTH, HEIGHT}, "Devices reached");
	head(&svg, "Devices that have the record, percent of those connected",
	     "behind the names: until 99 % have it; pushed: measured, polled: computed",
	     "time since its sample was asked about, or it was published (logarithmic)");
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
		mark_x(&svg, &xy[0], log10(moments[i].seconds), moments[i].text);
	mark_evenly(&svg, &xy[1], mark_y);
	for (unsigned m = 0; m < FLEET_MODES; m++) {
		if (!ran(o, m) || record_of(&tallies[m])->there.count == 0)
			continue;
		draw_reach(&svg, m, record_of(&tallies[m]), xy);
		name_reach(&curves[count++], m, record_of(&tallies[m]));
	}
	put_labels(&svg, curves, count, &xy[1]);
	return fleet_svg_end(&svg);
}

/* --- infected before they were protected --- */

enum ward_rc
fleet_plot_bars(const struct fleet_outbreak_options *o, struct fleet_tally *tallies,
		struct ward_buf *out)
{
	double y = TOP, width = WIDTH - BAR_LEFT - 90;
	struct fleet_svg svg;
	char text[TEXT];
	unsigned bars = 0;

	for (unsigned m = 0; m < FLEET_MODES; m++)
		bars += ran(o, m);
	fleet_svg_begin(&svg, out, (struct fleet_point){WIDTH, TOP + bars * (BAR + BAR_GAP)},
			"Infected before they were protected");
	fleet_svg_heading(&svg, (struct fleet_point){16, 26},
			  "Devices infected before they were protected");
	(void)snprintf(text, TEXT, "of %u, in %u minutes", o->plan.devices, o->plan.minutes);
	fleet_svg_text(&svg, FLEET_SVG_DIM, (struct fleet_point){16, 46}, FLEET_SVG_START, text);
	for (unsigned m = 0; m < FLEET_MODES; m++) {
		size_t infected = tallies[m].infections.count;
		double length = width * (double)infected / o->plan.devices;

		if (!ran(o, m))
			continue;
		fleet_svg_text(&svg, FLEET_SVG_INK, (struct fleet_point){BAR_LEFT - 10, y + 22},
			       FLEET_SVG_END, fleet_mode_title((enum fleet_mode)m));
		fleet_svg_bar(&svg, FLEET_SVG_SERIES + m, (struct fleet_point){BAR_LEFT, y},
			      (struct fleet_point){fmax(length, 1), BAR});
		(void)snprintf(text, TEXT, "%zu", infected);
		fleet_svg_text(&svg, FLEET_SVG_INK,
			       (struct fleet_point){BAR_LEFT + length + 8, y + 22}, FLEET_SVG_START,
			       text);
		y += BAR + BAR_GAP;
	}
	return fleet_svg_end(&svg);
}

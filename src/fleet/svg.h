/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small writer of SVG 1.1: lines, rectangles and text, coloured by classes, legible on light and dark ground
 * (where the viewer knows prefers-color-scheme). Lengths are pixels, y grows downward.
 */
#ifndef WARD_FLEET_SVG_H
#define WARD_FLEET_SVG_H

#include "base/buf.h"

enum { FLEET_SVG_COLOURS = 5 };

/* What something is; _SERIES + n: the n-th colour. */
enum fleet_svg_class { FLEET_SVG_INK, FLEET_SVG_DIM, FLEET_SVG_GRID, FLEET_SVG_SERIES };
enum fleet_svg_anchor { FLEET_SVG_START, FLEET_SVG_MIDDLE, FLEET_SVG_END };

struct fleet_svg {
	struct ward_buf *out;
	enum ward_rc rc; /* of the first thing that did not fit */
};

struct fleet_point {
	double x, y;
};

/* Appends to `out`, which stays the caller's; the title is for people who cannot see it. */
void fleet_svg_begin(struct fleet_svg *svg, struct ward_buf *out, struct fleet_point size,
		     const char *title);
void fleet_svg_line(struct fleet_svg *svg, unsigned class, struct fleet_point from,
		    struct fleet_point to);
/* One line through all of them. */
void fleet_svg_curve(struct fleet_svg *svg, unsigned class, const struct fleet_point *points,
		     size_t count);
/* From its upper left corner. */
void fleet_svg_bar(struct fleet_svg *svg, unsigned class, struct fleet_point corner,
		   struct fleet_point size);
/* At its base line; any text, what XML cannot hold becomes '?'. */
void fleet_svg_text(struct fleet_svg *svg, unsigned class, struct fleet_point at,
		    enum fleet_svg_anchor anchor, const char *text);
/* The same in larger, bold letters. */
void fleet_svg_heading(struct fleet_svg *svg, struct fleet_point at, const char *text);
/* Closes it. What went wrong before. */
enum ward_rc fleet_svg_end(struct fleet_svg *svg) WARD_MUST_CHECK;

#endif

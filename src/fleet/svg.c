/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/svg.h"

/* Colours that colour-blind people tell apart as well (after Okabe and Ito), a little brighter on dark. */
static const char style[] =
	"<style>text{font:13px sans-serif;fill:#24292f}.h{font-size:16px;font-weight:bold}"
	"path{fill:none;stroke-width:2.2;stroke-linejoin:round}"
	".g{stroke:#d8dee4;stroke-width:1}.i{stroke:#57606a;stroke-width:1}.d{fill:#57606a}"
	".paper{fill:#ffffff}"
	".l0{stroke:#00845f}.l1{stroke:#c44f00}.l2{stroke:#0068a8}.l3{stroke:#a8457f}"
	".l4{stroke:#a87800}"
	".f0{fill:#00845f}.f1{fill:#c44f00}.f2{fill:#0068a8}.f3{fill:#a8457f}.f4{fill:#a87800}"
	"@media (prefers-color-scheme:dark){text{fill:#e6edf3}.d{fill:#9da7b3}.g{stroke:#30363d}"
	".i{stroke:#9da7b3}.paper{fill:#0d1117}"
	".l0{stroke:#2fc49a}.l1{stroke:#ff8a45}.l2{stroke:#5ab3f0}.l3{stroke:#e08fc0}"
	".l4{stroke:#e6b340}"
	".f0{fill:#2fc49a}.f1{fill:#ff8a45}.f2{fill:#5ab3f0}.f3{fill:#e08fc0}.f4{fill:#e6b340}}"
	"</style>\n";

static void
add(struct fleet_svg *svg, enum ward_rc rc)
{
	if (rc && !svg->rc)
		svg->rc = rc;
}

/* U+FFFE, U+FFFF and control characters are in no XML document; bytes that are no UTF-8 neither. Labels are
 * ASCII here, so nothing else is let through. */
static void
escape(struct fleet_svg *svg, const char *text)
{
	for (; *text; text++) {
		const char *name = *text == '&'	  ? "&amp;"
				   : *text == '<' ? "&lt;"
				   : *text == '>' ? "&gt;"
				   : *text == '"' ? "&quot;"
						  : NULL;
		bool plain = *text >= ' ' && *text <= '~';

		if (name)
			add(svg, ward_buf_str(svg->out, name));
		else
			add(svg, ward_buf_byte(svg->out, plain ? (uint8_t)*text : (uint8_t)'?'));
	}
}

void
fleet_svg_begin(struct fleet_svg *svg, struct ward_buf *out, struct fleet_point size,
		const char *title)
{
	*svg = (struct fleet_svg){.out = out};
	add(svg, ward_buf_printf(out,
				 "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" "
				 "height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" role=\"img\">\n<title>",
				 size.x, size.y, size.x, size.y));
	escape(svg, title);
	add(svg, ward_buf_str(out, "</title>\n"));
	add(svg, ward_buf_str(out, style));
	add(svg, ward_buf_str(out, "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n"));
}

/* The class of a stroke ('l') or a filling ('f'). */
static void
put_class(struct fleet_svg *svg, unsigned class, char kind)
{
	static const char *const strokes[] = {"i", "i", "g"}, *const fillings[] = {"", "d", "d"};

	if (class >= FLEET_SVG_SERIES)
		add(svg, ward_buf_printf(svg->out, " class=\"%c%u\"", kind,
					 (class - FLEET_SVG_SERIES) % FLEET_SVG_COLOURS));
	else
		add(svg, ward_buf_printf(svg->out, " class=\"%s\"",
					 kind == 'l' ? strokes[class] : fillings[class]));
}

void
fleet_svg_line(struct fleet_svg *svg, unsigned class, struct fleet_point from,
	       struct fleet_point to)
{
	add(svg, ward_buf_str(svg->out, "<line"));
	put_class(svg, class, 'l');
	add(svg, ward_buf_printf(svg->out, " x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
				 from.x, from.y, to.x, to.y));
}

void
fleet_svg_curve(struct fleet_svg *svg, unsigned class, const struct fleet_point *points,
		size_t count)
{
	if (count == 0)
		return;
	add(svg, ward_buf_str(svg->out, "<path"));
	put_class(svg, class, 'l');
	add(svg, ward_buf_str(svg->out, " d=\""));
	for (size_t i = 0; i < count; i++)
		add(svg, ward_buf_printf(svg->out, "%c%.1f %.1f", i ? 'L' : 'M', points[i].x,
					 points[i].y));
	add(svg, ward_buf_str(svg->out, "\"/>\n"));
}

void
fleet_svg_bar(struct fleet_svg *svg, unsigned class, struct fleet_point corner,
	      struct fleet_point size)
{
	add(svg, ward_buf_str(svg->out, "<rect"));
	put_class(svg, class, 'f');
	add(svg,
	    ward_buf_printf(svg->out, " x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
			    corner.x, corner.y, size.x, size.y));
}

void
fleet_svg_text(struct fleet_svg *svg, unsigned class, struct fleet_point at,
	       enum fleet_svg_anchor anchor, const char *text)
{
	static const char *const anchors[] = {"start", "middle", "end"};

	add(svg, ward_buf_str(svg->out, "<text"));
	put_class(svg, class, 'f');
	add(svg, ward_buf_printf(svg->out, " x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", at.x, at.y,
				 anchors[anchor]));
	escape(svg, text);
	add(svg, ward_buf_str(svg->out, "</text>\n"));
}

void
fleet_svg_heading(struct fleet_svg *svg, struct fleet_point at, const char *text)
{
	add(svg, ward_buf_printf(svg->out, "<text class=\"h\" x=\"%.1f\" y=\"%.1f\">", at.x, at.y));
	escape(svg, text);
	add(svg, ward_buf_str(svg->out, "</text>\n"));
}

enum ward_rc
fleet_svg_end(struct fleet_svg *svg)
{
	add(svg, ward_buf_str(svg->out, "</svg>\n"));
	return svg->rc;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The reference as one page of HTML that needs no other file and no script. */
#include "spec/emit/reference.h"

#include <string.h>

static const char style[] =
	":root{color-scheme:light dark;--ink:#1c1e21;--page:#fff;--soft:#f3f4f6;--line:#c9cdd3;"
	"--link:#0b57a4;--dim:#5c6370}\n"
	"@media (prefers-color-scheme:dark){:root{--ink:#e4e6ea;--page:#16181c;--soft:#22252b;"
	"--line:#454b55;--link:#8ab8f0;--dim:#a2a9b4}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0;color:var(--ink);background:var(--page);font:15px/1.5 system-ui,sans-serif;"
	"display:grid;grid-template-columns:minmax(12rem,17rem) minmax(0,1fr)}\n"
	"nav{position:sticky;top:0;align-self:start;max-height:100vh;overflow:auto;padding:1.5rem "
	"1rem;background:var(--soft);border-right:1px solid var(--line);min-height:100vh}\n"
	"nav ul{list-style:none;margin:0 0 .6rem;padding-left:.8rem}\n"
	"nav>ul{padding:0}\n"
	"nav li{overflow-wrap:anywhere}\n"
	"main{padding:1rem 2.5rem 4rem;max-width:72rem}\n"
	"h1{margin:.4rem 0}\n"
	"h2{margin:2.5rem 0 .5rem;border-bottom:2px solid var(--line)}\n"
	"h3{margin:2.2rem 0 .4rem;font-family:ui-monospace,monospace}\n"
	"a{color:var(--link);text-decoration:none}\n"
	"a:hover{text-decoration:underline}\n"
	"code{font:.93em ui-monospace,monospace;overflow-wrap:anywhere}\n"
	"table{border-collapse:collapse;margin:.6rem 0;max-width:100%}\n"
	"th,td{border:1px solid var(--line);padding:.25rem .6rem;text-align:left;"
	"vertical-align:top}\n"
	"th{background:var(--soft)}\n"
	"tr:target td,h2:target,h3:target,tr:has(:target) td{background:var(--soft)}\n"
	"svg{display:block;max-width:100%;height:auto;margin:.8rem 0;"
	"font:12px ui-monospace,monospace}\n"
	"svg rect{fill:var(--page);stroke:var(--ink)}\n"
	"svg .gap{fill:var(--soft);stroke:var(--line)}\n"
	"svg text{fill:var(--ink);text-anchor:middle}\n"
	"svg .bit{fill:var(--dim);font-size:10px}\n"
	"footer{color:var(--dim);margin-top:3rem;overflow-wrap:anywhere}\n"
	"@media (max-width:50rem){body{display:block}nav{position:static;max-height:none;"
	"min-height:0;border:0}main{padding:1rem}}\n"
	"@media print{body{display:block;font-size:10pt}nav{position:static;max-height:none;"
	"min-height:0;border:0;columns:2}main{padding:0}"
	"h2,h3,thead{break-after:avoid}tr,svg{break-inside:avoid}a{color:inherit}}\n";

static void escape(GString *out, const char *text)
{
	g_autofree char *clean = reference_clean(text);

	for (const char *at = clean; *at; at++) {
		switch (*at) {
		case '&':
			g_string_append(out, "&amp;");
			break;
		case '<':
			g_string_append(out, "&lt;");
			break;
		case '>':
			g_string_append(out, "&gt;");
			break;
		case '"':
			g_string_append(out, "&quot;");
			break;
		case '\'':
			g_string_append(out, "&#39;");
			break;
		default:
			g_string_append_c(out, *at);
			break;
		}
	}
}

static void html_text(struct reference_out *r, const char *text)
{
	escape(r->out, text);
}

static void html_heading(struct reference_out *r, unsigned int level, const char *id,
			 const char *title)
{
	g_string_append_printf(r->out, "<h%u id=\"%s\">", level, id);
	escape(r->out, title);
	g_string_append_printf(r->out, "</h%u>\n", level);
}

static void html_paragraph(struct reference_out *r, bool begin)
{
	g_string_append(r->out, begin ? "<p>" : "</p>\n");
}

static void html_table(struct reference_out *r, const char *const *titles)
{
	bool any = false;

	if (!titles) {
		g_string_append(r->out, "</tbody>\n</table>\n");
		return;
	}
	for (unsigned int i = 0; titles[i]; i++)
		any |= *titles[i] != 0;
	g_string_append(r->out, "<table>\n");
	if (any) {
		g_string_append(r->out, "<thead><tr>");
		for (unsigned int i = 0; titles[i]; i++)
			g_string_append_printf(r->out, *titles[i] ? "<th>%s</th>" : "<td>%s</td>",
					       titles[i]);
		g_string_append(r->out, "</tr></thead>\n");
	}
	g_string_append(r->out, "<tbody>\n");
}

static void html_row(struct reference_out *r, bool begin)
{
	g_string_append(r->out, begin ? "<tr>" : "</tr>\n");
}

static void html_cell(struct reference_out *r, bool begin)
{
	g_string_append(r->out, begin ? "<td>" : "</td>");
}

static void html_code(struct reference_out *r, const char *text)
{
	g_string_append(r->out, "<code>");
	escape(r->out, text);
	g_string_append(r->out, "</code>");
}

static void html_link(struct reference_out *r, const char *id, const char *text)
{
	g_string_append_printf(r->out, "<a href=\"#%s\"><code>", id);
	escape(r->out, text);
	g_string_append(r->out, "</code></a>");
}

static void html_anchor(struct reference_out *r, const char *id)
{
	g_string_append_printf(r->out, "<span id=\"%s\"></span>", id);
}

static void html_line_break(struct reference_out *r)
{
	g_string_append(r->out, "<br>");
}

/* ---- the picture ---- */

#define BIT 26 /* width of a bit */
#define CHAR 7.5 /* of a letter */
#define ROW_BITS 32
#define MARGIN 1

struct box {
	const struct spec_field *field; /* NULL: bits of no field */
	unsigned int lsb, msb; /* within the register */
};

/* The part of a row that begins at bit `msb` and goes down. */
static struct box box_at(const struct spec_reg *reg, unsigned int msb, unsigned int lowest)
{
	struct box box = { .msb = msb, .lsb = lowest };

	for (unsigned int i = 0; i < reg->n_fields; i++) {
		const struct spec_field *field = &reg->fields[i];
		unsigned int top = field->lsb + field->width - 1;

		if (field->lsb <= msb && top >= msb) {
			box.field = field;
			box.lsb = MAX(field->lsb, lowest);
			return box;
		}
		if (top < msb && top + 1 > box.lsb)
			box.lsb = top + 1;
	}
	return box;
}

static bool turned(const struct box *box)
{
	return box->field &&
	       (double)strlen(box->field->name) * CHAR > (box->msb - box->lsb + 1) * BIT - 4;
}

static unsigned int row_height(const struct spec_reg *reg, unsigned int high, unsigned int low)
{
	double height = 30;
	struct box box;

	for (unsigned int msb = high;; msb = box.lsb - 1) {
		box = box_at(reg, msb, low);
		if (turned(&box))
			height = MAX(height, (double)strlen(box.field->name) * CHAR + 12);
		if (box.lsb == low)
			return (unsigned int)height;
	}
}

static void draw_box(struct reference_out *r, const struct spec_reg *reg, const struct box *box,
		     unsigned int high, unsigned int y, unsigned int height)
{
	unsigned int x = MARGIN + (high - box->msb) * BIT, n = box->msb - box->lsb + 1;
	unsigned int middle = x + n * BIT / 2;
	GString *out = r->out;

	g_string_append_printf(out, "<text class=\"bit\" x=\"%u\" y=\"%u\">%u</text>", x + BIT / 2,
			       y - 4, box->msb);
	if (n > 1)
		g_string_append_printf(out, "<text class=\"bit\" x=\"%u\" y=\"%u\">%u</text>",
				       x + (n - 1) * BIT + BIT / 2, y - 4, box->lsb);
	if (!box->field) {
		g_string_append_printf(out,
				       "<rect class=\"gap\" x=\"%u\" y=\"%u\" width=\"%u\" "
				       "height=\"%u\"/>\n",
				       x, y, n * BIT, height);
		return;
	}
	g_string_append_printf(out,
			       "<a href=\"#field-%s-%s\"><rect x=\"%u\" y=\"%u\" width=\"%u\" "
			       "height=\"%u\"/><text x=\"%u\" y=\"%u\"",
			       reg->name, box->field->name, x, y, n * BIT, height,
			       turned(box) ? middle + 4 : middle,
			       y + height / 2 + (turned(box) ? 0 : 4));
	if (turned(box))
		g_string_append_printf(out, " transform=\"rotate(-90 %u %u)\"", middle + 4,
				       y + height / 2);
	g_string_append_printf(out, ">%s</text></a>\n", box->field->name);
}

/* The highest bit on the left; a 64-bit register takes two rows. */
static void html_picture(struct reference_out *r, const struct spec_reg *reg)
{
	unsigned int bits = reg->width * 8, columns = MIN(bits, ROW_BITS), total = 0, y = 0;

	for (unsigned int high = bits; high > 0; high -= columns)
		total += row_height(reg, high - 1, high - columns) + 20;
	g_string_append_printf(r->out,
			       "<svg viewBox=\"0 0 %u %u\" width=\"%u\" height=\"%u\" role=\"img\" "
			       "aria-label=\"Bits of %s\">\n",
			       columns * BIT + 2 * MARGIN, total + MARGIN,
			       columns * BIT + 2 * MARGIN, total + MARGIN, reg->name);
	for (unsigned int high = bits; high > 0; high -= columns) {
		unsigned int low = high - columns, height = row_height(reg, high - 1, low);
		struct box box;

		y += 16;
		for (unsigned int msb = high - 1;; msb = box.lsb - 1) {
			box = box_at(reg, msb, low);
			draw_box(r, reg, &box, high - 1, y, height);
			if (box.lsb == low)
				break;
		}
		y += height + 4;
	}
	g_string_append(r->out, "</svg>\n");
}

/* ---- the page ---- */

static void item(GString *out, const char *id, const char *title)
{
	g_string_append_printf(out, "<li><a href=\"#%s\">", id);
	escape(out, title);
	g_string_append(out, "</a>");
}

static void contents(const struct spec_device *dev, GString *out)
{
	g_string_append(out, "<nav>\n<ul>\n");
	item(out, "device", dev->name);
	g_string_append(out, "</li>\n");
	if (dev->n_regfiles) {
		item(out, "groups", "Groups of registers");
		g_string_append(out, "</li>\n");
	}
	for (unsigned int i = 0; i < dev->n_bars; i++) {
		const struct spec_bar *bar = &dev->bars[i];
		g_autofree char *bar_id = reference_bar_id(bar);
		g_autofree char *title = g_strdup_printf("BAR%u: %s", bar->number, bar->name);
		bool any = false;

		item(out, bar_id, title);
		for (unsigned int k = 0; k < dev->n_regs; k++) {
			g_autofree char *id = NULL;

			if (dev->regs[k].bar != i)
				continue;
			if (!any)
				g_string_append(out, "\n<ul>\n");
			any = true;
			id = reference_register_id(&dev->regs[k]);
			item(out, id, dev->regs[k].name);
			g_string_append(out, "</li>\n");
		}
		g_string_append(out, any ? "</ul></li>\n" : "</li>\n");
	}
	if (dev->n_irqs) {
		item(out, "interrupts", "Interrupts");
		g_string_append(out, "</li>\n");
	}
	if (dev->n_caps) {
		item(out, "capabilities", "Capabilities");
		g_string_append(out, "</li>\n");
	}
	if (dev->n_props) {
		item(out, "properties", "Properties of the model");
		g_string_append(out, "</li>\n");
	}
	g_string_append(out, "</ul>\n</nav>\n");
}

void spec_emit_html(const struct spec_device *dev, GString *out)
{
	struct reference_out r = {
		.out = out,
		.dev = dev,
		.heading = html_heading,
		.paragraph = html_paragraph,
		.table = html_table,
		.row = html_row,
		.cell = html_cell,
		.text = html_text,
		.code = html_code,
		.link = html_link,
		.anchor = html_anchor,
		.line_break = html_line_break,
		.picture = html_picture,
	};

	g_string_append_printf(
		out,
		"<!DOCTYPE html>\n"
		"<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, "
		"initial-scale=1\">\n"
		"<meta name=\"generator\" content=\"ersatz\">\n"
		"<meta name=\"ersatz-spec\" content=\"%s\">\n"
		"<title>%s: registers</title>\n<style>\n%s</style>\n</head>\n<body>\n",
		dev->hash, dev->name, style);
	contents(dev, out);
	g_string_append(out, "<main>\n");
	reference_write(&r);
	g_string_append_printf(out,
			       "<footer>Made from the device.yaml of %s, spec <code>%s</code>."
			       "</footer>\n</main>\n</body>\n</html>\n",
			       dev->name, dev->hash);
}

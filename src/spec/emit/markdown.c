/* SPDX-License-Identifier: BSD-2-Clause */
/* The reference as Markdown (CommonMark with tables). */
#include "spec/emit/reference.h"

#include <string.h>

struct markdown {
	struct reference_out r;
	bool line_begins; /* nothing stands on this line yet */
};

static void md_text(struct reference_out *r, const char *text)
{
	struct markdown *m = (struct markdown *)r;
	g_autofree char *clean = reference_clean(text);
	const char *at = clean;
	bool number = false;

	while (m->line_begins && *at == ' ')
		at++;
	if (m->line_begins && *at) {
		/* A list, a heading's underline, or a numbered list is only meant where a line
		 * begins. */
		if (strchr("-+=", *at))
			g_string_append_c(r->out, '\\');
		number = g_ascii_isdigit(*at);
	}
	for (; *at; at++) {
		if (number && !g_ascii_isdigit(*at)) {
			number = false;
			if (*at == '.' || *at == ')')
				g_string_append_c(r->out, '\\');
		}
		if (*at == '&')
			g_string_append(r->out, "&amp;");
		else if (*at == '<')
			g_string_append(r->out, "&lt;");
		else if (*at == '>')
			g_string_append(r->out, "&gt;");
		else if (strchr("\\`*_[]{}|~#!$", *at))
			g_string_append_printf(r->out, "\\%c", *at);
		/* "http://" would become a link. */
		else if (*at == ':' && at[1] == '/')
			g_string_append(r->out, "\\:");
		else
			g_string_append_c(r->out, *at);
		m->line_begins = false;
	}
}

static void md_heading(struct reference_out *r, unsigned int level, const char *id,
		       const char *title)
{
	struct markdown *m = (struct markdown *)r;

	g_string_append_printf(r->out, "%s<a id=\"%s\"></a>\n\n%.*s ", r->out->len ? "\n" : "", id,
			       (int)level, "###");
	m->line_begins = false;
	md_text(r, title);
	g_string_append_c(r->out, '\n');
}

static void md_paragraph(struct reference_out *r, bool begin)
{
	struct markdown *m = (struct markdown *)r;

	g_string_append_c(r->out, '\n');
	m->line_begins = begin;
}

static void md_table(struct reference_out *r, const char *const *titles)
{
	unsigned int n = 0;

	if (!titles)
		return;
	g_string_append(r->out, "\n|");
	for (; titles[n]; n++)
		g_string_append_printf(r->out, " %s |", titles[n]);
	g_string_append(r->out, "\n|");
	for (unsigned int i = 0; i < n; i++)
		g_string_append(r->out, "---|");
	g_string_append_c(r->out, '\n');
}

static void md_row(struct reference_out *r, bool begin)
{
	g_string_append(r->out, begin ? "|" : "\n");
}

static void md_cell(struct reference_out *r, bool begin)
{
	struct markdown *m = (struct markdown *)r;

	m->line_begins = false;
	g_string_append(r->out, begin ? " " : " |");
}

static void md_code(struct reference_out *r, const char *text)
{
	g_string_append_printf(r->out, "`%s`", text);
}

static void md_link(struct reference_out *r, const char *id, const char *text)
{
	g_string_append_c(r->out, '[');
	md_text(r, text);
	g_string_append_printf(r->out, "](#%s)", id);
}

static void md_anchor(struct reference_out *r, const char *id)
{
	g_string_append_printf(r->out, "<a id=\"%s\"></a>", id);
}

static void md_line_break(struct reference_out *r)
{
	g_string_append(r->out, "<br>");
}

/* The table of fields says it all. */
static void md_picture(struct reference_out *r, const struct spec_reg *reg)
{
}

void spec_emit_markdown(const struct spec_device *dev, GString *out)
{
	struct markdown m = { .r = {
				      .out = out,
				      .dev = dev,
				      .heading = md_heading,
				      .paragraph = md_paragraph,
				      .table = md_table,
				      .row = md_row,
				      .cell = md_cell,
				      .text = md_text,
				      .code = md_code,
				      .link = md_link,
				      .anchor = md_anchor,
				      .line_break = md_line_break,
				      .picture = md_picture,
			      } };

	g_string_append_printf(out,
			       "<!-- Made by ersatz from the device.yaml of %s; do not edit. -->\n",
			       dev->name);
	reference_write(&m.r);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SystemRDL 2.0. An address map for each BAR, and one of the device that holds
 * them one behind the other, for BARs have no common address space and
 * SystemRDL wants one. What SystemRDL has no word for becomes a user-defined
 * property ez_..., so that nothing of the registers is lost.
 *
 * Where the standard is narrower than we are:
 * - Alternates that `when` tells apart: the second one is there with
 *   ispresent = false (10.1 h: registers shall not overlap unless one is
 *   read-only and the other write-only).
 * - Fields with sw: na likewise (table 12 gives them no meaning).
 * - Arrays that interleave: each element stands for itself.
 * - sw: w with hw: w is hw = rw, with hw: na it is hw = r (table 12).
 */
#include "spec/emit/emit.h"
#include "spec/emit/rdl.h"
#include "spec/spec.h"

#include <inttypes.h>
#include <string.h>

/* Elements that are written out one by one. */
#define MAX_ELEMENTS 4096

static const char properties[] =
	"property ez_vendor { component = addrmap; type = longint unsigned; };\n"
	"property ez_device { component = addrmap; type = longint unsigned; };\n"
	"property ez_revision { component = addrmap; type = longint unsigned; };\n"
	"property ez_class { component = addrmap; type = longint unsigned; };\n"
	"property ez_bar { component = addrmap; type = longint unsigned; };\n"
	"property ez_bar_type { component = addrmap; type = string; };\n"
	"property ez_bar_size { component = addrmap; type = longint unsigned; };\n"
	"property ez_prefetchable { component = addrmap; type = boolean; };\n"
	"property ez_illegal { component = addrmap; type = string; };\n"
	"property ez_unmapped { component = addrmap; type = string; };\n"
	"property ez_split { component = addrmap; type = boolean; };\n"
	"property ez_block { component = regfile; type = string; };\n"
	"property ez_array { component = reg; type = string; };\n"
	"property ez_fifo { component = reg; type = boolean; };\n"
	"property ez_alternate { component = reg; type = string; };\n"
	"property ez_when { component = reg; type = string; };\n"
	"property ez_reserved { component = reg | field; type = string; };\n"
	"property ez_unimplemented { component = reg | field; type = boolean; };\n"
	"property ez_whole { component = field; type = boolean; };\n"
	"property ez_resets { component = field | mem; type = string; };\n"
	"property ez_hw { component = field; type = string; };\n"
	"property ez_writeconstraint { component = field; type = string; };\n"
	"property ez_swwe { component = field; type = string; };\n"
	"property ez_swwel { component = field; type = string; };\n"
	"property ez_interrupt { component = field; type = string; };\n";

/* ---- texts ---- */

static void put_string(GString *out, const char *text)
{
	g_string_append_c(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			g_string_append_c(out, '\\');
		/* No other escapes are defined. */
		g_string_append_c(out, (unsigned char)*text < 0x20 ? ' ' : *text);
	}
	g_string_append_c(out, '"');
}

void rdl_id(GString *out, const char *name)
{
	/* SystemRDL 2.0, 4.2 and annex B: what cannot be a name without a \ before it. */
	static const char *const words[] = {
		"abstract",
		"accesstype",
		"addressingtype",
		"addrmap",
		"alias",
		"all",
		"bit",
		"boolean",
		"bothedge",
		"compact",
		"component",
		"componentwidth",
		"constraint",
		"default",
		"encode",
		"enum",
		"external",
		"false",
		"field",
		"fullalign",
		"hw",
		"inside",
		"internal",
		"level",
		"longint",
		"mem",
		"na",
		"negedge",
		"nonsticky",
		"number",
		"onreadtype",
		"onwritetype",
		"posedge",
		"property",
		"r",
		"rclr",
		"ref",
		"reg",
		"regalign",
		"regfile",
		"rset",
		"ruser",
		"rw",
		"rw1",
		"signal",
		"string",
		"struct",
		"sw",
		"this",
		"true",
		"type",
		"unsigned",
		"w",
		"w1",
		"wclr",
		"woclr",
		"woset",
		"wot",
		"wr",
		"wset",
		"wuser",
		"wzc",
		"wzs",
		"wzt",
		/* reserved for later versions */
		"alternate",
		"byte",
		"int",
		"precedencetype",
		"real",
		"shortint",
		"shortreal",
		"signed",
		"with",
		"within",
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(words); i++)
		if (!strcmp(name, words[i]))
			g_string_append_c(out, '\\');
	g_string_append(out, name);
}

void rdl_indent(struct rdl *r)
{
	g_string_append_printf(r->out, "%*s", (int)r->indent * 4, "");
}

void rdl_line(struct rdl *r, const char *format, ...)
{
	va_list args;

	rdl_indent(r);
	va_start(args, format);
	g_string_append_vprintf(r->out, format, args);
	va_end(args);
	g_string_append_c(r->out, '\n');
}

void rdl_string(struct rdl *r, const char *property, const char *text)
{
	if (!text || !*text)
		return;
	rdl_indent(r);
	g_string_append_printf(r->out, "%s = ", property);
	put_string(r->out, text);
	g_string_append(r->out, ";\n");
}

static void put_flag(struct rdl *r, const char *property, bool set)
{
	if (set)
		rdl_line(r, "%s = true;", property);
}

static const char *answer_word(enum ez_answer answer)
{
	return answer == EZ_ANSWER_ZERO ? "zero" : "ones";
}

/* ---- fields ---- */

static const char *sw_word(const struct spec_access *access)
{
	if (access->once)
		return access->r ? "rw1" : "w1";
	return access->r ? access->w ? "rw" : "r" : access->w ? "w" : "na";
}

static const char *const hw_words[] = {
	[SPEC_HW_RW] = "rw",
	[SPEC_HW_R] = "r",
	[SPEC_HW_W] = "w",
	[SPEC_HW_NA] = "na",
};

static const char *const onwrite_words[] = {
	[SPEC_WOCLR] = "woclr", [SPEC_WOSET] = "woset", [SPEC_WOT] = "wot",
	[SPEC_WZC] = "wzc",	[SPEC_WZS] = "wzs",	[SPEC_WZT] = "wzt",
	[SPEC_WCLR] = "wclr",	[SPEC_WSET] = "wset",	[SPEC_WUSER] = "wuser",
};

static const char *const onread_words[] = {
	[SPEC_RCLR] = "rclr",
	[SPEC_RSET] = "rset",
	[SPEC_RUSER] = "ruser",
};

static void put_resets(struct rdl *r, uint32_t mask)
{
	static const char *const kinds[] = {
		[EZ_RESET_POWER_ON] = "power_on",
		[EZ_RESET_BUS] = "bus",
		[EZ_RESET_FUNCTION] = "function",
		[EZ_RESET_SOFTWARE] = "software",
	};
	GString *text;

	if (mask == EZ_RESET_ALL)
		return;
	text = g_string_new(NULL);
	for (unsigned int i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (mask >> i & 1)
			g_string_append_printf(text, "%s%s", text->len ? " " : "", kinds[i]);
	rdl_string(r, "ez_resets", text->str);
	g_string_free(text, TRUE);
}

static void put_access(struct rdl *r, const struct spec_access *access)
{
	enum spec_hw hw = access->hw;

	/* Written by software, read by nobody: table 12 calls it meaningless. */
	if (access->w && !access->r)
		hw = hw == SPEC_HW_W ? SPEC_HW_RW : hw == SPEC_HW_NA ? SPEC_HW_R : hw;
	rdl_line(r, "sw = %s;", sw_word(access));
	rdl_line(r, "hw = %s;", hw_words[hw]);
	if (hw != access->hw)
		rdl_string(r, "ez_hw", hw_words[access->hw]);
	if (access->r && access->onread)
		rdl_line(r, "onread = %s;", onread_words[access->onread]);
	if (access->w && access->onwrite)
		rdl_line(r, "onwrite = %s;", onwrite_words[access->onwrite]);
	put_flag(r, "swmod", access->w && access->swmod);
	if (access->precedence_hw)
		rdl_line(r, "precedence = hw;");
	put_resets(r, access->resets);
	/* 5.2.2: not both, and what is not tested is not compared. */
	put_flag(r, "donttest", access->donttest);
	put_flag(r, "dontcompare", access->dontcompare && !access->donttest);
	if (!access->r && !access->w)
		rdl_line(r, "ispresent = false;");
}

static const char *const reserved_words[] = {
	[SPEC_RESERVED_NOT] = NULL,    [SPEC_RESERVED_IGNORED] = "ignored",
	[SPEC_RESERVED_ZERO] = "zero", [SPEC_RESERVED_ONE] = "one",
	[SPEC_RESERVED_KEEP] = "keep",
};

static void put_limit(struct rdl *r, const struct spec_field *field)
{
	char text[64];

	switch (field->limit) {
	case SPEC_LIMIT_NONE:
		return;
	case SPEC_LIMIT_VALUES:
		rdl_string(r, "ez_writeconstraint", "values");
		return;
	case SPEC_LIMIT_AS_READ:
		rdl_string(r, "ez_writeconstraint", "asread");
		return;
	case SPEC_LIMIT_RANGE:
		g_snprintf(text, sizeof(text), "[%" PRIu64 ", %" PRIu64 "]", field->min,
			   field->max);
		rdl_string(r, "ez_writeconstraint", text);
	}
}

static void put_enum(struct rdl *r, const struct spec_field *field)
{
	rdl_line(r, "enum %s__values {", field->name);
	r->indent++;
	for (unsigned int i = 0; i < field->n_values; i++) {
		const struct spec_value *value = &field->values[i];
		bool again = false;

		/* 6.2.5.1: each value once. */
		for (unsigned int k = 0; k < i; k++)
			again |= field->values[k].value == value->value;
		rdl_indent(r);
		if (again)
			g_string_append(r->out, "// the same again: ");
		rdl_id(r->out, value->name);
		g_string_append_printf(r->out, " = %u'h%" PRIx64 ";\n", field->width, value->value);
	}
	r->indent--;
	rdl_line(r, "};");
}

static void put_bits(struct rdl *r, const char *name, unsigned int lsb, unsigned int width,
		     uint64_t reset)
{
	rdl_indent(r);
	g_string_append(r->out, "} ");
	rdl_id(r->out, name);
	g_string_append_printf(r->out, "[%u:%u] = %u'h%" PRIx64 ";\n", lsb + width - 1, lsb, width,
			       reset);
}

static uint64_t field_reset(const struct spec_reg *reg, const struct spec_field *field)
{
	return (reg->reset & spec_field_mask(field)) >> field->lsb;
}

static void put_field(struct rdl *r, const struct spec_reg *reg, const struct spec_field *field)
{
	if (field->n_values)
		put_enum(r, field);
	rdl_line(r, "field {");
	r->indent++;
	rdl_string(r, "desc", field->desc);
	put_access(r, &field->access);
	put_flag(r, "singlepulse", field->singlepulse);
	put_flag(r, "counter", field->counter);
	put_flag(r, "incrsaturate", field->incrsaturate);
	put_flag(r, "decrsaturate", field->decrsaturate);
	rdl_string(r, "ez_reserved", reserved_words[field->reserved]);
	put_flag(r, "ez_unimplemented", field->unimplemented);
	put_limit(r, field);
	if (field->n_values)
		rdl_line(r, "encode = %s__values;", field->name);
	rdl_interrupts(r, reg, spec_field_mask(field), field->access.hw);
	rdl_locks_as_text(r, reg, field);
	r->indent--;
	put_bits(r, field->name, field->lsb, field->width, field_reset(reg, field));
}

/* A register must have a field; one without is all one. */
static void put_whole(struct rdl *r, const struct spec_reg *reg)
{
	rdl_line(r, "field {");
	r->indent++;
	put_flag(r, "ez_whole", true);
	put_access(r, &reg->access);
	rdl_interrupts(r, reg, spec_ones(reg->width), reg->access.hw);
	rdl_locks_as_text(r, reg, NULL);
	r->indent--;
	put_bits(r, RDL_WHOLE, 0, reg->width * 8, reg->reset);
}

/* ---- registers ---- */

/* What makes it impossible for it to stand at its place for all to see. */
static bool is_hidden(const struct spec_device *dev, const struct spec_reg *reg)
{
	bool any = !reg->n_fields && (reg->access.r || reg->access.w);

	for (unsigned int i = 0; i < reg->n_fields; i++)
		any |= reg->fields[i].access.r || reg->fields[i].access.w;
	return !any || rdl_is_second(dev, reg);
}

static void put_body(struct rdl *r, const struct spec_reg *reg)
{
	rdl_string(r, "desc", reg->desc);
	if (reg->width != 4)
		rdl_line(r, "regwidth = %u;", reg->width * 8);
	if (reg->access_width != reg->width)
		rdl_line(r, "accesswidth = %u;", reg->access_width * 8);
	put_flag(r, "ez_fifo", reg->fifo);
	put_flag(r, "ez_unimplemented", reg->unimplemented);
	if (reg->reserved > SPEC_RESERVED_IGNORED)
		rdl_string(r, "ez_reserved", reserved_words[reg->reserved]);
	rdl_string(r, "ez_alternate", reg->alternate);
	if (reg->when.ref.text) {
		g_autofree char *when =
			g_strdup_printf("%s == %" PRIu64, reg->when.ref.text, reg->when.value);

		rdl_string(r, "ez_when", when);
	}
	if (is_hidden(r->dev, reg))
		rdl_line(r, "ispresent = false;");
	for (unsigned int i = 0; i < reg->n_fields; i++)
		put_field(r, reg, &reg->fields[i]);
	if (!reg->n_fields)
		put_whole(r, reg);
}

/* Each element for itself: `reg T {}; T X__0 @ ...; T X__1 @ ...;` */
static void put_elements(struct rdl *r, const struct rdl_member *m, uint64_t base)
{
	const struct spec_reg *reg = m->reg;
	/* Those of its regfile's elements come with the regfile. */
	uint32_t all = m->flat ? reg->count : rdl_own_count(reg);
	uint32_t n = MIN(all, MAX_ELEMENTS);

	rdl_line(r, "// %s[%" PRIu32 "] in device.yaml; its elements lie between those of others",
		 m->name, all);
	rdl_line(r, "reg %s__element {", m->name);
	r->indent++;
	rdl_string(r, "ez_array", m->name);
	put_body(r, reg);
	r->indent--;
	rdl_line(r, "};");
	for (uint32_t i = 0; i < n; i++)
		rdl_line(r, "%s__element %s__%" PRIu32 " @ 0x%" PRIx64 ";", m->name, m->name, i,
			 (m->flat ? spec_reg_at(reg, i) : reg->offset + (uint64_t)i * reg->stride) -
				 base);
	if (n < all)
		rdl_line(r, "// ... and so on, to %s__%" PRIu32, m->name, all - 1);
}

static void put_reg(struct rdl *r, const struct rdl_member *m, uint64_t base)
{
	const struct spec_reg *reg = m->reg;

	if (m->apart) {
		put_elements(r, m, base);
		return;
	}
	rdl_line(r, "reg {");
	r->indent++;
	put_body(r, reg);
	r->indent--;
	rdl_indent(r);
	g_string_append(r->out, "} ");
	rdl_id(r->out, m->name);
	if (m->own)
		g_string_append_printf(r->out, "[%" PRIu32 "]", rdl_own_count(reg));
	g_string_append_printf(r->out, " @ 0x%" PRIx64, reg->offset - base);
	if (m->own)
		g_string_append_printf(r->out, " += 0x%" PRIx32, reg->stride);
	g_string_append(r->out, ";\n");
}

/* Clause 11. Nothing of it is registers, so it is there as 32-bit words. */
static void put_window(struct rdl *r, const struct spec_window *window)
{
	rdl_line(r, "external mem {");
	r->indent++;
	rdl_string(r, "desc", window->desc);
	rdl_line(r, "mementries = 0x%" PRIx64 ";", window->size / 4);
	rdl_line(r, "memwidth = 32;");
	rdl_line(r, "sw = rw;");
	put_resets(r, window->resets);
	r->indent--;
	rdl_indent(r);
	g_string_append(r->out, "} ");
	rdl_id(r->out, window->name);
	g_string_append_printf(r->out, " @ 0x%" PRIx64 ";\n", window->offset);
}

/* Of the standard of PCI, not of the device: tools would ask for its registers to be tested. */
static void put_msix(struct rdl *r, unsigned int number)
{
	for (unsigned int i = 0; i < r->dev->n_caps; i++) {
		const struct spec_cap *cap = &r->dev->caps[i];

		if (strcmp(cap->kind, "msix"))
			continue;
		if (cap->table.bar == number)
			rdl_line(r, "// 0x%" PRIx64 ", 0x%x bytes: MSI-X table, %u vectors",
				 cap->table.offset, spec_msix_table_size(cap), cap->vectors);
		if (cap->pba.bar == number)
			rdl_line(r, "// 0x%" PRIx64 ", 0x%x bytes: MSI-X pending bits",
				 cap->pba.offset, spec_msix_pba_size(cap));
	}
}

static void put_members(struct rdl *r, unsigned int bar, unsigned int file, uint64_t base);

static void put_file(struct rdl *r, const struct rdl_member *m, uint64_t base)
{
	const struct spec_regfile *file = m->file;
	unsigned int index = 1 + (file - r->dev->regfiles);
	const char *name = file->name;

	/* Its own part of the name. */
	if (file->parent) {
		const char *outer = r->dev->regfiles[file->parent - 1].name;

		if (g_str_has_prefix(name, outer) && name[strlen(outer)] == '_')
			name += strlen(outer) + 1;
	}
	rdl_line(r, "regfile {");
	r->indent++;
	rdl_string(r, "desc", file->desc);
	rdl_string(r, "ez_block", file->block);
	put_members(r, file->bar, index, file->offset);
	r->indent--;
	rdl_indent(r);
	g_string_append(r->out, "} ");
	rdl_id(r->out, name);
	if (file->array)
		g_string_append_printf(r->out, "[%" PRIu32 "]", file->count);
	g_string_append_printf(r->out, " @ 0x%" PRIx64, file->offset - base);
	if (file->array)
		g_string_append_printf(r->out, " += 0x%" PRIx32, file->stride);
	g_string_append(r->out, ";\n");
}

static void put_members(struct rdl *r, unsigned int bar, unsigned int file, uint64_t base)
{
	GArray *members = rdl_members(r->dev, bar, file);
	const GArray *outer = r->members;

	r->members = members;
	for (guint i = 0; i < members->len; i++) {
		const struct rdl_member *m = &g_array_index(members, struct rdl_member, i);

		if (m->file)
			put_file(r, m, base);
		else if (m->window)
			put_window(r, m->window);
		else
			put_reg(r, m, base);
	}
	rdl_references(r);
	r->members = outer;
	g_array_free(members, TRUE);
}

/* ---- the device ---- */

static bool has_members(const struct spec_device *dev, unsigned int bar)
{
	for (unsigned int i = 0; i < dev->n_regs; i++)
		if (dev->regs[i].bar == bar)
			return true;
	for (unsigned int i = 0; i < dev->n_windows; i++)
		if (dev->windows[i].bar == bar)
			return true;
	return false;
}

static void put_bar(struct rdl *r, unsigned int index)
{
	static const char *const kinds[] = {
		[EZ_BAR_MEM32] = "mem32",
		[EZ_BAR_MEM64] = "mem64",
		[EZ_BAR_IO] = "io",
	};
	const struct spec_bar *bar = &r->dev->bars[index];

	rdl_line(r, "addrmap %s_%s {", r->dev->name, bar->name);
	r->indent++;
	rdl_string(r, "desc", bar->desc);
	rdl_line(r, "littleendian;");
	rdl_line(r, "ez_bar = %u;", bar->number);
	rdl_string(r, "ez_bar_type", kinds[bar->kind]);
	rdl_line(r, "ez_bar_size = 0x%" PRIx64 ";", bar->size);
	put_flag(r, "ez_prefetchable", bar->prefetchable);
	rdl_string(r, "ez_illegal", answer_word(bar->illegal));
	rdl_string(r, "ez_unmapped", answer_word(bar->unmapped));
	put_flag(r, "ez_split", bar->split);
	put_msix(r, bar->number);
	put_members(r, index, 0, 0);
	r->indent--;
	rdl_line(r, "};\n");
}

void spec_emit_systemrdl(const struct spec_device *dev, GString *out)
{
	struct rdl r = { .dev = dev, .out = out };
	uint64_t at = 0;

	rdl_line(&r, "// %s as SystemRDL 2.0, made from its device.yaml by ersatz spec export.",
		 dev->name);
	rdl_line(&r, "// Properties ez_...: what the standard has no word for.\n");
	g_string_append(out, properties);
	g_string_append_c(out, '\n');
	for (unsigned int i = 0; i < dev->n_bars; i++) {
		if (has_members(dev, i)) {
			put_bar(&r, i);
			continue;
		}
		rdl_line(&r, "// BAR %s (%u, 0x%" PRIx64 " bytes) has no registers.",
			 dev->bars[i].name, dev->bars[i].number, dev->bars[i].size);
		put_msix(&r, dev->bars[i].number);
		g_string_append_c(out, '\n');
	}
	rdl_line(&r,
		 "// The whole device. Where its BARs lie is up to the system; here one follows");
	rdl_line(&r, "// the other.");
	rdl_line(&r, "addrmap %s {", dev->name);
	r.indent++;
	rdl_string(&r, "desc", dev->desc);
	rdl_line(&r, "ez_vendor = 0x%04x;", dev->id.vendor);
	rdl_line(&r, "ez_device = 0x%04x;", dev->id.device);
	rdl_line(&r, "ez_revision = 0x%02x;", dev->id.revision);
	rdl_line(&r, "ez_class = 0x%06x;", dev->id.class_code);
	for (unsigned int i = 0; i < dev->n_bars; i++) {
		const struct spec_bar *bar = &dev->bars[i];

		if (!has_members(dev, i))
			continue;
		at = (at + bar->size - 1) & ~(bar->size - 1);
		rdl_indent(&r);
		g_string_append_printf(out, "%s_%s ", dev->name, bar->name);
		rdl_id(out, bar->name);
		g_string_append_printf(out, " @ 0x%" PRIx64 ";\n", at);
		at += bar->size;
	}
	r.indent--;
	rdl_line(&r, "};");
}

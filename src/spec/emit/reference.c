/* SPDX-License-Identifier: BSD-2-Clause */
/* What there is to say about a device, in its order. */
#include "spec/emit/reference.h"

#include <string.h>

char *reference_register_id(const struct spec_reg *reg)
{
	return g_strdup_printf("reg-%s", reg->name);
}

char *reference_field_id(const struct spec_reg *reg, const struct spec_field *field)
{
	return g_strdup_printf("field-%s-%s", reg->name, field->name);
}

char *reference_bar_id(const struct spec_bar *bar)
{
	return g_strdup_printf("bar-%u", bar->number);
}

char *reference_clean(const char *text)
{
	GString *out = g_string_new(NULL);

	while (*text) {
		gunichar c = g_utf8_get_char_validated(text, -1);

		if (c == (gunichar)-1 || c == (gunichar)-2) {
			text++;
			continue;
		}
		text = g_utf8_next_char(text);
		if (g_unichar_type(c) == G_UNICODE_FORMAT)
			continue;
		if (!g_unichar_isprint(c) || g_unichar_isspace(c))
			c = ' ';
		if (c != ' ' || !out->len || out->str[out->len - 1] != ' ')
			g_string_append_unichar(out, c);
	}
	return g_string_free(out, FALSE);
}

/* ---- pieces ---- */

static G_GNUC_PRINTF(2, 3) void textf(struct reference_out *r, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	r->text(r, text);
	g_free(text);
}

static G_GNUC_PRINTF(2, 3) void codef(struct reference_out *r, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	r->code(r, text);
	g_free(text);
}

static void cell_text(struct reference_out *r, const char *text)
{
	r->cell(r, true);
	if (text && *text)
		r->text(r, text);
	r->cell(r, false);
}

static void fact(struct reference_out *r, const char *name, const char *value)
{
	r->row(r, true);
	cell_text(r, name);
	cell_text(r, value);
	r->row(r, false);
}

/* Takes the value. */
static void fact_take(struct reference_out *r, const char *name, char *value)
{
	fact(r, name, value);
	g_free(value);
}

static void description(struct reference_out *r, const char *desc)
{
	if (!desc || !*desc)
		return;
	r->paragraph(r, true);
	r->text(r, desc);
	r->paragraph(r, false);
}

static char *size_words(uint64_t size)
{
	static const struct {
		uint64_t unit;
		const char *name;
	} units[] = { { 1 << 30, "GiB" }, { 1 << 20, "MiB" }, { 1 << 10, "KiB" } };

	for (unsigned int i = 0; i < G_N_ELEMENTS(units); i++)
		if (size >= units[i].unit && size % units[i].unit == 0)
			return g_strdup_printf("%" G_GUINT64_FORMAT " %s", size / units[i].unit,
					       units[i].name);
	return g_strdup_printf("%" G_GUINT64_FORMAT " bytes", size);
}

static char *hex(uint64_t value)
{
	return g_strdup_printf("0x%" G_GINT64_MODIFIER "x", value);
}

/* ---- what an access does, in words ---- */

static const char *access_name(const struct spec_access *access)
{
	if (access->once)
		return access->r ? "read, write once" : "write once";
	if (access->r)
		return access->w ? "read, write" : "read only";
	return access->w ? "write only" : "none";
}

/* Sentences of a field, or of a register without fields; of char *. */
struct words {
	GPtrArray *all;
};

static G_GNUC_PRINTF(2, 3) void say(struct words *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_ptr_array_add(w->all, g_strdup_vprintf(format, args));
	va_end(args);
}

static void say_effects(struct words *w, const struct spec_access *access)
{
	static const char *const onwrite[] = {
		[SPEC_WOCLR] = "Ones written clear.",
		[SPEC_WOSET] = "Ones written set.",
		[SPEC_WOT] = "Ones written toggle.",
		[SPEC_WZC] = "Zeros written clear.",
		[SPEC_WZS] = "Zeros written set.",
		[SPEC_WZT] = "Zeros written toggle.",
		[SPEC_WCLR] = "Any write clears it.",
		[SPEC_WSET] = "Any write sets it.",
		[SPEC_WUSER] = "What a write does is the device's own.",
	};
	static const char *const onread[] = {
		[SPEC_RCLR] = "A read clears it.",
		[SPEC_RSET] = "A read sets it.",
		[SPEC_RUSER] = "A read has effects of its own.",
	};

	if (access->w && access->onwrite)
		say(w, "%s", onwrite[access->onwrite]);
	if (access->r && access->onread)
		say(w, "%s", onread[access->onread]);
	if (access->once)
		say(w, "Only the first write after a reset counts.");
	if (access->swwe.text)
		say(w, "Can be written only while %s is set.", access->swwe.text);
	if (access->swwel.text)
		say(w, "Can be written only while %s is clear.", access->swwel.text);
	if (access->w && access->swmod)
		say(w, "The device acts on each write.");
	if (access->precedence_hw)
		say(w, "An event in the moment of a write wins over it.");
	if (access->hw == SPEC_HW_NA && access->r && !access->w)
		say(w, "Constant.");
	else if (access->hw == SPEC_HW_W)
		say(w, "Set by the device.");
}

/* Nothing if every reset reaches it, which is the rule. */
static void say_resets(struct words *w, uint32_t resets)
{
	static const char *const kinds[] = { "power-on", "bus", "function", "software" };
	g_autoptr(GString) text = g_string_new(NULL);
	unsigned int left;

	if ((resets & EZ_RESET_ALL) == EZ_RESET_ALL)
		return;
	left = (unsigned int)__builtin_popcount(resets & EZ_RESET_ALL);
	for (unsigned int i = 0; i < EZ_RESET_KINDS; i++) {
		if (!(resets & 1u << i))
			continue;
		g_string_append(text, kinds[i]);
		left--;
		g_string_append(text, left > 1 ? ", " : left == 1 ? " and " : "");
	}
	say(w, "Reset by %s only.", text->len ? text->str : "nothing");
}

static void say_reserved(struct words *w, enum spec_reserved reserved, const char *what)
{
	switch (reserved) {
	case SPEC_RESERVED_ZERO:
		say(w, "%s: must be written as zero.", what);
		break;
	case SPEC_RESERVED_ONE:
		say(w, "%s: must be written as one.", what);
		break;
	case SPEC_RESERVED_KEEP:
		say(w, "%s: must be written as read.", what);
		break;
	case SPEC_RESERVED_IGNORED:
		say(w, "%s: writes are ignored.", what);
		break;
	case SPEC_RESERVED_NOT:
		break;
	}
}

static void say_field(struct words *w, const struct spec_field *field)
{
	if (field->reserved) {
		say_reserved(w, field->reserved, "Reserved");
		say_resets(w, field->access.resets);
		return;
	}
	say_effects(w, &field->access);
	if (field->singlepulse)
		say(w, "A one lasts for a moment only; reads as 0.");
	if (field->counter)
		say(w, "Counts%s.",
		    field->incrsaturate && field->decrsaturate ? ", and stops at either end"
		    : field->incrsaturate		       ? ", and stops at all ones"
		    : field->decrsaturate		       ? ", and stops at zero"
							       : "");
	if (field->limit == SPEC_LIMIT_VALUES)
		say(w, "Only the values named may be written.");
	else if (field->limit == SPEC_LIMIT_RANGE)
		say(w, "Only %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT " may be written.",
		    field->min, field->max);
	else if (field->limit == SPEC_LIMIT_AS_READ)
		say(w, "Must be written as it reads.");
	if (field->unimplemented)
		say(w, "The model does not have it.");
	say_resets(w, field->access.resets);
}

static void write_words(struct reference_out *r, const struct words *w)
{
	for (unsigned int i = 0; i < w->all->len; i++) {
		if (i)
			r->text(r, " ");
		r->text(r, w->all->pdata[i]);
	}
}

/* ---- registers ---- */

static unsigned int rows_of(const struct spec_reg *reg)
{
	return reg->rows ? reg->rows : 1;
}

/* "DESC[i]", "RING_DESC[i][j]" */
static char *element_name(const struct spec_reg *reg)
{
	return g_strconcat(reg->name, reg->matrix ? "[i][j]" : reg->array ? "[i]" : "", NULL);
}

static char *place(const struct spec_reg *reg)
{
	if (reg->matrix)
		return g_strdup_printf("0x%" G_GINT64_MODIFIER "x + i × 0x%x + j × 0x%x",
				       reg->offset, reg->row_stride, reg->stride);
	if (reg->array)
		return g_strdup_printf("0x%" G_GINT64_MODIFIER "x + i × 0x%x", reg->offset,
				       reg->stride);
	return hex(reg->offset);
}

static const char *register_access(const struct spec_reg *reg)
{
	bool r = false, w = false;

	if (!reg->n_fields)
		return access_name(&reg->access);
	for (unsigned int i = 0; i < reg->n_fields; i++) {
		r |= reg->fields[i].access.r;
		w |= reg->fields[i].access.w;
	}
	return r ? (w ? "read, write" : "read only") : w ? "write only" : "none";
}

static void summary_row(struct reference_out *r, const struct spec_reg *reg)
{
	g_autofree char *id = reference_register_id(reg);
	g_autofree char *name = element_name(reg);
	g_autofree char *where = place(reg);

	r->row(r, true);
	r->cell(r, true);
	r->code(r, where);
	r->cell(r, false);
	r->cell(r, true);
	r->link(r, id, name);
	r->cell(r, false);
	r->cell(r, true);
	textf(r, "%u", reg->width * 8);
	r->cell(r, false);
	cell_text(r, register_access(reg));
	r->cell(r, true);
	codef(r, "0x%" G_GINT64_MODIFIER "x", reg->reset);
	r->cell(r, false);
	cell_text(r, reg->desc);
	r->row(r, false);
}

static char *legal_widths(const struct spec_reg *reg)
{
	GString *text = g_string_new(NULL);

	for (unsigned int width = reg->access_width; width && width <= reg->width; width *= 2)
		g_string_append_printf(text, "%s%u",
				       !text->len	     ? ""
				       : width == reg->width ? " or "
							     : ", ",
				       width * 8);
	g_string_append(text, " bits");
	return g_string_free(text, FALSE);
}

/* Which parts of which interrupts it holds. */
static void interrupt_facts(struct reference_out *r, const struct spec_reg *reg)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (unsigned int i = 0; i < r->dev->n_irqs; i++) {
		const struct spec_irq *irq = &r->dev->irqs[i];
		const struct {
			const struct spec_ref *ref;
			const char *what;
		} roles[] = { { &irq->status, "status" },
			      { &irq->enable, "enable" },
			      { &irq->test, "test" } };

		for (unsigned int k = 0; k < G_N_ELEMENTS(roles); k++)
			if (roles[k].ref->reg == reg)
				g_string_append_printf(text, "%s%s of %s", text->len ? ", " : "",
						       roles[k].what, irq->name);
	}
	if (text->len)
		fact(r, "Interrupts", text->str);
}

static void register_facts(struct reference_out *r, const struct spec_reg *reg)
{
	static const char *const titles[] = { "", "", NULL };
	const struct spec_bar *bar = &r->dev->bars[reg->bar];
	g_autofree char *where = place(reg);
	g_autofree char *macro = g_strdup_printf("%s_%s", r->dev->upper, reg->name);
	g_autofree char *upper = g_ascii_strup(macro, -1);

	r->table(r, titles);
	fact_take(r, "Place",
		  g_strdup_printf("BAR%u (%s), offset %s", bar->number, bar->name, where));
	if (reg->matrix)
		fact_take(r, "Elements",
			  g_strdup_printf("%u rows of %u: i = 0 to %u, j = 0 to %u", reg->rows,
					  reg->count / rows_of(reg), reg->rows - 1,
					  reg->count / rows_of(reg) - 1));
	else if (reg->array)
		fact_take(r, "Elements",
			  g_strdup_printf("%u: i = 0 to %u", reg->count, reg->count - 1));
	fact_take(r, "Width", g_strdup_printf("%u bits", reg->width * 8));
	fact_take(r, "Accesses", legal_widths(reg));
	fact_take(r, "Reset value", hex(reg->reset));
	r->row(r, true);
	cell_text(r, "In C");
	r->cell(r, true);
	codef(r, "%s%s", upper, reg->matrix ? "(i, j)" : reg->array ? "(i)" : "");
	r->cell(r, false);
	r->row(r, false);
	if (reg->regfile)
		fact_take(r, "Part of", g_strdup(r->dev->regfiles[reg->regfile - 1].name));
	if (reg->alternate)
		fact_take(r, "Shares its place with", g_strdup(reg->alternate));
	if (reg->when.ref.text)
		fact_take(r, "Answers",
			  g_strdup_printf("while %s is %" G_GUINT64_FORMAT, reg->when.ref.text,
					  reg->when.value));
	interrupt_facts(r, reg);
	r->table(r, NULL);
}

static void register_words(struct reference_out *r, const struct spec_reg *reg)
{
	struct words w = { .all = g_ptr_array_new_with_free_func(g_free) };

	if (!reg->n_fields) {
		say_effects(&w, &reg->access);
		say_resets(&w, reg->access.resets);
	}
	if (reg->fifo)
		say(&w, "A port: each access moves data, so it is never read just to look.");
	if (reg->unimplemented)
		say(&w, "The model does not have it.");
	if (reg->n_fields && reg->reserved_zero)
		say_reserved(&w, SPEC_RESERVED_ZERO, "Bits of no field");
	else if (reg->n_fields && reg->reserved > SPEC_RESERVED_IGNORED)
		say_reserved(&w, reg->reserved, "Bits of no field");
	if (w.all->len) {
		r->paragraph(r, true);
		write_words(r, &w);
		r->paragraph(r, false);
	}
	g_ptr_array_free(w.all, TRUE);
}

static void field_row(struct reference_out *r, const struct spec_reg *reg,
		      const struct spec_field *field)
{
	struct words w = { .all = g_ptr_array_new_with_free_func(g_free) };
	g_autofree char *id = reference_field_id(reg, field);
	bool desc = field->desc && *field->desc;

	r->row(r, true);
	r->cell(r, true);
	if (field->width == 1)
		codef(r, "%u", field->lsb);
	else
		codef(r, "%u:%u", field->lsb + field->width - 1, field->lsb);
	r->cell(r, false);
	r->cell(r, true);
	r->anchor(r, id);
	r->code(r, field->name);
	r->cell(r, false);
	cell_text(r, access_name(&field->access));
	r->cell(r, true);
	codef(r, "0x%" G_GINT64_MODIFIER "x", (reg->reset & spec_field_mask(field)) >> field->lsb);
	r->cell(r, false);
	r->cell(r, true);
	if (desc)
		r->text(r, field->desc);
	say_field(&w, field);
	if (desc && w.all->len)
		r->text(r, strchr(".!?:;", field->desc[strlen(field->desc) - 1]) ? " " : ". ");
	write_words(r, &w);
	for (unsigned int i = 0; i < field->n_values; i++) {
		if (i || desc || w.all->len)
			r->line_break(r);
		codef(r, "0x%" G_GINT64_MODIFIER "x", field->values[i].value);
		r->text(r, " ");
		r->text(r, field->values[i].name);
	}
	r->cell(r, false);
	r->row(r, false);
	g_ptr_array_free(w.all, TRUE);
}

static void write_register(struct reference_out *r, const struct spec_reg *reg)
{
	static const char *const titles[] = { "Bits", "Field", "Access", "Reset", "Meaning", NULL };
	g_autofree char *id = reference_register_id(reg);
	g_autofree char *name = element_name(reg);

	r->heading(r, 3, id, name);
	description(r, reg->desc);
	register_facts(r, reg);
	register_words(r, reg);
	if (!reg->n_fields)
		return;
	r->picture(r, reg);
	r->table(r, titles);
	/* As in the picture: the highest bits first. */
	for (unsigned int i = reg->n_fields; i-- > 0;)
		field_row(r, reg, &reg->fields[i]);
	r->table(r, NULL);
}

/* ---- parts ---- */

static void write_identity(struct reference_out *r)
{
	static const char *const titles[] = { "Identity", "", NULL };
	static const char *const pins[] = { "none", "A", "B", "C", "D" };
	const struct ez_identity *id = &r->dev->id;

	r->table(r, titles);
	fact_take(r, "Vendor and device", g_strdup_printf("%04x:%04x", id->vendor, id->device));
	fact_take(r, "Subsystem",
		  g_strdup_printf("%04x:%04x", id->subsystem_vendor, id->subsystem));
	fact_take(r, "Revision", g_strdup_printf("0x%02x", id->revision));
	fact_take(r, "Class",
		  g_strdup_printf("%06x (base class %02x, sub-class %02x, interface %02x)",
				  id->class_code, id->class_code >> 16, id->class_code >> 8 & 0xff,
				  id->class_code & 0xff));
	fact(r, "Bus", id->express ? "PCI Express" : "PCI");
	fact(r, "Interrupt pin", pins[MIN(id->pin, 4)]);
	if (r->dev->type && strcmp(r->dev->type, r->dev->name))
		fact(r, "Type, for -device", r->dev->type);
	if (r->dev->aliases[0])
		fact_take(r, "Aliases, for -device", g_strjoinv(", ", (char **)r->dev->aliases));
	r->row(r, true);
	cell_text(r, "Spec");
	r->cell(r, true);
	r->code(r, r->dev->hash);
	r->cell(r, false);
	r->row(r, false);
	r->table(r, NULL);
}

static const char *bar_kind(const struct spec_bar *bar)
{
	if (bar->kind == EZ_BAR_IO)
		return "I/O ports";
	if (bar->kind == EZ_BAR_MEM64)
		return bar->prefetchable ? "64-bit memory, prefetchable" : "64-bit memory";
	return bar->prefetchable ? "32-bit memory, prefetchable" : "32-bit memory";
}

static void write_windows(struct reference_out *r, unsigned int bar)
{
	static const char *const titles[] = { "Offset", "Memory window", "Size", "Meaning", NULL };
	bool any = false;

	for (unsigned int i = 0; i < r->dev->n_windows; i++) {
		const struct spec_window *window = &r->dev->windows[i];
		struct words w = { .all = g_ptr_array_new_with_free_func(g_free) };
		g_autofree char *id = g_strdup_printf("window-%s", window->name);
		g_autofree char *size = size_words(window->size);

		if (window->bar == bar) {
			if (!any)
				r->table(r, titles);
			any = true;
			r->row(r, true);
			r->cell(r, true);
			codef(r, "0x%" G_GINT64_MODIFIER "x", window->offset);
			r->cell(r, false);
			r->cell(r, true);
			r->anchor(r, id);
			r->code(r, window->name);
			r->cell(r, false);
			cell_text(r, size);
			r->cell(r, true);
			if (window->desc && *window->desc) {
				r->text(r, window->desc);
				r->text(r, " ");
			}
			say(&w, "Plain memory of the device.");
			say_resets(&w, window->resets);
			write_words(r, &w);
			r->cell(r, false);
			r->row(r, false);
		}
		g_ptr_array_free(w.all, TRUE);
	}
	if (any)
		r->table(r, NULL);
}

static void write_bar(struct reference_out *r, unsigned int index)
{
	static const char *const titles[] = { "Offset", "Register", "Bits", "Access",
					      "Reset",	"Meaning",  NULL };
	const struct spec_bar *bar = &r->dev->bars[index];
	g_autofree char *id = reference_bar_id(bar);
	g_autofree char *title = g_strdup_printf("BAR%u: %s", bar->number, bar->name);
	g_autofree char *size = size_words(bar->size);
	unsigned int n = 0, n_windows = 0;

	r->heading(r, 2, id, title);
	description(r, bar->desc);
	for (unsigned int i = 0; i < r->dev->n_regs; i++)
		n += r->dev->regs[i].bar == index;
	for (unsigned int i = 0; i < r->dev->n_windows; i++)
		n_windows += r->dev->windows[i].bar == index;
	r->paragraph(r, true);
	textf(r, "%s, %s. %s", bar_kind(bar), size, n ? "" : "No registers. ");
	textf(r,
	      "Where no register%s is, a read gives %s; an access that a register does not allow "
	      "reads as %s, and such writes are ignored.",
	      n_windows ? " and no memory window" : "",
	      bar->unmapped == EZ_ANSWER_ONES ? "all ones" : "0",
	      bar->illegal == EZ_ANSWER_ONES ? "all ones" : "0");
	if (bar->split)
		r->text(r, " An access over several whole registers is cut into theirs, lowest "
			   "first.");
	r->paragraph(r, false);
	write_windows(r, index);
	if (!n)
		return;
	r->table(r, titles);
	for (unsigned int i = 0; i < r->dev->n_regs; i++)
		if (r->dev->regs[i].bar == index)
			summary_row(r, &r->dev->regs[i]);
	r->table(r, NULL);
	for (unsigned int i = 0; i < r->dev->n_regs; i++)
		if (r->dev->regs[i].bar == index)
			write_register(r, &r->dev->regs[i]);
}

static void write_groups(struct reference_out *r)
{
	static const char *const titles[] = { "Group",	"Block",   "Place", "Count",
					      "Stride", "Meaning", NULL };
	const struct spec_device *dev = r->dev;

	if (!dev->n_regfiles)
		return;
	r->heading(r, 2, "groups", "Groups of registers");
	r->table(r, titles);
	for (unsigned int i = 0; i < dev->n_regfiles; i++) {
		const struct spec_regfile *file = &dev->regfiles[i];

		r->row(r, true);
		r->cell(r, true);
		r->code(r, file->name);
		r->cell(r, false);
		cell_text(r, file->block);
		r->cell(r, true);
		textf(r, "BAR%u ", dev->bars[file->bar].number);
		codef(r, "0x%" G_GINT64_MODIFIER "x", file->offset);
		r->cell(r, false);
		r->cell(r, true);
		if (file->array)
			textf(r, "%u", file->count);
		r->cell(r, false);
		r->cell(r, true);
		if (file->array)
			codef(r, "0x%x", file->stride);
		r->cell(r, false);
		cell_text(r, file->desc);
		r->row(r, false);
	}
	r->table(r, NULL);
}

static void cell_ref(struct reference_out *r, const struct spec_ref *ref)
{
	g_autofree char *id = ref->reg ? reference_register_id(ref->reg) : NULL;

	r->cell(r, true);
	if (ref->text && id)
		r->link(r, id, ref->text);
	r->cell(r, false);
}

static void write_interrupts(struct reference_out *r)
{
	static const char *const titles[] = { "Source", "Vector", "Status",  "Enable",
					      "Test",	"Kind",	  "Meaning", NULL };
	const struct spec_device *dev = r->dev;

	if (!dev->n_irqs)
		return;
	r->heading(r, 2, "interrupts", "Interrupts");
	r->paragraph(r, true);
	textf(r, "A source whose own vector was not granted uses %s.",
	      dev->irq_policy == EZ_IRQ_MODULO ? "its own modulo the number of those granted"
					       : "vector 0");
	r->paragraph(r, false);
	r->table(r, titles);
	for (unsigned int i = 0; i < dev->n_irqs; i++) {
		const struct spec_irq *irq = &dev->irqs[i];

		r->row(r, true);
		r->cell(r, true);
		r->code(r, irq->name);
		r->cell(r, false);
		r->cell(r, true);
		textf(r, "%" G_GUINT64_FORMAT, irq->vector);
		r->cell(r, false);
		cell_ref(r, &irq->status);
		cell_ref(r, &irq->enable);
		cell_ref(r, &irq->test);
		cell_text(r, !irq->level ? "pulse" : irq->sticky ? "level, sticky" : "level");
		cell_text(r, irq->desc);
		r->row(r, false);
	}
	r->table(r, NULL);
}

static char *property_values(const struct spec_prop *prop)
{
	GString *text = g_string_new(NULL);

	if (prop->type == EZ_ENUM)
		for (unsigned int i = 0; i < prop->n_values; i++)
			g_string_append_printf(text, "%s%s", i ? ", " : "", prop->values[i].name);
	else if (prop->type == EZ_BOOL)
		g_string_append(text, "true or false");
	else if (prop->type == EZ_STRING)
		g_string_append(text, "text");
	else
		g_string_append_printf(text, "%" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
				       prop->min, prop->max);
	return g_string_free(text, FALSE);
}

static void write_properties(struct reference_out *r)
{
	static const char *const titles[] = { "Property", "Values", "Default", "Meaning", NULL };
	const struct spec_device *dev = r->dev;

	if (!dev->n_props)
		return;
	r->heading(r, 2, "properties", "Properties of the model");
	r->table(r, titles);
	for (unsigned int i = 0; i < dev->n_props; i++) {
		const struct spec_prop *prop = &dev->props[i];
		g_autofree char *values = property_values(prop);

		r->row(r, true);
		r->cell(r, true);
		r->code(r, prop->name);
		r->cell(r, false);
		cell_text(r, values);
		cell_text(r, prop->initial);
		cell_text(r, prop->desc);
		r->row(r, false);
	}
	r->table(r, NULL);
}

void reference_write(struct reference_out *r)
{
	const struct spec_device *dev = r->dev;

	r->heading(r, 1, "device", dev->name);
	description(r, dev->desc);
	write_identity(r);
	if (r->contents)
		r->contents(r);
	write_groups(r);
	for (unsigned int i = 0; i < dev->n_bars; i++)
		write_bar(r, i);
	write_interrupts(r);
	reference_capabilities(r);
	write_properties(r);
}

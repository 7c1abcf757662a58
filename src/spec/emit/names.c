/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every name that the generated C has at file scope, in one place: the header
 * is written from these lists, and check/ looks in them for collisions.
 */
#include "spec/emit/emit.h"

typedef void (*macro_visit)(const struct emit_macro *macro, void *user);

/* One macro after the other; strings of the last one are freed by the next. */
struct walk {
	const struct spec_device *dev;
	const char *prefix; /* MY_RNG */
	macro_visit visit;
	void *user;
	const char *group; /* for the next macro */
	struct spec_pos pos;
	const char *owner;
};

static G_GNUC_PRINTF(2, 3) char *upper_name(const struct walk *w, const char *format, ...)
{
	char *name, *full, *upper;
	va_list args;

	va_start(args, format);
	name = g_strdup_vprintf(format, args);
	va_end(args);
	full = g_strdup_printf("%s_%s", w->prefix, name);
	upper = g_ascii_strup(full, -1);
	g_free(name);
	g_free(full);
	return upper;
}

/* Takes both strings. */
static void define(struct walk *w, char *name, const char *params, char *value)
{
	struct emit_macro macro = {
		.name = name,
		.params = params,
		.value = value,
		.group = w->group,
		.pos = w->pos,
		.owner = w->owner,
	};

	w->visit(&macro, w->user);
	w->group = NULL;
	g_free(name);
	g_free(value);
}

static char *hex(uint64_t value, unsigned int digits, bool wide)
{
	return g_strdup_printf("0x%0*" G_GINT64_MODIFIER "x%s", digits, value,
			       wide || value > UINT32_MAX ? "ULL" : "");
}

static char *decimal(uint64_t value)
{
	return g_strdup_printf("%" G_GUINT64_FORMAT, value);
}

static void identity_macros(struct walk *w)
{
	const struct spec_device *dev = w->dev;
	const struct ez_identity *id = &dev->id;
	bool said[2] = { false }; /* MSI, MSI-X */
	GString *hash = g_string_new(NULL);

	w->pos = dev->name_pos;
	w->owner = "the identity";
	w->group = "PCI identity";
	define(w, upper_name(w, "VENDOR_ID"), "", hex(id->vendor, 4, false));
	define(w, upper_name(w, "DEVICE_ID"), "", hex(id->device, 4, false));
	define(w, upper_name(w, "REVISION"), "", hex(id->revision, 2, false));
	define(w, upper_name(w, "CLASS"), "", hex(id->class_code, 6, false));
	define(w, upper_name(w, "SUBSYSTEM_VENDOR_ID"), "", hex(id->subsystem_vendor, 4, false));
	define(w, upper_name(w, "SUBSYSTEM_ID"), "", hex(id->subsystem, 4, false));
	for (unsigned int i = 0; i < dev->n_caps; i++) {
		const struct spec_cap *cap = &dev->caps[i];
		unsigned int kind = cap->id == 0x11;

		/* A second one is an error, and reported as such. */
		if (!cap->vectors || said[kind])
			continue;
		said[kind] = true;
		define(w, upper_name(w, kind ? "MSIX_VECTORS" : "MSI_VECTORS"), "",
		       decimal(cap->vectors));
	}
	w->group = "SHA-256 of the spec that this was made from";
	emit_string(hash, dev->hash ? dev->hash : "");
	define(w, upper_name(w, "SPEC_HASH"), "", g_string_free(hash, FALSE));
	w->owner = "the header itself";
	define(w, upper_name(w, "SPEC_H"), NULL, NULL);
	define(w, upper_name(w, "SPEC_MODEL"), NULL, NULL);
	define(w, upper_name(w, "MODEL"), NULL, NULL);
}

static void value_macros(struct walk *w, const struct spec_reg *reg, const struct spec_field *field)
{
	for (unsigned int i = 0; i < field->n_values; i++) {
		const struct spec_value *value = &field->values[i];
		g_autofree char *owner = g_strdup_printf("value %s of field %s of register %s",
							 value->name, field->name, reg->name);

		w->pos = value->pos;
		w->owner = owner;
		define(w, upper_name(w, "%s_%s_%s", reg->name, field->name, value->name), "",
		       value->value > INT32_MAX ? hex(value->value, 0, false)
						: decimal(value->value));
	}
}

static void register_macros(struct walk *w, const struct spec_reg *reg)
{
	g_autofree char *owner = g_strdup_printf("register %s", reg->name);
	GString *group = g_string_new(owner);
	bool wide = reg->width == 8;

	if (reg->desc && *reg->desc)
		g_string_append_printf(group, ": %s", reg->desc);
	w->group = group->str;
	w->pos = reg->pos;
	w->owner = owner;
	if (reg->matrix) {
		define(w, upper_name(w, "%s", reg->name), "(i, j)",
		       g_strdup_printf("(0x%" G_GINT64_MODIFIER "x + (i) * 0x%x + (j) * 0x%x)",
				       reg->offset, reg->row_stride, reg->stride));
		define(w, upper_name(w, "%s_ROWS", reg->name), "", decimal(reg->rows));
		define(w, upper_name(w, "%s_ROW_STRIDE", reg->name), "",
		       hex(reg->row_stride, 0, false));
		define(w, upper_name(w, "%s_COUNT", reg->name), "",
		       decimal(reg->count / reg->rows));
		define(w, upper_name(w, "%s_STRIDE", reg->name), "", hex(reg->stride, 0, false));
	} else if (reg->array) {
		define(w, upper_name(w, "%s", reg->name), "(i)",
		       g_strdup_printf("(0x%" G_GINT64_MODIFIER "x + (i) * 0x%x)", reg->offset,
				       reg->stride));
		define(w, upper_name(w, "%s_COUNT", reg->name), "", decimal(reg->count));
		define(w, upper_name(w, "%s_STRIDE", reg->name), "", hex(reg->stride, 0, false));
	} else {
		define(w, upper_name(w, "%s", reg->name), "", hex(reg->offset, 0, false));
	}
	define(w, upper_name(w, "%s_RESET", reg->name), "", hex(reg->reset, 0, wide));
	for (unsigned int i = 0; i < reg->n_fields; i++) {
		const struct spec_field *field = &reg->fields[i];
		g_autofree char *of = NULL;

		if (!field->name || field->bad)
			continue;
		of = g_strdup_printf("field %s of register %s", field->name, reg->name);
		w->pos = field->pos;
		w->owner = of;
		define(w, upper_name(w, "%s_%s_MASK", reg->name, field->name), "",
		       hex(spec_field_mask(field), reg->width * 2, wide));
		define(w, upper_name(w, "%s_%s_SHIFT", reg->name, field->name), "",
		       decimal(field->lsb));
		value_macros(w, reg, field);
		w->owner = owner;
	}
	g_string_free(group, TRUE);
}

static void window_macros(struct walk *w, const struct spec_window *window, unsigned int index)
{
	g_autofree char *owner = g_strdup_printf("window %s", window->name);
	g_autofree char *group = NULL;

	group = window->desc && *window->desc ? g_strdup_printf("%s: %s", owner, window->desc)
					      : g_strdup(owner);
	w->group = group;
	w->pos = window->pos;
	w->owner = owner;
	define(w, upper_name(w, "WINDOW_%s", window->name), "", decimal(index));
	define(w, upper_name(w, "WINDOW_%s_OFFSET", window->name), "",
	       hex(window->offset, 0, false));
	define(w, upper_name(w, "WINDOW_%s_SIZE", window->name), "", hex(window->size, 0, false));
}

void emit_macros(const struct spec_device *dev, macro_visit visit, void *user)
{
	struct walk w = {
		.dev = dev,
		.prefix = dev->name ? dev->name : "",
		.visit = visit,
		.user = user,
	};

	identity_macros(&w);
	for (unsigned int i = 0; i < dev->n_bars; i++) {
		const struct spec_bar *bar = &dev->bars[i];
		g_autofree char *owner = NULL;
		g_autofree char *group = NULL;

		if (!bar->name)
			continue;
		owner = g_strdup_printf("BAR %s", bar->name);
		group = bar->desc && *bar->desc ? g_strdup_printf("%s: %s", owner, bar->desc)
						: g_strdup(owner);
		w.pos = bar->pos;
		w.owner = owner;
		w.group = group;
		define(&w, upper_name(&w, "BAR_%s", bar->name), "", decimal(bar->number));
		define(&w, upper_name(&w, "BAR_%s_SIZE", bar->name), "", hex(bar->size, 0, false));
	}
	for (unsigned int i = 0; i < dev->n_regs; i++) {
		if (dev->regs[i].name)
			register_macros(&w, &dev->regs[i]);
	}
	for (unsigned int i = 0; i < dev->n_windows; i++) {
		if (dev->windows[i].name)
			window_macros(&w, &dev->windows[i], i);
	}
	w.group = "interrupt sources, and the MSI or MSI-X vector each asks for";
	for (unsigned int i = 0; i < dev->n_irqs; i++) {
		const struct spec_irq *irq = &dev->irqs[i];
		g_autofree char *owner = NULL;

		if (!irq->name)
			continue;
		owner = g_strdup_printf("interrupt %s", irq->name);
		w.pos = irq->pos;
		w.owner = owner;
		define(&w, upper_name(&w, "IRQ_%s", irq->name), "", decimal(i));
		define(&w, upper_name(&w, "IRQ_%s_VECTOR", irq->name), "", decimal(irq->vector));
	}
}

void emit_enumerators(const struct spec_device *dev, macro_visit visit, void *user)
{
	struct walk w = {
		.dev = dev,
		.prefix = dev->name ? dev->name : "",
		.visit = visit,
		.user = user,
	};

	for (unsigned int i = 0; i < dev->n_props; i++) {
		const struct spec_prop *prop = &dev->props[i];
		g_autofree char *group = NULL;

		if (!prop->name)
			continue;
		group = g_strdup_printf("values of property %s", prop->name);
		w.group = group;
		for (unsigned int k = 0; k < prop->n_values; k++) {
			g_autofree char *owner = g_strdup_printf("value %s of property %s",
								 prop->values[k].name, prop->name);

			w.pos = prop->values[k].pos;
			w.owner = owner;
			define(&w, upper_name(&w, "PROP_%s_%s", prop->name, prop->values[k].name),
			       "", NULL);
		}
	}
	w.group = "timers";
	for (unsigned int i = 0; i < dev->n_timers; i++) {
		g_autofree char *owner = NULL;

		if (!dev->timers[i].name)
			continue;
		owner = g_strdup_printf("timer %s", dev->timers[i].name);
		w.pos = dev->timers[i].pos;
		w.owner = owner;
		define(&w, upper_name(&w, "TIMER_%s", dev->timers[i].name), "", NULL);
	}
	w.group = "jobs";
	for (unsigned int i = 0; i < dev->n_jobs; i++) {
		g_autofree char *owner = NULL;

		if (!dev->jobs[i].name)
			continue;
		owner = g_strdup_printf("job %s", dev->jobs[i].name);
		w.pos = dev->jobs[i].pos;
		w.owner = owner;
		define(&w, upper_name(&w, "JOB_%s", dev->jobs[i].name), "", NULL);
	}
}

/* ---- hooks ---- */

struct hook_walk {
	const struct spec_device *dev;
	void (*visit)(const struct emit_hook *hook, void *user);
	void *user;
};

/* Takes member and params. */
static void hook(const struct hook_walk *w, char *member, const char *result, char *params,
		 const struct spec_reg *reg, struct spec_pos pos)
{
	struct emit_hook it = {
		.member = member,
		.result = result,
		.params = params,
		.reg = reg,
		.pos = pos,
	};

	w->visit(&it, w->user);
	g_free(member);
	g_free(params);
}

const char *emit_reg_type(const struct spec_reg *reg)
{
	switch (reg->width) {
	case 1:
		return "uint8_t";
	case 2:
		return "uint16_t";
	case 4:
		return "uint32_t";
	default:
		return "uint64_t";
	}
}

static void register_hooks(const struct hook_walk *w, const struct spec_reg *reg)
{
	const char *name = w->dev->name, *type = emit_reg_type(reg);
	const char *index = reg->array ? ", uint32_t index" : "";

	if (reg->onread)
		hook(w, g_strdup_printf("%s_onread", reg->name), type,
		     g_strdup_printf("struct %s *s%s", name, index), reg, reg->pos);
	if (reg->onwrite)
		hook(w, g_strdup_printf("%s_onwrite", reg->name), "void",
		     g_strdup_printf("struct %s *s%s, %s value", name, index, type), reg, reg->pos);
	if (reg->swmod)
		hook(w, g_strdup_printf("%s_swmod", reg->name), "void",
		     g_strdup_printf("struct %s *s%s, %s value", name, index, type), reg, reg->pos);
}

void emit_hooks(const struct spec_device *dev,
		void (*visit)(const struct emit_hook *hook, void *user), void *user)
{
	const struct hook_walk w = { .dev = dev, .visit = visit, .user = user };
	const char *name = dev->name;

	if (dev->hooks & SPEC_HOOK_CREATE)
		hook(&w, g_strdup("create"), "int", g_strdup_printf("struct %s *s", name), NULL,
		     dev->name_pos);
	if (dev->hooks & SPEC_HOOK_DESTROY)
		hook(&w, g_strdup("destroy"), "void", g_strdup_printf("struct %s *s", name), NULL,
		     dev->name_pos);
	if (dev->hooks & SPEC_HOOK_RESET)
		hook(&w, g_strdup("reset"), "void",
		     g_strdup_printf("struct %s *s, enum ez_reset_kind kind", name), NULL,
		     dev->name_pos);
	if (dev->hooks & SPEC_HOOK_LOAD)
		hook(&w, g_strdup("load"), "int", g_strdup_printf("struct %s *s", name), NULL,
		     dev->name_pos);
	for (unsigned int i = 0; i < dev->n_regs; i++) {
		if (dev->regs[i].name)
			register_hooks(&w, &dev->regs[i]);
	}
	for (unsigned int i = 0; i < dev->n_timers; i++) {
		if (dev->timers[i].name)
			hook(&w, g_strdup_printf("%s_timer", dev->timers[i].name), "void",
			     g_strdup_printf("struct %s *s", name), NULL, dev->timers[i].pos);
	}
	for (unsigned int i = 0; i < dev->n_jobs; i++) {
		const struct spec_job *job = &dev->jobs[i];

		if (!job->name)
			continue;
		hook(&w, g_strdup_printf("%s_run", job->name), "bool",
		     g_strdup_printf("struct ez_job *job, struct %s_%s *data", name, job->name),
		     NULL, job->pos);
		hook(&w, g_strdup_printf("%s_done", job->name), "void",
		     g_strdup_printf("struct %s *s", name), NULL, job->pos);
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NAME_regtest.c: what the register test has to know of each register, as a
 * table for its runtime (src/regtest). Here is decided what it must leave
 * alone, and the words for why.
 */
#include "spec/emit/emit.h"

#include <string.h>

struct table {
	const struct spec_device *dev;
	GString *out;
	struct spec_arena *arena;
	bool *is_lock; /* for each register */
};

/* What a register can be to an interrupt; in the order of the table below. */
enum role { STATUS = 1, ENABLE = 2, TEST = 4 };

/* What of `wanted` (of enum role) these bits are, and to which source; NULL: nothing. */
static const char *role_of(const struct table *t, const struct spec_reg *reg, uint64_t bits,
			   unsigned int wanted)
{
	const struct spec_device *dev = t->dev;

	for (unsigned int i = 0; i < dev->n_irqs; i++) {
		const struct spec_irq *irq = &dev->irqs[i];
		const struct {
			const struct spec_ref *ref;
			const char *what;
		} roles[] = {
			{ &irq->status, "status" },
			{ &irq->enable, "enable" },
			{ &irq->test, "test" },
		};

		for (unsigned int k = 0; k < G_N_ELEMENTS(roles); k++)
			if ((wanted >> k & 1) && roles[k].ref->reg == reg &&
			    (roles[k].ref->mask & bits))
				return spec_arena_printf(t->arena,
							 "it is the %s register of interrupt %s",
							 roles[k].what, irq->name);
	}
	return NULL;
}

/* Calls for each field; for the whole of a register without fields. NULL, or what was found. */
static const char *any_field(const struct table *t, const struct spec_reg *reg,
			     const char *(*test)(const struct table *t, const struct spec_reg *reg,
						 const struct spec_field *field,
						 const struct spec_access *access))
{
	const char *found = NULL;

	if (!reg->n_fields)
		return test(t, reg, NULL, &reg->access);
	for (unsigned int i = 0; i < reg->n_fields && !found; i++)
		found = test(t, reg, &reg->fields[i], &reg->fields[i].access);
	return found;
}

static const char *whose(const struct table *t, const struct spec_field *field)
{
	return field ? spec_arena_printf(t->arena, " of %s", field->name) : "";
}

static const char *read_is_special(const struct table *t, const struct spec_reg *reg,
				   const struct spec_field *field, const struct spec_access *access)
{
	if (access->r && access->onread == SPEC_RUSER)
		return spec_arena_printf(t->arena, "a read%s has effects of its own (ruser)",
					 whose(t, field));
	return NULL;
}

static const char *write_is_special(const struct table *t, const struct spec_reg *reg,
				    const struct spec_field *field,
				    const struct spec_access *access)
{
	if (!access->w)
		return NULL;
	if (access->onwrite == SPEC_WUSER)
		return spec_arena_printf(t->arena, "a write%s has effects of its own (wuser)",
					 whose(t, field));
	if (access->swmod)
		return spec_arena_printf(t->arena, "a write%s has effects of its own (swmod)",
					 whose(t, field));
	if (field && field->singlepulse)
		return spec_arena_printf(t->arena, "a one in %s starts something (singlepulse)",
					 field->name);
	if (!access->r && (access->onwrite == SPEC_ONWRITE_NONE || access->once))
		return spec_arena_printf(t->arena,
					 "%s is write-only: what it holds could not be put back",
					 field ? field->name : "it");
	return NULL;
}

/* All of it; a register's word is only its fields' default. */
static bool left_alone(const struct spec_reg *reg)
{
	bool all = !reg->n_fields ? reg->access.donttest : true;

	for (unsigned int i = 0; i < reg->n_fields; i++)
		all &= reg->fields[i].access.donttest;
	return all;
}

static const char *no_read(const struct table *t, const struct spec_reg *reg)
{
	if (reg->fifo)
		return "it is a port (fifo)";
	if (reg->unimplemented)
		return "the model does not have it (unimplemented)";
	if (left_alone(reg))
		return "the spec says so (donttest)";
	if (reg->when.ref.text)
		return spec_arena_printf(t->arena, "it answers only while %s is %" G_GUINT64_FORMAT,
					 reg->when.ref.text, reg->when.value);
	if (!reg->read)
		return reg->store || reg->onwrite || reg->effects.woclr ? "it is write-only"
									: "it cannot be read";
	return any_field(t, reg, read_is_special);
}

static const char *no_write(const struct table *t, const struct spec_reg *reg)
{
	const char *role = role_of(t, reg, UINT64_MAX, STATUS | TEST);

	if (role)
		return role;
	if (reg->alternate || reg->shared)
		return "it shares its address with another register";
	return any_field(t, reg, write_is_special);
}

/* ---- one field ---- */

static bool changes_by_itself(const struct table *t, const struct spec_reg *reg,
			      const struct spec_field *field, const struct spec_access *access,
			      uint64_t mask)
{
	return access->dontcompare || access->hw == SPEC_HW_W ||
	       (access->hw == SPEC_HW_RW && !access->w) || (field && field->counter) ||
	       role_of(t, reg, mask, STATUS);
}

static const struct spec_ref *locks_of(const struct spec_access *access, unsigned int k)
{
	const struct spec_ref *ref = k ? &access->swwel : &access->swwe;

	return ref->text && ref->reg ? ref : NULL;
}

/* A lock that cannot be looked at makes its field untouchable. */
static const char *untouched(const struct table *t, const struct spec_reg *reg,
			     const struct spec_field *field, const struct spec_access *access)
{
	if (field && field->unimplemented)
		return "the model does not have it (unimplemented)";
	if (access->donttest)
		return "the spec says so (donttest)";
	if (!access->w)
		return NULL;
	if (field && field->limit == SPEC_LIMIT_AS_READ)
		return "it must be written as it reads (writeconstraint)";
	for (unsigned int k = 0; k < 2; k++) {
		const struct spec_ref *lock = locks_of(access, k);

		if (!lock)
			continue;
		if (lock->reg == reg)
			return "its lock is in the same register";
		if (no_read(t, lock->reg) || (lock->mask & ~lock->reg->read) ||
		    lock->reg->effects.rclr || lock->reg->effects.rset)
			return spec_arena_printf(t->arena, "its lock %s cannot be looked at",
						 lock->text);
	}
	return NULL;
}

static const char *must(enum spec_reserved reserved)
{
	switch (reserved) {
	case SPEC_RESERVED_ZERO:
		return "REGTEST_ZERO";
	case SPEC_RESERVED_ONE:
		return "REGTEST_ONE";
	case SPEC_RESERVED_KEEP:
		return "REGTEST_KEEP";
	default:
		return "REGTEST_ANY";
	}
}

static void emit_text(GString *out, const char *member, const char *text)
{
	if (!text)
		return;
	g_string_append_printf(out, " .%s = ", member);
	emit_string(out, text);
	g_string_append_c(out, ',');
}

/* Index in the emitted table: that of the device's. */
static unsigned int index_of(const struct table *t, const struct spec_reg *reg)
{
	return (unsigned int)(reg - t->dev->regs);
}

static unsigned int rows_of(const struct spec_reg *reg)
{
	return reg->rows ? reg->rows : 1;
}

/* As ez_reg_partner() has it. */
static unsigned int lock_per(const struct spec_reg *reg, const struct spec_reg *lock)
{
	if (lock->count == reg->count)
		return 1;
	if (rows_of(reg) > 1 && lock->count == reg->rows)
		return reg->count / reg->rows;
	return 0;
}

/* Arrays that a field points to, before it. */
static void emit_parts(const struct table *t, const struct spec_reg *reg, unsigned int field)
{
	const struct spec_field *f = reg->n_fields ? &reg->fields[field] : NULL;
	const struct spec_access *access = f ? &f->access : &reg->access;
	unsigned int n = 0;

	for (unsigned int k = 0; k < 2; k++) {
		const struct spec_ref *lock = locks_of(access, k);

		if (!lock)
			continue;
		if (!n++)
			g_string_append_printf(
				t->out, "static const struct regtest_lock locks_%u_%u[] = {\n",
				index_of(t, reg), field);
		g_string_append_printf(
			t->out,
			"\t{ .reg = %u, .per = %u, .open_if_set = %s, .mask = 0x%" G_GINT64_MODIFIER
			"xULL },\n",
			index_of(t, lock->reg), lock_per(reg, lock->reg), k ? "false" : "true",
			lock->mask);
	}
	if (n)
		g_string_append(t->out, "};\n");
	if (!f || (f->limit != SPEC_LIMIT_VALUES && f->limit != SPEC_LIMIT_RANGE))
		return;
	g_string_append_printf(t->out, "static const uint64_t legal_%u_%u[] = {", index_of(t, reg),
			       field);
	if (f->limit == SPEC_LIMIT_RANGE) {
		g_string_append_printf(
			t->out, " 0x%" G_GINT64_MODIFIER "xULL, 0x%" G_GINT64_MODIFIER "xULL,",
			f->min, f->max);
	} else {
		for (unsigned int i = 0; i < f->n_values; i++)
			g_string_append_printf(t->out, " 0x%" G_GINT64_MODIFIER "xULL,",
					       f->values[i].value);
	}
	g_string_append(t->out, " };\n");
}

static void emit_field(const struct table *t, const struct spec_reg *reg, unsigned int field)
{
	static const char *const onwrite[] = { "STORE", "WOCLR", "WOSET", "WOT",  "WZC",
					       "WZS",	"WZT",	 "WCLR",  "WSET", "STORE" };
	static const char *const onread[] = { "PLAIN", "RCLR", "RSET", "PLAIN" };
	const struct spec_field *f = reg->n_fields ? &reg->fields[field] : NULL;
	const struct spec_access *access = f ? &f->access : &reg->access;
	uint64_t mask = f ? spec_field_mask(f) : spec_ones(reg->width);
	const char *why = untouched(t, reg, f, access);
	unsigned int n_locks = 0, n_legal = 0;
	bool alone = access->donttest || (f && f->unimplemented);

	for (unsigned int k = 0; k < 2; k++)
		n_locks += locks_of(access, k) != NULL;
	if (f && f->limit == SPEC_LIMIT_RANGE)
		n_legal = 2;
	else if (f && f->limit == SPEC_LIMIT_VALUES)
		n_legal = f->n_values;
	g_string_append(t->out, "\t{");
	if (f)
		emit_text(t->out, "name", f->name);
	g_string_append_printf(
		t->out, " .mask = 0x%" G_GINT64_MODIFIER "xULL, .flags = 0%s%s%s%s,", mask,
		access->r ? " | REGTEST_READ" : "", access->w ? " | REGTEST_WRITE" : "",
		alone || changes_by_itself(t, reg, f, access, mask) ? " | REGTEST_HARDWARE" : "",
		access->once ? " | REGTEST_ONCE" : "");
	if (access->w)
		g_string_append_printf(t->out, " .onwrite = REGTEST_%s,", onwrite[access->onwrite]);
	if (access->r)
		g_string_append_printf(t->out, " .onread = REGTEST_%s,", onread[access->onread]);
	if (f && f->reserved)
		g_string_append_printf(t->out, " .must = %s,", must(f->reserved));
	g_string_append_printf(t->out, " .resets = 0x%x,",
			       access->resets & ~(1u << EZ_RESET_SOFTWARE));
	emit_text(t->out, "untouched", why);
	if (n_locks)
		g_string_append_printf(t->out, " .locks = locks_%u_%u, .n_locks = %u,",
				       index_of(t, reg), field, n_locks);
	if (n_legal)
		g_string_append_printf(t->out, " .legal = legal_%u_%u, .n_legal = %u,",
				       index_of(t, reg), field, n_legal);
	g_string_append(t->out, " },\n");
}

/* ---- registers ---- */

/* Bits of no field; 0 in a register without fields. */
static uint64_t gap_of(const struct spec_reg *reg)
{
	uint64_t gap = reg->n_fields ? spec_ones(reg->width) : 0;

	for (unsigned int i = 0; i < reg->n_fields; i++)
		gap &= ~spec_field_mask(&reg->fields[i]);
	return gap;
}

static void emit_fields(const struct table *t, const struct spec_reg *reg)
{
	unsigned int n = MAX(reg->n_fields, 1);
	uint64_t gap = gap_of(reg);

	for (unsigned int i = 0; i < n; i++)
		emit_parts(t, reg, i);
	g_string_append_printf(t->out, "static const struct regtest_field fields_%u[] = {\n",
			       index_of(t, reg));
	for (unsigned int i = 0; i < n; i++)
		emit_field(t, reg, i);
	if (gap)
		g_string_append_printf(
			t->out,
			"\t{ .mask = 0x%" G_GINT64_MODIFIER
			"xULL, .flags = REGTEST_READ | REGTEST_GAP, .must = %s },\n",
			gap, must(reg->reserved_zero ? SPEC_RESERVED_ZERO : reg->reserved));
	g_string_append(t->out, "};\n\n");
}

/* Marks registers that others' locks are in. */
static void find_locks(const struct table *t)
{
	for (unsigned int i = 0; i < t->dev->n_regs; i++) {
		const struct spec_reg *reg = &t->dev->regs[i];

		for (unsigned int k = 0; k < MAX(reg->n_fields, 1) * 2; k++) {
			const struct spec_access *access =
				reg->n_fields ? &reg->fields[k / 2].access : &reg->access;
			const struct spec_ref *lock = locks_of(access, k % 2);

			if (lock)
				t->is_lock[index_of(t, lock->reg)] = true;
		}
	}
}

static unsigned int widths(const struct table *t, const struct spec_reg *reg)
{
	unsigned int mask = 0;

	for (unsigned int width = reg->access_width; width && width <= reg->width; width *= 2)
		mask |= width;
	if (t->dev->bars[reg->bar].kind == EZ_BAR_IO)
		mask &= 7;
	return mask;
}

static void emit_register(const struct table *t, const struct spec_reg *reg)
{
	unsigned int rows = rows_of(reg);

	g_string_append(t->out, "\t{");
	emit_text(t->out, "name", reg->name);
	g_string_append_printf(t->out,
			       " .offset = 0x%" G_GINT64_MODIFIER "x, .count = %u, .stride = %u, "
			       ".rows = %u, .row_stride = %u,\n\t  .bar = %u, .width = %u, "
			       ".access = %u, .lock = %s, .reset = 0x%" G_GINT64_MODIFIER "xULL,\n",
			       reg->offset, reg->count / rows, reg->stride, rows, reg->row_stride,
			       t->dev->bars[reg->bar].number, reg->width, widths(t, reg),
			       t->is_lock[index_of(t, reg)] ? "true" : "false", reg->reset);
	g_string_append(t->out, "\t ");
	emit_text(t->out, "no_read", no_read(t, reg));
	emit_text(t->out, "no_write", no_write(t, reg));
	emit_text(t->out, "enables", role_of(t, reg, UINT64_MAX, ENABLE));
	g_string_append_printf(t->out, " .fields = fields_%u, .n_fields = %u },\n",
			       index_of(t, reg), MAX(reg->n_fields, 1) + (gap_of(reg) != 0));
}

/* ---- BARs ---- */

static bool overlaps(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

/* MSI-X's table and pending bits lie among the registers, as they like. */
static bool is_msix(const struct spec_device *dev, unsigned int bar, uint64_t offset)
{
	for (unsigned int i = 0; i < dev->n_caps; i++) {
		const struct spec_cap *cap = &dev->caps[i];

		if (cap->id != 0x11)
			continue;
		if (cap->table.bar == dev->bars[bar].number &&
		    overlaps(offset, 4, cap->table.offset, 16u * cap->vectors))
			return true;
		if (cap->pba.bar == dev->bars[bar].number &&
		    overlaps(offset, 4, cap->pba.offset, (cap->vectors + 63) / 64 * 8u))
			return true;
	}
	return false;
}

/*
 * Four bytes that no register has, just behind one: memory windows have
 * pages of their own, so nothing else can be there either.
 */
static int64_t find_hole(const struct spec_device *dev, unsigned int bar)
{
	uint32_t index;

	for (unsigned int i = 0; i < dev->n_regs; i++) {
		uint64_t at = (dev->regs[i].offset + dev->regs[i].width + 3) & ~UINT64_C(3);
		bool taken = dev->regs[i].bar != bar || at + 4 > dev->bars[bar].size ||
			     !(at & 4095) || is_msix(dev, bar, at);

		for (unsigned int k = 0; !taken && k < dev->n_regs; k++)
			taken = dev->regs[k].bar == bar &&
				spec_reg_reaches(&dev->regs[k], at, at + 4, &index);
		if (!taken)
			return (int64_t)at;
	}
	return -1;
}

static void emit_bars(const struct table *t)
{
	const struct spec_device *dev = t->dev;

	g_string_append(t->out, "static const struct regtest_bar bars[] = {\n");
	for (unsigned int i = 0; i < dev->n_bars; i++) {
		const struct spec_bar *bar = &dev->bars[i];
		uint64_t span = 0;

		for (unsigned int k = 0; k < dev->n_regs; k++)
			if (dev->regs[k].bar == i)
				span = MAX(span,
					   dev->regs[k].offset + spec_reg_span(&dev->regs[k]));
		g_string_append_printf(t->out,
				       "\t{ .number = %u, .io = %s, .zero_unmapped = %s, "
				       ".zero_illegal = %s,\n\t  .hole = %" G_GINT64_FORMAT
				       ", .span = 0x%" G_GINT64_MODIFIER "x },\n",
				       bar->number, bar->kind == EZ_BAR_IO ? "true" : "false",
				       bar->unmapped == EZ_ANSWER_ZERO ? "true" : "false",
				       bar->illegal == EZ_ANSWER_ZERO ? "true" : "false",
				       find_hole(dev, i), span);
	}
	g_string_append(t->out, "};\n\n");
}

void spec_emit_regtest(const struct spec_device *dev, GString *out)
{
	struct table t = { .dev = dev, .out = out, .arena = spec_arena_new() };

	t.is_lock = spec_arena_alloc(t.arena, dev->n_regs, sizeof(*t.is_lock));
	find_locks(&t);

	g_string_append_printf(out,
			       "/* Made by ersatz from the device.yaml of %s; do not edit. */\n"
			       "#include \"regtest.h\"\n\n",
			       dev->name);
	if (dev->n_bars)
		emit_bars(&t);
	for (unsigned int i = 0; i < dev->n_regs; i++)
		emit_fields(&t, &dev->regs[i]);
	if (dev->n_regs) {
		g_string_append(out, "static const struct regtest_reg regs[] = {\n");
		for (unsigned int i = 0; i < dev->n_regs; i++)
			emit_register(&t, &dev->regs[i]);
		g_string_append(out, "};\n\n");
	}
	g_string_append_printf(out,
			       "const struct regtest_table regtest_table = {\n"
			       "\t.name = \"%s\",\n\t.hash = \"%s\",\n"
			       "\t.vendor = 0x%04x,\n\t.device = 0x%04x,\n"
			       "\t.bars = %s,\n\t.regs = %s,\n\t.n_bars = %u,\n\t.n_regs = %u,\n"
			       "};\n",
			       dev->name, dev->hash, dev->id.vendor, dev->id.device,
			       dev->n_bars ? "bars" : "NULL", dev->n_regs ? "regs" : "NULL",
			       dev->n_bars, dev->n_regs);
	spec_arena_free(t.arena);
}

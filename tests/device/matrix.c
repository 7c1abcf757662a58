/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The matrix of register semantics: every effect of a write or a read, for
 * every width, every narrow access, every kind of software access, under locks,
 * written once, with single pulses, reserved bits and events in the same moment.
 *
 * A device.yaml with a register for each combination goes through the spec
 * compiler, the C compiler and the bench. What each access must give is worked
 * out here bit by bit from the words of the standards (SystemRDL 2.0, 9.4 to
 * 9.8; IEEE 1685 modifiedWriteValue and readAction), not from our masks.
 */
#include "compiled.h"

#include <string.h>

enum { NONE, LOCK_SWWE, LOCK_SWWEL };

/* One register: fields LO and HI have the properties, MID between them is plain. */
struct combination {
	char name[80];
	unsigned int bits; /* 8, 16, 32, 64 */
	const char *sw, *onwrite, *onread; /* "" for none */
	int lock;
	bool pulse; /* LO and HI are one bit each, singlepulse */
	const char *reserved; /* of LO and HI; "" for ordinary fields */
	bool unimplemented;
	uint64_t offset, reset;
	/* what the reference knows */
	uint64_t now, once;
	bool said[2][5];
};

enum { SAID_RESERVED, SAID_LOCKED, SAID_ONCE, SAID_GAP };

struct matrix {
	GArray *all; /* struct combination */
	char *dir;
	struct ez_bench *bench;
	bool key; /* the lock's, as the reference sees it */
	uint32_t violations, gaps; /* lines that must have been logged */
	uint64_t seen, lanes; /* what the latest hook must have noted */
	uint64_t chance;
};

static struct matrix m;

/* ---- the device ---- */

static void bits_of(const struct combination *c, bool high, unsigned int *lsb, unsigned int *msb)
{
	if (c->pulse) {
		*lsb = *msb = high ? c->bits - 1 : 0;
	} else if (high) {
		*lsb = c->bits / 2 + 1;
		*msb = c->bits - 1;
	} else {
		*lsb = 0;
		*msb = c->bits / 2 - 2;
	}
}

/* Which field is this bit of? 0: LO, 1: HI, -1: the plain MID, -2: none. */
static int field_of(const struct combination *c, unsigned int bit)
{
	for (int high = 0; high < 2; high++) {
		unsigned int lsb, msb;

		bits_of(c, high, &lsb, &msb);
		if (bit >= lsb && bit <= msb)
			return high;
	}
	return bit == c->bits / 2 || bit == c->bits / 2 - 1 ? -1 : -2;
}

static void add(struct combination c)
{
	/* A pattern, but 0 where a pulse must begin at 0 and where no field is. */
	c.reset = 0;
	for (unsigned int bit = 0; bit < c.bits; bit++) {
		int field = field_of(&c, bit);

		if (field > -2 && !(c.pulse && field >= 0) && (bit * 7 + c.bits) % 3 == 0)
			c.reset |= UINT64_C(1) << bit;
	}
	c.offset = 0x100 + m.all->len * 16;
	g_snprintf(c.name, sizeof(c.name), "R%u_%u_%s_%s_%s_%d%s%s%s", m.all->len, c.bits, c.sw,
		   *c.onwrite ? c.onwrite : "store", *c.onread ? c.onread : "look", c.lock,
		   c.pulse ? "_pulse" : "", *c.reserved ? "_" : "", c.reserved);
	g_array_append_val(m.all, c);
}

static void combine(void)
{
	static const unsigned int widths[] = { 8, 16, 32, 64 };
	static const char *const writes[] = { "",    "woclr", "woset", "wot",  "wzc",
					      "wzs", "wzt",   "wclr",  "wset", "wuser" };
	static const char *const reads[] = { "rclr", "rset", "ruser" };
	static const char *const writers[] = { "rw", "w", "rw1", "w1" };
	static const char *const reserved[] = { "ignored", "zero", "one", "keep" };

	for (unsigned int w = 0; w < 4; w++) {
		struct combination base = {
			.bits = widths[w], .sw = "r", .onwrite = "", .onread = "", .reserved = ""
		};
		struct combination c = base;

		add(c);
		for (unsigned int i = 0; i < G_N_ELEMENTS(writes); i++) {
			for (unsigned int k = 0; k < G_N_ELEMENTS(writers); k++) {
				for (c.lock = NONE; c.lock <= LOCK_SWWEL; c.lock++) {
					c.onwrite = writes[i];
					c.sw = writers[k];
					add(c);
				}
			}
		}
		for (unsigned int i = 0; i < G_N_ELEMENTS(reads); i++) {
			c = base;
			c.onread = reads[i];
			add(c);
			for (unsigned int k = 0; k < G_N_ELEMENTS(writes); k++) {
				c.sw = k % 2 ? "rw" : "rw1";
				c.onwrite = writes[k];
				add(c);
			}
		}
		for (unsigned int k = 0; k < G_N_ELEMENTS(writers); k++) {
			c = base;
			c.sw = writers[k];
			c.pulse = true;
			for (c.lock = NONE; c.lock <= LOCK_SWWEL; c.lock++)
				add(c);
		}
		for (unsigned int k = 0; k < G_N_ELEMENTS(reserved); k++) {
			c = base;
			c.reserved = reserved[k];
			add(c);
		}
		c = base;
		c.sw = "rw";
		c.unimplemented = true;
		add(c);
	}
}

static void write_register(GString *yaml, GString *model, const struct combination *c)
{
	static const char *const names[] = { "LO", "HI" };

	g_string_append_printf(yaml,
			       "      - name: %s\n        offset: %" G_GUINT64_FORMAT
			       "\n        regwidth: %u\n        accesswidth: 8\n"
			       "        reset: 0x%" G_GINT64_MODIFIER "x\n        fields:\n"
			       "          - {name: MID, bits: %u:%u}\n",
			       c->name, c->offset, c->bits, c->reset, c->bits / 2, c->bits / 2 - 1);
	for (int high = 0; high < 2; high++) {
		unsigned int lsb, msb;

		bits_of(c, high, &lsb, &msb);
		g_string_append_printf(yaml, "          - {name: %s, bits: %u:%u", names[high], msb,
				       lsb);
		if (*c->reserved)
			g_string_append_printf(yaml, ", reserved: %s", c->reserved);
		else
			g_string_append_printf(yaml, ", sw: %s", c->sw);
		if (*c->onwrite)
			g_string_append_printf(yaml, ", onwrite: %s", c->onwrite);
		if (*c->onread)
			g_string_append_printf(yaml, ", onread: %s", c->onread);
		if (c->lock != NONE)
			g_string_append_printf(yaml, ", %s: LOCK.KEY",
					       c->lock == LOCK_SWWE ? "swwe" : "swwel");
		g_string_append_printf(yaml, "%s%s}\n", c->pulse ? ", singlepulse: true" : "",
				       c->unimplemented ? ", unimplemented: true" : "");
	}
	/* A pulse is seen by the hook, and gone afterwards. */
	if (c->pulse) {
		g_string_append(yaml, "        swmod: true\n");
		g_string_append_printf(model,
				       "static void matrix_%s_swmod(struct matrix *s, uint%u_t "
				       "value)\n{\n\ts->SEEN = value;\n\ts->LANES = "
				       "ez_access_lanes(s->ez);\n}\n",
				       c->name, c->bits);
	}
	if (!strcmp(c->onwrite, "wuser"))
		g_string_append_printf(model,
				       "static void matrix_%s_onwrite(struct matrix *s, uint%u_t "
				       "value)\n{\n\ts->%s = value;\n\ts->LANES = "
				       "ez_access_lanes(s->ez);\n}\n",
				       c->name, c->bits, c->name);
	if (!strcmp(c->onread, "ruser"))
		g_string_append_printf(model,
				       "static uint%u_t matrix_%s_onread(struct matrix *s)\n{\n"
				       "\treturn s->%s + 1;\n}\n",
				       c->bits, c->name, c->name);
}

static int set_up(void **state)
{
	GString *yaml = g_string_new(
		"name: matrix\npci: {vendor: 1, device: 2, class: 3}\nbars:\n"
		"  - number: 0\n    name: regs\n    size: 64 KiB\n    registers:\n"
		"      - {name: LOCK, offset: 0, fields: [{name: KEY, bits: 6:5, reset: 3}]}\n"
		"      - {name: SEEN, offset: 8, regwidth: 64, sw: r, hw: w}\n"
		"      - {name: LANES, offset: 16, regwidth: 64, sw: r, hw: w}\n");
	GString *model = g_string_new("#include <ersatz/model.h>\n#include \"matrix_spec.h\"\n");
	g_autofree char *path = NULL;
	g_autofree char *source = NULL;

	m.all = g_array_new(FALSE, TRUE, sizeof(struct combination));
	combine();
	for (unsigned int i = 0; i < m.all->len; i++)
		write_register(yaml, model, &g_array_index(m.all, struct combination, i));
	g_string_append(model, "MATRIX_MODEL;\n");
	m.dir = scratch_new();
	path = scratch_write(m.dir, "device.yaml", yaml->str);
	source = scratch_write(m.dir, "model.c", model->str);
	g_string_free(yaml, TRUE);
	g_string_free(model, TRUE);
	m.bench = compiled(m.dir, path, source);
	return m.bench ? 0 : -1;
}

static int tear_down(void **state)
{
	ez_bench_free(m.bench);
	g_array_free(m.all, TRUE);
	scratch_free(m.dir);
	return 0;
}

/* ---- the reference, a bit at a time ---- */

static bool is(const char *a, const char *b)
{
	return !strcmp(a, b);
}

/* SystemRDL 2.0, 9.6: what a bit becomes when `written` is written to it. */
static bool written_bit(const char *onwrite, bool old, bool written)
{
	if (is(onwrite, "woclr")) /* a one clears */
		return written ? false : old;
	if (is(onwrite, "woset")) /* a one sets */
		return written ? true : old;
	if (is(onwrite, "wot")) /* a one toggles */
		return written ? !old : old;
	if (is(onwrite, "wzc")) /* a zero clears */
		return written ? old : false;
	if (is(onwrite, "wzs")) /* a zero sets */
		return written ? old : true;
	if (is(onwrite, "wzt")) /* a zero toggles */
		return written ? old : !old;
	if (is(onwrite, "wclr")) /* all bits cleared on any write */
		return false;
	if (is(onwrite, "wset")) /* all bits set on any write */
		return true;
	return written; /* stored, by us or by the model's hook */
}

static bool may_write(const struct combination *c)
{
	return !*c->reserved && strchr(c->sw, 'w');
}

static bool may_read(const struct combination *c)
{
	return *c->reserved || strchr(c->sw, 'r');
}

static bool once(const struct combination *c)
{
	return may_write(c) && strchr(c->sw, '1');
}

static bool locked(const struct combination *c)
{
	/* swwe: writable while the key is set; swwel: while it is clear. */
	return c->lock == LOCK_SWWE ? !m.key : c->lock == LOCK_SWWEL ? m.key : false;
}

static void must_say(struct combination *c, int field, unsigned int reason, uint32_t *count)
{
	if (c->said[field][reason])
		return;
	c->said[field][reason] = true;
	(*count)++;
}

static void set_bit(uint64_t *word, unsigned int bit, bool on)
{
	*word = on ? *word | UINT64_C(1) << bit : *word & ~(UINT64_C(1) << bit);
}

static bool get_bit(uint64_t word, unsigned int bit)
{
	return word >> bit & 1;
}

/* Bits from lane `from`, `n` of them, of `value` go to the register. */
static void reference_write(struct combination *c, unsigned int from, unsigned int n,
			    uint64_t value)
{
	uint64_t before = c->now, lanes = 0;
	bool shut = false, open = false;

	for (unsigned int i = 0; i < n; i++) {
		unsigned int bit = from + i;
		bool old = get_bit(before, bit), written = get_bit(value, i);
		int field = field_of(c, bit);
		bool becomes = written_bit(c->onwrite, old, written);

		set_bit(&lanes, bit, true);
		if (field == -2)
			continue;
		if (field == -1) {
			set_bit(&c->now, bit, written);
			open = true;
			continue;
		}
		if ((is(c->reserved, "zero") && written) || (is(c->reserved, "one") && !written) ||
		    (is(c->reserved, "keep") && written != old))
			must_say(c, field, SAID_RESERVED, &m.violations);
		if (c->unimplemented && written != get_bit(c->reset, bit))
			must_say(c, field, SAID_GAP, &m.gaps);
		if (!may_write(c))
			continue;
		if (locked(c)) {
			set_bit(&lanes, bit, false);
			shut = true;
			if (becomes != old)
				must_say(c, field, SAID_LOCKED, &m.violations);
		} else if (once(c) && get_bit(c->once, bit)) {
			set_bit(&lanes, bit, false);
			shut = true;
			if (becomes != old)
				must_say(c, field, SAID_ONCE, &m.violations);
		} else {
			set_bit(&c->now, bit, becomes);
			open = true;
			if (once(c))
				set_bit(&c->once, bit, true);
		}
	}
	/* A write of which nothing is left is none: the hook does not run. */
	if ((c->pulse || is(c->onwrite, "wuser")) && (open || !shut)) {
		m.lanes = lanes;
		if (c->pulse)
			m.seen = c->now;
	}
	for (unsigned int bit = 0; c->pulse && bit < c->bits; bit++) {
		if (field_of(c, bit) >= 0)
			set_bit(&c->now, bit, false);
	}
}

static uint64_t reference_read(struct combination *c, unsigned int from, unsigned int n)
{
	uint64_t value = 0;

	/* The hook gives a whole register, when its lowest part is read. */
	if (is(c->onread, "ruser") && !from && may_read(c))
		c->now = (c->now + 1) & (c->bits == 64 ? UINT64_MAX : (UINT64_C(1) << c->bits) - 1);
	for (unsigned int i = 0; i < n; i++) {
		unsigned int bit = from + i;
		int field = field_of(c, bit);
		bool old = get_bit(c->now, bit);

		if (field == -2)
			continue;
		set_bit(&value, i, old && (field == -1 || may_read(c)));
		/* SystemRDL 2.0, 9.6: the read gives the old value, then clears or sets. */
		if (field >= 0 && is(c->onread, "rclr"))
			set_bit(&c->now, bit, false);
		if (field >= 0 && is(c->onread, "rset"))
			set_bit(&c->now, bit, true);
	}
	return value;
}

/* ---- the test ---- */

static uint64_t chance(void)
{
	m.chance = m.chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return m.chance >> 16 ^ m.chance << 32;
}

static const struct ez_reg *table_of(const struct combination *c)
{
	const struct ez_spec *spec = ez_device_spec(ez_bench_device(m.bench));

	for (uint32_t i = 0; i < spec->n_regs; i++) {
		if (is(spec->regs[i].name, c->name))
			return &spec->regs[i];
	}
	fail_msg("no register %s", c->name);
	return NULL;
}

static void check(struct combination *c, const struct ez_reg *reg, const char *what, uint64_t found,
		  uint64_t wanted)
{
	uint64_t storage = 0;
	uint64_t fields = 0;

	for (unsigned int bit = 0; bit < c->bits; bit++)
		set_bit(&fields, bit, field_of(c, bit) > -2);
	assert_int_equal(ez_device_peek(ez_bench_device(m.bench), 0, reg, 0, &storage), 0);
	if (found != wanted || (storage & fields) != (c->now & fields))
		fail_msg("%s: %s gives 0x%" G_GINT64_MODIFIER "x, not 0x%" G_GINT64_MODIFIER
			 "x; holds 0x%" G_GINT64_MODIFIER "x, not 0x%" G_GINT64_MODIFIER "x",
			 c->name, what, found, wanted, storage, c->now);
	if (ez_bench_log_count(m.bench, EZ_LOG_VIOLATION) != m.violations ||
	    ez_bench_log_count(m.bench, EZ_LOG_UNIMPLEMENTED) != m.gaps)
		fail_msg("%s: %s: %u violations and %u gaps were said, not %u and %u; last: %s",
			 c->name, what, ez_bench_log_count(m.bench, EZ_LOG_VIOLATION),
			 ez_bench_log_count(m.bench, EZ_LOG_UNIMPLEMENTED), m.violations, m.gaps,
			 ez_bench_log_last(m.bench, EZ_LOG_VIOLATION));
}

static void access_once(struct combination *c, const struct ez_reg *reg)
{
	unsigned int width = 1u << chance() % 4;
	unsigned int at;

	while (width * 8 > c->bits)
		width /= 2;
	at = chance() % (c->bits / 8 / width) * width;
	if (chance() % 2) {
		/* Often what is there already, or its opposite. */
		uint64_t value = chance() % 3	? chance()
				 : chance() % 2 ? c->now >> at * 8
						: ~(c->now >> at * 8);

		if (width < 8)
			value &= (UINT64_C(1) << width * 8) - 1;
		reference_write(c, at * 8, width * 8, value);
		ez_bench_write(m.bench, 0, c->offset + at, width, value);
		check(c, reg, "a write", 0, 0);
		check(c, reg, "its lanes", ez_bench_read(m.bench, 0, 16, 8), m.lanes);
		check(c, reg, "the pulse", ez_bench_read(m.bench, 0, 8, 8), m.seen);
	} else {
		uint64_t wanted = reference_read(c, at * 8, width * 8);

		check(c, reg, "a read", ez_bench_read(m.bench, 0, c->offset + at, width), wanted);
	}
}

static void turn_key(void)
{
	m.key = !m.key;
	/* Any bit of the key opens. */
	ez_bench_write(m.bench, 0, 0, 4, m.key ? (chance() % 3 + 1) << 5 : 0);
}

static void reset_all(enum ez_reset_kind kind)
{
	ez_bench_reset(m.bench, kind);
	ez_bench_setup(m.bench);
	for (unsigned int i = 0; i < m.all->len; i++) {
		struct combination *c = &g_array_index(m.all, struct combination, i);

		c->now = c->reset;
		c->once = 0;
	}
	m.key = true;
	m.seen = m.lanes = 0;
}

static void every_combination(void **state)
{
	m.chance = 1;
	for (unsigned int round = 0; round < 12; round++) {
		reset_all(round % EZ_RESET_SOFTWARE);
		for (unsigned int i = 0; i < m.all->len; i++) {
			struct combination *c = &g_array_index(m.all, struct combination, i);
			const struct ez_reg *reg = table_of(c);

			for (unsigned int k = 0; k < 24; k++) {
				if (c->lock != NONE && chance() % 4 == 0)
					turn_key();
				access_once(c, reg);
			}
		}
	}
	/* So much of it came about that the test means something. */
	assert_true(m.violations > 400);
	assert_true(m.gaps == 8);
	assert_true(m.all->len > 600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_combination),
	};

	return cmocka_run_group_tests_name("matrix", tests, set_up, tear_down);
}

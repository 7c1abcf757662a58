/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The compiled spec of good/kitchen.yaml, loaded as a backend would, against
 * values worked out by hand from the YAML and <ersatz/tables.h>.
 */
#include "support.h"

#include <dlfcn.h>
#include <ersatz/model.h>
#include <string.h>

static char *dir;
static void *module;
static const struct ez_model *model;
static const struct ez_spec *spec;

static int set_up(void **state)
{
	g_autofree char *yaml = data_path("good/kitchen.yaml");
	g_autofree char *errors = NULL;
	g_autofree char *so = NULL;
	struct spec_device *dev = read_good(yaml);

	dir = scratch_new();
	so = g_build_filename(dir, "kitchen.so", NULL);
	assert_true(spec_write_c(dev, dir, NULL));
	spec_device_free(dev);
	if (run(&errors,
		"%s -std=gnu11 -fPIC -shared -fvisibility=hidden -I%s -I%s "
		"%s/good/kitchen.c %s/kitchen_spec.c -o %s",
		compiler(), SPEC_TEST_INCLUDE, dir, SPEC_TEST_DATA, dir, so)) {
		print_error("%s\n", errors);
		return -1;
	}
	module = dlopen(so, RTLD_NOW);
	if (!module)
		return -1;
	model = dlsym(module, EZ_MODEL_SYMBOL);
	/* Nothing else comes out of it. */
	assert_null(dlsym(module, "kitchen_hooks"));
	spec = model->spec;
	return 0;
}

static int tear_down(void **state)
{
	dlclose(module);
	scratch_free(dir);
	return 0;
}

static const struct ez_reg *reg_named(const char *name)
{
	for (uint32_t i = 0; i < spec->n_regs; i++) {
		if (!strcmp(spec->regs[i].name, name))
			return &spec->regs[i];
	}
	fail_msg("no register %s", name);
	return NULL;
}

static const struct ez_row *row_named(const char *name)
{
	for (uint32_t i = 0; i < spec->n_rows; i++) {
		if (!strcmp(spec->rows[i].name, name))
			return &spec->rows[i];
	}
	fail_msg("no row %s", name);
	return NULL;
}

static void identity(void **state)
{
	assert_int_equal(model->size, sizeof(struct ez_model));
	assert_int_equal(model->abi, EZ_ABI);
	assert_string_equal(spec->name, "kitchen");
	assert_string_equal(spec->desc, "every */ thing /* at \"once\": \\ ?"
					"?/ \ttab\nline, gr\xc3\xb6\xc3\x9f"
					"e");
	assert_int_equal(strlen(spec->hash), 64);
	assert_int_equal(spec->id.vendor, 0x1234);
	assert_int_equal(spec->id.device, 0xbeef);
	assert_int_equal(spec->id.class_code, 0xff00);
	assert_int_equal(spec->id.revision, 7);
	assert_int_equal(spec->id.subsystem_vendor, 0x1af4);
	assert_int_equal(spec->id.subsystem, 0x1100);
	assert_int_equal(spec->id.pin, 1);
	assert_false(spec->id.express);
}

static void bars(void **state)
{
	assert_int_equal(spec->n_bars, 4);
	assert_string_equal(spec->bars[0].name, "ctl");
	assert_int_equal(spec->bars[0].size, 4096);
	assert_int_equal(spec->bars[0].kind, EZ_BAR_MEM32);
	assert_int_equal(spec->bars[0].illegal, EZ_ANSWER_ZERO);
	assert_int_equal(spec->bars[0].unmapped, EZ_ANSWER_ONES);
	assert_true(spec->bars[0].split);
	assert_int_equal(spec->bars[1].number, 1);
	assert_int_equal(spec->bars[1].kind, EZ_BAR_IO);
	assert_int_equal(spec->bars[1].size, 16);
	assert_int_equal(spec->bars[2].number, 2);
	assert_int_equal(spec->bars[2].kind, EZ_BAR_MEM64);
	assert_true(spec->bars[2].size == UINT64_C(8) << 30);
	assert_true(spec->bars[2].prefetchable);
	assert_int_equal(spec->bars[2].unmapped, EZ_ANSWER_ZERO);
	assert_int_equal(spec->bars[3].number, 4);
	assert_int_equal(spec->bars[3].size, 32768);
}

/* By BAR and offset, whatever the order in the file. */
static void windows(void **state)
{
	const struct ez_window *w = spec->windows;

	assert_int_equal(spec->n_windows, 3);
	assert_string_equal(w[0].name, "FAR");
	assert_null(w[0].desc);
	assert_int_equal(w[0].bar, 2);
	assert_true(w[0].offset == UINT64_C(4) << 30);
	assert_int_equal(w[0].size, 4096);
	assert_int_equal(w[0].resets, EZ_RESET_ALL);
	assert_string_equal(w[1].name, "RING");
	assert_int_equal(w[1].bar, 4);
	assert_int_equal(w[1].offset, 0);
	assert_int_equal(w[1].size, 8192);
	assert_int_equal(w[1].resets, 1 << EZ_RESET_POWER_ON);
	assert_string_equal(w[2].name, "STAGE");
	assert_string_equal(w[2].desc, "*/ of two");
	assert_int_equal(w[2].offset, 8192);
	assert_int_equal(w[2].size, 4096);
	assert_int_equal(w[2].resets, 1 << EZ_RESET_POWER_ON | 1 << EZ_RESET_SOFTWARE);
}

static void registers_are_sorted(void **state)
{
	static const char *const order[] = {
		"ISR", "IER", "BYTE", "GAP", "MIX", "CTRL", "DESC", "PORT", "DATA",
	};

	assert_int_equal(spec->n_regs, G_N_ELEMENTS(order));
	for (unsigned int i = 0; i < G_N_ELEMENTS(order); i++)
		assert_string_equal(spec->regs[i].name, order[i]);
	assert_int_equal(reg_named("DATA")->bar, 1);
}

/* Place, access and masks of each register. */
static void register_values(void **state)
{
	const struct {
		const char *name;
		uint32_t offset, count, stride;
		unsigned int width, access, flags;
		uint64_t reset, read, store, must_be_zero;
	} wanted[] = {
		{ "ISR", 0x0, 1, 4, 4, 4, EZ_REG_READ | EZ_REG_WRITE | EZ_REG_IRQ, 0, 3, 0, 0 },
		{ "IER", 0x4, 1, 4, 4, 4, EZ_REG_READ | EZ_REG_WRITE | EZ_REG_IRQ, 2, 3, 3,
		  0xfffffffc },
		{ "BYTE", 0x20, 1, 1, 1, 1, EZ_REG_READ, 0xa5, 0xff, 0, 0 },
		{ "GAP", 0x24, 1, 4, 4, 4, EZ_REG_UNIMPLEMENTED, 0, 0, 0, 0 },
		/* A, the nine effects, RCLR, RSET, CONST and PLAIN read; SECRET, PLAIN store */
		{ "MIX", 0x28, 1, 8, 8, 2 | 4 | 8, EZ_REG_READ | EZ_REG_WRITE | EZ_REG_READ_EFFECT,
		  0xdeadbeef00002000, 0xffffffff000137ff, 0x30000, 0 },
		{ "CTRL", 0x40, 1, 4, 4, 4, EZ_REG_READ | EZ_REG_WRITE | EZ_REG_IRQ, 0x31, 0x31,
		  0x31, 0 },
		{ "DESC", 0x100, 4, 16, 8, 4 | 8, EZ_REG_READ | EZ_REG_WRITE, 0, UINT64_MAX,
		  UINT64_MAX, 0 },
		{ "PORT", 0x108, 4, 16, 4, 4, EZ_REG_READ | EZ_REG_WRITE | EZ_REG_READ_EFFECT, 0,
		  0xffffffff, 0, 0 },
		{ "DATA", 0x8, 1, 2, 2, 2, EZ_REG_READ | EZ_REG_WRITE, 0, 0xffff, 0xffff, 0 },
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(wanted); i++) {
		const struct ez_reg *reg = reg_named(wanted[i].name);

		assert_int_equal(reg->offset, wanted[i].offset);
		assert_int_equal(reg->count, wanted[i].count);
		assert_int_equal(reg->stride, wanted[i].stride);
		assert_int_equal(reg->width, wanted[i].width);
		assert_int_equal(reg->access, wanted[i].access);
		assert_int_equal(reg->flags, wanted[i].flags);
		assert_true(reg->reset == wanted[i].reset);
		assert_true(reg->read == wanted[i].read);
		assert_true(reg->store == wanted[i].store);
		assert_true(reg->must_be_zero == wanted[i].must_be_zero);
		assert_int_equal(row_named(reg->name)->offset, reg->state);
		assert_true(row_named(reg->name)->reset == reg->reset);
	}
}

static void effects(void **state)
{
	static const struct ez_effects mix = {
		.woclr = 1 << 0,
		.woset = 1 << 1,
		.wot = 1 << 2,
		.wzc = 1 << 3,
		.wzs = 1 << 4,
		.wzt = 1 << 5,
		.wclr = 1 << 6,
		.wset = 1 << 7,
		.rclr = 1 << 8,
		.rset = 3 << 9,
	};
	static const struct ez_effects isr = { .woclr = 3 };

	assert_memory_equal(reg_named("MIX")->effects, &mix, sizeof(mix));
	assert_memory_equal(reg_named("ISR")->effects, &isr, sizeof(isr));
	assert_null(reg_named("CTRL")->effects);
}

static void fields(void **state)
{
	const struct ez_reg *mix = reg_named("MIX"), *ier = reg_named("IER");
	const struct ez_field *last = &mix->fields[mix->n_fields - 1];

	assert_int_equal(mix->n_fields, 15);
	for (uint32_t i = 1; i < mix->n_fields; i++)
		assert_true(mix->fields[i - 1].lsb < mix->fields[i].lsb);
	assert_string_equal(last->name, "A");
	assert_string_equal(last->desc, "*/ a comment's end");
	assert_int_equal(last->lsb, 32);
	assert_int_equal(last->width, 32);
	assert_int_equal(last->n_values, 2);
	assert_string_equal(last->values[0].name, "big");
	assert_true(last->values[0].value == 0xffffffff);
	assert_null(mix->fields[0].values);
	assert_int_equal(mix->fields[0].resets, EZ_RESET_ALL);
	assert_int_equal(ier->fields[0].resets,
			 1 << EZ_RESET_POWER_ON | 1 << EZ_RESET_BUS | 1 << EZ_RESET_FUNCTION);
	assert_int_equal(ier->fields[1].resets, 1 << EZ_RESET_POWER_ON | 1 << EZ_RESET_BUS);
	/* The row is reset when any of its fields is. */
	assert_int_equal(row_named("IER")->resets,
			 1 << EZ_RESET_POWER_ON | 1 << EZ_RESET_BUS | 1 << EZ_RESET_FUNCTION);
	assert_null(reg_named("DATA")->fields);
}

static void rows(void **state)
{
	const struct ez_row *row;

	assert_int_equal(spec->n_rows, 9 + 3 + 2);
	for (uint32_t i = 0; i < spec->n_rows; i++) {
		assert_true(spec->rows[i].offset >= sizeof(void *));
		assert_true(spec->rows[i].offset < spec->state_size);
		for (uint32_t k = 0; k < i; k++)
			assert_string_not_equal(spec->rows[k].name, spec->rows[i].name);
	}
	row = row_named("DESC");
	assert_int_equal(row->kind, EZ_ROW_REGISTER);
	assert_int_equal(row->type, EZ_U64);
	assert_int_equal(row->count, 4);
	row = row_named("BYTE");
	assert_int_equal(row->type, EZ_U8);
	row = row_named("DATA");
	assert_int_equal(row->type, EZ_U16);
	row = row_named("key");
	assert_int_equal(row->kind, EZ_ROW_STATE);
	assert_int_equal(row->count, 32);
	assert_int_equal(row->resets, EZ_RESET_ALL);
	row = row_named("neg");
	assert_int_equal(row->type, EZ_I16);
	assert_true((int16_t)row->reset == -5);
	assert_int_equal(row->resets, 1 << EZ_RESET_POWER_ON);
	row = row_named("on");
	assert_int_equal(row->type, EZ_BOOL);
	assert_int_equal(row->reset, 1);
	row = row_named("factorial.out");
	assert_int_equal(row->kind, EZ_ROW_JOB);
	assert_int_equal(row->type, EZ_U64);
	assert_int_equal(row->count, 4);
	assert_int_equal(row->resets, EZ_RESET_ALL & ~(1 << EZ_RESET_SOFTWARE));
	assert_int_equal(row->offset, spec->jobs[0].data + 8);
	assert_int_equal(row_named("factorial.n")->offset, spec->jobs[0].data);
}

static void properties(void **state)
{
	const struct ez_prop *p = spec->props;

	assert_int_equal(spec->n_props, 5);
	assert_string_equal(p[0].name, "a");
	assert_int_equal(p[0].type, EZ_ENUM);
	assert_string_equal(p[0].initial, "y");
	assert_string_equal(p[0].values[0], "x");
	assert_string_equal(p[0].values[1], "y");
	assert_null(p[0].values[2]);
	assert_int_equal(p[1].type, EZ_STRING);
	assert_string_equal(p[1].initial, "he\"llo");
	assert_int_equal(p[2].type, EZ_U32);
	assert_string_equal(p[2].initial, "0x8");
	assert_int_equal(p[2].min, 3);
	assert_int_equal(p[2].max, 16);
	assert_int_equal(p[3].type, EZ_U64);
	assert_string_equal(p[3].initial, "0");
	assert_true(p[3].max == UINT64_MAX);
	assert_int_equal(p[4].type, EZ_BOOL);
	assert_string_equal(p[4].initial, "true");
}

static void capabilities(void **state)
{
	static const uint8_t body[] = { 6, 1, 2, 3 }, wmask[] = { 0, 0, 0xff, 0 };
	const struct ez_cap *c = spec->caps;

	assert_int_equal(spec->n_caps, 4);
	assert_int_equal(c[0].id, 1);
	assert_int_equal(c[0].offset, 0x40);
	assert_int_equal(c[0].length, 8);
	assert_true(c[0].no_soft_reset);
	assert_int_equal(c[1].id, 5);
	assert_int_equal(c[1].offset, 0x50);
	assert_int_equal(c[1].length, 24);
	assert_int_equal(c[1].vectors, 4);
	assert_true(c[1].address64 && c[1].maskable);
	assert_int_equal(c[2].id, 9);
	assert_int_equal(c[2].offset, 0x70);
	assert_int_equal(c[2].length, 6);
	assert_memory_equal(c[2].body, body, sizeof(body));
	assert_memory_equal(c[2].body_wmask, wmask, sizeof(wmask));
	assert_int_equal(c[3].id, 0x11);
	assert_int_equal(c[3].offset, 0x80);
	assert_int_equal(c[3].length, 12);
	assert_int_equal(c[3].vectors, 100);
	assert_int_equal(c[3].table_bar, 4);
	assert_int_equal(c[3].table_offset, 0x4000);
	/* Behind the table: 100 entries of 16 bytes. */
	assert_int_equal(c[3].pba_bar, 4);
	assert_int_equal(c[3].pba_offset, 0x4000 + 1600);
}

static void interrupts(void **state)
{
	const struct ez_irq *irq = spec->irqs;

	assert_int_equal(spec->n_irqs, 3);
	assert_string_equal(irq[0].name, "DONE");
	assert_string_equal(irq[0].desc, "done");
	assert_int_equal(irq[0].vector, 1);
	assert_string_equal(spec->regs[irq[0].status].name, "ISR");
	assert_int_equal(irq[0].status_mask, 1);
	assert_string_equal(spec->regs[irq[0].enable].name, "IER");
	assert_int_equal(irq[0].enable_mask, 1);
	/* A whole register: all its fields. */
	assert_string_equal(spec->regs[irq[1].status].name, "CTRL");
	assert_int_equal(irq[1].status_mask, 0x31);
	assert_true(irq[1].enable == EZ_NONE);
	assert_true(irq[2].status == EZ_NONE);
	assert_int_equal(irq[2].vector, 3);
}

/* Every hook is reached, with its own types. */
static void hooks(void **state)
{
	uint64_t memory[64] = { 0 };
	uint8_t *s = (uint8_t *)memory;
	int16_t *neg = (int16_t *)(void *)(s + row_named("neg")->offset);
	uint16_t *data = (uint16_t *)(void *)(s + row_named("DATA")->offset);
	uint32_t *port = (uint32_t *)(void *)(s + row_named("PORT")->offset);
	uint64_t *desc = (uint64_t *)(void *)(s + row_named("DESC")->offset);
	uint64_t *mix = (uint64_t *)(void *)(s + row_named("MIX")->offset);
	uint8_t *key = s + row_named("key")->offset;
	uint32_t *n = (uint32_t *)(void *)(s + spec->jobs[0].data);

	assert_true(spec->state_size <= sizeof(memory));
	assert_int_equal(model->create(s), -EIO);
	assert_int_equal(*neg, 1);
	model->destroy(s);
	assert_int_equal(*neg, 2);
	model->reset(s, EZ_RESET_SOFTWARE);
	assert_int_equal(*neg, 13);
	assert_int_equal(model->load(s), 0);
	assert_int_equal(*neg, 3);

	/* onwrite first, then swmod with what is stored by then. */
	reg_named("MIX")->onwrite(s, 0, 41);
	assert_int_equal(*mix, 42);
	assert_int_equal(*data, 1);
	desc[2] = 7;
	reg_named("DESC")->onwrite(s, 2, 99);
	assert_int_equal(key[2], 7);
	reg_named("PORT")->onwrite(s, 3, 0x100000005);
	assert_int_equal(port[3], 5);
	assert_true(reg_named("PORT")->onread(s, 3) == 8);
	assert_null(reg_named("DATA")->onwrite);
	assert_null(reg_named("DATA")->onread);

	assert_int_equal(spec->n_timers, 2);
	assert_string_equal(spec->timers[1].name, "tick");
	spec->timers[0].fired(s);
	assert_int_equal(*neg, 4);
	spec->timers[1].fired(s);
	assert_int_equal(*neg, 5);
	*n = 21;
	assert_int_equal(spec->n_jobs, 1);
	assert_true(spec->jobs[0].run(NULL, n));
	spec->jobs[0].done(s);
	assert_int_equal(*neg, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identity),	   cmocka_unit_test(bars),
		cmocka_unit_test(windows),	   cmocka_unit_test(registers_are_sorted),
		cmocka_unit_test(register_values), cmocka_unit_test(effects),
		cmocka_unit_test(fields),	   cmocka_unit_test(rows),
		cmocka_unit_test(properties),	   cmocka_unit_test(capabilities),
		cmocka_unit_test(interrupts),	   cmocka_unit_test(hooks),
	};

	return cmocka_run_group_tests_name("spec tables", tests, set_up, tear_down);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Importing: what a CMSIS-SVD and an IP-XACT file say, held against tables that
 * were written from the standards; and what is said of what gets lost.
 */
#include "import_support.h"
#include "spec/import/expr.h"

#include <inttypes.h>
#include <string.h>

/* ---- helpers ---- */

static const struct spec_field *field_of(const struct spec_reg *reg, const char *name)
{
	for (unsigned int i = 0; i < reg->n_fields; i++)
		if (!strcmp(reg->fields[i].name, name))
			return &reg->fields[i];
	print_error("no field %s in %s\n", name, reg->name);
	assert_true(false);
	return NULL;
}

/* A register as the source means it. */
struct wanted_reg {
	const char *name, *sw;
	uint64_t offset;
	unsigned int bytes, count, stride, rows, row_stride;
	uint64_t reset;
};

struct wanted_field {
	const char *reg, *name, *sw;
	unsigned int msb, lsb;
	enum spec_onwrite onwrite;
	enum spec_onread onread;
};

static const char *sw_of(const struct spec_access *access)
{
	if (access->once)
		return access->r ? "rw1" : "w1";
	return access->r ? access->w ? "rw" : "r" : access->w ? "w" : "na";
}

static void expect_regs(const struct spec_device *dev, const struct wanted_reg *wanted, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct wanted_reg *w = &wanted[i];
		const struct spec_reg *reg = reg_of(dev, w->name);

		assert_int_equal(reg->offset, w->offset);
		assert_int_equal(reg->width, w->bytes);
		assert_int_equal(reg->count, MAX(w->count, 1) * MAX(w->rows, 1));
		assert_int_equal(reg->array, w->count > 0 || w->rows > 0);
		if (w->count)
			assert_int_equal(reg->stride, w->stride);
		if (w->rows && w->count)
			assert_int_equal(reg->row_stride, w->row_stride);
		if (w->sw && !reg->n_fields)
			assert_string_equal(sw_of(&reg->access), w->sw);
		assert_int_equal(reg->reset, w->reset);
	}
	assert_int_equal(dev->n_regs, n);
}

static void expect_fields(const struct spec_device *dev, const struct wanted_field *wanted,
			  size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct wanted_field *w = &wanted[i];
		const struct spec_field *field = field_of(reg_of(dev, w->reg), w->name);

		assert_int_equal(field->lsb, w->lsb);
		assert_int_equal(field->lsb + field->width - 1, w->msb);
		assert_string_equal(sw_of(&field->access), w->sw);
		assert_int_equal(field->access.w ? field->access.onwrite : 0, w->onwrite);
		assert_int_equal(field->access.r ? field->access.onread : 0, w->onread);
	}
}

static void expect_values(const struct spec_field *field, const char *wanted)
{
	GString *text = g_string_new(NULL);

	for (unsigned int i = 0; i < field->n_values; i++)
		g_string_append_printf(text, "%s=%" PRIu64 " ", field->values[i].name,
				       field->values[i].value);
	assert_string_equal(text->str, wanted);
	g_string_free(text, TRUE);
}

/* ---- CMSIS-SVD ---- */

static void svd_registers(void **state)
{
	/* One of UART0; UART1 has the same, 0x100 further. */
	static const struct wanted_reg regs[] = {
		{ "CR", NULL, 0x0, 4, .reset = 0xa5000012 },
		{ "SR", NULL, 0x4, 4, .reset = 0x80 },
		{ "RBR", "r", 0x8, 1 },
		{ "THR", "w", 0x8, 1 },
		{ "ONCE", "w1", 0xc, 4 },
		{ "ONCE2", "rw1", 0x10, 4 },
		{ "EFFECTS", NULL, 0x14, 4 },
		{ "SLOT", NULL, 0x20, 4, 4, 8 },
		{ "LANE_CFG", "rw", 0x24, 4, 2, 8 },
		{ "PORTA", "rw", 0x40, 4 },
		{ "PORTB", "rw", 0x44, 4 },
		{ "PORTC", "rw", 0x48, 4 },
		{ "CR2", NULL, 0x4c, 4 },
		{ "cr_2", "rw", 0x50, 4 },
		{ "N3V3_level", "rw", 0x54, 4 },
		{ "CR_RESET_2", "rw", 0x58, 4 },
		{ "WIDE", "rw", 0x60, 8, .reset = 0x123456789abcdef0 },
		{ "DMA_SRC", "rw", 0x80, 4, 2, 0x40 },
		{ "DMA_DST", "rw", 0x84, 4, 2, 0x40 },
		{ "DMA_DESC_LEN", "rw", 0x90, 4, 2, 8, 2, 0x40 },
		{ "DMA_DESC_OPT0", "rw", 0x94, 2, 2, 8, 2, 0x40 },
		{ "DMA_DESC_OPT1", "rw", 0x96, 2, 2, 8, 2, 0x40 },
	};
	struct imported it = import_data("import/chip.svd", "UART0");
	struct wanted_reg both[2 * G_N_ELEMENTS(regs)];
	struct spec_device *dev = device_of(&it);

	for (unsigned int i = 0; i < G_N_ELEMENTS(both); i++) {
		const struct wanted_reg *reg = &regs[i % G_N_ELEMENTS(regs)];

		both[i] = *reg;
		both[i].name = g_strdup_printf("UART%zu_%s", i / G_N_ELEMENTS(regs), reg->name);
		both[i].offset += i / G_N_ELEMENTS(regs) * 0x100;
	}
	expect_regs(dev, both, G_N_ELEMENTS(both));
	for (unsigned int i = 0; i < G_N_ELEMENTS(both); i++)
		g_free((char *)both[i].name);
	assert_true(reg_of(dev, "UART0_RBR")->shared);
	assert_string_equal(reg_of(dev, "UART0_THR")->alternate, "RBR");
	assert_string_equal(reg_of(dev, "UART0_PORTC")->desc, "A port");
	spec_device_free(dev);
	imported_free(&it);
}

static void svd_fields(void **state)
{
	static const struct wanted_field fields[] = {
		{ "UART0_CR", "EN", "rw", 0, 0 },
		{ "UART0_CR", "EN2", "rw", 1, 1 },
		{ "UART0_CR", "MODE", "rw", 5, 4 },
		{ "UART0_CR", "DIV", "rw", 11, 8 },
		{ "UART0_CR", "KEEP", "rw", 12, 12 },
		{ "UART0_CR", "CHA", "rw", 17, 16 },
		{ "UART0_CR", "CHB", "rw", 19, 18 },
		{ "UART0_CR", "CHC", "rw", 21, 20 },
		{ "UART0_CR", "RESERVED_31", "r", 31, 31 },
		{ "UART0_SR", "RXNE", "r", 5, 5 },
		{ "UART0_SR", "PE", "rw", 0, 0, SPEC_WOCLR },
		{ "UART0_SR", "FE", "r", 1, 1, .onread = SPEC_RCLR },
		{ "UART0_EFFECTS", "W1C", "rw", 0, 0, SPEC_WOCLR },
		{ "UART0_EFFECTS", "W1S", "rw", 1, 1, SPEC_WOSET },
		{ "UART0_EFFECTS", "W1T", "rw", 2, 2, SPEC_WOT },
		{ "UART0_EFFECTS", "W0C", "rw", 3, 3, SPEC_WZC },
		{ "UART0_EFFECTS", "W0S", "rw", 4, 4, SPEC_WZS },
		{ "UART0_EFFECTS", "W0T", "rw", 5, 5, SPEC_WZT },
		{ "UART0_EFFECTS", "WC", "rw", 6, 6, SPEC_WCLR },
		{ "UART0_EFFECTS", "WS", "rw", 7, 7, SPEC_WSET },
		/* "modify" is the default: what is written is stored */
		{ "UART0_EFFECTS", "PLAIN", "rw", 8, 8 },
		{ "UART0_EFFECTS", "RS", "rw", 9, 9, .onread = SPEC_RSET },
		{ "UART0_EFFECTS", "RX", "rw", 10, 10, .onread = SPEC_RUSER },
		{ "UART0_EFFECTS", "W", "w", 11, 11 },
		{ "UART0_CR2", "DIV", "rw", 11, 8 },
	};
	struct imported it = import_data("import/chip.svd", "UART0");
	struct spec_device *dev = device_of(&it);
	const struct spec_reg *cr = reg_of(dev, "UART0_CR");

	expect_fields(dev, fields, G_N_ELEMENTS(fields));
	expect_values(field_of(cr, "EN"), "off=0 on=1 ");
	expect_values(field_of(cr, "EN2"), "off=0 on=1 ");
	expect_values(field_of(cr, "MODE"), "fast=1 slow=2 ");
	expect_values(field_of(reg_of(dev, "UART0_EFFECTS"), "mask"), "MASK_2=1 SHIFT_2=2 ");
	assert_int_equal(field_of(cr, "MODE")->limit, SPEC_LIMIT_VALUES);
	assert_int_equal(field_of(cr, "KEEP")->limit, SPEC_LIMIT_AS_READ);
	assert_int_equal(field_of(cr, "DIV")->limit, SPEC_LIMIT_RANGE);
	assert_int_equal(field_of(cr, "DIV")->min, 1);
	assert_int_equal(field_of(cr, "DIV")->max, 9);
	assert_int_equal(field_of(cr, "RESERVED_31")->reserved, SPEC_RESERVED_IGNORED);
	assert_string_equal(cr->desc, "Control: \"quoted\", 100% plain");
	assert_int_equal(field_of(reg_of(dev, "UART0_SLOT"), "VALUE")->max, 1000);
	spec_device_free(dev);
	imported_free(&it);
}

/* What is lost is said, with its place, and stands at its place as a comment. */
static void svd_losses(void **state)
{
	struct imported it = import_data("import/chip.svd", "UART0");

	expect_said(
		&it,
		"48:17: warning: field CR.MODE: value odd left out: #1x is a pattern of several\n");
	expect_said(&it, "83:9: warning: register DLL: left out: it shares its place with RBR");
	expect_said(&it, "125:9: warning: register cr: named cr_2 here");
	expect_said(&it,
		    "128:9: warning: register LATE: left out: its offset 0x59 is no multiple of "
		    "its 2 bytes\n");
	expect_comment(&it, "      # value odd left out: #1x is a pattern of several\n"
			    "      # all other values: other\n"
			    "      - {name: MODE,");
	expect_comment(&it, "  # left out: its offset 0x59 is no multiple of its 2 bytes\n"
			    "  # - name: LATE\n"
			    "  #   offset: 0x59\n"
			    "  #   regwidth: 16\n");
	expect_comment(&it, "  # after reset only the bits 0xf0 are known\n  - name: SR\n");
	expect_comment(&it, "  # 24 bits in the source\n");
	expect_comment(&it, "  # 3V3 level in the source\n");
	expect_comment(&it, "#   - {name: UART0_IRQ}  (37: any event)\n");
	expect_comment(&it, "0x40002000 in the source\n");
	/* Nothing that is a default is written out. */
	assert_null(strstr(it.yaml, "sw: rw\n"));
	assert_null(strstr(it.yaml, "regwidth: 32"));
	assert_null(strstr(it.yaml, "reset: 0x0\n"));
	imported_free(&it);
}

/* A peripheral that is an array; a register derived from another peripheral's. */
static void svd_array_of_peripherals(void **state)
{
	static const struct wanted_reg regs[] = {
		{ "TIMER_CNT", "r", 0x0, 2, 4, 0x100 },
		{ "TIMER_CTRL", NULL, 0x4, 4, 4, 0x100, .reset = 0xa5000012 },
	};
	static const struct wanted_field fields[] = {
		{ "TIMER_CTRL", "EN", "rw", 31, 31 }, /* said again, elsewhere */
		{ "TIMER_CTRL", "DIV", "rw", 11, 8 },
	};
	struct imported it = import_data("import/chip.svd", "TIMER[%s]");
	struct spec_device *dev = device_of(&it);

	expect_regs(dev, regs, G_N_ELEMENTS(regs));
	expect_fields(dev, fields, G_N_ELEMENTS(fields));
	/* Sets of values of another register, and of another field of the same. */
	expect_values(field_of(reg_of(dev, "TIMER_CTRL"), "FAR"), "off=0 on=1 ");
	expect_values(field_of(reg_of(dev, "TIMER_CTRL"), "SAME"), "left=0 ");
	expect_comment(&it, "  # protection: s\n");
	spec_device_free(dev);
	imported_free(&it);
}

/* ---- IP-XACT ---- */

static void ipxact_2014(void **state)
{
	static const struct wanted_reg regs[] = {
		{ "ctl_CTRL", NULL, 0x0, 4, .reset = 0x21 },
		{ "ctl_RX", NULL, 0x8, 1 },
		{ "ctl_TX", NULL, 0x8, 1 },
		{ "ctl_TABLE", NULL, 0x20, 2, 8, 2 },
		{ "ctl_CH_ADDR", NULL, 0x80, 8, 3, 0x10 },
		{ "ctl_CH_SUB_STAT", NULL, 0x8c, 4, 3, 0x10 },
	};
	static const struct wanted_field fields[] = {
		{ "ctl_CTRL", "GO", "rw", 0, 0, SPEC_WOSET },
		{ "ctl_CTRL", "MODE", "rw", 7, 4 },
		{ "ctl_CTRL", "SPARE", "r", 9, 8 },
		{ "ctl_CTRL", "LEVEL", "r", 23, 16, .onread = SPEC_RCLR },
		{ "ctl_RX", "DATA", "r", 7, 0, .onread = SPEC_RUSER },
		{ "ctl_TX", "DATA", "w", 7, 0, SPEC_WUSER },
		{ "ctl_TABLE", "V", "w1", 15, 0 },
		{ "ctl_CH_ADDR", "A", "rw", 63, 0 },
		{ "ctl_CH_SUB_STAT", "ERR", "rw", 31, 31, SPEC_WOCLR },
	};
	struct imported it = import_data("import/core.xml", "ctl");
	struct spec_device *dev = device_of(&it);
	const struct spec_field *mode = field_of(reg_of(dev, "ctl_CTRL"), "MODE");

	expect_said(&it,
		    "117:7: warning: address block ram is for memory, not for registers: left out; "
		    "if it lies in a BAR, windows: in device.yaml has it\n");
	expect_regs(dev, regs, G_N_ELEMENTS(regs));
	expect_fields(dev, fields, G_N_ELEMENTS(fields));
	expect_values(mode, "idle=0 run=2 ");
	assert_int_equal(mode->access.hw, SPEC_HW_R);
	assert_int_equal(mode->limit, SPEC_LIMIT_RANGE);
	assert_int_equal(mode->max, 14);
	assert_int_equal(field_of(reg_of(dev, "ctl_CTRL"), "SPARE")->reserved,
			 SPEC_RESERVED_IGNORED);
	expect_said(&it,
		    "27:15: warning: field CTRL.GO: its value after reset SOFT, 0, is left out");
	assert_true(field_of(reg_of(dev, "ctl_CTRL"), "LEVEL")->access.donttest);
	assert_false(mode->access.donttest);
	expect_said(&it, "36:53: warning: field CTRL.MODE: testConstraint restore is left out\n");
	expect_said(&it, "36:117: warning: field CTRL.MODE: novelty 7 is left out\n");
	expect_comment(&it, "# testConstraint restore is left out\n");
	expect_comment(&it, "# novelty 7 is left out\n");
	expect_comment(&it, "field GONE is not present (isPresent: WIDTH == 64)");
	spec_device_free(dev);
	imported_free(&it);

	/* Addresses in words: offset 3 is byte 12; a constant. */
	it = import_data("import/core.xml", "dbg");
	dev = device_of(&it);
	assert_int_equal(reg_of(dev, "dbg_ID")->offset, 12);
	assert_int_equal(reg_of(dev, "dbg_ID")->reset, 0xc0de);
	assert_int_equal(reg_of(dev, "dbg_ID")->fields[0].access.hw, SPEC_HW_NA);
	spec_device_free(dev);
	imported_free(&it);
}

/* The other versions put some things elsewhere. */
static void ipxact_2009_2022(void **state)
{
	static const char text_2009[] =
		"<spirit:component xmlns:spirit='http://www.spiritconsortium.org/XMLSchema/SPIRIT/"
		"1685-2009'><spirit:name>c</spirit:name><spirit:memoryMaps><spirit:memoryMap>"
		"<spirit:name>m</spirit:name><spirit:addressBlock><spirit:name>b</spirit:name>"
		"<spirit:baseAddress>0x1000</spirit:baseAddress><spirit:range>4K</spirit:range>"
		"<spirit:width>32</spirit:width><spirit:access>read-only</spirit:access>"
		"<spirit:register><spirit:name>R</spirit:name><spirit:addressOffset>0x4"
		"</spirit:addressOffset><spirit:size>32</"
		"spirit:size><spirit:reset><spirit:value>0x50"
		"</spirit:value><spirit:mask>0xF0</spirit:mask></spirit:reset><spirit:field>"
		"<spirit:name>F</spirit:name><spirit:bitOffset>4</"
		"spirit:bitOffset><spirit:bitWidth>4"
		"</spirit:bitWidth></spirit:field></spirit:register></spirit:addressBlock>"
		"</spirit:memoryMap></spirit:memoryMaps></spirit:component>";
	static const char text_2022[] =
		"<ipxact:component "
		"xmlns:ipxact='http://www.accellera.org/XMLSchema/IPXACT/1685-2022'>"
		"<ipxact:name>c</ipxact:name><ipxact:memoryMaps><ipxact:memoryMap><ipxact:name>m"
		"</ipxact:name><ipxact:addressBlock><ipxact:name>b</"
		"ipxact:name><ipxact:baseAddress>0"
		"</ipxact:baseAddress><ipxact:range>'h100</ipxact:range><ipxact:width>32</"
		"ipxact:width>"
		"<ipxact:register><ipxact:name>R</ipxact:name><ipxact:array><ipxact:dim>3</"
		"ipxact:dim>"
		"<ipxact:stride>16</ipxact:stride></ipxact:array><ipxact:addressOffset>4"
		"</ipxact:addressOffset><ipxact:size>32</ipxact:size><ipxact:accessPolicies>"
		"<ipxact:accessPolicy><ipxact:access>read-write</ipxact:access>\n"
		"<ipxact:accessRestrictions/></ipxact:accessPolicy></"
		"ipxact:accessPolicies><ipxact:field><ipxact:name>F"
		"</ipxact:name><ipxact:array><ipxact:dim>2</ipxact:dim></ipxact:array>"
		"<ipxact:bitOffset>0</ipxact:bitOffset><ipxact:bitWidth>8</ipxact:bitWidth>"
		"<ipxact:fieldAccessPolicies><ipxact:fieldAccessPolicy><ipxact:access>read-write"
		"</ipxact:access><ipxact:modifiedWriteValue>oneToToggle</ipxact:modifiedWriteValue>"
		"</ipxact:fieldAccessPolicy></ipxact:fieldAccessPolicies></ipxact:field>"
		"<ipxact:field><ipxact:name>G</ipxact:name><ipxact:bitOffset>16</ipxact:bitOffset>"
		"<ipxact:bitWidth>1</ipxact:bitWidth><ipxact:fieldAccessPolicies>"
		"<ipxact:fieldAccessPolicy><ipxact:modeRef>user</ipxact:modeRef><ipxact:access>"
		"no-access</ipxact:access>\n<ipxact:readResponse>1</ipxact:readResponse>\n"
		"<ipxact:broadcasts><ipxact:broadcastTo/></ipxact:broadcasts>\n"
		"<ipxact:accessRestrictions><ipxact:accessRestriction/>"
		"</ipxact:accessRestrictions><ipxact:testable>false</ipxact:testable>"
		"</ipxact:fieldAccessPolicy></ipxact:fieldAccessPolicies></ipxact:field>"
		"</ipxact:register></ipxact:addressBlock></ipxact:memoryMap></ipxact:memoryMaps>"
		"</ipxact:component>";
	static const struct wanted_field fields_2009[] = { { "b_R", "F", "r", 7, 4 } };
	static const struct wanted_field fields_2022[] = {
		{ "b_R", "F0", "rw", 7, 0, SPEC_WOT },
		{ "b_R", "F1", "rw", 15, 8, SPEC_WOT },
		{ "b_R", "G", "na", 16, 16 },
	};
	static const struct wanted_reg regs_2009[] = { { "b_R", NULL, 4, 4, .reset = 0x50 } };
	static const struct wanted_reg regs_2022[] = { { "b_R", NULL, 4, 4, 3, 16 } };
	struct imported it = import_text(text_2009, strlen(text_2009), NULL);
	struct spec_device *dev = device_of(&it);

	expect_regs(dev, regs_2009, 1);
	expect_fields(dev, fields_2009, G_N_ELEMENTS(fields_2009));
	spec_device_free(dev);
	imported_free(&it);
	it = import_text(text_2022, strlen(text_2022), NULL);
	dev = device_of(&it);
	expect_regs(dev, regs_2022, 1);
	expect_fields(dev, fields_2022, G_N_ELEMENTS(fields_2022));
	expect_said(&it, "2:1: warning: register R: accessRestrictions is left out\n");
	expect_said(&it, "3:1: warning: field R.G: readResponse 1 is left out\n");
	expect_said(&it, "4:1: warning: field R.G: broadcasts is left out\n");
	expect_said(&it, "5:1: warning: field R.G: accessRestrictions is left out\n");
	expect_comment(&it, "# readResponse 1 is left out\n");
	expect_comment(&it, "# broadcasts is left out\n");
	expect_comment(&it, "# accessRestrictions is left out\n");
	assert_true(field_of(reg_of(dev, "b_R"), "G")->access.donttest);
	assert_false(field_of(reg_of(dev, "b_R"), "F0")->access.donttest);
	spec_device_free(dev);
	imported_free(&it);
}

static const char *parameter(const char *name, void *user)
{
	return !strcmp(name, "W")	   ? "32"
	       : !strcmp(name, "LOOP")	   ? "LOOP + 1"
	       : !strcmp(name, "uuid_1-2") ? "7"
					   : NULL;
}

static void expressions(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
		const char *why; /* NULL: it has that value */
	} table[] = {
		{ "0", 0 },
		{ "'h10", 16 },
		{ "8'hF_F", 255 },
		{ "4'b1010", 10 },
		{ "'o17", 15 },
		{ "32'd42", 42 },
		{ "0x20", 32 },
		{ "4K", 4096 },
		{ "2**4", 16 },
		{ "'hFFFF_FFFF_FFFF_FFFF", UINT64_MAX },
		{ "1 + 2 * 3", 7 },
		{ "(1 + 2) * 3", 9 },
		{ "10 - 2 - 3", 5 },
		{ "1 << 4 | 3", 19 },
		{ "W / 8", 4 },
		{ "W-1", 31 },
		{ "uuid_1-2 + 1", 8 },
		{ "W > 16 ? 'ha : 'hb", 10 },
		{ "$clog2(W + 1)", 6 },
		{ "$pow(2, 10)", 1024 },
		{ "-1 + 2", 1 },
		{ "!0 && W == 32", 1 },
		{ "true", 1 },
		{ "", 0, "it ends too early" },
		{ "1 +", 0, "it ends too early" },
		{ "(1", 0, "a ) is missing" },
		{ "1 / 0", 0, "a division by zero" },
		{ "1 - 2", 0, "it is negative" },
		{ "2 ** 64", 0, "it has more than 64 bits" },
		{ "2 ** 999", 0, "a power that is too large" },
		{ "NOPE", 0, "there is no parameter NOPE" },
		{ "LOOP", 0, "is defined by itself" },
		{ "$bits(x)", 0, "the function $bits is not read" },
		{ "1 2", 0, "behind its end" },
		{ "'hxx", 0, "a number without digits" },
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *why = NULL;
		uint64_t value = 0;
		bool ok = expr_eval(table[i].text, parameter, NULL, &value, &why);

		if (ok == (table[i].why != NULL) || (why && !strstr(why, table[i].why)))
			print_error("'%s': %s\n", table[i].text, why ? why : "has a value");
		assert_int_equal(ok, table[i].why == NULL);
		if (ok)
			assert_int_equal(value, table[i].value);
		else
			assert_non_null(strstr(why, table[i].why));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(svd_registers), cmocka_unit_test(svd_fields),
		cmocka_unit_test(svd_losses),	 cmocka_unit_test(svd_array_of_peripherals),
		cmocka_unit_test(ipxact_2014),	 cmocka_unit_test(ipxact_2009_2022),
		cmocka_unit_test(expressions),
	};

	return cmocka_run_group_tests_name("spec import", tests, NULL, NULL);
}

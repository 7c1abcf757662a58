/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The test of the register test: a device that keeps to every rule passes, and
 * one that breaks a single rule fails, with the name of that register and
 * field and of no other. The device here knows its rules bit by bit, from
 * SystemRDL's words for them, and shares no code with what tests it.
 */
#include "regtest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- the device ---- */

#define SIZE 0x200

/* What a rule is called here; a bit of the device has one. */
enum rule { GAP, RO, RW, WOCLR, WOSET, WOT, WZC, WZS, WZT, WCLR, WSET, RCLR, RSET, ONCE, LIVE };

enum {
	PLAIN = 0x00,
	FX = 0x04,
	FIXED = 0x08,
	RX = 0x0c,
	FIRST = 0x10,
	KEY = 0x14,
	LOCKED = 0x18,
	LIMITED = 0x1c,
	WIDE = 0x20,
	KEPT = 0x28,
	HANDS_OFF = 0x2c,
	READ_ME = 0x30,
	ARRAY = 0x100,
};

#define ARRAY_COUNT 40

static const struct part {
	const char *name; /* as the report has it */
	unsigned int at, lsb, width;
	enum rule rule;
	uint64_t reset;
	unsigned int resets;
	char lock; /* 'h': open while KEY.K is set, 'l': while it is clear */
} parts[] = {
	{ "PLAIN", PLAIN, 0, 32, RW, 0x12345678, 7, 0 },
	{ "FX.OC", FX, 0, 4, WOCLR, 0xf, 7, 0 },
	{ "FX.OS", FX, 4, 4, WOSET, 0x0, 7, 0 },
	{ "FX.OT", FX, 8, 4, WOT, 0x5, 7, 0 },
	{ "FX.ZC", FX, 12, 4, WZC, 0xf, 7, 0 },
	{ "FX.ZS", FX, 16, 4, WZS, 0x0, 7, 0 },
	{ "FX.ZT", FX, 20, 4, WZT, 0xa, 7, 0 },
	{ "FX.AC", FX, 24, 4, WCLR, 0xf, 7, 0 },
	{ "FX.AS", FX, 28, 4, WSET, 0x0, 7, 0 },
	{ "FIXED.CONST", FIXED, 0, 8, RO, 0xa5, 7, 0 },
	{ "FIXED.LIVE", FIXED, 8, 8, LIVE, 0, 7, 0 },
	{ "FIXED (bits of no field)", FIXED, 16, 16, GAP, 0, 7, 0 },
	{ "RX.RC", RX, 0, 16, RCLR, 0xffff, 7, 0 },
	{ "RX.RS", RX, 16, 16, RSET, 0, 7, 0 },
	{ "FIRST", FIRST, 0, 32, ONCE, 0, 7, 0 },
	{ "KEY.K", KEY, 0, 1, RW, 1, 7, 0 },
	{ "KEY (bits of no field)", KEY, 1, 31, GAP, 0, 7, 0 },
	{ "LOCKED.HIGH", LOCKED, 0, 8, RW, 0x11, 7, 'h' },
	{ "LOCKED.LOW", LOCKED, 8, 8, RW, 0x22, 7, 'l' },
	{ "LOCKED (bits of no field)", LOCKED, 16, 16, GAP, 0, 7, 0 },
	{ "LIMITED.MODE", LIMITED, 0, 4, RW, 1, 7, 0 },
	{ "LIMITED (bits of no field)", LIMITED, 4, 28, GAP, 0, 7, 0 },
	{ "WIDE", WIDE, 0, 64, RW, 0, 7, 0 },
	{ "KEPT", KEPT, 0, 32, RW, 0x77, REGTEST_POWER_ON, 0 },
};

enum fault {
	SOUND,
	WRONG_RESET, /* comes up with a bit turned */
	STUCK, /* the lowest bit is what it was after reset, whatever is done */
	STORES, /* writes store, whatever the rule */
	NO_READ_EFFECT,
	RESETS_TOO_LITTLE, /* no reset but power-on brings it back */
	RESETS_TOO_MUCH, /* every reset brings it back */
	ALIASED, /* a write to it is one to PLAIN too */
	WHOLE, /* a narrow write reaches all bytes */
	OPEN, /* its lock is none */
	AGAIN, /* a second write counts */
};

static struct device {
	uint8_t mem[SIZE];
	uint64_t written; /* bits of FIRST */
	uint64_t live;
	const struct part *faulty;
	enum fault fault;
	unsigned int forbidden; /* accesses that must not have happened */
	unsigned int illegal_values; /* of LIMITED */
} dut;

static bool faulty(const struct part *part, enum fault fault)
{
	return dut.faulty == part && dut.fault == fault;
}

static bool bit(unsigned int at, unsigned int n)
{
	return dut.mem[at + n / 8] >> n % 8 & 1;
}

static void set_bit(unsigned int at, unsigned int n, bool value)
{
	uint8_t mask = (uint8_t)(1u << n % 8);

	dut.mem[at + n / 8] = (uint8_t)((dut.mem[at + n / 8] & ~mask) | (value ? mask : 0));
}

static void reset_part(const struct part *part)
{
	for (unsigned int i = 0; i < part->width; i++)
		set_bit(part->at, part->lsb + i, part->reset >> i & 1);
	if (faulty(part, WRONG_RESET))
		set_bit(part->at, part->lsb + 1 % part->width,
			!bit(part->at, part->lsb + 1 % part->width));
}

static bool do_reset(void *user, enum regtest_reset kind)
{
	(void)user;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		unsigned int resets = parts[i].resets;

		if (faulty(&parts[i], RESETS_TOO_LITTLE))
			resets = REGTEST_POWER_ON;
		if (faulty(&parts[i], RESETS_TOO_MUCH))
			resets = 7;
		if (resets & kind)
			reset_part(&parts[i]);
	}
	memset(dut.mem + ARRAY, 0, SIZE - ARRAY);
	dut.written = 0;
	return true;
}

static void write_bit(const struct part *part, unsigned int n, bool value)
{
	bool now = bit(part->at, n), key = bit(KEY, 0);
	enum rule rule = part->rule;

	if (part->lock && key != (part->lock == 'h') && !faulty(part, OPEN))
		return;
	if (faulty(part, STUCK) && n == part->lsb)
		return;
	if (faulty(part, STORES))
		rule = RW;
	switch (rule) {
	case GAP:
	case RO:
	case LIVE:
		return;
	case RW:
	case RCLR:
	case RSET:
		now = value;
		break;
	case ONCE:
		if ((dut.written >> n & 1) && !faulty(part, AGAIN))
			return;
		dut.written |= UINT64_C(1) << n;
		now = value;
		break;
	case WOCLR:
		now = value ? false : now;
		break;
	case WOSET:
		now = value ? true : now;
		break;
	case WOT:
		now = value ? !now : now;
		break;
	case WZC:
		now = value ? now : false;
		break;
	case WZS:
		now = value ? now : true;
		break;
	case WZT:
		now = value ? now : !now;
		break;
	case WCLR:
		now = false;
		break;
	case WSET:
		now = true;
		break;
	}
	set_bit(part->at, n, now);
}

static void write_at(void *user, unsigned int bar, uint64_t offset, unsigned int width,
		     uint64_t value)
{
	(void)user;
	assert_int_equal(bar, 3);
	assert_true(offset + width <= SIZE && offset % width == 0);
	if (offset == HANDS_OFF || offset == READ_ME)
		dut.forbidden++;
	if (offset == LIMITED && (value & 0xf) != 1 && (value & 0xf) != 6)
		dut.illegal_values++;
	if (offset == LIMITED && value >> 4)
		dut.illegal_values++;
	if (offset >= ARRAY) {
		memcpy(dut.mem + offset, &value, width);
		return;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const struct part *part = &parts[i];

		for (unsigned int n = part->lsb; n < part->lsb + part->width; n++) {
			unsigned int byte = part->at + n / 8;

			if (byte >= offset && byte < offset + width)
				write_bit(part, n, value >> (8 * (byte - offset) + n % 8) & 1);
			else if (faulty(part, WHOLE) && offset >= part->at && offset < part->at + 8)
				write_bit(part, n, value >> n % (8 * width) & 1);
			if (faulty(part, ALIASED) && byte == offset && n % 8 == 0)
				memcpy(dut.mem + PLAIN, &value, 4);
		}
	}
}

static uint64_t read_at(void *user, unsigned int bar, uint64_t offset, unsigned int width)
{
	uint64_t value = 0;

	(void)user;
	assert_int_equal(bar, 3);
	assert_true(offset + width <= SIZE && offset % width == 0);
	if (offset == HANDS_OFF)
		dut.forbidden++;
	/* Nobody knows what it will be next. */
	if (!(dut.faulty == &parts[10]))
		dut.mem[FIXED + 1] = (uint8_t)(dut.live += 37);
	memcpy(&value, dut.mem + offset, width);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const struct part *part = &parts[i];

		if ((part->rule != RCLR && part->rule != RSET) || faulty(part, NO_READ_EFFECT))
			continue;
		for (unsigned int n = part->lsb; n < part->lsb + part->width; n++)
			if (part->at + n / 8 >= offset && part->at + n / 8 < offset + width)
				set_bit(part->at, n, part->rule == RSET);
	}
	return value;
}

static const char *reachable(void *user, unsigned int bar)
{
	return NULL;
}

/* ---- its table, as the spec would have it ---- */

#define FLAGS_RW (REGTEST_READ | REGTEST_WRITE)
#define GAP_OF(bits)                                                                               \
	{                                                                                          \
		.mask = (bits), .flags = REGTEST_READ | REGTEST_GAP                                \
	}

static const struct regtest_field plain[] = {
	{ .mask = 0xffffffff, .flags = FLAGS_RW, .resets = 7 }
};
static const struct regtest_field kept[] = {
	{ .mask = 0xffffffff, .flags = FLAGS_RW, .resets = REGTEST_POWER_ON }
};
static const struct regtest_field wide[] = {
	{ .mask = UINT64_MAX, .flags = FLAGS_RW, .resets = 7 }
};
static const struct regtest_field first[] = {
	{ .mask = 0xffffffff, .flags = FLAGS_RW | REGTEST_ONCE, .resets = 7 }
};

#define EFFECT(n, shift, effect)                                                                   \
	{                                                                                          \
		.name = (n), .mask = 0xfull << (shift), .flags = FLAGS_RW, .onwrite = (effect),    \
		.resets = 7                                                                        \
	}
static const struct regtest_field fx[] = {
	EFFECT("OC", 0, REGTEST_WOCLR), EFFECT("OS", 4, REGTEST_WOSET),
	EFFECT("OT", 8, REGTEST_WOT),	EFFECT("ZC", 12, REGTEST_WZC),
	EFFECT("ZS", 16, REGTEST_WZS),	EFFECT("ZT", 20, REGTEST_WZT),
	EFFECT("AC", 24, REGTEST_WCLR), EFFECT("AS", 28, REGTEST_WSET),
};
static const struct regtest_field fixed[] = {
	{ .name = "CONST", .mask = 0xff, .flags = REGTEST_READ, .resets = 7 },
	{ .name = "LIVE", .mask = 0xff00, .flags = REGTEST_READ | REGTEST_HARDWARE, .resets = 7 },
	GAP_OF(0xffff0000),
};
static const struct regtest_field rx[] = {
	{ .name = "RC", .mask = 0xffff, .flags = FLAGS_RW, .onread = REGTEST_RCLR, .resets = 7 },
	{ .name = "RS",
	  .mask = 0xffff0000,
	  .flags = FLAGS_RW,
	  .onread = REGTEST_RSET,
	  .resets = 7 },
};
static const struct regtest_field key[] = {
	{ .name = "K", .mask = 1, .flags = FLAGS_RW, .resets = 7 },
	GAP_OF(0xfffffffe),
};
static const struct regtest_lock high = { .reg = 5, .open_if_set = true, .mask = 1 };
static const struct regtest_lock low = { .reg = 5, .open_if_set = false, .mask = 1 };
static const struct regtest_field locked[] = {
	{ .name = "HIGH",
	  .mask = 0xff,
	  .flags = FLAGS_RW,
	  .resets = 7,
	  .locks = &high,
	  .n_locks = 1 },
	{ .name = "LOW",
	  .mask = 0xff00,
	  .flags = FLAGS_RW,
	  .resets = 7,
	  .locks = &low,
	  .n_locks = 1 },
	GAP_OF(0xffff0000),
};
static const uint64_t legal[] = { 1, 6 };
static const struct regtest_field limited[] = {
	{ .name = "MODE",
	  .mask = 0xf,
	  .flags = FLAGS_RW,
	  .resets = 7,
	  .legal = legal,
	  .n_legal = 2 },
	{ .mask = 0xfffffff0, .flags = REGTEST_READ | REGTEST_GAP, .must = REGTEST_ZERO },
};

#define REG(n, o, w, a, f, ...)                                                                    \
	{                                                                                          \
		.name = (n), .offset = (o), .count = 1, .stride = (w), .rows = 1, .bar = 3,        \
		.width = (w), .access = (a), .fields = (f),                                        \
		.n_fields = sizeof(f) / sizeof((f)[0]), __VA_ARGS__                                \
	}

static const struct regtest_reg regs[] = {
	REG("PLAIN", PLAIN, 4, 7, plain, .reset = 0x12345678),
	REG("FX", FX, 4, 4, fx, .reset = 0x0fa0f50f),
	REG("FIXED", FIXED, 4, 4, fixed, .reset = 0xa5),
	REG("RX", RX, 4, 4, rx, .reset = 0xffff),
	REG("FIRST", FIRST, 4, 4, first, .reset = 0),
	REG("KEY", KEY, 4, 4, key, .reset = 1, .lock = true),
	REG("LOCKED", LOCKED, 4, 4, locked, .reset = 0x2211),
	REG("LIMITED", LIMITED, 4, 4, limited, .reset = 1),
	REG("WIDE", WIDE, 8, 12, wide, .reset = 0),
	REG("KEPT", KEPT, 4, 4, kept, .reset = 0x77),
	REG("HANDS_OFF", HANDS_OFF, 4, 4, plain, .no_read = "it bites"),
	REG("READ_ME", READ_ME, 4, 4, plain, .no_write = "it is shy"),
	{ .name = "ARRAY",
	  .offset = ARRAY,
	  .count = ARRAY_COUNT,
	  .stride = 4,
	  .rows = 1,
	  .bar = 3,
	  .width = 4,
	  .access = 4,
	  .fields = plain,
	  .n_fields = 1 },
};

static const struct regtest_bar bars[] = {
	{ .number = 3, .hole = -1, .span = ARRAY + 4 * ARRAY_COUNT },
};

static const struct regtest_table table = {
	.name = "dut",
	.hash = "0123456789abcdef",
	.bars = bars,
	.n_bars = 1,
	.regs = regs,
	.n_regs = sizeof(regs) / sizeof(regs[0]),
};

/* ---- running it ---- */

/* Runs the test on the device as it is; what was printed, to be freed. */
static char *run(const struct regtest_table *which, const struct regtest_io *io, int *ret_status)
{
	int out = memfd_create("report", MFD_CLOEXEC), old;
	char *text;
	off_t size;

	fflush(stdout);
	old = dup(1);
	dup2(out, 1);
	*ret_status = regtest_run(which, io);
	fflush(stdout);
	dup2(old, 1);
	close(old);
	size = lseek(out, 0, SEEK_END);
	text = calloc(1, (size_t)size + 1);
	assert_int_equal(pread(out, text, (size_t)size, 0), size);
	close(out);
	return text;
}

static const struct regtest_io with_resets = {
	.max_width = 8,
	.resets = 7,
	.fresh = REGTEST_POWER_ON,
	.read = read_at,
	.write = write_at,
	.reset = do_reset,
	.unreachable = reachable,
};

static void power_on(const struct part *part, enum fault fault)
{
	memset(&dut, 0, sizeof(dut));
	dut.faulty = part;
	dut.fault = fault;
	do_reset(NULL, REGTEST_POWER_ON);
}

static unsigned int count(const char *text, const char *words)
{
	unsigned int n = 0;

	for (; (text = strstr(text, words)); text++)
		n++;
	return n;
}

static void sound_device_passes(void **state)
{
	char *text;
	int status;

	power_on(NULL, SOUND);
	text = run(&table, &with_resets, &status);
	if (status)
		print_error("%s", text);
	assert_int_equal(status, 0);
	assert_null(strstr(text, "not ok"));
	assert_non_null(strstr(text, "# dut, spec 0123456789abcdef\n"));
	/* Each field twice, apart, three resets. */
	assert_non_null(strstr(text, "\n1..58\n"));
	assert_int_equal(count(text, "\nok "), 58);
	assert_non_null(strstr(text, "HANDS_OFF: reset value # SKIP it bites\n"));
	assert_non_null(strstr(text, "HANDS_OFF: writes # SKIP it bites\n"));
	assert_non_null(strstr(text, "READ_ME: writes # SKIP it is shy\n"));
	assert_int_equal(count(text, "# SKIP"), 4);
	assert_int_equal(dut.forbidden, 0);
	assert_int_equal(dut.illegal_values, 0);
	free(text);
}

/* Without a reset at hand everything is as it was, and what could not be put back is left alone. */
static void everything_is_put_back(void **state)
{
	struct regtest_io io = with_resets;
	uint8_t before[SIZE];
	char *text;
	int status;

	power_on(NULL, SOUND);
	for (unsigned int i = 0; i < ARRAY_COUNT; i++)
		dut.mem[ARRAY + 4 * i] = (uint8_t)i;
	memcpy(before, dut.mem, SIZE);
	io.resets = 0;
	io.fresh = 0;
	io.reset = NULL;
	text = run(&table, &io, &status);
	assert_int_equal(status, 0);
	before[FIXED + 1] = dut.mem[FIXED + 1];
	assert_memory_equal(dut.mem, before, SIZE);
	assert_int_equal(dut.written, 0);
	assert_int_equal(dut.forbidden, 0);
	assert_non_null(strstr(text, "PLAIN: reset value # SKIP no reset was done"));
	assert_non_null(strstr(text, "FIRST: writes # SKIP any write changes it, and no reset"));
	assert_non_null(strstr(text, "FX.OC: writes # SKIP any write changes AC, and no reset"));
	assert_non_null(strstr(text, "RX.RC: writes # SKIP a read changes RC, and no reset"));
	free(text);
}

/* Every line that fails names this one; at least one does. */
static void must_name(const char *text, const char *name)
{
	char start[64];
	unsigned int named = 0;

	snprintf(start, sizeof(start), "- %s:", name);
	for (const char *at = text; (at = strstr(at, "\nnot ok ")); at++) {
		const char *what = strchr(at + 8, '-');
		const char *reason = strchr(at + 1, '\n');

		if (strncmp(what, start, strlen(start)) == 0) {
			named++;
			continue;
		}
		/* What looks at all of them says in the next line which one it was. */
		if (strncmp(what, "- all registers:", 16) == 0 && strncmp(reason, "\n# ", 3) == 0 &&
		    strncmp(reason + 3, name, strlen(name)) == 0) {
			named++;
			continue;
		}
		print_error("blames another than %s:\n%s", name, text);
		fail();
	}
	if (!named)
		print_error("does not find %s:\n%s", name, text);
	assert_true(named > 0);
}

static bool breakable(const struct part *part, enum fault fault)
{
	bool changes = part->rule != GAP && part->rule != RO && part->rule != LIVE;

	switch (fault) {
	case WRONG_RESET:
		return part->rule != LIVE;
	case STUCK:
		/* Closed by its lock, it does not move anyway. */
		return changes && part->lock != 'l';
	case STORES:
		/* What must be written as zero is: nobody sees whether a one would stay. */
		if (part->rule == GAP && part->at == LIMITED)
			return false;
		return part->rule != RW && part->rule != RCLR && part->rule != RSET;
	case NO_READ_EFFECT:
		return part->rule == RCLR || part->rule == RSET;
	case RESETS_TOO_LITTLE:
		return part->rule == RW && !part->lock && part->resets == 7;
	case RESETS_TOO_MUCH:
		return part->resets == REGTEST_POWER_ON;
	case ALIASED:
		return false; /* below: it is PLAIN that is blamed */
	case WHOLE:
		return part->at == WIDE || part->at == PLAIN;
	case OPEN:
		return part->lock == 'l';
	case AGAIN:
		return part->rule == ONCE;
	default:
		return false;
	}
}

static void each_broken_rule_is_found(void **state)
{
	unsigned int n = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		for (int fault = WRONG_RESET; fault <= AGAIN; fault++) {
			char *text;
			int status;

			if (!breakable(&parts[i], (enum fault)fault))
				continue;
			power_on(&parts[i], (enum fault)fault);
			text = run(&table, &with_resets, &status);
			if (status != 1)
				print_error("%s with fault %d passes\n", parts[i].name, fault);
			assert_int_equal(status, 1);
			must_name(text, parts[i].name);
			free(text);
			n++;
		}
	}
	assert_true(n > 50);
}

static void a_register_that_answers_for_another(void **state)
{
	const struct part *kept_part = &parts[sizeof(parts) / sizeof(parts[0]) - 1];
	char *text;
	int status;

	power_on(kept_part, ALIASED);
	text = run(&table, &with_resets, &status);
	assert_int_equal(status, 1);
	assert_non_null(strstr(text, "- all registers: none answers for another\n# PLAIN (BAR3 "
				     "0x0) has changed while other registers were written\n"));
	free(text);
}

/* The same device, and a table that is wrong: the other way round. */
static void a_wrong_table(void **state)
{
	struct regtest_reg wrong[sizeof(regs) / sizeof(regs[0])];
	struct regtest_table other = table;
	char *text;
	int status;

	memcpy(wrong, regs, sizeof(regs));
	wrong[0].offset = FIXED;
	other.regs = wrong;
	power_on(NULL, SOUND);
	text = run(&other, &with_resets, &status);
	assert_int_equal(status, 1);
	must_name(text, "PLAIN");
	free(text);
}

static bool dead(void *user)
{
	return false;
}

static unsigned int resets_left;

static bool reset_at_first(void *user, enum regtest_reset kind)
{
	return resets_left && resets_left-- && do_reset(user, kind);
}

/* What was changed and did not come back is no success, even if every rule held. */
static void a_reset_that_fails(void **state)
{
	struct regtest_io io = with_resets;
	char *text;
	int status;

	io.reset = reset_at_first;
	resets_left = 1;
	power_on(NULL, SOUND);
	text = run(&table, &io, &status);
	assert_int_equal(status, 1);
	assert_non_null(strstr(text, "# the device could not be reset: what was changed has "
				     "stayed so\n"));
	free(text);
}

static void a_device_that_goes_away(void **state)
{
	struct regtest_io io = with_resets;
	char *text;
	int status;

	io.alive = dead;
	power_on(&parts[0], STUCK);
	text = run(&table, &io, &status);
	assert_int_equal(status, 1);
	assert_non_null(strstr(text, "Bail out! the device does not answer any more\n"));
	assert_null(strstr(text, "FX.OC: writes"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_device_passes),
		cmocka_unit_test(everything_is_put_back),
		cmocka_unit_test(each_broken_rule_is_found),
		cmocka_unit_test(a_register_that_answers_for_another),
		cmocka_unit_test(a_wrong_table),
		cmocka_unit_test(a_reset_that_fails),
		cmocka_unit_test(a_device_that_goes_away),
	};

	return cmocka_run_group_tests_name("register test", tests, NULL, NULL);
}

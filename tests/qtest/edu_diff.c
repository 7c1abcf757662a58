/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ours against QEMU's own edu: a long random sequence of accesses, transfers, resets and
 * guest time is driven into both, without a guest. Reads, interrupt lines, messages and memory must
 * be the same. What the original does wrong is not imitated; each such thing has a
 * function here that begins with "their_", which says what is expected instead and
 * brings the two back together. edu_bugs.c looks at each by itself.
 *
 * A seed gives one sequence. EDU_DIFF_SEED is another one, EDU_DIFF_STEPS another length.
 * When they differ, the test prints what, and the shortest sequence that it found to show it.
 */
#include "edu_pair.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define STEPS 200000
#define SESSION 50000 /* steps until both begin anew */
#define SEED 1

/* Two of the DMA engine's moments. */
#define DMA_MS 100
/*
 * Their thread clears COMPUTING before it looks at IRQFACT. After a factorial without
 * an interrupt nobody sets IRQFACT for so many steps, or it might look too late.
 */
#define QUIET_STEPS 300

/* ---- steps ---- */

enum kind {
	READ,
	WRITE,
	PASS, /* value ms */
	TRANSFER, /* at: in the buffer; value: bus address; count; width: command bits */
	RAM, /* eight bytes */
	LOOK, /* at memory and at the count of messages */
	MSI,
	INTX_DISABLE,
	MASTER_OFF, /* a transfer without bus mastering */
	HOLE, /* a transfer with nobody there */
	RESET,
	OWN_RESET,
	KINDS
};

struct step {
	uint8_t kind, width;
	uint16_t count;
	uint32_t at;
	uint64_t value;
};

static uint64_t next(uint64_t *rng)
{
	/* SplitMix64, of the public domain. */
	uint64_t z = *rng += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint32_t below(uint64_t *rng, uint32_t n)
{
	return (uint32_t)((next(rng) >> 32) * n >> 32);
}

static const uint32_t places[] = { 0x00, 0x04, 0x08, 0x20, 0x24, 0x60, 0x64, 0x80,
				   0x84, 0x88, 0x8c, 0x90, 0x94, 0x98, 0x9c, 0x00 };

/* Mostly what is in the map, as it is meant to be accessed. */
static void any_access(uint64_t *rng, struct step *s)
{
	uint32_t dice = below(rng, 16);

	s->at = places[below(rng, sizeof(places) / sizeof(places[0]))];
	s->width = s->at >= 0x80 && below(rng, 2) ? 8 : 4;
	if (dice == 0)
		s->at = below(rng, 0x100);
	else if (dice == 1)
		s->at = below(rng, 0x100000);
	if (dice <= 2)
		s->width = (uint8_t)(1u << below(rng, 4));
	else
		s->at -= s->at % s->width;
	if (s->at > 0x100000u - s->width)
		s->at = 0x100000u - s->width;
}

static uint64_t any_value(uint64_t *rng)
{
	switch (below(rng, 6)) {
	case 0:
		return 0;
	case 1:
		return UINT64_C(1) << below(rng, 64);
	case 2:
		return below(rng, 0x200);
	case 3:
		return EDU_BUFFER + below(rng, EDU_BUFFER_SIZE + 2);
	default:
		return next(rng);
	}
}

static uint16_t any_count(uint64_t *rng)
{
	switch (below(rng, 8)) {
	case 0:
		return EDU_BUFFER_SIZE;
	case 1:
		return 0;
	default:
		return (uint16_t)below(rng, below(rng, 4) ? 64 : EDU_BUFFER_SIZE + 1);
	}
}

static struct step any_step(uint64_t *rng)
{
	uint32_t dice = below(rng, 10000);
	struct step s = { .kind = READ };

	if (dice < 3000) {
		any_access(rng, &s);
	} else if (dice < 5500) {
		s.kind = WRITE;
		any_access(rng, &s);
		s.value = any_value(rng);
	} else if (dice < 7000) {
		s.kind = WRITE;
		s.width = 4;
		s.at = below(rng, 2) ? 0x60 : 0x64;
		s.value = below(rng, 4) ? below(rng, 0x200) : UINT32_MAX;
	} else if (dice < 7600) {
		s.kind = PASS;
		s.value = below(rng, 4) ? 1 + below(rng, 60) : DMA_MS;
	} else if (dice < 8300) {
		s.kind = TRANSFER;
		s.count = any_count(rng);
		s.at = below(rng, EDU_BUFFER_SIZE - s.count + 1u);
		/* Now and then just past the end. */
		if (!below(rng, 16))
			s.at = EDU_BUFFER_SIZE - s.count + 1u + below(rng, 2);
		s.value = EDU_RAM + below(rng, EDU_RAM_SIZE - s.count + 1u);
		if (!below(rng, 4))
			s.value += next(rng) & ~EDU_MASK;
		s.width = (uint8_t)(EDU_RUN | below(rng, 4) << 1);
	} else if (dice < 9300) {
		s.kind = RAM;
		s.at = below(rng, EDU_RAM_SIZE - 8);
		s.value = next(rng);
	} else if (dice < 9800) {
		s.kind = LOOK;
	} else if (dice < 9900) {
		s.kind = below(rng, 2) ? MSI : INTX_DISABLE;
		s.value = below(rng, 2);
	} else if (dice < 9990) {
		s.kind = below(rng, 2) ? MASTER_OFF : HOLE;
		s.value = below(rng, 2);
	} else {
		s.kind = below(rng, 2) ? RESET : OWN_RESET;
	}
	return s;
}

static void print_step(const struct step *s)
{
	static const char *const names[KINDS] = {
		[READ] = "read",
		[WRITE] = "write",
		[PASS] = "time passes, ms",
		[TRANSFER] = "transfer",
		[RAM] = "memory",
		[LOOK] = "look",
		[MSI] = "MSI",
		[INTX_DISABLE] = "INTx disable",
		[MASTER_OFF] = "transfer without bus mastering",
		[HOLE] = "transfer from nowhere",
		[RESET] = "system reset",
		[OWN_RESET] = "our own reset",
	};

	print_message("  %s at 0x%x width %u count %u value 0x%" PRIx64 "\n", names[s->kind], s->at,
		      s->width, s->count, s->value);
}

/* ---- both devices, as we know them to be ---- */

struct run {
	struct edu_pair *pair;
	uint64_t now; /* ms */
	uint64_t src, dst, count, cmd;
	uint64_t due; /* ms; of the transfer under way */
	bool irqfact, msi;
	uint16_t command; /* of config space */
	unsigned int quiet; /* steps to wait yet until IRQFACT may be set */
};

static bool running(const struct run *r)
{
	return r->cmd & EDU_RUN;
}

static void pass(struct run *r, unsigned int ms)
{
	edu_pass(r->pair, ms);
	r->now += ms;
	if (!running(r) || r->now < r->due)
		return;
	r->cmd &= ~(uint64_t)EDU_RUN;
	if (r->cmd & EDU_TO_RAM)
		edu_memory(r->pair, r->dst & EDU_MASK, (size_t)r->count);
	edu_messages(r->pair);
}

static void until_idle(struct run *r)
{
	if (running(r) && r->due > r->now)
		pass(r, (unsigned int)(r->due - r->now));
}

/* A write of one of the four, and what it does; not while a transfer runs. */
static void put_dma(struct run *r, uint64_t at, uint64_t value)
{
	uint64_t *const reg[] = { &r->src, &r->dst, &r->count, &r->cmd };

	edu_put(r->pair, BOTH, at, 8, value);
	*reg[(at - 0x80) / 8] = value;
	if (at == 0x98)
		r->due = r->now + DMA_MS;
}

/* One whose range is good, at both, to its end. */
static void transfer(struct run *r, uint64_t bus, uint64_t offset, uint64_t count, unsigned int cmd)
{
	uint64_t own = EDU_BUFFER + offset;

	put_dma(r, 0x80, cmd & EDU_TO_RAM ? own : bus);
	put_dma(r, 0x88, cmd & EDU_TO_RAM ? bus : own);
	put_dma(r, 0x90, count);
	put_dma(r, 0x98, cmd | EDU_RUN);
}

/* Registers and buffer of the DMA engine the same again at both. */
static void same_engine(struct run *r)
{
	transfer(r, EDU_RAM, 0, EDU_BUFFER_SIZE, 0);
	until_idle(r);
}

static void factorial(struct run *r, uint32_t n)
{
	/* Theirs takes n multiplications: a minute for some. */
	if (n > 20000)
		n %= 20000;
	if (r->irqfact)
		edu_put(r->pair, BOTH, 0x64, 4, 1);
	edu_put(r->pair, BOTH, 0x08, 4, n);
	edu_wait(r->pair, r->irqfact);
	if (!r->irqfact)
		r->quiet = QUIET_STEPS;
	edu_get(r->pair, 0x08, 4);
	edu_messages(r->pair);
}

static void put_status(struct run *r, uint32_t value)
{
	if (r->quiet)
		value &= ~0x80u;
	r->irqfact = value & 0x80;
	edu_put(r->pair, BOTH, 0x20, 4, value);
}

/* All that ours has after a reset, and theirs has not: the same again at both. */
static void same_registers(struct run *r)
{
	edu_put(r->pair, BOTH, 0x64, 4, UINT32_MAX);
	edu_put(r->pair, BOTH, 0x04, 4, 0);
	put_status(r, 0);
	factorial(r, 0);
	same_engine(r);
}

/* ---- the original's bugs ---- */

/*
 * A range that leaves the buffer is only logged, and QEMU's heap overrun. Ours refuses it:
 * the same 100 ms, the interrupt, no memory touched, an error code. So it goes to ours
 * alone.
 */
static void their_unchecked_range(struct run *r, unsigned int width, uint64_t cmd)
{
	edu_put(r->pair, OURS, 0x98, width, cmd);
	edu_expect(r->pair, OURS, 0xa0, 4, 0);
	pass(r, DMA_MS - 1);
	edu_expect(r->pair, OURS, 0x98, 8, cmd);
	if (cmd & EDU_IRQ)
		edu_put(r->pair, THEIRS, 0x60, 4, 0x100);
	pass(r, 1);
	edu_expect(r->pair, OURS, 0x98, 8, cmd & ~(uint64_t)EDU_RUN);
	edu_expect(r->pair, OURS, 0xa0, 4, 1);
	edu_messages(r->pair);
	edu_memory(r->pair, EDU_RAM, EDU_RAM_SIZE);
	/* What is in the buffer is the same yet. */
	transfer(r, EDU_RAM, 0, EDU_BUFFER_SIZE, EDU_TO_RAM);
	until_idle(r);
}

/*
 * An address where nothing is, or bus mastering off, is not noticed, and zeros are taken for
 * what was read. Ours has an error code, and all-ones. Memory is untouched at both.
 */
static void their_unnoticed_error(struct run *r, uint64_t address, bool to_ram, uint32_t code)
{
	transfer(r, address, 64, 256, to_ram ? EDU_TO_RAM : 0);
	/* Not by pass(): there may be nothing to look at. */
	edu_pass(r->pair, DMA_MS);
	r->now += DMA_MS;
	r->cmd &= ~(uint64_t)EDU_RUN;
	edu_get(r->pair, 0x98, 8);
	edu_expect(r->pair, OURS, 0xa0, 4, code);
	edu_expect(r->pair, THEIRS, 0xa0, 4, UINT32_MAX);
	edu_memory(r->pair, EDU_RAM, EDU_RAM_SIZE);
}

static void master_off(struct run *r, bool to_ram)
{
	/* What is said in messages would be lost at theirs, and waits at ours. */
	edu_put(r->pair, BOTH, 0x64, 4, UINT32_MAX);
	edu_command(r->pair, r->command & ~0x4u);
	their_unnoticed_error(r, EDU_RAM, to_ram, 2);
	edu_command(r->pair, r->command);
	same_engine(r);
}

/* A reset leaves it as it is, a transfer in the middle of it included. */
static void their_missing_reset(struct run *r)
{
	static const uint32_t of_4[] = { 0x04, 0x08, 0x20, 0x24, 0xa0 };
	size_t i;

	/* Or theirs would go on after the reset. */
	until_idle(r);
	edu_reset(r->pair);
	for (i = 0; i < sizeof(of_4) / sizeof(of_4[0]); i++)
		edu_expect(r->pair, OURS, of_4[i], 4, 0);
	for (i = 0x80; i <= 0x98; i += 8)
		edu_expect(r->pair, OURS, i, 8, 0);
	edu_expect(r->pair, THEIRS, 0x80, 8, r->src);
	edu_expect(r->pair, THEIRS, 0x90, 8, r->count);
	r->msi = false;
	r->command = 0x7;
	same_registers(r);
}

static void their_missing_own_reset(struct run *r)
{
	until_idle(r);
	edu_put(r->pair, OURS, 0xa8, 4, 1);
	edu_expect(r->pair, OURS, 0x24, 4, 0);
	edu_expect(r->pair, OURS, 0x80, 8, 0);
	same_registers(r);
}

/*
 * Without MSI the line says what IRQ_STATUS says, says PCI; theirs is only changed by the next
 * raise or acknowledgement. So the kind of interrupt is changed while nothing is pending.
 */
static void their_stale_line(struct run *r, bool msi)
{
	edu_put(r->pair, BOTH, 0x64, 4, UINT32_MAX);
	edu_msi(r->pair, msi);
	r->msi = msi;
}

/* ---- one step ---- */

static bool in_buffer(uint64_t at, uint64_t count)
{
	return at - EDU_BUFFER <= EDU_BUFFER_SIZE && count <= EDU_BUFFER_SIZE - (at - EDU_BUFFER);
}

/* A command that is not a TRANSFER's: with what happens to be in the registers. */
static void put_cmd(struct run *r, unsigned int width, uint64_t value)
{
	bool to_ram = value & EDU_TO_RAM;
	uint64_t *bus = to_ram ? &r->dst : &r->src;
	uint64_t address = *bus & EDU_MASK;

	value &= UINT64_MAX >> (64 - 8 * width);
	if (!running(r) && value & EDU_RUN) {
		if (!in_buffer(to_ram ? r->src : r->dst, r->count)) {
			their_unchecked_range(r, width, value);
			return;
		}
		if (address < EDU_RAM_FIRST || address + EDU_BUFFER_SIZE > EDU_RAM_LAST)
			put_dma(r, to_ram ? 0x88 : 0x80, (*bus & ~EDU_MASK) | EDU_RAM);
		r->cmd = value;
		r->due = r->now + DMA_MS;
	}
	edu_put(r->pair, BOTH, 0x98, width, value);
}

static void write_step(struct run *r, const struct step *s)
{
	bool wide = s->width == 8 && s->at % 8 == 0, half = s->width == 4;
	uint64_t value = s->value & UINT64_MAX >> (64 - 8 * s->width);

	if (half && s->at == 0x08) {
		/* Or the quiet would never end. */
		if (!r->quiet)
			factorial(r, (uint32_t)value);
		return;
	}
	if (half && s->at == 0x20) {
		put_status(r, (uint32_t)value);
		return;
	}
	if ((half || wide) && s->at == 0x98) {
		put_cmd(r, s->width, value);
		return;
	}
	/* OWN_RESET has that. */
	if (half && s->at == 0xa8)
		return;
	edu_put(r->pair, BOTH, s->at, s->width, s->value);
	if ((half || wide) && !running(r)) {
		r->src = s->at == 0x80 ? value : r->src;
		r->dst = s->at == 0x88 ? value : r->dst;
		r->count = s->at == 0x90 ? value : r->count;
	}
	edu_messages(r->pair);
}

static void transfer_step(struct run *r, const struct step *s)
{
	bool to_ram = s->width & EDU_TO_RAM;

	if (running(r))
		return;
	if (s->at + s->count <= EDU_BUFFER_SIZE) {
		transfer(r, s->value, s->at, s->count, s->width);
		return;
	}
	put_dma(r, to_ram ? 0x88 : 0x80, s->value);
	put_dma(r, to_ram ? 0x80 : 0x88, EDU_BUFFER + s->at);
	put_dma(r, 0x90, s->count);
	put_cmd(r, 8, s->width);
}

static void read_step(struct run *r, const struct step *s)
{
	/* Where ours has registers more. */
	if (s->width == 4 && s->at == 0xa0)
		edu_expect(r->pair, THEIRS, 0xa0, 4, UINT32_MAX);
	else if (s->width == 4 && s->at == 0xa4)
		edu_expect(r->pair, OURS, 0xa4, 4, 0x2b756465);
	else
		edu_get(r->pair, s->at, s->width);
}

static void look(struct run *r)
{
	edu_messages(r->pair);
	edu_get(r->pair, 0x24, 4);
	edu_get(r->pair, 0x98, 8);
}

static void step(struct run *r, const struct step *s)
{
	if (r->quiet)
		r->quiet--;
	switch ((enum kind)s->kind) {
	case READ:
		read_step(r, s);
		return;
	case WRITE:
		write_step(r, s);
		return;
	case PASS:
		pass(r, (unsigned int)s->value);
		return;
	case TRANSFER:
		transfer_step(r, s);
		return;
	case RAM:
		edu_say(r->pair, BOTH, EDU_SAME, 0, "writeq 0x%" PRIx64 " 0x%" PRIx64,
			EDU_RAM + s->at, s->value);
		return;
	case LOOK:
		look(r);
		return;
	case MSI:
		their_stale_line(r, s->value);
		return;
	case INTX_DISABLE:
		r->command = s->value ? 0x407 : 0x007;
		edu_command(r->pair, r->command);
		return;
	case MASTER_OFF:
		until_idle(r);
		master_off(r, s->value);
		return;
	case HOLE:
		until_idle(r);
		their_unnoticed_error(r, EDU_HOLE, s->value, 3);
		same_engine(r);
		return;
	case RESET:
		their_missing_reset(r);
		return;
	case OWN_RESET:
		their_missing_own_reset(r);
		return;
	case KINDS:
		return;
	}
}

/* ---- a session, and what to do when it fails ---- */

/* The number of steps that were taken: n, or fewer, if the two differ; then *ret_why, to be freed. */
static size_t run(const struct step *steps, size_t n, const char *model, const char *more,
		  char **ret_why)
{
	struct run r = { .pair = edu_pair_start(model, more), .command = 0x7 };
	size_t i;

	*ret_why = NULL;
	for (i = 0; i < n && !edu_difference(r.pair); i++)
		step(&r, &steps[i]);
	edu_memory(r.pair, EDU_RAM, EDU_RAM_SIZE);
	edu_flush(r.pair);
	if (edu_difference(r.pair))
		*ret_why = strdup(edu_difference(r.pair));
	edu_pair_stop(r.pair);
	return i;
}

/* Leaves out what can be left out. It takes many runs, so it does not look for the very shortest. */
#define SHRINK_RUNS 150

static size_t shrink(struct step *steps, size_t n, const char *model, const char *more)
{
	struct step *less = malloc(n * sizeof(*less));
	size_t chunk = n / 2, at = 0, runs = 0, taken;
	char *why;

	while (chunk && runs < SHRINK_RUNS) {
		if (at >= n) {
			chunk /= 2;
			at = 0;
			continue;
		}
		taken = at + chunk < n ? at + chunk : n;
		memcpy(less, steps, at * sizeof(*less));
		memcpy(less + at, steps + taken, (n - taken) * sizeof(*less));
		runs++;
		run(less, n - (taken - at), model, more, &why);
		if (why) {
			n -= taken - at;
			memcpy(steps, less, n * sizeof(*less));
		} else {
			at = taken;
		}
		free(why);
	}
	free(less);
	return n;
}

static struct step *sequence(uint64_t seed, size_t n)
{
	struct step *steps = malloc(n * sizeof(*steps));
	size_t i;

	for (i = 0; i < n; i++)
		steps[i] = any_step(&seed);
	return steps;
}

static uint64_t setting(const char *name, uint64_t usual)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : usual;
}

static void same_as_the_original(void **unused)
{
	uint64_t seed = setting("EDU_DIFF_SEED", SEED), left = setting("EDU_DIFF_STEPS", STEPS);
	uint64_t total = left;
	struct timespec begin, end;
	double seconds;

	(void)unused;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (; left; seed++) {
		size_t i, n = left < SESSION ? (size_t)left : SESSION, taken;
		struct step *steps = sequence(seed, n);
		char *why;

		taken = run(steps, n, NULL, NULL, &why);
		if (why) {
			print_message("EDU_DIFF_SEED=%" PRIu64 ", before step %zu: %s\n", seed,
				      taken, why);
			taken = shrink(steps, taken, NULL, NULL);
			print_message("these %zu steps are enough:\n", taken);
			for (i = 0; i < taken; i++)
				print_step(&steps[i]);
			fail_msg("ours is not like the original");
		}
		free(steps);
		left -= n;
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	print_message("%" PRIu64 " steps, %.0f a second\n", total, (double)total / seconds);
}

/* ---- can it fail? ---- */

/* Ours with a fault: it must be found, and the steps that show it be few. */
static void finds(const char *model, const char *more, const char *what)
{
	uint64_t seed = setting("EDU_DIFF_SEED", SEED);
	struct step *steps = sequence(seed, SESSION);
	size_t taken;
	char *why;

	taken = run(steps, SESSION, model, more, &why);
	if (!why)
		fail_msg("%s: not found in %d steps", what, SESSION);
	print_message("%s: found before step %zu: %s\n", what, taken, why);
	free(why);
	free(steps);
}

static void finds_another_mask(void **unused)
{
	struct step *steps = sequence(SEED, SESSION);
	size_t taken, n;
	char *why;

	(void)unused;
	taken = run(steps, SESSION, NULL, ",dma_mask=0x7ffffff", &why);
	assert_non_null(why);
	free(why);
	n = shrink(steps, taken, NULL, ",dma_mask=0x7ffffff");
	print_message("shrunk from %zu to %zu\n", taken, n);
	assert_true(n < taken / 4 || n < 20);
	run(steps, n, NULL, ",dma_mask=0x7ffffff", &why);
	assert_non_null(why);
	free(why);
	free(steps);
}

/* meson.build makes them: the model with one line changed. */
static void finds_mutants(void **unused)
{
	char *names = strdup(getenv("EDU_MUTANTS") ? getenv("EDU_MUTANTS") : ""), *name, *rest;
	char file[4096];
	unsigned int n = 0;

	(void)unused;
	for (name = strtok_r(names, " ", &rest); name; name = strtok_r(NULL, " ", &rest), n++) {
		snprintf(file, sizeof(file), "%s/mutants/%s.so", getenv("QT_MODELS"), name);
		finds(file, NULL, name);
	}
	assert_true(n > 0);
	free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_as_the_original),
		cmocka_unit_test(finds_another_mask),
		cmocka_unit_test(finds_mutants),
	};

	qt_need_qemu();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

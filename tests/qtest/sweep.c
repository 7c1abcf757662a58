/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every offset, every width, aligned or not, read and write, as one access;
 * and random accesses. QEMU's answer has to be the bench's.
 */
#include "test.h"

#include <ersatz/bench.h>

static uint64_t ones(unsigned int width)
{
	return width == 8 ? UINT64_MAX : (UINT64_C(1) << (8 * width)) - 1;
}

/* Runs the accesses, whose addresses are offsets, on both; compares what was read. */
static void both(struct qt_pci *pci, struct ez_bench *bench, unsigned int bar,
		 struct qt_access *accesses, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		accesses[i].address += pci->bar[bar];
	qt_batch(pci->qt, accesses, n);
	for (i = 0; i < n; i++) {
		const struct qt_access *a = &accesses[i];
		uint64_t offset = a->address - pci->bar[bar];
		uint64_t expected;

		if (a->write) {
			ez_bench_write(bench, bar, offset, a->width, a->value);
			continue;
		}
		expected = ez_bench_read(bench, bar, offset, a->width) & ones(a->width);
		if ((a->value & ones(a->width)) != expected)
			fail_msg("access %zu: %u bytes at BAR%u+0x%llx: QEMU read 0x%llx, bench "
				 "0x%llx",
				 i, a->width, bar, (unsigned long long)offset,
				 (unsigned long long)a->value, (unsigned long long)expected);
	}
}

/* Reads and writes at each offset up to the last at which it fits. */
static size_t fill(struct qt_access *accesses, uint64_t size)
{
	struct qt_access *a = accesses;
	uint64_t offset;
	unsigned int width;

	for (offset = 0; offset < size; offset++)
		for (width = 1; width <= 8; width *= 2) {
			if (offset + width > size)
				continue;
			*a++ = (struct qt_access){ .width = (uint8_t)width, .address = offset };
			*a++ = (struct qt_access){ .write = true,
						   .width = (uint8_t)width,
						   .address = offset,
						   .value = (offset * 0x0101010101010101u + width) &
							    ones(width) };
			*a++ = (struct qt_access){ .width = (uint8_t)width, .address = offset };
		}
	return (size_t)(a - accesses);
}

static void my_rng_whole_bar(void **state)
{
	struct qt *qt = qt_start("-M pc -device my_rng,id=r");
	struct qt_pci rng = qt_pci_find(qt, 0, 0x1234, 0xcafe, 0);
	struct ez_bench *bench = ez_bench_new(qt_model("my_rng"), NULL);
	struct qt_access *accesses = calloc(MY_RNG_BAR_SIZE * 12, sizeof(*accesses));
	struct qt_access last = { .width = 4 };

	(void)state;
	qt_pci_setup(&rng);
	both(&rng, bench, 0, accesses, fill(accesses, MY_RNG_BAR_SIZE));
	/* Nothing of it has stopped the generator. */
	both(&rng, bench, 0, &last, 1);
	/* Each kind of mistake at each place was said once, not a thousand times. */
	assert_true(strlen(qt_stderr(qt)) > 0);
	assert_true(strlen(qt_stderr(qt)) < 8192);
	free(accesses);
	ez_bench_free(bench);
	qt_stop(qt);
}

/* Registers of the probe that give what no two backends share, or start what takes real time. */
static bool differs(unsigned int bar, uint64_t offset, unsigned int width)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = {
		{ PROBE_TIMER, PROBE_NOW + 8 }, { PROBE_RANDOM, PROBE_RANDOM + 4 },
		{ PROBE_DMA, PROBE_DMA + 4 },	{ PROBE_JOB, PROBE_JOB + 4 },
		{ PROBE_LOG, PROBE_LOG + 4 },
	};
	unsigned int i;

	for (i = 0; bar == PROBE_BAR_REGS && i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (offset < ranges[i].to && offset + width > ranges[i].from)
			return true;
	return false;
}

static uint64_t chance(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 24;
}

static void probe_random_accesses(void **state)
{
	static const uint64_t size[3] = { PROBE_BAR_REGS_SIZE, 0, PROBE_BAR_CELLS_SIZE };
	struct qt_pci probe = probe_start("");
	struct ez_bench *bench = ez_bench_new(qt_model("probe"), NULL);
	struct qt_access *accesses = calloc(10000, sizeof(*accesses));
	uint64_t seed = 42;
	unsigned int bar;
	size_t n = 0;

	(void)state;
	for (bar = 0; bar < 3; bar += 2) {
		for (n = 0; n < 10000;) {
			struct qt_access a = { .width = (uint8_t)(1u << chance(&seed) % 4) };

			a.write = chance(&seed) & 1;
			a.address = chance(&seed) % (size[bar] - 7);
			/* Where most registers are; and mostly aligned. */
			if (chance(&seed) % 4)
				a.address %= 0x200;
			if (chance(&seed) % 4)
				a.address &= ~(uint64_t)(a.width - 1);
			a.value = chance(&seed) << 40 ^ chance(&seed);
			a.value &= ones(a.width);
			if (!differs(bar, a.address, a.width))
				accesses[n++] = a;
		}
		both(&probe, bench, bar, accesses, n);
	}
	free(accesses);
	ez_bench_free(bench);
	qt_stop(probe.qt);
}

/* The same through I/O ports, which know no 8 bytes. */
static void probe_ports(void **state)
{
	struct qt_pci probe = probe_start("");
	struct ez_bench *bench = ez_bench_new(qt_model("probe"), NULL);
	uint64_t seed = 7;
	unsigned int i;

	(void)state;
	for (i = 0; i < 4000; i++) {
		unsigned int width = 1u << chance(&seed) % 3;
		uint32_t offset = (uint32_t)(chance(&seed) % (PROBE_BAR_PORTS_SIZE - width + 1));
		uint16_t port = (uint16_t)(probe.bar[1] + offset);
		uint32_t value = (uint32_t)(chance(&seed) & ones(width));

		if (chance(&seed) & 1) {
			qt_out(probe.qt, port, width, value);
			ez_bench_write(bench, 1, offset, width, value);
		} else {
			assert_int_equal(qt_in(probe.qt, port, width),
					 ez_bench_read(bench, 1, offset, width) & ones(width));
		}
	}
	ez_bench_free(bench);
	qt_stop(probe.qt);
}

/* Two of a kind do not disturb each other. */
static void two_generators(void **state)
{
	static const uint32_t after_42[5] = { 286129175, 1594929109, 971802288, 222134722,
					      1335014133 };
	struct qt *qt = qt_start("-M pc -device my_rng -device my_rng");
	struct qt_pci a = qt_pci_find(qt, 0, 0x1234, 0xcafe, 0);
	struct qt_pci b = qt_pci_find(qt, 0, 0x1234, 0xcafe, 1);
	unsigned int i;

	(void)state;
	qt_pci_setup(&a);
	qt_pci_setup(&b);
	qt_put(&a, 0, 4, 4, 0x42);
	for (i = 0; i < 5; i++) {
		assert_int_equal(qt_get(&a, 0, 0, 4), after_42[i]);
		qt_get(&b, 0, 0, 4);
	}
	qt_put(&b, 0, 4, 4, 0x42);
	for (i = 0; i < 5; i++)
		assert_int_equal(qt_get(&b, 0, 0, 4), after_42[i]);
	qt_stop(qt);
}

/* A driver's mistake in a loop: said once, with what kind it is, and counted when QEMU ends. */
static void said_once_and_counted(void **state)
{
	struct qt *qt = qt_start("-M pc -device my_rng,id=r");
	struct qt_pci rng = qt_pci_find(qt, 0, 0x1234, 0xcafe, 0);
	char text[4096];
	int i;

	(void)state;
	qt_pci_setup(&rng);
	for (i = 0; i < 12; i++)
		qt_read(qt, rng.bar[0] + 4, 4);
	qt_stop_said(qt, text, sizeof(text));
	assert_non_null(strstr(text, "r: spec violation: read of SEED (BAR0 0x4), which is "
				     "write-only; reads all-ones\n"));
	assert_non_null(strstr(text, "r: spec violation: SEED: reads of a write-only register: "
				     "12 in all\n"));
	assert_null(strstr(strstr(text, "read of SEED") + 1, "read of SEED"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(said_once_and_counted), cmocka_unit_test(my_rng_whole_bar),
		cmocka_unit_test(probe_random_accesses), cmocka_unit_test(probe_ports),
		cmocka_unit_test(two_generators),
	};

	qt_need_qemu();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

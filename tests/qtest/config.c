/* SPDX-License-Identifier: BSD-2-Clause */
/* Config space, and what follows from it: identity, BARs moved and off, both views. */
#include "test.h"

#include "../vfio_user/panel.h"

static void my_rng_golden(void **state)
{
	/* The whole of it, as drivers that nobody here wrote expect it. */
	static const uint32_t golden[16] = {
		0xcafe1234, 0x00000000, 0x00ff0010, 0x00000000, 0x00000000, 0x00000000,
		0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x11001af4,
		0x00000000, 0x00000000, 0x00000000, 0x00000000,
	};
	struct qt *qt = qt_start("-M pc -device my_rng,id=r");
	struct qt_pci rng = qt_pci_find(qt, 0, 0x1234, 0xcafe, 0);
	uint32_t i;

	(void)state;
	for (i = 0; i < 256; i += 4)
		assert_int_equal(qt_config_read(&rng, i, 4), i < 64 ? golden[i / 4] : 0);
	/* Exactly one BAR: 4 KiB of 32-bit memory that is not prefetchable. */
	for (i = 0; i < 6; i++) {
		qt_config_write(&rng, 0x10 + 4 * i, 4, 0xffffffff);
		assert_int_equal(qt_config_read(&rng, 0x10 + 4 * i, 4), i ? 0 : 0xfffff000);
	}
	qt_stop(qt);
}

static void probe_capabilities(void **state)
{
	struct qt_pci probe = probe_start("");

	(void)state;
	assert_int_equal(qt_config_read(&probe, 0x34, 1), 0x40);
	assert_int_equal(qt_config_read(&probe, 0x40, 2), 0x5001); /* PM, then 0x50 */
	assert_int_equal(qt_config_read(&probe, 0x50, 2), 0x7005); /* MSI, then 0x70 */
	assert_int_equal(qt_config_read(&probe, 0x52, 2), 0x0084); /* 4 vectors, 64 bits */
	assert_int_equal(qt_config_read(&probe, 0x70, 4),
			 0xab088009); /* vendor, 8 bytes, then 0x80 */
	assert_int_equal(qt_config_read(&probe, 0x74, 4), 0xef0000cd);
	qt_config_write(&probe, 0x74, 4, 0xffffffff);
	assert_int_equal(qt_config_read(&probe, 0x74, 4), 0xef0fffcd);
	assert_int_equal(qt_config_read(&probe, 0x80, 4), 0x00070011); /* MSI-X, 8 vectors */
	assert_int_equal(qt_config_read(&probe, 0x84, 4), 0x00010004); /* table: BAR 4, 64 KiB */
	assert_int_equal(qt_config_read(&probe, 0x88, 4), 0x00011004);
	assert_int_equal(qt_config_read(&probe, 0x3d, 1), 1);
	/* Nothing outside of capabilities can be written. */
	qt_config_write(&probe, 0xc0, 4, 0xffffffff);
	assert_int_equal(qt_config_read(&probe, 0xc0, 4), 0);
	qt_stop(probe.qt);
}

static void bar_kinds(void **state)
{
	struct qt_pci probe = probe_start("");

	(void)state;
	assert_int_equal(qt_config_read(&probe, 0x10, 4) & 0xf, 0x0);
	assert_int_equal(qt_config_read(&probe, 0x14, 4) & 0x3, 0x1);
	assert_int_equal(qt_config_read(&probe, 0x18, 4) & 0xf, 0xc);
	assert_int_equal(qt_config_read(&probe, 0x20, 4) & 0xf, 0xc);
	assert_int_equal(get(&probe, PROBE_ID), PROBE_ID_RESET);
	qt_put(&probe, PROBE_BAR_CELLS, PROBE_CELL(5), 8, UINT64_C(0x1122334455667788));
	assert_true(qt_get(&probe, PROBE_BAR_CELLS, PROBE_CELL(5), 8) ==
		    UINT64_C(0x1122334455667788));
	assert_int_equal(qt_get(&probe, PROBE_BAR_CELLS, PROBE_CELL(5) + 3, 1), 0x55);
	qt_out(probe.qt, (uint16_t)(probe.bar[1] + PROBE_PORT32), 4, 0xcafef00d);
	assert_int_equal(qt_in(probe.qt, (uint16_t)(probe.bar[1] + PROBE_PORT32), 4), 0xcafef00d);
	/* Four registers of a byte in one access: this BAR splits. */
	qt_out(probe.qt, (uint16_t)probe.bar[1], 4, 0x44332211);
	assert_int_equal(qt_in(probe.qt, (uint16_t)(probe.bar[1] + 2), 1), 0x33);
	/* Past the end of the last register, and of the BAR. */
	assert_int_equal(qt_in(probe.qt, (uint16_t)(probe.bar[1] + 30), 4), 0xffffffff);
	qt_out(probe.qt, (uint16_t)(probe.bar[1] + 31), 4, 0x12345678);
	qt_stop(probe.qt);
}

static void bar_moved_and_off(void **state)
{
	struct qt_pci probe = probe_start("");
	uint64_t old = probe.bar[0];

	(void)state;
	put(&probe, PROBE_SCRATCH, 0x5eed);
	probe.bar[0] = 0xf0000000;
	qt_config_write(&probe, 0x10, 4, (uint32_t)probe.bar[0]);
	assert_int_equal(get(&probe, PROBE_SCRATCH), 0x5eed);
	assert_int_not_equal(qt_read(probe.qt, old + PROBE_SCRATCH, 4), 0x5eed);

	qt_pci_command(&probe, 0, 2);
	assert_int_not_equal(get(&probe, PROBE_SCRATCH), 0x5eed);
	put(&probe, PROBE_SCRATCH, 1);
	qt_pci_command(&probe, 2, 0);
	assert_int_equal(get(&probe, PROBE_SCRATCH), 0x5eed);

	/* I/O by its own bit. */
	qt_out(probe.qt, (uint16_t)(probe.bar[1] + PROBE_PORT32), 4, 7);
	qt_pci_command(&probe, 0, 1);
	assert_int_not_equal(qt_in(probe.qt, (uint16_t)(probe.bar[1] + PROBE_PORT32), 4), 7);
	qt_pci_command(&probe, 1, 0);
	assert_int_equal(qt_in(probe.qt, (uint16_t)(probe.bar[1] + PROBE_PORT32), 4), 7);

	/* The 64-bit one across the 4 GiB line. */
	qt_put(&probe, 2, PROBE_CELL(0), 8, 42);
	qt_config_write(&probe, 0x1c, 4, 0x10);
	probe.bar[2] = (UINT64_C(0x10) << 32) | (uint32_t)probe.bar[2];
	assert_int_equal(qt_get(&probe, 2, PROBE_CELL(0), 8), 42);
	qt_stop(probe.qt);
}

/* What the function shows in D3hot, and that the way back resets it: PM 1.2, 5.4.1. */
static void d3hot_and_back(void **state)
{
	struct qt_pci probe = probe_start("");
	uint32_t pm = qt_pci_cap(&probe, 1);

	(void)state;
	put(&probe, PROBE_SCRATCH, 1);
	put(&probe, PROBE_KEPT, 2);
	put(&probe, PROBE_STICKY, 3);
	qt_config_write(&probe, pm + 4, 2, 3);
	assert_int_equal(qt_config_read(&probe, pm + 4, 2) & 3, 3);
	assert_int_not_equal(get(&probe, PROBE_ID), PROBE_ID_RESET);
	qt_config_write(&probe, pm + 4, 2, 0);
	assert_int_equal(qt_config_read(&probe, pm + 4, 2) & 3, 0);
	/* Its config space is as after power-on: the driver's system restores it. */
	assert_int_equal(qt_config_read(&probe, 4, 2), 0);
	assert_int_equal(qt_config_read(&probe, 0x10, 4), 0);
	qt_pci_setup(&probe);
	assert_int_equal(get(&probe, PROBE_SCRATCH), 0);
	assert_int_equal(get(&probe, PROBE_KEPT), 2);
	assert_int_equal(get(&probe, PROBE_STICKY), 3);
	assert_int_equal(get(&probe, PROBE_RESETS), 0x00010001);
	qt_stop(probe.qt);
}

static uint32_t chance(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* QEMU's bytes and ours, after whatever a driver may write. */
static void both_views_agree(void **state)
{
	struct qt *qt = qt_start("-M q35 -m 128 -device probe,id=p -device my_rng,id=r "
				 "-device panel,id=q");
	struct qt_pci devices[3] = { qt_pci_find(qt, 0, PROBE_VENDOR_ID, PROBE_DEVICE_ID, 0),
				     qt_pci_find(qt, 0, 0x1234, 0xcafe, 0),
				     qt_pci_find(qt, 0, 0x1234, PANEL_DEVICE, 0) };
	static const char *const paths[3] = { "/machine/peripheral/p", "/machine/peripheral/r",
					      "/machine/peripheral/q" };
	uint32_t seed = 1;
	unsigned int i, d, at;

	(void)state;
	for (i = 0; i < 600; i++) {
		for (d = 0; d < 3; d++) {
			unsigned int width = 1u << chance(&seed) % 3;
			uint32_t offset = chance(&seed) % 256 & ~(width - 1);
			uint8_t ours[256];

			/* Small offsets more often: that is where the bits with effects are. */
			if (chance(&seed) & 1)
				offset &= 0x7f;
			qt_config_write(&devices[d], offset, width,
					chance(&seed) << 8 ^ chance(&seed));
			if (i % 8)
				continue;
			qt_pci_mirror(qt, paths[d], ours, sizeof(ours));
			for (at = 0; at < 256; at += 4) {
				uint32_t theirs = qt_config_read(&devices[d], at, 4);
				uint32_t mine = (uint32_t)ours[at] | (uint32_t)ours[at + 1] << 8 |
						(uint32_t)ours[at + 2] << 16 |
						(uint32_t)ours[at + 3] << 24;

				if (theirs != mine)
					fail_msg("%s, write %u, at 0x%02x: QEMU %08x, we %08x",
						 paths[d], i, at, theirs, mine);
			}
		}
	}
	qt_reset(qt);
	for (d = 0; d < 3; d++) {
		uint8_t ours[256];

		qt_pci_mirror(qt, paths[d], ours, sizeof(ours));
		for (at = 0; at < 256; at++)
			assert_int_equal(qt_config_read(&devices[d], at, 1), ours[at]);
	}
	qt_stop(qt);
}

/* PCI 3.0, 6.2.5.1: what a memory BAR says of itself, and how much of it can be written. */
static void memory_bar_kinds(void **state)
{
	static const struct {
		uint32_t at, low, high;
	} kinds[] = {
		{ 0x10, 0xfffff000, 0xfffffff8 }, /* 32 bits, 4 KiB; the next is one of its own */
		{ 0x14, 0xfffffff8, 0xfff0000c }, /* 32 bits, prefetchable, 16 bytes */
		{ 0x18, 0xfff0000c, 0xffffffff }, /* 64 bits, prefetchable, 1 MiB */
		{ 0x20, 0xffff0004, 0xffffffff }, /* 64 bits, 64 KiB */
	};
	struct qt *qt = qt_start("-M q35 -m 128 -device panel,id=q");
	struct qt_pci panel = qt_pci_find(qt, 0, 0x1234, PANEL_DEVICE, 0);
	uint32_t i;

	(void)state;
	for (i = 0x10; i < 0x28; i += 4)
		qt_config_write(&panel, i, 4, 0xffffffff);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		assert_int_equal(qt_config_read(&panel, kinds[i].at, 4), kinds[i].low);
		assert_int_equal(qt_config_read(&panel, kinds[i].at + 4, 4), kinds[i].high);
	}
	qt_pci_setup(&panel);
	qt_put(&panel, PANEL_PLAIN_BAR, PANEL_PLAIN, 4, 0xabcdef01);
	assert_int_equal(qt_get(&panel, PANEL_PLAIN_BAR, PANEL_PLAIN, 4), 0xabcdef01);
	qt_stop(qt);
}

/* multifunction= and addr= stay QEMU's business. */
static void functions_of_one_slot(void **state)
{
	struct qt *qt = qt_start("-M q35 -m 128 -device probe,addr=7.0,multifunction=on "
				 "-device my_rng,addr=7.3");
	struct qt_pci probe = qt_pci_find(qt, 0, PROBE_VENDOR_ID, PROBE_DEVICE_ID, 0);
	struct qt_pci rng = qt_pci_find(qt, 0, 0x1234, 0xcafe, 0);

	(void)state;
	assert_int_equal(probe.slot, 7);
	assert_int_equal(probe.fn, 0);
	assert_int_equal(qt_config_read(&probe, 0x0e, 1), 0x80);
	assert_int_equal(rng.slot, 7);
	assert_int_equal(rng.fn, 3);
	qt_pci_setup(&probe);
	qt_pci_setup(&rng);
	assert_int_equal(get(&probe, PROBE_ID), PROBE_ID_RESET);
	assert_int_equal(qt_get(&rng, 0, 0, 4), 1804289383);
	qt_stop(qt);
}

/* A guest's config write passes the taps, whoever is of record for it. */
static void taps_see_config_writes(void **state)
{
	struct qt *qt;
	struct qt_pci rng;

	(void)state;
	setenv("ERSATZ_TAPS", "trace", 1);
	qt = qt_start("-M pc -device my_rng,id=r");
	unsetenv("ERSATZ_TAPS");
	rng = qt_pci_find(qt, 0, 0x1234, 0xcafe, 0);
	qt_config_write(&rng, 0x3c, 1, 0x2a);
	assert_non_null(strstr(qt_stderr(qt), "W config 0x3c/1 0x2a\n"));
	qt_stop(qt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taps_see_config_writes), cmocka_unit_test(my_rng_golden),
		cmocka_unit_test(probe_capabilities),	  cmocka_unit_test(bar_kinds),
		cmocka_unit_test(memory_bar_kinds),	  cmocka_unit_test(bar_moved_and_off),
		cmocka_unit_test(d3hot_and_back),	  cmocka_unit_test(both_views_agree),
		cmocka_unit_test(functions_of_one_slot),
	};

	qt_need_qemu();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

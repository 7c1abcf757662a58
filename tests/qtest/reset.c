/* SPDX-License-Identifier: BSD-2-Clause */
/* Resets of the machine, of a bus and of a function, and what each leaves. */
#include "test.h"

#define BRIDGE_CONTROL 0x3e
#define BRIDGE_CONTROL_RESET 0x40

/* Times the model's reset hook ran for this kind since power-on. */
static unsigned int resets(struct qt_pci *probe, unsigned int kind)
{
	return get(probe, PROBE_RESETS) >> (8 * kind) & 0xff;
}

static void make_busy(struct qt_pci *probe)
{
	put(probe, PROBE_SCRATCH, 1);
	put(probe, PROBE_KEPT, 2);
	put(probe, PROBE_STICKY, 3);
	put(probe, PROBE_STIR, 4);
	put(probe, PROBE_MIXED, 0xffffffff);
	put(probe, PROBE_IER, 0xf);
	put(probe, PROBE_RAISE, 1);
	put(probe, PROBE_DELAY, 1000);
	put(probe, PROBE_TIMER, PROBE_TIMER_COMMAND_AGAIN);
	put(probe, PROBE_ROUNDS, UINT32_MAX);
	put(probe, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
}

static void machine(void **state)
{
	struct qt_pci probe = probe_start("");
	uint32_t mix = get(&probe, PROBE_MIX);

	(void)state;
	qt_watch_irqs(probe.qt);
	make_busy(&probe);
	assert_true(qt_irq(probe.qt));
	qt_config_write(&probe, 0x74, 4, 0xffffffff);
	qt_reset(probe.qt);
	assert_false(qt_irq(probe.qt));
	assert_int_equal(qt_config_read(&probe, 0x74, 4), 0xef0000cd);
	assert_int_equal(qt_config_read(&probe, 4, 2), 0);
	assert_int_equal(qt_config_read(&probe, 0x10, 4), 0);
	qt_pci_setup(&probe);
	assert_int_equal(get(&probe, PROBE_SCRATCH), 0);
	assert_int_equal(get(&probe, PROBE_KEPT), PROBE_KEPT_RESET);
	assert_int_equal(get(&probe, PROBE_STICKY), 0);
	assert_int_equal(get(&probe, PROBE_MIXED), 0);
	assert_int_equal(get(&probe, PROBE_MIX), mix);
	assert_int_equal(get(&probe, PROBE_BUSY), 0);
	qt_clock_step(probe.qt, 10000);
	assert_int_equal(get(&probe, PROBE_TICKS), 0);
	assert_int_equal(get(&probe, PROBE_RESETS), 1);
	qt_stop(probe.qt);
}

/* my_rng goes back to the sequence of its power-on. */
static void generator(void **state)
{
	struct qt *qt = qt_start("-M pc -device my_rng");
	struct qt_pci rng = qt_pci_find(qt, 0, 0x1234, 0xcafe, 0);

	(void)state;
	qt_pci_setup(&rng);
	qt_put(&rng, 0, 4, 4, 0x42);
	qt_get(&rng, 0, 0, 4);
	qt_reset(qt);
	qt_pci_setup(&rng);
	assert_int_equal(qt_get(&rng, 0, 0, 4), 1804289383);
	assert_int_equal(qt_get(&rng, 0, 0, 4), 846930886);
	qt_stop(qt);
}

/* RST# behind a bridge, as Linux does it for a device that knows no other reset. */
static void secondary_bus(void **state)
{
	struct qt *qt = qt_start("-M q35 -m 128 -device pcie-root-port,id=rp,addr=6 "
				 "-device probe,id=p,bus=rp");
	struct qt_pci bridge = { .qt = qt, .slot = 6 };
	struct qt_pci probe;

	(void)state;
	qt_pci_setup_bridge(&bridge, 1);
	probe = qt_pci_find(qt, 1, PROBE_VENDOR_ID, PROBE_DEVICE_ID, 0);
	qt_pci_setup(&probe);
	assert_int_equal(get(&probe, PROBE_ID), PROBE_ID_RESET);
	make_busy(&probe);
	qt_config_write(&bridge, BRIDGE_CONTROL, 2, BRIDGE_CONTROL_RESET);
	qt_config_write(&bridge, BRIDGE_CONTROL, 2, 0);
	assert_int_equal(qt_config_read(&probe, 4, 2), 0);
	qt_pci_setup(&probe);
	assert_int_equal(get(&probe, PROBE_SCRATCH), 0);
	assert_int_equal(get(&probe, PROBE_KEPT), PROBE_KEPT_RESET);
	assert_int_equal(get(&probe, PROBE_STICKY), 3);
	assert_int_equal(resets(&probe, 0), 1);
	assert_int_equal(resets(&probe, 1), 1);
	assert_int_equal(get(&probe, PROBE_BUSY), 0);
	/* A machine's reset reaches it as one, through the bridge. */
	qt_reset(qt);
	qt_pci_setup_bridge(&bridge, 1);
	qt_pci_setup(&probe);
	assert_int_equal(get(&probe, PROBE_RESETS), 1);
	assert_int_equal(get(&probe, PROBE_STICKY), 0);
	qt_stop(qt);
}

static void its_own(void **state)
{
	struct qt_pci probe = probe_start("");

	(void)state;
	make_busy(&probe);
	put(&probe, PROBE_RESET, 1);
	assert_int_equal(get(&probe, PROBE_SCRATCH), 0);
	assert_int_equal(get(&probe, PROBE_KEPT), 2);
	assert_int_equal(resets(&probe, 3), 1);
	/* Jobs and timers stay: the device cancels what it cancels. */
	assert_int_equal(get(&probe, PROBE_BUSY), 1);
	assert_int_not_equal(qt_config_read(&probe, 4, 2), 0);
	qt_stop(probe.qt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(machine),
		cmocka_unit_test(generator),
		cmocka_unit_test(secondary_bus),
		cmocka_unit_test(its_own),
	};

	qt_need_qemu();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

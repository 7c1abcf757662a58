/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * INTx and MSI. A message is a write to guest memory, so an MSI address that
 * is RAM shows what was sent.
 */
#include "test.h"

#define STATUS 0x06
#define STATUS_INTERRUPT 0x08
#define COMMAND_MASTER 0x004
#define COMMAND_INTX_DISABLE 0x400

/* The data of the message that has come, and clears it; 0 if none. */
static uint32_t message(struct qt *qt)
{
	uint32_t data = ram32(qt, RAM_MSI);

	put_ram32(qt, RAM_MSI, 0);
	return data;
}

static bool status_bit(struct qt_pci *pci)
{
	return qt_config_read(pci, STATUS, 2) & STATUS_INTERRUPT;
}

static void intx_level(void **state)
{
	struct qt_pci probe = probe_start("");

	(void)state;
	qt_watch_irqs(probe.qt);
	put(&probe, PROBE_RAISE, 1);
	assert_false(qt_irq(probe.qt)); /* not enabled */
	put(&probe, PROBE_IER, 3);
	assert_true(qt_irq(probe.qt));
	assert_true(status_bit(&probe));
	put(&probe, PROBE_RAISE, 2);
	put(&probe, PROBE_ISR, 1);
	assert_true(qt_irq(probe.qt)); /* the other one is still pending */
	put(&probe, PROBE_ISR, 2);
	assert_false(qt_irq(probe.qt));
	assert_false(status_bit(&probe));
	/* A source without registers. */
	put(&probe, PROBE_LEVEL, 1);
	assert_true(qt_irq(probe.qt));
	put(&probe, PROBE_LEVEL, 0);
	assert_false(qt_irq(probe.qt));
	qt_stop(probe.qt);
}

/* PCI 3.0, 6.2.3: masked, the line stays down, and the status shows what is pending. */
static void intx_disabled(void **state)
{
	struct qt_pci probe = probe_start("");

	(void)state;
	qt_watch_irqs(probe.qt);
	qt_pci_command(&probe, COMMAND_INTX_DISABLE, 0);
	put(&probe, PROBE_IER, 1);
	put(&probe, PROBE_RAISE, 1);
	assert_false(qt_irq(probe.qt));
	assert_true(status_bit(&probe));
	qt_pci_command(&probe, 0, COMMAND_INTX_DISABLE);
	assert_true(qt_irq(probe.qt));
	qt_pci_command(&probe, COMMAND_INTX_DISABLE, 0);
	assert_false(qt_irq(probe.qt));
	assert_true(status_bit(&probe));
	put(&probe, PROBE_ISR, 1);
	assert_false(status_bit(&probe));
	qt_stop(probe.qt);
}

static void one_message(void **state)
{
	struct qt_pci probe = probe_start("");
	unsigned int source;

	(void)state;
	qt_watch_irqs(probe.qt);
	qt_pci_msi(&probe, 1, RAM_MSI, 0x40);
	put(&probe, PROBE_IER, 0xf);
	/* One granted: all sources share it. */
	for (source = 0; source < 4; source++) {
		put(&probe, PROBE_RAISE, 1u << source);
		assert_int_equal(message(probe.qt), 0x40);
	}
	put(&probe, PROBE_RAISE, 1);
	assert_int_equal(message(probe.qt), 0x40); /* again, as a new event */
	assert_false(qt_irq(probe.qt));
	assert_false(status_bit(&probe));
	qt_stop(probe.qt);
}

static void four_messages(void **state)
{
	struct qt_pci probe = probe_start("");
	unsigned int source;

	(void)state;
	qt_pci_msi(&probe, 4, RAM_MSI, 0x80);
	put(&probe, PROBE_IER, 0xf);
	for (source = 0; source < 4; source++) {
		put(&probe, PROBE_RAISE, 1u << source);
		assert_int_equal(message(probe.qt), 0x80 + source);
	}
	put(&probe, PROBE_ISR, 0xf);
	/* Two granted: what has no vector of its own comes with the first. */
	qt_pci_msi(&probe, 2, RAM_MSI, 0x80);
	put(&probe, PROBE_RAISE, 2);
	assert_int_equal(message(probe.qt), 0x81);
	put(&probe, PROBE_RAISE, 8);
	assert_int_equal(message(probe.qt), 0x80);
	/* More than it asked for, which nobody may: QEMU makes four of it. */
	qt_pci_msi(&probe, 32, RAM_MSI, 0x80);
	put(&probe, PROBE_RAISE, 8);
	assert_int_equal(message(probe.qt), 0x83);
	qt_stop(probe.qt);
}

/* A 64-bit message address is used as one. */
static void high_message(void **state)
{
	struct qt_pci probe = probe_start("");

	(void)state;
	put(&probe, PROBE_IER, 1);
	qt_pci_msi(&probe, 1, UINT64_C(0xff00000000), 1);
	put(&probe, PROBE_RAISE, 1);
	assert_int_equal(message(probe.qt), 0);
	qt_stop(probe.qt);
}

/* QEMU by itself does not raise INTx when MSI is switched off with a source pending. */
static void msi_switched_off(void **state)
{
	struct qt_pci probe = probe_start("");

	(void)state;
	qt_watch_irqs(probe.qt);
	put(&probe, PROBE_IER, 1);
	put(&probe, PROBE_RAISE, 1);
	assert_true(qt_irq(probe.qt));
	qt_pci_msi(&probe, 1, RAM_MSI, 0x99);
	assert_false(qt_irq(probe.qt));
	qt_pci_msi(&probe, 0, 0, 0);
	assert_true(qt_irq(probe.qt));
	put(&probe, PROBE_ISR, 1);
	assert_false(qt_irq(probe.qt));
	qt_stop(probe.qt);
}

/* A message is a memory write by the function: without bus mastering it is lost. */
static void message_without_mastering(void **state)
{
	struct qt_pci probe = probe_start("");

	(void)state;
	qt_pci_msi(&probe, 1, RAM_MSI, 0x55);
	put(&probe, PROBE_IER, 1);
	qt_pci_command(&probe, 0, COMMAND_MASTER);
	put(&probe, PROBE_RAISE, 1);
	assert_int_equal(message(probe.qt), 0);
	qt_pci_command(&probe, COMMAND_MASTER, 0);
	put(&probe, PROBE_RAISE, 1);
	assert_int_equal(message(probe.qt), 0x55);
	qt_stop(probe.qt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intx_level),
		cmocka_unit_test(intx_disabled),
		cmocka_unit_test(one_message),
		cmocka_unit_test(four_messages),
		cmocka_unit_test(high_message),
		cmocka_unit_test(msi_switched_off),
		cmocka_unit_test(message_without_mastering),
	};

	qt_need_qemu();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

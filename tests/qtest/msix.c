/* SPDX-License-Identifier: BSD-2-Clause */
/* MSI-X: PCI 3.0, 6.8.2. A message is a write to guest memory. */
#include "panel_test.h"

/* Of the probe, in its BAR 4. */
#define TABLE 0x10000
#define PBA 0x11000

static void capability(void **state)
{
	struct qt_pci panel = panel_start("");

	(void)state;
	assert_int_equal(qt_pci_cap(&panel, MSIX_ID), PANEL_MSIX_AT);
	assert_int_equal(qt_config_read(&panel, PANEL_MSIX_AT, 4), 0x07ff0011);
	assert_int_equal(qt_config_read(&panel, PANEL_MSIX_AT + 4, 4), 0x00000004);
	assert_int_equal(qt_config_read(&panel, PANEL_MSIX_AT + 8, 4), 0x00008004);
	qt_config_write(&panel, PANEL_MSIX_AT, 4, 0xffffffff);
	qt_config_write(&panel, PANEL_MSIX_AT + 4, 4, 0xffffffff);
	qt_config_write(&panel, PANEL_MSIX_AT + 8, 4, 0xffffffff);
	assert_int_equal(qt_config_read(&panel, PANEL_MSIX_AT, 4), 0xc7ff0011);
	assert_int_equal(qt_config_read(&panel, PANEL_MSIX_AT + 4, 4), 0x00000004);
	assert_int_equal(qt_config_read(&panel, PANEL_MSIX_AT + 8, 4), 0x00008004);
	/* All masked, and what lies beside the table is ours. */
	assert_int_equal(msix_masked(&panel, 0), 1);
	assert_int_equal(msix_masked(&panel, 2047), 1);
	qt_put(&panel, PANEL_TABLE_BAR, PANEL_BELL, 4, 0xbe11);
	assert_int_equal(qt_get(&panel, PANEL_TABLE_BAR, PANEL_BELL, 4), 0xbe11);
	qt_stop(panel.qt);
}

static void vectors(void **state)
{
	struct qt_pci panel = panel_start("");
	uint32_t i;

	(void)state;
	qt_watch_irqs(panel.qt);
	for (i = 0; i < PANEL_SOURCES; i++)
		msix_entry(&panel, panel_vectors[i], 0x1000 + i, false);
	msix_control(&panel, MSIX_ENABLE);
	for (i = 0; i < PANEL_SOURCES; i++) {
		put(&panel, PANEL_RAISE, i);
		assert_int_equal(msix_message(&panel), 0x1000 + i);
		assert_false(msix_pending(&panel, panel_vectors[i]));
	}
	put(&panel, PANEL_RAISE, 3);
	assert_int_equal(msix_message(&panel), 0x1003); /* again, as a new event */
	msix_entry(&panel, 2047, 0x2222, false);
	put(&panel, PANEL_RAISE, 3);
	assert_int_equal(msix_message(&panel), 0x2222);
	assert_false(qt_irq(panel.qt));
	qt_stop(panel.qt);
}

static void masked_and_pending(void **state)
{
	struct qt_pci panel = panel_start("");

	(void)state;
	msix_entry(&panel, 5, 0x55, true);
	msix_entry(&panel, 1, 0x11, false);
	msix_control(&panel, MSIX_ENABLE);
	put(&panel, PANEL_RAISE, 2);
	assert_int_equal(msix_message(&panel), 0);
	assert_true(msix_pending(&panel, 5));
	assert_false(msix_pending(&panel, 4));
	msix_entry(&panel, 5, 0x56, false);
	assert_int_equal(msix_message(&panel), 0x56);
	assert_false(msix_pending(&panel, 5));
	/* All at once. */
	msix_control(&panel, MSIX_ENABLE | MSIX_FUNCTION_MASK);
	put(&panel, PANEL_RAISE, 1);
	assert_int_equal(msix_message(&panel), 0);
	assert_true(msix_pending(&panel, 1));
	msix_control(&panel, MSIX_ENABLE);
	assert_int_equal(msix_message(&panel), 0x11);
	assert_false(msix_pending(&panel, 1));
	qt_stop(panel.qt);
}

/* 6.8.3.5: dealt with by polling, say, it is not pending any more. */
static void pending_and_forgotten(void **state)
{
	struct qt_pci panel = panel_start("");

	(void)state;
	msix_entry(&panel, 5, 0x55, true);
	msix_entry(&panel, 2047, 0x66, true);
	msix_control(&panel, MSIX_ENABLE);
	put(&panel, PANEL_RAISE, 2);
	put(&panel, PANEL_RAISE, 3);
	assert_true(msix_pending(&panel, 5));
	assert_true(msix_pending(&panel, 2047));
	put(&panel, PANEL_LOWER, 2);
	assert_false(msix_pending(&panel, 5));
	assert_true(msix_pending(&panel, 2047));
	msix_entry(&panel, 5, 0x55, false);
	assert_int_equal(msix_message(&panel), 0);
	qt_stop(panel.qt);
}

/* Switched off with a source pending: the line goes up; and MSI takes over as well. */
static void other_ways(void **state)
{
	struct qt_pci panel = panel_start("");

	(void)state;
	qt_watch_irqs(panel.qt);
	put(&panel, PANEL_RAISE, 0);
	assert_true(qt_irq(panel.qt));
	msix_entry(&panel, 0, 0x99, false);
	msix_control(&panel, MSIX_ENABLE);
	assert_false(qt_irq(panel.qt));
	assert_int_equal(msix_message(&panel), 0x99);
	msix_control(&panel, 0);
	assert_true(qt_irq(panel.qt));
	qt_pci_msi(&panel, 1, RAM_MSI, 0x44);
	assert_false(qt_irq(panel.qt));
	assert_int_equal(msix_message(&panel), 0x44);
	put(&panel, PANEL_RAISE, 3);
	assert_int_equal(msix_message(&panel), 0x44);
	qt_stop(panel.qt);
}

/* Sources with status and enable registers, from a compiled spec; the table ends at 8. */
static void of_a_spec(void **state)
{
	struct qt_pci probe = probe_start("");
	uint32_t source;

	(void)state;
	for (source = 0; source < 4; source++) {
		uint64_t at = TABLE + 16 * source;

		qt_put(&probe, PROBE_BAR_MEMORY, at, 8, RAM_MSI);
		qt_put(&probe, PROBE_BAR_MEMORY, at + 8, 4, 0x700 + source);
		qt_put(&probe, PROBE_BAR_MEMORY, at + 12, 4, 0);
	}
	msix_control(&probe, MSIX_ENABLE);
	put(&probe, PROBE_IER, 0xf);
	for (source = 0; source < 4; source++) {
		put(&probe, PROBE_RAISE, 1u << source);
		assert_int_equal(msix_message(&probe), 0x700 + source);
	}
	/* Pending while masked, until the driver clears the status. */
	qt_put(&probe, PROBE_BAR_MEMORY, TABLE + 16 * 2 + 12, 4, 1);
	put(&probe, PROBE_ISR, 0xf);
	put(&probe, PROBE_RAISE, 4);
	assert_int_equal(qt_get(&probe, PROBE_BAR_MEMORY, PBA, 4), 4);
	put(&probe, PROBE_ISR, 4);
	assert_int_equal(qt_get(&probe, PROBE_BAR_MEMORY, PBA, 4), 0);
	qt_put(&probe, PROBE_BAR_MEMORY, TABLE + 16 * 2 + 12, 4, 0);
	assert_int_equal(msix_message(&probe), 0);
	qt_stop(probe.qt);
}

static void without_mastering(void **state)
{
	struct qt_pci panel = panel_start("");

	(void)state;
	msix_entry(&panel, 0, 0x12, false);
	msix_control(&panel, MSIX_ENABLE);
	qt_pci_command(&panel, 0, 4);
	put(&panel, PANEL_RAISE, 0);
	assert_int_equal(msix_message(&panel), 0);
	qt_pci_command(&panel, 4, 0);
	assert_int_equal(msix_message(&panel), 0x12);
	qt_stop(panel.qt);
}

/* Every reset masks all vectors again: of the machine, and by D3hot. */
static void resets(void **state)
{
	struct qt_pci panel = panel_start("");
	unsigned int way;

	(void)state;
	for (way = 0; way < 2; way++) {
		msix_entry(&panel, 0, 0x10, false);
		msix_entry(&panel, 5, 0x50, true);
		msix_control(&panel, MSIX_ENABLE);
		put(&panel, PANEL_RAISE, 0);
		put(&panel, PANEL_RAISE, 2);
		assert_int_equal(msix_message(&panel), 0x10);
		assert_true(msix_pending(&panel, 5));
		if (way) {
			qt_reset(panel.qt);
		} else {
			qt_config_write(&panel, PANEL_PM_AT + 4, 2, 3);
			qt_config_write(&panel, PANEL_PM_AT + 4, 2, 0);
		}
		qt_pci_setup(&panel);
		assert_int_equal(qt_config_read(&panel, PANEL_MSIX_AT + 2, 2), 0x07ff);
		assert_int_equal(msix_masked(&panel, 0), 1);
		assert_int_equal(qt_get(&panel, PANEL_TABLE_BAR, PANEL_TABLE, 8), 0);
		assert_false(msix_pending(&panel, 5));
		/* And it works as before. */
		msix_control(&panel, MSIX_ENABLE);
		put(&panel, PANEL_RAISE, 0);
		assert_int_equal(msix_message(&panel), 0);
		assert_true(msix_pending(&panel, 0));
		put(&panel, PANEL_LOWER, 0);
	}
	qt_stop(panel.qt);
}

static void pulled_card(void **state)
{
	struct qt_pci panel = panel_start("");

	(void)state;
	msix_entry(&panel, 0, 0x10, false);
	msix_control(&panel, MSIX_ENABLE);
	qt_qmp(panel.qt, "{'execute':'qom-set','arguments':{'path':'/machine/peripheral/p',"
			 "'property':'x-gone','value':true}}");
	assert_int_equal(msix_masked(&panel, 0), 0xffffffff);
	assert_true(qt_get(&panel, PANEL_TABLE_BAR, PANEL_PBA, 8) == UINT64_MAX);
	msix_entry(&panel, 0, 0x11, true);
	put(&panel, PANEL_RAISE, 0);
	assert_int_equal(msix_message(&panel), 0);
	qt_qmp(panel.qt, "{'execute':'qom-set','arguments':{'path':'/machine/peripheral/p',"
			 "'property':'x-gone','value':false}}");
	assert_int_equal(msix_masked(&panel, 0), 0);
	assert_int_equal(get(&panel, PANEL_ID_REG), PANEL_ID);
	qt_stop(panel.qt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capability),	      cmocka_unit_test(vectors),
		cmocka_unit_test(masked_and_pending), cmocka_unit_test(pending_and_forgotten),
		cmocka_unit_test(other_ways),	      cmocka_unit_test(without_mastering),
		cmocka_unit_test(of_a_spec),	      cmocka_unit_test(resets),
		cmocka_unit_test(pulled_card),
	};

	qt_need_qemu();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

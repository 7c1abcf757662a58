/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory windows: RAM in a BAR, seen from the bus and from the model. */
#include <errno.h>

#include "panel_test.h"

static uint64_t low_of(const struct qt_pci *panel)
{
	return panel->bar[PANEL_RAM_BAR] + PANEL_LOW_AT;
}

static uint64_t high_of(const struct qt_pci *panel)
{
	return panel->bar[PANEL_RAM_BAR] + PANEL_HIGH_AT;
}

static void look_at(struct qt_pci *panel, uint32_t window, uint32_t at)
{
	put(panel, PANEL_WHICH, window);
	put(panel, PANEL_AT, at);
}

static void gone(struct qt *qt, const char *value)
{
	qt_qmp(qt,
	       "{'execute':'qom-set','arguments':{'path':'/machine/peripheral/p',"
	       "'property':'x-gone','value':%s}}",
	       value);
}

static void contents_both_ways(void **state)
{
	struct qt_pci panel = panel_start("");
	uint8_t in[5000], out[5000];
	uint32_t i, sum = 0;

	(void)state;
	for (i = 0; i < sizeof(in); i++)
		sum += in[i] = (uint8_t)(i * 11 + 3);
	qt_store(panel.qt, high_of(&panel) + 0x1001, in, sizeof(in));
	qt_fetch(panel.qt, high_of(&panel) + 0x1001, out, sizeof(out));
	assert_memory_equal(in, out, sizeof(in));
	put(&panel, PANEL_WHICH, PANEL_HIGH);
	assert_int_equal(get(&panel, PANEL_SUM), sum);
	/* Any width and alignment. */
	look_at(&panel, PANEL_LOW, PANEL_LOW_SIZE - 8);
	qt_write(panel.qt, low_of(&panel) + PANEL_LOW_SIZE - 8, 8, 0x1122334455667788);
	assert_int_equal(get(&panel, PANEL_VALUE), 0x55667788);
	put(&panel, PANEL_VALUE, 0xabcdef01);
	assert_int_equal(qt_read(panel.qt, low_of(&panel) + PANEL_LOW_SIZE - 5, 4), 0x223344ab);
	assert_int_equal(qt_read(panel.qt, low_of(&panel) + PANEL_LOW_SIZE - 1, 1), 0x11);
	/* Two in one BAR, another in another, with registers beside them. */
	look_at(&panel, PANEL_SMALL, 0);
	put(&panel, PANEL_VALUE, 0x5a11);
	assert_int_equal(qt_get(&panel, PANEL_TABLE_BAR, PANEL_SMALL_AT, 4), 0x5a11);
	qt_put(&panel, PANEL_RAM_BAR, PANEL_CELL, 8, 0x5e11);
	assert_int_equal(qt_get(&panel, PANEL_RAM_BAR, PANEL_CELL, 8), 0x5e11);
	assert_int_equal(qt_get(&panel, PANEL_RAM_BAR, PANEL_LOW_AT + PANEL_LOW_SIZE, 4),
			 0xffffffff);
	qt_stop(panel.qt);
}

/* The guest reaches them without us: taps see registers, and nothing of windows. */
static void no_crossing(void **state)
{
	struct qt_pci panel;
	const char *text;

	(void)state;
	setenv("ERSATZ_TAPS", "trace", 1);
	panel = panel_start("");
	unsetenv("ERSATZ_TAPS");
	qt_put(&panel, PANEL_RAM_BAR, PANEL_HIGH_AT, 4, 0x1eaf);
	assert_int_equal(qt_get(&panel, PANEL_RAM_BAR, PANEL_HIGH_AT, 4), 0x1eaf);
	assert_int_equal(get(&panel, PANEL_ID_REG), PANEL_ID);
	text = qt_stderr(panel.qt);
	assert_non_null(strstr(text, "ID"));
	assert_null(strstr(text, "0x1eaf"));
	qt_stop(panel.qt);
}

static void moved_and_off(void **state)
{
	struct qt_pci panel = panel_start("");
	uint64_t old = high_of(&panel);

	(void)state;
	qt_write(panel.qt, old, 4, 0xbeef);
	panel.bar[PANEL_RAM_BAR] = UINT64_C(0x1000000000);
	qt_config_write(&panel, 0x18, 4, 0x0000000c);
	qt_config_write(&panel, 0x1c, 4, 0x10);
	assert_int_equal(qt_read(panel.qt, high_of(&panel), 4), 0xbeef);
	assert_int_not_equal(qt_read(panel.qt, old, 4), 0xbeef);
	qt_pci_command(&panel, 0, 2);
	assert_int_not_equal(qt_read(panel.qt, high_of(&panel), 4), 0xbeef);
	qt_write(panel.qt, high_of(&panel), 4, 0xdead);
	qt_pci_command(&panel, 2, 0);
	assert_int_equal(qt_read(panel.qt, high_of(&panel), 4), 0xbeef);
	qt_stop(panel.qt);
}

static void resets(void **state)
{
	struct qt_pci panel = panel_start("");

	(void)state;
	qt_write(panel.qt, low_of(&panel), 4, 1);
	qt_write(panel.qt, high_of(&panel), 4, 2);
	qt_config_write(&panel, PANEL_PM_AT + 4, 2, 3);
	assert_int_not_equal(qt_read(panel.qt, high_of(&panel), 4), 2);
	qt_config_write(&panel, PANEL_PM_AT + 4, 2, 0);
	qt_pci_setup(&panel);
	assert_int_equal(qt_read(panel.qt, low_of(&panel), 4), 0);
	assert_int_equal(qt_read(panel.qt, high_of(&panel), 4), 2);
	qt_reset(panel.qt);
	qt_pci_setup(&panel);
	assert_int_equal(qt_read(panel.qt, high_of(&panel), 4), 0);
	qt_stop(panel.qt);
}

static void pulled_card(void **state)
{
	struct qt_pci panel = panel_start("");

	(void)state;
	qt_write(panel.qt, high_of(&panel), 4, 2);
	gone(panel.qt, "true");
	assert_int_equal(qt_read(panel.qt, high_of(&panel), 4), 0xffffffff);
	qt_write(panel.qt, high_of(&panel), 4, 0);
	assert_int_equal(qt_read(panel.qt, high_of(&panel), 4), 0xffffffff);
	gone(panel.qt, "false");
	/* It had no power meanwhile. */
	assert_int_equal(qt_read(panel.qt, high_of(&panel), 4), 0);
	qt_write(panel.qt, high_of(&panel), 4, 3);
	look_at(&panel, PANEL_HIGH, 0);
	assert_int_equal(get(&panel, PANEL_VALUE), 3);
	qt_stop(panel.qt);
}

static int32_t dma(struct qt_pci *panel, uint32_t what, uint64_t address)
{
	uint32_t before = get(panel, PANEL_DONE);
	unsigned long polls = 0;

	qt_put(panel, 0, PANEL_ADDRESS, 8, address);
	put(panel, PANEL_DMA, what);
	while (what == 3 && get(panel, PANEL_DONE) == before)
		if (++polls > QT_PATIENCE * 100000ul)
			fail_msg("the job does not end");
	return (int32_t)get(panel, PANEL_STATUS);
}

/* A device does not reach its own BARs, from wherever it tries. */
static void dma_to_itself(void **state)
{
	struct qt_pci panel = panel_start("");
	uint32_t what;

	(void)state;
	for (what = 1; what <= 3; what++) {
		put(&panel, PANEL_DATA, 0x77);
		assert_int_equal(dma(&panel, what, low_of(&panel)), -EFAULT);
		assert_int_equal(dma(&panel, what, high_of(&panel) + PANEL_HIGH_SIZE - 4), -EFAULT);
	}
	/* Two bytes of RAM before it are reached, no more; there is none here. */
	assert_int_equal(dma(&panel, 2, low_of(&panel) - 2), -EFAULT);
	put(&panel, PANEL_WHICH, PANEL_LOW);
	assert_int_equal(get(&panel, PANEL_SUM), 0);
	put(&panel, PANEL_DATA, 0x1234);
	assert_int_equal(dma(&panel, 2, RAM_DATA), 0);
	assert_int_equal(ram32(panel.qt, RAM_DATA), 0x1234);
	qt_stop(panel.qt);
}

/* Another card does: peer to peer, into the window and out of it. */
static void dma_by_another(void **state)
{
	struct qt *qt = qt_start("-M q35 -m 128 -device panel,id=p -device panel,id=q");
	struct qt_pci a = panel_find(qt, 0);
	struct qt_pci b = qt_pci_find(qt, 0, 0x1234, PANEL_DEVICE, 1);

	(void)state;
	qt_pci_setup(&b);
	put(&b, PANEL_DATA, 0xcafe);
	assert_int_equal(dma(&b, 2, high_of(&a) + 0x100), 0);
	look_at(&a, PANEL_HIGH, 0x100);
	assert_int_equal(get(&a, PANEL_VALUE), 0xcafe);
	put(&a, PANEL_VALUE, 0xf00d);
	assert_int_equal(dma(&b, 1, high_of(&a) + 0x100), 0);
	assert_int_equal(get(&b, PANEL_DATA), 0xf00d);
	put(&b, PANEL_DATA, 0xd0d0);
	assert_int_equal(dma(&b, 3, high_of(&a) + 0x104), 0);
	assert_int_equal(qt_read(qt, high_of(&a) + 0x104, 4), 0xd0d0);
	qt_stop(qt);
}

/* From a compiled spec; a job fills one while the bus looks on. */
static void of_a_spec(void **state)
{
	struct qt_pci probe = probe_start("");
	uint8_t in[4096], out[4096];
	uint32_t i, sum = 0;

	(void)state;
	for (i = 0; i < sizeof(in); i++)
		sum += in[i] = (uint8_t)(i * 13 + 5);
	qt_store(probe.qt, RAM_DATA, in, sizeof(in));
	put(&probe, PROBE_ADDRESS, (uint32_t)RAM_DATA);
	put(&probe, PROBE_COPY_TO, 0x1000);
	put(&probe, PROBE_ROUNDS, sizeof(in) / 256);
	put(&probe, PROBE_JOB, PROBE_JOB_COMMAND_LOAD);
	wait_for_job(&probe);
	qt_fetch(probe.qt, probe.bar[PROBE_BAR_MEMORY] + 0x1000, out, sizeof(out));
	assert_memory_equal(in, out, sizeof(in));
	put(&probe, PROBE_WIN_OFFSET, 0x1000);
	put(&probe, PROBE_WIN_LENGTH, sizeof(in));
	put(&probe, PROBE_WIN, PROBE_WIN_COMMAND_SUM);
	assert_int_equal(get(&probe, PROBE_WIN_SUM), sum);
	/* The other window is behind it. */
	qt_put(&probe, PROBE_BAR_MEMORY, PROBE_WINDOW_STAGE_OFFSET, 4, 0xfeedbeef);
	put(&probe, PROBE_WIN_INDEX, PROBE_WIN_INDEX_WINDOW_STAGE);
	put(&probe, PROBE_WIN_OFFSET, 0);
	assert_int_equal(get(&probe, PROBE_WIN_VALUE), 0xfeedbeef);
	qt_stop(probe.qt);
}

static void plugged_and_unplugged(void **state)
{
	struct qt *qt = qt_start("-M q35 -m 128 -device pcie-root-port,id=rp,addr=6,chassis=1");
	struct qt_pci bridge = { .qt = qt, .slot = 6 };
	struct qt_pci panel;
	const char *reply;
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		qt_qmp(qt, "{'execute':'device_add','arguments':{'driver':'panel','id':'p',"
			   "'bus':'rp'}}");
		qt_pci_setup_bridge(&bridge, 1);
		panel = panel_find(qt, 1);
		assert_int_equal(qt_read(qt, high_of(&panel), 4), 0);
		qt_write(qt, high_of(&panel), 4, 0x1111 * (i + 1));
		assert_int_equal(qt_read(qt, high_of(&panel), 4), 0x1111 * (i + 1));
		msix_entry(&panel, 2047, 0x77, false);
		msix_control(&panel, MSIX_ENABLE);
		put(&panel, PANEL_RAISE, 3);
		assert_int_equal(msix_message(&panel), 0x77);
		/* By its driver's leave, or pulled out before. */
		if (i & 1)
			gone(qt, "true");
		qt_qmp(qt, "{'execute':'device_del','arguments':{'id':'p'}}");
		qt_qmp(qt, "{'execute':'system_reset'}");
		qt_event(qt, "DEVICE_DELETED");
		reply = qt_qmp(qt, "{'execute':'human-monitor-command','arguments':"
				   "{'command-line':'info mtree'}}");
		assert_null(strstr(reply, "panel."));
		reply = qt_qmp(qt, "{'execute':'human-monitor-command','arguments':"
				   "{'command-line':'info ramblock'}}");
		assert_null(strstr(reply, "panel."));
	}
	qt_stop(qt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contents_both_ways),	 cmocka_unit_test(no_crossing),
		cmocka_unit_test(moved_and_off),	 cmocka_unit_test(resets),
		cmocka_unit_test(pulled_card),		 cmocka_unit_test(dma_to_itself),
		cmocka_unit_test(dma_by_another),	 cmocka_unit_test(of_a_spec),
		cmocka_unit_test(plugged_and_unplugged),
	};

	qt_need_qemu();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

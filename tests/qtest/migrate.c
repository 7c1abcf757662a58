/* SPDX-License-Identifier: BSD-2-Clause */
/* Saving to a file and restoring into another QEMU, with timers and jobs pending. */
#include "panel_test.h"
#include "saved.h"

#include <unistd.h>

#define RNG "-M pc -m 128 -device my_rng,id=r,addr=5"

static void generator_in_mid_sequence(void **state)
{
	struct qt *qt = qt_start(RNG);
	struct qt_pci rng = qt_pci_find(qt, 0, 0x1234, 0xcafe, 0);

	(void)state;
	qt_pci_setup(&rng);
	qt_put(&rng, 0, 4, 4, 0x42);
	assert_int_equal(qt_get(&rng, 0, 0, 4), 286129175);
	assert_int_equal(qt_get(&rng, 0, 0, 4), 1594929109);
	save(qt);
	rng.qt = restore(RNG, 0);
	assert_int_equal(qt_get(&rng, 0, 0, 4), 971802288);
	assert_int_equal(qt_get(&rng, 0, 0, 4), 222134722);
	qt_stop(rng.qt);
}

#define PROBE "-M q35 -m 128 -device probe,id=p,addr=5,mode=fast"

static void everything(void **state)
{
	struct qt *qt = qt_start(PROBE);
	struct qt_pci probe = qt_pci_find(qt, 0, PROBE_VENDOR_ID, PROBE_DEVICE_ID, 0);
	uint8_t ours[256];
	uint32_t mix, i, ticks;

	(void)state;
	qt_pci_setup(&probe);
	put(&probe, PROBE_SCRATCH, 0x1234);
	put(&probe, PROBE_STIR, 77);
	mix = get(&probe, PROBE_MIX);
	for (i = 0; i < PROBE_DATA_COUNT; i++)
		put(&probe, PROBE_DATA(i), i * 0x01010101);
	qt_put(&probe, 2, PROBE_CELL(1023), 8, UINT64_C(0xa1b2c3d4e5f60718));
	/* A timer with 400 ns to go, a job with no end in sight, a source pending. */
	put(&probe, PROBE_DELAY, 1000);
	put(&probe, PROBE_TIMER, PROBE_TIMER_COMMAND_AGAIN);
	qt_clock_step(qt, 1600);
	put(&probe, PROBE_ROUNDS, UINT32_MAX);
	put(&probe, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
	put(&probe, PROBE_IER, 0xf);
	put(&probe, PROBE_RAISE, 8);
	ticks = get(&probe, PROBE_TICKS);
	assert_int_equal(ticks, 1);
	save(qt);

	qt = probe.qt = restore(PROBE, 1600);
	qt_watch_irqs(qt);
	assert_int_equal(get(&probe, PROBE_SCRATCH), 0x1234);
	assert_int_equal(get(&probe, PROBE_MIX), mix);
	assert_int_equal(get(&probe, PROBE_LOADS), 1);
	assert_int_equal(get(&probe, PROBE_PROP_MODE), 2);
	for (i = 0; i < PROBE_DATA_COUNT; i++)
		assert_int_equal(get(&probe, PROBE_DATA(i)), i * 0x01010101);
	assert_true(qt_get(&probe, 2, PROBE_CELL(1023), 8) == UINT64_C(0xa1b2c3d4e5f60718));
	/* The timer goes on. */
	qt_clock_step(qt, 399);
	assert_int_equal(get(&probe, PROBE_TICKS), 1);
	qt_clock_step(qt, 1);
	assert_int_equal(get(&probe, PROBE_TICKS), 2);
	/* So does the job. */
	assert_int_equal(get(&probe, PROBE_BUSY), 1);
	put(&probe, PROBE_JOB, PROBE_JOB_COMMAND_CANCEL);
	assert_int_equal(get(&probe, PROBE_BUSY), 0);
	/* The line is still up, and goes down with its cause. */
	assert_int_equal(get(&probe, PROBE_ISR), 0xa);
	assert_int_equal(qt_config_read(&probe, 6, 2) & 8, 8);
	put(&probe, PROBE_TIMER, PROBE_TIMER_COMMAND_CANCEL);
	put(&probe, PROBE_ISR, 0xf);
	assert_int_equal(qt_config_read(&probe, 6, 2) & 8, 0);
	put(&probe, PROBE_RAISE, 1);
	assert_true(qt_irq(qt));
	qt_pci_mirror(qt, "/machine/peripheral/p", ours, sizeof(ours));
	for (i = 0; i < 256; i++)
		assert_int_equal(qt_config_read(&probe, i, 1), ours[i]);
	qt_stop(qt);
}

#define XCARD(type) "-M q35 -m 128 -device pcie-root-port,id=rp,addr=6 -device " type ",id=x,bus=rp"

/* Extended configuration space, with an error that was seen; an alias is the same device. */
static void express(void **state)
{
	struct qt *qt = qt_start(XCARD("xcard"));
	struct qt_pci bridge = { .qt = qt, .slot = 6 };
	struct qt_pci card;
	uint8_t ours[4096], theirs[4096];

	(void)state;
	qt_pci_setup_bridge(&bridge, 1);
	card = qt_pci_find(qt, 1, 0x1234, 0x0e9d, 0);
	qt_pci_setup(&card);
	qt_config_write(&card, 0x88, 2, 0x1020);
	qt_config_write(&card, 0x10c, 4, 0x1000);
	qt_config_write(&card, 0xffc, 4, 0x00030002);
	qt_qmp(qt, "{'execute':'human-monitor-command','arguments':{'command-line':"
		   "'pcie_aer_inject_error x POISON_TLP 0x4a000001 2 3 4'}}");
	save(qt);

	qt = card.qt = restore(XCARD("pci-xcard"), 0);
	assert_int_equal(qt_config_read(&card, 0x88, 2), 0x1020);
	assert_int_equal(qt_config_read(&card, 0x104, 4), 0x1000);
	assert_int_equal(qt_config_read(&card, 0x10c, 4), 0x1000);
	assert_int_equal(qt_config_read(&card, 0xffc, 4), 0x00030002);
	qt_config_fetch(&card, theirs, sizeof(theirs));
	qt_pci_mirror(qt, "/machine/peripheral/x", ours, sizeof(ours));
	assert_memory_equal(theirs, ours, sizeof(ours));
	qt_stop(qt);
}

/* A job that ends: its result is that of an undisturbed one, wherever it was cut. */
static void job_goes_on(void **state)
{
	const uint32_t rounds = 3000000;
	struct qt *qt = qt_start(PROBE);
	struct qt_pci probe = qt_pci_find(qt, 0, PROBE_VENDOR_ID, PROBE_DEVICE_ID, 0);
	uint32_t value = 1, i;

	(void)state;
	qt_pci_setup(&probe);
	put(&probe, PROBE_ROUNDS, rounds);
	put(&probe, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
	save(qt);
	probe.qt = restore(PROBE, 0);
	wait_for_job(&probe);
	for (i = 0; i < rounds; i++)
		value = value * 1664525u + 1013904223u;
	assert_int_equal(get(&probe, PROBE_RESULT), value);
	assert_int_equal(get(&probe, PROBE_ISR), 1);
	qt_stop(probe.qt);
}

/* Messages go on after a restore, though nobody has written to config space. */
static void msi_is_followed(void **state)
{
	struct qt *qt = qt_start(PROBE);
	struct qt_pci probe = qt_pci_find(qt, 0, PROBE_VENDOR_ID, PROBE_DEVICE_ID, 0);

	(void)state;
	qt_pci_setup(&probe);
	qt_pci_msi(&probe, 4, RAM_MSI, 0x30);
	put(&probe, PROBE_IER, 0xf);
	save(qt);
	probe.qt = restore(PROBE, 0);
	put(&probe, PROBE_RAISE, 4);
	assert_int_equal(ram32(probe.qt, RAM_MSI), 0x32);
	qt_stop(probe.qt);
}

#define PANEL "-M q35 -m 128 -device panel,id=p,addr=5"

/* Bytes of RAM blocks that a migration moves. */
static unsigned long long moved(struct qt *qt)
{
	const char *ram = strstr(qt_qmp(qt, "{'execute':'query-migrate'}"), "\"total\": ");
	unsigned long long total = 0;

	if (!ram || sscanf(ram, "\"total\": %llu", &total) != 1)
		fail_msg("query-migrate does not tell");
	return total;
}

/* Table and pending bits, and what is in windows, which travels once. */
static void msix_and_windows(void **state)
{
	struct qt *qt = qt_start("-M q35 -m 128");
	struct qt_pci panel;
	unsigned long long plain;
	uint64_t high, at;
	uint8_t ours[256];
	uint32_t i;

	(void)state;
	qt_qmp(qt, "{'execute':'migrate','arguments':{'uri':'file:%s'}}", saved_file);
	completed(qt);
	plain = moved(qt);
	qt_stop(qt);
	assert_int_equal(ftruncate(saved_fd, 0), 0);

	panel = panel_find(qt_start(PANEL), 0);
	high = panel.bar[PANEL_RAM_BAR] + PANEL_HIGH_AT;
	for (at = 0; at < PANEL_HIGH_SIZE; at += 4096)
		qt_write(panel.qt, high + at, 8, at * 0x10001 + 1);
	qt_write(panel.qt, high + PANEL_HIGH_SIZE - 1, 1, 0xa5);
	msix_entry(&panel, 0, 0x10, false);
	msix_entry(&panel, 2047, 0x20, true);
	msix_control(&panel, MSIX_ENABLE);
	put(&panel, PANEL_RAISE, 3);
	assert_true(msix_pending(&panel, 2047));
	qt_qmp(panel.qt, "{'execute':'migrate','arguments':{'uri':'file:%s'}}", saved_file);
	completed(panel.qt);
	assert_true(moved(panel.qt) == plain);
	qt_stop(panel.qt);

	panel.qt = restore(PANEL, 0);
	for (at = 0; at < PANEL_HIGH_SIZE; at += 4096)
		assert_true(qt_read(panel.qt, high + at, 8) == at * 0x10001 + 1);
	assert_int_equal(qt_read(panel.qt, high + PANEL_HIGH_SIZE - 1, 1), 0xa5);
	put(&panel, PANEL_WHICH, PANEL_HIGH);
	put(&panel, PANEL_AT, PANEL_HIGH_SIZE - 4);
	assert_int_equal(get(&panel, PANEL_VALUE), 0xa5000000);
	/* The model and the bus go on with the same memory. */
	put(&panel, PANEL_VALUE, 7);
	assert_int_equal(qt_read(panel.qt, high + PANEL_HIGH_SIZE - 4, 4), 7);
	assert_true(msix_pending(&panel, 2047));
	msix_entry(&panel, 2047, 0x21, false);
	assert_int_equal(msix_message(&panel), 0x21);
	put(&panel, PANEL_RAISE, 0);
	assert_int_equal(msix_message(&panel), 0x10);
	qt_pci_mirror(panel.qt, "/machine/peripheral/p", ours, sizeof(ours));
	for (i = 0; i < 256; i++)
		assert_int_equal(qt_config_read(&panel, i, 1), ours[i]);
	qt_stop(panel.qt);
}

/* A stop and a cont, over which jobs are parked, change nothing. */
static void stop_and_go(void **state)
{
	struct qt *qt = qt_start(PROBE);
	struct qt_pci probe = qt_pci_find(qt, 0, PROBE_VENDOR_ID, PROBE_DEVICE_ID, 0);
	unsigned int i;

	(void)state;
	qt_pci_setup(&probe);
	put(&probe, PROBE_ADDRESS, (uint32_t)RAM_DATA);
	put(&probe, PROBE_COPY_TO, (uint32_t)RAM_DATA + 0x200000);
	put(&probe, PROBE_ROUNDS, 2000);
	put(&probe, PROBE_JOB, PROBE_JOB_COMMAND_COPY);
	for (i = 0; i < 20; i++) {
		qt_qmp(qt, "{'execute':'stop'}");
		qt_qmp(qt, "{'execute':'cont'}");
	}
	wait_for_job(&probe);
	assert_int_equal(get(&probe, PROBE_ERRNO), 0);
	qt_stop(qt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(generator_in_mid_sequence, open_file, close_file),
		cmocka_unit_test_setup_teardown(everything, open_file, close_file),
		cmocka_unit_test_setup_teardown(job_goes_on, open_file, close_file),
		cmocka_unit_test_setup_teardown(msi_is_followed, open_file, close_file),
		cmocka_unit_test_setup_teardown(msix_and_windows, open_file, close_file),
		cmocka_unit_test_setup_teardown(express, open_file, close_file),
		cmocka_unit_test(stop_and_go),
	};

	qt_need_qemu();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices that come and go while the machine runs. */
#include "test.h"

#define ROOT_PORT "-M q35 -m 128 -device pcie-root-port,id=rp,addr=6,chassis=1"

/* Port of a `pc` in which a guest's ACPI ejects slots, a bit each. */
#define ACPI_EJECT 0xae08

/* What a reset completes: the guest that would have to agree is not there. */
static void unplug(struct qt *qt, const char *id)
{
	qt_qmp(qt, "{'execute':'device_del','arguments':{'id':'%s'}}", id);
	qt_qmp(qt, "{'execute':'system_reset'}");
	qt_event(qt, "DEVICE_DELETED");
}

static struct qt_pci plug(struct qt *qt, const char *more)
{
	struct qt_pci bridge = { .qt = qt, .slot = 6 };
	struct qt_pci probe;

	qt_qmp(qt, "{'execute':'device_add','arguments':{'driver':'probe','id':'p','bus':'rp'%s}}",
	       more);
	qt_pci_setup_bridge(&bridge, 1);
	probe = qt_pci_find(qt, 1, PROBE_VENDOR_ID, PROBE_DEVICE_ID, 0);
	qt_pci_setup(&probe);
	return probe;
}

static void plug_and_unplug(void **state)
{
	struct qt *qt = qt_start(ROOT_PORT);
	struct qt_pci probe;
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		probe = plug(qt, ",'small':42");
		assert_int_equal(get(&probe, PROBE_PROP_SMALL), 42);
		assert_int_equal(get(&probe, PROBE_SCRATCH), 0);
		assert_int_equal(get(&probe, PROBE_RESETS) & 0xffffff00, 0);
		put(&probe, PROBE_SCRATCH, i + 1);
		put(&probe, PROBE_DELAY, 1000);
		put(&probe, PROBE_TIMER, PROBE_TIMER_COMMAND_AGAIN);
		unplug(qt, "p");
		qt_clock_step(qt, 10000);
	}
	qt_stop(qt);
}

/* With a worker in the middle of its DMA: a reset comes first. */
static void reset_and_unplug_at_work(void **state)
{
	struct qt *qt = qt_start(ROOT_PORT);
	struct qt_pci probe;
	unsigned int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		probe = plug(qt, "");
		put(&probe, PROBE_ADDRESS, (uint32_t)RAM_DATA);
		put(&probe, PROBE_COPY_TO, (uint32_t)RAM_DATA + 0x100000);
		put(&probe, PROBE_ROUNDS, 4000);
		put(&probe, PROBE_JOB, PROBE_JOB_COMMAND_COPY);
		unplug(qt, "p");
	}
	qt_stop(qt);
}

/* The same as an ACPI guest does it, which ejects the slot and resets nothing. */
static void eject_at_work(void **state)
{
	struct qt *qt = qt_start("-M pc -m 128");
	struct qt_pci probe;
	unsigned int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		qt_qmp(qt, "{'execute':'device_add','arguments':"
			   "{'driver':'probe','id':'p','addr':'5'}}");
		probe = qt_pci_find(qt, 0, PROBE_VENDOR_ID, PROBE_DEVICE_ID, 0);
		qt_pci_setup(&probe);
		put(&probe, PROBE_IER, 0xf);
		put(&probe, PROBE_RAISE, 1);
		put(&probe, PROBE_ADDRESS, (uint32_t)RAM_DATA);
		put(&probe, PROBE_COPY_TO, (uint32_t)RAM_DATA + 0x100000);
		put(&probe, PROBE_ROUNDS, 4000);
		put(&probe, PROBE_JOB, PROBE_JOB_COMMAND_COPY);
		qt_qmp(qt, "{'execute':'device_del','arguments':{'id':'p'}}");
		qt_out(qt, ACPI_EJECT, 4, 1u << 5);
		qt_event(qt, "DEVICE_DELETED");
		/* Nothing answers there any more. */
		assert_int_not_equal(get(&probe, PROBE_ID), PROBE_ID_RESET);
	}
	qt_stop(qt);
}

/* A device that refuses to be made leaves nothing behind. */
static void refused(void **state)
{
	struct qt *qt = qt_start(ROOT_PORT);
	const char *reply;
	struct qt_pci probe;

	(void)state;
	reply = qt_qmp_try(qt, "{'execute':'device_add','arguments':{'driver':'probe','id':'p',"
			       "'bus':'rp','label':'refuse'}}");
	assert_int_equal(*reply, '!');
	assert_non_null(strstr(reply, "refused"));
	reply = qt_qmp_try(qt, "{'execute':'device_add','arguments':{'driver':'probe','id':'p',"
			       "'bus':'rp','small':1000}}");
	assert_non_null(strstr(reply, "out of its range"));
	probe = plug(qt, "");
	assert_int_equal(get(&probe, PROBE_ID), PROBE_ID_RESET);
	qt_stop(qt);
}

/* The card is pulled without a word: all-ones, no DMA, no interrupt; and it can come back. */
static void surprise(void **state)
{
	struct qt_pci probe = probe_start("");
	struct qt *qt = probe.qt;

	(void)state;
	qt_watch_irqs(qt);
	put(&probe, PROBE_IER, 0xf);
	put(&probe, PROBE_RAISE, 1);
	assert_true(qt_irq(qt));
	put(&probe, PROBE_ROUNDS, UINT32_MAX);
	put(&probe, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
	qt_qmp(qt, "{'execute':'qom-set','arguments':{'path':'/machine/peripheral/p',"
		   "'property':'x-gone','value':true}}");
	assert_false(qt_irq(qt));
	assert_int_equal(get(&probe, PROBE_ID), 0xffffffff);
	assert_int_equal(qt_config_read(&probe, 0, 4), 0xffffffff);
	put(&probe, PROBE_RAISE, 2);
	assert_false(qt_irq(qt));
	qt_qmp(qt, "{'execute':'qom-set','arguments':{'path':'/machine/peripheral/p',"
		   "'property':'x-gone','value':false}}");
	assert_int_equal(get(&probe, PROBE_ID), PROBE_ID_RESET);
	assert_int_equal(get(&probe, PROBE_BUSY), 0);
	qt_stop(qt);
}

/* PCI Express 7.8.10 and 7.8.11: slot control and status, in the port's Express capability. */
#define SLOT_CONTROL 0x18
#define SLOT_OFF 0x0700 /* power and its indicator */
#define SLOT_STATUS 0x1a
#define SLOT_CHANGED 0x0008 /* presence detect changed */
#define SLOT_PRESENT 0x0040

/* Its port says that nobody is there, and it still answers all-ones; a slot that is off lets it go. */
static void pulled_from_a_port(void **state)
{
	struct qt *qt =
		qt_start(ROOT_PORT " -global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off");
	struct qt_pci port = { .qt = qt, .slot = 6 };
	uint32_t express = qt_pci_cap(&port, 0x10);
	struct qt_pci probe;

	(void)state;
	assert_int_not_equal(express, 0);
	qt_config_write(&port, express + SLOT_CONTROL, 2, 0);
	probe = plug(qt, "");
	qt_config_write(&port, express + SLOT_STATUS, 2, SLOT_CHANGED);
	assert_int_equal(qt_config_read(&port, express + SLOT_STATUS, 2) &
				 (SLOT_PRESENT | SLOT_CHANGED),
			 SLOT_PRESENT);
	qt_qmp(qt, "{'execute':'qom-set','arguments':{'path':'/machine/peripheral/p',"
		   "'property':'x-gone','value':true}}");
	assert_int_equal(qt_config_read(&port, express + SLOT_STATUS, 2) &
				 (SLOT_PRESENT | SLOT_CHANGED),
			 SLOT_CHANGED);
	assert_int_equal(get(&probe, PROBE_ID), 0xffffffff);
	assert_int_equal(qt_config_read(&probe, 0, 4), 0xffffffff);
	qt_config_write(&port, express + SLOT_CONTROL, 2, SLOT_OFF);
	qt_qmp(qt, "{'execute':'device_del','arguments':{'id':'p'}}");
	qt_event(qt, "DEVICE_DELETED");
	qt_config_write(&port, express + SLOT_CONTROL, 2, 0);
	probe = plug(qt, "");
	assert_int_equal(get(&probe, PROBE_ID), PROBE_ID_RESET);
	qt_stop(qt);
}

/* By name and field, and without reading: a register whose read clears it still is as it was. */
static void described(void **state)
{
	struct qt_pci probe = probe_start("");
	const char *text;

	(void)state;
	put(&probe, PROBE_SCRATCH, 0xc0ffee);
	text = qt_qmp_try(probe.qt, "{'execute':'qom-get','arguments':{'path':"
				    "'/machine/peripheral/p','property':'x-info'}}");
	assert_non_null(strstr(text, "SCRATCH"));
	assert_non_null(strstr(text, "0xc0ffee"));
	assert_non_null(strstr(text, "READ_CLR"));
	/* The field of ANY that a read clears: bits 23:16, 0x0f after a reset. */
	assert_int_equal(get(&probe, PROBE_ANY) >> 16 & 0xff, 0x0f);
	qt_stop(probe.qt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plug_and_unplug), cmocka_unit_test(reset_and_unplug_at_work),
		cmocka_unit_test(eject_at_work),   cmocka_unit_test(refused),
		cmocka_unit_test(surprise),	   cmocka_unit_test(pulled_from_a_port),
		cmocka_unit_test(described),
	};

	qt_need_qemu();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"
#include "lab/machine.h"
#include "project/failure.h"
#include "project/project.h"

static GPtrArray *served; /* NULL: not */
static const char *device_type; /* NULL: the name */

static char *command(struct lab_options *options, gboolean express, gboolean kvm, const char *share)
{
	struct project project = {
		.name = (char *)"dev",
		.type = (char *)device_type,
		.express = express,
	};
	struct project_device first = { &project, (char *)"dev0", (char *)"" };
	struct project_device second = { &project, (char *)"dev1", (char *)"seed=7" };
	g_autoptr(GPtrArray) devices = g_ptr_array_new();
	struct lab_kernel kernel = { .image = (char *)"/k" };
	struct machine_plan plan = {
		.options = options,
		.machine = lab_machine(options->machine, NULL),
		.kernel = &kernel,
		.qemu = "qemu",
		.initramfs = "/i",
		.rundir = "/r,1",
		.devices = devices,
		.sockets = served,
		.kvm = kvm,
		.channel_fd = 3,
		.console_fd = 4,
		.monitor_fd = 6,
		.share_socket = share,
		.gdb_socket = "/r,1/gdb",
	};
	g_auto(GStrv) argv = NULL;

	g_ptr_array_add(devices, &first);
	g_ptr_array_add(devices, &second);
	argv = machine_command(&plan);
	return g_strjoinv(" ", argv);
}

static void has(const char *line, const char *words)
{
	if (!strstr(line, words))
		fail_msg("no \"%s\" in: %s", words, line);
}

static void devices_come_in_order(void **state)
{
	struct lab_options options = { 0 };
	g_autofree char *line = command(&options, FALSE, FALSE, NULL);

	has(line, "-machine q35 ");
	has(line, "-accel tcg");
	has(line, "-device dev,id=dev0,addr=02.0 -device dev,id=dev1,addr=03.0,seed=7");
	has(line, "-device virtio-serial-pci,id=lab,addr=1e.0 ");
	has(line, "oops=panic");
	assert_null(strstr(line, "-gdb"));
	assert_null(strstr(line, "id=lab.port"));
}

static void a_type_of_its_own(void **state)
{
	struct lab_options options = { 0 };
	g_autofree char *line = NULL;

	device_type = "other-type";
	line = command(&options, FALSE, FALSE, NULL);
	device_type = NULL;
	has(line, "-device other-type,id=dev0,addr=02.0 -device other-type,id=dev1,");
}

static void gdb_on_a_model_has_days(void **state)
{
	struct lab_options options = { .gdb_model = TRUE };
	g_autoptr(GPtrArray) sockets = g_ptr_array_new();
	g_autofree char *line = NULL;

	g_ptr_array_add(sockets, (char *)"/r/vfio0");
	g_ptr_array_add(sockets, (char *)"/r/vfio1");
	served = sockets;
	line = command(&options, FALSE, FALSE, NULL);
	served = NULL;
	/* QEMU takes an int of milliseconds. */
	has(line, "\"x-msg-timeout\":1000000000}");
}

static void served_devices_share_memory_and_keep_their_places(void **state)
{
	struct lab_options options = { 0 };
	g_autoptr(GPtrArray) sockets = g_ptr_array_new();
	g_autofree char *line = NULL;
	g_autofree char *express = NULL;

	g_ptr_array_add(sockets, (char *)"/r/vfio0");
	g_ptr_array_add(sockets, (char *)"/a \"b\"\\c");
	served = sockets;
	line = command(&options, FALSE, FALSE, NULL);
	express = command(&options, TRUE, FALSE, "/r/share");
	served = NULL;
	has(line, "-machine q35,memory-backend=ram ");
	has(line, "-object memory-backend-memfd,id=ram,share=on,size=512M");
	has(line, "-device {\"driver\":\"vfio-user-pci\",\"id\":\"dev0\",\"addr\":\"02.0\","
		  "\"socket\":{\"type\":\"unix\",\"path\":\"/r/vfio0\"},");
	has(line,
	    "\"addr\":\"03.0\",\"socket\":{\"type\":\"unix\",\"path\":\"/a \\\"b\\\"\\\\c\"}");
	has(line, "\"x-msg-timeout\":60000}");
	assert_null(strstr(line, "seed=7"));
	has(express, "\"id\":\"dev1\",\"bus\":\"lab.port1\",");
	assert_null(strstr(strstr(express, "id=ram") + 1, "id=ram"));
}

/* Behind what options add, and never in a device's way. */
static void spare_slots_are_where_nobody_else_is(void **state)
{
	struct lab_options options = { 0 };
	struct lab_options more = { .disk = (char *)"/a" };
	g_autofree char *line = command(&options, FALSE, FALSE, NULL);
	g_autofree char *full = command(&more, FALSE, FALSE, "/r/share");

	has(line, "pcie-root-port,id=lab.spare1,chassis=101,slot=101,addr=1d.0,multifunction=on,");
	has(line, "pcie-root-port,id=lab.spare4,chassis=104,slot=104,addr=1d.3,multifunction=on,");
	has(full, "pcie-root-port,id=lab.spare1,chassis=101,slot=101,addr=1b.0,");
	assert_int_equal(machine_last_slot(lab_machine(NULL, NULL), &options), 0x1c);
	/* The guest's own driver for slots is the one that notices a pulled card. */
	has(line, "-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off");
	has(line, "-chardev socket,id=monitor,fd=6 -qmp chardev:monitor");
	options.machine = (char *)"pc";
	assert_int_equal(machine_last_slot(lab_machine("pc", NULL), &options), 0x1e);
}

/* The classic address of the first device depends on this order: docs say 0xfebf1000. */
static void the_classic_pc(void **state)
{
	struct lab_options options = { .machine = (char *)"pc", .disk = (char *)"/a,b" };
	g_autofree char *line = command(&options, TRUE, FALSE, NULL);

	has(line, "-device VGA,addr=02.0 -device dev,id=dev0,addr=03.0 ");
	has(line,
	    "virtio-serial-pci,id=lab,addr=1f.0,disable-modern=on,disable-legacy=off,vectors=0");
	has(line, "file=/a,,b,format=raw");
}

static void express_devices_get_a_port_each(void **state)
{
	struct lab_options options = { .iommu = TRUE, .gdb = TRUE, .append = (char *)"quux" };
	g_autofree char *line = command(&options, TRUE, TRUE, "/r,1/share");

	has(line, "pcie-root-port,id=lab.port0,chassis=1,addr=02.0,slot=1 -device "
		  "dev,id=dev0,bus=lab.port0");
	has(line, "-machine q35,memory-backend=ram,kernel-irqchip=split");
	has(line, "-device intel-iommu,intremap=on");
	has(line, "intel_iommu=on");
	has(line, "nokaslr");
	has(line, "ersatz.share=share quux");
	/* A comma in the name of the run's folder ends nothing. */
	has(line, "-S -gdb unix:/r,,1/gdb");
	has(line, "-qmp unix:/r,,1/qmp,server=on");
	has(line, "id=share,path=/r,,1/share ");
	has(line, "vhost-user-fs-pci");
}

static void refused(struct lab_options options, const char *words)
{
	g_autoptr(GError) error = NULL;

	assert_false(machine_check(&options, 0, &error));
	assert_int_equal(error->code, FAILURE_SETUP);
	has(error->message, words);
}

static void bad_options(void **state)
{
	refused((struct lab_options){ .machine = (char *)"q53" }, "q35, pc");
	refused((struct lab_options){ .machine = (char *)"pc", .iommu = TRUE }, "--iommu");
	refused((struct lab_options){ .smp = -1 }, "--smp");
	refused((struct lab_options){ .mem = 7 }, "--mem");
	refused((struct lab_options){ .disk = (char *)"/nonexistent" }, "/nonexistent");
	refused((struct lab_options){ .share = (char *)"/dev/null" }, "/dev/null");
	refused((struct lab_options){ .timeout = -1 }, "time-out");
}

static void too_many_devices(void **state)
{
	struct lab_options options = { 0 };
	struct lab_options more = { .disk = (char *)"/dev/null", .share = (char *)"/" };
	g_autoptr(GError) error = NULL;

	assert_true(machine_check(&options, 27, NULL));
	assert_false(machine_check(&options, 28, &error));
	has(error->message, "28 devices are too many: the machine q35 has slots for 27");
	assert_true(machine_check(&more, 25, NULL));
	assert_false(machine_check(&more, 26, NULL));
}

static void disk_formats(void **state)
{
	static const char qcow[] = "QFI\xfb\0\0\0\3";
	g_autofree char *dir = g_dir_make_tmp("ersatz-XXXXXX", NULL);
	g_autofree char *file = g_build_filename(dir, "disk", NULL);

	g_file_set_contents(file, qcow, sizeof(qcow), NULL);
	assert_string_equal(machine_disk_format(file), "qcow2");
	g_file_set_contents(file, "anything", -1, NULL);
	assert_string_equal(machine_disk_format(file), "raw");
	g_file_set_contents(file, "", 0, NULL);
	assert_string_equal(machine_disk_format(file), "raw");
	remove(file);
	remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_come_in_order),
		cmocka_unit_test(a_type_of_its_own),
		cmocka_unit_test(spare_slots_are_where_nobody_else_is),
		cmocka_unit_test(the_classic_pc),
		cmocka_unit_test(served_devices_share_memory_and_keep_their_places),
		cmocka_unit_test(gdb_on_a_model_has_days),
		cmocka_unit_test(express_devices_get_a_port_each),
		cmocka_unit_test(bad_options),
		cmocka_unit_test(too_many_devices),
		cmocka_unit_test(disk_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/machine.h"
#include "lab/guest/wire.h"
#include "project/failure.h"
#include "project/project.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* A value inside a QEMU option, where a comma is written twice. */
static char *escape(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, ",", -1);

	return g_strjoinv(",,", parts);
}

const char *machine_disk_format(const char *path)
{
	static const struct {
		const char *magic, *format;
	} formats[] = { { "QFI\xfb", "qcow2" },
			{ "KDMV", "vmdk" },
			{ "vhdxfile", "vhdx" },
			{ "<<< Oracle VM", "vdi" },
			{ "conectix", "vpc" } };
	char head[16] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (read(fd, head, sizeof(head) - 1) < 0)
			head[0] = 0;
		close(fd);
	}
	for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
		if (memcmp(head, formats[i].magic, strlen(formats[i].magic)) == 0)
			return formats[i].format;
	return "raw";
}

guint machine_last_slot(const struct lab_machine *machine, const struct lab_options *options)
{
	/* The channel, the spare ports, and what add_own_devices() adds for options. */
	return machine->last_slot - 1 - (machine->express ? 1 : 0) - (options->disk ? 1 : 0) -
	       (options->share ? 1 : 0);
}

gboolean machine_check(const struct lab_options *options, guint devices, GError **error)
{
	const struct lab_machine *machine = lab_machine(options->machine, error);
	guint slots;

	if (!machine)
		return FALSE;
	slots = machine_last_slot(machine, options) + 1 - machine->first_slot;
	if (devices > slots)
		return failure_set(error, FAILURE_SETUP,
				   "%u devices are too many: the machine %s has slots for %u here",
				   devices, machine->name, slots);
	if (options->iommu && !machine->express)
		return failure_set(error, FAILURE_SETUP,
				   "--iommu needs a machine with PCI Express, and %s has none: "
				   "leave --machine out",
				   machine->name);
	if (options->smp < 0 || options->smp > 255)
		return failure_set(error, FAILURE_SETUP, "--smp takes 1 to 255, not %d",
				   options->smp);
	if (options->mem && options->mem < 64)
		return failure_set(error, FAILURE_SETUP, "--mem takes MiB, at least 64, not %d",
				   options->mem);
	if (options->disk && access(options->disk, R_OK | W_OK))
		return failure_errno(error, errno, "cannot use the disk image %s", options->disk);
	if (options->share && !g_file_test(options->share, G_FILE_TEST_IS_DIR))
		return failure_set(error, FAILURE_SETUP, "--share takes a folder, which %s is not",
				   options->share);
	if (options->timeout < 0 || options->boot_timeout < 0)
		return failure_set(error, FAILURE_SETUP,
				   "a time-out is a number of seconds, from 1 up");
	return TRUE;
}

static void add(GPtrArray *argv, const char *option, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void add(GPtrArray *argv, const char *option, const char *format, ...)
{
	va_list args;

	g_ptr_array_add(argv, g_strdup(option));
	if (!format)
		return;
	va_start(args, format);
	g_ptr_array_add(argv, g_strdup_vprintf(format, args));
	va_end(args);
}

static char *kernel_append(const struct machine_plan *plan)
{
	const struct lab_arch *arch = lab_arch();
	const struct lab_options *options = plan->options;
	GString *line = g_string_new(NULL);

	g_string_append_printf(line, "console=%s quiet panic=-1 ersatz.tty=%s %s", arch->console,
			       arch->console, arch->append);
	/* For tests of what one of the two cannot do. */
	g_string_append_printf(line, " ersatz.backend=%s", plan->sockets ? "vfio-user" : "qemu");
	/* A command that died of an oops says nothing useful; in a shell one looks around. */
	if (!plan->interactive)
		g_string_append(line, " oops=panic");
	/* All reports, not only the first; and no alarm because this machine is slow. */
	if (options->debug_kernel)
		g_string_append(line, " kasan_multi_shot watchdog_thresh=60 "
				      "workqueue.watchdog_thresh=240 ersatz.reports=on");
	if (options->gdb)
		g_string_append(line, " nokaslr");
	if (options->iommu)
		g_string_append_printf(line, " %s", arch->iommu_append);
	if (plan->share_socket)
		g_string_append(line, " ersatz.share=share");
	/*
	 * QEMU does not see virtiofsd write to the guest's memory, so what it has
	 * translated of a page's old code stays, and runs instead of the new. A
	 * kernel that clears each page first lets QEMU know; Debian's does anyway.
	 */
	if (plan->share_socket && !plan->kvm)
		g_string_append(line, " init_on_alloc=1");
	if (options->append)
		g_string_append_printf(line, " %s", options->append);
	return g_string_free(line, FALSE);
}

/*
 * How long QEMU waits for an answer of a server. A late one would put all that
 * follow out of step, so a hook that hangs is ended before: servers.c.
 */
#define SERVER_TIMEOUT_MS 60000
#define DEBUGGED_TIMEOUT_MS 1000000000 /* eleven days in front of gdb */

static char *json_escape(const char *text)
{
	GString *out = g_string_new(NULL);

	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *text);
	}
	return g_string_free(out, FALSE);
}

/* A device that is served: its properties are the server's. QEMU takes this in JSON only. */
static void add_served(GPtrArray *argv, const char *id, const char *place, const char *socket,
		       gboolean debugged)
{
	g_auto(GStrv) where = g_strsplit(place, "=", 2);
	g_autofree char *path = json_escape(socket);

	add(argv, "-device",
	    "{\"driver\":\"vfio-user-pci\",\"id\":\"%s\",\"%s\":\"%s\","
	    "\"socket\":{\"type\":\"unix\",\"path\":\"%s\"},\"x-msg-timeout\":%d}",
	    id, where[0], where[1], path, debugged ? DEBUGGED_TIMEOUT_MS : SERVER_TIMEOUT_MS);
}

static void add_devices(GPtrArray *argv, const struct machine_plan *plan)
{
	guint slot = plan->machine->first_slot;

	for (guint i = 0; plan->devices && i < plan->devices->len; i++, slot++) {
		const struct project_device *device = plan->devices->pdata[i];
		const char *type =
			device->project->type ? device->project->type : device->project->name;
		g_autofree char *place = g_strdup_printf("addr=%02x.0", slot);

		/* An endpoint sits below a port of its own, as in a slot. */
		if (device->project->express && plan->machine->express) {
			add(argv, "-device",
			    "pcie-root-port,id=" MACHINE_PORT ",chassis=%u,addr=%02x.0,slot=%u", i,
			    i + 1, slot, i + 1);
			g_free(place);
			place = g_strdup_printf("bus=" MACHINE_PORT, i);
		}
		if (plan->sockets)
			add_served(argv, device->id, place, plan->sockets->pdata[i],
				   plan->options->gdb_model);
		else
			add(argv, "-device", "%s,id=%s,%s%s%s", type, device->id, place,
			    *device->properties ? "," : "", device->properties);
	}
}

/*
 * Ports of one device number, with native hot-plug: the guest's own driver for
 * it is what a real machine has, and notices a card that was pulled. What is
 * reserved behind each is as much address space as a card may want that comes later.
 */
static void add_spare_ports(GPtrArray *argv, guint slot)
{
	for (guint i = 0; i < MACHINE_SPARES; i++)
		add(argv, "-device",
		    "pcie-root-port,id=" MACHINE_SPARE
		    ",chassis=%u,slot=%u,addr=%02x.%u,multifunction=on,"
		    "io-reserve=4K,mem-reserve=16M,pref64-reserve=64M",
		    i + 1, MACHINE_SPARE_SLOT + i + 1, MACHINE_SPARE_SLOT + i + 1, slot, i);
}

/* What the lab itself needs, in the last slots, where it moves nobody's addresses. */
static void add_own_devices(GPtrArray *argv, const struct machine_plan *plan)
{
	const char *more = plan->machine->channel;
	guint slot = plan->machine->last_slot;

	add(argv, "-chardev", "socket,id=channel,fd=%d", plan->channel_fd);
	add(argv, "-device", "virtio-serial-pci,id=lab,addr=%02x.0%s", slot--, more);
	add(argv, "-device", "virtserialport,bus=lab.0,chardev=channel,name=%s", WIRE_PORT);
	if (plan->options->disk) {
		g_autofree char *file = escape(plan->options->disk);

		add(argv, "-drive", "if=none,id=disk,file=%s,format=%s", file,
		    machine_disk_format(plan->options->disk));
		add(argv, "-device", "virtio-blk-pci,drive=disk,addr=%02x.0%s", slot--, more);
	}
	if (plan->share_socket) {
		g_autofree char *path = escape(plan->share_socket);

		add(argv, "-chardev", "socket,id=share,path=%s", path);
		/* A virtio 1 device: it has no legacy form. */
		add(argv, "-device", "vhost-user-fs-pci,chardev=share,tag=share,addr=%02x.0",
		    slot--);
	}
	if (plan->machine->express)
		add_spare_ports(argv, slot--);
}

char **machine_command(const struct machine_plan *plan)
{
	const struct lab_arch *arch = lab_arch();
	const struct lab_options *options = plan->options;
	GPtrArray *argv = g_ptr_array_new();
	g_autofree char *append = kernel_append(plan);
	g_autofree char *rundir = escape(plan->rundir);
	int mem = options->mem		  ? options->mem
		  : options->debug_kernel ? LAB_DEBUG_MEMORY
					  : LAB_MEMORY;
	/* virtiofsd and our servers read and write the guest's memory themselves. */
	gboolean shared = plan->share_socket || plan->sockets;

	add(argv, plan->qemu, NULL);
	add(argv, "-name", "ersatz");
	add(argv, "-nodefaults", NULL);
	add(argv, "-no-user-config", NULL);
	add(argv, "-display", "none");
	add(argv, "-no-reboot", NULL);
	add(argv, "-machine", "%s%s%s", plan->machine->name, shared ? ",memory-backend=ram" : "",
	    options->iommu && plan->kvm ? ",kernel-irqchip=split" : "");
	add(argv, "-accel", plan->kvm ? "kvm" : "tcg");
	add(argv, "-cpu", "%s", plan->kvm ? arch->kvm_cpu : arch->tcg_cpu);
	add(argv, "-m", "%d", mem);
	add(argv, "-smp", "%d", options->smp ? options->smp : 1);
	if (shared)
		add(argv, "-object", "memory-backend-memfd,id=ram,share=on,size=%dM", mem);
	add(argv, "-kernel", "%s", plan->kernel->image);
	add(argv, "-initrd", "%s", plan->initramfs);
	add(argv, "-append", "%s", append);
	add(argv, "-chardev", "socket,id=console,fd=%d", plan->console_fd);
	add(argv, "-serial", "chardev:console");
	add(argv, "-qmp", "unix:%s/qmp,server=on,wait=off", rundir);
	add(argv, "-chardev", "socket,id=monitor,fd=%d", plan->monitor_fd);
	add(argv, "-qmp", "chardev:monitor");
	if (plan->machine->hotplug)
		add(argv, "-global", "%s", plan->machine->hotplug);
	if (plan->machine->vga)
		add(argv, "-device", "%s", plan->machine->vga);
	if (options->iommu)
		add(argv, "-device", "%s", arch->iommu);
	add_devices(argv, plan);
	add_own_devices(argv, plan);
	if (options->gdb) {
		g_autofree char *path = escape(plan->gdb_socket);

		add(argv, "-S", NULL);
		add(argv, "-gdb", "unix:%s,server=on,wait=off", path);
	}
	for (char **arg = options->qemu_args; arg && *arg; arg++)
		g_ptr_array_add(argv, g_strdup(*arg));
	g_ptr_array_add(argv, NULL);
	return (char **)g_ptr_array_free(argv, FALSE);
}

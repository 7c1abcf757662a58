/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/arch.h"
#include "project/failure.h"
#include "project/suggest.h"

#include <elf.h>
#include <string.h>

static const struct lab_machine x86_machines[] = {
	/* The default: PCI Express, an IOMMU, native hot-plug, and as quick to boot as pc. */
	{
		.name = "q35",
		.channel = "",
		.hotplug = "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
		.first_slot = 0x02,
		.last_slot = 0x1e,
		.express = TRUE,
	},
	/*
	 * The classic PC. Its display stays, and the lab's own devices have no
	 * memory BAR: so the first device's 4 KiB BAR lands at 0xfebf1000,
	 * which drivers written for this machine have been known to hard-code.
	 */
	{
		.name = "pc",
		.vga = "VGA,addr=02.0",
		.channel = ",disable-modern=on,disable-legacy=off,vectors=0",
		.first_slot = 0x03,
		.last_slot = 0x1f,
	},
	{ NULL },
};

static const struct lab_arch arches[] = {
	{
		.name = "x86_64",
		.qemu = "qemu-system-x86_64",
		.qemu_package = "qemu-system-x86",
		.flavour = "cloud-amd64",
		.image = "arch/x86/boot/bzImage",
		.console = "ttyS0",
		.gdb = "i386:x86-64",
		.gdb_argument = "$rdi",
		.elf = EM_X86_64,
		.loader = "usr/lib64/ld-linux-x86-64.so.2",
		.kvm_cpu = "host",
		.tcg_cpu = "qemu64",
		/* Its timer test takes a busy machine under us for a broken one, and panics. */
		.append = "no_timer_check",
		.iommu = "intel-iommu,intremap=on,caching-mode=on",
		.iommu_append = "intel_iommu=on",
		.machines = x86_machines,
	},
};

const struct lab_arch *lab_arch(void)
{
	return &arches[0];
}

const struct lab_machine *lab_machine(const char *name, GError **error)
{
	const struct lab_machine *machines = lab_arch()->machines;
	g_autoptr(GString) names = g_string_new(NULL);

	if (!name)
		return machines;
	for (guint i = 0; machines[i].name; i++) {
		if (strcmp(machines[i].name, name) == 0)
			return &machines[i];
		g_string_append_printf(names, "%s%s", i ? ", " : "", machines[i].name);
	}
	failure_set(error, FAILURE_SETUP, "there is no machine \"%s\"; --machine takes one of: %s",
		    name, names->str);
	return NULL;
}

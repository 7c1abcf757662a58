/* SPDX-License-Identifier: BSD-2-Clause */
/* The one table of architectures; nothing else in the lab knows what a guest's processor is. */
#ifndef ERSATZ_LAB_ARCH_H
#define ERSATZ_LAB_ARCH_H

#include <glib.h>

/* A kind of machine that QEMU has for an architecture. */
struct lab_machine {
	const char *name; /* for --machine, and QEMU's -M */
	const char *options; /* more of -M; NULL: none */
	const char *vga; /* -device for the display that belongs to it; NULL: none */
	const char *channel; /* properties of the virtio devices, so that they fit in */
	const char *hotplug; /* -global, for native hot-plug; NULL: none needed */
	guint first_slot; /* devices of the run go here, in order, ... */
	guint last_slot; /* ... and the lab's own from here down */
	gboolean express; /* has PCI Express root ports, and so an IOMMU */
};

struct lab_arch {
	const char *name; /* as uname -m says */
	const char *qemu;
	const char *qemu_package; /* Debian's, with that program */
	const char *flavour; /* of Debian's kernel packages: linux-headers-*-FLAVOUR */
	const char *image; /* what the kernel's file is called in a build folder */
	const char *console; /* the kernel's name for the first serial port */
	const char *gdb; /* gdb's name of it */
	const char *gdb_argument; /* where a function's first argument is at its entry */
	guint16 elf; /* EM_... */
	const char *loader; /* of Debian's programs, for a tree that is not at / */
	const char *kvm_cpu, *tcg_cpu; /* for -cpu */
	const char *append; /* for the kernel's command line */
	const char *iommu; /* -device ... */
	const char *iommu_append; /* the same, with that */
	const struct lab_machine *machines; /* the first is the default; ends with name NULL */
};

/* The only row so far. */
const struct lab_arch *lab_arch(void);
/* NULL with an error that names those there are. */
const struct lab_machine *lab_machine(const char *name, GError **error);

#endif

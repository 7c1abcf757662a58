/* SPDX-License-Identifier: BSD-2-Clause */
/* QEMU's command line for a run. */
#ifndef ERSATZ_LAB_MACHINE_H
#define ERSATZ_LAB_MACHINE_H

#include "lab/arch.h"
#include "lab/kernel.h"
#include "lab/options.h"

/*
 * Slots for hot-plug that a machine with PCI Express has: root ports lab.spare1,
 * lab.spare2, ... whose slot number, as the guest knows it, is MACHINE_SPARE_SLOT + 1, ...
 * An Express device that is there from the start has a port of its own:
 * lab.port0 is slot 1, and so on. The dot keeps these names apart from devices',
 * which are C identifiers.
 */
#define MACHINE_PORT "lab.port%u"
#define MACHINE_SPARE "lab.spare%u"
#define MACHINE_SPARES 4
#define MACHINE_SPARE_SLOT 100

struct machine_plan {
	const struct lab_options *options;
	const struct lab_machine *machine;
	const struct lab_kernel *kernel;
	const char *qemu;
	const char *initramfs;
	const char *rundir;
	GPtrArray *devices; /* of struct project_device */
	GPtrArray *sockets; /* of char *, where each is served; NULL: in QEMU itself */
	gboolean kvm;
	gboolean quiet; /* keep what QEMU says on stderr to ourselves */
	gboolean interactive; /* an oops does not end it */
	int channel_fd, console_fd, monitor_fd; /* sockets, as QEMU will have them */
	const char *share_socket; /* virtiofsd's; NULL: no shared folder */
	const char *gdb_socket; /* NULL: no --gdb */
};

/*
 * Options that cannot go together, or name what is not there, are errors; so
 * are more devices than the machine has slots for.
 */
gboolean machine_check(const struct lab_options *options, guint devices, GError **error);

/* The last device number of the root bus that a run's devices may have. */
guint machine_last_slot(const struct lab_machine *machine, const struct lab_options *options);

/* Arguments, NULL-terminated; free with g_strfreev. */
char **machine_command(const struct machine_plan *plan);

/* Format of a disk image, by what it starts with: "qcow2", ..., "raw". */
const char *machine_disk_format(const char *path);

#endif

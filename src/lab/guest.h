/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest that runs: QEMU, the channel to its agent, its console. */
#ifndef ERSATZ_LAB_GUEST_H
#define ERSATZ_LAB_GUEST_H

#include "lab/guest/wire.h"
#include "lab/machine.h"
#include "lab/rundir.h"

struct guest;

#define GUEST_TRACE_FD 5 /* what QEMU can write a trace to: trace_fd, or our stderr */

/*
 * Starts QEMU by the plan, whose fds, run folder and sockets it fills in
 * itself. `tap_environment` is ERSATZ_TAPS, `path_environment` ERSATZ_PATH;
 * NULL: not set. trace_fd is where a trace goes; -1: with what QEMU says.
 * NULL with an error.
 */
struct guest *guest_start(struct machine_plan *plan, struct rundir *rundir,
			  const char *tap_environment, const char *path_environment, int trace_fd,
			  GError **error);

/*
 * Waits until the guest's modules are loaded. Errors of this and the next
 * functions have their cause in the message, with the console's last lines.
 */
gboolean guest_wait_ready(struct guest *guest, GError **error);

/*
 * Seconds that it waits for the guest's kernel, and once more for the modules;
 * 0: no limit.
 */
int guest_boot_limit(const struct lab_options *options);

/* Where a command's streams go. */
struct guest_streams {
	int in; /* -1: at end of file from the start */
	int out, err; /* -1: collected in the strings */
	GString *out_text, *err_text;
};

/*
 * Runs a command; `status` as a shell has it. With `limit` seconds (0: none)
 * the command, not the guest, is killed when they are over, and *ret_late set.
 */
gboolean guest_command(struct guest *guest, char **argv, const struct guest_streams *streams,
		       int limit, int *ret_status, gboolean *ret_late, GError **error);

/* A shell on the guest's console and our terminal, until it or Ctrl-A x ends it. */
gboolean guest_shell(struct guest *guest, int *ret_status, GError **error);

/*
 * Asks the agent something, beside a command that runs; in the main thread, as
 * guest_file. The answer is waited for in another thread, which is the only
 * one to ask. FALSE: it has not come within `ms`;
 * it still may. *ret_error is an errno of
 * the guest's, 0: done.
 */
void guest_ask(struct guest *guest, enum wire_question what, const void *argument, gsize size);
gboolean guest_answer(struct guest *guest, guint ms, int *ret_error, char **ret_text);
/* Brings an archive in, for WIRE_UNPACK. */
void guest_file(struct guest *guest, const char *bytes, gsize size);
/* The socket of a monitor of QEMU's that nobody else uses; stays the guest's. */
int guest_monitor(const struct guest *guest);

/*
 * The guest was reset, and boots again: to be told in the main thread, at once.
 * The command, or the shell, is started there again when it is ready.
 */
void guest_was_reset(struct guest *guest);
/* Is it up? In any thread. */
gboolean guest_is_ready(struct guest *guest);

/*
 * What a debug kernel has reported since the last call, of char *: lines, of
 * which the first says what is wrong. NULL: nothing.
 */
GPtrArray *guest_reports(struct guest *guest);

/*
 * The end of a guest with a debug kernel: ends what runs in it, unloads the
 * projects' modules and looks for leaks; what that finds is in guest_reports().
 */
gboolean guest_check(struct guest *guest, GError **error);

/* Powers the guest off, or ends QEMU if it does not go; frees. */
void guest_stop(struct guest *guest);

/* Seconds from the start of QEMU until the agent said that modules are loaded. */
double guest_boot_time(const struct guest *guest);
/* The console's last lines, cleaned for printing; "" if there are none. */
char *guest_console(const struct guest *guest, guint lines);

#endif

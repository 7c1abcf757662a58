/* SPDX-License-Identifier: BSD-2-Clause */
/* What the agent's files give each other. */
#ifndef ERSATZ_LAB_AGENT_H
#define ERSATZ_LAB_AGENT_H

#include "wire.h"

#include <poll.h>
#include <sys/types.h>

/* ---- agent.c: the channel ---- */

/* Queues a frame; it goes out when the port takes it. */
void agent_send(enum wire_type type, const void *data, size_t size);
/* The same with up to four 32-bit values. */
void agent_send32(enum wire_type type, const uint32_t *values, size_t count);
/* Queues a line for the user. */
void agent_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- system.c: the guest around the commands ---- */

void system_start(void);
/* Value of "ersatz.NAME=VALUE" on the kernel's command line; NULL if it is not there. */
const char *system_option(const char *name);
/* Writes to a file of the kernel's, if there is one. */
void system_write(const char *path, const char *text);
/* Ends all other processes, within two seconds. */
void system_end_processes(void);
/* The channel's port, or -1 if it does not appear. */
int system_open_port(void);
/* Loads the module of everything on the PCI and virtio buses, by alias, as udev does. */
void system_load_modules(void);
void system_mount_share(void);
/* A socket on which the kernel says what came and went; -1 if it does not. */
int system_open_uevents(void);
/* Loads modules for what came. */
void system_uevents(int fd);
/* The same, for what came by now. */
void system_catch_up(void);
/* The terminal of the interactive shell. */
const char *system_tty(void);
void system_window(uint32_t rows, uint32_t columns);
/* Unmounts and syncs. */
void system_stop(void);

/* ---- ask.c: what is asked for beside the command ---- */

void ask_file(const uint8_t *data, size_t size);
void ask(const uint8_t *data, size_t size);
/* A process that loads a module for something that came. */
void ask_loading(pid_t pid);
void ask_reaped(pid_t pid, int status);

/* ---- command.c: the command that runs ---- */

#define COMMAND_POLLS 3

void command_start(const uint8_t *data, size_t size);
void command_stdin(const uint8_t *data, size_t size);
void command_grant(uint32_t stream, uint32_t bytes);
void command_signal(int signal);
void command_reaped(pid_t pid, int status);
/* Fills in what to poll for; at most COMMAND_POLLS. */
int command_polls(struct pollfd *polls);
void command_polled(const struct pollfd *polls, int n);

/* ---- watch.c: what a debug kernel reports ---- */

/* Begins, if the command line asks for it. */
void watch_start(void);
/* To poll for, and then to watch_read(); -1: nothing is watched. */
int watch_fd(void);
void watch_read(void);
/* Takes all that is there now, a report that has no end yet too. */
void watch_flush(void);
/* The end of a run: unloads the projects' modules, looks for leaks, says WIRE_CHECKED. */
void watch_check(void);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* A server as a child of the test: its socket in a folder of its own, what it says caught. */
#ifndef TESTS_VFIO_USER_BED_H
#define TESTS_VFIO_USER_BED_H

#include <stdbool.h>
#include <sys/types.h>

struct bed {
	char folder[64];
	char path[96];
	pid_t pid; /* of the keeper */
	int log; /* what the server says */
	char said[65536];
};

/* For the next ones: vu_options.hang_ms, await_gdb, orders_fd and info_fd. */
extern unsigned int bed_hang_ms;
extern bool bed_await_gdb;
extern int bed_orders_fd, bed_info_fd;

/* Ready for clients, or, with bed_await_gdb, for a debugger. */
struct bed *bed_start(const char *model, bool contain, bool once);
/* Everything it has said up to now. */
const char *bed_said(struct bed *bed);
void bed_await(struct bed *bed, const char *text);
/*
 * Its exit status (what vu_server_run returned, negated; 1000 + a signal), after this signal, if
 * any: SIGTERM stops it in order.
 */
int bed_stop(struct bed *bed, int signal_);
int bed_wait_exit(pid_t pid);
/* A child of a process, such as the serving one of a keeper. 0: none. */
pid_t bed_child_of(pid_t pid);

#endif

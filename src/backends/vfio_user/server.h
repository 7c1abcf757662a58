/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vfio-user backend: a model in its own process, behind a UNIX socket,
 * for any VMM that speaks vfio-user.
 *
 * vu_server_new checks the model and makes the socket; vu_server_run serves
 * one client after the other until vu_server_stop; vu_server_free takes the
 * socket away. Each client gets the device as after power-on.
 *
 * With `contain` each client is served by a process of its own, forked off;
 * the calling process only watches. If the serving process dies, what it
 * leaves unanswered is answered as a pulled card would, the connection is
 * closed so that the client lives on, and stderr says which hook died on
 * which access. Without it the caller serves, which suits a debugger.
 */
#ifndef VFIO_USER_SERVER_H
#define VFIO_USER_SERVER_H

#include <ersatz/backend.h>

struct vu_options {
	const char *id; /* how messages call the device; NULL: by its spec's name */
	/*
	 * Path of the socket. Its folder must be ours and closed to others
	 * (mode 0700); the last part of the path is made if it is not there.
	 */
	const char *socket;
	bool contain;
	bool once; /* end when the first client has left */
	/* Gets "ready\n" once clients can connect, and is closed; -1: none. */
	int ready_fd;
	/*
	 * With `contain`: a SOCK_SEQPACKET socket, enum vu_order by the byte. Each
	 * order comes back when the device has carried it out. 0: none.
	 */
	int orders_fd;
	int info_fd; /* a file that VU_INFO writes from its beginning; 0: none */
	/*
	 * With `contain`: gets a line when the device goes before its client has let go of
	 * it, "STATUS why\n". STATUS is 1 where the model or the client is to blame, 125 where
	 * it was somebody from outside. 0: none.
	 */
	int end_fd;
	/* A client that stops in the middle of a message, or before its first, is dropped after this; 0: 5000 */
	unsigned int stall_ms;
	/*
	 * With `contain`: a hook that has not returned after this is ended with its
	 * process, as if it had died. 0: never. That one hangs is said after 2 s.
	 */
	unsigned int hang_ms;
	/*
	 * With `contain`: each serving process waits for a debugger before it makes
	 * the device; "waits PID\n" is written to ready_fd, or it is said on stderr.
	 */
	bool await_gdb;
};

struct vu_server;

/*
 * NULL with an error: the model refuses the settings, the folder is not
 * private, another process serves this socket.
 */
struct vu_server *vu_server_new(const struct ez_model *model, const struct ez_setting *settings,
				size_t n_settings, const struct vu_options *options,
				struct ez_error *error);

/*
 * 0: stopped, or (once) the client has left in order. -errno with an error:
 * -EOWNERDEAD the model died while a client was served (only with `once`;
 * else it goes on with a fresh one), -EPROTO the client was dropped (the
 * same), anything else it cannot go on.
 */
int vu_server_run(struct vu_server *server, struct ez_error *error);

/* From a signal handler or another thread: makes vu_server_run return soon. */
void vu_server_stop(struct vu_server *server);

/* Orders to the device being served; from the thread of vu_server_run's caller, or another. */
enum vu_order {
	VU_PAUSE = 'p', /* the clock stops, jobs park; accesses are still answered */
	VU_RESUME = 'r',
	VU_YANK = 'y', /* the card is pulled */
	VU_UNYANK = 'u',
	VU_INFO = 'i', /* describe the device, as ez_device_info, into info_fd */
	VU_RELEASE = 'q', /* ask the client to let go of the device (VFIO's request interrupt) */
};
void vu_server_order(struct vu_server *server, enum vu_order order);

void vu_server_free(struct vu_server *server);

/* ---- serve.c ---- */

/*
 * All of it: opens the model's file, serves it with "NAME=VALUE,..." (a comma
 * in a value is written twice) until SIGINT, SIGTERM or SIGHUP. As
 * vu_server_run, and -EINVAL with an error where there is no server.
 */
int vu_serve(const char *file, const char *properties, const struct vu_options *options,
	     struct ez_error *error);
/* The exit status that this comes to: 1 for a model that died and a client that was dropped. */
int vu_serve_status(int err);

#endif

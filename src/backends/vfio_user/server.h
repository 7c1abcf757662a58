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
	/* A client that stops in the middle of a message, or before its first, is dropped after this; 0: 5000 */
	unsigned int stall_ms;
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
	VU_RELEASE = 'q', /* ask the client to let go of the device (VFIO's request interrupt) */
};
void vu_server_order(struct vu_server *server, enum vu_order order);

void vu_server_free(struct vu_server *server);

#endif

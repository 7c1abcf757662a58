/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process that serves, as seen by the one that keeps it. They share a page
 * and a control socket: fresh from the fork it says whether the device could
 * be made, then gets the client's connection, then orders.
 */
#ifndef VFIO_USER_KEEPER_H
#define VFIO_USER_KEEPER_H

#include <ersatz/backend.h>
#include <sys/types.h>

#include "backends/vfio_user/listen.h"
#include "backends/vfio_user/page.h"

/* What to serve. */
struct vu_recipe {
	const struct ez_model *model;
	char *id;
	struct ez_setting *settings;
	size_t n_settings;
	unsigned int stall_ms;
	unsigned int hang_ms; /* a hook that takes longer is ended, with its process; 0: never */
	/* Do not make the device before a debugger is there; whom to tell that one is waited for. */
	bool await_gdb;
	int info_fd; /* the device's description goes there; -1: nowhere */
	int end_fd; /* why the device has gone before its time goes there; -1: nowhere */
	void (*awaits)(void *data, pid_t pid);
	void *data;
};

/* Whether the serving process gets on: watch.c */
struct vu_watch {
	uint32_t turn; /* the page's, ... */
	uint64_t since; /* ... seen first then, ns */
	uint64_t looked; /* ns, when we did so last */
	uint64_t ended; /* ns, when we began to end it by signals; 0: not */
	bool told;
};

struct vu_child {
	pid_t pid; /* 0: none */
	int pidfd; /* readable when it has ended */
	int control;
	bool over; /* it has closed its end of control */
	int client; /* our own descriptor of its client's connection; -1: it has none yet */
	struct vu_page *page;
	struct vu_watch watch;
	int files[EZ_BARS]; /* of the BARs with memory windows; -1: none */
};

void keeper_init(struct vu_child *child);
/*
 * Forks; 0 when the device has been made. -errno with an error; -ECANCELED,
 * without: the order 's' came by the socket `orders` first.
 */
int keeper_start(struct vu_child *child, const struct vu_recipe *recipe,
		 const struct vu_listener *listener, int orders, struct ez_error *error);
/* Hands the connection over, and keeps a copy: takes `client`, whatever comes of it. */
int keeper_serve(struct vu_child *child, int client);
/*
 * It has ended: takes leave of its client, says what there is to say. What
 * vu_session_serve returned, or -EOWNERDEAD.
 */
int keeper_bury(struct vu_child *child, const struct vu_recipe *recipe);
/* Ends it in order, or after a while without. 0, or as keeper_bury. */
int keeper_stop(struct vu_child *child, const struct vu_recipe *recipe);
void keeper_free(struct vu_child *child);
/* Its keeper was told to end (SIGTERM) while a client was served: says so to end_fd. */
void keeper_told(const struct vu_recipe *recipe);

/*
 * To be called at least as often as it says (ms; -1: not at all): tells of a
 * hook that does not return, and ends it when its time is over.
 */
int watch_look(struct vu_child *child, const struct vu_recipe *recipe);
/* The last look, at one that has ended: what hung may have returned before. */
void watch_end(struct vu_child *child, const struct vu_recipe *recipe);

/* ---- windows.c ---- */

void windows_init(int files[EZ_BARS]);
void windows_close(int files[EZ_BARS]);
/* The serving process says whether its device (NULL: none) could be made, and hands over files. */
void windows_tell(int control, const char *text, struct ez_device *dev);
/* The keeper takes both. As recv. */
ssize_t windows_hear(int control, char *text, size_t size, const struct ez_spec *spec,
		     int files[EZ_BARS]);
/* Nobody is there any more: all-ones. */
void windows_fill(const struct ez_spec *spec, const int files[EZ_BARS]);

#endif

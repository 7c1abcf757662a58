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
};

struct vu_child {
	pid_t pid; /* 0: none */
	int pidfd; /* readable when it has ended */
	int control;
	int client; /* our own descriptor of its client's connection; -1: it has none yet */
	struct vu_page *page;
};

void keeper_init(struct vu_child *child);
/* Forks; 0 when the device has been made. -errno with an error. */
int keeper_start(struct vu_child *child, const struct vu_recipe *recipe,
		 const struct vu_listener *listener, struct ez_error *error);
/* Hands the connection over, and keeps a copy: takes `client`, whatever comes of it. */
int keeper_serve(struct vu_child *child, int client);
/*
 * It has ended: takes leave of its client, says what there is to say. What
 * vu_session_serve returned, or -EOWNERDEAD.
 */
int keeper_bury(struct vu_child *child, const struct vu_recipe *recipe);
/* Ends it in order, or after a while without. */
void keeper_stop(struct vu_child *child, const struct vu_recipe *recipe);
void keeper_free(struct vu_child *child);

#endif

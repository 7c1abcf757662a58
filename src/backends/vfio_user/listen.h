/* SPDX-License-Identifier: BSD-2-Clause */
/* The socket that clients connect to. */
#ifndef VFIO_USER_LISTEN_H
#define VFIO_USER_LISTEN_H

#include <ersatz/backend.h>
#include <sys/types.h>

struct vu_listener {
	int fd;
	int folder; /* that it lies in */
	char name[128]; /* in the folder */
	ino_t inode;
};

/* 0, or -errno with an error. */
int listen_open(struct vu_listener *l, const char *path, struct ez_error *error);
/* A client, of our own user or root. -errno; -EACCES: a stranger, turned away. */
int listen_accept(const struct vu_listener *l, const char *id);
/* Takes the socket out of its folder, if it is still ours. */
void listen_unlink(const struct vu_listener *l);
void listen_close(struct vu_listener *l);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vfio-user client small enough to be wrong on purpose: every message can be
 * sent as it is, broken or not, with any file descriptors.
 */
#ifndef TESTS_VFIO_USER_CLIENT_H
#define TESTS_VFIO_USER_CLIENT_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ersatz/backend.h>

#include "backends/vfio_user/protocol.h"
#include "backends/vfio_user/session.h"
#include "gadget.h"

struct client {
	int fd;
	int control; /* orders to the session */
	uint16_t id;
	struct vu_header header; /* of the last reply */
	uint8_t payload[70000];
	uint32_t length;
	int files[4]; /* that came with it; until the next, ours */
	unsigned int n_files;
	/* The session on the other end, if it is of this process. */
	const struct ez_model *model;
	struct vu_session *session;
	pthread_t thread;
	int result;
};

/* How long a session of client_new waits for one who stops in the middle of a message. */
extern unsigned int client_stall_ms;

/* A session in a thread, connected; `negotiate`: its version message is done too. */
struct client *client_new(const char *model, bool negotiate);
/* To somebody else's server, which gets 10 s to be there; no version yet. */
struct client *client_connect(const char *path);
/* Closes our end, ends the session, gives what vu_session_serve returned. */
int client_free(struct client *c);
/* The session has ended by itself. */
int client_wait(struct client *c);

void client_send_raw(struct client *c, const void *bytes, size_t size, const int *fds,
		     size_t n_fds);
/* The next message, into `buf`. Its size: several can be sent at once. */
size_t client_message(struct client *c, uint8_t *buf, uint16_t command, uint32_t flags,
		      const void *payload, uint32_t length);
void client_send(struct client *c, uint16_t command, uint32_t flags, const void *payload,
		 uint32_t length, const int *fds, size_t n_fds);
/* Next message from the server; a minute without one is a failure. False: closed. */
bool client_receive(struct client *c);
/* Sends a command, takes its reply. 0 or the errno in it. */
int client_call(struct client *c, uint16_t command, const void *payload, uint32_t length,
		const int *fds, size_t n_fds);
int client_version(struct client *c, const char *json);

/* One that must work. */
uint64_t client_read(struct client *c, uint32_t region, uint64_t offset, uint32_t width);
void client_write(struct client *c, uint32_t region, uint64_t offset, uint32_t width,
		  uint64_t value);
int client_set_irqs(struct client *c, uint32_t flags, uint32_t index, uint32_t start,
		    uint32_t count, const int *fds, size_t n_fds);
int client_map(struct client *c, uint64_t address, uint64_t size, uint64_t offset, uint32_t flags,
	       int fd);
int client_unmap(struct client *c, uint64_t address, uint64_t size, uint32_t flags);

/* Counts of an eventfd; 0 at once if there is none within `ms`. */
uint64_t event_count(int fd, int ms);
int event_new(void);
unsigned int open_fds(void);

/* The folder that scripts/peers ($PEERS) has built this peer in, with 32 bytes to spare. False: it has not. */
bool peer_path(const char *name, char *ret_path, size_t size);

enum { BAR0 = 0, BAR_IO = 2, BAR4 = 4, CONFIG = VFIO_PCI_CONFIG_REGION_INDEX };
enum { MAP_R = VFIO_DMA_MAP_FLAG_READ, MAP_RW = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE };

#endif

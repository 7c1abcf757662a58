/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One device served to one client over a connected socket: what is shared by
 * the files of this folder. Tests and the fuzzer drive it without a server.
 */
#ifndef VFIO_USER_SESSION_H
#define VFIO_USER_SESSION_H

#include <ersatz/backend.h>
#include <stdio.h>
#include <sys/types.h>

#include "backends/vfio_user/page.h"
#include "backends/vfio_user/protocol.h"

#define VU_IRQS (VFIO_PCI_REQ_IRQ_INDEX + 1)
#define VU_MSI_VECTORS 32
#define VU_MSIX_VECTORS 2048
#define VU_WOKEN 'w' /* on the control socket: no order, but that there is something to watch */
#define VU_NS_PER_MS UINT64_C(1000000)

/* ---- link.c: messages on a socket ---- */

struct vu_link {
	int fd; /* -1: nobody listens (the fuzzer) */
	struct vu_page *page; /* where what is received lies, see page.h */
	uint8_t *reply; /* header and payload of the message being built; VU_MAX_MESSAGE bytes */
	int fds[VU_MAX_FDS]; /* came with the message that begins at fds_at */
	unsigned int n_fds;
	uint32_t fds_at;
	uint64_t partial_since; /* ns, when the message that is not complete began; 0: none */
	unsigned int stall_ms;
};

struct vu_message {
	struct vu_header header;
	const uint8_t *payload; /* any alignment */
	uint32_t length; /* of the payload */
	int *fds; /* who keeps one puts -1 in its place */
	unsigned int n_fds;
	uint8_t *reply; /* payload of the reply, zeroed up to 64 bytes; 8 bytes aligned */
	uint32_t reply_length;
	int reply_fd; /* to go with the reply, still its owner's; -1: none */
};

int link_open(struct vu_link *link, struct vu_page *page, int fd, unsigned int stall_ms);
void link_close(struct vu_link *link);

/*
 * Takes in what has arrived, without waiting. The number of bytes; 0: the
 * client has left; -EAGAIN: nothing there; -errno.
 */
ssize_t link_receive(struct vu_link *link);

/*
 * The message at the head of what has been received. 1: there is one; 0: not
 * yet complete; -EPROTO: no message can start like this.
 */
int link_first(struct vu_link *link, struct vu_message *ret_message);
/* Done with it: its bytes go, and fds that nobody kept are closed. */
void link_consume(struct vu_link *link, const struct vu_message *message);

/* Sends link->reply, `size` bytes of it, and `fd` unless -1, waiting up to stall_ms for room. */
int link_send(struct vu_link *link, uint32_t size, int fd);

/* ---- dma.c ---- */

struct vu_region {
	uint64_t first, last; /* bus addresses, inclusive */
	uint8_t *at; /* where `first` is mapped; NULL: only by message */
	void *map;
	size_t map_length;
	bool write;
};

struct vu_dma {
	struct vu_region *regions; /* ascending */
	size_t n, room;
	size_t hit; /* index of the region used last */
	/* The file last found to be shared by the client. */
	uint64_t shared_dev, shared_ino;
	bool shared_known;
};

/* ---- xfer.c: DMA by message, for jobs ---- */

enum vu_xfer_state {
	VU_XFER_IDLE,
	VU_XFER_PROBE, /* finding out whether this client does it right */
	VU_XFER_SENT, /* a piece is with the client */
	VU_XFER_READY, /* the worker's read can be answered from `buf` */
};

struct vu_xfer {
	enum vu_xfer_state state;
	bool write;
	bool probed, broken; /* what the probe said */
	bool armed; /* ez_device_poll is about to ask for what is ready, or for a write to begin */
	uint64_t serial; /* of the worker's request */
	uint64_t address;
	uint8_t *buf;
	size_t length, done;
	uint32_t piece;
	uint16_t id; /* of our message */
	int status;
	uint64_t since; /* ns, when the message was sent */
};

/* ---- irq.c ---- */

struct vu_irq {
	int intx; /* eventfd, or -1 */
	int unmask; /* eventfd that the client unmasks with, or -1 */
	bool masked;
	bool level; /* what the device says */
	bool disabled; /* command register, bit 10 */
	int msi[VU_MSI_VECTORS];
	int *msix; /* n_msix of them */
	uint32_t n_msix;
	bool msix_on; /* message control of MSI-X, bit 15 */
	int error; /* eventfd of the error interrupt, or -1 */
	int request; /* the same of the request interrupt */
};

/* ---- session.c ---- */

/* How to wait while messages are dense. */
enum vu_way {
	VU_SLEEP,
	VU_YIELD, /* look for the next one, giving way to others each time */
	VU_SPIN, /* look, and keep the processor */
	VU_WAYS
};

struct vu_wait {
	enum vu_way best, trial;
	unsigned int turn; /* messages since the latest trial */
	uint64_t cost[VU_WAYS]; /* ns until a message came, moving average */
};

struct vu_session {
	struct vu_link link;
	struct vu_page *page;
	const struct ez_spec *spec;
	struct ez_device *dev;
	char *id;
	pid_t peer; /* process of the client; 0: not known */
	uint64_t attached; /* ns, when the client came */
	bool negotiated;
	bool over; /* serve no further */
	int result; /* of vu_session_serve */
	uint32_t peer_transfer; /* bytes that the client takes in one message */
	struct vu_dma dma;
	struct vu_xfer xfer;
	struct vu_irq irq;
	int info_fd; /* for the order to describe the device; -1: none */
	int control; /* orders come here; end of file: our keeper is gone; -1: none */
	int kick_fd; /* eventfd that a worker writes */
	bool kicked; /* atomic: it has been written */
	bool polling; /* in ez_device_poll */
	/* The device's clock: monotonic, less the time that it stood. */
	bool paused;
	uint64_t stopped_at, stood;
	uint64_t *deadline; /* per timer */
	uint64_t next; /* the earliest of them, or earlier */
	uint64_t gap; /* ns, moving average of how long we wait for the next message */
	bool may_spin; /* more than one processor */
	struct vu_wait wait;
};

/*
 * Makes the device. `page` is the shared page, or NULL for one of its own.
 */
struct vu_session *vu_session_new(const struct ez_model *model, const char *id,
				  const struct ez_setting *settings, size_t n_settings,
				  struct vu_page *page, struct ez_error *error);
/* Takes over a connected socket (-1: none) and, if it is not -1, the control socket. */
int vu_session_attach(struct vu_session *s, int fd, int control, unsigned int stall_ms);
/*
 * Serves until the client has left (0), or was dropped (-EPROTO, -ETIMEDOUT),
 * or control said so (-ECANCELED), or has no other end any more (-EPIPE).
 */
int vu_session_serve(struct vu_session *s);
/* Handles all complete messages that are in; for the fuzzer. */
void vu_session_handle(struct vu_session *s);
void vu_session_order(struct vu_session *s, int order);
/* Closes the connection with nothing left unread, so that no client trips over a reset. */
void vu_session_part(struct vu_session *s);
void vu_session_free(struct vu_session *s);

/* A line on stderr, named after the device. */
void vu_say(const struct vu_session *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The session must end: says why. */
void vu_drop(struct vu_session *s, int result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- handlers: 0 and a reply, or -errno ---- */

int version_negotiate(struct vu_session *s, struct vu_message *m);
int info_device(struct vu_session *s, struct vu_message *m);
int info_region(struct vu_session *s, struct vu_message *m);
int info_io_fds(struct vu_session *s, struct vu_message *m);
int info_irq(struct vu_session *s, struct vu_message *m);
int region_read(struct vu_session *s, struct vu_message *m);
int region_write(struct vu_session *s, struct vu_message *m);
int region_write_multi(struct vu_session *s, struct vu_message *m);
int region_reset(struct vu_session *s, struct vu_message *m);
int irq_set(struct vu_session *s, struct vu_message *m);
int dma_map(struct vu_session *s, struct vu_message *m);
int dma_unmap(struct vu_session *s, struct vu_message *m);

/* Size of a region, 0 where there is none. */
uint64_t info_region_size(const struct vu_session *s, uint32_t region);
/* Interrupts of an index, 0 where there are none. */
uint32_t info_irq_count(const struct vu_session *s, uint32_t index);

/* -ENOMEM. */
int irq_init(struct vu_session *s);
void irq_free(struct vu_irq *irq);
void irq_level(struct vu_session *s, bool level);
/* Config space has changed: the line and the kind of message follow some bits of it. */
void irq_config(struct vu_session *s, uint32_t offset, const uint8_t *bytes, uint32_t len);
void irq_message(struct vu_session *s, uint32_t vector);
void irq_request(struct vu_session *s);
/* The unmask eventfd is readable. */
void irq_unmask_event(struct vu_session *s);

void dma_free(struct vu_dma *dma);
/* Moves what can be moved at once. As ez_backend.dma. */
int dma_access(struct vu_session *s, uint64_t addr, uint8_t *buf, size_t len, bool write);
/* Is all of the range known, and some of it not mapped, and none of that a window of our own? */
bool dma_by_message(struct vu_session *s, uint64_t addr, size_t len, bool write);

/* Does some process map the file of this descriptor as shared memory? share.c */
enum share_verdict { SHARE_YES, SHARE_NO, SHARE_UNKNOWN };
enum share_verdict share_check(pid_t pid, uint64_t dev, uint64_t ino);

/* Serves the device's wish to be polled; sends what a worker wants from the client first. */
void xfer_poll(struct vu_session *s);
void xfer_reply(struct vu_session *s, struct vu_message *m);
/* A worker's DMA through ez_device_poll. -EDEADLK: it is none. */
int xfer_dma(struct vu_session *s, uint64_t addr, void *buf, size_t len, bool write);
/* The moment at which to give up waiting; EZ_NEVER: not waiting. */
uint64_t xfer_deadline(const struct vu_session *s);
void xfer_timeout(struct vu_session *s);
void xfer_free(struct vu_xfer *xfer);

extern const struct ez_backend vu_backend;
/* ns of CLOCK_MONOTONIC. */
uint64_t vu_monotonic(void);
/* Timers that are due. */
void backend_timers(struct vu_session *s);
void backend_pause(struct vu_session *s, bool pause);
/* When the next timer is due, on CLOCK_MONOTONIC; EZ_NEVER: none, or the clock stands. */
uint64_t backend_next(const struct vu_session *s);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DMA by message, for workers. A client such as QEMU holds its big lock while
 * a virtual CPU waits for our answer, and needs that lock to do our DMA; so we
 * never wait for a reply of its: the loop goes on and serves it, and only when
 * the reply is there is the device polled, which then finds the bytes ready.
 *
 * Reads are fetched before the worker is served. Writes are sent on, as a bus
 * posts them, but no job goes on, and none completes, before the client has
 * taken them: so what a job does next, or its interrupt, never overtakes them.
 *
 * A request of a worker that is made while the device is not being polled (a
 * reset waits for the piece in hand) gets -EDEADLK.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/vfio_user/session.h"

#define PATIENCE (10000 * VU_NS_PER_MS)

void xfer_free(struct vu_xfer *x)
{
	free(x->buf);
	*x = (struct vu_xfer){ 0 };
}

static void rest(struct vu_xfer *x)
{
	free(x->buf);
	x->buf = NULL;
	x->state = VU_XFER_IDLE;
	x->armed = false;
}

uint64_t xfer_deadline(const struct vu_session *s)
{
	const struct vu_xfer *x = &s->xfer;

	return x->state == VU_XFER_PROBE || x->state == VU_XFER_SENT ? x->since + PATIENCE
								     : EZ_NEVER;
}

/* Sends one message of ours; bytes may be NULL. */
static int send_message(struct vu_session *s, uint16_t command, uint64_t address, uint32_t count,
			const uint8_t *bytes)
{
	struct vu_xfer *x = &s->xfer;
	struct vu_dma_access access = { .address = address, .count = count };
	struct vu_header header = { .id = ++x->id,
				    .command = command,
				    .size = sizeof(header) + sizeof(access) };
	uint8_t *at = s->link.reply;

	if (bytes)
		header.size += count;
	memcpy(at, &header, sizeof(header));
	memcpy(at + sizeof(header), &access, sizeof(access));
	if (bytes)
		memcpy(at + sizeof(header) + sizeof(access), bytes, count);
	x->since = vu_monotonic();
	return link_send(&s->link, header.size, -1);
}

/* A client that has left, as it may at any time, is not dropped. */
static void not_sent(struct vu_session *s, int err)
{
	if (err == -EPIPE || err == -ECONNRESET)
		s->over = true;
	else
		vu_drop(s, err, "the client takes no more messages: %s", strerror(-err));
}

static void send_piece(struct vu_session *s)
{
	struct vu_xfer *x = &s->xfer;
	size_t left = x->length - x->done;
	int err;

	x->piece = left < s->peer_transfer ? (uint32_t)left : s->peer_transfer;
	x->state = VU_XFER_SENT;
	err = send_message(s, x->write ? VU_DMA_WRITE : VU_DMA_READ, x->address + x->done, x->piece,
			   x->write ? x->buf + x->done : NULL);
	if (err)
		not_sent(s, err);
}

/*
 * QEMU up to 10.2 puts the bytes of both kinds four bytes off, and answers a
 * write without the address and count. A write of nothing tells them apart
 * and harms nobody.
 */
static void send_probe(struct vu_session *s, uint64_t address)
{
	int err;

	s->xfer.state = VU_XFER_PROBE;
	err = send_message(s, VU_DMA_WRITE, address, 0, NULL);
	if (err)
		not_sent(s, err);
}

static void probe_reply(struct vu_session *s, const struct vu_message *m)
{
	struct vu_xfer *x = &s->xfer;

	x->state = VU_XFER_IDLE;
	x->probed = true;
	if (m->header.flags & VU_FLAG_ERROR || m->length)
		return;
	x->broken = true;
	vu_say(s, "this client's DMA by message is broken (QEMU before 11.0 moves the bytes to the "
		  "wrong place); it is refused. Share the guest's memory (-object "
		  "memory-backend-memfd,...,share=on), or use a newer client");
}

/* A read's bytes are in, or a write has been taken: is the reply what was asked for? */
static bool good(const struct vu_xfer *x, const struct vu_message *m)
{
	struct vu_dma_access a;

	if (m->header.flags & VU_FLAG_ERROR || m->n_fds)
		return false;
	if (x->write)
		return m->header.command == VU_DMA_WRITE;
	if (m->header.command != VU_DMA_READ || m->length != sizeof(a) + x->piece)
		return false;
	memcpy(&a, m->payload, sizeof(a));
	return a.count == x->piece && a.address == x->address + x->done;
}

static void finish(struct vu_session *s, int status)
{
	struct vu_xfer *x = &s->xfer;

	x->status = status;
	if (x->write) {
		/* As on a bus: the write is long done for the job that made it. */
		if (status)
			vu_say(s, "the client refused a write of %zu bytes by DMA to 0x%llx",
			       x->length, (unsigned long long)x->address);
		rest(x);
	} else {
		x->state = VU_XFER_READY;
	}
	xfer_poll(s);
}

void xfer_reply(struct vu_session *s, struct vu_message *m)
{
	struct vu_xfer *x = &s->xfer;

	if ((x->state != VU_XFER_SENT && x->state != VU_XFER_PROBE) || m->header.id != x->id)
		return;
	if (x->state == VU_XFER_PROBE) {
		probe_reply(s, m);
		xfer_poll(s);
		return;
	}
	if (!good(x, m)) {
		finish(s, -EFAULT);
		return;
	}
	if (!x->write)
		memcpy(x->buf + x->done, m->payload + sizeof(struct vu_dma_access), x->piece);
	x->done += x->piece;
	if (x->done < x->length)
		send_piece(s);
	else
		finish(s, 0);
}

void xfer_timeout(struct vu_session *s)
{
	uint64_t deadline = xfer_deadline(s);

	if (deadline == EZ_NEVER || deadline > vu_monotonic())
		return;
	vu_say(s, "the client has not answered DMA for %u seconds; the job gets an error",
	       (unsigned int)(PATIENCE / VU_NS_PER_MS / 1000));
	s->xfer.broken |= s->xfer.state == VU_XFER_PROBE;
	s->xfer.probed = true;
	finish(s, -EFAULT);
}

/* A worker waits for bytes that only a message brings: begin. False: nothing to begin. */
static bool begin(struct vu_session *s, const struct ez_wanted *want)
{
	struct vu_xfer *x = &s->xfer;

	if (!dma_by_message(s, want->address, want->length, want->write))
		return false;
	if (!x->probed) {
		send_probe(s, want->address);
		return true;
	}
	x->serial = want->serial;
	x->address = want->address;
	x->length = want->length;
	x->write = want->write;
	x->done = 0;
	x->status = 0;
	x->armed = true;
	if (want->write || x->broken) {
		x->status = x->broken ? -EFAULT : 0;
		x->state = x->broken ? VU_XFER_READY : VU_XFER_IDLE;
		return false;
	}
	x->buf = malloc(x->length);
	if (!x->buf) {
		x->status = -EFAULT;
		x->state = VU_XFER_READY;
		return false;
	}
	send_piece(s);
	return true;
}

static bool waiting(const struct vu_xfer *x)
{
	return x->state == VU_XFER_PROBE || x->state == VU_XFER_SENT;
}

void xfer_poll(struct vu_session *s)
{
	struct vu_xfer *x = &s->xfer;
	struct ez_wanted want;
	bool wanted;

	if (s->polling)
		return;
	while (!waiting(x) && !s->over) {
		wanted = ez_device_dma_wanted(s->dev, &want);
		/* What was fetched for a request that was cancelled meanwhile is stale. */
		if (x->state == VU_XFER_READY && !(wanted && want.serial == x->serial))
			rest(x);
		if (wanted && x->state == VU_XFER_IDLE && begin(s, &want))
			return;
		s->polling = true;
		page_doing(s->page, VU_DOING_POLL, 0);
		ez_device_poll(s->dev);
		page_doing(s->page, VU_DOING_NOTHING, 0);
		s->polling = false;
		if (!waiting(x))
			rest(x);
		if (!wanted)
			return;
	}
}

int xfer_dma(struct vu_session *s, uint64_t addr, void *buf, size_t len, bool write)
{
	struct vu_xfer *x = &s->xfer;

	if (!s->polling || !x->armed || addr != x->address || len != x->length || write != x->write)
		return -EDEADLK;
	x->armed = false;
	if (!write) {
		if (x->done)
			memcpy(buf, x->buf, x->done);
		memset((uint8_t *)buf + x->done, 0xff, len - x->done);
		return x->status;
	}
	if (x->status)
		return x->status;
	x->buf = malloc(len);
	if (!x->buf)
		return -EFAULT;
	memcpy(x->buf, buf, len);
	send_piece(s);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Speaking for a device that is dead. QEMU aborts when a server dies with
 * bytes unread in its socket, and waits out its time limit for a reply that
 * does not come; so somebody has to answer, read everything, and close.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "backends/vfio_user/page.h"

/* A guest that still reads registers gets its all-ones; when it has stopped, or after a while, we close. */
#define QUIET_MS 100
#define PATIENCE_S 2

static bool say(struct vu_page *page, int fd, const void *bytes, uint32_t size)
{
	const uint8_t *at = bytes;
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	ssize_t n;

	while (size) {
		n = send(fd, at, size, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0) {
			at += n;
			size -= (uint32_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			if (poll(&p, 1, 1000) <= 0)
				break;
		} else if (n == 0 || errno != EINTR) {
			break;
		}
	}
	page->half_sent |= size;
	return !size;
}

static uint32_t all_ones(const uint8_t *payload, uint32_t length, uint8_t *reply)
{
	struct vu_access access;

	if (length != sizeof(access))
		return 0;
	memcpy(&access, payload, sizeof(access));
	if (access.count > VU_MAX_TRANSFER)
		return 0;
	memcpy(reply, &access, sizeof(access));
	memset(reply + sizeof(access), 0xff, access.count);
	return (uint32_t)sizeof(access) + access.count;
}

/* Payload of the answer; 0 with *ret_error for an error. */
static uint32_t payload(const struct vu_header *h, const uint8_t *in, uint8_t *reply,
			uint32_t *ret_error)
{
	uint32_t length = h->size - (uint32_t)sizeof(*h);
	uint32_t echo = 0;

	*ret_error = 0;
	switch (h->command) {
	case VU_REGION_READ:
		echo = all_ones(in, length, reply);
		if (!echo)
			*ret_error = EINVAL;
		return echo;
	case VU_REGION_WRITE:
		echo = sizeof(struct vu_access);
		break;
	case VU_REGION_WRITE_MULTI:
		echo = sizeof(uint64_t);
		break;
	case VU_DMA_UNMAP:
		echo = sizeof(struct vu_dma_unmap);
		break;
	case VU_DMA_MAP:
	case VU_SET_IRQS:
	case VU_RESET:
		return 0;
	default:
		*ret_error = ENODEV;
		return 0;
	}
	if (length < echo) {
		*ret_error = EINVAL;
		return 0;
	}
	memcpy(reply, in, echo);
	return echo;
}

/* `doubt`: its answer may have been sent already; an error has no bytes that could be taken wrongly. */
static void answer(struct vu_page *page, int fd, uint32_t at, bool doubt)
{
	static uint8_t buf[VU_MAX_MESSAGE] __attribute__((aligned(8)));
	struct vu_header header, reply;
	uint32_t error = EIO;
	uint32_t n = 0;

	memcpy(&header, page->received + at, sizeof(header));
	if (header.flags & (VU_FLAG_TYPE | VU_FLAG_NO_REPLY) || page->half_sent)
		return;
	if (!doubt)
		n = payload(&header, page->received + at + sizeof(header), buf + sizeof(reply),
			    &error);
	reply = (struct vu_header){ .id = header.id,
				    .command = header.command,
				    .size = (uint32_t)sizeof(reply) + n,
				    .error = error,
				    .flags = VU_FLAG_REPLY | (error ? VU_FLAG_ERROR : 0) };
	memcpy(buf, &reply, sizeof(reply));
	say(page, fd, buf, reply.size);
}

/* Length of the message at `at`, 0 where none that could be one is complete. */
static uint32_t complete(const struct vu_page *page, uint32_t at, uint32_t tail)
{
	struct vu_header header;

	if (tail - at < sizeof(header))
		return 0;
	memcpy(&header, page->received + at, sizeof(header));
	if (header.size < sizeof(header) || header.size > VU_MAX_MESSAGE || header.size > tail - at)
		return 0;
	return header.size;
}

/*
 * The process died while the kernel was handing it bytes: they are there, the
 * new tail is not. What follows is zero, so sizes tell how far they go.
 */
static void find_tail(struct vu_page *page)
{
	uint32_t head = page_head(page);
	uint32_t tail = page_tail(page);
	uint32_t at = head;
	uint32_t size;

	if (!page->receiving)
		return;
	while ((size = complete(page, at, VU_RECEIVE_SIZE)))
		at += size;
	/* Of a message that is not complete, as far as there is something. */
	size = VU_RECEIVE_SIZE;
	while (size > at && !page->received[size - 1])
		size--;
	if (size > at)
		at = size;
	page_set_window(page, head, at > tail ? at : tail);
	page->receiving = 0;
}

static void answer_received(struct vu_page *page, int fd)
{
	uint32_t head = page_head(page);
	uint32_t tail = page_tail(page);
	uint32_t size;

	while ((size = complete(page, head, tail))) {
		answer(page, fd, head, page->stage == VU_ANSWERING);
		page->stage = VU_WAITING;
		head += size;
	}
	if (head) {
		memmove(page->received, page->received + head, tail - head);
		memset(page->received + (tail - head), 0, head);
	}
	page_set_window(page, 0, tail - head);
}

/* 1: some bytes came; 0: the end; -1: nothing there. Descriptors are shut by the kernel: none are taken. */
static int receive(struct vu_page *page, int fd)
{
	uint32_t tail = page_tail(page);
	ssize_t n;

	/* Full of what cannot be a message: only to be read away. */
	if (tail == VU_RECEIVE_SIZE)
		tail = 0;
	n = recv(fd, page->received + tail, VU_RECEIVE_SIZE - tail, MSG_DONTWAIT);
	if (n < 0)
		return errno == EINTR ? 1 : errno == EAGAIN ? -1 : 0;
	page_set_window(page, 0, tail + (uint32_t)n);
	return n > 0;
}

void dead_close(struct vu_page *page, int fd)
{
	int end;

	find_tail(page);
	answer_received(page, fd);
	/* From now on the client's writes fail, so after the last read there is nothing unread. */
	shutdown(fd, SHUT_RD);
	do {
		end = receive(page, fd);
		if (end > 0)
			answer_received(page, fd);
	} while (end > 0);
	close(fd);
}

static time_t seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

void dead_answer(struct vu_page *page, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	time_t until = seconds() + PATIENCE_S;
	int end = 1;

	find_tail(page);
	answer_received(page, fd);
	while (end && seconds() <= until && poll(&p, 1, QUIET_MS) > 0) {
		end = receive(page, fd);
		if (end > 0)
			answer_received(page, fd);
	}
	dead_close(page, fd);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages on a stream socket, with the file descriptors that come with them. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backends/vfio_user/session.h"

/* The most that the kernel passes with one message (SCM_MAX_FD): none gets lost unseen. */
#define KERNEL_MAX_FDS 253

struct vu_page *page_new(void)
{
	/* Shared with processes forked off; what is not touched takes no memory. */
	void *at = mmap(NULL, sizeof(struct vu_page), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

void page_free(struct vu_page *page)
{
	if (page)
		munmap(page, sizeof(*page));
}

int link_open(struct vu_link *link, struct vu_page *page, int fd, unsigned int stall_ms)
{
	void *reply = mmap(NULL, VU_MAX_MESSAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (reply == MAP_FAILED)
		return -ENOMEM;
	*link = (struct vu_link){ .fd = fd, .page = page, .reply = reply, .stall_ms = stall_ms };
	return 0;
}

static void close_fds(struct vu_link *link)
{
	unsigned int i;

	for (i = 0; i < link->n_fds; i++)
		if (link->fds[i] >= 0)
			close(link->fds[i]);
	link->n_fds = 0;
}

void link_close(struct vu_link *link)
{
	close_fds(link);
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
	if (link->reply)
		munmap(link->reply, VU_MAX_MESSAGE);
	link->reply = NULL;
}

static struct vu_header header_at(const struct vu_page *page, uint32_t at)
{
	struct vu_header header;

	memcpy(&header, page->received + at, sizeof(header));
	return header;
}

static bool sane(const struct vu_header *header)
{
	return header->size >= sizeof(*header) && header->size <= VU_MAX_MESSAGE;
}

/* Where the last message begins that has begun in [head, tail). */
static uint32_t last_start(const struct vu_page *page, uint32_t head, uint32_t tail)
{
	struct vu_header header;

	while (tail - head >= sizeof(header)) {
		header = header_at(page, head);
		if (!sane(&header) || header.size >= tail - head)
			break;
		head += header.size;
	}
	return head;
}

/* Room for the rest of the message that is not complete: moves it to the front if it must. */
static void make_room(struct vu_link *link)
{
	struct vu_page *page = link->page;
	uint32_t head = page_head(page);
	uint32_t tail = page_tail(page);
	uint32_t length = tail - head;
	uint32_t need = sizeof(struct vu_header);
	struct vu_header header;

	if (length >= sizeof(header)) {
		header = header_at(page, head);
		need = header.size;
	}
	if (head + need <= VU_RECEIVE_SIZE)
		return;
	/* No overlap: see VU_RECEIVE_SIZE. */
	memcpy(page->received, page->received + head, length);
	page_set_window(page, 0, length);
	memset(page->received + head, 0, length);
	/* If there are descriptors, they came with what was moved: all before it is done with. */
	link->fds_at = 0;
}

/*
 * The kernel ends a read behind the bytes that a set of descriptors came
 * with, so they belong to the last message that has begun.
 */
static int take_fds(struct vu_link *link, struct msghdr *msg)
{
	const struct vu_page *page = link->page;
	struct cmsghdr *c;
	size_t i, n;
	int fd;
	int err = msg->msg_flags & MSG_CTRUNC ? -EPROTO : 0;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		if (!link->n_fds)
			link->fds_at = last_start(page, page_head(page), page_tail(page));
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (link->n_fds < VU_MAX_FDS) {
				link->fds[link->n_fds++] = fd;
				continue;
			}
			close(fd);
			err = -EPROTO;
		}
	}
	return err;
}

ssize_t link_receive(struct vu_link *link)
{
	struct vu_page *page = link->page;
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(KERNEL_MAX_FDS * sizeof(int))];
	} control;
	struct iovec iov;
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	uint32_t tail;
	ssize_t n;
	int err;

	if (link->fd < 0)
		return -EAGAIN;
	make_room(link);
	tail = page_tail(page);
	iov.iov_base = page->received + tail;
	iov.iov_len = VU_RECEIVE_SIZE - tail;
	page_set(&page->receiving, 1);
	n = recvmsg(link->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n > 0)
		page_set_window(page, page_head(page), tail + (uint32_t)n);
	page_set(&page->receiving, 0);
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if (msg.msg_controllen || msg.msg_flags & MSG_CTRUNC) {
		err = take_fds(link, &msg);
		if (err)
			return err;
	}
	return n;
}

int link_first(struct vu_link *link, struct vu_message *ret_message)
{
	const struct vu_page *page = link->page;
	uint32_t head = page_head(page);
	uint32_t length = page_tail(page) - head;
	struct vu_header header;
	bool mine;

	if (length >= sizeof(header)) {
		header = header_at(page, head);
		if (!sane(&header))
			return -EPROTO;
		if (length >= header.size) {
			link->partial_since = 0;
			mine = link->n_fds && link->fds_at == head;
			*ret_message = (struct vu_message){
				.header = header,
				.payload = page->received + head + sizeof(header),
				.length = header.size - (uint32_t)sizeof(header),
				.fds = link->fds,
				.n_fds = mine ? link->n_fds : 0,
				.reply = link->reply + sizeof(header),
				.reply_fd = -1,
			};
			return 1;
		}
	}
	if (!length)
		link->partial_since = 0;
	else if (!link->partial_since)
		link->partial_since = vu_monotonic();
	return 0;
}

void link_consume(struct vu_link *link, const struct vu_message *message)
{
	struct vu_page *page = link->page;
	uint32_t head = page_head(page);
	uint32_t tail = page_tail(page);
	uint32_t size = message->header.size;

	if (message->n_fds)
		close_fds(link);
	if (head + size == tail)
		page_set_window(page, 0, 0);
	else
		page_set_window(page, head + size, tail);
	page_set(&page->stage, VU_WAITING);
	memset(page->received + head, 0, size);
}

static int wait_writable(const struct vu_link *link)
{
	struct pollfd p = { .fd = link->fd, .events = POLLOUT };
	int n;

	do {
		n = poll(&p, 1, (int)link->stall_ms);
	} while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : -ETIMEDOUT;
}

int link_send(struct vu_link *link, uint32_t size, int fd)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { .buf = { 0 } };
	struct iovec iov;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c = &control.align;
	const uint8_t *at = link->reply;
	ssize_t n;
	int err = 0;

	if (link->fd < 0)
		return 0;
	if (fd >= 0) {
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
	}
	while (size && !err) {
		iov = (struct iovec){ .iov_base = (void *)(uintptr_t)at, .iov_len = size };
		n = sendmsg(link->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n >= 0) {
			/* It goes with the first byte. */
			msg.msg_control = NULL;
			msg.msg_controllen = 0;
			at += n;
			size -= (uint32_t)n;
			page_set(&link->page->half_sent, size);
		} else if (errno == EAGAIN) {
			err = wait_writable(link);
		} else if (errno != EINTR) {
			err = -errno;
		}
	}
	return err;
}

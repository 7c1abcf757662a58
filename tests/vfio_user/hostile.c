/* SPDX-License-Identifier: BSD-2-Clause */
/* Clients that stall, flood, lie and leave. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

/* Short, but only from now on: none of what it took until here counts. */
static void hurry(struct client *c)
{
	c->session->link.stall_ms = 300;
}

static void silent_from_the_start(void **state)
{
	unsigned int usual = client_stall_ms;
	struct client *c;

	client_stall_ms = 300;
	c = client_new(NULL, false);
	client_stall_ms = usual;
	assert_int_equal(client_wait(c), -ETIMEDOUT);
	client_free(c);
}

static void stops_in_the_middle(void **state)
{
	static const size_t cuts[] = { 1, 15, 16, 17, 31 };
	struct {
		struct vu_header h;
		struct vu_access a;
	} m = { { 9, VU_REGION_READ, sizeof(m), 0, 0 }, { 0, BAR0, 4 } };
	size_t i;

	for (i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		struct client *c = client_new(NULL, true);

		hurry(c);
		client_send_raw(c, &m, cuts[i], NULL, 0);
		assert_int_equal(client_wait(c), -ETIMEDOUT);
		client_free(c);
		c = client_new(NULL, true);
		client_send_raw(c, &m, cuts[i], NULL, 0);
		shutdown(c->fd, SHUT_WR);
		assert_int_equal(client_wait(c), 0);
		client_free(c);
	}
}

static void slow_but_steady(void **state)
{
	struct client *c = client_new(NULL, true);
	struct {
		struct vu_header h;
		struct vu_access a;
	} m = { { 9, VU_REGION_READ, sizeof(m), 0, 0 }, { 0, BAR0, 4 } };
	size_t i;

	for (i = 0; i < sizeof(m); i++) {
		client_send_raw(c, (char *)&m + i, 1, NULL, 0);
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	}
	assert_true(client_receive(c));
	assert_int_equal(c->length, 20);
	assert_int_equal(client_free(c), 0);
}

static void idle_is_not_stalling(void **state)
{
	struct client *c = client_new(NULL, true);

	hurry(c);
	nanosleep(&(struct timespec){ 0, 500000000 }, NULL);
	assert_int_equal(client_read(c, BAR0, ID, 4), 0x12345678);
	assert_int_equal(client_free(c), 0);
}

static void impossible_sizes(void **state)
{
	static const uint32_t sizes[] = { 0, 1, 15, VU_MAX_MESSAGE + 1, UINT32_MAX };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct client *c = client_new(NULL, true);
		struct vu_header h = { 1, VU_REGION_READ, sizes[i], 0, 0 };

		client_send_raw(c, &h, sizeof(h), NULL, 0);
		assert_int_equal(client_wait(c), -EPROTO);
		client_free(c);
	}
}

static void strange_flags(void **state)
{
	struct client *c = client_new(NULL, true);

	client_send(c, VU_RESET, VU_FLAG_ERROR, NULL, 0, NULL, 0);
	assert_true(client_receive(c));
	assert_int_equal(c->header.error, EINVAL);
	client_send(c, VU_RESET, 1u << 31, NULL, 0, NULL, 0);
	assert_true(client_receive(c));
	assert_int_equal(c->header.error, EINVAL);
	client_send(c, VU_RESET, 2, NULL, 0, NULL, 0);
	assert_int_equal(client_wait(c), -EPROTO);
	client_free(c);
}

static void descriptors_where_none_belong(void **state)
{
	struct client *c = client_new(NULL, true);
	unsigned int before = open_fds();
	struct vu_access a = { 0, BAR0, 4 };
	struct vu_info info = { .argsz = sizeof(info) };
	int fds[253];
	size_t i;

	for (i = 0; i < 253; i++)
		fds[i] = 0;
	assert_int_equal(client_call(c, VU_REGION_READ, &a, sizeof(a), fds, 1), EINVAL);
	assert_int_equal(client_call(c, VU_GET_INFO, &info, sizeof(info), fds, 16), EINVAL);
	assert_int_equal(client_call(c, VU_RESET, NULL, 0, fds, 3), EINVAL);
	assert_int_equal(client_call(c, 77, NULL, 0, fds, 3), ENOSYS);
	client_send(c, VU_RESET, VU_FLAG_REPLY, NULL, 0, fds, 5);
	client_read(c, BAR0, ID, 4);
	assert_int_equal(open_fds(), before);
	/* More than a message may carry. */
	client_send(c, VU_RESET, 0, NULL, 0, fds, 253);
	assert_int_equal(client_wait(c), -EPROTO);
	client_free(c);
	assert_true(open_fds() < before);
}

/* Descriptors come with the byte they were sent with, in front of and behind other messages. */
static void descriptors_among_posted_writes(void **state)
{
	struct client *c = client_new(NULL, true);
	struct {
		struct vu_access a;
		uint32_t value;
	} w = { { CTRL, BAR0, 4 }, 1 };
	const uint32_t flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	struct vu_irq_set set = { sizeof(set), flags, VFIO_PCI_MSI_IRQ_INDEX, 0, 1 };
	int fd = event_new();
	unsigned int i;

	client_write(c, CONFIG, 4, 2, 7);
	client_write(c, CONFIG, CAP_MSI_AT + 2, 2, 1);
	for (i = 0; i < 50; i++)
		client_send(c, VU_REGION_WRITE, VU_FLAG_NO_REPLY, &w, 20, NULL, 0);
	client_send(c, VU_SET_IRQS, VU_FLAG_NO_REPLY, &set, sizeof(set), &fd, 1);
	for (i = 0; i < 50; i++)
		client_send(c, VU_REGION_WRITE, VU_FLAG_NO_REPLY, &w, 20, NULL, 0);
	client_write(c, BAR0, DOORBELL, 4, RAISE_C);
	assert_int_equal(event_count(fd, 0), 1);
	close(fd);
	assert_int_equal(client_free(c), 0);
}

/*
 * A message that begins near the end of where messages are received, and is
 * moved to the front for its rest, has its descriptors still.
 */
static void descriptors_of_a_message_that_moves(void **state)
{
	static const uint8_t zeros[VU_MAX_MESSAGE];
	struct client c = { .fd = -1 };
	struct vu_page *page = page_new();
	struct vu_header h = { 1, VU_REGION_WRITE, VU_MAX_MESSAGE - 1000, 0, 0 };
	struct vu_link link;
	struct vu_message m;
	size_t sent = sizeof(h), at = 0;
	int pair[2], fd = event_new();
	ssize_t n;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	c.fd = pair[0];
	assert_int_equal(link_open(&link, page, pair[1], 300), 0);
	/* Each comes with the beginning of the next, so that it never starts at the front again. */
	client_send_raw(&c, &h, sizeof(h), NULL, 0);
	while (at + h.size <= VU_RECEIVE_SIZE) {
		assert_int_equal(link_first(&link, &m), 0);
		while (sent < h.size) {
			n = send(c.fd, zeros, h.size - sent < 65536 ? h.size - sent : 65536, 0);
			assert_true(n > 0);
			sent += (size_t)n;
			if (sent == h.size)
				client_send_raw(&c, &h, sizeof(h), &fd,
						h.size + at + h.size > VU_RECEIVE_SIZE);
			assert_true(link_receive(&link) > 0);
		}
		assert_int_equal(link_first(&link, &m), 1);
		assert_int_equal(m.n_fds, 0);
		link_consume(&link, &m);
		at += h.size;
		sent = sizeof(h);
	}
	while (sent < h.size) {
		n = send(c.fd, zeros, h.size - sent < 65536 ? h.size - sent : 65536, 0);
		assert_true(n > 0);
		sent += (size_t)n;
		assert_true(link_receive(&link) > 0);
	}
	assert_int_equal(link_first(&link, &m), 1);
	assert_int_equal(m.n_fds, 1);
	link_consume(&link, &m);
	assert_int_equal(link.n_fds, 0);
	link_close(&link);
	page_free(page);
	close(pair[0]);
	close(fd);
}

static void flood_without_reading_answers(void **state)
{
	struct client *c = client_new(NULL, true);
	struct {
		struct vu_header h;
		struct vu_access a;
	} m = { { 9, VU_REGION_READ, sizeof(m), 0, 0 }, { 0, BAR0, 4096 } };
	struct timespec limit = { 120, 0 };

	hurry(c);
	/* Until neither side takes any more; then we are dropped. */
	setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	while (send(c->fd, &m, sizeof(m), MSG_NOSIGNAL) == sizeof(m))
		;
	assert_int_equal(client_wait(c), -ETIMEDOUT);
	client_free(c);
}

static void long_messages(void **state)
{
	struct client *c = client_new(NULL, true);
	uint32_t length = sizeof(struct vu_access) + VU_MAX_TRANSFER;
	struct vu_access a = { 0, BAR4, VU_MAX_TRANSFER };
	uint8_t *buf = calloc(1, VU_MAX_MESSAGE);
	int i;

	memcpy(buf, &a, sizeof(a));
	for (i = 0; i < 5; i++) {
		/* Longer than the BAR: refused, and read to its end. */
		assert_int_equal(client_call(c, VU_REGION_WRITE, buf, length, NULL, 0), EINVAL);
		a.count = 65536;
		assert_int_equal(client_call(c, VU_REGION_READ, &a, sizeof(a), NULL, 0), 0);
		assert_int_equal(c->length, sizeof(a) + 65536);
	}
	free(buf);
	assert_int_equal(client_free(c), 0);
}

static void leaves_at_any_byte(void **state)
{
	const uint32_t flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	struct {
		struct vu_header h;
		struct vu_irq_set set;
	} m = { { 9, VU_SET_IRQS, sizeof(m), 0, 0 }, { 20, flags, 0, 0, 1 } };
	unsigned int before = open_fds();
	size_t cut;

	for (cut = 1; cut <= sizeof(m); cut++) {
		struct client *c = client_new(NULL, true);
		int fd = event_new();

		client_send_raw(c, &m, cut, &fd, 1);
		close(fd);
		close(c->fd);
		c->fd = -1;
		assert_int_equal(client_free(c), 0);
	}
	assert_int_equal(open_fds(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silent_from_the_start),
		cmocka_unit_test(stops_in_the_middle),
		cmocka_unit_test(slow_but_steady),
		cmocka_unit_test(idle_is_not_stalling),
		cmocka_unit_test(impossible_sizes),
		cmocka_unit_test(strange_flags),
		cmocka_unit_test(descriptors_where_none_belong),
		cmocka_unit_test(descriptors_among_posted_writes),
		cmocka_unit_test(descriptors_of_a_message_that_moves),
		cmocka_unit_test(flood_without_reading_answers),
		cmocka_unit_test(long_messages),
		cmocka_unit_test(leaves_at_any_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

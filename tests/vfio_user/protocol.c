/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages, one kind after the other: the right ones and the wrong ones. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "client.h"

static int setup(void **state)
{
	*state = client_new(NULL, true);
	return 0;
}

static int teardown(void **state)
{
	client_free(*state);
	return 0;
}

/* ---- version ---- */

static void version_answers_with_a_subset(void **state)
{
	struct client *c = client_new(NULL, false);
	struct vu_version v;

	assert_int_equal(
		client_version(c, "{\"capabilities\":{\"max_msg_fds\":1,\"twin_socket\":{}}}"), 0);
	memcpy(&v, c->payload, sizeof(v));
	assert_int_equal(v.major, 0);
	assert_int_equal(v.minor, 0);
	assert_string_equal((char *)c->payload + sizeof(v),
			    "{\"capabilities\":{\"max_msg_fds\":16}}");
	assert_int_equal(client_version(c, NULL), EINVAL);
	assert_int_equal(client_free(c), 0);
}

static void version_never_offers_write_multiple(void **state)
{
	struct client *c = client_new(NULL, true);

	assert_null(strstr((char *)c->payload + 4, "write_multiple"));
	assert_null(strstr((char *)c->payload + 4, "migration"));
	client_free(c);
}

static void version_data_is_optional(void **state)
{
	struct client *c = client_new(NULL, false);
	struct vu_version v = { 0, 7 };

	assert_int_equal(client_call(c, VU_VERSION, &v, sizeof(v), NULL, 0), 0);
	assert_int_equal(client_free(c), 0);
}

static void version_refuses(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"1",
		"null",
		"{\"capabilities\":1}",
		"{\"capabilities\":[]}",
		"{\"capabilities\":{\"max_msg_fds\":-1}}",
		"{\"capabilities\":{\"pgsizes\":\"x\"}}",
		"{\"capabilities\":{\"max_data_xfer_size\":0}}",
		"{\"capabilities\":{\"max_data_xfer_size\":1.5}}",
	};
	struct vu_version v = { 1, 0 };
	struct client *c;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		c = client_new(NULL, false);
		assert_int_equal(client_version(c, bad[i]), EINVAL);
		assert_false(client_receive(c));
		assert_int_equal(client_free(c), -EPROTO);
	}
	c = client_new(NULL, false);
	assert_int_equal(client_call(c, VU_VERSION, &v, sizeof(v), NULL, 0), ENOTSUP);
	assert_int_equal(client_free(c), -EPROTO);
	/* No NUL at the end. */
	c = client_new(NULL, false);
	assert_int_equal(client_call(c, VU_VERSION, "\0\0\0\0{}", 6, NULL, 0), EINVAL);
	assert_int_equal(client_free(c), -EPROTO);
}

static void version_comes_first(void **state)
{
	struct client *c = client_new(NULL, false);

	assert_int_equal(client_call(c, VU_RESET, NULL, 0, NULL, 0), EINVAL);
	assert_false(client_receive(c));
	assert_int_equal(client_free(c), -EPROTO);
}

/* ---- what there is ---- */

static void info_of_the_device(void **state)
{
	struct client *c = *state;
	struct vu_info info = { .argsz = sizeof(info) };

	assert_int_equal(client_call(c, VU_GET_INFO, &info, sizeof(info), NULL, 0), 0);
	memcpy(&info, c->payload, sizeof(info));
	assert_int_equal(info.flags, VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET);
	assert_int_equal(info.regions, 10);
	assert_int_equal(info.irqs, 5);
	info.argsz = 15;
	assert_int_equal(client_call(c, VU_GET_INFO, &info, sizeof(info), NULL, 0), EINVAL);
	assert_int_equal(client_call(c, VU_GET_INFO, &info, 15, NULL, 0), EINVAL);
}

static void info_of_regions(void **state)
{
	static const uint64_t sizes[10] = { 4096, BAR1_SIZE, 16, 0, 65536, 0, 0, 256, 0, 0 };
	struct client *c = *state;
	struct vu_region_info info;
	uint32_t i;

	for (i = 0; i < 10; i++) {
		info = (struct vu_region_info){ .argsz = sizeof(info), .index = i };
		assert_int_equal(client_call(c, VU_GET_REGION_INFO, &info, sizeof(info), NULL, 0),
				 0);
		memcpy(&info, c->payload, sizeof(info));
		assert_int_equal(info.size, sizes[i]);
		/* Two windows in BAR 1: window.c. */
		assert_int_equal(info.flags, i == 1 ? 15 : sizes[i] ? 3 : 0);
	}
	info.index = 10;
	assert_int_equal(client_call(c, VU_GET_REGION_INFO, &info, sizeof(info), NULL, 0), EINVAL);
}

static void info_of_interrupts(void **state)
{
	static const uint32_t counts[5] = { 1, 4, TABLE_VECTORS, 0, 1 };
	struct client *c = *state;
	struct vu_irq_info info;
	uint32_t i;
	int err;

	for (i = 0; i < 5; i++) {
		info = (struct vu_irq_info){ .argsz = sizeof(info), .index = i };
		err = client_call(c, VU_GET_IRQ_INFO, &info, sizeof(info), NULL, 0);
		assert_int_equal(err, i == VFIO_PCI_ERR_IRQ_INDEX ? EINVAL : 0);
		memcpy(&info, c->payload, sizeof(info));
		if (!err)
			assert_int_equal(info.count, counts[i]);
	}
	info.index = 5;
	assert_int_equal(client_call(c, VU_GET_IRQ_INFO, &info, sizeof(info), NULL, 0), EINVAL);
}

static void no_io_fds(void **state)
{
	struct client *c = *state;
	struct vu_io_fds fds = { .argsz = 4096 };

	assert_int_equal(client_call(c, VU_GET_REGION_IO_FDS, &fds, sizeof(fds), NULL, 0), 0);
	memcpy(&fds, c->payload, sizeof(fds));
	assert_int_equal(fds.argsz, sizeof(fds));
	assert_int_equal(fds.count, 0);
}

static void what_we_do_not_do(void **state)
{
	struct client *c = *state;
	uint32_t feature[2] = { 8, 1 << 18 | 1 };

	assert_int_equal(client_call(c, VU_DIRTY_PAGES, feature, 8, NULL, 0), ENOTTY);
	assert_int_equal(client_call(c, VU_DEVICE_FEATURE, feature, 8, NULL, 0), ENOTTY);
	assert_int_equal(client_call(c, VU_MIG_DATA_READ, feature, 8, NULL, 0), ENOTTY);
	assert_int_equal(client_call(c, 0, NULL, 0, NULL, 0), ENOSYS);
	assert_int_equal(client_call(c, VU_DMA_READ, NULL, 0, NULL, 0), ENOSYS);
	assert_int_equal(client_call(c, VU_COMMANDS, NULL, 0, NULL, 0), ENOSYS);
	assert_int_equal(client_call(c, 0xffff, NULL, 0, NULL, 0), ENOSYS);
}

/* ---- regions ---- */

static void registers(void **state)
{
	struct client *c = *state;

	assert_int_equal(client_read(c, BAR0, ID, 4), 0x12345678);
	assert_int_equal(client_read(c, BAR0, ID + 1, 1), 0x56);
	client_write(c, BAR0, ADDRESS, 8, 0x1122334455667788);
	assert_true(client_read(c, BAR0, ADDRESS, 8) == 0x1122334455667788);
	client_write(c, BAR_IO, 4, 4, 0xcafe);
	assert_int_equal(client_read(c, BAR_IO, 4, 4), 0xcafe);
	client_write(c, BAR4, WIDE, 8, UINT64_MAX);
	assert_true(client_read(c, BAR4, WIDE, 8) == UINT64_MAX);
	/* Illegal for the register, not for us. */
	assert_int_equal(client_read(c, BAR0, ID + 1, 4), 0xffffffff);
	/* Odd counts come in natural pieces. */
	assert_int_equal(client_read(c, BAR0, ID, 3), 0x345678);
}

static void accesses_out_of_range(void **state)
{
	static const struct vu_access bad[] = {
		{ 4096, BAR0, 1 },
		{ 4093, BAR0, 4 },
		{ 0, BAR0, 0 },
		{ 0, BAR0, UINT32_MAX },
		{ UINT64_MAX, BAR0, 4 },
		{ UINT64_MAX - 3, BAR0, 4 },
		{ 0, 3, 4 },
		{ BAR1_SIZE - 3, 1, 4 },
		{ 0, 6, 4 },
		{ 256, CONFIG, 1 },
		{ 253, CONFIG, 4 },
		{ 0, 9, 4 },
		{ 0, UINT32_MAX, 4 },
		{ 0, BAR0, 4097 },
		{ 16, BAR_IO, 1 },
		{ 0, 5, 4 },
	};
	struct client *c = *state;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t w[sizeof(bad[0]) + 8];

		assert_int_equal(client_call(c, VU_REGION_READ, &bad[i], sizeof(bad[i]), NULL, 0),
				 EINVAL);
		memcpy(w, &bad[i], sizeof(bad[i]));
		memset(w + sizeof(bad[i]), 0, 8);
		assert_int_equal(client_call(c, VU_REGION_WRITE, w,
					     (uint32_t)sizeof(bad[i]) + (bad[i].count & 7), NULL,
					     0),
				 EINVAL);
	}
	/* Payload and count disagree. */
	assert_int_equal(
		client_call(c, VU_REGION_READ, &(struct vu_access){ 0, BAR0, 4 }, 15, NULL, 0),
		EINVAL);
	assert_int_equal(
		client_call(c, VU_REGION_WRITE, &(struct vu_access){ 0, BAR0, 4 }, 16, NULL, 0),
		EINVAL);
	assert_int_equal(client_read(c, BAR0, ID, 4), 0x12345678);
}

static void posted_writes_are_not_answered(void **state)
{
	struct client *c = *state;
	struct {
		struct vu_access a;
		uint32_t value;
	} w = { { CTRL, BAR0, 4 }, 0x55 };

	client_send(c, VU_REGION_WRITE, VU_FLAG_NO_REPLY, &w, sizeof(w.a) + 4, NULL, 0);
	w.a.offset = UINT64_MAX;
	client_send(c, VU_REGION_WRITE, VU_FLAG_NO_REPLY, &w, sizeof(w.a) + 4, NULL, 0);
	assert_int_equal(client_read(c, BAR0, CTRL, 4), 0x55);
}

static void many_writes_in_one(void **state)
{
	struct client *c = *state;
	struct {
		uint64_t n;
		struct vu_multi_write w[3];
	} m = { 3,
		{ { CTRL, BAR0, 4, { 0x11 } },
		  { LENGTH, BAR0, 4, { 0x22 } },
		  { CTRL, BAR0, 4, { 0x33 } } } };
	uint64_t n;

	assert_int_equal(client_call(c, VU_REGION_WRITE_MULTI, &m, sizeof(m), NULL, 0), 0);
	memcpy(&n, c->payload, sizeof(n));
	assert_int_equal(n, 3);
	assert_int_equal(client_read(c, BAR0, CTRL, 4), 0x33);
	assert_int_equal(client_read(c, BAR0, LENGTH, 4), 0x22);
	/* One of them is bad: none is done. */
	m.w[0].data[0] = 0x44;
	m.w[2].count = 9;
	assert_int_equal(client_call(c, VU_REGION_WRITE_MULTI, &m, sizeof(m), NULL, 0), EINVAL);
	assert_int_equal(client_read(c, BAR0, CTRL, 4), 0x33);
	m.w[2].count = 4;
	m.n = 4;
	assert_int_equal(client_call(c, VU_REGION_WRITE_MULTI, &m, sizeof(m), NULL, 0), EINVAL);
	m.n = UINT64_MAX / 24 + 4;
	assert_int_equal(client_call(c, VU_REGION_WRITE_MULTI, &m, sizeof(m), NULL, 0), EINVAL);
}

static void config_space(void **state)
{
	struct client *c = *state;
	struct vu_access a = { 0, CONFIG, 256 };

	assert_int_equal(client_call(c, VU_REGION_READ, &a, sizeof(a), NULL, 0), 0);
	assert_int_equal(c->length, sizeof(a) + 256);
	assert_memory_equal(c->payload + sizeof(a), "\x34\x12\x78\x56", 4);
	client_write(c, CONFIG, 4, 2, 7);
	assert_int_equal(client_read(c, CONFIG, 4, 2), 7);
	client_write(c, CONFIG, 0x10, 4, 0xffffffff);
	assert_int_equal(client_read(c, CONFIG, 0x10, 4), 0xfffff000);
	/* D3hot and back is a reset. */
	client_write(c, BAR0, CTRL, 4, 0x55);
	client_write(c, CONFIG, CAP_PM_AT + 4, 2, 3);
	assert_int_equal(client_read(c, BAR0, CTRL, 4), 0xffffffff);
	client_write(c, CONFIG, CAP_PM_AT + 4, 2, 0);
	assert_int_equal(client_read(c, BAR0, CTRL, 4), 0);
	assert_int_equal(client_read(c, CONFIG, 4, 2), 0);
}

static void reset(void **state)
{
	struct client *c = *state;

	client_write(c, BAR0, CTRL, 4, 0x55);
	client_write(c, CONFIG, 4, 2, 0x407);
	assert_int_equal(client_call(c, VU_RESET, NULL, 0, NULL, 0), 0);
	assert_int_equal(client_read(c, BAR0, CTRL, 4), 0);
	assert_int_equal(client_read(c, CONFIG, 4, 2), 0);
	assert_int_equal(client_call(c, VU_RESET, "x", 1, NULL, 0), EINVAL);
}

static void orders(void **state)
{
	struct client *c = *state;
	char back = 0;

	client_write(c, CONFIG, 4, 2, 7);
	assert_int_equal(send(c->control, "y", 1, 0), 1);
	assert_int_equal(recv(c->control, &back, 1, 0), 1);
	assert_int_equal(client_read(c, BAR0, ID, 4), 0xffffffff);
	assert_int_equal(send(c->control, "u", 1, 0), 1);
	assert_int_equal(recv(c->control, &back, 1, 0), 1);
	assert_int_equal(client_read(c, BAR0, ID, 4), 0x12345678);
	/* A timer that is due while the clock stands fires when it goes on. */
	assert_int_equal(send(c->control, "p", 1, 0), 1);
	assert_int_equal(recv(c->control, &back, 1, 0), 1);
	assert_int_equal(back, 'p');
	client_write(c, BAR0, LENGTH, 4, 1000000);
	client_write(c, BAR0, DOORBELL, 4, TIMER);
	poll(NULL, 0, 30);
	assert_int_equal(client_read(c, BAR0, EVENTS, 4) & 0xff, 0);
	assert_int_equal(send(c->control, "r", 1, 0), 1);
	while (!(client_read(c, BAR0, EVENTS, 4) & 0xff))
		;
	assert_int_equal(client_read(c, BAR0, EVENTS, 4) & 0xff, 1);
	assert_int_equal(send(c->control, "s", 1, 0), 1);
	assert_int_equal(client_wait(c), -ECANCELED);
}

int main(void)
{
#define WITH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_answers_with_a_subset),
		cmocka_unit_test(version_never_offers_write_multiple),
		cmocka_unit_test(version_data_is_optional),
		cmocka_unit_test(version_refuses),
		cmocka_unit_test(version_comes_first),
		WITH(info_of_the_device),
		WITH(info_of_regions),
		WITH(info_of_interrupts),
		WITH(no_io_fds),
		WITH(what_we_do_not_do),
		WITH(registers),
		WITH(accesses_out_of_range),
		WITH(posted_writes_are_not_answered),
		WITH(many_writes_in_one),
		WITH(config_space),
		WITH(reset),
		WITH(orders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PCI Express endpoint and a conventional card with Advanced Features, over the
 * protocol: 4096 bytes of configuration space, and resets of the function, by
 * software's config write and by the client's message, with DMA in flight.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "xcard_spec.h"

#define PAGE 4096u
#define PM 0x40
#define DEVICE_CONTROL 0x88
#define DEVICE_STATUS 0x8a
#define AF 0x80
#define AER 0x100
#define INTX VFIO_PCI_INTX_IRQ_INDEX

enum {
	EVENT_TRIGGER = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
	UNMASK = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK,
};

static int start(void **state, const char *model)
{
	struct client *c = client_new(model, true);

	client_write(c, CONFIG, 4, 2, 7);
	*state = c;
	return 0;
}

static int express(void **state)
{
	return start(state, getenv("XCARD"));
}

static int classic(void **state)
{
	return start(state, getenv("XCARD_CLASSIC"));
}

static int teardown(void **state)
{
	return client_free(*state);
}

static uint32_t word(const struct client *c, uint32_t at)
{
	uint32_t value;

	memcpy(&value, c->payload + sizeof(struct vu_access) + at, sizeof(value));
	return value;
}

static uint64_t region_size(struct client *c)
{
	struct vu_region_info info = { .argsz = sizeof(info), .index = CONFIG };

	assert_int_equal(client_call(c, VU_GET_REGION_INFO, &info, sizeof(info), NULL, 0), 0);
	memcpy(&info, c->payload, sizeof(info));
	return info.size;
}

/* In one message, as a client takes its copy. */
static void all_of_config_space(void **state)
{
	static const struct {
		uint32_t at, value;
	} golden[] = {
		{ 0x00, 0x0e9d1234 },  { 0x34, 0x00000040 },  { 0x80, 0x0002c010 },
		{ 0x84, 0x10008021 },  { 0x88, 0x00002810 },  { 0x8c, 0x00400043 },
		{ 0x90, 0x10430000 },  { 0x100, 0x14820001 }, { 0x10c, 0x00462030 },
		{ 0x148, 0x16010003 }, { 0x150, 0x01234567 }, { 0x160, 0xff81000b },
		{ 0xff8, 0x00010018 }, { 0xffc, 0 },
	};
	struct vu_access a = { .region = CONFIG, .count = 4096 };
	struct client *c = *state;
	size_t i;

	assert_int_equal(region_size(c), 4096);
	assert_int_equal(client_call(c, VU_REGION_READ, &a, sizeof(a), NULL, 0), 0);
	assert_int_equal(c->length, sizeof(a) + 4096);
	for (i = 0; i < sizeof(golden) / sizeof(golden[0]); i++)
		assert_int_equal(word(c, golden[i].at), golden[i].value);
	client_write(c, CONFIG, 0xffc, 4, UINT32_MAX);
	assert_int_equal(client_read(c, CONFIG, 0xffc, 4), 0x1fff1fff);
	/* And no more than that. */
	a.offset = 4092;
	a.count = 8;
	assert_int_equal(client_call(c, VU_REGION_READ, &a, sizeof(a), NULL, 0), EINVAL);
}

static void conventional_has_256_bytes(void **state)
{
	assert_int_equal(region_size(*state), 256);
	assert_int_equal(client_read(*state, CONFIG, AF, 4), 0x03060013);
}

/* ---- DMA by message: the client answers when it likes ---- */

static struct vu_dma_access request(struct client *c, uint16_t command)
{
	struct vu_dma_access a;

	assert_true(client_receive(c));
	assert_int_equal(c->header.flags & VU_FLAG_TYPE, 0);
	assert_int_equal(c->header.command, command);
	assert_true(c->length >= sizeof(a));
	memcpy(&a, c->payload, sizeof(a));
	return a;
}

/* Of a read: with four bytes. */
static void reply(struct client *c, uint16_t command, uint16_t id, const struct vu_dma_access *a)
{
	uint8_t buf[sizeof(struct vu_header) + sizeof(*a) + 4] = { 0 };
	uint32_t size = (uint32_t)sizeof(buf) - (command == VU_DMA_READ ? 0 : 4);
	struct vu_header h = { .id = id, .command = command, .flags = VU_FLAG_REPLY, .size = size };

	memcpy(buf, &h, sizeof(h));
	memcpy(buf + sizeof(h), a, sizeof(*a));
	client_send_raw(c, buf, size, NULL, 0);
}

/* An interrupt pending, a timer armed, and a job waiting for what it reads. Returns the id of its message. */
static uint16_t make_busy(struct client *c, struct vu_dma_access *ret_dma)
{
	client_write(c, BAR0, XCARD_CORE_SCRATCH, 4, 1);
	client_write(c, BAR0, XCARD_CORE_KEPT, 4, 2);
	client_write(c, BAR0, XCARD_CORE_IER, 4, 7);
	client_write(c, BAR0, XCARD_CORE_RAISE, 4, 2);
	client_write(c, BAR0, XCARD_CORE_DELAY, 4, 50 * 1000 * 1000);
	client_write(c, BAR0, XCARD_CORE_START, 4, 1);
	assert_int_equal(client_map(c, 0, PAGE, 0, MAP_RW, -1), 0);
	client_write(c, BAR0, XCARD_CORE_ADDRESS, 4, 0x10);
	client_write(c, BAR0, XCARD_CORE_PIECES, 4, 3);
	client_write(c, BAR0, XCARD_CORE_PUMP, 4, 2);
	/* The first is a question of whether we can. */
	*ret_dma = request(c, VU_DMA_WRITE);
	assert_int_equal(ret_dma->count, 0);
	reply(c, VU_DMA_WRITE, c->header.id, ret_dma);
	*ret_dma = request(c, VU_DMA_READ);
	assert_int_equal(ret_dma->address, 0x10);
	return c->header.id;
}

/* What came for the old job is nobody's, and a new one starts from the beginning. */
static void check_reset(struct client *c, int intx, uint16_t id, const struct vu_dma_access *dma,
			uint32_t resets, uint32_t kept)
{
	assert_int_equal(client_read(c, CONFIG, 0, 2), 0x1234);
	assert_int_equal(client_read(c, CONFIG, 4, 2), 0);
	assert_int_equal(client_read(c, CONFIG, 0x10, 4), 0);
	reply(c, VU_DMA_READ, id, dma);
	assert_int_equal(client_set_irqs(c, UNMASK, INTX, 0, 1, NULL, 0), 0);
	client_write(c, CONFIG, 4, 2, 7);
	assert_int_equal(client_read(c, BAR0, XCARD_CORE_SCRATCH, 4), 0);
	assert_int_equal(client_read(c, BAR0, XCARD_CORE_KEPT, 4), kept);
	assert_int_equal(client_read(c, BAR0, XCARD_CORE_ISR, 4), 0);
	assert_int_equal(client_read(c, BAR0, XCARD_CORE_PUMPING, 4), 0);
	assert_int_equal(client_read(c, BAR0, XCARD_CORE_RESETS, 4), resets);
	/* Longer than the timer that was armed. */
	assert_int_equal(event_count(intx, 120), 0);
	assert_int_equal(client_read(c, BAR0, XCARD_CORE_TICKS, 4), 0);
	assert_int_equal(client_read(c, BAR0, XCARD_CORE_PUMPED, 4), 0);

	client_write(c, BAR0, XCARD_CORE_ADDRESS, 4, 0x20);
	client_write(c, BAR0, XCARD_CORE_PIECES, 4, 1);
	client_write(c, BAR0, XCARD_CORE_PUMP, 4, 1);
	assert_int_equal(request(c, VU_DMA_WRITE).address, 0x20);
	reply(c, VU_DMA_WRITE, c->header.id, &(struct vu_dma_access){ 0x20, 4 });
	while (!client_read(c, BAR0, XCARD_CORE_PUMPED, 4))
		;
}

static void flr_by_config_write(void **state)
{
	struct client *c = *state;
	struct vu_dma_access dma;
	int intx = event_new();
	uint16_t id;

	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, INTX, 0, 1, &intx, 1), 0);
	id = make_busy(c, &dma);
	assert_int_equal(event_count(intx, 0), 1);
	client_write(c, CONFIG, AER + 0x0c, 4, 0x1000);
	/* PCIe 7.5.3.5: a request is outstanding. */
	assert_int_equal(client_read(c, CONFIG, DEVICE_STATUS, 2), 0x20);
	client_write(c, CONFIG, DEVICE_CONTROL, 2, 0xa820);
	assert_int_equal(client_read(c, CONFIG, DEVICE_CONTROL, 2), 0x2830);
	assert_int_equal(client_read(c, CONFIG, AER + 0x0c, 4), 0x1000);
	check_reset(c, intx, id, &dma, 0x00010001, 2);
	assert_int_equal(client_read(c, CONFIG, DEVICE_STATUS, 2), 0);
	close(intx);
}

static void flr_of_a_conventional_card(void **state)
{
	struct client *c = *state;
	struct vu_dma_access dma;
	int intx = event_new();
	uint16_t id;

	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, INTX, 0, 1, &intx, 1), 0);
	id = make_busy(c, &dma);
	assert_int_equal(event_count(intx, 0), 1);
	assert_int_equal(client_read(c, CONFIG, AF + 4, 2), 0x0100);
	client_write(c, CONFIG, AF + 4, 1, 1);
	assert_int_equal(client_read(c, CONFIG, AF + 4, 1), 0);
	check_reset(c, intx, id, &dma, 0x00010001, 2);
	assert_int_equal(client_read(c, CONFIG, AF + 4, 2), 0);
	close(intx);
}

static void power_up(void **state)
{
	struct client *c = *state;
	struct vu_dma_access dma;
	int intx = event_new();
	uint16_t id;

	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, INTX, 0, 1, &intx, 1), 0);
	id = make_busy(c, &dma);
	assert_int_equal(event_count(intx, 0), 1);
	client_write(c, CONFIG, PM + 4, 2, 3);
	assert_int_equal(client_read(c, BAR0, XCARD_CORE_SCRATCH, 4), UINT32_MAX);
	client_write(c, CONFIG, PM + 4, 2, 0);
	check_reset(c, intx, id, &dma, 0x00010001, 2);
	close(intx);
}

/* The client's own: a bus reset, after which sticky bits are what they were. */
static void reset_by_message(void **state)
{
	struct client *c = *state;
	struct vu_dma_access dma;
	int intx = event_new();
	uint16_t id;

	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, INTX, 0, 1, &intx, 1), 0);
	id = make_busy(c, &dma);
	assert_int_equal(event_count(intx, 0), 1);
	client_write(c, CONFIG, AER + 0x0c, 4, 0x1000);
	client_write(c, CONFIG, DEVICE_CONTROL, 2, 0x20);
	client_write(c, CONFIG, 4, 2, 0x407);
	assert_int_equal(client_call(c, VU_RESET, NULL, 0, NULL, 0), 0);
	assert_int_equal(client_read(c, CONFIG, DEVICE_CONTROL, 2), 0x2810);
	assert_int_equal(client_read(c, CONFIG, AER + 0x0c, 4), 0x1000);
	check_reset(c, intx, id, &dma, 0x00000101, 0);
	/* And INTx is not disabled any more. */
	client_write(c, BAR0, XCARD_CORE_IER, 4, 7);
	client_write(c, BAR0, XCARD_CORE_RAISE, 4, 2);
	assert_int_equal(event_count(intx, 0), 1);
	close(intx);
}

#define EXPRESS_TEST(f) cmocka_unit_test_setup_teardown(f, express, teardown)
#define CLASSIC_TEST(f) cmocka_unit_test_setup_teardown(f, classic, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EXPRESS_TEST(all_of_config_space),
		CLASSIC_TEST(conventional_has_256_bytes),
		EXPRESS_TEST(flr_by_config_write),
		CLASSIC_TEST(flr_of_a_conventional_card),
		EXPRESS_TEST(power_up),
		EXPRESS_TEST(reset_by_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

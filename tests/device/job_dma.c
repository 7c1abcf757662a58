/* SPDX-License-Identifier: BSD-2-Clause */
/* A worker's DMA of several ranges: at once, in the background, and what ends it. */
#include "worker_host.h"

#include <stdio.h>

/* Each of them in virtual time, with a worker, and with one that is watched transfer by transfer. */
enum kind { VIRTUAL, WORKER, WATCHED, KINDS };

/* A gadget behind either backend, and the list that it is given. */
struct rig {
	enum kind kind;
	struct ez_bench *bench;
	struct host *host;
	struct ez_device *dev;
	uint8_t *ram; /* of the guest, MEMORY bytes, no more are there */
	uint64_t base; /* where it begins */
	struct list list;
	uint32_t ranges;
	unsigned int dmas; /* so far, of a host */
};

#define MEMORY 4096u

static struct rig rig_new(enum kind kind)
{
	struct rig r = { .kind = kind };

	if (kind == VIRTUAL) {
		r.bench = ez_bench_new(NULL, NULL);
		r.dev = ez_bench_device(r.bench);
		r.base = EZ_BENCH_RAM - MEMORY;
		r.ram = ez_bench_ram(r.bench) + r.base;
	} else {
		r.host = host_new(kind == WATCHED);
		r.dev = r.host->dev;
		r.ram = (uint8_t *)r.host->ram;
	}
	for (uint32_t i = 0; i < MEMORY; i++)
		r.ram[i] = (uint8_t)(i * 7 + i / 256);
	return r;
}

static void rig_free(struct rig *r)
{
	if (r->bench)
		ez_bench_free(r->bench);
	else
		host_free(r->host);
}

static uint32_t reg(struct rig *r, uint32_t at)
{
	return (uint32_t)ez_device_read(r->dev, 0, 0, at, 4);
}

static void set(struct rig *r, uint32_t at, uint32_t value)
{
	ez_device_write(r->dev, 0, 0, at, 4, value);
}

/* Another vector of the list; its ranges follow. */
static void vector(struct rig *r, bool write, uint32_t at)
{
	r->list.vectors[r->list.n].write = write;
	r->list.vectors[r->list.n++].at = at;
}

static void range(struct rig *r, uint64_t at, uint64_t len)
{
	r->list.ranges[r->ranges].addr = r->base + at;
	r->list.ranges[r->ranges++].len = len;
	r->list.vectors[r->list.n - 1].n++;
}

/* The device's own memory, which the vectors' bytes are in. */
static uint8_t *own(struct rig *r)
{
	void *at;

	assert_int_equal(ez_device_window(r->dev, 0, 0, &at, NULL), 0);
	return at;
}

static struct list *outcome(struct rig *r)
{
	void *at;

	assert_int_equal(ez_device_window(r->dev, 0, 1, &at, NULL), 0);
	return at;
}

static void begin(struct rig *r, uint32_t way)
{
	r->list.end = 1;
	r->list.meanwhile = 1;
	memset(r->list.status, 0x55, sizeof(r->list.status));
	memset(r->list.done, 0x55, sizeof(r->list.done));
	memcpy(outcome(r), &r->list, sizeof(r->list));
	set(r, LENGTH, way);
	set(r, DOORBELL, LIST);
	assert_int_equal(reg(r, STATUS), 0);
}

/* As a backend polls: one that watches has seen what is next. */
static void poll_once(struct rig *r)
{
	struct ez_wanted wanted;

	ez_device_dma_wanted(r->dev, &wanted);
	ez_device_poll(r->dev);
}

static bool over(struct rig *r)
{
	return reg(r, EVENTS) & 0xff00;
}

/* To its end; in a watched one each poll does one transfer at most. */
static void finish(struct rig *r)
{
	struct ez_wanted wanted;

	while (!over(r)) {
		if (r->bench) {
			ez_bench_advance(r->bench, 1000);
			continue;
		}
		host_wait(r->host);
		do {
			unsigned int before = r->host->dmas;
			bool is = r->kind == WATCHED && ez_device_dma_wanted(r->dev, &wanted);

			ez_device_poll(r->dev);
			if (is)
				assert_int_equal(r->host->dmas, before + 1);
		} while (r->kind == WATCHED && ez_device_dma_wanted(r->dev, &wanted));
	}
}

static struct list *run(struct rig *r, uint32_t way)
{
	begin(r, way);
	finish(r);
	return outcome(r);
}

static void expect_ones(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		assert_int_equal(at[i], 0xff);
}

/* Both calls in turn. */
#define EACH(kind, way)                                                                            \
	for (enum kind kind = VIRTUAL; kind < KINDS; kind++)                                       \
		for (uint32_t way = LIST_SYNC; way <= LIST_BACKGROUND; way++)

static void gathered(void **unused)
{
	EACH(kind, way)
	{
		struct rig r = rig_new(kind);
		uint8_t *to = own(&r);

		memset(to, 0xee, RAM_SIZE);
		vector(&r, false, 5);
		range(&r, 3000, 1);
		range(&r, 17, 1000);
		range(&r, MEMORY - 96, 96); /* up to the last byte that there is */
		range(&r, 17, 3); /* again */
		assert_int_equal(run(&r, way)->end, 0);
		assert_int_equal(outcome(&r)->done[0], 4);
		assert_int_equal(to[4], 0xee);
		assert_memory_equal(to + 5, r.ram + 3000, 1);
		assert_memory_equal(to + 6, r.ram + 17, 1000);
		assert_memory_equal(to + 1006, r.ram + MEMORY - 96, 96);
		assert_memory_equal(to + 1102, r.ram + 17, 3);
		assert_int_equal(to[1105], 0xee);
		rig_free(&r);
	}
}

static void scattered(void **unused)
{
	EACH(kind, way)
	{
		struct rig r = rig_new(kind);
		uint8_t *from = own(&r);
		uint8_t want[MEMORY];

		memcpy(want, r.ram, MEMORY);
		for (uint32_t i = 0; i < RAM_SIZE; i++)
			from[i] = (uint8_t)(i * 3 + 1);
		vector(&r, true, 100);
		range(&r, 2000, 500);
		range(&r, 0, 1);
		range(&r, 2250, 500); /* over the end of the first: in order, so this stays */
		memcpy(want + 2000, from + 100, 500);
		memcpy(want, from + 600, 1);
		memcpy(want + 2250, from + 601, 500);
		assert_int_equal(run(&r, way)->end, 0);
		assert_int_equal(outcome(&r)->done[0], 3);
		assert_memory_equal(r.ram, want, MEMORY);
		rig_free(&r);
	}
}

/* The part of the bad range that is there has come; behind it all is ones. */
static void read_fault_in_the_middle(void **unused)
{
	EACH(kind, way)
	{
		struct rig r = rig_new(kind);
		uint8_t *to = own(&r);

		memset(to, 0xee, RAM_SIZE);
		vector(&r, false, 0);
		range(&r, 64, 32);
		range(&r, MEMORY - 16, 32);
		range(&r, 128, 32);
		assert_int_equal(run(&r, way)->end, -EFAULT);
		assert_int_equal(outcome(&r)->done[0], 1);
		assert_memory_equal(to, r.ram + 64, 32);
		assert_memory_equal(to + 32, r.ram + MEMORY - 16, 16);
		expect_ones(to + 48, 16 + 32);
		assert_int_equal(to[96], 0xee);
		rig_free(&r);
	}
}

static void write_fault_in_the_middle(void **unused)
{
	EACH(kind, way)
	{
		struct rig r = rig_new(kind);
		uint8_t *from = own(&r);
		uint8_t want[MEMORY];

		memcpy(want, r.ram, MEMORY);
		memset(from, 0x5a, RAM_SIZE);
		vector(&r, true, 0);
		range(&r, 64, 32);
		range(&r, MEMORY + 4096, 32);
		range(&r, 128, 32);
		memset(want + 64, 0x5a, 32);
		assert_int_equal(run(&r, way)->end, -EFAULT);
		assert_int_equal(outcome(&r)->done[0], 1);
		assert_memory_equal(r.ram, want, MEMORY);
		rig_free(&r);
	}
}

/* No length, too long, around the end of all addresses: as in a single call, and in their turn. */
static void impossible_ranges(void **unused)
{
	static const struct {
		uint64_t addr, len;
	} bad[] = { { 0, 0 },
		    { 0, (1u << 30) + 1 },
		    { 0, UINT64_MAX },
		    { UINT64_MAX - 100000, UINT64_MAX / 2 },
		    { UINT64_MAX, 2 } };

	for (size_t b = 0; b < sizeof(bad) / sizeof(bad[0]); b++)
		EACH(kind, way)
		{
			struct rig r = rig_new(kind);
			uint8_t *to = own(&r);

			memset(to, 0xee, RAM_SIZE);
			vector(&r, false, 0);
			range(&r, 8, 8);
			range(&r, bad[b].addr - r.base, bad[b].len);
			range(&r, 16, 8);
			assert_int_equal(run(&r, way)->end, -EINVAL);
			assert_int_equal(outcome(&r)->done[0], 1);
			assert_memory_equal(to, r.ram + 8, 8);
			if (bad[b].len < 8)
				expect_ones(to + 8, bad[b].len + 8);
			else
				assert_int_equal(to[8], 0xee);
			rig_free(&r);
		}
}

static void bus_mastering_off(void **unused)
{
	for (int write = 0; write < 2; write++)
		EACH(kind, way)
		{
			struct rig r = rig_new(kind);
			uint8_t *buf = own(&r);
			uint8_t before[MEMORY];

			memcpy(before, r.ram, MEMORY);
			memset(buf, 0xee, RAM_SIZE);
			ez_device_config_write(r.dev, 0, 0x04, 2, 0x3);
			vector(&r, write, 0);
			range(&r, 0, 40);
			range(&r, 100, 40);
			assert_int_equal(run(&r, way)->end, -EPERM);
			assert_int_equal(outcome(&r)->done[0], 0);
			assert_memory_equal(r.ram, before, MEMORY);
			if (!write)
				expect_ones(buf, 80);
			assert_int_equal(buf[80], 0xee);
			rig_free(&r);
		}
}

/* It goes off between two of them: no later one moves. */
static void bus_mastering_goes_off_under_way(void **unused)
{
	struct rig r = rig_new(WATCHED);
	uint8_t *to = own(&r);

	memset(to, 0xee, RAM_SIZE);
	vector(&r, false, 0);
	for (uint32_t i = 0; i < 8; i++)
		range(&r, i * 16, 16);
	begin(&r, LIST_BACKGROUND);
	for (int i = 0; i < 3; i++) {
		struct ez_wanted wanted;

		if (!i)
			host_wait(r.host);
		assert_true(ez_device_dma_wanted(r.dev, &wanted));
		assert_int_equal(wanted.address, i * 16);
		assert_int_equal(wanted.length, 16);
		assert_false(wanted.write);
		ez_device_poll(r.dev);
		assert_int_equal(r.host->dmas, i + 1);
	}
	ez_device_config_write(r.dev, 0, 0x04, 2, 0x3);
	assert_false(ez_device_dma_wanted(r.dev, &(struct ez_wanted){ 0 }));
	ez_device_poll(r.dev);
	finish(&r);
	assert_int_equal(r.host->dmas, 3);
	assert_int_equal(outcome(&r)->end, -EPERM);
	assert_int_equal(outcome(&r)->done[0], 3);
	assert_memory_equal(to, r.ram, 48);
	expect_ones(to + 48, 80);
	rig_free(&r);
}

static void nothing_to_do(void **unused)
{
	EACH(kind, way)
	{
		struct rig r = rig_new(kind);

		vector(&r, false, 0);
		assert_int_equal(run(&r, way)->end, 0);
		assert_int_equal(outcome(&r)->done[0], 0);
		if (r.host)
			assert_int_equal(r.host->dmas, 0);
		rig_free(&r);
	}
	/* Nor do vectors without ranges stand in the way of others. */
	for (enum kind kind = VIRTUAL; kind < KINDS; kind++) {
		struct rig r = rig_new(kind);

		vector(&r, true, 0);
		vector(&r, false, 0);
		range(&r, 100, 50);
		vector(&r, false, 0);
		assert_int_equal(run(&r, LIST_BACKGROUND)->end, 0);
		assert_int_equal(outcome(&r)->done[0], 0);
		assert_int_equal(outcome(&r)->done[1], 1);
		assert_int_equal(outcome(&r)->done[2], 0);
		assert_memory_equal(own(&r), r.ram + 100, 50);
		rig_free(&r);
	}
}

/* Out of a buffer, then into it, in one go; other calls meanwhile are refused. */
static void exchanged(void **unused)
{
	for (enum kind kind = VIRTUAL; kind < KINDS; kind++) {
		struct rig r = rig_new(kind);
		uint8_t *buf = own(&r);
		uint8_t old[MEMORY];

		memcpy(old, r.ram, MEMORY);
		memset(buf, 0xa5, RAM_SIZE);
		vector(&r, true, 1000);
		range(&r, 10, 20);
		range(&r, 200, 20);
		vector(&r, false, 1000);
		range(&r, 300, 40);
		vector(&r, false, 2000);
		range(&r, 5, 10); /* part of it has just been written */
		assert_int_equal(run(&r, LIST_BACKGROUND)->end, 0);
		assert_int_equal(outcome(&r)->meanwhile, -EBUSY);
		memset(old + 10, 0xa5, 20);
		memset(old + 200, 0xa5, 20);
		assert_memory_equal(r.ram, old, MEMORY);
		assert_memory_equal(buf + 1000, old + 300, 40);
		assert_memory_equal(buf + 2000, old + 5, 10);
		assert_int_equal(buf[1040], 0xa5);
		rig_free(&r);
	}
}

/* What is behind a vector that failed has its status, and has not begun. */
static void exchange_fails(void **unused)
{
	for (enum kind kind = VIRTUAL; kind < KINDS; kind++) {
		struct rig r = rig_new(kind);
		uint8_t *buf = own(&r);

		memset(buf, 0xa5, RAM_SIZE);
		vector(&r, true, 0);
		range(&r, 0, 16);
		vector(&r, true, 0);
		range(&r, 32, 16);
		range(&r, MEMORY, 16);
		vector(&r, true, 0);
		range(&r, 64, 16);
		vector(&r, false, 0);
		range(&r, 128, 16);
		range(&r, 128, 16);
		assert_int_equal(run(&r, LIST_BACKGROUND)->end, -EFAULT);
		assert_int_equal(outcome(&r)->status[0], 0);
		assert_int_equal(outcome(&r)->done[0], 1);
		assert_int_equal(outcome(&r)->status[1], -EFAULT);
		assert_int_equal(outcome(&r)->done[1], 1);
		for (int i = 2; i < 4; i++) {
			assert_int_equal(outcome(&r)->status[i], -EFAULT);
			assert_int_equal(outcome(&r)->done[i], 0);
		}
		assert_int_equal(r.ram[32], 0xa5);
		assert_int_not_equal(r.ram[64], 0xa5);
		expect_ones(buf, 32);
		assert_int_equal(buf[32], 0xa5);
		rig_free(&r);
	}
}

/* A piece that leaves a transfer behind: it goes nowhere any more, and the next begins anew. */
static void left_behind(void **unused)
{
	for (enum kind kind = VIRTUAL; kind < KINDS; kind++) {
		struct rig r = rig_new(kind);

		vector(&r, true, 0);
		range(&r, 0, 16);
		memset(own(&r), 0xa5, 16);
		assert_int_equal(run(&r, LIST_NO_END)->end, 0);
		assert_int_equal(outcome(&r)->done[0], 1);
		assert_int_equal(outcome(&r)->meanwhile, -EBUSY);
		assert_int_equal(r.ram[15], 0xa5);
		rig_free(&r);
	}
}

/* The worker waits with its list when the job is cancelled, after `moved` transfers of 8. */
static void cancelled_after(unsigned int moved, bool write)
{
	struct rig r = rig_new(WATCHED);
	uint8_t *buf = own(&r);
	uint8_t want[MEMORY];

	memcpy(want, r.ram, MEMORY);
	memset(buf, 0x5a, RAM_SIZE);
	vector(&r, write, 0);
	for (uint32_t i = 0; i < 8; i++)
		range(&r, i * 64, 64);
	vector(&r, false, 4096);
	range(&r, 0, 64);
	begin(&r, LIST_BACKGROUND);
	host_wait(r.host);
	for (unsigned int i = 0; i < moved; i++)
		poll_once(&r);
	set(&r, DOORBELL, CANCEL_LIST);
	assert_int_equal(r.host->dmas, moved);
	assert_int_equal(outcome(&r)->end, -ECANCELED);
	assert_int_equal(outcome(&r)->status[0], -ECANCELED);
	assert_int_equal(outcome(&r)->status[1], -ECANCELED);
	assert_int_equal(outcome(&r)->done[0], moved);
	assert_int_equal(outcome(&r)->done[1], 0);
	if (write) {
		memset(want, 0x5a, moved * 64);
	} else {
		assert_memory_equal(buf, r.ram, moved * 64);
		expect_ones(buf + moved * 64, (8 - moved) * 64);
		assert_int_equal(buf[512], 0x5a);
	}
	assert_memory_equal(r.ram, want, MEMORY);
	expect_ones(buf + 4096, 64);
	assert_int_equal(buf[4160], 0x5a);
	/* And nothing comes later. */
	ez_device_poll(r.dev);
	assert_int_equal(r.host->dmas, moved);
	assert_false(over(&r));
	rig_free(&r);
}

static void cancelled_while_it_waits(void **unused)
{
	for (unsigned int moved = 0; moved < 8; moved++) {
		cancelled_after(moved, false);
		cancelled_after(moved, true);
	}
}

/* An overlong read that waits is given up like any other; its length is nobody's room. */
static void cancelled_with_an_overlong_one(void **unused)
{
	struct rig r = rig_new(WORKER);
	uint8_t *buf = own(&r);

	memset(buf, 0x5a, RAM_SIZE);
	vector(&r, false, 0);
	range(&r, 0, UINT64_MAX);
	range(&r, 0, 16);
	begin(&r, LIST_BACKGROUND);
	host_wait(r.host);
	set(&r, DOORBELL, CANCEL_LIST);
	assert_int_equal(outcome(&r)->end, -ECANCELED);
	assert_int_equal(buf[0], 0x5a);
	rig_free(&r);
}

/* One of the transfers brings a reset about: it comes before the next of them, which does not. */
static void reset_in_the_middle(void **unused)
{
	for (enum kind kind = WORKER; kind < KINDS; kind++) {
		struct rig r = rig_new(kind);

		vector(&r, false, 0);
		range(&r, 0, 16);
		r.base = 0;
		range(&r, RESETS, 16);
		vector(&r, true, 0);
		range(&r, 0, 16);
		begin(&r, LIST_BACKGROUND);
		host_wait(r.host);
		while (!r.host->reset)
			poll_once(&r);
		ez_device_poll(r.dev);
		assert_int_equal(r.host->dmas, 2);
		assert_false(over(&r));
		/* And the engine still works. */
		assert_int_equal(r.ram[0], 0);
		assert_int_equal(r.list.n, 2);
		r.list.n = 0;
		r.ranges = 0;
		memset(r.list.vectors, 0, sizeof(r.list.vectors));
		vector(&r, false, 0);
		range(&r, 100, 16);
		assert_int_equal(run(&r, LIST_SYNC)->end, 0);
		assert_memory_equal(own(&r), r.ram + 100, 16);
		rig_free(&r);
	}
}

/*
 * What a write says has been sent on, not more: the poll that did it ends with it, and
 * nothing completes before the next, however soon the job is through.
 */
static void a_write_is_not_overtaken(void **unused)
{
	for (int i = 0; i < 300; i++) {
		struct rig r = rig_new(WATCHED);

		vector(&r, true, 0);
		range(&r, 0, 16);
		range(&r, 32, 16);
		begin(&r, LIST_SYNC);
		host_wait(r.host);
		for (unsigned int moved = 1; moved <= 2; moved++) {
			struct ez_wanted wanted;

			/* Nor is one done that the backend has not seen. */
			ez_device_poll(r.dev);
			assert_int_equal(r.host->dmas, moved - 1);
			assert_true(ez_device_dma_wanted(r.dev, &wanted));
			ez_device_poll(r.dev);
			assert_int_equal(r.host->dmas, moved);
			assert_false(over(&r));
		}
		finish(&r);
		assert_int_equal(outcome(&r)->end, 0);
		rig_free(&r);
	}
}

#define PIECES 40u

static void count_list(struct rig *r)
{
	vector(r, false, 0);
	for (uint32_t i = 0; i < 30; i++)
		range(r, i * 100, 10 + i);
}

static void expect_counted(struct rig *r, uint32_t pieces)
{
	for (uint32_t i = 0; i < MEMORY; i++) {
		bool in = i < 3000 && i % 100 < 10 + i / 100;

		assert_int_equal(r->ram[i], (uint8_t)(i * 7 + i / 256 + (in ? pieces : 0)));
	}
}

/* Parked and saved at any transfer, loaded elsewhere: each piece was done once, there and here. */
static void saved_on_the_way(void **unused)
{
	for (enum kind kind = WORKER; kind < KINDS; kind++) {
		for (unsigned int polls = 0; polls < 130; polls += 13) {
			struct rig from = rig_new(kind), to = rig_new(kind);
			static char state[1 << 17];
			struct ez_error error;
			unsigned int dmas;
			ssize_t size;

			count_list(&from);
			begin(&from, LIST_COUNT + PIECES);
			host_wait(from.host);
			for (unsigned int i = 0; i < polls; i++)
				poll_once(&from);
			ez_device_pause(from.dev);
			dmas = from.host->dmas;
			/* Whole pieces: all that was read has been written. */
			assert_int_equal(dmas % 60, 0);
			size = ez_device_save(from.dev, state, sizeof(state));
			assert_in_range(size, 1, sizeof(state));
			memcpy(to.ram, from.ram, MEMORY);
			assert_int_equal(ez_device_load(to.dev, state, (size_t)size, &error), 0);
			ez_device_poll(from.dev);
			assert_int_equal(from.host->dmas, dmas);
			finish(&to);
			expect_counted(&to, PIECES);
			assert_int_equal(to.host->dmas, PIECES * 60 - dmas);
			ez_device_resume(from.dev);
			finish(&from);
			expect_counted(&from, PIECES);
			rig_free(&from);
			rig_free(&to);
		}
	}
}

/* Freed, reset or pulled while the worker waits with a list: nothing hangs, nothing moves. */
static void ended_while_it_waits(void **unused)
{
	for (enum kind kind = WORKER; kind < KINDS; kind++) {
		for (int end = 0; end < 3; end++) {
			struct rig r = rig_new(kind);
			uint8_t before[MEMORY];

			count_list(&r);
			begin(&r, LIST_COUNT + PIECES);
			host_wait(r.host);
			memcpy(before, r.ram, MEMORY);
			if (end == 1)
				ez_device_reset(r.dev, 0, EZ_RESET_BUS);
			else if (end == 2)
				ez_device_yank(r.dev, true);
			assert_int_equal(r.host->dmas, 0);
			assert_memory_equal(r.ram, before, MEMORY);
			rig_free(&r);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gathered),
		cmocka_unit_test(scattered),
		cmocka_unit_test(read_fault_in_the_middle),
		cmocka_unit_test(write_fault_in_the_middle),
		cmocka_unit_test(impossible_ranges),
		cmocka_unit_test(bus_mastering_off),
		cmocka_unit_test(bus_mastering_goes_off_under_way),
		cmocka_unit_test(nothing_to_do),
		cmocka_unit_test(exchanged),
		cmocka_unit_test(exchange_fails),
		cmocka_unit_test(left_behind),
		cmocka_unit_test(cancelled_while_it_waits),
		cmocka_unit_test(cancelled_with_an_overlong_one),
		cmocka_unit_test(reset_in_the_middle),
		cmocka_unit_test(a_write_is_not_overtaken),
		cmocka_unit_test(saved_on_the_way),
		cmocka_unit_test(ended_while_it_waits),
	};
	int failed;

	if (!host_open())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	host_close();
	return failed;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole device behind the socket: crypto, whose commands go through the
 * client's memory by tables, and a client that maps it, keeps it to itself, takes
 * it away, or leaves in the middle. What the commands do is tested in
 * devices/crypto/tests/bench. Numbers are those of its description.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bed.h"
#include "client.h"

#define PAGE 4096u
#define MEMORY (16u << 20)

/* Bus addresses; the memory's file begins at BASE. */
#define BASE UINT64_C(0x40000000)
#define IN_TABLE (BASE + 0x10000)
#define OUT_TABLE (BASE + 0x20000)
#define IN_DATA (BASE + 0x100000)
#define OUT_DATA (BASE + 0x200000)
#define ZEROS (BASE + (4u << 20))
#define OUTPUT (BASE + (8u << 20))
#define LONG_PART (4u << 20)
#define LONG_PARTS 128u
#define NOWHERE UINT64_C(0x80000000)

enum { STATE = 0x01, COMMAND = 0x02, ENABLE = 0x03, ERROR_FLAG = 0x1c };
enum { RESET = 1, ENCRYPT = 2, SHA256 = 4 };
enum { EXT_COMMAND = 0x70, ERROR_DETAIL = 0x74, ERROR_ENTRY = 0x78, KEY = 0x80, IV = 0xa0 };

#define EXT_AES256 (ENCRYPT | 3 << 4)
#define EXT_SHA (SHA256 | 1 << 8 | 1 << 9)
enum { ERROR_VECTOR = 1, READY_VECTOR = 2 };

static int memory; /* a memfd of MEMORY bytes, mapped shared at `at` */
static uint8_t *at;
static int events[4]; /* of the four messages */

static void unhex(const char *text, uint8_t *bytes)
{
	char pair[3] = { 0 };

	for (; *text; text += 2) {
		memcpy(pair, text, 2);
		*bytes++ = (uint8_t)strtoul(pair, NULL, 16);
	}
}

static uint8_t *there(uint64_t address)
{
	return at + (address - BASE);
}

static void expect_bytes(uint64_t address, const char *hex)
{
	uint8_t want[256];

	unhex(hex, want);
	assert_memory_equal(there(address), want, strlen(hex) / 2);
}

static void set_up(struct client *c)
{
	const uint32_t flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	/* Pieces that this client's own buffer has room for. */
	static const char json[] = "{\"capabilities\":{\"max_msg_fds\":8,"
				   "\"max_data_xfer_size\":65536}}";

	assert_int_equal(client_version(c, json), 0);
	client_write(c, CONFIG, 4, 2, 7);
	client_write(c, CONFIG, 0x42, 2, 0x21);
	assert_int_equal(client_set_irqs(c, flags, VFIO_PCI_MSI_IRQ_INDEX, 0, 4, events, 4), 0);
	client_write(c, BAR0, ENABLE, 1, 0xff);
}

static int set_up_memory(void **state)
{
	memory = memfd_create("guest", MFD_CLOEXEC);
	assert_int_equal(ftruncate(memory, MEMORY), 0);
	at = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	assert_ptr_not_equal(at, MAP_FAILED);
	for (int i = 0; i < 4; i++)
		events[i] = event_new();
	*state = NULL;
	return 0;
}

static int setup(void **state)
{
	struct client *c = client_new(getenv("CRYPTO"), false);

	set_up_memory(state);
	set_up(c);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	if (*state)
		client_free(*state);
	munmap(at, MEMORY);
	close(memory);
	for (int i = 0; i < 4; i++)
		close(events[i]);
	return 0;
}

static void map(struct client *c)
{
	assert_int_equal(client_map(c, BASE, MEMORY, 0, MAP_RW, memory), 0);
}

static void entry(uint64_t table, uint32_t i, uint64_t address, uint32_t length)
{
	uint64_t words[2] = { address, length };

	memcpy(there(table) + 16 * i, words, sizeof(words));
}

static void side(struct client *c, uint32_t reg, uint64_t table, uint32_t count, uint32_t size)
{
	client_write(c, BAR0, reg, 8, table);
	client_write(c, BAR0, reg + 8, 4, count);
	client_write(c, BAR0, reg + 12, 4, size);
}

static void put_register(struct client *c, uint32_t reg, const char *hex)
{
	uint8_t bytes[32];
	uint32_t word;

	unhex(hex, bytes);
	for (uint32_t i = 0; i < strlen(hex) / 2; i += 4) {
		memcpy(&word, bytes + i, 4);
		client_write(c, BAR0, reg + i, 4, word);
	}
}

static void start_sha_of_123(struct client *c)
{
	memcpy(there(IN_DATA), "123", 3);
	entry(IN_TABLE, 0, IN_DATA, 3);
	entry(OUT_TABLE, 0, OUT_DATA, 32);
	side(c, 0x50, IN_TABLE, 1, 3);
	side(c, 0x60, OUT_TABLE, 1, 32);
	client_write(c, BAR0, EXT_COMMAND, 4, EXT_SHA);
}

#define SHA_OF_123 "a665a45920422f9d417e4867efdc4fb8a04a1f3fff1fa07e998e86f7f7a27ae3"
#define KEY_38A "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
#define IV_38A "000102030405060708090a0b0c0d0e0f"
#define PLAIN_38A                                                                                  \
	"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"                         \
	"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
#define CIPHER_38A                                                                                 \
	"f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"                         \
	"39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b"

/* SP 800-38A, F.2.5, in odd pieces on both sides. */
static void start_known_aes(struct client *c)
{
	unhex(PLAIN_38A, there(IN_DATA));
	entry(IN_TABLE, 0, IN_DATA, 5);
	entry(IN_TABLE, 1, IN_DATA + 5, 50);
	entry(IN_TABLE, 2, IN_DATA + 55, 9);
	entry(OUT_TABLE, 0, OUT_DATA, 33);
	entry(OUT_TABLE, 1, OUT_DATA + 33, 31);
	side(c, 0x50, IN_TABLE, 3, 64);
	side(c, 0x60, OUT_TABLE, 2, 64);
	put_register(c, KEY, KEY_38A);
	put_register(c, IV, IV_38A);
	client_write(c, BAR0, EXT_COMMAND, 4, EXT_AES256);
}

/* The message of this vector, and none of the others, has come, or comes. */
static void expect_message(int vector)
{
	for (int i = 0; i < 4; i++)
		if (i != vector)
			assert_int_equal(event_count(events[i], 0), 0);
	assert_int_equal(event_count(events[vector], 20000), 1);
}

static void expect_failure(struct client *c, uint32_t detail, uint32_t index)
{
	expect_message(ERROR_VECTOR);
	assert_int_equal(client_read(c, BAR0, ERROR_DETAIL, 4), detail);
	assert_int_equal(client_read(c, BAR0, ERROR_ENTRY, 4), index);
	assert_int_equal(client_read(c, BAR0, COMMAND, 1), 0);
}

static void in_mapped_memory(void **state)
{
	struct client *c = *state;

	map(c);
	start_sha_of_123(c);
	expect_message(READY_VECTOR);
	expect_bytes(OUT_DATA, SHA_OF_123);
	start_known_aes(c);
	expect_message(READY_VECTOR);
	expect_bytes(OUT_DATA, CIPHER_38A);
	assert_int_equal(client_read(c, BAR0, ERROR_FLAG, 4), 0x100);
}

/* Serves the device's DMA out of our memory, until its message comes. Returns how often it wrote. */
static unsigned int serve(struct client *c, int vector)
{
	static uint8_t answer[sizeof(struct vu_header) + sizeof(struct vu_dma_access) + 65536];
	struct pollfd p[] = { { .fd = c->fd, .events = POLLIN },
			      { .fd = events[vector], .events = POLLIN } };
	struct vu_dma_access a;
	struct vu_header h;
	unsigned int writes = 0;
	uint32_t more;

	for (;;) {
		assert_true(poll(p, 2, 20000) > 0);
		if (!(p[0].revents & POLLIN))
			break;
		assert_true(client_receive(c));
		memcpy(&a, c->payload, sizeof(a));
		assert_true(a.count <= 65536);
		more = c->header.command == VU_DMA_READ ? (uint32_t)a.count : 0;
		if (a.count)
			assert_true(a.address >= BASE && a.address + a.count <= BASE + MEMORY);
		if (c->header.command == VU_DMA_READ) {
			memcpy(answer + sizeof(h) + sizeof(a), there(a.address), more);
		} else {
			assert_int_equal(c->header.command, VU_DMA_WRITE);
			memcpy(there(a.address), c->payload + sizeof(a), a.count);
			writes += a.count > 0;
		}
		h = (struct vu_header){ .id = c->header.id,
					.command = c->header.command,
					.flags = VU_FLAG_REPLY,
					.size = (uint32_t)(sizeof(h) + sizeof(a)) + more };
		memcpy(answer, &h, sizeof(h));
		memcpy(answer + sizeof(h), &a, sizeof(a));
		client_send_raw(c, answer, h.size, NULL, 0);
	}
	expect_message(vector);
	return writes;
}

/* A client that shares nothing is asked for every piece; its bytes come to the same. */
static void in_memory_by_message(void **state)
{
	static uint8_t mapped[300000 / 16 * 16];
	const uint32_t size = sizeof(mapped), half = 151111;
	struct client *c = *state;

	for (uint32_t i = 0; i < size; i++)
		there(IN_DATA)[i] = (uint8_t)(i * 131 + (i >> 8) * 17);
	for (int way = 0; way < 2; way++) {
		uint32_t n = 1 + (uint32_t)way;

		if (way)
			assert_int_equal(client_map(c, BASE, MEMORY, 0, MAP_RW, -1), 0);
		else
			map(c);
		memset(there(OUT_DATA), 0xee, size + 1);
		entry(IN_TABLE, 0, IN_DATA, way ? half : size);
		entry(IN_TABLE, 1, IN_DATA + half, size - half);
		entry(OUT_TABLE, 0, OUT_DATA, size);
		side(c, 0x50, IN_TABLE, n, size);
		side(c, 0x60, OUT_TABLE, 1, size);
		put_register(c, KEY, KEY_38A);
		put_register(c, IV, IV_38A);
		client_write(c, BAR0, EXT_COMMAND, 4, EXT_AES256);
		if (way) {
			assert_in_range(serve(c, READY_VECTOR), size / 65536 + 1, 100);
			assert_memory_equal(there(OUT_DATA), mapped, size);
		} else {
			expect_message(READY_VECTOR);
			memcpy(mapped, there(OUT_DATA), size);
		}
		assert_int_equal(there(OUT_DATA)[size], 0xee);
		assert_int_equal(client_unmap(c, BASE, MEMORY, 0), 0);
	}
	/* That was not two times nothing. */
	assert_int_equal(client_map(c, BASE, MEMORY, 0, MAP_RW, -1), 0);
	start_known_aes(c);
	serve(c, READY_VECTOR);
	expect_bytes(OUT_DATA, CIPHER_38A);
}

static void tables_that_lead_nowhere(void **state)
{
	struct client *c = *state;

	/* Nothing is mapped yet. */
	start_sha_of_123(c);
	expect_failure(c, 12, 0);
	map(c);
	/* The output's table; entry 1 of the input's data; a page that may only be read. */
	side(c, 0x60, NOWHERE, 1, 32);
	client_write(c, BAR0, EXT_COMMAND, 4, EXT_SHA);
	expect_failure(c, 0x10c, 0);
	entry(IN_TABLE, 1, NOWHERE, 100);
	side(c, 0x50, IN_TABLE, 2, 103);
	side(c, 0x60, OUT_TABLE, 1, 32);
	client_write(c, BAR0, EXT_COMMAND, 4, EXT_SHA);
	expect_failure(c, 13, 1);
	assert_int_equal(client_map(c, NOWHERE, PAGE, 0, MAP_R, memory), 0);
	entry(IN_TABLE, 1, IN_DATA, 100);
	entry(OUT_TABLE, 0, NOWHERE, 32);
	client_write(c, BAR0, EXT_COMMAND, 4, EXT_SHA);
	expect_failure(c, 0x10d, 0);
	/* Around the end of all addresses, and into its own registers. */
	entry(IN_TABLE, 1, UINT64_MAX - 10, 100);
	client_write(c, BAR0, EXT_COMMAND, 4, EXT_SHA);
	expect_failure(c, 9, 1);
	client_write(c, CONFIG, 0x10, 4, 0xc0000000);
	entry(IN_TABLE, 1, 0xc0000000, 100);
	client_write(c, BAR0, EXT_COMMAND, 4, EXT_SHA);
	expect_failure(c, 13, 1);
	start_sha_of_123(c);
	expect_message(READY_VECTOR);
	expect_bytes(OUT_DATA, SHA_OF_123);
}

/* A good part of a second of work: 512 MiB out of 4 MiB of zeros. */
static void start_long(struct client *c)
{
	for (uint32_t i = 0; i < LONG_PARTS; i++) {
		entry(IN_TABLE, i, ZEROS, LONG_PART);
		entry(OUT_TABLE, i, OUTPUT, LONG_PART);
	}
	side(c, 0x50, IN_TABLE, LONG_PARTS, LONG_PARTS * LONG_PART);
	side(c, 0x60, OUT_TABLE, LONG_PARTS, LONG_PARTS * LONG_PART);
	put_register(c, KEY, KEY_38A);
	put_register(c, IV, IV_38A);
	client_write(c, BAR0, EXT_COMMAND, 4, EXT_AES256);
}

/* Until output has come: then it is in the middle of the data. */
static void wait_for_output(void)
{
	for (int i = 0; i < 20000 && !__atomic_load_n(there(OUTPUT), __ATOMIC_RELAXED); i++)
		poll(NULL, 0, 1);
	assert_int_not_equal(*there(OUTPUT), 0);
}

/* The error is about some entry of the data. */
static void expect_data_fault(struct client *c)
{
	expect_message(ERROR_VECTOR);
	assert_int_equal(client_read(c, BAR0, ERROR_DETAIL, 4) & 0xff, 13);
	assert_in_range(client_read(c, BAR0, ERROR_ENTRY, 4), 0, LONG_PARTS - 1);
	assert_int_equal(client_read(c, BAR0, COMMAND, 1), 0);
}

static void memory_goes_in_the_middle(void **state)
{
	struct client *c = *state;

	map(c);
	start_long(c);
	wait_for_output();
	assert_int_equal(client_unmap(c, BASE, MEMORY, 0), 0);
	/* When the answer is there nobody writes any more. */
	memset(there(OUTPUT), 0xee, LONG_PART);
	expect_data_fault(c);
	for (uint32_t i = 0; i < LONG_PART; i++)
		if (there(OUTPUT)[i] != 0xee)
			fail_msg("written after it was unmapped");
	map(c);
	start_known_aes(c);
	expect_message(READY_VECTOR);
	expect_bytes(OUT_DATA, CIPHER_38A);
}

static void file_cut_short_in_the_middle(void **state)
{
	struct client *c = *state;

	/* Here, because cmocka puts its own handlers in before each test. */
	crash_install(c->session->page);
	map(c);
	start_long(c);
	wait_for_output();
	assert_int_equal(ftruncate(memory, 3u << 20), 0);
	expect_data_fault(c);
	start_known_aes(c);
	expect_message(READY_VECTOR);
	expect_bytes(OUT_DATA, CIPHER_38A);
}

/* The write of a reset has been answered: the device has let go of memory. */
static void reset_in_the_middle(void **state)
{
	struct client *c = *state;

	map(c);
	start_long(c);
	wait_for_output();
	client_write(c, BAR0, COMMAND, 1, RESET);
	memset(there(OUTPUT), 0xee, LONG_PART);
	expect_message(3);
	assert_int_equal(client_read(c, BAR0, COMMAND, 1), 0);
	start_known_aes(c);
	expect_message(READY_VECTOR);
	for (uint32_t i = 0; i < LONG_PART; i++)
		if (there(OUTPUT)[i] != 0xee)
			fail_msg("written after the reset");
}

/* The client's own reset of the device, which is a function level one. */
static void device_reset_in_the_middle(void **state)
{
	struct client *c = *state;

	map(c);
	start_long(c);
	wait_for_output();
	assert_int_equal(client_call(c, VU_RESET, NULL, 0, NULL, 0), 0);
	assert_int_equal(client_read(c, BAR0, STATE, 1), 0);
	assert_int_equal(client_read(c, BAR0, ENABLE, 1), 0);
	client_write(c, CONFIG, 4, 2, 7);
	client_write(c, CONFIG, 0x42, 2, 0x21);
	client_write(c, BAR0, ENABLE, 1, 0xff);
	start_known_aes(c);
	expect_message(READY_VECTOR);
	expect_bytes(OUT_DATA, CIPHER_38A);
}

static void leaves_in_the_middle(void **state)
{
	struct client *c = *state;

	map(c);
	start_long(c);
	wait_for_output();
	*state = NULL;
	assert_int_equal(client_free(c), 0);
	memset(there(OUTPUT), 0xee, LONG_PART);
	for (uint32_t i = 0; i < LONG_PART; i++)
		if (there(OUTPUT)[i] != 0xee)
			fail_msg("written after its client had left");
}

/* With requests of the device unanswered. */
static void leaves_without_an_answer(void **state)
{
	struct client *c = *state;

	assert_int_equal(client_map(c, BASE, MEMORY, 0, MAP_RW, -1), 0);
	start_known_aes(c);
	assert_true(client_receive(c));
	assert_int_equal(c->header.command, VU_DMA_WRITE);
	*state = NULL;
	assert_int_equal(client_free(c), 0);
}

/* One at a time: another is turned away until the server has seen that the last one has left. */
static struct client *visit(struct bed *bed)
{
	for (int i = 0; i < 1000; i++) {
		struct client *c = client_connect(bed->path);

		if (client_version(c, NULL) == 0)
			return c;
		client_free(c);
		poll(NULL, 0, 10);
	}
	fail_msg("the server takes nobody any more: %s", bed_said(bed));
	return NULL;
}

/* The process that serves goes on to the next client, which finds a device as after power-on. */
static void the_next_client(void **state)
{
	struct bed *bed = bed_start(getenv("CRYPTO"), true, false);

	for (int i = 0; i < 3; i++) {
		struct client *c = visit(bed);

		memset(there(OUTPUT), 0, PAGE);
		assert_int_equal(client_read(c, BAR0, 0, 4), 0);
		assert_int_equal(client_read(c, BAR0, 0x50, 8), 0);
		client_write(c, CONFIG, 4, 2, 7);
		map(c);
		start_long(c);
		wait_for_output();
		client_free(c);
	}
	assert_int_equal(bed_stop(bed, SIGTERM), 0);
}

int main(void)
{
#define WITH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH(in_mapped_memory),
		WITH(in_memory_by_message),
		WITH(tables_that_lead_nowhere),
		WITH(memory_goes_in_the_middle),
		WITH(file_cut_short_in_the_middle),
		WITH(reset_in_the_middle),
		WITH(device_reset_in_the_middle),
		WITH(leaves_in_the_middle),
		WITH(leaves_without_an_answer),
		cmocka_unit_test_setup_teardown(the_next_client, set_up_memory, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The client's memory: mapped, by message, and wrong. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

#define PAGE 4096u

static int memory; /* a memfd of MEMORY bytes, mapped shared at `at` */
static uint8_t *at;
#define MEMORY (64 * PAGE)

static int setup(void **state)
{
	struct client *c = client_new(NULL, true);

	client_write(c, CONFIG, 4, 2, 7);
	memory = memfd_create("guest", MFD_CLOEXEC);
	assert_int_equal(ftruncate(memory, MEMORY), 0);
	at = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	assert_ptr_not_equal(at, MAP_FAILED);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	client_free(*state);
	munmap(at, MEMORY);
	close(memory);
	return 0;
}

static int dma(struct client *c, enum command what, uint64_t address, uint32_t length)
{
	client_write(c, BAR0, ADDRESS, 8, address);
	client_write(c, BAR0, LENGTH, 4, length);
	client_write(c, BAR0, DOORBELL, 4, what);
	return -(int32_t)client_read(c, BAR0, STATUS, 4);
}

static void mapped_both_ways(void **state)
{
	struct client *c = *state;

	assert_int_equal(client_map(c, 0x100000, 4 * PAGE, PAGE, MAP_RW, memory), 0);
	memset(at + PAGE + 100, 0x5a, 1000);
	assert_int_equal(dma(c, DMA_IN, 0x100000 + 100, 1000), 0);
	assert_int_equal(dma(c, DMA_OUT, 0x100000 + 3000, 1000), 0);
	assert_memory_equal(at + PAGE + 3000, at + PAGE + 100, 1000);
	/* Up to the last byte, and not one more. */
	assert_int_equal(dma(c, DMA_IN, 0x100000 + 4 * PAGE - 16, 16), 0);
	assert_int_equal(dma(c, DMA_IN, 0x100000 + 4 * PAGE - 16, 17), EFAULT);
	assert_int_equal(dma(c, DMA_IN, 0x100000 - 1, 2), EFAULT);
	assert_int_equal(dma(c, DMA_OUT, UINT64_MAX - 3, 4), EFAULT);
	assert_int_equal(client_unmap(c, 0x100000, 4 * PAGE, 0), 0);
	assert_int_equal(dma(c, DMA_IN, 0x100000, 4), EFAULT);
	/* Received Master Abort. */
	assert_true(client_read(c, CONFIG, 6, 2) & 0x2000);
	client_write(c, CONFIG, 4, 2, 3);
	assert_int_equal(dma(c, DMA_IN, 0x100000, 4), EPERM);
}

static void across_regions_in_any_order(void **state)
{
	struct client *c = *state;
	uint32_t i;

	/* 64 pages, mapped in a shuffled order, mirrored: page i of the bus is page 63 - i. */
	for (i = 0; i < 64; i++) {
		uint32_t page = i * 37 % 64;

		assert_int_equal(
			client_map(c, page * PAGE, PAGE, (63 - page) * PAGE, MAP_RW, memory), 0);
	}
	for (i = 0; i < MEMORY; i++)
		at[i] = (uint8_t)(i >> 4);
	assert_int_equal(dma(c, DMA_IN, 5 * PAGE - 100, 200), 0);
	assert_int_equal(dma(c, DMA_OUT, 20 * PAGE - 50, 200), 0);
	assert_memory_equal(at + 45 * PAGE - 50, at + 60 * PAGE - 100, 50);
	assert_memory_equal(at + 43 * PAGE, at + 60 * PAGE - 50, 50);
	assert_memory_equal(at + 43 * PAGE + 50, at + 58 * PAGE, 100);
	for (i = 0; i < 64; i += 2)
		assert_int_equal(client_unmap(c, i * PAGE, PAGE, 0), 0);
	assert_int_equal(dma(c, DMA_IN, 5 * PAGE, PAGE), 0);
	assert_int_equal(dma(c, DMA_IN, 4 * PAGE, 4), EFAULT);
	assert_int_equal(client_unmap(c, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL), 0);
	assert_int_equal(dma(c, DMA_IN, 5 * PAGE, 4), EFAULT);
}

static void thousands_of_regions(void **state)
{
	struct client *c = *state;
	uint64_t i;

	for (i = 0; i < 5000; i++)
		assert_int_equal(client_map(c, i * 2 * PAGE, PAGE, 0, MAP_RW, -1), 0);
	assert_int_equal(client_map(c, 4001 * PAGE, PAGE, 0, MAP_RW, memory), 0);
	assert_int_equal(dma(c, DMA_OUT, 4001 * PAGE, 64), 0);
}

static void wrong_maps(void **state)
{
	struct client *c = *state;
	unsigned int before = open_fds();
	int two[2] = { memory, memory };
	struct vu_dma_map map = { sizeof(map), MAP_RW, 0, 0, PAGE };
	int zero = open("/dev/zero", O_RDWR);

	assert_int_equal(client_map(c, 0, 0, 0, MAP_RW, memory), EINVAL);
	assert_int_equal(client_map(c, 0, PAGE, 0, 0, memory), EINVAL);
	assert_int_equal(client_map(c, 0, PAGE, 0, 7, memory), EINVAL);
	assert_int_equal(client_map(c, UINT64_MAX - PAGE + 2, PAGE, 0, MAP_RW, memory), EINVAL);
	assert_int_equal(client_map(c, 0, PAGE, UINT64_MAX - 5, MAP_RW, memory), EINVAL);
	assert_int_equal(client_map(c, 0, PAGE, MEMORY, MAP_RW, memory), EINVAL);
	assert_int_equal(client_map(c, 0, MEMORY + 1, 0, MAP_RW, memory), EINVAL);
	assert_int_equal(client_map(c, 0, PAGE, 0, MAP_RW, zero), EINVAL);
	assert_int_equal(client_call(c, VU_DMA_MAP, &map, sizeof(map), two, 2), EINVAL);
	assert_int_equal(client_call(c, VU_DMA_MAP, &map, sizeof(map) - 1, two, 1), EINVAL);
	map.argsz = 31;
	assert_int_equal(client_call(c, VU_DMA_MAP, &map, sizeof(map), two, 1), EINVAL);
	close(zero);
	assert_int_equal(client_map(c, 2 * PAGE, 2 * PAGE, 0, MAP_RW, memory), 0);
	assert_int_equal(client_map(c, 2 * PAGE, 2 * PAGE, 0, MAP_RW, memory), EEXIST);
	assert_int_equal(client_map(c, PAGE, 2 * PAGE, 0, MAP_RW, memory), EEXIST);
	assert_int_equal(client_map(c, 3 * PAGE, 9 * PAGE, 0, MAP_RW, -1), EEXIST);
	assert_int_equal(client_map(c, 0, 10 * PAGE, 0, MAP_RW, memory), EEXIST);
	assert_int_equal(client_unmap(c, 2 * PAGE, PAGE, 0), ENOENT);
	assert_int_equal(client_unmap(c, 3 * PAGE, PAGE, 0), ENOENT);
	assert_int_equal(client_unmap(c, PAGE, 2 * PAGE, 0), ENOENT);
	assert_int_equal(client_unmap(c, 0, 3 * PAGE, 0), ENOENT);
	assert_int_equal(client_unmap(c, 2 * PAGE, 0, 0), EINVAL);
	assert_int_equal(client_unmap(c, 2 * PAGE, UINT64_MAX, 0), EINVAL);
	/* Nothing there, or more than that: gone is gone. */
	assert_int_equal(client_unmap(c, 9 * PAGE, PAGE, 0), 0);
	assert_int_equal(client_unmap(c, PAGE, PAGE, 0), 0);
	assert_int_equal(client_unmap(c, 0, PAGE, VFIO_DMA_UNMAP_FLAG_ALL), EINVAL);
	assert_int_equal(client_unmap(c, 2 * PAGE, 2 * PAGE, 1), EINVAL);
	assert_int_equal(client_unmap(c, 2 * PAGE, 2 * PAGE, 0), 0);
	for (unsigned int i = 1; i < 6; i++)
		assert_int_equal(client_map(c, 4 * i * PAGE, 2 * PAGE, 0, MAP_RW, memory), 0);
	assert_int_equal(client_unmap(c, 7 * PAGE, 11 * PAGE, 0), 0); /* three of the five */
	assert_int_equal(client_map(c, 8 * PAGE, 8 * PAGE, 0, MAP_RW, memory), 0);
	assert_int_equal(client_map(c, 4 * PAGE, PAGE, 0, MAP_RW, memory), EEXIST);
	assert_int_equal(client_map(c, 20 * PAGE, PAGE, 0, MAP_RW, memory), EEXIST);
	assert_int_equal(client_unmap(c, 0, UINT64_C(1) << 63, 0), 0);
	assert_int_equal(client_map(c, 0, 32 * PAGE, 0, MAP_RW, memory), 0);
	assert_int_equal(client_unmap(c, 0, 32 * PAGE, 0), 0);
	assert_int_equal(open_fds(), before - 1 + 1);
}

static void read_only_memory(void **state)
{
	struct client *c = *state;

	assert_int_equal(client_map(c, 0, PAGE, 0, MAP_R, memory), 0);
	assert_int_equal(dma(c, DMA_IN, 0, 16), 0);
	assert_int_equal(dma(c, DMA_OUT, 0, 16), EFAULT);
}

/* A file cut short under us is an error of DMA, not our end. */
static void file_cut_short(void **state)
{
	struct client *c = *state;

	/* Here, because cmocka puts its own handlers in before each test. */
	crash_install(c->session->page);
	assert_int_equal(client_map(c, 0, MEMORY, 0, MAP_RW, memory), 0);
	assert_int_equal(dma(c, DMA_OUT, 8 * PAGE, 16), 0);
	assert_int_equal(ftruncate(memory, PAGE), 0);
	assert_int_equal(dma(c, DMA_OUT, 8 * PAGE, 16), EFAULT);
	assert_int_equal(dma(c, DMA_IN, 8 * PAGE, 16), EFAULT);
	assert_int_equal(dma(c, DMA_OUT, 0, 16), 0);
}

static void private_memory_is_refused(void **state)
{
	struct client *c = *state;
	int fd = memfd_create("private", MFD_CLOEXEC);
	void *p;

	assert_int_equal(ftruncate(fd, PAGE), 0);
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	assert_int_equal(client_map(c, 0, PAGE, 0, MAP_RW, fd), EINVAL);
	assert_int_equal(client_wait(c), -EPROTO);
	munmap(p, PAGE);
	close(fd);
}

/* ---- by message ---- */

static void callbacks_get_edeadlk(void **state)
{
	struct client *c = *state;

	assert_int_equal(client_map(c, 0, PAGE, 0, MAP_RW, -1), 0);
	assert_int_equal(dma(c, DMA_IN, 0, 16), EDEADLK);
	assert_int_equal(dma(c, DMA_IN, PAGE - 4, 16), EFAULT);
}

/* The server's next command, which we have to serve. */
static struct vu_dma_access request(struct client *c, uint16_t command)
{
	struct vu_dma_access a;

	assert_true(client_receive(c));
	assert_int_equal(c->header.flags & VU_FLAG_TYPE, 0);
	assert_int_equal(c->header.command, command);
	assert_in_range(c->length, sizeof(a), sizeof(c->payload));
	memcpy(&a, c->payload, sizeof(a));
	assert_int_equal(c->length, sizeof(a) + (command == VU_DMA_WRITE ? a.count : 0));
	return a;
}

static void reply(struct client *c, uint16_t command, uint16_t id, int error, const void *payload,
		  uint32_t length)
{
	uint8_t buf[256];
	struct vu_header h = { .id = id,
			       .command = command,
			       .error = (uint32_t)error,
			       .flags = VU_FLAG_REPLY | (error ? VU_FLAG_ERROR : 0),
			       .size = (uint32_t)sizeof(h) + length };

	memcpy(buf, &h, sizeof(h));
	memcpy(buf + sizeof(h), payload, length);
	client_send_raw(c, buf, h.size, NULL, 0);
}

static void start_job(struct client *c, uint64_t address, uint32_t pieces)
{
	assert_int_equal(client_map(c, 0, PAGE, 0, MAP_RW, -1), 0);
	client_write(c, BAR0, ADDRESS, 8, address);
	client_write(c, BAR0, LENGTH, 4, pieces);
	client_write(c, BAR0, DOORBELL, 4, JOB);
}

/* The first thing that a job's DMA does is to see whether we can. */
static void serve_probe(struct client *c)
{
	struct vu_dma_access a = request(c, VU_DMA_WRITE);

	assert_int_equal(a.count, 0);
	reply(c, VU_DMA_WRITE, c->header.id, 0, &a, sizeof(a));
}

static void serve_read(struct client *c, uint64_t address, uint32_t value)
{
	struct {
		struct vu_dma_access a;
		uint32_t value;
	} r;

	r.a = request(c, VU_DMA_READ);
	assert_int_equal(r.a.address, address);
	assert_int_equal(r.a.count, 4);
	r.value = value;
	reply(c, VU_DMA_READ, c->header.id, 0, &r, sizeof(r.a) + 4);
}

static uint32_t serve_write(struct client *c, uint64_t address)
{
	struct vu_dma_access a = request(c, VU_DMA_WRITE);
	uint32_t value;

	assert_int_equal(a.address, address);
	assert_int_equal(a.count, 4);
	memcpy(&value, c->payload + sizeof(a), sizeof(value));
	return value;
}

static void wait_for_job(struct client *c)
{
	while (!(client_read(c, BAR0, EVENTS, 4) & 0xff00))
		;
}

static void job_by_message(void **state)
{
	struct client *c = *state;
	uint16_t id;

	start_job(c, 0x10, 2);
	serve_probe(c);
	serve_read(c, 0x10, 41);
	assert_int_equal(serve_write(c, 0x10), 42);
	id = c->header.id;
	/* While it waits for our reply it serves us, and the job goes no further. */
	assert_int_equal(client_read(c, BAR0, ID, 4), 0x12345678);
	client_write(c, BAR0, CTRL, 4, 7);
	reply(c, VU_DMA_WRITE, id, 0, &(struct vu_dma_access){ 0x10, 4 }, 16);
	serve_read(c, 0x10, 42);
	assert_int_equal(serve_write(c, 0x10), 43);
	id = c->header.id;
	/* Not done before we have its last write. */
	assert_int_equal(client_read(c, BAR0, EVENTS, 4) & 0xff00, 0);
	reply(c, VU_DMA_WRITE, id, 0, &(struct vu_dma_access){ 0x10, 4 }, 16);
	wait_for_job(c);
	assert_int_equal(client_read(c, BAR0, STATUS, 4), 0);
}

static void order(struct client *c, char what)
{
	char back = 0;

	assert_int_equal(send(c->control, &what, 1, 0), 1);
	assert_int_equal(recv(c->control, &back, 1, 0), 1);
	assert_int_equal(back, what);
}

/* A pause sees the job's last piece end; going on does not make its end known before its write is. */
static void paused_before_its_write_is_taken(void **state)
{
	struct client *c = *state;
	uint16_t id;

	start_job(c, 0x10, 1);
	serve_probe(c);
	serve_read(c, 0x10, 41);
	assert_int_equal(serve_write(c, 0x10), 42);
	id = c->header.id;
	order(c, 'p');
	order(c, 'r');
	assert_int_equal(client_read(c, BAR0, EVENTS, 4) & 0xff00, 0);
	reply(c, VU_DMA_WRITE, id, 0, &(struct vu_dma_access){ 0x10, 4 }, 16);
	wait_for_job(c);
	assert_int_equal(client_read(c, BAR0, STATUS, 4), 0);
}

static void job_whose_read_fails(void **state)
{
	struct client *c = *state;

	start_job(c, 0x10, 1);
	serve_probe(c);
	request(c, VU_DMA_READ);
	reply(c, VU_DMA_READ, c->header.id, EFAULT, "", 0);
	wait_for_job(c);
	assert_int_equal(-(int32_t)client_read(c, BAR0, STATUS, 4), EFAULT);
	/* A reply that is too short is a failure as well. */
	client_write(c, BAR0, DOORBELL, 4, JOB);
	request(c, VU_DMA_READ);
	reply(c, VU_DMA_READ, c->header.id, 0, &(struct vu_dma_access){ 0x10, 4 }, 16);
	while ((client_read(c, BAR0, EVENTS, 4) & 0xff00) != 0x200)
		;
	assert_int_equal(-(int32_t)client_read(c, BAR0, STATUS, 4), EFAULT);
}

static void job_cancelled_while_it_waits(void **state)
{
	struct client *c = *state;
	uint16_t id;

	start_job(c, 0x10, 1);
	serve_probe(c);
	request(c, VU_DMA_READ);
	id = c->header.id;
	client_write(c, BAR0, DOORBELL, 4, CANCEL);
	/* The same again: what comes for the first is not taken for the second. */
	client_write(c, BAR0, DOORBELL, 4, JOB);
	reply(c, VU_DMA_READ, id, 0, "\x10\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0\x63\0\0\0", 20);
	serve_read(c, 0x10, 1);
	assert_int_equal(serve_write(c, 0x10), 2);
	reply(c, VU_DMA_WRITE, c->header.id, 0, "", 0);
	wait_for_job(c);
}

/* As QEMU 10.2 answers a write: without address and count. */
static void broken_client_is_refused(void **state)
{
	struct client *c = *state;

	start_job(c, 0x10, 1);
	request(c, VU_DMA_WRITE);
	reply(c, VU_DMA_WRITE, c->header.id, 0, "", 0);
	wait_for_job(c);
	assert_int_equal(-(int32_t)client_read(c, BAR0, STATUS, 4), EFAULT);
}

static void replies_that_nobody_asked_for(void **state)
{
	struct client *c = *state;

	reply(c, VU_DMA_READ, 7, 0, "", 0);
	reply(c, VU_REGION_READ, 8, 0, "abc", 3);
	assert_int_equal(client_read(c, BAR0, ID, 4), 0x12345678);
}

int main(void)
{
#define WITH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH(mapped_both_ways),
		WITH(across_regions_in_any_order),
		WITH(thousands_of_regions),
		WITH(wrong_maps),
		WITH(read_only_memory),
		WITH(file_cut_short),
		WITH(private_memory_is_refused),
		WITH(callbacks_get_edeadlk),
		WITH(job_by_message),
		WITH(paused_before_its_write_is_taken),
		WITH(job_whose_read_fails),
		WITH(job_cancelled_while_it_waits),
		WITH(broken_client_is_refused),
		WITH(replies_that_nobody_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

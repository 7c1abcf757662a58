/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory windows, as a client maps them: VFIO's region information, its files, and what is in them. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bed.h"
#include "client.h"
#include "panel.h"

#define RAM_FILE (PANEL_HIGH_AT + PANEL_HIGH_SIZE)
#define BUS UINT32_C(0xe0000000) /* where BAR 2 is put */

/* The region information with its one capability, as the protocol lays them out. */
struct answer {
	struct vu_region_info info;
	struct {
		uint16_t id, version;
		uint32_t next, areas, reserved;
	} list;
	struct {
		uint64_t offset, size;
	} area[2];
};
_Static_assert(sizeof(struct answer) == 80, "answer");

static int setup(void **state)
{
	struct client *c = client_new(getenv("PANEL"), true);

	client_write(c, CONFIG, 4, 2, 6);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	client_free(*state);
	return 0;
}

static void ask(struct client *c, uint32_t index, uint32_t argsz, struct answer *ret_answer)
{
	struct vu_region_info info = { .argsz = argsz, .index = index };

	assert_int_equal(client_call(c, VU_GET_REGION_INFO, &info, sizeof(info), NULL, 0), 0);
	assert_in_range(c->length, sizeof(info), sizeof(*ret_answer));
	memset(ret_answer, 0, sizeof(*ret_answer));
	memcpy(ret_answer, c->payload, c->length);
}

/* The file of a BAR; the caller's. */
static int file_of(struct client *c, uint32_t bar)
{
	struct answer a;

	ask(c, bar, sizeof(a), &a);
	assert_int_equal(c->n_files, 1);
	c->n_files = 0;
	return c->files[0];
}

static uint8_t *map(int fd, uint64_t offset, size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);

	assert_ptr_not_equal(at, MAP_FAILED);
	return at;
}

static void look_at(struct client *c, uint32_t window, uint32_t at)
{
	client_write(c, 0, PANEL_WHICH, 4, window);
	client_write(c, 0, PANEL_AT, 4, at);
}

static uint32_t sum(struct client *c, uint32_t window)
{
	client_write(c, 0, PANEL_WHICH, 4, window);
	return (uint32_t)client_read(c, 0, PANEL_SUM, 4);
}

static void fill(struct client *c, uint32_t window, uint8_t byte)
{
	client_write(c, 0, PANEL_WHICH, 4, window);
	client_write(c, 0, PANEL_FILL, 4, byte);
}

static void areas_and_files(void **state)
{
	const uint32_t flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
			       VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
	struct client *c = *state;
	struct answer a;

	/* No room for the list: how much it takes, and where it will be. */
	ask(c, PANEL_RAM_BAR, sizeof(a.info), &a);
	assert_int_equal(c->length, sizeof(a.info));
	assert_int_equal(c->n_files, 1);
	assert_int_equal(a.info.argsz, 80);
	assert_int_equal(a.info.cap_offset, 32);
	assert_int_equal(a.info.flags, flags);
	ask(c, PANEL_RAM_BAR, 79, &a);
	assert_int_equal(c->length, sizeof(a.info));
	ask(c, PANEL_RAM_BAR, 4096, &a);
	assert_int_equal(c->length, 80);
	assert_int_equal(c->n_files, 1);
	assert_int_equal(a.info.flags, flags);
	assert_true(a.info.size == PANEL_RAM_BAR_SIZE);
	assert_true(a.info.offset == 0);
	assert_int_equal(a.list.id, 1);
	assert_int_equal(a.list.version, 1);
	assert_int_equal(a.list.next, 0);
	assert_int_equal(a.list.areas, 2);
	assert_true(a.area[0].offset == PANEL_LOW_AT && a.area[0].size == PANEL_LOW_SIZE);
	assert_true(a.area[1].offset == PANEL_HIGH_AT && a.area[1].size == PANEL_HIGH_SIZE);
	ask(c, PANEL_TABLE_BAR, sizeof(a), &a);
	assert_int_equal(c->length, 64);
	assert_int_equal(c->n_files, 1);
	assert_int_equal(a.list.areas, 1);
	assert_true(a.area[0].offset == PANEL_SMALL_AT && a.area[0].size == PANEL_SMALL_SIZE);
	/* And where there is nothing to map. */
	ask(c, 0, sizeof(a), &a);
	assert_int_equal(c->length, 32);
	assert_int_equal(c->n_files, 0);
	assert_int_equal(a.info.argsz, 32);
	assert_int_equal(a.info.cap_offset, 0);
	assert_int_equal(a.info.flags, 3);
	ask(c, PANEL_RAM_BAR + 1, sizeof(a), &a);
	assert_int_equal(c->n_files, 0);
	assert_int_equal(a.info.flags, 0);
}

static void contents_both_ways(void **state)
{
	struct client *c = *state;
	int fd = file_of(c, PANEL_RAM_BAR);
	uint8_t *low = map(fd, PANEL_LOW_AT, PANEL_LOW_SIZE);
	uint8_t *high = map(fd, PANEL_HIGH_AT, PANEL_HIGH_SIZE);
	uint32_t word;
	uint8_t *small;

	close(fd);
	fd = file_of(c, PANEL_TABLE_BAR);
	small = map(fd, PANEL_SMALL_AT, PANEL_SMALL_SIZE);
	close(fd);

	/* Mapped to model, byte by byte. */
	low[0x2ffc] = 0x11;
	low[0x2ffd] = 0x22;
	low[0x2ffe] = 0x33;
	low[0x2fff] = 0x44;
	look_at(c, PANEL_LOW, 0x2ffc);
	assert_int_equal(client_read(c, 0, PANEL_VALUE, 4), 0x44332211);
	/* Model to mapped. */
	look_at(c, PANEL_HIGH, 0x1fff1);
	client_write(c, 0, PANEL_VALUE, 4, 0xa1b2c3d4);
	memcpy(&word, high + 0x1fff1, sizeof(word));
	assert_int_equal(word, 0xa1b2c3d4);
	fill(c, PANEL_SMALL, 3);
	assert_int_equal(small[0], 3);
	assert_int_equal(small[PANEL_SMALL_SIZE - 1], 3);
	/* Each is its own. */
	assert_int_equal(sum(c, PANEL_LOW), 0xaa);
	assert_int_equal(sum(c, PANEL_SMALL), 3 * PANEL_SMALL_SIZE);
	munmap(low, PANEL_LOW_SIZE);
	munmap(high, PANEL_HIGH_SIZE);
	munmap(small, PANEL_SMALL_SIZE);
}

/* By message, as QEMU does while INTx is pending: any width and alignment, blocks too. */
static void not_mapped(void **state)
{
	struct client *c = *state;
	struct {
		struct vu_access a;
		uint8_t bytes[333];
	} w = { { PANEL_LOW_AT + 0x101, PANEL_RAM_BAR, sizeof(w.bytes) }, { 0 } };
	int fd = file_of(c, PANEL_RAM_BAR);
	uint8_t *low = map(fd, PANEL_LOW_AT, PANEL_LOW_SIZE);
	size_t i;

	close(fd);
	for (i = 0; i < sizeof(w.bytes); i++)
		w.bytes[i] = (uint8_t)(i * 5 + 1);
	assert_int_equal(
		client_call(c, VU_REGION_WRITE, &w, sizeof(w.a) + sizeof(w.bytes), NULL, 0), 0);
	assert_memory_equal(low + 0x101, w.bytes, sizeof(w.bytes));
	assert_int_equal(low[0x100], 0);
	assert_int_equal(low[0x101 + sizeof(w.bytes)], 0);
	assert_int_equal(client_call(c, VU_REGION_READ, &w.a, sizeof(w.a), NULL, 0), 0);
	assert_memory_equal(c->payload + sizeof(w.a), w.bytes, sizeof(w.bytes));
	client_write(c, PANEL_RAM_BAR, PANEL_LOW_AT + 3, 8, 0x0807060504030201);
	for (i = 0; i < 8; i++)
		assert_int_equal(low[3 + i], i + 1);
	assert_int_equal(client_read(c, PANEL_RAM_BAR, PANEL_LOW_AT + 5, 2), 0x0403);
	assert_int_equal(client_read(c, PANEL_RAM_BAR, PANEL_LOW_AT + 10, 1), 8);
	munmap(low, PANEL_LOW_SIZE);
}

/* The file is as long as it must be, and no client can make it shorter under us, or longer. */
static void sealed(void **state)
{
	struct client *c = *state;
	int fd = file_of(c, PANEL_RAM_BAR);
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, RAM_FILE);
	assert_int_equal(fcntl(fd, F_GET_SEALS) & (F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL),
			 F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, RAM_FILE + 4096), -1);
	assert_int_equal(pwrite(fd, "x", 1, RAM_FILE), -1);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	close(fd);
}

/* What a client puts into the file where no window is, is nobody's. */
static void registers_are_no_memory(void **state)
{
	uint8_t page[4096], ones[4096];
	struct client *c = *state;
	int fd = file_of(c, PANEL_RAM_BAR);

	client_write(c, PANEL_RAM_BAR, PANEL_CELL, 8, 0x5e11);
	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(pwrite(fd, ones, sizeof(ones), 0), sizeof(ones));
	assert_int_equal(client_read(c, PANEL_RAM_BAR, PANEL_CELL, 8), 0x5e11);
	assert_int_equal(pwrite(fd, ones, sizeof(ones), PANEL_LOW_AT + PANEL_LOW_SIZE),
			 sizeof(ones));
	assert_int_equal(sum(c, PANEL_LOW), 0);
	/* And an access at a window's end does not reach behind it. */
	client_write(c, PANEL_RAM_BAR, PANEL_LOW_AT + PANEL_LOW_SIZE, 4, 0);
	assert_int_equal(pread(fd, page, sizeof(page), PANEL_LOW_AT + PANEL_LOW_SIZE),
			 sizeof(page));
	assert_memory_equal(page, ones, sizeof(page));
	close(fd);
}

static void resets(void **state)
{
	struct client *c = *state;
	int fd = file_of(c, PANEL_RAM_BAR);
	uint8_t *low = map(fd, PANEL_LOW_AT, PANEL_LOW_SIZE);
	uint8_t *high = map(fd, PANEL_HIGH_AT, PANEL_HIGH_SIZE);

	close(fd);
	memset(low, 0x5a, PANEL_LOW_SIZE);
	memset(high, 0x5a, PANEL_HIGH_SIZE);
	client_write(c, CONFIG, PANEL_PM_AT + 4, 2, 3);
	client_write(c, CONFIG, PANEL_PM_AT + 4, 2, 0);
	assert_int_equal(low[0], 0);
	assert_int_equal(low[PANEL_LOW_SIZE - 1], 0);
	assert_int_equal(high[0], 0x5a);
	assert_int_equal(high[PANEL_HIGH_SIZE - 1], 0x5a);
	assert_int_equal(client_call(c, VU_RESET, NULL, 0, NULL, 0), 0);
	assert_int_equal(high[0], 0);
	assert_int_equal(high[PANEL_HIGH_SIZE - 1], 0);
	/* Still the same memory. */
	high[7] = 9;
	client_write(c, CONFIG, 4, 2, 6);
	assert_int_equal(sum(c, PANEL_HIGH), 9);
	munmap(low, PANEL_LOW_SIZE);
	munmap(high, PANEL_HIGH_SIZE);
}

static int dma(struct client *c, uint32_t what, uint64_t address)
{
	client_write(c, 0, PANEL_ADDRESS, 8, address);
	client_write(c, 0, PANEL_DMA, 4, what);
	return -(int32_t)client_read(c, 0, PANEL_STATUS, 4);
}

/*
 * Clients announce what they have mapped as memory for DMA, without a file. A
 * device does not reach its own BARs, and asks nobody to do it.
 */
static void dma_to_itself(void **state)
{
	const uint64_t low = BUS + PANEL_LOW_AT, low_end = low + PANEL_LOW_SIZE;
	struct client *c = *state;
	uint8_t *page;
	int i, guest;

	client_write(c, CONFIG, 0x18, 4, BUS);
	client_write(c, CONFIG, 0x1c, 4, 0);
	assert_int_equal(client_map(c, low, PANEL_LOW_SIZE, 0, MAP_RW, -1), 0);
	assert_int_equal(client_map(c, 0x1000, 0x1000, 0, MAP_RW, -1), 0);
	for (i = 1; i <= 2; i++) {
		assert_int_equal(dma(c, (uint32_t)i, low), EFAULT);
		assert_int_equal(dma(c, (uint32_t)i, low_end - 4), EFAULT);
		/* Another's memory of that kind: not from here, but from a job. */
		assert_int_equal(dma(c, (uint32_t)i, 0x1000), EDEADLK);
	}
	assert_int_equal(client_read(c, 0, PANEL_DATA, 4), 0xffffffff);
	client_write(c, 0, PANEL_ADDRESS, 8, low);
	client_write(c, 0, PANEL_DMA, 4, 3);
	/* client_call fails if a message of the server's own comes instead of its reply. */
	for (i = 0; i < 20000 && !client_read(c, 0, PANEL_DONE, 4); i++)
		poll(NULL, 0, 1);
	assert_int_equal(client_read(c, 0, PANEL_DONE, 4), 1);
	assert_int_equal(-(int32_t)client_read(c, 0, PANEL_STATUS, 4), EFAULT);
	assert_int_equal(sum(c, PANEL_LOW), 0);
	/* With an IOMMU the same address can be the guest's memory: it has a file. */
	assert_int_equal(client_unmap(c, low, PANEL_LOW_SIZE, 0), 0);
	guest = memfd_create("guest", MFD_CLOEXEC);
	assert_int_equal(ftruncate(guest, PANEL_LOW_SIZE), 0);
	/* As a client does, shared: a file that is not mapped like that is refused. */
	page = map(guest, 0, 4096);
	page[3] = 0x80;
	assert_int_equal(client_map(c, low, PANEL_LOW_SIZE, 0, MAP_RW, guest), 0);
	assert_int_equal(dma(c, 1, low), 0);
	assert_int_equal(client_read(c, 0, PANEL_DATA, 4), 0x80000000);
	munmap(page, 4096);
	close(guest);
}

static void nothing_leaks(void **state)
{
	struct vu_region_info info = { .argsz = 4096, .index = PANEL_RAM_BAR };
	struct client *c = *state;
	unsigned int before = open_fds();
	unsigned int i;

	for (i = 0; i < 300; i++) {
		client_send(c, VU_GET_REGION_INFO, VU_FLAG_NO_REPLY, &info, sizeof(info), NULL, 0);
		close(file_of(c, PANEL_RAM_BAR));
	}
	/* One that takes its time to look at the answers. */
	for (i = 0; i < 100; i++)
		client_send(c, VU_GET_REGION_INFO, 0, &info, sizeof(info), NULL, 0);
	for (i = 0; i < 100; i++) {
		assert_true(client_receive(c));
		assert_int_equal(c->length, 80);
		assert_int_equal(c->n_files, 1);
	}
	client_read(c, 0, PANEL_ID_REG, 4);
	assert_int_equal(open_fds(), before);
}

/* ---- the end ---- */

static bool all(const uint8_t *at, size_t size, uint8_t byte)
{
	return at[0] == byte && !memcmp(at, at + 1, size - 1);
}

static void pulled(void **state)
{
	struct client *c = *state;
	int fd = file_of(c, PANEL_RAM_BAR);
	uint8_t *high = map(fd, PANEL_HIGH_AT, PANEL_HIGH_SIZE);
	int i;

	close(fd);
	high[5] = 1;
	assert_int_equal(write(c->control, "y", 1), 1);
	for (i = 0; i < 20000 && client_read(c, 0, PANEL_ID_REG, 4) != 0xffffffff; i++)
		poll(NULL, 0, 1);
	assert_true(all(high, PANEL_HIGH_SIZE, 0xff));
	assert_true(client_read(c, PANEL_RAM_BAR, PANEL_HIGH_AT, 8) == UINT64_MAX);
	munmap(high, PANEL_HIGH_SIZE);
}

static void dropped(void **state)
{
	struct client *c = client_new(getenv("PANEL"), true);
	struct vu_header h = { 1, VU_REGION_READ, 3, 0, 0 };
	int fd = file_of(c, PANEL_RAM_BAR);
	uint8_t *low = map(fd, PANEL_LOW_AT, PANEL_LOW_SIZE);

	close(fd);
	client_send_raw(c, &h, sizeof(h), NULL, 0);
	assert_int_equal(client_wait(c), -EPROTO);
	assert_true(all(low, PANEL_LOW_SIZE, 0xff));
	munmap(low, PANEL_LOW_SIZE);
	client_free(c);
}

/* Its process dies; what the client has mapped reads as the registers do. */
static void died(void **state)
{
	struct bed *bed = bed_start(getenv("PANEL"), true, true);
	struct client *c = client_connect(bed->path);
	uint8_t *low, *high, *small;
	int fd;

	assert_int_equal(client_version(c, NULL), 0);
	fd = file_of(c, PANEL_RAM_BAR);
	low = map(fd, PANEL_LOW_AT, PANEL_LOW_SIZE);
	high = map(fd, PANEL_HIGH_AT, PANEL_HIGH_SIZE);
	assert_int_equal(pwrite(fd, "x", 1, 0), 1);
	close(fd);
	fd = file_of(c, PANEL_TABLE_BAR);
	small = map(fd, PANEL_SMALL_AT, PANEL_SMALL_SIZE);
	close(fd);
	high[1] = 1;
	client_write(c, 0, PANEL_DIE, 4, 1);
	assert_true(all(low, PANEL_LOW_SIZE, 0xff));
	assert_true(all(high, PANEL_HIGH_SIZE, 0xff));
	assert_true(all(small, PANEL_SMALL_SIZE, 0xff));
	while (client_receive(c))
		;
	munmap(low, PANEL_LOW_SIZE);
	munmap(high, PANEL_HIGH_SIZE);
	munmap(small, PANEL_SMALL_SIZE);
	client_free(c);
	assert_int_equal(bed_stop(bed, 0), EOWNERDEAD);
}

/* ---- every kind of memory BAR: PCI 3.0, 6.2.5.1 ---- */

static void bars(void **state)
{
	static const struct {
		uint32_t at, low, high;
	} kinds[] = {
		{ 0x10, 0xfffff000, 0xfffffff8 }, /* mem32, 4 KiB; the next is one of its own */
		{ 0x14, 0xfffffff8, 0xfff0000c }, /* mem32, prefetchable, 16 bytes */
		{ 0x18, 0xfff0000c, 0xffffffff }, /* mem64, prefetchable, 1 MiB */
		{ 0x20, 0xffff0004, 0xffffffff }, /* mem64, 64 KiB */
	};
	struct client *c = *state;
	size_t i;

	for (i = 0x10; i < 0x28; i += 4)
		client_write(c, CONFIG, i, 4, 0xffffffff);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		assert_int_equal(client_read(c, CONFIG, kinds[i].at, 4), kinds[i].low);
		assert_int_equal(client_read(c, CONFIG, kinds[i].at + 4, 4), kinds[i].high);
	}
	client_write(c, PANEL_PLAIN_BAR, PANEL_PLAIN, 4, 0xabcdef01);
	assert_int_equal(client_read(c, PANEL_PLAIN_BAR, PANEL_PLAIN, 4), 0xabcdef01);
	client_write(c, PANEL_RAM_BAR, PANEL_CELL, 8, UINT64_MAX - 1);
	assert_true(client_read(c, PANEL_RAM_BAR, PANEL_CELL, 8) == UINT64_MAX - 1);
	client_write(c, PANEL_TABLE_BAR, PANEL_BELL, 4, 5);
	assert_int_equal(client_read(c, PANEL_TABLE_BAR, PANEL_BELL, 4), 5);
}

int main(void)
{
#define WITH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH(areas_and_files),
		WITH(contents_both_ways),
		WITH(not_mapped),
		WITH(sealed),
		WITH(registers_are_no_memory),
		WITH(resets),
		WITH(dma_to_itself),
		WITH(nothing_leaks),
		WITH(pulled),
		cmocka_unit_test(dropped),
		cmocka_unit_test(died),
		WITH(bars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

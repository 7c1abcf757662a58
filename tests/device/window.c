/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory windows: RAM of the device in a BAR. */
#include "small_host.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static uint8_t *memory(struct ez_bench *b, uint32_t index)
{
	void *at = NULL;

	assert_int_equal(ez_device_window(ez_bench_device(b), 0, index, &at, NULL), 0);
	assert_non_null(at);
	return at;
}

static bool all(const uint8_t *at, size_t size, uint8_t value)
{
	for (size_t i = 0; i < size; i++)
		if (at[i] != value)
			return false;
	return true;
}

/* Any width at any alignment, little endian; the bytes are where the backend's map has them. */
static void any_access(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = memory(b, 0);

	assert_true(all(ram, RAM_SIZE, 0));
	for (unsigned int w = 1; w <= 8; w *= 2) {
		for (unsigned int at = 0x100; at < 0x110; at++) {
			memset(ram + 0xf0, 0xee, 0x40);
			ez_bench_write(b, 1, RAM + at, w, UINT64_C(0x8877665544332211));
			assert_memory_equal(ram + at, "\x11\x22\x33\x44\x55\x66\x77\x88", w);
			assert_int_equal(ram[at - 1], 0xee);
			assert_int_equal(ram[at + w], 0xee);
			memcpy(ram + at, "\x21\x43\x65\x87\xa9\xcb\xed\x0f", 8);
			assert_int_equal(ez_bench_read(b, 1, RAM + at, w),
					 UINT64_C(0x0fedcba987654321) & UINT64_MAX >> (64 - 8 * w));
		}
	}
	/* First and last byte; the next window begins where this one ends. */
	ez_bench_write(b, 1, RAM, 1, 0x12);
	ez_bench_write(b, 1, RAM + RAM_SIZE - 8, 8, UINT64_MAX);
	ez_bench_write(b, 1, SCRATCH, 1, 0x34);
	assert_int_equal(ram[0], 0x12);
	assert_int_equal(ram[RAM_SIZE - 1], 0xff);
	assert_int_equal(memory(b, 1)[0], 0x34);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 0);
}

/* By bus address too, as another device or a CPU would. */
static void on_the_bus(void **state)
{
	struct ez_bench *b = *state;
	uint64_t base = ez_bench_config_read(b, 0x14, 4);

	ez_bench_mem_write(b, base + SCRATCH + 5, 4, 0xcafe1234);
	assert_memory_equal(memory(b, 1) + 5, "\x34\x12\xfe\xca", 4);
	/* Not decoded: not reached. */
	ez_bench_config_write(b, 0x04, 2, 0x4);
	assert_int_equal(ez_bench_read(b, 1, SCRATCH + 5, 4), 0xffffffff);
}

static void past_the_end(void **state)
{
	struct ez_bench *b = *state;

	memset(memory(b, 0) + RAM_SIZE - 8, 0x5a, 8);
	memset(memory(b, 1), 0xa5, 8);
	assert_int_equal(ez_bench_read(b, 1, RAM + RAM_SIZE - 4, 8), UINT64_MAX);
	assert_string_equal(
		ez_bench_log_last(b, EZ_LOG_VIOLATION),
		"8-byte read of BAR1 0x1ffc, which runs past the end of a window; reads "
		"all-ones");
	ez_bench_write(b, 1, RAM + RAM_SIZE - 1, 2, 0);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 2);
	ez_bench_write(b, 1, SCRATCH + SCRATCH_SIZE - 1, 8, 0);
	assert_true(all(memory(b, 0) + RAM_SIZE - 8, 8, 0x5a));
	assert_true(all(memory(b, 1), 8, 0xa5));
	assert_int_equal(memory(b, 1)[SCRATCH_SIZE - 1], 0);
	/* Behind the last: nothing, and beside it a register as ever. */
	assert_int_equal(ez_bench_read(b, 1, SCRATCH + SCRATCH_SIZE, 4), 0xffffffff);
	assert_non_null(strstr(ez_bench_log_last(b, EZ_LOG_VIOLATION), "where no register is"));
	ez_bench_write(b, 1, BESIDE, 4, 0x1234);
	assert_int_equal(ez_bench_read(b, 1, BESIDE, 4), 0x1234);
}

/* The model's pointer and the driver's accesses are one memory. */
static void model_reaches_it(void **state)
{
	struct ez_bench *b = *state;

	for (unsigned int i = 0; i < 64; i++)
		ez_bench_write(b, 1, RAM + 0x1000 + i, 1, i * 3);
	ez_bench_write(b, 0, ADDRESS, 8, 0x1000);
	wr(b, LENGTH, 64);
	command(b, WINDOW_IN);
	ez_bench_write(b, 0, ADDRESS, 8, 0x21);
	command(b, WINDOW_OUT);
	assert_int_equal((int32_t)rd(b, STATUS), 0);
	for (unsigned int i = 0; i < 64; i++)
		assert_int_equal(ez_bench_read(b, 1, RAM + 0x21 + i, 1), i * 3);
	assert_int_equal(ez_bench_read(b, 1, RAM + 0x21 + 64, 1), 0);
}

/* What a backend passes on: of one BAR, sealed, not inherited. */
static void the_file(void **state)
{
	struct ez_bench *b = *state;
	struct ez_device *dev = ez_bench_device(b);
	int fd = -1, other = -1;
	uint8_t *map;
	void *at;

	assert_int_equal(ez_device_window(dev, 0, 0, NULL, &fd), 0);
	assert_int_equal(ez_device_window(dev, 0, 1, &at, &other), 0);
	assert_int_equal(fd, other);
	assert_int_equal(ez_device_window(dev, 0, 2, &at, &fd), -ENODEV);
	assert_int_equal(ez_device_window(dev, 1, 0, &at, &fd), -ENODEV);
	assert_int_equal(lseek(fd, 0, SEEK_END), SCRATCH + SCRATCH_SIZE);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, 1 << 20), -1);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	map = mmap(NULL, SCRATCH_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, SCRATCH);
	assert_true(map != MAP_FAILED);
	ez_bench_write(b, 1, SCRATCH + 0x456, 2, 0xbeef);
	assert_memory_equal(map + 0x456, "\xef\xbe", 2);
	map[0x800] = 0x77;
	assert_int_equal(ez_bench_read(b, 1, SCRATCH + 0x800, 1), 0x77);
	/* It outlives the device, and keeps what it held. */
	ez_bench_free(b);
	assert_int_equal(map[0x800], 0x77);
	munmap(map, SCRATCH_SIZE);
	*state = ez_bench_new(NULL, NULL);
}

static void each_device_its_own(void **state)
{
	struct ez_bench *b = *state;
	struct ez_bench *other = ez_bench_beside(b, NULL, NULL);
	uint64_t base = ez_bench_config_read(other, 0x14, 4);

	ez_bench_write(b, 1, RAM, 4, 0x11111111);
	assert_int_equal(ez_bench_read(other, 1, RAM, 4), 0);
	/* One device's DMA reaches the other's memory, not its own. */
	memcpy(ez_bench_ram(b) + 0x300, "peer", 4);
	ez_bench_write(b, 0, ADDRESS, 8, 0x300);
	wr(b, LENGTH, 4);
	command(b, DMA_IN);
	ez_bench_write(b, 0, ADDRESS, 8, base + RAM + 0x40);
	command(b, DMA_OUT);
	assert_int_equal((int32_t)rd(b, STATUS), 0);
	assert_memory_equal(memory(other, 0) + 0x40, "peer", 4);
	ez_bench_write(b, 0, ADDRESS, 8, ez_bench_config_read(b, 0x14, 4) + RAM);
	command(b, DMA_OUT);
	assert_int_equal((int32_t)rd(b, STATUS), -EFAULT);
	assert_int_equal(ez_bench_read(b, 1, RAM, 4), 0x11111111);
	ez_bench_free(other);
}

/* RAM: power-on only. SCRATCH: every kind. */
static void resets(void **state)
{
	static const enum ez_reset_kind kinds[] = { EZ_RESET_FUNCTION, EZ_RESET_BUS,
						    EZ_RESET_POWER_ON };
	struct ez_bench *b = *state;

	memset(memory(b, 0), 1, RAM_SIZE);
	for (size_t i = 0; i < 3; i++) {
		memset(memory(b, 1), 2, SCRATCH_SIZE);
		ez_bench_reset(b, kinds[i]);
		assert_true(all(memory(b, 1), SCRATCH_SIZE, 0));
		assert_true(all(memory(b, 0), RAM_SIZE, kinds[i] == EZ_RESET_POWER_ON ? 0 : 1));
	}
	ez_bench_setup(b);
	memset(memory(b, 0), 1, RAM_SIZE);
	memset(memory(b, 1), 2, SCRATCH_SIZE);
	command(b, SOFT_RESET);
	assert_true(all(memory(b, 0), RAM_SIZE, 1));
	assert_true(all(memory(b, 1), SCRATCH_SIZE, 0));
}

static void saved_and_loaded(void **state)
{
	struct ez_bench *from = *state;
	struct ez_bench *to = ez_bench_new(NULL, NULL);
	struct ez_error error;
	size_t empty, size;
	void *saved;

	saved = ez_bench_save(from, &empty);
	free(saved);
	/* The second page of two, its ends; what was written and is zero again takes no room. */
	memory(from, 0)[0x1000] = 0x11;
	memory(from, 0)[0x1fff] = 0x22;
	memset(memory(from, 1), 3, SCRATCH_SIZE);
	memset(memory(from, 1), 0, SCRATCH_SIZE);
	saved = ez_bench_save(from, &size);
	assert_in_range(size, empty + 4096, empty + 4096 + 64);
	memset(memory(to, 0), 0x99, RAM_SIZE);
	memset(memory(to, 1), 0x99, SCRATCH_SIZE);
	assert_int_equal(ez_bench_load(to, saved, size, &error), 0);
	assert_memory_equal(memory(to, 0), memory(from, 0), RAM_SIZE);
	assert_true(all(memory(to, 1), SCRATCH_SIZE, 0));
	assert_int_equal(memory(to, 0)[0x1fff], 0x22);
	free(saved);
	/* All of it, and both. */
	for (unsigned int i = 0; i < RAM_SIZE; i++)
		memory(from, 0)[i] = (uint8_t)(i * 7 + i / 256 + 1);
	memset(memory(from, 1), 4, SCRATCH_SIZE);
	saved = ez_bench_save(from, &size);
	assert_int_equal(ez_bench_load(to, saved, size, &error), 0);
	assert_memory_equal(memory(to, 0), memory(from, 0), RAM_SIZE);
	assert_memory_equal(memory(to, 1), memory(from, 1), SCRATCH_SIZE);
	free(saved);
	ez_bench_free(to);
}

/* A saved state that has one stretch of RAM in it: 0x1000 bytes from 0x1000 on. */
static uint8_t *with_ram(struct ez_bench *b, size_t *ret_size, uint8_t **ret_entry)
{
	/* Tag 9, the name, 16 + 4096 bytes. */
	static const char entry[] = "\x09\x03RAM\x10\x10\x00";
	uint8_t *saved;

	memory(b, 0)[0x1000] = 0x11;
	saved = ez_bench_save(b, ret_size);
	*ret_entry = memmem(saved, *ret_size, entry, sizeof(entry));
	assert_non_null(*ret_entry);
	return saved;
}

/* The window's size and where the bytes go are the model's to judge. */
static void saved_by_somebody_else(void **state)
{
	static const struct {
		unsigned int at; /* in the entry, behind its head of 9 bytes */
		uint64_t value;
	} bad[] = {
		{ 0, 0x1000 },	   { 0, 0x3000 },
		{ 0, UINT64_MAX }, { 8, 0x1001 },
		{ 8, 0x2000 },	   { 8, 0x2001 },
		{ 8, UINT64_MAX }, { 8, UINT64_C(0xfffffffffffff000) },
	};
	struct ez_bench *b = *state;
	struct ez_error error;
	uint8_t *saved, *entry;
	size_t size;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		saved = with_ram(b, &size, &entry);
		memcpy(entry + 9 + bad[i].at, &bad[i].value, 8);
		assert_int_equal(ez_bench_load(b, saved, size, &error), -EINVAL);
		assert_string_equal(error.text,
				    "saved state: window RAM is not of 8192 bytes; was it saved by "
				    "another version of the model?");
		assert_true(all(memory(b, 0), RAM_SIZE, 0));
		free(saved);
	}
	/* A window that this model does not have: left out, with a word. */
	saved = with_ram(b, &size, &entry);
	entry[4] = 'N';
	assert_int_equal(ez_bench_load(b, saved, size, &error), 0);
	assert_true(all(memory(b, 0), RAM_SIZE, 0));
	assert_non_null(strstr(ez_bench_log_last(b, EZ_LOG_INFO), "(RAN, ...); left out"));
	free(saved);
}

/* The format is told by its number; states of format 1 had neither windows nor
 * MSI-X, those of format 2 no vectors but the spec's. */
static void formats(void **state)
{
	struct ez_bench *b = *state;
	struct ez_error error;
	uint8_t *saved;
	size_t size;

	saved = ez_bench_save(b, &size);
	assert_int_equal(saved[7], 3);
	saved[7] = 1;
	assert_int_equal(ez_bench_load(b, saved, size, &error), 0);
	saved[7] = 2;
	assert_int_equal(ez_bench_load(b, saved, size, &error), 0);
	saved[7] = 4;
	assert_int_equal(ez_bench_load(b, saved, size, &error), -EINVAL);
	assert_string_equal(error.text, "saved state of format 4; this Ersatz reads 1 to 3: was it "
					"saved by a newer one?");
	saved[7] = 0;
	assert_int_equal(ez_bench_load(b, saved, size, &error), -EINVAL);
	free(saved);
}

static void pulled(void **state)
{
	struct ez_bench *b = *state;
	struct ez_device *dev = ez_bench_device(b);

	memset(memory(b, 0), 1, RAM_SIZE);
	ez_device_yank(dev, true);
	assert_true(all(memory(b, 0), RAM_SIZE, 0xff));
	assert_true(all(memory(b, 1), SCRATCH_SIZE, 0xff));
	/* Whoever still has it mapped writes into nothing that comes back. */
	memset(memory(b, 0), 7, RAM_SIZE);
	ez_device_write(dev, 0, 1, RAM, 4, 0x12345678);
	assert_int_equal(ez_device_read(dev, 0, 1, RAM, 4), 0xffffffff);
	ez_device_yank(dev, true);
	assert_int_equal(memory(b, 0)[0], 7);
	/* Nor is there anything that a reset would bring back. */
	ez_device_reset(dev, 0, EZ_RESET_POWER_ON);
	assert_true(all(memory(b, 0), RAM_SIZE, 7));
	assert_true(all(memory(b, 1), SCRATCH_SIZE, 0xff));
	ez_device_yank(dev, false);
	assert_true(all(memory(b, 0), RAM_SIZE, 0));
	assert_true(all(memory(b, 1), SCRATCH_SIZE, 0));
	memory(b, 0)[5] = 5;
	ez_device_yank(dev, false);
	assert_int_equal(memory(b, 0)[5], 5);
}

/* The backend is told when to map and unmap, once each. D3hot changes no byte. */
static void shown_and_hidden(void **unused)
{
	struct small_host *h = small_new(0);
	void *at;

	assert_true(small_make(h));
	assert_int_equal(h->shows + h->hides, 0);
	ez_device_window(h->dev, 0, 0, &at, NULL);
	memset(at, 0x42, RAM_SIZE);
	ez_device_config_write(h->dev, 0, CAP_PM_AT + 4, 2, 3);
	assert_int_equal(h->hides, 1);
	assert_int_equal(ez_device_read(h->dev, 0, 1, RAM, 4), 0xffffffff);
	ez_device_write(h->dev, 0, 1, RAM, 4, 0);
	ez_device_config_write(h->dev, 0, 0x3c, 1, 5);
	assert_int_equal(h->hides, 1);
	assert_int_equal(h->shows, 0);
	ez_device_config_write(h->dev, 0, CAP_PM_AT + 4, 2, 0);
	assert_int_equal(h->shows, 1);
	assert_true(all(at, RAM_SIZE, 0x42));
	/* Pulled while in D3hot: hidden already, and not shown before both are over. */
	ez_device_config_write(h->dev, 0, CAP_PM_AT + 4, 2, 3);
	ez_device_yank(h->dev, true);
	assert_int_equal(h->hides, 2);
	ez_device_yank(h->dev, false);
	assert_int_equal(h->shows, 1);
	/* A reset ends D3hot. */
	ez_device_reset(h->dev, 0, EZ_RESET_BUS);
	assert_int_equal(h->shows, 2);
	ez_device_yank(h->dev, true);
	ez_device_yank(h->dev, false);
	assert_int_equal(h->hides, 3);
	assert_int_equal(h->shows, 3);
	ez_device_free(h->dev);
	h->dev = NULL;
	assert_int_equal(h->hides, 4);
	small_free(h);
}

/* A backend may have more to hide than windows: it is told of a device without, too. */
static void told_without_windows(void **unused)
{
	struct small_host *h = small_new(0);

	h->spec.n_windows = 0;
	h->spec.windows = NULL;
	assert_true(small_make(h));
	ez_device_yank(h->dev, true);
	assert_int_equal(h->hides, 1);
	ez_device_yank(h->dev, false);
	assert_int_equal(h->shows, 1);
	small_free(h);
}

/* A window of far more than there is memory costs what is used of it, also to save and reset. */
static void large_and_empty(void **unused)
{
	struct small_host *h = small_new(0);
	uint8_t *at;

	h->bars[3].size = UINT64_C(1) << 40;
	h->windows[1] = (struct ez_window){ .name = "HUGE",
					    .bar = 4,
					    .offset = UINT64_C(1) << 39,
					    .size = UINT64_C(1) << 39,
					    .resets = EZ_RESET_ALL };
	assert_true(small_make(h));
	ez_device_write(h->dev, 0, 4, (UINT64_C(1) << 40) - 8, 8, 0x1122334455667788);
	assert_int_equal(ez_device_window(h->dev, 0, 1, (void **)&at, NULL), 0);
	assert_int_equal(at[(UINT64_C(1) << 39) - 1], 0x11);
	assert_in_range(ez_device_save(h->dev, NULL, 0), 4096, 65536);
	ez_device_reset(h->dev, 0, EZ_RESET_FUNCTION);
	assert_int_equal(at[(UINT64_C(1) << 39) - 1], 0);
	assert_in_range(ez_device_save(h->dev, NULL, 0), 4096, 65536);
	small_free(h);
}

static void impossible_tables(void **unused)
{
	static const struct {
		unsigned int bar;
		uint64_t offset, size;
	} bad[] = {
		{ 2, 0, 4096 },	     { 3, 0, 4096 },	       { 1, 0x2000, 0 },
		{ 1, 0x2000, 4095 }, { 1, 0x2800, 4096 },      { 1, 0x8000, 4096 },
		{ 1, 0x7000, 8192 }, { 1, 0x1000, ~0xfffull }, { 1, ~0xfffull, 0x2000 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct small_host *h = small_new(0);

		h->bars[2].size = 0x10000; /* large enough for the first, but no memory */
		h->windows[1].bar = (uint8_t)bad[i].bar;
		h->windows[1].offset = bad[i].offset;
		h->windows[1].size = bad[i].size;
		assert_false(small_make(h));
		assert_non_null(
			strstr(h->error.text, "window SCRATCH is not whole pages of a memory BAR"));
		small_free(h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(any_access),
		TEST(on_the_bus),
		TEST(past_the_end),
		TEST(model_reaches_it),
		TEST(the_file),
		TEST(each_device_its_own),
		TEST(resets),
		TEST(saved_and_loaded),
		TEST(saved_by_somebody_else),
		TEST(formats),
		TEST(pulled),
		cmocka_unit_test(shown_and_hidden),
		cmocka_unit_test(told_without_windows),
		cmocka_unit_test(large_and_empty),
		cmocka_unit_test(impossible_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

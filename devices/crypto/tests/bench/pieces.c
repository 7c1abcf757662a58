/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A command under a real worker, which bench has not: stopped, saved, reset and
 * pulled between any two of its transfers. The backend here serves one transfer
 * for each turn that a test takes, so every run is the same.
 */
#define _GNU_SOURCE /* memmem */
#include "crypto_bench.h"

#include <pthread.h>

#define MEMORY (4u << 20)
#define IN_TABLE 0x10000u
#define OUT_TABLE 0x40000u
#define IN_PAGES 0x100000u
#define OUT_PAGES 0x200000u /* SIZE is less than what lies between */
#define SIZE (600u * 1024) /* three pieces */

/* SIZE bytes of the pattern with the key SHA-256("SECRET"), by openssl(1) and sha256sum(1). */
#define ENCRYPTED "059968eead2de37c654c746557e95389"
#define DECRYPTED "7d5c9446d1f62e5b3e577d8d0727fb68"
#define DIGEST "57dba171b3c80d1597d70737c4400ca763ef2046266f3339da4a970abc111449"

struct host {
	struct ez_device *dev;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool kicked;
	bool shut; /* the test expects no transfer now */
	uint8_t *memory;
	unsigned int transfers, messages;
	/* Before a transfer: the test's own mischief. */
	void (*before)(struct host *h, uint64_t addr, size_t len, bool write);
	unsigned int seen; /* its own counter */
};

static uint64_t host_now(void *be)
{
	return 0;
}

static void host_timer(void *be, unsigned int fn, uint32_t timer, uint64_t when)
{
}

static int host_dma(void *be, unsigned int fn, uint64_t addr, void *buf, size_t len, bool write)
{
	struct host *h = be;

	assert_false(h->shut);
	h->transfers++;
	if (h->before)
		h->before(h, addr, len, write);
	if (addr > MEMORY || len > MEMORY - addr) {
		if (!write)
			memset(buf, 0xff, len);
		return -EFAULT;
	}
	memcpy(write ? h->memory + addr : buf, write ? buf : h->memory + addr, len);
	return 0;
}

static void host_intx(void *be, unsigned int fn, bool level)
{
}

static void host_msi(void *be, unsigned int fn, uint32_t vector)
{
	((struct host *)be)->messages++;
}

static void host_random(void *be, void *buf, size_t len)
{
	memset(buf, 0, len);
}

static void host_log(void *be, unsigned int fn, enum ez_log_kind kind, const char *text)
{
}

static void host_kick(void *be)
{
	struct host *h = be;

	pthread_mutex_lock(&h->lock);
	h->kicked = true;
	pthread_cond_signal(&h->cond);
	pthread_mutex_unlock(&h->lock);
}

/* One transfer a poll, so that a test may come between any two. */
static bool host_at_once(void *be, unsigned int fn, uint64_t addr, size_t len, bool write)
{
	return false;
}

static const struct ez_backend host_backend = {
	.size = sizeof(host_backend),
	.name = "test",
	.now = host_now,
	.timer = host_timer,
	.dma = host_dma,
	.intx = host_intx,
	.msi = host_msi,
	.random = host_random,
	.log = host_log,
	.kick = host_kick,
	.dma_at_once = host_at_once,
};

static const struct ez_model *model;

static uint32_t get(struct host *h, uint32_t at, unsigned int width)
{
	return (uint32_t)ez_device_read(h->dev, 0, 0, at, width);
}

static void put(struct host *h, uint32_t at, unsigned int width, uint32_t value)
{
	ez_device_write(h->dev, 0, 0, at, width, value);
}

static uint32_t running(struct host *h)
{
	return get(h, COMMAND, 1);
}

/* Memory, bus mastering, and the registers of one command. */
static void host_prepare(struct host *h)
{
	ez_device_config_write(h->dev, 0, 0x04, 2, 0x6);
	put(h, ENABLE, 1, ALL_EVENTS);
	put(h, 0x04, 4, IN_TABLE >> 12);
	put(h, 0x08, 4, SIZE / PAGE);
	put(h, 0x0c, 4, SIZE);
	put(h, 0x10, 4, OUT_TABLE >> 12);
	put(h, 0x14, 4, SIZE / PAGE);
	put(h, 0x18, 4, SIZE);
}

static void entry(struct host *h, uint64_t table, uint32_t i, uint64_t address)
{
	memcpy(h->memory + table + 8ull * i, &address, 8);
}

static struct host *host_new(void)
{
	static const struct ez_setting secret = { "aes_cbc_256", "SECRET" };
	struct host *h = calloc(1, sizeof(*h));
	struct ez_error error;

	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->cond, NULL);
	h->memory = calloc(1, MEMORY);
	h->dev = ez_device_new(model, "crypto0", &host_backend, h, &secret, 1, &error);
	assert_non_null(h->dev);
	/* Pages in pairs, swapped: no two that follow one another are neighbours. */
	for (uint32_t i = 0; i < SIZE / PAGE; i++) {
		entry(h, IN_TABLE, i, IN_PAGES + (uint64_t)(i ^ 1) * PAGE);
		entry(h, OUT_TABLE, i, OUT_PAGES + (uint64_t)(i ^ 1) * PAGE);
	}
	for (uint32_t i = 0; i < SIZE; i++)
		h->memory[IN_PAGES + (i ^ PAGE)] = pattern(i);
	memset(h->memory + OUT_PAGES, 0xaa, SIZE);
	host_prepare(h);
	return h;
}

static void host_free(struct host *h)
{
	ez_device_free(h->dev);
	pthread_mutex_destroy(&h->lock);
	pthread_cond_destroy(&h->cond);
	free(h->memory);
	free(h);
}

/* Until one more transfer is done, or the command is. */
static void turn(struct host *h)
{
	unsigned int before = h->transfers;
	struct ez_wanted want;
	bool more;

	while (running(h) && h->transfers == before) {
		more = ez_device_dma_wanted(h->dev, &want);
		pthread_mutex_lock(&h->lock);
		while (!h->kicked && !more)
			pthread_cond_wait(&h->cond, &h->lock);
		h->kicked = false;
		pthread_mutex_unlock(&h->lock);
		ez_device_poll(h->dev);
	}
}

static void finish_host(struct host *h)
{
	while (running(h))
		turn(h);
}

static void expect_result(struct host *h, uint8_t command)
{
	const uint8_t *last = h->memory + OUT_PAGES + ((SIZE - 16) ^ PAGE);

	assert_int_equal(get(h, ERROR_CODE, 1), 0);
	assert_int_equal(get(h, ERROR_FLAG, 4) & 0xffff, FLAG_READY);
	if (command == SHA256)
		expect_bytes(h->memory + OUT_PAGES + PAGE, DIGEST);
	else
		expect_bytes(last, command == ENCRYPT ? ENCRYPTED : DECRYPTED);
}

static void worker_gets_it_right(void **unused)
{
	for (uint8_t command = ENCRYPT; command <= SHA256; command++) {
		struct host *h = host_new();

		put(h, COMMAND, 1, command);
		assert_int_equal(running(h), command);
		finish_host(h);
		expect_result(h, command);
		host_free(h);
	}
}

/*
 * Turns that a whole command takes: its transfers. The end comes with the last one, or a turn
 * later, as the worker is quick; before the last one it certainly has not come.
 */
static unsigned int turns_of(uint8_t command)
{
	struct host *h = host_new();
	unsigned int n;

	put(h, COMMAND, 1, command);
	finish_host(h);
	n = h->transfers;
	host_free(h);
	return n;
}

static uint8_t *copy_of(const struct host *h)
{
	uint8_t *copy = malloc(MEMORY);

	memcpy(copy, h->memory, MEMORY);
	return copy;
}

/* What the backend may still be asked comes to nothing. */
static void expect_quiet(struct host *h)
{
	uint8_t *then = copy_of(h);

	h->shut = true;
	for (int i = 0; i < 3; i++)
		ez_device_poll(h->dev);
	assert_memory_equal(h->memory, then, MEMORY);
	h->shut = false;
	free(then);
}

/* After each transfer, by each kind of reset; then the device does the next command as if nothing had been. */
static void reset_at_any_time(void **unused)
{
	for (uint8_t command = ENCRYPT; command <= SHA256; command += 2) {
		unsigned int n = turns_of(command);

		for (unsigned int at = 0; at < n; at += at < 8 ? 1 : 23) {
			for (int kind = EZ_RESET_BUS; kind <= EZ_RESET_SOFTWARE; kind++) {
				struct host *h = host_new();

				put(h, COMMAND, 1, command);
				for (unsigned int i = 0; i < at; i++)
					turn(h);
				if (kind == EZ_RESET_SOFTWARE)
					put(h, COMMAND, 1, RESET);
				else
					ez_device_reset(h->dev, 0, (enum ez_reset_kind)kind);
				assert_int_equal(get(h, 0x00, 4) & 0xffffff, 0);
				assert_int_equal(get(h, 0x0c, 4), 0);
				assert_int_equal(get(h, ERROR_FLAG, 4),
						 kind == EZ_RESET_SOFTWARE ? FLAG_RESET : 0);
				expect_quiet(h);
				host_prepare(h);
				put(h, COMMAND, 1, command);
				finish_host(h);
				expect_result(h, command);
				host_free(h);
			}
		}
	}
}

/* Pulled, and freed, with the worker anywhere. */
static void pulled_at_any_time(void **unused)
{
	unsigned int n = turns_of(DECRYPT);

	for (unsigned int at = 0; at < n; at += at < 8 ? 1 : 17) {
		struct host *h = host_new();

		put(h, COMMAND, 1, DECRYPT);
		for (unsigned int i = 0; i < at; i++)
			turn(h);
		if (at % 2) {
			ez_device_yank(h->dev, true);
			assert_int_equal(get(h, COMMAND, 1), 0xff);
			expect_quiet(h);
		}
		host_free(h);
	}
}

static void paused_it_waits(void **unused)
{
	struct host *h = host_new();

	put(h, COMMAND, 1, ENCRYPT);
	for (int i = 0; i < 20; i++)
		turn(h);
	ez_device_pause(h->dev);
	assert_int_equal(running(h), ENCRYPT);
	expect_quiet(h);
	ez_device_resume(h->dev);
	finish_host(h);
	expect_result(h, ENCRYPT);
	host_free(h);
}

/* Saved at any time; goes on in another device, and in the first one too. */
static void saved_at_any_time(void **unused)
{
	static uint8_t state[1 << 20];

	for (uint8_t command = ENCRYPT; command <= SHA256; command++) {
		unsigned int n = turns_of(command);

		for (unsigned int at = 0; at < n; at += at < 8 ? 1 : 29) {
			struct host *from = host_new();
			struct host *to = host_new();
			struct ez_error error;
			ssize_t size;

			put(from, COMMAND, 1, command);
			for (unsigned int i = 0; i < at; i++)
				turn(from);
			ez_device_pause(from->dev);
			size = ez_device_save(from->dev, state, sizeof(state));
			assert_in_range(size, 1, sizeof(state));
			memcpy(to->memory, from->memory, MEMORY);
			assert_int_equal(ez_device_load(to->dev, state, (size_t)size, &error), 0);
			assert_int_equal(running(to), command);
			finish_host(to);
			expect_result(to, command);
			assert_true(to->transfers + from->transfers <= n + 1);
			ez_device_resume(from->dev);
			finish_host(from);
			expect_result(from, command);
			host_free(from);
			host_free(to);
		}
	}
}

/* ---- saved states that nobody has saved ---- */

/* One element of a row of the state, where it stands in there. */
static void forge(uint8_t *state, size_t size, const char *name, uint32_t index, uint32_t bytes,
		  uint64_t value)
{
	uint8_t *at = memmem(state, size, name, strlen(name));

	assert_non_null(at);
	/* Behind the name: the payload's length, the size of an element, the elements. */
	memcpy(at + strlen(name) + 5 + (size_t)index * bytes, &value, bytes);
}

static void forged_states_do_no_harm(void **unused)
{
	static const struct {
		const char *row;
		uint32_t elements, bytes;
	} rows[] = {
		{ "work.op", 1, 1 },	   { "work.phase", 1, 1 },	 { "work.key_bytes", 1, 1 },
		{ "work.left", 1, 4 },	   { "work.written", 1, 4 },	 { "work.count", 2, 4 },
		{ "work.size", 2, 4 },	   { "work.row", 1, 4 },	 { "work.column", 1, 4 },
		{ "work.chunk", 2, 4 },	   { "work.chunks", 2, 4 },	 { "work.tail", 2, 4 },
		{ "work.entries", 2, 4 },  { "work.at", 2, 4 },		 { "work.skip", 2, 4 },
		{ "work.length", 40, 4 },  { "work.position", 2, 4 },	 { "work.digest", 2, 8 },
		{ "work.address", 40, 8 }, { "work.hash_length", 1, 8 }, { "work.table", 2, 8 },
		{ "work.extended", 1, 1 }, { "work.last", 1, 1 },
	};
	static const uint64_t values[] = { 0,	 1,    2,    5,		 256,	     257,
					   4095, 4096, 4097, 0x7fffffff, 0xffffffff, UINT64_MAX };
	static uint8_t good[1 << 20], state[1 << 20];
	unsigned int refused = 0, taken = 0;
	ssize_t size;

	for (unsigned int at = 1; at < 300; at += 149) {
		struct host *h = host_new();

		put(h, COMMAND, 1, ENCRYPT);
		for (unsigned int i = 0; i < at; i++)
			turn(h);
		ez_device_pause(h->dev);
		size = ez_device_save(h->dev, good, sizeof(good));
		host_free(h);
		for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
			for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
				struct ez_error error;

				h = host_new();
				memcpy(state, good, (size_t)size);
				forge(state, (size_t)size, rows[r].row,
				      (uint32_t)v % rows[r].elements, rows[r].bytes, values[v]);
				if (ez_device_load(h->dev, state, (size_t)size, &error)) {
					refused++;
					assert_int_equal(running(h), 0);
				} else {
					taken++;
					/* To some end, or not in this lifetime: it may have been given 4 GiB. */
					for (int i = 0; i < 400 && running(h); i++)
						turn(h);
					put(h, COMMAND, 1, RESET);
				}
				host_prepare(h);
				put(h, COMMAND, 1, SHA256);
				finish_host(h);
				assert_int_equal(get(h, STATE, 1), 0);
				host_free(h);
			}
		}
	}
	assert_true(refused > 100);
	assert_true(taken > 100);
}

/* What no piece could have left behind is not even begun. */
static void impossible_states_are_refused(void **unused)
{
	static const struct {
		const char *row;
		uint32_t bytes, value;
	} forgeries[] = {
		{ "work.phase", 1, 3 },
		{ "work.count", 4, 0x100002 },
		{ "work.chunks", 4, 258 },
		{ "work.chunk", 4, 257 },
		{ "work.tail", 4, 4097 },
		{ "work.entries", 4, 4097 },
		{ "work.at", 4, SIZE / PAGE + 1 },
		{ "work.skip", 4, PAGE },
		{ "work.length", 4, 0 },
		{ "work.row", 4, 258 },
		{ "work.column", 4, 258 },
	};
	static uint8_t good[1 << 20], state[1 << 20];
	struct host *h = host_new();
	struct ez_error error;
	ssize_t size;

	put(h, COMMAND, 1, ENCRYPT);
	for (int i = 0; i < 20; i++)
		turn(h);
	ez_device_pause(h->dev);
	size = ez_device_save(h->dev, good, sizeof(good));
	host_free(h);
	h = host_new();
	for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
		memcpy(state, good, (size_t)size);
		forge(state, (size_t)size, forgeries[i].row, 0, forgeries[i].bytes,
		      forgeries[i].value);
		assert_int_equal(ez_device_load(h->dev, state, (size_t)size, &error), -EINVAL);
	}
	assert_int_equal(ez_device_load(h->dev, good, (size_t)size, &error), 0);
	host_free(h);
}

/* ---- tables that change under way ---- */

#define LONG 5000u /* entries, more than the 4096 of a chunk; over and over the same 16 pages */

static void long_tables(struct host *h)
{
	for (uint32_t i = 0; i < LONG; i++) {
		entry(h, IN_TABLE, i, IN_PAGES + (uint64_t)(i % 16) * PAGE);
		entry(h, OUT_TABLE, i, OUT_PAGES + (uint64_t)(i % 16) * PAGE);
	}
	put(h, 0x08, 4, LONG);
	put(h, 0x0c, 4, LONG * PAGE);
	put(h, 0x14, 4, LONG);
	put(h, 0x18, 4, LONG * PAGE);
}

static const uint64_t bad_entries[] = { 0, IN_PAGES + 1, OUT_PAGES, MEMORY, 0x300000 };
static uint64_t bad_entry;

/* When the device comes back to this part of the table it is another one. */
static void change_in(struct host *h, uint64_t addr, size_t len, bool write)
{
	if (addr == IN_TABLE + 8 * 4096 && !write && ++h->seen == 2)
		entry(h, IN_TABLE, 4500, bad_entry);
}

static void change_out(struct host *h, uint64_t addr, size_t len, bool write)
{
	if (addr == OUT_TABLE + 8 * 4096 && !write && ++h->seen == 3)
		entry(h, OUT_TABLE, 4097, bad_entry);
}

/* Whatever an entry changes to, even to something good, is not used. */
static void changed_tables(void **unused)
{
	for (size_t i = 0; i < 2 * sizeof(bad_entries) / sizeof(bad_entries[0]); i++) {
		struct host *h = host_new();
		bool out = i % 2;

		memset(h->memory + 0x300000, 0xbb, PAGE);
		long_tables(h);
		bad_entry = bad_entries[i / 2];
		h->before = out ? change_out : change_in;
		put(h, COMMAND, 1, ENCRYPT);
		finish_host(h);
		assert_int_equal(h->seen, out ? 3 : 2);
		assert_int_equal(get(h, ERROR_CODE, 1), DMA_ERROR);
		assert_int_equal(get(h, 0x74, 4), 11 | (out ? 0x100 : 0));
		assert_int_equal(get(h, 0x78, 4), 4096);
		for (uint32_t k = 0; k < PAGE; k++)
			assert_int_equal(h->memory[0x300000 + k], 0xbb);
		host_free(h);
	}
}

static unsigned int table_reads;

static void change_all(struct host *h, uint64_t addr, size_t len, bool write)
{
	if (addr >= IN_TABLE && addr < IN_PAGES)
		table_reads++;
	/* Both have been read: from now on they are rubbish. */
	if (table_reads == 2 && addr >= IN_PAGES)
		memset(h->memory + IN_TABLE, 0xff, IN_PAGES - IN_TABLE);
}

/* A short one is read once: nothing that is done to it afterwards matters. */
static void short_tables_are_copied(void **unused)
{
	struct host *h = host_new();

	table_reads = 0;
	h->before = change_all;
	put(h, COMMAND, 1, DECRYPT);
	finish_host(h);
	assert_int_equal(table_reads, 2);
	expect_result(h, DECRYPT);
	host_free(h);
}

static int open_model(void **unused)
{
	struct ez_error error;

	model = ez_model_open(getenv("ERSATZ_MODEL"), &error);
	return model ? 0 : -1;
}

static int close_model(void **unused)
{
	ez_model_close(model);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worker_gets_it_right),
		cmocka_unit_test(reset_at_any_time),
		cmocka_unit_test(pulled_at_any_time),
		cmocka_unit_test(paused_it_waits),
		cmocka_unit_test(saved_at_any_time),
		cmocka_unit_test(forged_states_do_no_harm),
		cmocka_unit_test(impossible_states_are_refused),
		cmocka_unit_test(changed_tables),
		cmocka_unit_test(short_tables_are_copied),
	};

	return cmocka_run_group_tests(tests, open_model, close_model);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands of the frozen interface: results, sizes and offsets, and each error. */
#define _GNU_SOURCE /* memmem */
#include "crypto_bench.h"

/* For pattern(0) to pattern(size - 1), by openssl(1) and sha256sum(1) with the key SHA-256("SECRET"). */
static const struct result {
	uint32_t size;
	const char *encrypted, *decrypted; /* last block of AES-256-CBC, padded with zeros */
	const char *digest;
} results[] = {
	{ 0, NULL, NULL, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ 1, "0c5958378c05f44702066b07d280df11", "719dbd1721081692b726cbe0a9f992d1",
	  "e77b9a9ae9e30b0dbdb6f510a264ef9de781501d7b6b92ae89eb059c5ab743db" },
	{ 15, "fbbb43c063d90447024996a7cdd52925", "201143a5d3b0d01c184ecf50f5ff1e4f",
	  "d9fd8cff4b4db43300da61a9965a30badc5d1a09d4fd402b5a486e3d8de5d615" },
	{ 16, "1bf2c694114e671f28be83a62b6ef4af", "67aa04907ac0ae7925b7fcd76a916880",
	  "3a7603f42bcd529525361d0f98af1ff4bad3b6825e13f98c4126653f8e1e8ba2" },
	{ 17, "6b6f17d763cc5777bdacac735dc7da29", "dc809046c419406dafd4d635c33ad55c",
	  "b4ea2a77e90ffa9bd117fc6703f203b03ff5b49a9020a565ba760747be162939" },
	{ 4095, "b7d18179513c3f8d1b317333baae618e", "bab576222d983b440819d1b4f5697c31",
	  "75f3e921effc90e954deccb53cb3e42ff782092f8dd4fc99bec9eb82f0d79cbb" },
	{ 4096, "5e203aa658f9404ca6ce1faf2c2c1300", "e746742cb5409fb10615478916124554",
	  "de85fdb3e73d9ecd5880e150d9be152086b121aa4a56aeef7a6cf74a92d7a16f" },
	{ 4097, "b1699a54f509c42dc8d8acb37d5e418a", "37d1c293d94a91eafc9e40b1359d03f3",
	  "69df159afa431fa6b21b09b6a3c57235e10df36e1239d9ce09011d65774b8a1f" },
	/* Around powers of two that may be the size of a piece. */
	{ 65535, "12e9fcca45dd75157070b6740c4d04f3", "c9050c575262c1d6db51a3033cf2c558",
	  "d932639f5dfd3d8aabce265566e76e50cb1c1192a1fe8bca9381954e2b72cbad" },
	{ 65536, "072a119d8dd51e43f5a1ca978b357e7a", "f59d5658aefcb7e49ffb02defdcf5ed6",
	  "1cf5073b9233be499d5be691a6ba4ac4b189f6056853db4ea6da3148f2cf2f5e" },
	{ 65537, "e00c87e1115f8c7027edd5440342b7ee", "87772b85a3c16ee08a2557abe00c2dc3",
	  "fd1b6ff4ec2a1eb91d7f636e9a88ae0d0ad992d3f28f002a53093e5b21f6849f" },
	{ 262143, "59155c31fa7a0113f26a124c7ce56511", "c9050c575262c1d6db51a3033cf2c558",
	  "293d6745f085b6d09eee535d5c95e3fd9132b3bc148c520a1412aa2dfca6312d" },
	{ 262144, "72de8b15586b32b7bb2399eb5f82bb3f", "f59d5658aefcb7e49ffb02defdcf5ed6",
	  "3d7799815828bdf87bb9017fb5715438c86ee89ddfe7a54f1e3e52d6175f97be" },
	{ 262145, "17d7c763a62e1bdf49a9389dc7e961e6", "87772b85a3c16ee08a2557abe00c2dc3",
	  "4d9408b441ad973236d6013308fe8cc5a9cf0f8aa790c8bdf81bc3e5c02b7d2c" },
	{ 1 << 20, "5c74e69df0027c93d53a593e0cebbf10", "f59d5658aefcb7e49ffb02defdcf5ed6",
	  "51b3ef94ad4369a794c4212907eeeb34d8d25899153cf02986a639733045a3c5" },
};

#define RESULTS (sizeof(results) / sizeof(results[0]))
#define SMALL 8 /* of the results: those for every offset */

static uint32_t padded(uint32_t size)
{
	return (size + 15) & ~15u;
}

/* Where the pattern begins and the result goes, and how; then the command. */
static void run_at(struct ez_bench *b, uint8_t command, uint32_t size, uint32_t in_offset,
		   uint32_t out_offset, uint32_t room)
{
	uint32_t in_count = put_table(b, IN_TABLE_AT, IN_DATA, in_offset, size);
	uint32_t out_count = put_table(b, OUT_TABLE_AT, OUT_DATA, out_offset, room);

	put_data(b, IN_DATA, in_offset, size);
	set_in(b, size ? IN_TABLE_AT : 0, size ? in_count : 0, size);
	set_out(b, OUT_TABLE_AT, out_count, room);
	run_ok(b, command);
}

/* All of both areas, so that a byte out of place is found wherever it is. */
static void fill_around(struct ez_bench *b, uint32_t span)
{
	memset(ez_bench_ram(b) + IN_DATA, 0x55, span);
	memset(ez_bench_ram(b) + OUT_DATA, 0xaa, span);
}

static uint32_t strangers(struct ez_bench *b, uint32_t span)
{
	const uint8_t *out = ez_bench_ram(b) + OUT_DATA;
	uint32_t n = 0;

	for (uint32_t i = 0; i < span; i++)
		n += out[i] != 0xaa;
	return n;
}

static void check_result(struct ez_bench *b, const struct result *r, uint8_t command,
			 uint32_t out_offset)
{
	uint8_t last[32];
	uint32_t size = padded(r->size);

	if (command == SHA256) {
		get_data(b, OUT_DATA, out_offset, last, 32);
		expect_bytes(last, r->digest);
		return;
	}
	for (uint32_t i = 0; i < 16; i++)
		last[i] = ez_bench_ram(b)[scattered(OUT_DATA, out_offset, size - 16 + i)];
	expect_bytes(last, command == ENCRYPT ? r->encrypted : r->decrypted);
}

static void every_size(void **state)
{
	struct ez_bench *b = *state;

	for (size_t i = 0; i < RESULTS; i++) {
		for (uint8_t command = ENCRYPT; command <= SHA256; command++) {
			uint32_t size = results[i].size;

			if (!size && command != SHA256)
				continue;
			run_at(b, command, size, 100, 3000, command == SHA256 ? 32 : padded(size));
			check_result(b, &results[i], command, 3000);
		}
	}
}

/*
 * Each small size at each offset of both buffers: the last block depends on all
 * before it; beyond the output nothing changes. The bytes that a command
 * writes are found by taking them away again: what is left must be untouched.
 */
static void every_offset(void **state)
{
	struct ez_bench *b = *state;
	const uint32_t span = 16 * PAGE;

	for (uint32_t offset = 0; offset < PAGE; offset++) {
		for (size_t i = 0; i < SMALL; i++) {
			uint8_t command = (uint8_t)(ENCRYPT + (offset + i) % 3);
			uint32_t size = results[i].size;
			uint32_t out_offset = (offset * 7 + (uint32_t)i) % PAGE;
			uint32_t wrote;

			if (!size)
				command = SHA256;
			wrote = command == SHA256 ? 32 : padded(size);
			fill_around(b, span);
			run_at(b, command, size, offset, out_offset, wrote);
			check_result(b, &results[i], command, out_offset);
			for (uint32_t at = 0; at < wrote; at++)
				ez_bench_ram(b)[scattered(OUT_DATA, out_offset, at)] = 0xaa;
			assert_int_equal(strangers(b, span), 0);
		}
	}
}

/* All of what is written, not only its end: a whole reference in one piece of memory. */
static void all_bytes_of_the_output(void **state)
{
	static uint8_t want[70000], got[70000];
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);
	const uint32_t size = 69 * 1000;

	/* Reference: contiguous pages, aligned. That it is right, its last block and every_size say. */
	for (uint8_t command = ENCRYPT; command <= DECRYPT; command++) {
		memset(ram + IN_DATA, 0, size + PAGE);
		fill_pattern(ram + IN_DATA, size);
		for (uint32_t i = 0; i < pages(0, size); i++) {
			put_entry(b, IN_TABLE_AT, i, IN_DATA + i * PAGE);
			put_entry(b, OUT_TABLE_AT, i, OUT_DATA + i * PAGE);
		}
		set_in(b, IN_TABLE_AT, pages(0, size), size);
		set_out(b, OUT_TABLE_AT, pages(0, padded(size)), padded(size));
		run_ok(b, command);
		memcpy(want, ram + OUT_DATA, padded(size));
		run_at(b, command, size, 4081, 15, padded(size));
		get_data(b, OUT_DATA, 15, got, padded(size));
		assert_memory_equal(got, want, padded(size));
	}
	/* And there and back again gives the input, with its padding. */
	run_at(b, ENCRYPT, size, 4081, 15, padded(size));
	put_table(b, IN_TABLE_AT, OUT_DATA, 15, padded(size));
	set_in(b, IN_TABLE_AT, pages(15, padded(size)), padded(size));
	put_table(b, OUT_TABLE_AT, IN_DATA, 0, padded(size));
	set_out(b, OUT_TABLE_AT, pages(0, padded(size)), padded(size));
	run_ok(b, DECRYPT);
	get_data(b, IN_DATA, 0, got, padded(size));
	for (uint32_t i = 0; i < padded(size); i++)
		assert_int_equal(got[i], i < size ? pattern(i) : 0);
}

static void in_place(void **state)
{
	struct ez_bench *b = *state;

	for (size_t i = 1; i < RESULTS; i++) {
		for (uint8_t command = ENCRYPT; command <= DECRYPT; command++) {
			uint32_t size = results[i].size;
			uint32_t n = put_table(b, IN_TABLE_AT, OUT_DATA, 100, padded(size));

			put_data(b, OUT_DATA, 100, size);
			set_in(b, IN_TABLE_AT, n, size);
			/* By the same table, and by another one that says the same. */
			if (i % 2)
				put_table(b, OUT_TABLE_AT, OUT_DATA, 100, padded(size));
			set_out(b, i % 2 ? OUT_TABLE_AT : IN_TABLE_AT, n, padded(size));
			run_ok(b, command);
			check_result(b, &results[i], command, 100);
		}
	}
}

/* The e-book's own. */
static void sha_of_123(void **state)
{
	struct ez_bench *b = *state;

	memcpy(ez_bench_ram(b) + IN_DATA, "123", 3);
	put_entry(b, IN_TABLE_AT, 0, IN_DATA);
	put_entry(b, OUT_TABLE_AT, 0, OUT_DATA);
	set_in(b, IN_TABLE_AT, 1, 3);
	set_out(b, OUT_TABLE_AT, 1, 32);
	run_ok(b, SHA256);
	expect_bytes(ez_bench_ram(b) + OUT_DATA,
		     "a665a45920422f9d417e4867efdc4fb8a04a1f3fff1fa07e998e86f7f7a27ae3");
}

/* 64 MiB: every page of the table is one of the same 16. */
static void sixty_four_mebibytes(void **state)
{
	struct ez_bench *b = *state;
	const uint32_t n = 16384;
	uint32_t i;

	fill_pattern(ez_bench_ram(b) + IN_DATA, 65536);
	for (i = 0; i < n; i++) {
		put_entry(b, IN_TABLE_AT, i, IN_DATA + i % 16 * PAGE);
		put_entry(b, OUT_TABLE_AT, i, OUT_DATA + i % 32 * PAGE);
	}
	set_in(b, IN_TABLE_AT, n, 64 << 20);
	set_out(b, OUT_TABLE_AT, n, 64 << 20);
	run_ok(b, SHA256);
	expect_bytes(ez_bench_ram(b) + OUT_DATA,
		     "cd2b2eb076d191e7a186389ddee8f9f443df6da1dd3784efedf814194604acc7");
	run_ok(b, ENCRYPT);
	expect_bytes(ez_bench_ram(b) + OUT_DATA + 32 * PAGE - 16,
		     "2e965f43a1ab4a973d44736e9c1351ea");
}

static void key_is_the_property(void **unused)
{
	/* Of no secret: SHA-256(""), by openssl(1). */
	struct ez_bench *b = ez_bench_new(NULL, NULL);

	run_at(b, ENCRYPT, 16, 0, 0, 16);
	expect_bytes(ez_bench_ram(b) + scattered(OUT_DATA, 0, 0),
		     "0f6adcd290ad2be3a9082027becd62a8");
	ez_bench_free(b);
}

static void two_devices_do_not_disturb_each_other(void **unused)
{
	struct ez_bench *a = crypto_new();
	struct ez_bench *b = ez_bench_beside(a, NULL, NULL);

	put_data(a, IN_DATA, 0, 16);
	put_table(a, IN_TABLE_AT, IN_DATA, 0, 16);
	put_table(a, OUT_TABLE_AT, OUT_DATA, 0, 16);
	put_table(a, OUT_TABLE_AT + PAGE, OUT_DATA + 64 * PAGE, 0, 16);
	set_in(a, IN_TABLE_AT, 1, 16);
	set_in(b, IN_TABLE_AT, 1, 16);
	set_out(a, OUT_TABLE_AT, 1, 16);
	set_out(b, OUT_TABLE_AT + PAGE, 1, 16);
	/* Both at work; one is reset and starts again while the other is under way. */
	wr(a, COMMAND, 1, ENCRYPT);
	wr(b, COMMAND, 1, ENCRYPT);
	assert_int_equal(rd(a, STATE, 1), 2);
	assert_int_equal(rd(b, STATE, 1), 2);
	wr(a, COMMAND, 1, RESET);
	assert_int_equal(rd(a, STATE, 1), 0);
	assert_int_equal(rd(b, STATE, 1), 2);
	assert_int_equal(finish(b), FLAG_READY);
	assert_int_equal(finish(a), FLAG_RESET);
	expect_bytes(ez_bench_ram(a) + scattered(OUT_DATA + 64 * PAGE, 0, 0),
		     "0f6adcd290ad2be3a9082027becd62a8");
	assert_int_equal(ez_bench_ram(a)[scattered(OUT_DATA, 0, 0)], 0);
	set_in(a, IN_TABLE_AT, 1, 16);
	set_out(a, OUT_TABLE_AT, 1, 16);
	run_ok(a, ENCRYPT);
	expect_bytes(ez_bench_ram(a) + scattered(OUT_DATA, 0, 0), results[3].encrypted);
	ez_bench_free(b);
	ez_bench_free(a);
}

/* ---- state while it runs ---- */

static void state_and_command_show_what_runs(void **state)
{
	static const uint8_t states[] = { [ENCRYPT] = 2, [DECRYPT] = 2, [SHA256] = 3 };
	struct ez_bench *b = *state;

	for (uint8_t command = ENCRYPT; command <= SHA256; command++) {
		put_table(b, IN_TABLE_AT, IN_DATA, 0, 32);
		put_table(b, OUT_TABLE_AT, OUT_DATA, 0, 32);
		set_in(b, IN_TABLE_AT, 1, 32);
		set_out(b, OUT_TABLE_AT, 1, 32);
		wr(b, COMMAND, 1, command);
		assert_int_equal(rd(b, STATE, 1), states[command]);
		assert_int_equal(rd(b, COMMAND, 1), command);
		assert_int_equal(rd(b, ERROR_FLAG, 4), 0);
		assert_int_equal(finish(b), FLAG_READY);
	}
}

static void busy_is_an_error_and_disturbs_nothing(void **state)
{
	struct ez_bench *b = *state;

	put_data(b, IN_DATA, 0, 16);
	put_table(b, IN_TABLE_AT, IN_DATA, 0, 16);
	put_table(b, OUT_TABLE_AT, OUT_DATA, 0, 16);
	set_in(b, IN_TABLE_AT, 1, 16);
	set_out(b, OUT_TABLE_AT, 1, 16);
	wr(b, COMMAND, 1, ENCRYPT);
	/* What is written now is for the next command. */
	set_in(b, 0, 0, 0);
	set_out(b, 0, 0, 0);
	wr(b, COMMAND, 1, SHA256);
	assert_int_equal(rd(b, ERROR_CODE, 1), WRITE_ERROR);
	assert_int_equal(rd(b, 0x74, 4), 3);
	assert_int_equal(rd(b, COMMAND, 1), ENCRYPT);
	wr(b, 0x70, 4, EXT_WHOLE);
	assert_int_equal(rd(b, 0x74, 4), 3);
	assert_int_equal(rd(b, 0x70, 4), 0);
	assert_int_equal(finish(b), FLAG_ERROR | FLAG_READY);
	expect_bytes(ez_bench_ram(b) + scattered(OUT_DATA, 0, 0), results[3].encrypted);
	/* The error stays; the device works on. */
	assert_int_equal(rd(b, ERROR_CODE, 1), WRITE_ERROR);
	run_at(b, SHA256, 17, 0, 0, 32);
	check_result(b, &results[4], SHA256, 0);
	assert_int_equal(rd(b, ERROR_CODE, 1), WRITE_ERROR);
}

static bool saved_key(struct ez_bench *b)
{
	uint8_t key[32];
	size_t size;
	void *saved = ez_bench_save(b, &size);
	bool found;

	/* SHA-256("SECRET") */
	unhex("0917b13a9091915d54b6336f45909539cce452b3661b21f386418a257883b30a", key);
	found = memmem(saved, size, key, sizeof(key));
	free(saved);
	return found;
}

/* It is in a saved state only while a command needs it there. */
static void key_is_forgotten(void **state)
{
	struct ez_bench *b = *state;

	for (int how = 0; how < 3; how++) {
		put_table(b, IN_TABLE_AT, IN_DATA, 0, 16);
		put_table(b, OUT_TABLE_AT, OUT_DATA, 0, 16);
		set_in(b, IN_TABLE_AT, 1, 16);
		set_out(b, OUT_TABLE_AT, 1, how == 1 ? 15 : 16);
		wr(b, COMMAND, 1, ENCRYPT);
		assert_int_equal(saved_key(b), how != 1);
		if (how == 2)
			wr(b, COMMAND, 1, RESET);
		finish(b);
		assert_false(saved_key(b));
	}
}

/* ---- bad tables ---- */

enum { SIDE_IN = 0, SIDE_OUT = 0x100 };
enum { TABLE_ADDRESS = 4, SIZE, ROOM, TOO_FEW, ZERO_ENTRY, BAD_ENTRY, OVERLAP };
enum { TABLE_FAULT = 12, DATA_FAULT = 13 };

/* A good command of three pages each way, for a test to spoil. */
static void good(struct ez_bench *b)
{
	const uint32_t size = 2 * PAGE + 160;

	memset(ez_bench_ram(b) + OUT_DATA, 0xaa, 16 * PAGE);
	put_data(b, IN_DATA, 32, size);
	set_in(b, IN_TABLE_AT, put_table(b, IN_TABLE_AT, IN_DATA, 32, size), size);
	set_out(b, OUT_TABLE_AT, put_table(b, OUT_TABLE_AT, OUT_DATA, 64, size), size);
}

/* The error, whichever command it is, and no byte of the output touched. */
static void spoilt(struct ez_bench *b, uint8_t command, uint32_t detail, uint32_t entry)
{
	wr(b, COMMAND, 1, command);
	expect_error(b, DMA_ERROR, detail, entry);
	assert_int_equal(strangers(b, 16 * PAGE), 0);
}

static void bad_sizes(void **state)
{
	struct ez_bench *b = *state;

	good(b);
	wr(b, 0x0c, 4, 0);
	spoilt(b, ENCRYPT, SIZE, 0);
	good(b);
	wr(b, 0x0c, 4, 0);
	spoilt(b, DECRYPT, SIZE, 0);
	/* One byte too little for the input rounded up. */
	good(b);
	wr(b, 0x0c, 4, 33);
	wr(b, 0x18, 4, 47);
	spoilt(b, ENCRYPT, ROOM, 0);
	good(b);
	wr(b, 0x18, 4, 31);
	spoilt(b, SHA256, ROOM, 0);
	/* Rounding up wraps. */
	good(b);
	wr(b, 0x0c, 4, 0xffffffff);
	wr(b, 0x18, 4, 0xffffffff);
	spoilt(b, DECRYPT, ROOM, 0);
}

static void bad_tables(void **state)
{
	struct ez_bench *b = *state;
	uint8_t command;

	for (command = ENCRYPT; command <= SHA256; command++) {
		good(b);
		wr(b, 0x04, 4, 0);
		spoilt(b, command, TABLE_ADDRESS | SIDE_IN, 0);
		good(b);
		wr(b, 0x10, 4, 0);
		spoilt(b, command, TABLE_ADDRESS | SIDE_OUT, 0);
		/* A table where no memory is, and one that runs out of it. */
		good(b);
		wr(b, 0x04, 4, 0xffffffff);
		spoilt(b, command, TABLE_FAULT | SIDE_IN, 0);
		good(b);
		wr(b, 0x10, 4, EZ_BENCH_RAM >> 12);
		spoilt(b, command, TABLE_FAULT | SIDE_OUT, 0);
		/* Too few pages: none, and one less. */
		good(b);
		wr(b, 0x08, 4, 0);
		spoilt(b, command, TOO_FEW | SIDE_IN, 0);
		good(b);
		wr(b, 0x08, 4, 2);
		spoilt(b, command, TOO_FEW | SIDE_IN, 2);
		good(b);
		wr(b, 0x14, 4, 0);
		spoilt(b, command, TOO_FEW | SIDE_OUT, 0);
		good(b);
		wr(b, 0x14, 4, 2);
		spoilt(b, command, TOO_FEW | SIDE_OUT, 2);
	}
}

static void bad_entries(void **state)
{
	struct ez_bench *b = *state;

	for (uint8_t command = ENCRYPT; command <= SHA256; command++) {
		for (uint32_t i = 0; i < 3; i++) {
			good(b);
			put_entry(b, IN_TABLE_AT, i, 0);
			spoilt(b, command, ZERO_ENTRY | SIDE_IN, i);
			good(b);
			put_entry(b, OUT_TABLE_AT, i, 0);
			spoilt(b, command, ZERO_ENTRY | SIDE_OUT, i);
			if (!i)
				continue;
			good(b);
			put_entry(b, IN_TABLE_AT, i, scattered(IN_DATA, 0, i * PAGE) + 1);
			spoilt(b, command, BAD_ENTRY | SIDE_IN, i);
			good(b);
			put_entry(b, OUT_TABLE_AT, i, scattered(OUT_DATA, 0, i * PAGE) + 2048);
			spoilt(b, command, BAD_ENTRY | SIDE_OUT, i);
		}
	}
	/* What the size does not need is not looked at. */
	good(b);
	put_entry(b, IN_TABLE_AT, 3, 0);
	put_entry(b, OUT_TABLE_AT, 3, 1);
	wr(b, 0x08, 4, 0xffffffff);
	wr(b, 0x14, 4, 0xffffffff);
	run_ok(b, ENCRYPT);
}

/* Input that is not there is found before any output of its piece; output that is not there, when it is written. */
static void data_out_of_memory(void **state)
{
	static const uint64_t nowhere[] = { EZ_BENCH_RAM, 0xfffffffffffff000, 0x8000000000000000 };
	struct ez_bench *b = *state;

	for (size_t i = 0; i < 3; i++) {
		for (uint8_t command = ENCRYPT; command <= SHA256; command++) {
			good(b);
			put_entry(b, IN_TABLE_AT, 1, nowhere[i]);
			spoilt(b, command, DATA_FAULT | SIDE_IN, 1);
			good(b);
			put_entry(b, OUT_TABLE_AT, 0, nowhere[i]);
			spoilt(b, command, DATA_FAULT | SIDE_OUT, 0);
		}
		/* Before the bad page the output is as it should be, behind it untouched. */
		good(b);
		put_entry(b, OUT_TABLE_AT, 1, nowhere[i]);
		wr(b, COMMAND, 1, ENCRYPT);
		expect_error(b, DMA_ERROR, DATA_FAULT | SIDE_OUT, 1);
		assert_int_equal(ez_bench_ram(b)[scattered(OUT_DATA, 64, 2 * PAGE - 64)], 0xaa);
		assert_in_range(strangers(b, 16 * PAGE), PAGE - 64 - 64, PAGE - 64);
	}
}

#define LONG (300 * PAGE + 100)

/* Bytes of the output, from the first on, that are as they should be; those behind them must be untouched. */
static uint32_t good_bytes(struct ez_bench *b, const uint8_t *want)
{
	static uint8_t got[LONG + 16];
	uint32_t n = 0;

	get_data(b, OUT_DATA, 0, got, sizeof(got));
	while (n < LONG && got[n] == want[n])
		n++;
	for (uint32_t i = n; i < LONG; i++)
		if (got[i] != 0xaa)
			fail_msg("after %u good bytes byte %u has been written", n, i);
	return n;
}

/*
 * A page that is not there, anywhere in a long buffer: the output before it is
 * complete, or (input) up to 256 KiB short of it, and nothing else has been written.
 */
static void data_fault_anywhere(void **state)
{
	static const uint32_t bad[] = {
		0,   1,	  7,   8,   9,	 15,  16,  71,	72,  73,  135, 136,
		199, 200, 247, 248, 249, 255, 256, 257, 264, 298, 299, 300
	};
	static uint8_t want[LONG + 16];
	struct ez_bench *b = *state;

	for (uint8_t command = ENCRYPT; command <= DECRYPT; command++) {
		uint32_t n = put_table(b, IN_TABLE_AT, IN_DATA, 0, LONG);

		put_table(b, OUT_TABLE_AT, OUT_DATA, 0, LONG + 12);
		put_data(b, IN_DATA, 0, LONG);
		set_in(b, IN_TABLE_AT, n, LONG);
		set_out(b, OUT_TABLE_AT, n, LONG + 12);
		run_ok(b, command);
		get_data(b, OUT_DATA, 0, want, sizeof(want));
		for (size_t i = 0; i < 2 * sizeof(bad) / sizeof(bad[0]); i++) {
			uint32_t page = bad[i / 2], side = i % 2, got;

			put_table(b, IN_TABLE_AT, IN_DATA, 0, LONG);
			put_table(b, OUT_TABLE_AT, OUT_DATA, 0, LONG + 12);
			set_in(b, IN_TABLE_AT, n, LONG);
			set_out(b, OUT_TABLE_AT, n, LONG + 12);
			put_entry(b, side ? OUT_TABLE_AT : IN_TABLE_AT, page, EZ_BENCH_RAM);
			memset(ez_bench_ram(b) + OUT_DATA, 0xaa, 2 * (n + 2) * PAGE);
			wr(b, COMMAND, 1, command);
			expect_error(b, DMA_ERROR, DATA_FAULT | (side ? SIDE_OUT : SIDE_IN), page);
			got = good_bytes(b, want);
			/* What is untouched may begin with what it should be, by chance. */
			if (side)
				assert_in_range(got, page * PAGE, page * PAGE + 3);
			else
				assert_in_range(got + 64 * PAGE, page * PAGE,
						(page + 64) * PAGE + 3);
		}
	}
}

static void bus_mastering_off(void **state)
{
	struct ez_bench *b = *state;

	good(b);
	ez_bench_config_write(b, 0x04, 2, 0x0002);
	spoilt(b, ENCRYPT, TABLE_FAULT | SIDE_IN, 0);
	ez_bench_config_write(b, 0x04, 2, 0x0006);
	good(b);
	run_ok(b, ENCRYPT);
}

/* ---- overlap ---- */

static void overlaps(void **state)
{
	struct ez_bench *b = *state;
	const uint32_t size = 2 * PAGE + 160;

	for (uint8_t command = ENCRYPT; command <= SHA256; command++) {
		/* The same page elsewhere in the buffer. */
		good(b);
		put_entry(b, IN_TABLE_AT, 1, scattered(OUT_DATA, 0, 0));
		spoilt(b, command, OVERLAP | SIDE_OUT, 0);
		/* The same pages, 16 bytes further on: what a move forward would be. */
		good(b);
		put_table(b, IN_TABLE_AT, OUT_DATA, 48, size);
		spoilt(b, command, OVERLAP | SIDE_OUT, 0);
		/* And backward, which nothing would be lost by: partly overlapping all the same. */
		good(b);
		put_table(b, IN_TABLE_AT, OUT_DATA, 65, size);
		spoilt(b, command, OVERLAP | SIDE_OUT, 0);
		/* In place, but for two pages that are swapped: output that is not written is none. */
		good(b);
		put_table(b, IN_TABLE_AT, OUT_DATA, 64, size);
		put_entry(b, IN_TABLE_AT, 1, scattered(OUT_DATA, 0, 2 * PAGE));
		put_entry(b, IN_TABLE_AT, 2, scattered(OUT_DATA, 0, PAGE));
		if (command == SHA256)
			run_ok(b, command);
		else
			spoilt(b, command, OVERLAP | SIDE_OUT, 0);
	}
	/* By one byte, and by none. */
	good(b);
	put_entry(b, IN_TABLE_AT, 0, OUT_DATA + 1);
	put_entry(b, OUT_TABLE_AT, 0, OUT_DATA + 16);
	set_in(b, IN_TABLE_AT, 1, 16);
	set_out(b, OUT_TABLE_AT, 1, 16);
	spoilt(b, ENCRYPT, OVERLAP | SIDE_OUT, 0);
	good(b);
	put_entry(b, IN_TABLE_AT, 0, OUT_DATA);
	put_entry(b, OUT_TABLE_AT, 0, OUT_DATA + 16);
	set_in(b, IN_TABLE_AT, 1, 16);
	set_out(b, OUT_TABLE_AT, 1, 16);
	run_ok(b, ENCRYPT);
	/* The padding is output too: it would fall on the next page's input. */
	good(b);
	put_entry(b, IN_TABLE_AT, 0, OUT_DATA + PAGE - 8);
	put_entry(b, OUT_TABLE_AT, 0, OUT_DATA + PAGE - 8 - 16);
	set_in(b, IN_TABLE_AT, 1, 8);
	set_out(b, OUT_TABLE_AT, 1, 16);
	run_ok(b, ENCRYPT);
	good(b);
	put_entry(b, OUT_TABLE_AT, 0, OUT_DATA + PAGE - 8 - 15);
	put_entry(b, IN_TABLE_AT, 0, OUT_DATA + PAGE - 8);
	set_in(b, IN_TABLE_AT, 1, 8);
	set_out(b, OUT_TABLE_AT, 1, 16);
	spoilt(b, ENCRYPT, OVERLAP | SIDE_OUT, 0);
}

/* Among many pages in no order, more than one chunk of them: one in a wrong place, wherever. */
static void one_overlap_among_many(void **state)
{
	struct ez_bench *b = *state;
	const uint32_t n = 5000, pages_there = 5200;
	static const uint32_t where[][2] = {
		{ 0, 4999 },	{ 4999, 0 }, { 4095, 4096 },
		{ 4096, 4095 }, { 17, 18 },  { 4998, 4999 },
	};
	uint32_t i;

	for (i = 0; i < n; i++) {
		put_entry(b, IN_TABLE_AT, i, IN_DATA + i * 2003 % pages_there * PAGE);
		/* All in place, half of it elsewhere. */
		put_entry(b, OUT_TABLE_AT, i,
			  i % 2 ? IN_DATA + i * 2003 % pages_there * PAGE
				: IN_DATA + (pages_there + i) * PAGE);
	}
	set_in(b, IN_TABLE_AT, n, n * PAGE);
	set_out(b, OUT_TABLE_AT, n, n * PAGE);
	run_ok(b, ENCRYPT);
	for (i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		uint64_t old;

		memcpy(&old, ez_bench_ram(b) + OUT_TABLE_AT + 8 * where[i][0], 8);
		put_entry(b, OUT_TABLE_AT, where[i][0],
			  IN_DATA + where[i][1] * 2003 % pages_there * PAGE);
		set_in(b, IN_TABLE_AT, n, n * PAGE);
		set_out(b, OUT_TABLE_AT, n, n * PAGE);
		wr(b, COMMAND, 1, DECRYPT);
		expect_error(b, DMA_ERROR, OVERLAP | SIDE_OUT, 0);
		put_entry(b, OUT_TABLE_AT, where[i][0], old);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_size),
		TEST(every_offset),
		TEST(all_bytes_of_the_output),
		TEST(in_place),
		TEST(sha_of_123),
		TEST(sixty_four_mebibytes),
		cmocka_unit_test(key_is_the_property),
		cmocka_unit_test(two_devices_do_not_disturb_each_other),
		TEST(state_and_command_show_what_runs),
		TEST(busy_is_an_error_and_disturbs_nothing),
		TEST(key_is_forgotten),
		TEST(bad_sizes),
		TEST(bad_tables),
		TEST(bad_entries),
		TEST(data_out_of_memory),
		TEST(data_fault_anywhere),
		TEST(bus_mastering_off),
		TEST(overlaps),
		TEST(one_overlap_among_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

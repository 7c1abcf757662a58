/* SPDX-License-Identifier: BSD-2-Clause */
/* Extended commands: tables of extents, what is kept from one to the next, and each error. */
#include "crypto_bench.h"

enum { SIDE_IN = 0, SIDE_OUT = 0x100 };
enum { BAD_COMMAND = 2, TABLE_ADDRESS = 4, SIZE, ROOM, TOO_FEW, ZERO_ENTRY, BAD_ENTRY, OVERLAP };
enum { TABLE_FAULT = 12, DATA_FAULT = 13 };

/* The key and the IV of the classic commands, so that openssl's results for them serve here too. */
static void classic_key(struct ez_bench *b)
{
	static const uint8_t iv[16] = { 50,  173, 92,  223, 82,	 154, 174, 43,
					225, 92,  126, 46,  161, 158, 81,  99 };
	uint8_t key[32];
	uint32_t word, i;

	/* SHA-256("SECRET") */
	unhex("0917b13a9091915d54b6336f45909539cce452b3661b21f386418a257883b30a", key);
	for (i = 0; i < 32; i += 4) {
		memcpy(&word, key + i, 4);
		wr(b, 0x80 + i, 4, word);
	}
	for (i = 0; i < 16; i += 4) {
		memcpy(&word, iv + i, 4);
		wr(b, 0xa0 + i, 4, word);
	}
}

#define SIZE_4096 4096u
#define ENCRYPTED_4096 "5e203aa658f9404ca6ce1faf2c2c1300"
#define DECRYPTED_4096 "e746742cb5409fb10615478916124554"
#define DIGEST_4096 "de85fdb3e73d9ecd5880e150d9be152086b121aa4a56aeef7a6cf74a92d7a16f"

/*
 * A table whose entries have lengths of 1 to 97 bytes, at odd addresses that go
 * down in memory, 3 bytes between them. Entry k of data begins at at[k].
 */
struct shreds {
	uint32_t n;
	uint32_t at[SIZE_4096], length[SIZE_4096];
};

static void shred(struct ez_bench *b, struct shreds *s, uint64_t table, uint32_t base,
		  uint32_t size)
{
	uint32_t at = base + 4 * size + 1000;

	for (s->n = 0; size; s->n++) {
		uint32_t length = s->n * 29 % 97 + 1;

		if (length > size)
			length = size;
		at -= length + 3;
		s->at[s->n] = at;
		s->length[s->n] = length;
		put_extent(b, table, s->n, at, length, 0);
		size -= length;
	}
}

static void shreds_put(struct ez_bench *b, const struct shreds *s)
{
	uint32_t position = 0;

	for (uint32_t k = 0; k < s->n; k++)
		for (uint32_t i = 0; i < s->length[k]; i++)
			ez_bench_ram(b)[s->at[k] + i] = pattern(position++);
}

static void shreds_get(struct ez_bench *b, const struct shreds *s, uint8_t *to)
{
	for (uint32_t k = 0; k < s->n; k++) {
		memcpy(to, ez_bench_ram(b) + s->at[k], s->length[k]);
		to += s->length[k];
	}
}

static void odd_pieces(void **state)
{
	static struct shreds in, out;
	struct ez_bench *b = *state;
	uint8_t result[SIZE_4096];
	uint32_t around, i;

	shred(b, &in, IN_TABLE_AT, IN_DATA, SIZE_4096);
	shreds_put(b, &in);
	set_ext_in(b, IN_TABLE_AT, in.n, SIZE_4096);
	/* The output's pieces begin in the middle of the input's sequence, so no two have the same cuts. */
	shred(b, &out, OUT_TABLE_AT, OUT_DATA, SIZE_4096 - 5);
	put_extent(b, OUT_TABLE_AT, out.n, OUT_DATA + 8 * SIZE_4096, 5, 0);
	out.at[out.n] = OUT_DATA + 8 * SIZE_4096;
	out.length[out.n++] = 5;
	set_ext_out(b, OUT_TABLE_AT, out.n, SIZE_4096);
	classic_key(b);
	memset(ez_bench_ram(b) + OUT_DATA, 0xaa, 10 * SIZE_4096);
	run_ext_ok(b, EXT_AES(ENCRYPT, 256));
	shreds_get(b, &out, result);
	expect_bytes(result + SIZE_4096 - 16, ENCRYPTED_4096);
	/* Between the pieces nothing has changed. */
	for (uint32_t k = 0; k < out.n; k++)
		memset(ez_bench_ram(b) + out.at[k], 0xaa, out.length[k]);
	for (i = around = 0; i < 10 * SIZE_4096; i++)
		around += ez_bench_ram(b)[OUT_DATA + i] != 0xaa;
	assert_int_equal(around, 0);
	classic_key(b);
	run_ext_ok(b, EXT_AES(DECRYPT, 256));
	shreds_get(b, &out, result);
	expect_bytes(result + SIZE_4096 - 16, DECRYPTED_4096);
	run_ext_ok(b, EXT_WHOLE);
	shreds_get(b, &out, result);
	expect_bytes(result, DIGEST_4096);
	/* In place. */
	set_ext_out(b, IN_TABLE_AT, in.n, SIZE_4096);
	classic_key(b);
	run_ext_ok(b, EXT_AES(ENCRYPT, 256));
	shreds_get(b, &in, result);
	expect_bytes(result + SIZE_4096 - 16, ENCRYPTED_4096);
}

/* A table of more than one chunk: 16 bytes an entry, in place, against one extent. */
static void many_small_extents(void **state)
{
	struct ez_bench *b = *state;
	static uint8_t cipher[160000];
	const uint32_t n = sizeof(cipher) / 16;
	uint8_t *ram = ez_bench_ram(b);
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint32_t at = IN_DATA + (i * 7919 % n) * 40;

		put_extent(b, IN_TABLE_AT, i, at, 16, 0);
		for (uint32_t k = 0; k < 16; k++)
			ram[at + k] = pattern(16 * i + k);
	}
	fill_pattern(ram + OUT_DATA, 16 * n);
	put_extent(b, OUT_TABLE_AT, 0, OUT_DATA, 16 * n, 0);
	classic_key(b);
	set_ext_in(b, OUT_TABLE_AT, 1, 16 * n);
	set_ext_out(b, OUT_TABLE_AT, 1, 16 * n);
	run_ext_ok(b, EXT_AES(ENCRYPT, 256));
	classic_key(b);
	set_ext_in(b, IN_TABLE_AT, n, 16 * n);
	set_ext_out(b, IN_TABLE_AT, n, 16 * n);
	run_ext_ok(b, EXT_AES(ENCRYPT, 256));
	for (i = 0; i < n; i++)
		assert_memory_equal(ram + IN_DATA + (i * 7919 % n) * 40, ram + OUT_DATA + 16 * i,
				    16);
	/* Out of the one into the many, and back. */
	classic_key(b);
	set_ext_in(b, OUT_TABLE_AT, 1, 16 * n);
	run_ext_ok(b, EXT_AES(DECRYPT, 256));
	for (i = 0; i < 16 * n; i++)
		assert_int_equal(ram[IN_DATA + (i / 16 * 7919 % n) * 40 + i % 16], pattern(i));
	memcpy(cipher, ram + OUT_DATA, 16 * n);
	memset(ram + OUT_DATA, 0xaa, 16 * n + 16);
	classic_key(b);
	set_ext_in(b, IN_TABLE_AT, n, 16 * n);
	set_ext_out(b, OUT_TABLE_AT, 1, 16 * n);
	run_ext_ok(b, EXT_AES(ENCRYPT, 256));
	assert_memory_equal(ram + OUT_DATA, cipher, 16 * n);
	assert_int_equal(ram[OUT_DATA + 16 * n], 0xaa);
}

/* ---- errors ---- */

static void good(struct ez_bench *b)
{
	memset(ez_bench_ram(b) + OUT_DATA, 0xaa, 4 * PAGE);
	for (uint32_t i = 0; i < 4; i++) {
		put_extent(b, IN_TABLE_AT, i, IN_DATA + 1000 * i + 1, 16 + 16 * i, 0);
		put_extent(b, OUT_TABLE_AT, i, OUT_DATA + 1000 * i + 3, 64 - 16 * i, 0);
	}
	set_ext_in(b, IN_TABLE_AT, 4, 160);
	set_ext_out(b, OUT_TABLE_AT, 4, 160);
	for (uint32_t i = 0; i < 4; i++)
		wr(b, 0xa0 + 4 * i, 4, 0x01010101 * (i + 1));
	for (uint32_t i = 0; i < 8; i++)
		wr(b, 0xc0 + 4 * i, 4, 0x10101010 + i);
	wr(b, 0xe0, 8, 640);
}

/* A DMA error; output, IV and hash are as they were. */
static void spoilt(struct ez_bench *b, uint32_t command, uint32_t detail, uint32_t entry)
{
	const uint8_t *out = ez_bench_ram(b) + OUT_DATA;
	uint64_t length = ez_bench_read(b, 0, 0xe0, 8);

	wr(b, 0x70, 4, command);
	while (ez_bench_step(b))
		;
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(rd(b, 0xa0 + 4 * i, 4), 0x01010101 * (i + 1));
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(rd(b, 0xc0 + 4 * i, 4), 0x10101010 + i);
	assert_int_equal(ez_bench_read(b, 0, 0xe0, 8), length);
	expect_error(b, DMA_ERROR, detail, entry);
	for (uint32_t i = 0; i < 4 * PAGE; i++)
		assert_int_equal(out[i], 0xaa);
}

static const uint32_t commands[] = { EXT_AES(ENCRYPT, 128), EXT_AES(DECRYPT, 192), EXT_WHOLE,
				     EXT_LAST };

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void good_is_good(void **state)
{
	for (size_t c = 0; c < COMMANDS; c++) {
		good(*state);
		run_ext_ok(*state, commands[c]);
	}
}

static void bad_commands(void **state)
{
	struct ez_bench *b = *state;
	unsigned int right = 0;

	/* All that the low 16 bits can say: 2 operations with 3 keys, one with 4 ways to be part of a hash. */
	for (uint32_t value = 0; value < 0x10000; value++) {
		bool aes = (value & ~1u & 15) == 2 && value >> 4 >= 1 && value >> 4 <= 3;
		bool sha = (value & 0xff) == 4 && value >> 8 <= 3;

		if (aes || sha) {
			right++;
			continue;
		}
		wr(b, 0x70, 4, value);
		assert_int_equal(rd(b, 0x74, 4), BAD_COMMAND);
		assert_int_equal(rd(b, STATE, 1), 0);
	}
	assert_int_equal(right, 2 * 3 + 4);
	expect_error(b, WRITE_ERROR, BAD_COMMAND, 0);
	for (uint32_t bit = 16; bit < 32; bit++) {
		good(b);
		wr(b, 0x70, 4, EXT_WHOLE | 1u << bit);
		expect_error(b, WRITE_ERROR, BAD_COMMAND, 0);
	}
	/* Not in parts, which are no accesses to this register. */
	good(b);
	wr(b, 0x70, 1, SHA256);
	wr(b, 0x70, 2, EXT_WHOLE);
	assert_int_equal(finish(b), 0);
}

static void bad_sizes(void **state)
{
	struct ez_bench *b = *state;

	for (uint32_t size = 0; size < 160; size++) {
		good(b);
		wr(b, 0x5c, 4, size);
		if (!size || size % 16)
			spoilt(b, EXT_AES(ENCRYPT, 256), SIZE, 0);
		good(b);
		wr(b, 0x5c, 4, size);
		if (size % 64)
			spoilt(b, EXT_MIDDLE, SIZE, 0);
	}
	/* A hash that is taken up in the middle of a block. */
	good(b);
	wr(b, 0xe0, 8, 641);
	spoilt(b, EXT_LAST, SIZE, 0);
	/* More than the padding can count: 2^61 bytes. */
	good(b);
	wr(b, 0x5c, 4, 128);
	wr(b, 0xe0, 8, (UINT64_C(1) << 61) - 128);
	spoilt(b, EXT_LAST, SIZE, 0);
	good(b);
	wr(b, 0xe0, 8, UINT64_MAX - 63);
	spoilt(b, EXT_LAST, SIZE, 0);
	good(b);
	wr(b, 0xe0, 8, (UINT64_C(1) << 61) - 192);
	run_ext_ok(b, EXT_LAST);
	/* Room. */
	good(b);
	wr(b, 0x6c, 4, 159);
	spoilt(b, EXT_AES(DECRYPT, 128), ROOM, 0);
	good(b);
	wr(b, 0x6c, 4, 31);
	spoilt(b, EXT_WHOLE, ROOM, 0);
	good(b);
	wr(b, 0x6c, 4, 0);
	spoilt(b, EXT_WHOLE, ROOM, 0);
	good(b);
	wr(b, 0x68, 4, 0);
	spoilt(b, EXT_WHOLE, TOO_FEW | SIDE_OUT, 0);
}

static void bad_tables(void **state)
{
	struct ez_bench *b = *state;

	for (size_t c = 0; c < COMMANDS; c++) {
		uint32_t command = commands[c];

		for (uint32_t side = 0; side < 2; side++) {
			uint32_t at = 0x50 + 0x10 * side;
			uint32_t table = side ? OUT_TABLE_AT : IN_TABLE_AT;
			uint32_t which = side ? SIDE_OUT : SIDE_IN;

			good(b);
			wr(b, at, 8, 0);
			spoilt(b, command, TABLE_ADDRESS | which, 0);
			for (uint32_t off = 1; off < 16; off++) {
				good(b);
				wr(b, at, 8, table + off);
				spoilt(b, command, TABLE_ADDRESS | which, 0);
			}
			good(b);
			wr(b, at, 8, EZ_BENCH_RAM);
			spoilt(b, command, TABLE_FAULT | which, 0);
			good(b);
			wr(b, at, 8, UINT64_MAX - 15);
			spoilt(b, command, TABLE_FAULT | which, 0);
			good(b);
			wr(b, at + 8, 4, 3);
			if (side && c >= 2)
				wr(b, at + 12, 4, 160);
			spoilt(b, command, TOO_FEW | which, 3);
			for (uint32_t i = 0; i < 4; i++) {
				uint64_t address = IN_DATA + 0x10000 + 1000 * i;

				good(b);
				put_extent(b, table, i, 0, 16, 0);
				spoilt(b, command, ZERO_ENTRY | which, i);
				good(b);
				put_extent(b, table, i, address, 0, 0);
				spoilt(b, command, ZERO_ENTRY | which, i);
				good(b);
				put_extent(b, table, i, address, 16, 1u << (7 * i));
				spoilt(b, command, BAD_ENTRY | which, i);
				good(b);
				put_extent(b, table, i, UINT64_MAX - 14, 16, 0);
				spoilt(b, command, BAD_ENTRY | which, i);
			}
			good(b);
			put_extent(b, table, 0, EZ_BENCH_RAM, 160, 0);
			spoilt(b, command, DATA_FAULT | which, 0);
		}
	}
}

static void what_is_not_needed_is_not_looked_at(void **state)
{
	struct ez_bench *b = *state;
	uint64_t end = EZ_BENCH_RAM - 64;

	/* Four entries at the very end of memory, a count that says more, and more in them than is used. */
	good(b);
	for (uint32_t i = 0; i < 4; i++)
		put_extent(b, end, i, IN_DATA + 1000 * i, 0xffffffff, 0);
	set_ext_in(b, end, 4, 160);
	put_extent(b, OUT_TABLE_AT, 0, OUT_DATA, 161, 0);
	put_extent(b, OUT_TABLE_AT, 1, 0, 0, 0xffffffff);
	set_ext_out(b, OUT_TABLE_AT, 2, 160);
	run_ext_ok(b, EXT_AES(ENCRYPT, 192));
	assert_int_equal(ez_bench_ram(b)[OUT_DATA + 160], 0xaa);
}

static void overlaps(void **state)
{
	struct ez_bench *b = *state;
	uint32_t entry;

	for (size_t c = 0; c < COMMANDS; c++) {
		/* By one byte at either end; of the hash's output only 32 bytes count. */
		good(b);
		put_extent(b, IN_TABLE_AT, 2, OUT_DATA + 3 - 47, 48, 0);
		spoilt(b, commands[c], OVERLAP | SIDE_OUT, 0);
		good(b);
		put_extent(b, IN_TABLE_AT, 2, OUT_DATA + 3 + (c < 2 ? 63 : 31), 48, 0);
		spoilt(b, commands[c], OVERLAP | SIDE_OUT, 0);
		good(b);
		put_extent(b, IN_TABLE_AT, 2, OUT_DATA + 3 - 48, 48, 0);
		run_ext_ok(b, commands[c]);
		good(b);
		put_extent(b, IN_TABLE_AT, 2, OUT_DATA + 3 + (c < 2 ? 64 : 32), 48, 0);
		run_ext_ok(b, commands[c]);
	}
	/* One long extent in which others lie: in place for its part, then not. */
	for (entry = 0; entry < 4; entry++) {
		good(b);
		put_extent(b, IN_TABLE_AT, 0, OUT_DATA, 160, 0);
		set_ext_in(b, IN_TABLE_AT, 1, 160);
		for (uint32_t i = 0; i < 4; i++)
			put_extent(b, OUT_TABLE_AT, i, OUT_DATA + 40 * i, 40, 0);
		put_extent(b, OUT_TABLE_AT, entry, OUT_DATA + 40 * entry + 1, 40, 0);
		spoilt(b, EXT_AES(ENCRYPT, 128), OVERLAP | SIDE_OUT, 0);
	}
}

/*
 * Input over input is legal, so an output extent may lie in several input
 * extents: in place in one, and not in another that has begun before or after
 * it, or is not the last one to begin.
 */
static void overlaps_behind_others(void **state)
{
	static const struct {
		struct {
			uint32_t at, length;
		} in[3];
	} cases[] = {
		{ { { 8, 64 }, { 18, 40 }, { 1000, 8 } } },
		{ { { 8, 64 }, { 0, 40 }, { 1000, 8 } } },
		{ { { 8, 64 }, { 10, 40 }, { 12, 8 } } },
		{ { { 8, 64 }, { 0, 40 }, { 12, 8 } } },
	};
	struct ez_bench *b = *state;

	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		for (uint32_t i = 0; i < 3; i++)
			put_extent(b, IN_TABLE_AT, i, IN_DATA + cases[c].in[i].at,
				   cases[c].in[i].length, 0);
		/* Bytes 20 to 63 are in place; the others are nowhere near. */
		put_extent(b, OUT_TABLE_AT, 0, OUT_DATA, 20, 0);
		put_extent(b, OUT_TABLE_AT, 1, IN_DATA + 8 + 20, 44, 0);
		put_extent(b, OUT_TABLE_AT, 2, OUT_DATA + 100, 48, 0);
		set_ext_in(b, IN_TABLE_AT, 3, 112);
		set_ext_out(b, OUT_TABLE_AT, 3, 112);
		wr(b, 0x70, 4, EXT_AES(ENCRYPT, 128));
		expect_error(b, DMA_ERROR, OVERLAP | SIDE_OUT, 0);
	}
}

/*
 * Every way to lay out three extents of input and three of output in a small
 * piece of memory, held against what overlap means, byte by byte.
 */
static void overlaps_are_what_they_are(void **state)
{
	struct ez_bench *b = *state;
	uint32_t seed = 1, refused = 0, accepted = 0;

	for (unsigned int round = 0; round < 3000; round++) {
		static const uint32_t cuts[][3] = { { 16, 16, 16 }, { 8, 32, 8 }, { 1, 20, 27 } };
		int32_t owner[256];
		bool clash = false;

		memset(owner, 0xff, sizeof(owner));
		for (uint32_t side = 0; side < 2; side++) {
			uint32_t position = 0;

			for (uint32_t i = 0; i < 3; i++) {
				uint32_t length = cuts[(round + side * (round / 3)) % 3][i];
				uint32_t at;

				seed = seed * 1664525 + 1013904223;
				at = (seed >> 16) % ((round % 8 ? 256 : 96) - length);
				/* Often in place. */
				if (round % 4)
					at = position + (seed >> 28 == 1) +
					     (round % 8 == 7 && i == 2) * 60;
				put_extent(b, side ? OUT_TABLE_AT : IN_TABLE_AT, i, IN_DATA + at,
					   length, 0);
				for (uint32_t k = 0; k < length; k++, position++) {
					if (!side)
						/* Input on input is legal; two positions are one too many for output. */
						owner[at + k] =
							owner[at + k] == -1 ||
									owner[at + k] ==
										(int32_t)position
								? (int32_t)position
								: -2;
					else if (owner[at + k] != -1 &&
						 owner[at + k] != (int32_t)position)
						clash = true;
				}
			}
		}
		set_ext_in(b, IN_TABLE_AT, 3, 48);
		set_ext_out(b, OUT_TABLE_AT, 3, 48);
		if (clash) {
			wr(b, 0x70, 4, EXT_AES(ENCRYPT, 128));
			expect_error(b, DMA_ERROR, OVERLAP | SIDE_OUT, 0);
			refused++;
		} else {
			run_ext_ok(b, EXT_AES(ENCRYPT, 128));
			accepted++;
		}
	}
	assert_in_range(refused, 300, 2700);
	assert_in_range(accepted, 300, 2700);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(odd_pieces),
		TEST(many_small_extents),
		TEST(good_is_good),
		TEST(bad_commands),
		TEST(bad_sizes),
		TEST(bad_tables),
		TEST(what_is_not_needed_is_not_looked_at),
		TEST(overlaps),
		TEST(overlaps_behind_others),
		TEST(overlaps_are_what_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The standards' own vectors, through the extension, which takes any key, IV and hash. */
#include "crypto_bench.h"

#include <stdio.h>

static void put_words(struct ez_bench *b, uint32_t at, const char *text)
{
	uint8_t bytes[32];
	uint32_t word;

	unhex(text, bytes);
	for (size_t i = 0; i < strlen(text) / 2; i += 4) {
		memcpy(&word, bytes + i, 4);
		wr(b, at + (uint32_t)i, 4, word);
	}
}

/* One extent in, one out; returns where the output is. */
static uint8_t *both(struct ez_bench *b, const void *data, uint32_t size, uint32_t out)
{
	uint8_t *ram = ez_bench_ram(b);

	memcpy(ram + IN_DATA, data, size);
	memset(ram + OUT_DATA, 0xee, out + 16);
	put_extent(b, IN_TABLE_AT, 0, IN_DATA, size, 0);
	put_extent(b, OUT_TABLE_AT, 0, OUT_DATA, out, 0);
	set_ext_in(b, IN_TABLE_AT, 1, size);
	set_ext_out(b, OUT_TABLE_AT, 1, out);
	return ram + OUT_DATA;
}

struct aes_vector {
	const char *name;
	unsigned int bits;
	const char *key, *iv, *plain, *cipher;
};

#define PLAIN_38A                                                                                  \
	"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"                         \
	"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
#define IV_38A "000102030405060708090a0b0c0d0e0f"
#define PLAIN_197 "00112233445566778899aabbccddeeff"
#define IV_197 "00000000000000000000000000000000" /* CBC of one block is then the cipher itself */

static const struct aes_vector aes_vectors[] = {
	{ "FIPS 197, C.1", 128, "000102030405060708090a0b0c0d0e0f", IV_197, PLAIN_197,
	  "69c4e0d86a7b0430d8cdb78070b4c55a" },
	{ "FIPS 197, C.2", 192, "000102030405060708090a0b0c0d0e0f1011121314151617", IV_197,
	  PLAIN_197, "dda97ca4864cdfe06eaf70a0ec0d7191" },
	{ "FIPS 197, C.3", 256, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	  IV_197, PLAIN_197, "8ea2b7ca516745bfeafc49904b496089" },
	{ "SP 800-38A, F.2.1 and F.2.2", 128, "2b7e151628aed2a6abf7158809cf4f3c", IV_38A, PLAIN_38A,
	  "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
	  "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7" },
	{ "SP 800-38A, F.2.3 and F.2.4", 192, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
	  IV_38A, PLAIN_38A,
	  "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a"
	  "571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd" },
	{ "SP 800-38A, F.2.5 and F.2.6", 256,
	  "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", IV_38A, PLAIN_38A,
	  "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
	  "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b" },
};

static void expect_next_iv(struct ez_bench *b, const char *cipher)
{
	uint8_t iv[16];
	uint32_t word;

	for (uint32_t i = 0; i < 16; i += 4) {
		word = rd(b, 0xa0 + i, 4);
		memcpy(iv + i, &word, 4);
	}
	expect_bytes(iv, cipher + strlen(cipher) - 32);
}

static void run_aes(struct ez_bench *b, const struct aes_vector *v, bool encrypt)
{
	const char *from = encrypt ? v->plain : v->cipher;
	const char *to = encrypt ? v->cipher : v->plain;
	uint32_t size = (uint32_t)strlen(from) / 2;
	uint8_t data[64], *out;

	unhex(from, data);
	out = both(b, data, size, size);
	put_words(b, 0x80, v->key);
	put_words(b, 0xa0, v->iv);
	run_ext_ok(b, EXT_AES(encrypt ? ENCRYPT : DECRYPT, v->bits));
	expect_bytes(out, to);
	assert_int_equal(out[size], 0xee);
	/* What to go on with is the last block of cipher text, either way. */
	expect_next_iv(b, v->cipher);
}

static void aes(void **state)
{
	for (size_t i = 0; i < sizeof(aes_vectors) / sizeof(aes_vectors[0]); i++) {
		run_aes(*state, &aes_vectors[i], true);
		run_aes(*state, &aes_vectors[i], false);
	}
}

/* Block by block, with nothing written in between: IV and KEY stay in the device. */
static void aes_goes_on_with_the_next_iv(void **state)
{
	struct ez_bench *b = *state;
	uint8_t plain[64], cipher[64], *out;

	for (size_t i = 3; i < 6; i++) {
		const struct aes_vector *v = &aes_vectors[i];

		unhex(v->plain, plain);
		unhex(v->cipher, cipher);
		put_words(b, 0x80, v->key);
		put_words(b, 0xa0, v->iv);
		for (uint32_t at = 0; at < 64; at += 16) {
			out = both(b, plain + at, 16, 16);
			run_ext_ok(b, EXT_AES(ENCRYPT, v->bits));
			assert_memory_equal(out, cipher + at, 16);
		}
		put_words(b, 0xa0, v->iv);
		for (uint32_t at = 0; at < 64; at += 32) {
			out = both(b, cipher + at, 32, 32);
			run_ext_ok(b, EXT_AES(DECRYPT, v->bits));
			assert_memory_equal(out, plain + at, 32);
		}
	}
}

/* ---- SHA-256 ---- */

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define MILLION "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

/* FIPS 180-2, B.1 to B.3, and the example values that NIST publishes beside them. */
static const struct {
	const char *text, *digest;
} sha_vectors[] = {
	{ "", EMPTY },
	{ "abc", ABC },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
	  "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
	  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
};

static void expect_hash(struct ez_bench *b, const char *digest)
{
	char text[9];

	for (uint32_t i = 0; i < 8; i++) {
		snprintf(text, sizeof(text), "%08x", rd(b, 0xc0 + 4 * i, 4));
		assert_memory_equal(text, digest + 8 * (size_t)i, 8);
	}
}

static void sha(void **state)
{
	struct ez_bench *b = *state;

	for (size_t i = 0; i < sizeof(sha_vectors) / sizeof(sha_vectors[0]); i++) {
		uint32_t size = (uint32_t)strlen(sha_vectors[i].text);
		uint8_t *out = both(b, sha_vectors[i].text, size, 32);

		/* Of a hash that begins nothing is taken over. */
		wr(b, 0xc0, 4, 0x12345678);
		wr(b, 0xe0, 8, 0x123);
		run_ext_ok(b, EXT_WHOLE);
		expect_bytes(out, sha_vectors[i].digest);
		assert_int_equal(out[32], 0xee);
		expect_hash(b, sha_vectors[i].digest);
		assert_int_equal(ez_bench_read(b, 0, 0xe0, 8), size);
	}
}

static void sha_that_stays_in_the_registers(void **state)
{
	struct ez_bench *b = *state;

	both(b, "abc", 3, 32);
	set_ext_out(b, 0, 0, 0);
	run_ext_ok(b, EXT_WHOLE);
	expect_hash(b, ABC);
	assert_int_equal(ez_bench_ram(b)[OUT_DATA], 0xee);
	/* And of nothing at all: no table is there. */
	set_ext_in(b, 0, 0, 0);
	run_ext_ok(b, EXT_WHOLE);
	expect_hash(b, EMPTY);
}

static void put_hash(struct ez_bench *b, const uint32_t hash[8], uint64_t length)
{
	for (uint32_t i = 0; i < 8; i++)
		wr(b, 0xc0 + 4 * i, 4, hash[i]);
	wr(b, 0xe0, 8, length);
}

static void get_hash(struct ez_bench *b, uint32_t hash[8], uint64_t *ret_length)
{
	for (uint32_t i = 0; i < 8; i++)
		hash[i] = rd(b, 0xc0 + 4 * i, 4);
	*ret_length = ez_bench_read(b, 0, 0xe0, 8);
}

static void hash_part(struct ez_bench *b, uint32_t size, uint32_t command)
{
	set_ext_in(b, IN_TABLE_AT, 1, size);
	run_ext_ok(b, command);
}

/* FIPS 180-2, B.3: a million times "a", in parts, with another hash in between. */
static void sha_in_parts(void **state)
{
	static const uint32_t parts[] = { 64, 128, 65536, 64 * 1000, 65536 + 64, 0, 262144 };
	struct ez_bench *b = *state;
	uint32_t hash[8], left = 1000000;
	uint64_t length;
	uint8_t *out = both(b, "", 0, 32);

	memset(ez_bench_ram(b) + IN_DATA, 'a', left);
	put_extent(b, IN_TABLE_AT, 0, IN_DATA, left, 0);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		hash_part(b, parts[i], i ? EXT_MIDDLE : EXT_FIRST);
		left -= parts[i];
		get_hash(b, hash, &length);
		assert_int_equal(length, 1000000 - left);
		/* On the way, memory gets what the registers show. */
		for (uint32_t w = 0; w < 32; w++)
			assert_int_equal(out[w], (uint8_t)(hash[w / 4] >> (24 - 8 * (w % 4))));
		hash_part(b, 3, EXT_WHOLE);
		put_hash(b, hash, length);
	}
	hash_part(b, left, EXT_LAST);
	expect_bytes(out, MILLION);
	expect_hash(b, MILLION);
	assert_int_equal(ez_bench_read(b, 0, 0xe0, 8), 1000000);
}

/* Padding that fits the last block, does not, and comes alone: FIPS 180-4, 5.1.1. */
static void a_hash_may_end_with_nothing(void **state)
{
	static const struct {
		uint32_t size;
		const char *digest; /* sha256sum(1) of so many zeros */
	} zeros[] = {
		{ 55, "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7" },
		{ 56, "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb" },
		{ 64, "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b" },
		{ 128, "38723a2e5e8a17aa7950dc008209944e898f69a7bd10a23c839d341e935fd5ca" },
	};
	struct ez_bench *b = *state;
	uint8_t *out = both(b, "", 0, 32);

	memset(ez_bench_ram(b) + IN_DATA, 0, 128);
	put_extent(b, IN_TABLE_AT, 0, IN_DATA, 128, 0);
	for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
		hash_part(b, zeros[i].size, EXT_WHOLE);
		expect_bytes(out, zeros[i].digest);
		if (zeros[i].size % 64)
			continue;
		hash_part(b, zeros[i].size, EXT_FIRST);
		set_ext_in(b, 0, 0, 0);
		run_ext_ok(b, EXT_LAST);
		expect_bytes(out, zeros[i].digest);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(aes),	    TEST(aes_goes_on_with_the_next_iv),
		TEST(sha),	    TEST(sha_that_stays_in_the_registers),
		TEST(sha_in_parts), TEST(a_hash_may_end_with_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

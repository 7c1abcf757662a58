// SPDX-License-Identifier: BSD-2-Clause
/* User memory of awkward sizes at every offset within a page, input and output. */
#include "crypto_guest.h"

static const size_t sizes[] = { 0, 1, 15, 16, 17, 4095, 4096, 4097 };

#define SIZES KTAP_LENGTH(sizes)
#define LARGEST 4097
#define OUTPUT 4112 /* of it */
#define AREA (4 * PAGE)
#define NEAR 64 /* bytes around an output that are looked at each time */

/* Each offset once, in another order than the input's. */
static unsigned int other_offset(unsigned int offset)
{
	return (offset * 7 + 5) % PAGE;
}

struct areas {
	int fd;
	uint8_t *in, *out;
};

static struct areas areas_get(void)
{
	struct areas a = { .fd = crypto_open(0) };

	a.in = pages_get(AREA);
	a.out = pages_get(AREA);
	return a;
}

/* From `in` bytes into one area to `out` into the other; what lies around stays as it is. */
static void check_one(const struct areas *a, int what, const uint8_t *data, size_t size,
		      unsigned int in, unsigned int out, const uint8_t *want, size_t want_size)
{
	uint8_t *at = a->out + PAGE + out;

	memcpy(a->in + in, data, size);
	crypto_do(a->fd, what, a->in + in, size, at);
	if (memcmp(at, want, want_size))
		note("operation %d: %zu bytes at 0x%x to 0x%x: wrong result", what, size, in, out);
	CHECK(!memcmp(at, want, want_size));
	CHECK(all_guard(at - NEAR, NEAR));
	CHECK(all_guard(at + want_size, NEAR));
	CHECK(!memcmp(a->in + in, data, size));
	memset(a->in + in, GUARD, size);
	memset(at, GUARD, want_size);
	if (!(in % 64)) {
		CHECK(all_guard(a->in, AREA));
		CHECK(all_guard(a->out, AREA));
	}
}

static void sweep(int what, const size_t *which, size_t count)
{
	struct areas a = areas_get();
	uint8_t data[LARGEST], want[OUTPUT];

	fill(data, LARGEST);
	for (size_t i = 0; i < count; i++) {
		size_t size = which[i], want_size = what == SHA256 ? DIGEST : padded(size);

		if (what == SHA256)
			reference_sha256(data, size, want);
		else
			reference_encrypt(data, size, want);
		for (unsigned int offset = 0; offset < PAGE; offset += one_in(31))
			check_one(&a, what, data, size, offset, other_offset(offset), want,
				  want_size);
	}
}

/* 0 bytes of AES are refused, wherever they are not. */
static void encrypt_nothing(void)
{
	struct areas a = areas_get();
	struct ersatz_crypto_op op;

	for (unsigned int offset = 0; offset < PAGE; offset += one_in(31))
		CHECK_ERRNO(crypto_try(a.fd, ENCRYPT, a.in + offset, 0, a.out + offset, BLOCK, &op),
			    EINVAL);
	CHECK(all_guard(a.out, AREA));
}

static void encrypt_few(void)
{
	sweep(ENCRYPT, sizes + 1, 4);
}

static void encrypt_pages(void)
{
	sweep(ENCRYPT, sizes + 5, SIZES - 5);
}

static void sha256_few(void)
{
	sweep(SHA256, sizes, 5);
}

static void sha256_pages(void)
{
	sweep(SHA256, sizes + 5, SIZES - 5);
}

/* There and back in one place; the offsets differ from size to size, so that all are used. */
static void in_place(void)
{
	struct areas a = areas_get();
	uint8_t data[OUTPUT] = { 0 }, want[OUTPUT];

	for (size_t i = 1; i < SIZES; i++) {
		size_t size = sizes[i];

		memset(data, 0, sizeof(data));
		fill(data, size);
		reference_encrypt(data, size, want);
		for (unsigned int offset = i % 7; offset < PAGE; offset += 7 * one_in(11)) {
			uint8_t *at = a.out + PAGE + offset;

			memcpy(at, data, size);
			crypto_do(a.fd, ENCRYPT, at, size, at);
			CHECK(!memcmp(at, want, padded(size)));
			crypto_do(a.fd, DECRYPT, at, padded(size), at);
			CHECK(!memcmp(at, data, padded(size)));
			CHECK(all_guard(at - NEAR, NEAR));
			CHECK(all_guard(at + padded(size), NEAR));
			memset(at, GUARD, padded(size));
		}
		CHECK(all_guard(a.out, AREA));
	}
}

/* A digest over its own input, shorter or longer than that. */
static void sha256_in_place(void)
{
	struct areas a = areas_get();
	uint8_t data[LARGEST], want[DIGEST];

	fill(data, LARGEST);
	for (size_t i = 1; i < SIZES; i++) {
		size_t size = sizes[i];

		reference_sha256(data, size, want);
		for (unsigned int offset = 0; offset < PAGE; offset += 61 * one_in(3)) {
			uint8_t *at = a.out + PAGE + offset;
			size_t touched = size < DIGEST ? DIGEST : size;

			memcpy(at, data, size);
			crypto_do(a.fd, SHA256, at, size, at);
			CHECK(!memcmp(at, want, DIGEST));
			if (size > DIGEST)
				CHECK(!memcmp(at + DIGEST, data + DIGEST, size - DIGEST));
			memset(at, GUARD, touched);
			CHECK(all_guard(a.out, AREA));
		}
	}
}

/* Numbers that everybody knows. */
static void known(void)
{
	static const uint8_t of_123[DIGEST] = { 0xa6, 0x65, 0xa4, 0x59, 0x20, 0x42, 0x2f, 0x9d,
						0x41, 0x7e, 0x48, 0x67, 0xef, 0xdc, 0x4f, 0xb8,
						0xa0, 0x4a, 0x1f, 0x3f, 0xff, 0x1f, 0xa0, 0x7e,
						0x99, 0x8e, 0x86, 0xf7, 0xf7, 0xa2, 0x7a, 0xe3 };
	uint8_t digest[DIGEST];

	crypto_do(crypto_open(0), SHA256, "123", 3, digest);
	CHECK(!memcmp(digest, of_123, DIGEST));
}

static const struct ktap_case cases[] = {
	{ "known", known },
	{ "encrypt_nothing", encrypt_nothing },
	{ "encrypt_few_bytes_at_every_offset", encrypt_few },
	{ "encrypt_a_page_at_every_offset", encrypt_pages },
	{ "sha256_few_bytes_at_every_offset", sha256_few },
	{ "sha256_a_page_at_every_offset", sha256_pages },
	{ "there_and_back_in_place", in_place },
	{ "sha256_in_place", sha256_in_place },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}

// SPDX-License-Identifier: BSD-2-Clause
/* Large user memory, at sixteen offsets within a page: tables longer than a page, many pieces. */
#include "crypto_guest.h"

static const unsigned int offsets[] = { 0,   1,	   15,	 16,   17,   63,   64,	 511,
					512, 1000, 2047, 2048, 2049, 4080, 4094, 4095 };

#define OFFSETS KTAP_LENGTH(offsets)

struct buffers {
	int fd;
	size_t size;
	uint8_t *plain, *cipher; /* as they should be */
	uint8_t digest[DIGEST];
	uint8_t *in, *out; /* a page larger at both ends */
};

static size_t area(const struct buffers *b)
{
	return b->size + 2 * PAGE;
}

static struct buffers buffers_get(size_t size)
{
	struct buffers b = { .fd = crypto_open(0), .size = size };
	char text[64];
	long available = 0;

	CHECK_EQ(shell("awk '/MemAvailable/ {print $2}' /proc/meminfo", text, sizeof(text)), 0);
	available = atol(text);
	if ((size_t)available < 4 * (size >> 10) + 32768)
		skip("%ld KiB of memory are not enough: --mem", available);
	b.plain = pages_get(size);
	b.cipher = pages_get(size);
	b.in = pages_get(area(&b));
	b.out = pages_get(area(&b));
	fill(b.plain, size);
	reference_encrypt(b.plain, size, b.cipher);
	reference_sha256(b.plain, size, b.digest);
	return b;
}

static void buffers_put(struct buffers *b)
{
	pages_put(b->plain, b->size);
	pages_put(b->cipher, b->size);
	pages_put(b->in, area(b));
	pages_put(b->out, area(b));
	close(b->fd);
}

/* From one offset to another, back in place, and the digest. */
static void check_at(struct buffers *b, unsigned int in_offset, unsigned int out_offset)
{
	uint8_t *in = b->in + in_offset, *out = b->out + out_offset, digest[DIGEST];

	memcpy(in, b->plain, b->size);
	crypto_do(b->fd, ENCRYPT, in, b->size, out);
	CHECK(!memcmp(out, b->cipher, b->size));
	CHECK(!memcmp(in, b->plain, b->size));
	CHECK(all_guard(b->out, out_offset));
	CHECK(all_guard(out + b->size, 2 * PAGE - out_offset));

	crypto_do(b->fd, DECRYPT, out, b->size, out);
	CHECK(!memcmp(out, b->plain, b->size));
	CHECK(all_guard(b->out, out_offset));
	CHECK(all_guard(out + b->size, 2 * PAGE - out_offset));
	memset(b->out, GUARD, 2 * PAGE);
	memset(out + b->size - PAGE, GUARD, 2 * PAGE - out_offset + PAGE);

	crypto_do(b->fd, SHA256, in, b->size, digest);
	CHECK(!memcmp(digest, b->digest, DIGEST));
}

static void at_offsets(size_t size)
{
	struct buffers b = buffers_get(size);

	for (unsigned int i = 0; i < OFFSETS; i += one_in(5))
		check_at(&b, offsets[i], offsets[(i * 5 + 3) % OFFSETS]);
	buffers_put(&b);
}

static void one_mib(void)
{
	at_offsets(MIB);
}

static void sixty_four_mib(void)
{
	at_offsets(64 * MIB);
}

/* As long as the interface takes, of memory that is there only once: a file's page, many times. */
static void limit(void)
{
	struct ersatz_crypto_op op;
	uint8_t digest[DIGEST];
	int fd = crypto_open(0);
	uint64_t max = crypto_info(fd).max_size;
	uint8_t *at;

	CHECK_EQ(max, ERSATZ_CRYPTO_MAX_SIZE);
	at = (uint8_t *)mmap(NULL, max + PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(at != MAP_FAILED);
	CHECK_ERRNO(crypto_try(fd, SHA256, at, max + 1, digest, DIGEST, &op), EFBIG);
	CHECK_ERRNO(crypto_try(fd, SHA256, at, UINT64_MAX, digest, DIGEST, &op), EFBIG);
	CHECK_ERRNO(crypto_try(fd, ENCRYPT, at, max + 1, at, SIZE_MAX, &op), EFBIG);
	CHECK_ERRNO(crypto_try(fd, ENCRYPT, at, UINT64_MAX, at, SIZE_MAX, &op), EFBIG);
}

static const struct ktap_case cases[] = {
	{ "one_mib_at_sixteen_offsets", one_mib },
	{ "64_mib_at_sixteen_offsets", sixty_four_mib },
	{ "more_than_the_limit", limit },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}

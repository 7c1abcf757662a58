/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nettle on this machine, as fast as a program can have it: AES-256-CBC encryption
 * of a buffer.
 *
 *   crypto_native BYTES TIMES
 *
 * prints ns a buffer (the median) and the last cipher block, with the key, IV and
 * data of perf/guest/crypto_speed.c.
 */
#include <nettle/aes.h>
#include <nettle/cbc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

int main(int argc, char **argv)
{
	size_t bytes = argc == 3 ? strtoul(argv[1], NULL, 0) : 0;
	unsigned long times = argc == 3 ? strtoul(argv[2], NULL, 0) : 0;
	uint8_t key[AES256_KEY_SIZE], iv[AES_BLOCK_SIZE];
	uint8_t *from, *to;
	double *took, start;
	struct aes256_ctx ctx;

	if (bytes < AES_BLOCK_SIZE || bytes % AES_BLOCK_SIZE || !times) {
		fputs("usage: crypto_native BYTES TIMES\n", stderr);
		return 125;
	}
	from = malloc(bytes);
	to = malloc(bytes);
	took = calloc(times, sizeof(*took));
	if (!from || !to || !took)
		return 125;
	for (size_t i = 0; i < bytes; i++)
		from[i] = (uint8_t)(i / 4096);
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	for (unsigned long i = 0; i < times + 3; i++) {
		start = now_ns();
		memset(iv, 0, sizeof(iv));
		aes256_set_encrypt_key(&ctx, key);
		cbc_aes256_encrypt(&ctx, iv, bytes, to, from);
		if (i >= 3)
			took[i - 3] = now_ns() - start;
	}
	qsort(took, times, sizeof(*took), compare);
	printf("%.0f ", took[times / 2]);
	for (size_t i = 0; i < AES_BLOCK_SIZE; i++)
		printf("%02x", to[bytes - AES_BLOCK_SIZE + i]);
	putchar('\n');
	free(from);
	free(to);
	free(took);
	return 0;
}

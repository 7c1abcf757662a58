/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Register accesses per second in bench, where nothing but our own code is on
 * the way: a read of my_rng's INFO. Its peer is the same register behind a
 * hand-written switch, called through a pointer as any device model is: what
 * tables, checks and gates cost together.
 *
 * usage: bench_access MODEL.so     prints: bench_access RATE PEER_RATE (per second)
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <ersatz/bench.h>

enum { INFO = 0x10, ACCESSES = 2000000, ROUNDS = 15 };

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint64_t by_hand(void *opaque, uint64_t offset, unsigned int width)
{
	uint32_t *info = opaque;

	if (width != 4)
		return UINT64_MAX;
	switch (offset) {
	case 0x00:
	case 0x08:
		return 0;
	case INFO:
		return *info;
	default:
		return UINT32_MAX;
	}
}

static uint64_t (*volatile switch_read)(void *opaque, uint64_t offset,
					unsigned int width) = by_hand;

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), compare);
	return values[ROUNDS / 2];
}

int main(int argc, char **argv)
{
	double ours[ROUNDS], theirs[ROUNDS], start;
	struct ez_bench *bench;
	uint32_t info = 0x100;
	uint64_t sum = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: %s MODEL.so\n", argv[0]);
		return 125;
	}
	bench = ez_bench_new(argv[1], NULL);
	for (int r = 0; r < ROUNDS; r++) {
		start = now();
		for (int i = 0; i < ACCESSES; i++)
			sum += ez_bench_read(bench, 0, INFO, 4);
		ours[r] = ACCESSES / (now() - start);
		start = now();
		for (int i = 0; i < ACCESSES; i++)
			sum += switch_read(&info, INFO, 4);
		theirs[r] = ACCESSES / (now() - start);
	}
	ez_bench_free(bench);
	if (sum != (uint64_t)0x100 * ACCESSES * ROUNDS * 2) {
		fprintf(stderr, "bench_access: the reads gave something else\n");
		return 1;
	}
	printf("bench_access %.0f %.0f\n", median(ours), median(theirs));
	return 0;
}

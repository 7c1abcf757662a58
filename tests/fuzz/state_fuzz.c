/* SPDX-License-Identifier: BSD-2-Clause */
/* Saved states that somebody else wrote: any bytes, into a live device, which goes on. */
#include <stdlib.h>

#include <ersatz/bench.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ez_bench *bench;
	struct ez_error error;

	if (!bench)
		bench = ez_bench_new(NULL, NULL);
	if (ez_bench_load(bench, data, size, &error) == 0) {
		size_t again;

		/* What was taken can be given: a state that loads also saves. */
		free(ez_bench_save(bench, &again));
		for (int i = 0; i < 4 && ez_bench_step(bench); i++)
			;
	}
	return 0;
}

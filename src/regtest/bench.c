/* SPDX-License-Identifier: BSD-2-Clause */
/* The register test on a model without a VM: a program of its own beside the bench tests. */
#include "regtest.h"

#include <ersatz/bench.h>
#include <stdio.h>
#include <string.h>

static uint64_t bench_read(void *user, unsigned int bar, uint64_t offset, unsigned int width)
{
	return ez_bench_read(user, bar, offset, width);
}

static void bench_write(void *user, unsigned int bar, uint64_t offset, unsigned int width,
			uint64_t value)
{
	ez_bench_write(user, bar, offset, width, value);
}

static bool bench_reset(void *user, enum regtest_reset kind)
{
	ez_bench_reset(user, kind == REGTEST_POWER_ON ? EZ_RESET_POWER_ON
			     : kind == REGTEST_BUS    ? EZ_RESET_BUS
						      : EZ_RESET_FUNCTION);
	ez_bench_setup(user);
	return true;
}

static const char *bench_unreachable(void *user, unsigned int bar)
{
	(void)user;
	(void)bar;
	return NULL;
}

int main(void)
{
	struct ez_bench *bench = ez_bench_new(NULL, NULL);
	const struct ez_spec *spec = ez_device_spec(ez_bench_device(bench));
	const struct regtest_io io = {
		.user = bench,
		.max_width = 8,
		.resets = REGTEST_FUNCTION | REGTEST_BUS | REGTEST_POWER_ON,
		.fresh = REGTEST_POWER_ON,
		.alone = true,
		.is_virtual = true,
		.read = bench_read,
		.write = bench_write,
		.reset = bench_reset,
		.unreachable = bench_unreachable,
	};
	int status;

	if (strcmp(spec->hash, regtest_table.hash) != 0) {
		printf("Bail out! the model is of spec %s, this test of spec %s\n", spec->hash,
		       regtest_table.hash);
		return 1;
	}
	/* The test breaks rules on purpose; what the device says to that is no result. */
	if (!freopen("/dev/null", "w", stderr))
		perror("stderr");
	status = regtest_run(&regtest_table, &io);
	ez_bench_free(bench);
	return status;
}

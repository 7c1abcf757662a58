/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest gone mad: any sequence of accesses to BARs, mapped windows and config
 * space, resets, time, pulling the card, save and load. Four bytes choose what and where,
 * eight are the value.
 */
#include <stdlib.h>
#include <string.h>

#include <ersatz/bench.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned int some_bar(struct ez_bench *bench, uint8_t choice)
{
	const struct ez_spec *spec = ez_device_spec(ez_bench_device(bench));

	return spec->bars[choice % spec->n_bars].number;
}

static void step(struct ez_bench *bench, const uint8_t *op, uint64_t value)
{
	struct ez_device *dev = ez_bench_device(bench);
	unsigned int width = 1u << (op[1] & 3);
	unsigned int bar = some_bar(bench, op[1] >> 2);
	uint64_t offset = (uint64_t)op[2] | (uint64_t)(op[3] & 0x7f) << 8;
	struct ez_error error;
	size_t size;
	void *state, *window;

	switch (op[0] % 14) {
	case 0:
	case 1:
		ez_device_read(dev, 0, bar, offset, width);
		break;
	case 2:
	case 3:
	case 4:
		ez_device_write(dev, 0, bar, offset, width, value);
		break;
	case 5:
		ez_device_write(dev, op[1] & 1, bar, value, width, offset);
		break;
	case 6:
		ez_bench_config_read(bench, (uint32_t)offset & 0x1fff, width);
		break;
	case 7:
		ez_bench_config_write(bench, (uint32_t)offset & 0x1fff, width, (uint32_t)value);
		break;
	case 8:
		/* Bounded: a timer that sets itself again must not hold us for ever. */
		for (int i = 0; i < 4 && ez_bench_step(bench); i++)
			;
		break;
	case 9:
		ez_bench_reset(bench, (enum ez_reset_kind)(op[1] % 3));
		if (op[2] & 1)
			ez_bench_setup(bench);
		break;
	case 10:
		ez_device_yank(dev, op[1] & 1);
		break;
	case 11:
		/* As the guest does where a backend has mapped it: past every check. */
		if (ez_device_window(dev, 0, op[1], &window, NULL) == 0)
			((uint8_t *)window)[offset & 0xfff] = (uint8_t)value;
		break;
	case 12:
		ez_device_msix_taken(dev, op[1] & 1, (uint32_t)offset, value & 1);
		break;
	default:
		state = ez_bench_save(bench, &size);
		ez_bench_load(bench, state, size, &error);
		free(state);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ez_model *kept;
	struct ez_bench *bench;
	struct ez_error error;
	uint64_t value;

	/* The fuzzer counts what is covered inside the model: it must stay loaded. */
	if (!kept)
		kept = ez_model_open(getenv("ERSATZ_MODEL"), &error);
	bench = ez_bench_new(NULL, NULL);
	for (; size >= 12; data += 12, size -= 12) {
		memcpy(&value, data + 4, sizeof(value));
		step(bench, data, value);
	}
	ez_bench_free(bench);
	return 0;
}

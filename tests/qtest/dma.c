/* SPDX-License-Identifier: BSD-2-Clause */
/* DMA: both ways, and all that can be wrong with an address. */
#include "test.h"

#include <errno.h>

#define COMMAND_MASTER 0x004
#define STATUS 0x06
#define STATUS_MASTER_ABORT 0x2000
#define DATA_SIZE (PROBE_DATA_COUNT * 4)

enum { FETCH = PROBE_DMA_COMMAND_FETCH, STORE = PROBE_DMA_COMMAND_STORE };

/* The model's errno, 0 if all went well. */
static uint32_t dma(struct qt_pci *probe, uint32_t command, uint64_t address, uint32_t len)
{
	qt_put(probe, PROBE_BAR_REGS, PROBE_ADDRESS, 4, (uint32_t)address);
	qt_put(probe, PROBE_BAR_REGS, PROBE_ADDRESS + 4, 4, address >> 32);
	put(probe, PROBE_LENGTH, len);
	put(probe, PROBE_DMA, command);
	return get(probe, PROBE_ERRNO);
}

static void pattern(uint8_t *bytes, size_t len, unsigned int seed)
{
	size_t i;

	for (i = 0; i < len; i++)
		bytes[i] = (uint8_t)(i * 7 + seed + i / 256);
}

/* What the device's own buffer holds. */
static void data(struct qt_pci *probe, uint8_t *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += 4) {
		uint32_t value = get(probe, PROBE_DATA(i / 4));

		memcpy(bytes + i, &value, 4);
	}
}

static void both_ways(void **state)
{
	struct qt_pci probe = probe_start("");
	uint8_t sent[DATA_SIZE], got[DATA_SIZE];

	(void)state;
	pattern(sent, sizeof(sent), 1);
	qt_store(probe.qt, RAM_DATA + 3, sent, sizeof(sent));
	assert_int_equal(dma(&probe, FETCH, RAM_DATA + 3, DATA_SIZE), 0);
	data(&probe, got, sizeof(got));
	assert_memory_equal(got, sent, sizeof(sent));
	assert_int_equal(dma(&probe, STORE, RAM_DATA + 0x10001, DATA_SIZE), 0);
	qt_fetch(probe.qt, RAM_DATA + 0x10001, got, sizeof(got));
	assert_memory_equal(got, sent, sizeof(sent));
	assert_int_equal(get(&probe, PROBE_ISR), 4);
	qt_stop(probe.qt);
}

static void mastering_off(void **state)
{
	struct qt_pci probe = probe_start("");

	(void)state;
	put_ram32(probe.qt, RAM_DATA, 0x12345678);
	put(&probe, PROBE_DATA(0), 0xaaaaaaaa);
	qt_pci_command(&probe, 0, COMMAND_MASTER);
	assert_int_equal(dma(&probe, STORE, RAM_DATA, 4), EPERM);
	assert_int_equal(ram32(probe.qt, RAM_DATA), 0x12345678);
	assert_int_equal(dma(&probe, FETCH, RAM_DATA, 4), EPERM);
	assert_int_equal(get(&probe, PROBE_DATA(0)), 0xffffffff);
	qt_pci_command(&probe, COMMAND_MASTER, 0);
	assert_int_equal(dma(&probe, FETCH, RAM_DATA, 4), 0);
	assert_int_equal(get(&probe, PROBE_DATA(0)), 0x12345678);
	qt_stop(probe.qt);
}

/* Nothing is there: all-ones, Received Master Abort, one line for the user. */
static void hole(void **state)
{
	struct qt_pci probe = probe_start("");

	(void)state;
	put(&probe, PROBE_DATA(0), 0);
	assert_int_equal(dma(&probe, FETCH, RAM_SIZE + 0x1000000, 64), EFAULT);
	assert_int_equal(get(&probe, PROBE_DATA(0)), 0xffffffff);
	assert_int_equal(get(&probe, PROBE_DATA(15)), 0xffffffff);
	assert_int_equal(get(&probe, PROBE_DATA(16)), 0);
	assert_true(qt_config_read(&probe, STATUS, 2) & STATUS_MASTER_ABORT);
	qt_config_write(&probe, STATUS, 2, STATUS_MASTER_ABORT);
	assert_false(qt_config_read(&probe, STATUS, 2) & STATUS_MASTER_ABORT);
	assert_int_equal(dma(&probe, STORE, UINT64_C(0xfedcba9876540000), 64), EFAULT);
	assert_true(qt_config_read(&probe, STATUS, 2) & STATUS_MASTER_ABORT);
	assert_non_null(strstr(qt_stderr(probe.qt), "p: spec violation: DMA"));
	qt_stop(probe.qt);
}

/* Over the end of memory: the part before it has moved, as on a bus. */
static void over_the_end(void **state)
{
	struct qt_pci probe = probe_start("");
	uint8_t sent[256], got[256];
	unsigned int before, i;

	(void)state;
	pattern(sent, sizeof(sent), 9);
	for (before = 1; before < sizeof(got); before += 31) {
		qt_store(probe.qt, RAM_SIZE - before, sent, before);
		assert_int_equal(dma(&probe, FETCH, RAM_SIZE - before, sizeof(got)), EFAULT);
		data(&probe, got, sizeof(got));
		assert_memory_equal(got, sent, before);
		for (i = before; i < sizeof(got); i++)
			assert_int_equal(got[i], 0xff);
	}
	put(&probe, PROBE_DATA(0), 0x04030201);
	assert_int_equal(dma(&probe, STORE, RAM_SIZE - 4, 64), EFAULT);
	assert_int_equal(ram32(probe.qt, RAM_SIZE - 4), 0x04030201);
	qt_stop(probe.qt);
}

static void impossible_ranges(void **state)
{
	struct qt_pci probe = probe_start("");

	(void)state;
	assert_int_equal(dma(&probe, FETCH, RAM_DATA, 0), EINVAL);
	assert_int_equal(dma(&probe, FETCH, UINT64_MAX - 3, 64), EINVAL);
	qt_stop(probe.qt);
}

/* Into its own registers: refused, and nothing crashes. */
static void to_itself(void **state)
{
	struct qt_pci probe = probe_start("");

	(void)state;
	put(&probe, PROBE_SCRATCH, 0x77);
	dma(&probe, STORE, probe.bar[0], 64);
	assert_int_equal(get(&probe, PROBE_SCRATCH), 0x77);
	dma(&probe, FETCH, probe.bar[0], 64);
	/* From a worker's request, which no access of a CPU stands behind. */
	qt_put(&probe, 0, PROBE_ADDRESS, 4, RAM_DATA);
	qt_put(&probe, 0, PROBE_COPY_TO, 4, probe.bar[0]);
	put(&probe, PROBE_ROUNDS, 1);
	put(&probe, PROBE_JOB, PROBE_JOB_COMMAND_COPY);
	wait_for_job(&probe);
	assert_int_equal(get(&probe, PROBE_SCRATCH), 0x77);
	qt_stop(probe.qt);
}

/* ---- an IOMMU: VT-d, 3.4 and 10.4 ---- */

#define IOMMU UINT64_C(0xfed90000)
#define ROOT UINT64_C(0x300000)
#define CONTEXT UINT64_C(0x301000)
#define LEVEL3 UINT64_C(0x302000)
#define LEVEL2 UINT64_C(0x303000)
#define LEVEL1 UINT64_C(0x304000)
#define IOVA UINT64_C(0x40000000)

static void iommu(void **state)
{
	struct qt *qt = qt_start("-M q35 -m 128 -device intel-iommu -device probe,id=p");
	struct qt_pci probe = qt_pci_find(qt, 0, PROBE_VENDOR_ID, PROBE_DEVICE_ID, 0);
	uint64_t context = CONTEXT + (probe.slot * 8u + probe.fn) * 16;

	(void)state;
	qt_pci_setup(&probe);
	/* One page: IOVA is RAM_DATA, 39 bits of address, 3 levels. */
	qt_write(qt, ROOT, 8, CONTEXT | 1);
	qt_write(qt, context, 8, LEVEL3 | 1);
	qt_write(qt, context + 8, 8, 0x101);
	qt_write(qt, LEVEL3 + 8, 8, LEVEL2 | 3);
	qt_write(qt, LEVEL2, 8, LEVEL1 | 3);
	qt_write(qt, LEVEL1, 8, RAM_DATA | 3);
	qt_write(qt, IOMMU + 0x20, 8, ROOT);
	qt_write(qt, IOMMU + 0x18, 4, 1u << 30);
	qt_write(qt, IOMMU + 0x18, 4, 1u << 31);

	put_ram32(qt, RAM_DATA + 8, 0xfeedface);
	assert_int_equal(dma(&probe, FETCH, IOVA + 8, 4), 0);
	assert_int_equal(get(&probe, PROBE_DATA(0)), 0xfeedface);
	assert_int_equal(dma(&probe, STORE, IOVA + 0x100, 4), 0);
	assert_int_equal(ram32(qt, RAM_DATA + 0x100), 0xfeedface);
	/* The next page is not there; nor is memory under its own address. */
	assert_int_equal(dma(&probe, FETCH, IOVA + 0x1000, 4), EFAULT);
	assert_int_equal(get(&probe, PROBE_DATA(0)), 0xffffffff);
	assert_int_equal(dma(&probe, STORE, RAM_DATA, 4), EFAULT);
	/* From a worker too. */
	qt_put(&probe, 0, PROBE_ADDRESS, 4, 0x1000);
	put(&probe, PROBE_ROUNDS, 1);
	put(&probe, PROBE_JOB, PROBE_JOB_COMMAND_COPY);
	wait_for_job(&probe);
	assert_int_equal(get(&probe, PROBE_ERRNO), EFAULT);
	qt_stop(qt);
}

/* A write ends at the bad address: what is behind it keeps its bytes. */
static void write_stops_at_the_bad_address(void **state)
{
	struct qt_pci probe = probe_start("");
	uint8_t behind[32];

	(void)state;
	qt_fill(probe.qt, 0x100000, sizeof(behind), 0x5a);
	/* ROM up to 1 MiB, RAM from there on. */
	assert_int_equal(dma(&probe, STORE, 0xfffe0, 64), EFAULT);
	qt_fetch(probe.qt, 0x100000, behind, sizeof(behind));
	for (size_t i = 0; i < sizeof(behind); i++)
		assert_int_equal(behind[i], 0x5a);
	qt_stop(probe.qt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(write_stops_at_the_bad_address),
		cmocka_unit_test(both_ways),
		cmocka_unit_test(mastering_off),
		cmocka_unit_test(hole),
		cmocka_unit_test(over_the_end),
		cmocka_unit_test(impossible_ranges),
		cmocka_unit_test(to_itself),
		cmocka_unit_test(iommu),
	};

	qt_need_qemu();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* MSI-X and memory windows with a real client: QEMU without a guest. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "../qtest/qt.h"
#include "bed.h"
#include "client.h"
#include "panel.h"

#define MEMORY " -object memory-backend-memfd,id=m,size=128M,share=on -M q35,memory-backend=m"
#define RAM 0x100000
#define MSIX_ID 0x11

struct pair {
	struct bed *bed;
	struct qt *qt;
	struct qt_pci pci;
};

static struct pair start(void)
{
	struct pair p = { .bed = bed_start(getenv("PANEL"), true, true) };

	p.qt = qt_start(MEMORY
			" -device {\"driver\":\"vfio-user-pci\",\"id\":\"d\",\"socket\":{\"type\":"
			"\"unix\",\"path\":\"%s\"}}",
			p.bed->path);
	p.pci = qt_pci_find(p.qt, 0, 0x1234, PANEL_DEVICE, 0);
	qt_pci_setup(&p.pci);
	return p;
}

static void stop(struct pair *p)
{
	qt_stop(p->qt);
	assert_int_equal(bed_stop(p->bed, 0), 0);
}

static void put(struct pair *p, uint32_t reg, uint32_t value)
{
	qt_put(&p->pci, 0, reg, 4, value);
}

static uint32_t get(struct pair *p, uint32_t reg)
{
	return (uint32_t)qt_get(&p->pci, 0, reg, 4);
}

/* ---- MSI-X ---- */

/* An entry of the table; its message is a byte in guest memory. */
static void entry(struct pair *p, uint32_t vector, uint8_t data, bool masked)
{
	uint64_t at = PANEL_TABLE + 16 * vector;

	qt_put(&p->pci, PANEL_TABLE_BAR, at, 4, RAM);
	qt_put(&p->pci, PANEL_TABLE_BAR, at + 4, 4, 0);
	qt_put(&p->pci, PANEL_TABLE_BAR, at + 8, 4, data);
	qt_put(&p->pci, PANEL_TABLE_BAR, at + 12, 4, masked);
}

static void msix(struct pair *p, uint16_t bits)
{
	qt_config_write(&p->pci, qt_pci_cap(&p->pci, MSIX_ID) + 2, 2, bits);
}

static uint8_t message(struct pair *p)
{
	uint8_t byte = 0;
	int i;

	for (i = 0; i < 10000 && !byte; i++) {
		qt_fetch(p->qt, RAM, &byte, 1);
		poll(NULL, 0, 2);
	}
	qt_fill(p->qt, RAM, 4, 0);
	return byte;
}

/* After an answer of the server's, and a moment for the client's own loop. */
static bool silent(struct pair *p)
{
	uint8_t byte;

	get(p, PANEL_ID_REG);
	poll(NULL, 0, 30);
	qt_fetch(p->qt, RAM, &byte, 1);
	return !byte;
}

static bool pending(struct pair *p, uint32_t vector)
{
	uint64_t at = PANEL_PBA + vector / 32 * 4;

	return qt_get(&p->pci, PANEL_TABLE_BAR, at, 4) >> vector % 32 & 1;
}

static void vectors(void **state)
{
	struct pair p = start();
	uint32_t i;

	(void)state;
	assert_int_equal(qt_config_read(&p.pci, PANEL_MSIX_AT, 4), 0x07ff0011);
	/*
	 * The function masked meanwhile, as Linux does it: QEMU 10.2 follows a null pointer
	 * when the open vectors that it finds at the moment of switching on have gaps.
	 */
	msix(&p, 0xc000);
	for (i = 0; i < PANEL_SOURCES; i++)
		entry(&p, panel_vectors[i], (uint8_t)(0x40 + i), false);
	msix(&p, 0x8000);
	for (i = 0; i < PANEL_SOURCES; i++) {
		put(&p, PANEL_RAISE, i);
		assert_int_equal(message(&p), 0x40 + i);
	}
	/* Another message for the same vector. */
	entry(&p, 5, 0x77, false);
	put(&p, PANEL_RAISE, 2);
	assert_int_equal(message(&p), 0x77);
	/* Off, and on again. */
	msix(&p, 0);
	for (i = 0; i < PANEL_SOURCES; i++)
		put(&p, PANEL_LOWER, i);
	msix(&p, 0xc000);
	msix(&p, 0x8000);
	put(&p, PANEL_RAISE, 2);
	assert_int_equal(message(&p), 0x77);
	stop(&p);
}

/* From the start: no eventfd, so the message waits with us, and the client shows our bit. */
static void masked_from_the_start(void **state)
{
	struct pair p = start();

	(void)state;
	entry(&p, 0, 0x10, false);
	entry(&p, 2047, 0x20, true);
	msix(&p, 0x8000);
	put(&p, PANEL_RAISE, 3);
	assert_true(silent(&p));
	assert_true(pending(&p, 2047));
	assert_false(pending(&p, 2046));
	entry(&p, 2047, 0x21, false);
	assert_int_equal(message(&p), 0x21);
	assert_false(pending(&p, 2047));
	put(&p, PANEL_RAISE, 0);
	assert_int_equal(message(&p), 0x10);
	stop(&p);
}

/* Later: the client keeps its eventfd, and holds the message back itself. */
static void masked_later(void **state)
{
	struct pair p = start();

	(void)state;
	msix(&p, 0xc000);
	entry(&p, 1, 0x30, false);
	msix(&p, 0x8000);
	put(&p, PANEL_RAISE, 1);
	assert_int_equal(message(&p), 0x30);
	entry(&p, 1, 0x30, true);
	put(&p, PANEL_RAISE, 1);
	assert_true(silent(&p));
	entry(&p, 1, 0x31, false);
	assert_int_equal(message(&p), 0x31);
	/* The whole function: written to us first. */
	msix(&p, 0xc000);
	put(&p, PANEL_RAISE, 1);
	assert_true(silent(&p));
	msix(&p, 0x8000);
	assert_int_equal(message(&p), 0x31);
	stop(&p);
}

static void many_vectors(void **state)
{
	struct pair p = start();
	uint32_t i;

	(void)state;
	/* Enough for several messages of eventfds, and then all of them again. */
	for (i = 0; i < 100; i++)
		entry(&p, i, (uint8_t)(i + 1), false);
	msix(&p, 0x8000);
	for (i = 0; i < 3; i++) {
		put(&p, PANEL_RAISE, i);
		assert_int_equal(message(&p), panel_vectors[i] + 1);
	}
	msix(&p, 0);
	for (i = 0; i < 3; i++)
		put(&p, PANEL_LOWER, i);
	msix(&p, 0x8000);
	put(&p, PANEL_RAISE, 2);
	assert_int_equal(message(&p), 6);
	stop(&p);
}

/* ---- windows ---- */

static void contents_both_ways(void **state)
{
	struct pair p = start();
	uint64_t low = p.pci.bar[PANEL_RAM_BAR] + PANEL_LOW_AT;
	uint64_t high = p.pci.bar[PANEL_RAM_BAR] + PANEL_HIGH_AT;
	uint8_t in[5000], out[5000];
	uint32_t i, sum = 0;
	const char *map;

	(void)state;
	/* Three areas of RAM, at their places: then no access to them ever comes to us. */
	map = qt_qmp(p.qt, "{'execute':'human-monitor-command','arguments':"
			   "{'command-line':'info mtree'}}");
	assert_non_null(strstr(map, "BAR 2 mmaps[0]"));
	assert_non_null(strstr(map, "BAR 2 mmaps[1]"));
	assert_non_null(strstr(map, "BAR 4 mmaps[0]"));

	for (i = 0; i < sizeof(in); i++)
		sum += in[i] = (uint8_t)(i * 11 + 3);
	qt_store(p.qt, high + 0x1001, in, sizeof(in));
	qt_fetch(p.qt, high + 0x1001, out, sizeof(out));
	assert_memory_equal(in, out, sizeof(in));
	put(&p, PANEL_WHICH, PANEL_HIGH);
	assert_int_equal(get(&p, PANEL_SUM), sum);

	put(&p, PANEL_WHICH, PANEL_LOW);
	put(&p, PANEL_AT, PANEL_LOW_SIZE - 8);
	qt_write(p.qt, low + PANEL_LOW_SIZE - 8, 8, 0x1122334455667788);
	assert_int_equal(get(&p, PANEL_VALUE), 0x55667788);
	put(&p, PANEL_VALUE, 0xabcdef01);
	assert_true(qt_read(p.qt, low + PANEL_LOW_SIZE - 8, 8) == 0x11223344abcdef01);
	/* Registers of the same BAR are still registers. */
	qt_put(&p.pci, PANEL_RAM_BAR, PANEL_CELL, 8, 0x5e11);
	assert_true(qt_get(&p.pci, PANEL_RAM_BAR, PANEL_CELL, 8) == 0x5e11);
	qt_put(&p.pci, PANEL_TABLE_BAR, PANEL_BELL, 4, 7);
	assert_int_equal(qt_get(&p.pci, PANEL_TABLE_BAR, PANEL_BELL, 4), 7);
	stop(&p);
}

/* While INTx is pending the client takes its mappings away and asks us: the same bytes. */
static void while_intx_is_pending(void **state)
{
	struct pair p = start();
	uint64_t low = p.pci.bar[PANEL_RAM_BAR] + PANEL_LOW_AT;
	int i;

	(void)state;
	qt_watch_irqs(p.qt);
	qt_write(p.qt, low, 4, 0x1234);
	put(&p, PANEL_RAISE, 0);
	for (i = 0; i < 10000 && !qt_irq(p.qt); i++)
		poll(NULL, 0, 2);
	assert_true(qt_irq(p.qt));
	assert_int_equal(qt_read(p.qt, low, 4), 0x1234);
	qt_write(p.qt, low + 4, 2, 0x5678);
	assert_int_equal(qt_read(p.qt, low + 4, 4), 0x5678);
	put(&p, PANEL_WHICH, PANEL_LOW);
	put(&p, PANEL_AT, 4);
	assert_int_equal(get(&p, PANEL_VALUE), 0x5678);
	put(&p, PANEL_LOWER, 0);
	assert_int_equal(qt_read(p.qt, low, 4), 0x1234);
	stop(&p);
}

/* The client announces its mappings of our windows as memory: not for us. */
static void dma_to_itself(void **state)
{
	struct pair p = start();
	uint32_t what;
	int i;

	(void)state;
	qt_put(&p.pci, 0, PANEL_ADDRESS, 8, p.pci.bar[PANEL_RAM_BAR] + PANEL_LOW_AT);
	for (what = 1; what <= 2; what++) {
		put(&p, PANEL_DMA, what);
		assert_int_equal(-(int32_t)get(&p, PANEL_STATUS), EFAULT);
	}
	put(&p, PANEL_DATA, 0x77);
	put(&p, PANEL_DMA, 3);
	for (i = 0; i < 10000 && !get(&p, PANEL_DONE); i++)
		poll(NULL, 0, 1);
	assert_int_equal(-(int32_t)get(&p, PANEL_STATUS), EFAULT);
	put(&p, PANEL_WHICH, PANEL_LOW);
	assert_int_equal(get(&p, PANEL_SUM), 0);
	/* Guest memory is as near as ever. */
	qt_fill(p.qt, RAM, 4, 0x5a);
	qt_put(&p.pci, 0, PANEL_ADDRESS, 8, RAM);
	put(&p, PANEL_DMA, 1);
	assert_int_equal(get(&p, PANEL_STATUS), 0);
	assert_int_equal(get(&p, PANEL_DATA), 0x5a5a5a5a);
	stop(&p);
}

static void moved_off_and_reset(void **state)
{
	struct pair p = start();
	uint64_t *bar = &p.pci.bar[PANEL_RAM_BAR];
	uint64_t old = *bar;

	(void)state;
	qt_put(&p.pci, PANEL_RAM_BAR, PANEL_HIGH_AT, 4, 0xbeef);
	*bar = UINT64_C(0x1000000000);
	qt_config_write(&p.pci, 0x18, 4, 0x0000000c);
	qt_config_write(&p.pci, 0x1c, 4, 0x10);
	assert_int_equal(qt_get(&p.pci, PANEL_RAM_BAR, PANEL_HIGH_AT, 4), 0xbeef);
	assert_int_not_equal(qt_read(p.qt, old + PANEL_HIGH_AT, 4), 0xbeef);
	qt_pci_command(&p.pci, 0, 2);
	assert_int_not_equal(qt_get(&p.pci, PANEL_RAM_BAR, PANEL_HIGH_AT, 4), 0xbeef);
	qt_pci_command(&p.pci, 2, 0);
	assert_int_equal(qt_get(&p.pci, PANEL_RAM_BAR, PANEL_HIGH_AT, 4), 0xbeef);
	qt_reset(p.qt);
	qt_pci_setup(&p.pci);
	assert_int_equal(qt_get(&p.pci, PANEL_RAM_BAR, PANEL_HIGH_AT, 4), 0);
	stop(&p);
}

static void model_dies(void **state)
{
	struct pair p = start();

	(void)state;
	qt_put(&p.pci, PANEL_RAM_BAR, PANEL_LOW_AT, 4, 1);
	put(&p, PANEL_DIE, 1);
	assert_int_equal(get(&p, PANEL_ID_REG), 0xffffffff);
	assert_int_equal(qt_get(&p.pci, PANEL_RAM_BAR, PANEL_LOW_AT, 4), 0xffffffff);
	assert_true(qt_get(&p.pci, PANEL_RAM_BAR, PANEL_HIGH_AT + PANEL_HIGH_SIZE - 8, 8) ==
		    UINT64_MAX);
	bed_await(p.bed, "4-byte write to DIE");
	assert_int_equal(bed_stop(p.bed, 0), EOWNERDEAD);
	/* Closed: the memory is still there, and QEMU too. */
	assert_int_equal(qt_get(&p.pci, PANEL_RAM_BAR, PANEL_LOW_AT, 4), 0xffffffff);
	qt_stop(p.qt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(masked_from_the_start),
		cmocka_unit_test(masked_later),
		cmocka_unit_test(many_vectors),
		cmocka_unit_test(contents_both_ways),
		cmocka_unit_test(while_intx_is_pending),
		cmocka_unit_test(dma_to_itself),
		cmocka_unit_test(moved_off_and_reset),
		cmocka_unit_test(model_dies),
	};
	static char text[1 << 17];

	qt_need_qemu();
	if (qt_run(NULL, "-device vfio-user-pci,help", text, sizeof(text)) != 0)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A real client: QEMU without a guest. Skipped where it has no vfio-user-pci
 * (before 10.1.1).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../qtest/qt.h"
#include "bed.h"
#include "client.h"
#include "crasher.h"

#define MEMORY " -object memory-backend-memfd,id=m,size=128M,share=on -M q35,memory-backend=m"
#define RAM 0x100000

struct pair {
	struct bed *bed;
	struct qt *qt;
	struct qt_pci pci;
};

static struct pair start(const char *model, const char *memory, uint16_t device)
{
	struct pair p = { .bed = bed_start(model, true, true) };

	p.qt = qt_start("%s -device "
			"{\"driver\":\"vfio-user-pci\",\"id\":\"d\",\"socket\":{\"type\":\"unix\","
			"\"path\":\"%s\"}}",
			memory, p.bed->path);
	p.pci = qt_pci_find(p.qt, 0, 0x1234, device, 0);
	qt_pci_setup(&p.pci);
	return p;
}

static struct pair gadget(const char *memory)
{
	return start(getenv("ERSATZ_MODEL"), memory, 0x5678);
}

static uint32_t get(struct pair *p, uint32_t reg)
{
	return (uint32_t)qt_get(&p->pci, 0, reg, 4);
}

static void put(struct pair *p, uint32_t reg, uint32_t value)
{
	qt_put(&p->pci, 0, reg, 4, value);
}

static int dma(struct pair *p, enum command what, uint64_t address, uint32_t length)
{
	qt_put(&p->pci, 0, ADDRESS, 8, address);
	put(p, LENGTH, length);
	put(p, DOORBELL, what);
	return -(int32_t)get(p, STATUS);
}

static int stop(struct pair *p)
{
	qt_stop(p->qt);
	return bed_stop(p->bed, 0);
}

static void bars_of_all_kinds(void **state)
{
	struct pair p = gadget(MEMORY);

	assert_int_equal(get(&p, ID), 0x12345678);
	assert_int_equal(qt_get(&p.pci, 0, ID + 1, 1), 0x56);
	qt_put(&p.pci, 4, WIDE, 8, 0x1122334455667788);
	assert_true(qt_get(&p.pci, 4, WIDE, 8) == 0x1122334455667788);
	assert_int_equal(qt_get(&p.pci, 4, WIDE + 4, 4), 0x11223344);
	qt_out(p.qt, (uint16_t)p.pci.bar[2] + 4, 4, 0xcafe);
	assert_int_equal(qt_in(p.qt, (uint16_t)p.pci.bar[2] + 4, 4), 0xcafe);
	/* Prefetchable, 64 bits. */
	assert_int_equal(qt_config_read(&p.pci, 0x20, 4) & 0xf, 0xc);
	assert_int_equal(stop(&p), 0);
}

static void intx_until_all_is_quiet(void **state)
{
	struct pair p = gadget(MEMORY);
	int i;

	qt_watch_irqs(p.qt);
	put(&p, IER, 3);
	put(&p, DOORBELL, RAISE_A);
	put(&p, DOORBELL, RAISE_B);
	for (i = 0; i < 10000 && !qt_irq(p.qt); i++)
		poll(NULL, 0, 2);
	assert_true(qt_irq(p.qt));
	/* Any access lowers the line at the client; what is pending brings it back. */
	put(&p, ISR, 1);
	for (i = 0; i < 10000 && !qt_irq(p.qt); i++)
		poll(NULL, 0, 2);
	assert_true(qt_irq(p.qt));
	put(&p, ISR, 2);
	/* A last one may have been on its way: a driver finds nothing, and that is the end of it. */
	poll(NULL, 0, 50);
	assert_int_equal(get(&p, ISR), 0);
	poll(NULL, 0, 50);
	assert_false(qt_irq(p.qt));
	assert_int_equal(stop(&p), 0);
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

static void messages(void **state)
{
	struct pair p = gadget(MEMORY);

	put(&p, IER, 3);
	qt_pci_msi(&p.pci, 4, RAM, 0x80);
	put(&p, DOORBELL, RAISE_A);
	assert_int_equal(message(&p), 0x80);
	put(&p, DOORBELL, RAISE_B);
	assert_int_equal(message(&p), 0x82);
	put(&p, DOORBELL, RAISE_C);
	assert_int_equal(message(&p), 0x81);
	qt_pci_msi(&p.pci, 1, RAM, 0x40);
	put(&p, DOORBELL, RAISE_B);
	assert_int_equal(message(&p), 0x40);
	qt_pci_msi(&p.pci, 0, 0, 0);
	assert_int_equal(stop(&p), 0);
}

static void mapped_dma(void **state)
{
	struct pair p = gadget(MEMORY);
	uint8_t in[4000], out[4000];
	size_t i;

	for (i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 7);
	qt_store(p.qt, RAM + 3, in, sizeof(in));
	assert_int_equal(dma(&p, DMA_IN, RAM + 3, sizeof(in)), 0);
	assert_int_equal(dma(&p, DMA_OUT, RAM + 0x5001, sizeof(in)), 0);
	qt_fetch(p.qt, RAM + 0x5001, out, sizeof(out));
	assert_memory_equal(in, out, sizeof(in));
	assert_int_equal(dma(&p, DMA_IN, UINT64_C(1) << 40, 4), EFAULT);
	qt_pci_command(&p.pci, 0, 4);
	assert_int_equal(dma(&p, DMA_IN, RAM, 4), EPERM);
	assert_int_equal(stop(&p), 0);
}

/* Memory without files: jobs reach it by message where the client does it right, else are told. */
static void jobs_by_message(void **state)
{
	struct pair p = gadget("-M q35 -m 128");
	uint32_t value = 0;

	assert_int_equal(dma(&p, DMA_IN, RAM, 4), EDEADLK);
	put(&p, LENGTH, 5);
	put(&p, DOORBELL, JOB);
	while (!(get(&p, EVENTS) & 0xff00))
		;
	qt_fetch(p.qt, RAM, &value, sizeof(value));
	if (strstr(bed_said(p.bed), "broken")) {
		assert_int_equal(-(int32_t)get(&p, STATUS), EFAULT);
		assert_int_equal(value, 0);
	} else {
		assert_int_equal(get(&p, STATUS), 0);
		assert_int_equal(value, 5);
	}
	assert_int_equal(stop(&p), 0);
}

static void resets(void **state)
{
	struct pair p = gadget(MEMORY);

	put(&p, CTRL, 0x55);
	qt_reset(p.qt);
	qt_pci_setup(&p.pci);
	assert_int_equal(get(&p, CTRL), 0);
	put(&p, CTRL, 0x55);
	qt_config_write(&p.pci, CAP_PM_AT + 4, 2, 3);
	qt_config_write(&p.pci, CAP_PM_AT + 4, 2, 0);
	qt_pci_setup(&p.pci);
	assert_int_equal(get(&p, CTRL), 0);
	assert_int_equal(stop(&p), 0);
}

/* Both sides' config space is one, over all bytes of the header and the capabilities. */
static void config_views_agree(void **state)
{
	struct pair p = gadget(MEMORY);
	uint32_t offset, seed = 1;
	int i;

	for (i = 0; i < 2000; i++) {
		seed = seed * 1103515245 + 12345;
		offset = seed >> 8 & 0xfc;
		/*
		 * BARs and MSI are the client's; a command that moves them away is of no use here,
		 * and QEMU ends by an assertion of its own when both MSI and MSI-X are switched on.
		 */
		if (offset < 0x10 || (offset >= CAP_PM_AT && offset < CAP_PM_AT + 8) ||
		    offset == CAP_MSIX_AT)
			continue;
		qt_config_write(&p.pci, offset, 4, seed * 2654435761u);
	}
	qt_pci_setup(&p.pci);
	assert_int_equal(qt_config_read(&p.pci, 0, 4), 0x56781234);
	assert_int_equal(qt_config_read(&p.pci, CAP_VENDOR_AT + 4, 2) & 0xff0f, 0xff05);
	assert_int_equal(get(&p, ID), 0x12345678);
	assert_int_equal(stop(&p), 0);
}

/* ---- death ---- */

static void model_dies_client_lives(void **state)
{
	static const uint32_t ways[] = { 0, FOLLOW_NULL, CALL_ABORT, CALL_EXIT, IN_TIMER, IN_JOB };
	size_t i;
	int n;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct pair p = start(getenv("CRASHER"), MEMORY, 0x666);

		assert_int_equal(get(&p, WELL), 0x600d);
		if (ways[i])
			put(&p, BAD_WRITE, ways[i]);
		else
			assert_int_equal(get(&p, BAD_READ), 0xffffffff);
		for (n = 0; n < 10000 && get(&p, WELL) != 0xffffffff; n++)
			poll(NULL, 0, 2);
		for (n = 0; n < 20; n++) {
			assert_int_equal(get(&p, WELL), 0xffffffff);
			put(&p, WELL, 1);
		}
		bed_await(p.bed, "the model died");
		/* Closed by now; the client neither hangs nor ends. */
		assert_int_equal(bed_stop(p.bed, 0), EOWNERDEAD);
		assert_int_equal(get(&p, WELL), 0xffffffff);
		put(&p, WELL, 1);
		qt_reset(p.qt);
		qt_stop(p.qt);
	}
}

static void serving_process_killed(void **state)
{
	struct pair p;
	int i, n;

	for (i = 0; i < 10; i++) {
		p = gadget(MEMORY);
		for (n = 0; n < i * 40; n++)
			put(&p, CTRL, (uint32_t)n);
		kill(bed_child_of(p.bed->pid), SIGKILL);
		for (n = 0; n < 50; n++) {
			put(&p, CTRL, (uint32_t)n);
			get(&p, CTRL);
		}
		assert_int_equal(get(&p, ID), 0xffffffff);
		assert_int_equal(bed_stop(p.bed, 0), EOWNERDEAD);
		qt_stop(p.qt);
	}
}

static void keeper_killed(void **state)
{
	struct pair p = gadget(MEMORY);
	int n;

	bed_stop(p.bed, SIGKILL);
	/* The one that serves hears of it. */
	for (n = 0; n < 10000 && get(&p, ID) != 0xffffffff; n++)
		poll(NULL, 0, 2);
	assert_int_equal(get(&p, ID), 0xffffffff);
	qt_stop(p.qt);
}

static void private_memory_refused(void **state)
{
	struct bed *bed = bed_start(getenv("ERSATZ_MODEL"), true, true);
	char arguments[512], text[4096];

	snprintf(arguments, sizeof(arguments),
		 "-accel qtest -display none -nodefaults -object "
		 "memory-backend-memfd,id=m,size=128M,share=off -M q35,memory-backend=m -device "
		 "{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":\"%s\"}}",
		 bed->path);
	assert_int_equal(qt_run(NULL, arguments, text, sizeof(text)), 1);
	bed_await(bed, "share=on");
	assert_int_equal(bed_stop(bed, 0), EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bars_of_all_kinds),
		cmocka_unit_test(intx_until_all_is_quiet),
		cmocka_unit_test(messages),
		cmocka_unit_test(mapped_dma),
		cmocka_unit_test(jobs_by_message),
		cmocka_unit_test(resets),
		cmocka_unit_test(config_views_agree),
		cmocka_unit_test(model_dies_client_lives),
		cmocka_unit_test(serving_process_killed),
		cmocka_unit_test(keeper_killed),
		cmocka_unit_test(private_memory_refused),
	};
	static char text[1 << 17];

	qt_need_qemu();
	if (qt_run(NULL, "-device vfio-user-pci,help", text, sizeof(text)) != 0)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

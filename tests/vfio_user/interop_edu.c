/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Our test client against a server that others wrote: QEMU's machine x-remote,
 * which serves QEMU's own edu by libvfio-user. What the client of all our tests
 * says must be what they understand, or these tests prove little. What edu does
 * is in QEMU's docs/specs/edu.rst.
 *
 * Skipped where `scripts/peers build qemu` has not been run; PEERS names the script.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"

/* BAR0 of edu. */
enum {
	EDU_ID = 0x00,
	EDU_LIVENESS = 0x04,
	EDU_FACTORIAL = 0x08,
	EDU_STATUS = 0x20, /* bit 0: at work; bit 7: interrupt when done */
	EDU_ISR = 0x24,
	EDU_RAISE = 0x60,
	EDU_ACK = 0x64,
	EDU_DMA_FROM = 0x80,
	EDU_DMA_TO = 0x88,
	EDU_DMA_COUNT = 0x90,
	EDU_DMA_COMMAND = 0x98, /* bit 0: run; bit 1: to memory; bit 2: interrupt when done */
};

#define EDU_BUFFER 0x40000u
#define EVENT_TRIGGER (VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER)

static char qemu[4096];

struct edu {
	pid_t pid;
	char folder[64];
	char path[96];
	struct client *c;
};

__attribute__((noreturn)) static void be_qemu(const struct edu *e)
{
	char object[256];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(object, sizeof(object), "x-vfio-user-server,id=s,device=d,type=unix,path=%s",
		 e->path);
	execl(qemu, qemu, "-machine", "x-remote,vfio-user=on", "-nodefaults", "-display", "none",
	      "-device", "edu,id=d", "-object", object, (char *)NULL);
	_exit(127);
}

/* What firmware and driver do: this server answers in a BAR only where that has an address. */
static void start_card(struct client *c)
{
	client_write(c, CONFIG, 0x10, 4, 0xe0000000);
	/* Memory decoding and bus mastering; no interrupt is disabled. */
	client_write(c, CONFIG, 4, 2, 6);
}

static int setup(void **state)
{
	struct edu *e = calloc(1, sizeof(*e));

	assert_non_null(e);
	strcpy(e->folder, "/tmp/ersatz-edu-XXXXXX");
	assert_non_null(mkdtemp(e->folder));
	snprintf(e->path, sizeof(e->path), "%s/s", e->folder);
	e->pid = fork();
	if (!e->pid)
		be_qemu(e);
	e->c = client_connect(e->path);
	assert_int_equal(client_version(e->c, NULL), 0);
	start_card(e->c);
	*state = e;
	return 0;
}

/* It leaves by itself when its client has. */
static int teardown(void **state)
{
	struct edu *e = *state;
	int i, status;

	client_free(e->c);
	for (i = 0; i < 1000 && waitpid(e->pid, &status, WNOHANG) == 0; i++)
		poll(NULL, 0, 10);
	if (i == 1000) {
		kill(e->pid, SIGKILL);
		waitpid(e->pid, &status, 0);
	}
	unlink(e->path);
	rmdir(e->folder);
	free(e);
	return i < 1000 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static uint32_t get(struct edu *e, uint64_t reg)
{
	return (uint32_t)client_read(e->c, BAR0, reg, 4);
}

static void put(struct edu *e, uint64_t reg, uint32_t value)
{
	client_write(e->c, BAR0, reg, 4, value);
}

/* Up to 10 s, for bits that it clears by itself. */
static void await_clear(struct edu *e, uint64_t reg, uint32_t bits)
{
	int i;

	for (i = 0; i < 1000 && get(e, reg) & bits; i++)
		poll(NULL, 0, 10);
	assert_int_equal(get(e, reg) & bits, 0);
}

static void tells_what_it_is(void **state)
{
	struct edu *e = *state;
	struct vu_info info = { .argsz = sizeof(info) };
	struct vu_region_info region = { .argsz = sizeof(region), .index = BAR0 };
	struct vu_irq_info irq = { .argsz = sizeof(irq), .index = VFIO_PCI_MSI_IRQ_INDEX };

	assert_int_equal(client_call(e->c, VU_GET_INFO, &info, sizeof(info), NULL, 0), 0);
	memcpy(&info, e->c->payload, sizeof(info));
	assert_true(info.flags & VFIO_DEVICE_FLAGS_PCI);
	assert_true(info.regions >= VFIO_PCI_NUM_REGIONS);
	assert_int_equal(client_call(e->c, VU_GET_REGION_INFO, &region, sizeof(region), NULL, 0),
			 0);
	memcpy(&region, e->c->payload, sizeof(region));
	assert_int_equal(region.size, 1 << 20);
	assert_int_equal(client_call(e->c, VU_GET_IRQ_INFO, &irq, sizeof(irq), NULL, 0), 0);
	memcpy(&irq, e->c->payload, sizeof(irq));
	assert_int_equal(irq.count, 1);
	assert_int_equal(client_read(e->c, CONFIG, 0, 4), 0x11e81234);
	assert_int_equal(client_read(e->c, CONFIG, 8, 4), 0x00ff0010);
	assert_int_equal(get(e, EDU_ID), 0x010000ed);
}

static void answers_wrong_questions_with_errors(void **state)
{
	struct edu *e = *state;
	struct vu_access nowhere = { .region = 77, .count = 4 };
	struct vu_access behind = { .region = BAR0, .offset = 1 << 20, .count = 4 };

	assert_int_not_equal(client_call(e->c, VU_REGION_READ, &nowhere, sizeof(nowhere), NULL, 0),
			     0);
	assert_int_not_equal(client_call(e->c, VU_REGION_READ, &behind, sizeof(behind), NULL, 0),
			     0);
	assert_int_equal(get(e, EDU_ID), 0x010000ed);
}

static void is_alive(void **state)
{
	struct edu *e = *state;

	put(e, EDU_LIVENESS, 0x12345678);
	assert_int_equal(get(e, EDU_LIVENESS), 0xedcba987);
	put(e, EDU_LIVENESS, 0);
	assert_int_equal(get(e, EDU_LIVENESS), 0xffffffff);
}

/* Posted, as guests write: no answer may come, or the next read's would be taken for it. */
static void takes_posted_writes(void **state)
{
	struct edu *e = *state;
	struct {
		struct vu_access a;
		uint32_t value;
	} w = { { .offset = EDU_LIVENESS, .region = BAR0, .count = 4 }, 0 };
	uint32_t i;

	for (i = 0; i < 100; i++) {
		w.value = i;
		client_send(e->c, VU_REGION_WRITE, VU_FLAG_NO_REPLY, &w, 20, NULL, 0);
	}
	assert_int_equal(get(e, EDU_LIVENESS), ~99u);
}

static void computes(void **state)
{
	struct edu *e = *state;

	put(e, EDU_FACTORIAL, 10);
	await_clear(e, EDU_STATUS, 1);
	assert_int_equal(get(e, EDU_FACTORIAL), 3628800);
	put(e, EDU_FACTORIAL, 13);
	await_clear(e, EDU_STATUS, 1);
	/* 13! modulo 2^32 */
	assert_int_equal(get(e, EDU_FACTORIAL), 1932053504);
}

static void interrupts_by_a_line(void **state)
{
	struct edu *e = *state;
	int fd = event_new();

	assert_int_equal(
		client_set_irqs(e->c, EVENT_TRIGGER, VFIO_PCI_INTX_IRQ_INDEX, 0, 1, &fd, 1), 0);
	put(e, EDU_RAISE, 0x40);
	assert_int_equal(event_count(fd, 20000), 1);
	assert_int_equal(get(e, EDU_ISR), 0x40);
	put(e, EDU_ACK, 0x40);
	assert_int_equal(get(e, EDU_ISR), 0);
	/* And when the work is done. */
	put(e, EDU_STATUS, 0x80);
	put(e, EDU_FACTORIAL, 5);
	assert_int_equal(event_count(fd, 20000), 1);
	assert_int_equal(get(e, EDU_ISR), 1);
	assert_int_equal(get(e, EDU_FACTORIAL), 120);
	close(fd);
}

/* The capability is found as drivers find it. */
static uint32_t find_capability(struct edu *e, uint32_t id)
{
	uint32_t at = (uint32_t)client_read(e->c, CONFIG, 0x34, 1);
	int left;

	for (left = 48; at && left; left--) {
		if (client_read(e->c, CONFIG, at, 1) == id)
			return at;
		at = (uint32_t)client_read(e->c, CONFIG, at + 1, 1);
	}
	fail_msg("there is no capability 0x%x", id);
	return 0;
}

static void interrupts_by_message(void **state)
{
	struct edu *e = *state;
	uint32_t msi = find_capability(e, 0x05);
	int fd = event_new();

	assert_int_equal(client_set_irqs(e->c, EVENT_TRIGGER, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, &fd, 1),
			 0);
	client_write(e->c, CONFIG, msi + 2, 2, 1);
	put(e, EDU_RAISE, 2);
	assert_int_equal(event_count(fd, 20000), 1);
	/* Each one is a message of its own, whatever was pending. */
	put(e, EDU_RAISE, 4);
	assert_int_equal(event_count(fd, 20000), 1);
	assert_int_equal(get(e, EDU_ISR), 6);
	close(fd);
}

static void moves_memory(void **state)
{
	enum { SIZE = 1 << 20, AT = 0x4000, BACK = 0x9000, COUNT = 1024 };
	struct edu *e = *state;
	int fd = memfd_create("memory", MFD_CLOEXEC);
	int done = event_new();
	uint8_t *memory;
	unsigned int i;

	assert_int_equal(ftruncate(fd, SIZE), 0);
	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	for (i = 0; i < COUNT; i++)
		memory[AT + i] = (uint8_t)(i * 7 + 3);
	assert_int_equal(client_map(e->c, 0, SIZE, 0, MAP_RW, fd), 0);
	assert_int_equal(
		client_set_irqs(e->c, EVENT_TRIGGER, VFIO_PCI_INTX_IRQ_INDEX, 0, 1, &done, 1), 0);

	put(e, EDU_DMA_FROM, AT);
	put(e, EDU_DMA_TO, EDU_BUFFER);
	put(e, EDU_DMA_COUNT, COUNT);
	put(e, EDU_DMA_COMMAND, 1);
	await_clear(e, EDU_DMA_COMMAND, 1);

	put(e, EDU_DMA_FROM, EDU_BUFFER);
	put(e, EDU_DMA_TO, BACK);
	put(e, EDU_DMA_COUNT, COUNT);
	put(e, EDU_DMA_COMMAND, 1 | 2 | 4);
	assert_int_equal(event_count(done, 20000), 1);
	assert_int_equal(get(e, EDU_ISR), 0x100);
	assert_memory_equal(memory + BACK, memory + AT, COUNT);
	assert_int_equal(memory[BACK - 1], 0);
	assert_int_equal(memory[BACK + COUNT], 0);
	assert_int_equal(client_unmap(e->c, 0, SIZE, 0), 0);
	munmap(memory, SIZE);
	close(fd);
	close(done);
}

static void resets(void **state)
{
	struct edu *e = *state;

	assert_int_equal(client_call(e->c, VU_RESET, NULL, 0, NULL, 0), 0);
	/* Config space may be as after power-on. edu itself has nothing that a reset changes. */
	start_card(e->c);
	assert_int_equal(get(e, EDU_ID), 0x010000ed);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH(tells_what_it_is),
		WITH(answers_wrong_questions_with_errors),
		WITH(is_alive),
		WITH(takes_posted_writes),
		WITH(computes),
		WITH(interrupts_by_a_line),
		WITH(interrupts_by_message),
		WITH(moves_memory),
		WITH(resets),
	};

	if (!peer_path("qemu", qemu, sizeof(qemu))) {
		printf("SKIP: QEMU's x-remote has not been built here; `scripts/peers build qemu` "
		       "does it\n");
		return 77;
	}
	strcat(qemu, "/qemu-system-x86_64");
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts over eventfds. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client.h"

enum {
	EVENT_TRIGGER = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
	EVENT_UNMASK = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_UNMASK,
	UNMASK = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK,
	MASK = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK,
	FIRE = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
	INTX = VFIO_PCI_INTX_IRQ_INDEX,
	MSI = VFIO_PCI_MSI_IRQ_INDEX,
	MSIX = VFIO_PCI_MSIX_IRQ_INDEX,
	REQ = VFIO_PCI_REQ_IRQ_INDEX,
};

static int setup(void **state)
{
	struct client *c = client_new(NULL, true);

	client_write(c, CONFIG, 4, 2, 7);
	client_write(c, BAR0, IER, 4, 3);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	client_free(*state);
	return 0;
}

static void raise_a(struct client *c)
{
	client_write(c, BAR0, DOORBELL, 4, RAISE_A);
}

static void clear(struct client *c)
{
	client_write(c, BAR0, ISR, 4, 3);
}

static void intx_masks_itself_and_comes_back(void **state)
{
	struct client *c = *state;
	int fd = event_new();

	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, INTX, 0, 1, &fd, 1), 0);
	raise_a(c);
	assert_int_equal(event_count(fd, 20000), 1);
	/* Masked: more of the same is not told again. */
	raise_a(c);
	assert_int_equal(event_count(fd, 0), 0);
	/* Unmasked with the level still up: told again, at once. */
	assert_int_equal(client_set_irqs(c, UNMASK, INTX, 0, 1, NULL, 0), 0);
	assert_int_equal(event_count(fd, 0), 1);
	clear(c);
	assert_int_equal(client_set_irqs(c, UNMASK, INTX, 0, 1, NULL, 0), 0);
	assert_int_equal(event_count(fd, 0), 0);
	raise_a(c);
	assert_int_equal(event_count(fd, 0), 1);
	close(fd);
}

static void intx_is_unmasked_by_eventfd(void **state)
{
	struct client *c = *state;
	const uint64_t one = 1;
	int fd = event_new();
	int unmask = event_new();

	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, INTX, 0, 1, &fd, 1), 0);
	assert_int_equal(client_set_irqs(c, EVENT_UNMASK, INTX, 0, 1, &unmask, 1), 0);
	raise_a(c);
	assert_int_equal(event_count(fd, 0), 1);
	assert_int_equal(write(unmask, &one, sizeof(one)), sizeof(one));
	assert_int_equal(event_count(fd, 20000), 1);
	clear(c);
	assert_int_equal(write(unmask, &one, sizeof(one)), sizeof(one));
	assert_int_equal(event_count(fd, 50), 0);
	close(fd);
	close(unmask);
}

static void intx_that_was_up_before(void **state)
{
	struct client *c = *state;
	int fd = event_new();

	raise_a(c);
	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, INTX, 0, 1, &fd, 1), 0);
	assert_int_equal(event_count(fd, 0), 1);
	close(fd);
}

static void intx_masked_by_message_and_by_command(void **state)
{
	struct client *c = *state;
	int fd = event_new();

	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, INTX, 0, 1, &fd, 1), 0);
	assert_int_equal(client_set_irqs(c, MASK, INTX, 0, 1, NULL, 0), 0);
	raise_a(c);
	assert_int_equal(event_count(fd, 0), 0);
	assert_int_equal(client_set_irqs(c, UNMASK, INTX, 0, 1, NULL, 0), 0);
	assert_int_equal(event_count(fd, 0), 1);
	client_write(c, CONFIG, 4, 2, 0x407);
	assert_int_equal(client_set_irqs(c, UNMASK, INTX, 0, 1, NULL, 0), 0);
	assert_int_equal(event_count(fd, 0), 0);
	client_write(c, CONFIG, 5, 1, 0);
	assert_int_equal(event_count(fd, 0), 1);
	close(fd);
}

/* D3hot and back takes the command register back, and with it the driver's INTx disable. */
static void intx_after_function_reset(void **state)
{
	struct client *c = *state;
	int fd = event_new();

	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, INTX, 0, 1, &fd, 1), 0);
	client_write(c, CONFIG, 4, 2, 0x407);
	client_write(c, CONFIG, CAP_PM_AT + 4, 2, 3);
	client_write(c, CONFIG, CAP_PM_AT + 4, 2, 0);
	assert_int_equal(client_read(c, CONFIG, 4, 2), 0);
	client_write(c, CONFIG, 4, 1, 7);
	client_write(c, BAR0, IER, 4, 3);
	raise_a(c);
	assert_int_equal(event_count(fd, 0), 1);
	close(fd);
}

static void msi_by_vector(void **state)
{
	struct client *c = *state;
	int fds[4];
	int i;

	for (i = 0; i < 4; i++)
		fds[i] = event_new();
	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, MSI, 0, 4, fds, 4), 0);
	/* Four granted, on. */
	client_write(c, CONFIG, CAP_MSI_AT + 2, 2, 0x21);
	client_write(c, BAR0, DOORBELL, 4, RAISE_A);
	client_write(c, BAR0, DOORBELL, 4, RAISE_B);
	client_write(c, BAR0, DOORBELL, 4, RAISE_B);
	client_write(c, BAR0, DOORBELL, 4, RAISE_C);
	assert_int_equal(event_count(fds[0], 0), 1);
	assert_int_equal(event_count(fds[2], 0), 2);
	assert_int_equal(event_count(fds[1], 0), 1);
	/* One taken back. */
	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, MSI, 1, 1, NULL, 0), 0);
	client_write(c, BAR0, DOORBELL, 4, RAISE_C);
	assert_int_equal(event_count(fds[1], 0), 0);
	/* Fired as a test. */
	assert_int_equal(client_set_irqs(c, FIRE, MSI, 3, 1, NULL, 0), 0);
	assert_int_equal(event_count(fds[3], 0), 1);
	/* All off. */
	assert_int_equal(client_set_irqs(c, FIRE, MSI, 0, 0, NULL, 0), 0);
	client_write(c, BAR0, DOORBELL, 4, RAISE_A);
	assert_int_equal(event_count(fds[0], 0), 0);
	for (i = 0; i < 4; i++)
		close(fds[i]);
}

static void bool_data_chooses(void **state)
{
	const uint32_t flags = VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER;
	struct client *c = *state;
	struct {
		struct vu_irq_set set;
		uint8_t data[4];
	} m = { { 24, flags, MSI, 0, 4 }, { 0, 1, 0, 1 } };
	int fds[4];
	int i;

	for (i = 0; i < 4; i++)
		fds[i] = event_new();
	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, MSI, 0, 4, fds, 4), 0);
	assert_int_equal(client_call(c, VU_SET_IRQS, &m, 24, NULL, 0), 0);
	for (i = 0; i < 4; i++) {
		assert_int_equal(event_count(fds[i], 0), m.data[i]);
		close(fds[i]);
	}
	assert_int_equal(client_call(c, VU_SET_IRQS, &m, 23, NULL, 0), EINVAL);
}

static void request_interrupt(void **state)
{
	struct client *c = *state;
	int fd = event_new();

	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, REQ, 0, 1, &fd, 1), 0);
	assert_int_equal(write(c->control, "q", 1), 1);
	assert_int_equal(event_count(fd, 20000), 1);
	close(fd);
}

static void wrong_requests(void **state)
{
	static const struct {
		uint32_t flags, index, start, count;
		unsigned int fds;
		int error;
	} bad[] = {
		{ 0, INTX, 0, 1, 0, EINVAL },
		{ VFIO_IRQ_SET_ACTION_TRIGGER, INTX, 0, 1, 0, EINVAL },
		{ VFIO_IRQ_SET_DATA_NONE, INTX, 0, 1, 0, EINVAL },
		{ EVENT_TRIGGER | VFIO_IRQ_SET_DATA_NONE, INTX, 0, 1, 1, EINVAL },
		{ EVENT_TRIGGER | VFIO_IRQ_SET_ACTION_MASK, INTX, 0, 1, 1, EINVAL },
		{ EVENT_TRIGGER | 1 << 6, INTX, 0, 1, 1, EINVAL },
		{ EVENT_TRIGGER, 5, 0, 1, 1, EINVAL },
		{ EVENT_TRIGGER, UINT32_MAX, 0, 1, 1, EINVAL },
		{ EVENT_TRIGGER, MSIX, TABLE_VECTORS, 1, 1, EINVAL },
		{ EVENT_TRIGGER, VFIO_PCI_ERR_IRQ_INDEX, 0, 1, 1, EINVAL },
		{ EVENT_TRIGGER, INTX, 1, 1, 1, EINVAL },
		{ EVENT_TRIGGER, INTX, 0, 2, 2, EINVAL },
		{ EVENT_TRIGGER, MSI, 3, 2, 2, EINVAL },
		{ EVENT_TRIGGER, MSI, UINT32_MAX, 2, 2, EINVAL },
		{ EVENT_TRIGGER, MSI, 1, UINT32_MAX, 1, EINVAL },
		{ EVENT_TRIGGER, MSI, 0, 2, 1, EINVAL },
		{ EVENT_TRIGGER, MSI, 0, 0, 0, EINVAL },
		{ UNMASK, MSI, 0, 1, 0, ENOTSUP },
		{ EVENT_UNMASK, MSI, 0, 1, 1, ENOTSUP },
		{ VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_MASK, INTX, 0, 1, 1, ENOTSUP },
		{ UNMASK, INTX, 0, 1, 1, EINVAL },
		{ FIRE, INTX, 1, 0, 0, EINVAL },
		{ UNMASK, INTX, 0, 0, 0, EINVAL },
	};
	struct client *c = *state;
	unsigned int before = open_fds();
	int fds[2] = { event_new(), event_new() };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (client_set_irqs(c, bad[i].flags, bad[i].index, bad[i].start, bad[i].count, fds,
				    bad[i].fds) != bad[i].error)
			fail_msg("case %zu", i);
	close(fds[0]);
	close(fds[1]);
	client_read(c, BAR0, ID, 4);
	assert_int_equal(open_fds(), before);
}

/* Whatever could block us, or end us by SIGPIPE, is no interrupt. */
static void only_eventfds(void **state)
{
	struct client *c = *state;
	unsigned int before = open_fds();
	int pipes[2], fd;

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, INTX, 0, 1, &pipes[1], 1), EINVAL);
	fd = open("/dev/null", O_RDWR);
	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, INTX, 0, 1, &fd, 1), EINVAL);
	close(fd);
	close(pipes[0]);
	close(pipes[1]);
	/* A blocking one with its counter full does not stop us. */
	fd = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, INTX, 0, 1, &fd, 1), 0);
	assert_int_equal(write(fd, &(uint64_t){ UINT64_MAX - 1 }, 8), 8);
	raise_a(c);
	client_read(c, BAR0, ID, 4);
	client_set_irqs(c, FIRE, INTX, 0, 0, NULL, 0);
	close(fd);
	assert_int_equal(open_fds(), before);
}

int main(void)
{
#define WITH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH(intx_masks_itself_and_comes_back),
		WITH(intx_is_unmasked_by_eventfd),
		WITH(intx_that_was_up_before),
		WITH(intx_masked_by_message_and_by_command),
		WITH(intx_after_function_reset),
		WITH(msi_by_vector),
		WITH(bool_data_chooses),
		WITH(request_interrupt),
		WITH(wrong_requests),
		WITH(only_eventfds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MSI-X over eventfds, as a client sees it that keeps the table to itself: a
 * vector with an eventfd is open, one without is masked. PCI 3.0, 6.8.2.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client.h"
#include "panel.h"

enum {
	EVENT_TRIGGER = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
	EVENT_MASK = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_MASK,
	EVENT_UNMASK = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_UNMASK,
	UNMASK = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK,
	FIRE = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
	FIRE_SOME = VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER,
	MSI = VFIO_PCI_MSI_IRQ_INDEX,
	MSIX = VFIO_PCI_MSIX_IRQ_INDEX,
	CONTROL = PANEL_MSIX_AT + 2,
	ENABLE = 0x8000,
	FUNCTION_MASK = 0x4000,
};

static int setup(void **state)
{
	struct client *c = client_new(getenv("PANEL"), true);

	client_write(c, CONFIG, 4, 2, 6);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	client_free(*state);
	return 0;
}

static void control(struct client *c, uint16_t bits)
{
	client_write(c, CONFIG, CONTROL, 2, bits);
}

static int set(struct client *c, uint32_t vector, int fd)
{
	return client_set_irqs(c, EVENT_TRIGGER, MSIX, vector, 1, &fd, fd >= 0);
}

static void source(struct client *c, uint32_t what)
{
	client_write(c, 0, PANEL_RAISE, 4, what);
}

static bool pending(struct client *c, uint32_t vector)
{
	return client_read(c, PANEL_TABLE_BAR, PANEL_PBA + vector / 64 * 8, 8) >> vector % 64 & 1;
}

static void what_there_is(void **state)
{
	struct client *c = *state;
	struct vu_irq_info info = { .argsz = sizeof(info), .index = MSIX };

	assert_int_equal(client_call(c, VU_GET_IRQ_INFO, &info, sizeof(info), NULL, 0), 0);
	memcpy(&info, c->payload, sizeof(info));
	assert_int_equal(info.count, 2048);
	/* Not NORESIZE: vectors come and go one by one. */
	assert_int_equal(info.flags, VFIO_IRQ_INFO_EVENTFD);
	assert_int_equal(client_read(c, CONFIG, PANEL_MSI_AT + 1, 1), PANEL_MSIX_AT);
	assert_int_equal(client_read(c, CONFIG, PANEL_MSIX_AT, 4), 0x07ff0011);
	assert_int_equal(client_read(c, CONFIG, PANEL_MSIX_AT + 4, 4), 0x00000004);
	assert_int_equal(client_read(c, CONFIG, PANEL_MSIX_AT + 8, 4), 0x00008004);
	control(c, 0xffff);
	client_write(c, CONFIG, PANEL_MSIX_AT + 4, 4, 0);
	client_write(c, CONFIG, PANEL_MSIX_AT + 8, 4, 0);
	assert_int_equal(client_read(c, CONFIG, PANEL_MSIX_AT, 4), 0xc7ff0011);
	assert_int_equal(client_read(c, CONFIG, PANEL_MSIX_AT + 4, 4), 0x00000004);
	assert_int_equal(client_read(c, CONFIG, PANEL_MSIX_AT + 8, 4), 0x00008004);
}

static void each_vector_its_own(void **state)
{
	struct client *c = *state;
	int fds[PANEL_SOURCES];
	unsigned int i, other;

	control(c, ENABLE);
	for (i = 0; i < PANEL_SOURCES; i++) {
		fds[i] = event_new();
		assert_int_equal(set(c, panel_vectors[i], fds[i]), 0);
	}
	for (i = 0; i < PANEL_SOURCES; i++) {
		source(c, i);
		for (other = 0; other < PANEL_SOURCES; other++)
			assert_int_equal(event_count(fds[other], 0), other == i);
		assert_false(pending(c, panel_vectors[i]));
	}
	/* Raised again, a new event. */
	source(c, 3);
	source(c, 3);
	assert_int_equal(event_count(fds[3], 0), 2);
	/* Off: nothing goes out. */
	control(c, 0);
	source(c, 3);
	assert_int_equal(event_count(fds[3], 0), 0);
	for (i = 0; i < PANEL_SOURCES; i++)
		close(fds[i]);
}

/* 6.8.3.5: what is masked is pending, can be seen, and comes when it is opened. */
static void without_eventfd_it_is_pending(void **state)
{
	struct client *c = *state;
	int fd = event_new();

	control(c, ENABLE);
	source(c, 3);
	assert_true(pending(c, 2047));
	assert_false(pending(c, 0));
	assert_false(pending(c, 2046));
	assert_int_equal(set(c, 2047, fd), 0);
	assert_int_equal(event_count(fd, 0), 1);
	assert_false(pending(c, 2047));
	/* Taken back: pending once more; another eventfd gets it. */
	assert_int_equal(set(c, 2047, -1), 0);
	source(c, 3);
	source(c, 3);
	assert_int_equal(event_count(fd, 0), 0);
	assert_true(pending(c, 2047));
	assert_int_equal(set(c, 2047, fd), 0);
	assert_int_equal(event_count(fd, 0), 1);
	close(fd);
}

/* 6.8.2.9: what has been dealt with by other means is not pending any more. */
static void pending_and_forgotten(void **state)
{
	struct client *c = *state;
	int fd = event_new();

	control(c, ENABLE);
	source(c, 2);
	assert_true(pending(c, 5));
	client_write(c, 0, PANEL_LOWER, 4, 2);
	assert_false(pending(c, 5));
	assert_int_equal(set(c, 5, fd), 0);
	assert_int_equal(event_count(fd, 0), 0);
	close(fd);
}

static void function_mask(void **state)
{
	struct client *c = *state;
	int fd = event_new();

	assert_int_equal(set(c, 1, fd), 0);
	control(c, ENABLE | FUNCTION_MASK);
	source(c, 1);
	assert_int_equal(event_count(fd, 0), 0);
	assert_true(pending(c, 1));
	control(c, ENABLE);
	assert_int_equal(event_count(fd, 0), 1);
	assert_false(pending(c, 1));
	close(fd);
}

/* All there are, in pieces as large as a message can be, on one eventfd. */
static void all_vectors_in_chunks(void **state)
{
	struct client *c = *state;
	unsigned int before = open_fds();
	int fd = event_new();
	int fds[VU_MAX_FDS];
	uint32_t at;
	size_t i;

	for (i = 0; i < VU_MAX_FDS; i++)
		fds[i] = fd;
	for (at = 0; at < PANEL_VECTORS; at += VU_MAX_FDS)
		assert_int_equal(
			client_set_irqs(c, EVENT_TRIGGER, MSIX, at, VU_MAX_FDS, fds, VU_MAX_FDS),
			0);
	assert_int_equal(open_fds(), before + 1 + PANEL_VECTORS);
	control(c, ENABLE);
	for (i = 0; i < PANEL_SOURCES; i++)
		source(c, (uint32_t)i);
	assert_int_equal(event_count(fd, 0), PANEL_SOURCES);
	/* A range in the middle goes, in one message. */
	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, MSIX, 1, 1000, NULL, 0), 0);
	assert_int_equal(open_fds(), before + 1 + PANEL_VECTORS - 1000);
	for (i = 0; i < PANEL_SOURCES; i++)
		source(c, (uint32_t)i);
	assert_int_equal(event_count(fd, 0), 2);
	assert_true(pending(c, 1) && pending(c, 5));
	/* Then all. */
	assert_int_equal(client_set_irqs(c, FIRE, MSIX, 0, 0, NULL, 0), 0);
	assert_int_equal(open_fds(), before + 1);
	source(c, 0);
	assert_int_equal(event_count(fd, 0), 0);
	assert_true(pending(c, 0));
	close(fd);
}

static void fired_as_a_test(void **state)
{
	struct client *c = *state;
	struct {
		struct vu_irq_set set;
		uint8_t data[3];
	} m = { { 23, FIRE_SOME, MSIX, 1, 3 }, { 1, 0, 1 } };
	int fds[3];
	int i;

	for (i = 0; i < 3; i++)
		fds[i] = event_new();
	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, MSIX, 1, 3, fds, 3), 0);
	assert_int_equal(client_call(c, VU_SET_IRQS, &m, 23, NULL, 0), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(event_count(fds[i], 0), m.data[i]);
	/* Some of them have nobody to tell. */
	assert_int_equal(client_set_irqs(c, FIRE, MSIX, 2, 2046, NULL, 0), 0);
	assert_int_equal(event_count(fds[0], 0), 0);
	assert_int_equal(event_count(fds[1], 0), 1);
	assert_int_equal(event_count(fds[2], 0), 1);
	for (i = 0; i < 3; i++)
		close(fds[i]);
}

/* Both kinds have eventfds: which is told depends on which one is on. */
static void msi_or_msix(void **state)
{
	struct client *c = *state;
	int msi = event_new();
	int msix = event_new();

	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, MSI, 0, 1, &msi, 1), 0);
	assert_int_equal(set(c, 0, msix), 0);
	client_write(c, CONFIG, PANEL_MSI_AT + 2, 2, 1);
	source(c, 0);
	assert_int_equal(event_count(msi, 0), 1);
	assert_int_equal(event_count(msix, 0), 0);
	client_write(c, CONFIG, PANEL_MSI_AT + 2, 2, 0);
	/* A byte of its own is enough to switch it on. */
	client_write(c, CONFIG, CONTROL + 1, 1, ENABLE >> 8);
	event_count(msix, 0);
	source(c, 0);
	assert_int_equal(event_count(msi, 0), 0);
	assert_int_equal(event_count(msix, 0), 1);
	close(msi);
	close(msix);
}

/* What a client has set stays set over resets of either kind, as in the kernel. */
static void resets(void **state)
{
	struct client *c = *state;
	int msi = event_new();
	int fd = event_new();

	assert_int_equal(set(c, 0, fd), 0);
	control(c, ENABLE);
	assert_int_equal(client_call(c, VU_RESET, NULL, 0, NULL, 0), 0);
	assert_int_equal(client_read(c, CONFIG, CONTROL, 2), 0x07ff);
	client_write(c, CONFIG, 4, 2, 6);
	source(c, 0);
	assert_int_equal(event_count(fd, 0), 0);
	control(c, ENABLE);
	event_count(fd, 0);
	source(c, 0);
	assert_int_equal(event_count(fd, 0), 1);
	/* D3hot and back. */
	client_write(c, CONFIG, PANEL_PM_AT + 4, 2, 3);
	client_write(c, CONFIG, PANEL_PM_AT + 4, 2, 0);
	assert_int_equal(client_read(c, CONFIG, CONTROL, 2), 0x07ff);
	client_write(c, CONFIG, 4, 2, 6);
	control(c, ENABLE);
	event_count(fd, 0);
	source(c, 0);
	assert_int_equal(event_count(fd, 0), 1);
	/* What had none is masked. */
	source(c, 1);
	assert_true(pending(c, 1));
	/* Such a reset switches MSI-X off: then it is MSI's turn. */
	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, MSI, 0, 1, &msi, 1), 0);
	client_write(c, CONFIG, PANEL_PM_AT + 4, 2, 3);
	client_write(c, CONFIG, PANEL_PM_AT + 4, 2, 0);
	client_write(c, CONFIG, 4, 2, 6);
	client_write(c, CONFIG, PANEL_MSI_AT + 2, 2, 1);
	source(c, 0);
	assert_int_equal(event_count(msi, 0), 1);
	assert_int_equal(event_count(fd, 0), 0);
	close(msi);
	close(fd);
}

/* A client that does not keep the table to itself finds one: 6.8.2.6 to 6.8.2.10. */
static void table_and_pending_bits(void **state)
{
	const uint32_t bar = PANEL_TABLE_BAR;
	struct client *c = *state;
	int fd = event_new();

	assert_int_equal(client_read(c, bar, 12, 4), 1);
	assert_int_equal(client_read(c, bar, 2047 * 16 + 12, 4), 1);
	client_write(c, bar, 5 * 16, 8, 0x1122334455667788);
	client_write(c, bar, 5 * 16 + 8, 4, 0xabcd);
	assert_true(client_read(c, bar, 5 * 16, 8) == 0x1122334455667788);
	assert_int_equal(client_read(c, bar, 5 * 16 + 8, 4), 0xabcd);
	assert_int_equal(client_read(c, bar, 4 * 16, 4), 0);
	/* Its mask counts too. */
	assert_int_equal(set(c, 5, fd), 0);
	control(c, ENABLE);
	client_write(c, bar, 5 * 16 + 12, 4, 1);
	source(c, 2);
	assert_int_equal(event_count(fd, 0), 0);
	assert_true(pending(c, 5));
	client_write(c, bar, PANEL_PBA, 8, 0);
	assert_true(pending(c, 5));
	client_write(c, bar, 5 * 16 + 12, 4, 0);
	assert_int_equal(event_count(fd, 0), 1);
	assert_false(pending(c, 5));
	/* What lies beside is not theirs. */
	client_write(c, bar, PANEL_BELL, 4, 0x77);
	assert_int_equal(client_read(c, bar, PANEL_BELL, 4), 0x77);
	close(fd);
}

static void wrong_requests(void **state)
{
	static const struct {
		uint32_t flags, start, count;
		unsigned int fds;
		int error;
	} bad[] = {
		{ EVENT_TRIGGER, 2048, 1, 1, EINVAL },
		{ EVENT_TRIGGER, 2047, 2, 2, EINVAL },
		{ EVENT_TRIGGER, 0, 2049, 0, EINVAL },
		{ EVENT_TRIGGER, 1, 2048, 0, EINVAL },
		{ EVENT_TRIGGER, UINT32_MAX, 1, 1, EINVAL },
		{ EVENT_TRIGGER, UINT32_MAX, 2, 2, EINVAL },
		{ EVENT_TRIGGER, 2, UINT32_MAX, 0, EINVAL },
		{ EVENT_TRIGGER, 1, UINT32_MAX, 1, EINVAL },
		/* As many descriptors as it says, or none. */
		{ EVENT_TRIGGER, 0, 2, 1, EINVAL },
		{ EVENT_TRIGGER, 0, 1, 2, EINVAL },
		{ EVENT_TRIGGER, 0, 0, 1, EINVAL },
		{ FIRE, 0, 1, 1, EINVAL },
		{ FIRE, 2048, 1, 0, EINVAL },
		{ FIRE, 0, 2049, 0, EINVAL },
		{ FIRE, 5, 0, 0, EINVAL },
		{ FIRE_SOME, 0, 1, 0, EINVAL },
		{ UNMASK, 0, 1, 0, ENOTSUP },
		{ EVENT_UNMASK, 0, 1, 1, ENOTSUP },
		{ EVENT_MASK, 0, 1, 1, ENOTSUP },
	};
	struct client *c = *state;
	unsigned int before = open_fds();
	int fds[2] = { event_new(), event_new() };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (client_set_irqs(c, bad[i].flags, MSIX, bad[i].start, bad[i].count, fds,
				    bad[i].fds) != bad[i].error)
			fail_msg("case %zu", i);
	/* One bad one among good ones: none is taken. */
	close(fds[1]);
	fds[1] = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_int_equal(client_set_irqs(c, EVENT_TRIGGER, MSIX, 0, 2, fds, 2), EINVAL);
	control(c, ENABLE);
	source(c, 0);
	assert_int_equal(event_count(fds[0], 0), 0);
	assert_true(pending(c, 0));
	close(fds[0]);
	close(fds[1]);
	client_read(c, 0, PANEL_ID_REG, 4);
	assert_int_equal(open_fds(), before);
}

static void too_many_at_once(void **state)
{
	struct client *c = client_new(getenv("PANEL"), true);
	int fds[VU_MAX_FDS + 1];
	int fd = event_new();
	size_t i;

	for (i = 0; i < VU_MAX_FDS + 1; i++)
		fds[i] = fd;
	client_set_irqs(c, EVENT_TRIGGER, MSIX, 0, VU_MAX_FDS + 1, fds, VU_MAX_FDS + 1);
	assert_int_equal(client_wait(c), -EPROTO);
	client_free(c);
	close(fd);
}

/* A device without it has none. */
static void none_there(void **state)
{
	struct client *c = client_new(getenv("CRASHER"), true);
	struct vu_irq_info info = { .argsz = sizeof(info), .index = MSIX };
	int fd = event_new();

	assert_int_equal(client_call(c, VU_GET_IRQ_INFO, &info, sizeof(info), NULL, 0), 0);
	memcpy(&info, c->payload, sizeof(info));
	assert_int_equal(info.count, 0);
	assert_int_equal(set(c, 0, fd), EINVAL);
	assert_int_equal(client_set_irqs(c, FIRE, MSIX, 0, 0, NULL, 0), 0);
	close(fd);
	client_free(c);
}

int main(void)
{
#define WITH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH(what_there_is),
		WITH(each_vector_its_own),
		WITH(without_eventfd_it_is_pending),
		WITH(pending_and_forgotten),
		WITH(function_mask),
		WITH(all_vectors_in_chunks),
		WITH(fired_as_a_test),
		WITH(msi_or_msix),
		WITH(resets),
		WITH(table_and_pending_bits),
		WITH(wrong_requests),
		cmocka_unit_test(too_many_at_once),
		cmocka_unit_test(none_there),
	};

	struct rlimit files;

	/* What is usual, and too little for all vectors: the server raises it. */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = files.rlim_max < 1024 ? files.rlim_max : 1024;
	setrlimit(RLIMIT_NOFILE, &files);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

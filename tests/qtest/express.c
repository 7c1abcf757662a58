/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI Express and what conventional PCI has instead of it, with QEMU's PCI core
 * of record: configuration space of 4096 bytes, function level resets with work
 * in flight, and both views after anything a driver may write. Offsets and values
 * are those of PCI Express Base 5.0; what a card's bytes are, tests/device/express.c.
 */
#include "test.h"

#include "xcard_spec.h"

#define PM 0x40
#define MSI 0x50
#define EXPRESS 0x80
#define DEVICE_CONTROL (EXPRESS + 0x08)
#define AF 0x80
#define AER 0x100
#define ROOT_PORT "-device pcie-root-port,id=rp,addr=6 "
#define BEHIND "-M q35 -m 128 " ROOT_PORT "-device xcard,id=x,bus=rp"
#define CLASSIC "-M q35 -m 128 -device xcard-classic,id=x"
#define PATH "/machine/peripheral/x"
#define EXPRESS_DEVICE 0x0e9d
#define CLASSIC_DEVICE 0x0e9c

/* The bridge's configuration space, too: after a reset it wants to be set up again. */
static struct qt_pci bridge_of(struct qt *qt)
{
	struct qt_pci bridge = { .qt = qt, .slot = 6 };

	qt_pci_setup_bridge(&bridge, 1);
	return bridge;
}

static struct qt_pci start_behind(void)
{
	struct qt *qt = qt_start(BEHIND);
	struct qt_pci card;

	bridge_of(qt);
	card = qt_pci_find(qt, 1, 0x1234, EXPRESS_DEVICE, 0);
	qt_pci_setup(&card);
	return card;
}

static struct qt_pci start_classic(void)
{
	struct qt *qt = qt_start(CLASSIC);
	struct qt_pci card = qt_pci_find(qt, 0, 0x1234, CLASSIC_DEVICE, 0);

	qt_pci_setup(&card);
	return card;
}

static uint32_t word(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static unsigned int resets(struct qt_pci *card, unsigned int kind)
{
	return get(card, XCARD_CORE_RESETS) >> (8 * kind) & 0xff;
}

/* ---- what is there ---- */

struct golden {
	uint32_t at, value;
};

/* All that is not zero of 4096 bytes; {0x1000, } is the end. */
static void check_golden(struct qt_pci *card, const struct golden *golden)
{
	static uint8_t bytes[4096];
	uint32_t at;

	qt_config_fetch(card, bytes, sizeof(bytes));
	for (at = 0; at < sizeof(bytes); at += 4) {
		uint32_t wanted = golden->at == at ? golden++->value : 0;

		if (word(bytes + at) != wanted)
			fail_msg("at 0x%03x: %08x, not %08x", at, word(bytes + at), wanted);
	}
}

#define IDENTITY                                                                                   \
	{ 0x00, 0x0e9d1234 }, { 0x04, 0x00100000 }, { 0x08, 0xff000000 }, { 0x18, 0x0000000c },    \
		{ 0x20, 0x00000004 }, { 0x34, 0x00000040 }, { 0x3c, 0x00000100 },                  \
		{ 0x40, 0x02035001 }, { 0x50, 0x018a7005 }, { 0x70, 0x07ff8011 },                  \
		{ 0x74, 0x00000004 },                                                              \
	{                                                                                          \
		0x78, 0x00008004                                                                   \
	}
#define EXTENDED                                                                                   \
	{ 0xc0, 0xab040009 }, { 0x100, 0x14820001 }, { 0x108, 0x00400000 }, { 0x10c, 0x00462030 }, \
		{ 0x114, 0x0000e000 }, { 0x148, 0x16010003 }, { 0x14c, 0x89abcdef },               \
		{ 0x150, 0x01234567 }, { 0x160, 0xff81000b }, { 0x164, 0x01021234 },               \
		{ 0x168, 0x44332211 }, { 0x16c, 0x00000055 }, { 0xff8, 0x00010018 },               \
	{                                                                                          \
		0x1000, 0                                                                          \
	}

static void behind_a_port(void **state)
{
	static const struct golden golden[] = {
		IDENTITY,
		{ 0x80, 0x0002c010 },
		{ 0x84, 0x10008021 },
		{ 0x88, 0x00002810 },
		{ 0x8c, 0x00400043 },
		{ 0x90, 0x10430000 },
		{ 0xa4, 0x00000010 },
		{ 0xac, 0x0000000e },
		{ 0xb0, 0x00000003 },
		EXTENDED,
	};
	struct qt *qt = qt_start(BEHIND);
	struct qt_pci card;

	(void)state;
	bridge_of(qt);
	card = qt_pci_find(qt, 1, 0x1234, EXPRESS_DEVICE, 0);
	check_golden(&card, golden);
	qt_stop(qt);
}

/* 7.5.3.2: on the root complex's own bus there are integrated endpoints, without a link. */
static void integrated(void **state)
{
	static const struct golden golden[] = {
		IDENTITY,
		{ 0x80, 0x0092c010 },
		{ 0x84, 0x10008021 },
		{ 0x88, 0x00002810 },
		{ 0xa4, 0x00000010 },
		EXTENDED,
	};
	struct qt *qt = qt_start("-M q35 -m 128 -device xcard,id=x");
	struct qt_pci card = qt_pci_find(qt, 0, 0x1234, EXPRESS_DEVICE, 0);

	(void)state;
	check_golden(&card, golden);
	qt_config_write(&card, EXPRESS + 0x10, 4, 0xffffffff);
	qt_config_write(&card, EXPRESS + 0x30, 4, 0xffffffff);
	check_golden(&card, golden);
	qt_stop(qt);
}

/* A conventional bus shows 256 bytes; the capability stays, and so does its reset. */
static void on_a_conventional_bus(void **state)
{
	struct qt *qt = qt_start("-M pc -m 128 -device xcard,id=x");
	struct qt_pci card = qt_pci_find(qt, 0, 0x1234, EXPRESS_DEVICE, 0);

	(void)state;
	qt_pci_setup(&card);
	assert_int_equal(qt_config_read(&card, EXPRESS, 4), 0x0002c010);
	put(&card, XCARD_CORE_SCRATCH, 7);
	qt_config_write(&card, DEVICE_CONTROL, 2, 0x8000);
	qt_pci_setup(&card);
	assert_int_equal(get(&card, XCARD_CORE_SCRATCH), 0);
	assert_int_equal(resets(&card, 2), 1);
	qt_stop(qt);
}

/* The other card keeps the 256 bytes of a conventional one. */
static void conventional_stays_conventional(void **state)
{
	struct qt *qt = qt_start("-M q35 -m 128 -device xcard-classic,id=x");
	struct qt_pci card = qt_pci_find(qt, 0, 0x1234, CLASSIC_DEVICE, 0);

	(void)state;
	assert_int_equal(qt_pci_cap(&card, 0x10), 0);
	assert_int_equal(qt_pci_cap(&card, 0x13), AF);
	assert_int_equal(qt_config_read(&card, AF, 4), 0x03060013);
	assert_int_equal(qt_config_read(&card, 0x100, 4), 0xffffffff);
	qt_stop(qt);
}

/* ---- a function level reset with work in flight ---- */

/* A timer, a job that does DMA for ever, INTx, and config space as a driver leaves it. */
static void make_busy(struct qt_pci *card)
{
	put(card, XCARD_CORE_SCRATCH, 1);
	put(card, XCARD_CORE_KEPT, 2);
	put(card, XCARD_CORE_IER, 7);
	put(card, XCARD_CORE_RAISE, 2);
	put(card, XCARD_CORE_DELAY, 1000);
	put(card, XCARD_CORE_START, 1);
	put(card, XCARD_CORE_PIECES, UINT32_MAX);
	qt_put(card, 0, XCARD_CORE_ADDRESS, 4, RAM_DATA);
	put(card, XCARD_CORE_VALUE, 1);
	put_ram32(card->qt, RAM_DATA, 0);
	put(card, XCARD_CORE_PUMP, 1);
	/* It does go on: the word changes, and changes again. */
	while (ram32(card->qt, RAM_DATA) < 2)
		assert_int_equal(get(card, XCARD_CORE_PUMPING), 1);
	assert_true(qt_irq(card->qt));
}

static void check_reset(struct qt_pci *card)
{
	uint8_t ours[256];
	uint32_t at;

	assert_false(qt_irq(card->qt));
	assert_int_equal(qt_config_read(card, 0x00, 2), 0x1234);
	assert_int_equal(qt_config_read(card, 0x04, 2), 0);
	assert_int_equal(qt_config_read(card, 0x10, 4), 0);
	qt_pci_mirror(card->qt, PATH, ours, sizeof(ours));
	for (at = 0; at < sizeof(ours); at++)
		assert_int_equal(qt_config_read(card, at, 1), ours[at]);
	/* No DMA comes any more, though a piece was in hand, and bus mastering is on again. */
	qt_pci_setup(card);
	put_ram32(card->qt, RAM_DATA, 0);
	assert_int_equal(get(card, XCARD_CORE_PUMPING), 0);
	assert_int_equal(get(card, XCARD_CORE_SCRATCH), 0);
	assert_int_equal(get(card, XCARD_CORE_KEPT), 2);
	assert_int_equal(get(card, XCARD_CORE_ISR), 0);
	qt_clock_step(card->qt, 10000);
	assert_int_equal(get(card, XCARD_CORE_TICKS), 0);
	assert_int_equal(get(card, XCARD_CORE_PUMPED), 0);
	assert_int_equal(ram32(card->qt, RAM_DATA), 0);
	assert_int_equal(resets(card, 0), 1);
	assert_int_equal(resets(card, 1), 0);
	assert_int_equal(resets(card, 2), 1);
}

/* PCIe 6.6.2: the bit reads 0; the payload's size and sticky bits are kept. */
static void express_flr(void **state)
{
	struct qt_pci card = start_behind();

	(void)state;
	qt_watch_irqs(card.qt);
	make_busy(&card);
	qt_config_write(&card, DEVICE_CONTROL, 2, 0x582f);
	qt_config_write(&card, EXPRESS + 0x10, 2, 0x00cb);
	qt_config_write(&card, AER + 0x0c, 4, 0x00001000);
	qt_config_write(&card, 0x168, 1, 0x77);
	qt_config_write(&card, DEVICE_CONTROL, 2, 0xd82f);
	assert_int_equal(qt_config_read(&card, DEVICE_CONTROL, 2), 0x2830);
	assert_int_equal(qt_config_read(&card, EXPRESS + 0x10, 2), 0x00cb);
	assert_int_equal(qt_config_read(&card, AER + 0x0c, 4), 0x00001000);
	assert_int_equal(qt_config_read(&card, 0x168, 1), 0x11);
	check_reset(&card);
	qt_stop(card.qt);
}

static void af_flr(void **state)
{
	struct qt_pci card = start_classic();

	(void)state;
	qt_watch_irqs(card.qt);
	make_busy(&card);
	qt_config_write(&card, MSI + 4, 4, 0xfee00000);
	qt_config_write(&card, AF + 4, 1, 1);
	assert_int_equal(qt_config_read(&card, AF + 4, 1), 0);
	assert_int_equal(qt_config_read(&card, MSI + 4, 4), 0);
	check_reset(&card);
	qt_stop(card.qt);
}

static void power_up(void **state)
{
	struct qt_pci card = start_behind();

	(void)state;
	qt_watch_irqs(card.qt);
	make_busy(&card);
	qt_config_write(&card, PM + 4, 2, 3);
	assert_int_not_equal(get(&card, XCARD_CORE_SCRATCH), 1);
	qt_config_write(&card, PM + 4, 2, 0);
	check_reset(&card);
	qt_stop(card.qt);
}

/* 7.4: over a hot reset through the bridge, and not over the machine's. */
static void sticky(void **state)
{
	struct qt_pci card = start_behind();
	struct qt_pci bridge = { .qt = card.qt, .slot = 6 };

	(void)state;
	qt_config_write(&card, AER + 0x08, 4, 0x1000);
	qt_config_write(&card, DEVICE_CONTROL, 2, 0x20);
	qt_config_write(&bridge, 0x3e, 2, 0x40);
	qt_config_write(&bridge, 0x3e, 2, 0);
	assert_int_equal(qt_config_read(&card, AER + 0x08, 4), 0x1000);
	assert_int_equal(qt_config_read(&card, DEVICE_CONTROL, 2), 0x2810);
	qt_reset(card.qt);
	bridge_of(card.qt);
	assert_int_equal(qt_config_read(&card, AER + 0x08, 4), 0x00400000);
	qt_stop(card.qt);
}

/* ---- both views ---- */

static uint32_t chance(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void compare(struct qt_pci *card, const char *path, size_t size, unsigned int i)
{
	static uint8_t theirs[4096], ours[4096];
	size_t at;

	qt_config_fetch(card, theirs, size);
	qt_pci_mirror(card->qt, path, ours, size);
	for (at = 0; at < size; at += 4)
		if (memcmp(theirs + at, ours + at, 4))
			fail_msg("%s, write %u, at 0x%03zx: QEMU %08x, we %08x", path, i, at,
				 word(theirs + at), word(ours + at));
}

/* Where bits have effects: header, PM, MSI, MSI-X, Device and Link Control, AF, AER. */
static uint32_t somewhere(uint32_t *seed, uint32_t size)
{
	static const uint32_t places[] = { 0x04,  0x44,	 0x52,	0x72,  0x88,  0x8a,
					   0x90,  0x84,	 0xa8,	0xb0,  0x104, 0x108,
					   0x10c, 0x110, 0x114, 0x118, 0x168, 0xffc };
	uint32_t place = chance(seed);

	if (place & 1)
		return chance(seed) % (place & 2 ? 256 : size);
	return (places[chance(seed) % (sizeof(places) / sizeof(places[0]))] + chance(seed) % 4) %
	       size;
}

static void both_views_agree(void **state)
{
	struct qt *qt = qt_start("-M q35 -m 128 " ROOT_PORT "-device xcard,id=x,bus=rp "
				 "-device xcard,id=y -device xcard-classic,id=z");
	static const char *const paths[3] = { PATH, "/machine/peripheral/y",
					      "/machine/peripheral/z" };
	static const uint32_t sizes[3] = { 4096, 4096, 256 };
	struct qt_pci cards[3];
	uint32_t seed = 1;
	unsigned int i, d;

	(void)state;
	bridge_of(qt);
	cards[0] = qt_pci_find(qt, 1, 0x1234, EXPRESS_DEVICE, 0);
	cards[1] = qt_pci_find(qt, 0, 0x1234, EXPRESS_DEVICE, 0);
	cards[2] = qt_pci_find(qt, 0, 0x1234, CLASSIC_DEVICE, 0);
	for (i = 0; i < 1000; i++) {
		for (d = 0; d < 3; d++) {
			unsigned int width = 1u << chance(&seed) % 3;
			uint32_t at = somewhere(&seed, sizes[d]) & ~(width - 1);

			qt_config_write(&cards[d], at, width, chance(&seed) << 8 ^ chance(&seed));
			if (i % 8 == 7)
				compare(&cards[d], paths[d], sizes[d], i);
		}
	}
	/* That they were reset on the way shows that the bits above were hit. */
	for (d = 0; d < 3; d++) {
		qt_config_write(&cards[d], PM + 4, 2, 0);
		qt_pci_setup(&cards[d]);
		assert_true(resets(&cards[d], 2) > 0);
	}
	qt_reset(qt);
	bridge_of(qt);
	for (d = 0; d < 3; d++)
		compare(&cards[d], paths[d], sizes[d], i);
	qt_stop(qt);
}

/* ---- the rest of it ---- */

/* QEMU reports an error of ours: the bit is there, survives a FLR, and goes when a one is written. */
static void injected_error(void **state)
{
	struct qt_pci card = start_behind();
	uint8_t ours[0x148];

	(void)state;
	qt_qmp(card.qt, "{'execute':'human-monitor-command','arguments':{'command-line':"
			"'pcie_aer_inject_error x POISON_TLP 0x4a000001 2 3 4'}}");
	assert_int_equal(qt_config_read(&card, AER + 0x04, 4), 0x1000);
	assert_int_equal(qt_config_read(&card, AER + 0x18, 4) & 0x1f, 12);
	assert_int_equal(qt_config_read(&card, AER + 0x1c, 4), 0x0100004a);
	/* 7.5.3.5: a non-fatal error was seen. What is behind that register is as it was. */
	assert_int_equal(qt_config_read(&card, EXPRESS + 0x0a, 2), 2);
	assert_int_equal(qt_config_read(&card, EXPRESS + 0x0c, 4), 0x00400043);
	qt_config_write(&card, DEVICE_CONTROL, 2, 0x8000);
	assert_int_equal(qt_config_read(&card, AER + 0x04, 4), 0x1000);
	assert_int_equal(qt_config_read(&card, AER + 0x1c, 4), 0x0100004a);
	assert_int_equal(qt_config_read(&card, EXPRESS + 0x0a, 2), 0);
	qt_config_write(&card, AER + 0x04, 4, 0x1000);
	assert_int_equal(qt_config_read(&card, AER + 0x04, 4), 0);
	qt_pci_mirror(card.qt, PATH, ours, sizeof(ours));
	assert_int_equal(word(ours + AER + 0x04), 0);
	assert_int_equal(word(ours + AER + 0x18), 0);
	qt_stop(card.qt);
}

/* One function, three kinds of interrupt, one at a time: 32 MSIs, an entry of the table, the pin. */
static void three_kinds_of_interrupt(void **state)
{
	struct qt_pci card = start_behind();

	(void)state;
	qt_watch_irqs(card.qt);
	put(&card, XCARD_CORE_IER, 7);
	qt_pci_msi(&card, 32, RAM_MSI, 0x40);
	put(&card, XCARD_CORE_RAISE, 2);
	assert_int_equal(ram32(card.qt, RAM_MSI), 0x40 + 31);
	put(&card, XCARD_CORE_ISR, 7);
	qt_pci_msi(&card, 0, 0, 0);
	qt_put(&card, XCARD_BAR_TABLE, 31 * 16, 8, RAM_MSI);
	qt_put(&card, XCARD_BAR_TABLE, 31 * 16 + 8, 8, 0x77);
	qt_config_write(&card, 0x72, 2, 0x8000);
	put(&card, XCARD_CORE_RAISE, 2);
	assert_int_equal(ram32(card.qt, RAM_MSI), 0x77);
	put(&card, XCARD_CORE_ISR, 7);
	assert_false(qt_irq(card.qt));
	qt_config_write(&card, 0x72, 2, 0);
	put(&card, XCARD_CORE_RAISE, 2);
	assert_true(qt_irq(card.qt));
	qt_stop(card.qt);
}

/* A 64-bit prefetchable BAR with a window, above 4 GiB through the bridge's own. */
static void prefetchable_window(void **state)
{
	struct qt_pci card = start_behind();

	(void)state;
	assert_true(card.bar[2] > UINT32_MAX);
	qt_put(&card, 2, 0xfff8, 8, UINT64_C(0x1122334455667788));
	assert_true(qt_get(&card, 2, 0xfff8, 8) == UINT64_C(0x1122334455667788));
	assert_int_equal(qt_get(&card, 2, 0xfffc, 2), 0x3344);
	qt_config_write(&card, DEVICE_CONTROL, 2, 0x8000);
	qt_pci_setup(&card);
	assert_true(qt_get(&card, 2, 0xfff8, 8) == UINT64_C(0x1122334455667788));
	qt_stop(card.qt);
}

/* Under its other name it is the same device. */
static void alias(void **state)
{
	struct qt *qt = qt_start("-M q35 -m 128 -device pci-xcard,id=x -device xcard,id=y");
	struct qt_pci first = qt_pci_find(qt, 0, 0x1234, EXPRESS_DEVICE, 0);
	struct qt_pci second = qt_pci_find(qt, 0, 0x1234, EXPRESS_DEVICE, 1);
	uint8_t ours[4096];

	(void)state;
	qt_pci_setup(&first);
	qt_pci_setup(&second);
	put(&first, XCARD_CORE_SCRATCH, 1);
	put(&second, XCARD_CORE_SCRATCH, 2);
	assert_int_equal(get(&first, XCARD_CORE_SCRATCH), 1);
	qt_pci_mirror(qt, PATH, ours, sizeof(ours));
	assert_int_equal(word(ours), 0x0e9d1234);
	qt_stop(qt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behind_a_port),
		cmocka_unit_test(integrated),
		cmocka_unit_test(on_a_conventional_bus),
		cmocka_unit_test(conventional_stays_conventional),
		cmocka_unit_test(express_flr),
		cmocka_unit_test(af_flr),
		cmocka_unit_test(power_up),
		cmocka_unit_test(sticky),
		cmocka_unit_test(both_views_agree),
		cmocka_unit_test(injected_error),
		cmocka_unit_test(three_kinds_of_interrupt),
		cmocka_unit_test(prefetchable_window),
		cmocka_unit_test(alias),
	};

	qt_need_qemu();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

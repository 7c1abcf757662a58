/* SPDX-License-Identifier: BSD-2-Clause */
/* MSI-X, as PCI 3.0, 6.8.2 and 6.8.3, say. */
#include "small_host.h"

/* Message control, 6.8.2.3. */
enum { CONTROL = CAP_MSIX_AT + 2, ENABLE = 0x8000, MASK_ALL = 0x4000 };

/* Dwords of a table entry, 6.8.2.6 to 6.8.2.9. */
enum { ADDRESS_LOW = 0, ADDRESS_HIGH = 4, DATA = 8, VECTOR_CONTROL = 12 };

static uint64_t entry(unsigned int vector, unsigned int dword)
{
	return TABLE + 16 * vector + dword;
}

static uint32_t mem(struct ez_bench *b, uint64_t at)
{
	return (uint32_t)ez_bench_read(b, 1, at, 4);
}

static void set(struct ez_bench *b, uint64_t at, uint32_t value)
{
	ez_bench_write(b, 1, at, 4, value);
}

/* 6.8.2.1 to 6.8.2.5: 70 vectors; offsets with the number of BAR1 in their low bits. */
static void capability(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(ez_bench_capability(b, 0x11), CAP_MSIX_AT);
	assert_int_equal(ez_bench_config_read(b, CAP_MSIX_AT, 4), 0x00450011);
	assert_int_equal(ez_bench_config_read(b, CAP_MSIX_AT + 4, 4), 0x00004001);
	assert_int_equal(ez_bench_config_read(b, CAP_MSIX_AT + 8, 4), 0x00004801);
	for (uint32_t at = CAP_MSIX_AT; at < CAP_MSIX_AT + 12; at += 4)
		ez_bench_config_write(b, at, 4, 0xffffffff);
	assert_int_equal(ez_bench_config_read(b, CAP_MSIX_AT, 4), 0xc0450011);
	assert_int_equal(ez_bench_config_read(b, CAP_MSIX_AT + 4, 4), 0x00004001);
	assert_int_equal(ez_bench_config_read(b, CAP_MSIX_AT + 8, 4), 0x00004801);
	ez_bench_reset(b, EZ_RESET_FUNCTION);
	assert_int_equal(ez_bench_config_read(b, CAP_MSIX_AT, 4), 0x00450011);
}

/* After reset everything is 0 but the mask bit. */
static void assert_table_reset(struct ez_bench *b)
{
	for (unsigned int i = 0; i < TABLE_VECTORS; i++) {
		assert_int_equal(mem(b, entry(i, ADDRESS_LOW)), 0);
		assert_int_equal(mem(b, entry(i, ADDRESS_HIGH)), 0);
		assert_int_equal(mem(b, entry(i, DATA)), 0);
		assert_int_equal(mem(b, entry(i, VECTOR_CONTROL)), 1);
	}
	for (unsigned int at = 0; at < 16; at += 4)
		assert_int_equal(mem(b, PBA + at), 0);
}

static void table_at_reset(void **state)
{
	struct ez_bench *b = *state;

	assert_table_reset(b);
	for (uint64_t at = TABLE; at < TABLE + 16 * TABLE_VECTORS; at += 4)
		set(b, at, 0);
	assert_int_equal(mem(b, entry(69, VECTOR_CONTROL)), 0);
	ez_bench_reset(b, EZ_RESET_FUNCTION);
	ez_bench_setup(b);
	assert_table_reset(b);
	/* PM 1.2, 5.4.1: D3hot to D0 is such a reset too. */
	set(b, entry(3, VECTOR_CONTROL), 0);
	set(b, entry(3, DATA), 0x31);
	ez_bench_config_write(b, CAP_PM_AT + 4, 2, 3);
	assert_int_equal(mem(b, entry(3, DATA)), 0xffffffff);
	ez_bench_config_write(b, CAP_PM_AT + 4, 2, 0);
	ez_bench_setup(b);
	assert_table_reset(b);
}

/* Dwords and qwords; what is reserved stays 0. */
static void table_is_written(void **state)
{
	struct ez_bench *b = *state;

	for (unsigned int at = 0; at < 16; at += 4)
		set(b, entry(5, at), 0xffffffff);
	assert_int_equal(mem(b, entry(5, ADDRESS_LOW)), 0xfffffffc);
	assert_int_equal(mem(b, entry(5, ADDRESS_HIGH)), 0xffffffff);
	assert_int_equal(mem(b, entry(5, DATA)), 0xffffffff);
	assert_int_equal(mem(b, entry(5, VECTOR_CONTROL)), 1);
	ez_bench_write(b, 1, entry(69, 0), 8, UINT64_C(0x12345678fee01004));
	ez_bench_write(b, 1, entry(69, 8), 8, UINT64_C(0x000000000000beef));
	assert_int_equal(ez_bench_read(b, 1, entry(69, 0), 8), UINT64_C(0x12345678fee01004));
	assert_int_equal(mem(b, entry(69, ADDRESS_HIGH)), 0x12345678);
	assert_int_equal(mem(b, entry(69, DATA)), 0xbeef);
	assert_int_equal(mem(b, entry(69, VECTOR_CONTROL)), 0);
	/* Its neighbours have not changed, and behind the last there is none. */
	assert_int_equal(mem(b, entry(4, DATA)), 0);
	assert_int_equal(mem(b, entry(6, VECTOR_CONTROL)), 1);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 0);
	assert_int_equal(mem(b, entry(70, 0)), 0xffffffff);
	assert_int_equal(mem(b, PBA + 16), 0xffffffff);
	assert_non_null(strstr(ez_bench_log_last(b, EZ_LOG_VIOLATION), "where no register is"));
}

/* 6.8.2: aligned dwords and qwords only; pending bits are read-only. Here: ones, and ignored. */
static void other_accesses(void **state)
{
	static const struct {
		unsigned int at, width;
	} bad[] = { { 0, 1 }, { 3, 1 }, { 0, 2 }, { 8, 2 }, { 2, 4 }, { 1, 8 }, { 4, 8 } };
	struct ez_bench *b = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		unsigned int w = bad[i].width;

		assert_int_equal(ez_bench_read(b, 1, entry(0, bad[i].at), w),
				 UINT64_MAX >> (64 - 8 * w));
		assert_int_equal(ez_bench_read(b, 1, PBA + bad[i].at, w),
				 UINT64_MAX >> (64 - 8 * w));
		ez_bench_write(b, 1, entry(0, bad[i].at), w, 0);
		ez_bench_write(b, 1, PBA + bad[i].at, w, 0x11);
	}
	assert_table_reset(b);
	/* Each kind of slip is said once. */
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 2);
	assert_string_equal(
		ez_bench_log_last(b, EZ_LOG_VIOLATION),
		"1-byte write to BAR1 0x4000, an MSI-X structure, which takes aligned 4 "
		"or 8 bytes; ignored");
}

static void pending_bits_are_read_only(void **state)
{
	struct ez_bench *b = *state;

	set(b, PBA, 0xffffffff);
	ez_bench_write(b, 1, PBA + 8, 8, UINT64_MAX);
	assert_table_reset(b);
	assert_string_equal(
		ez_bench_log_last(b, EZ_LOG_VIOLATION),
		"4-byte write to BAR1 0x4800, MSI-X pending bits, which are read-only; ignored");
}

static void each_source_its_vector(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(ez_bench_msix(b, TABLE_VECTORS + 1), -EINVAL);
	assert_int_equal(ez_bench_msix(b, TABLE_VECTORS), 0);
	wr(b, IER, 3);
	command(b, RAISE_A);
	command(b, RAISE_B);
	command(b, RAISE_C);
	command(b, RAISE_D);
	assert_int_equal(ez_bench_msi_count(b, 0), 1);
	assert_int_equal(ez_bench_msi_count(b, 1), 1);
	assert_int_equal(ez_bench_msi_count(b, 2), 1);
	assert_int_equal(ez_bench_msi_count(b, 69), 1);
	assert_false(ez_bench_intx(b));
	/* A new event is a new message. */
	command(b, RAISE_D);
	assert_int_equal(ez_bench_msi_count(b, 69), 2);
	/* Off again: the line takes over. */
	ez_bench_msix(b, 0);
	assert_true(ez_bench_intx(b));
	command(b, RAISE_D);
	assert_int_equal(ez_bench_msi_count(b, 69), 2);
}

static void route(struct ez_bench *b, uint32_t source, uint32_t vector)
{
	wr(b, ADDRESS, source);
	wr(b, LENGTH, vector);
	command(b, ROUTE);
}

/* Source 2 is C, of vector 1 by the spec. */
static void another_vector(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_msix(b, TABLE_VECTORS);
	route(b, 2, 68);
	command(b, RAISE_C);
	assert_int_equal(ez_bench_msi_count(b, 68), 1);
	assert_int_equal(ez_bench_msi_count(b, 1), 0);
	/* Not in the table: as with the spec's own. */
	route(b, 2, TABLE_VECTORS);
	command(b, RAISE_C);
	assert_int_equal(ez_bench_msi_count(b, 0), 1);
	/* Nothing that could be: nothing changes. */
	route(b, 2, 2048);
	route(b, 1000, 5);
	command(b, RAISE_C);
	assert_int_equal(ez_bench_msi_count(b, 0), 2);
	/* The device's own reset leaves it, every other brings the spec's back. */
	route(b, 2, 68);
	command(b, SOFT_RESET);
	command(b, RAISE_C);
	assert_int_equal(ez_bench_msi_count(b, 68), 2);
	ez_bench_reset(b, EZ_RESET_FUNCTION);
	ez_bench_setup(b);
	ez_bench_msix(b, TABLE_VECTORS);
	command(b, RAISE_C);
	assert_int_equal(ez_bench_msi_count(b, 1), 1);
	assert_int_equal(ez_bench_msi_count(b, 68), 2);
}

/* What waits behind a mask stays there: 6.8.3.5 gives pending bits to vectors, not to sources. */
static void another_vector_while_masked(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_msix(b, TABLE_VECTORS);
	ez_bench_msix_mask(b, 1, true);
	command(b, RAISE_C);
	route(b, 2, 68);
	assert_true(ez_bench_msix_pending(b, 1));
	ez_bench_msix_mask(b, 1, false);
	assert_int_equal(ez_bench_msi_count(b, 1), 1);
	assert_int_equal(ez_bench_msi_count(b, 68), 0);
	command(b, RAISE_C);
	assert_int_equal(ez_bench_msi_count(b, 68), 1);
}

/* And if what it waits to tell of is over by then, it is not sent: 6.8.3.5. */
static void another_vector_and_satisfied(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_msix(b, TABLE_VECTORS);
	ez_bench_msix_mask(b, 1, true);
	command(b, RAISE_C);
	route(b, 2, 68);
	command(b, LOWER_C);
	assert_false(ez_bench_msix_pending(b, 1));
	ez_bench_msix_mask(b, 1, false);
	assert_int_equal(ez_bench_msi_count(b, 1), 0);
	assert_int_equal(ez_bench_msi_count(b, 68), 0);
}

static void another_vector_is_saved(void **state)
{
	struct ez_bench *from = *state;
	struct ez_bench *to = ez_bench_new(NULL, NULL);
	struct ez_error error;
	uint8_t *saved, *at;
	size_t size;

	ez_bench_msix(from, TABLE_VECTORS);
	route(from, 2, 68);
	saved = ez_bench_save(from, &size);
	assert_int_equal(ez_bench_load(to, saved, size, &error), 0);
	command(to, RAISE_C);
	assert_int_equal(ez_bench_msi_count(to, 68), 1);
	/* A vector that no table can have: name, length of payload, vector. */
	at = memmem(saved, size, "\x01\x43\x02\x00\x00\x00\x44\x00", 8);
	assert_non_null(at);
	at[7] = 8;
	assert_int_equal(ez_bench_load(to, saved, size, &error), -EINVAL);
	assert_non_null(strstr(error.text, "interrupt vector"));
	free(saved);
	ez_bench_free(to);
}

/* The same source has no vector of its own with MSI, which has four. */
static void msi_as_ever(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_msi(b, 4);
	command(b, RAISE_D);
	assert_int_equal(ez_bench_msi_count(b, 0), 1);
	assert_int_equal(ez_bench_msi_count(b, 69), 0);
}

/* 6.8.3.5: a vector that is masked, waits; its pending bit says so. */
static void per_vector_masks(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_msix(b, TABLE_VECTORS);
	ez_bench_msix_mask(b, 69, true);
	command(b, RAISE_C);
	command(b, RAISE_D);
	command(b, RAISE_D);
	assert_int_equal(ez_bench_msi_count(b, 1), 1);
	assert_int_equal(ez_bench_msi_count(b, 69), 0);
	/* Bit 69: bit 5 of the second qword. */
	assert_int_equal(ez_bench_read(b, 1, PBA, 8), 0);
	assert_int_equal(ez_bench_read(b, 1, PBA + 8, 8), 0x20);
	assert_true(ez_bench_msix_pending(b, 69));
	assert_false(ez_bench_msix_pending(b, 5));
	ez_bench_msix_mask(b, 69, false);
	assert_int_equal(ez_bench_msi_count(b, 69), 1);
	assert_false(ez_bench_msix_pending(b, 69));
	/* Rewriting what is unmasked sends nothing. */
	ez_bench_msix_mask(b, 69, false);
	assert_int_equal(ez_bench_msi_count(b, 69), 1);
}

/* 6.8.2.3: the function's mask holds all back, whatever their own bits say, and changes none. */
static void function_mask(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_msix(b, TABLE_VECTORS);
	ez_bench_msix_mask(b, 1, true);
	ez_bench_config_write(b, CONTROL, 2, ENABLE | MASK_ALL);
	command(b, RAISE_C);
	command(b, RAISE_D);
	assert_int_equal(ez_bench_msi_count(b, 69), 0);
	assert_int_equal(ez_bench_read(b, 1, PBA, 8), 2);
	assert_int_equal(ez_bench_read(b, 1, PBA + 8, 8), 0x20);
	/* A vector unmasked below it still waits. */
	ez_bench_msix_mask(b, 69, false);
	assert_int_equal(ez_bench_msi_count(b, 69), 0);
	ez_bench_config_write(b, CONTROL, 2, ENABLE);
	assert_int_equal(ez_bench_msi_count(b, 69), 1);
	assert_int_equal(ez_bench_msi_count(b, 1), 0);
	assert_true(ez_bench_msix_pending(b, 1));
	assert_int_equal(mem(b, entry(1, VECTOR_CONTROL)), 1);
	ez_bench_msix_mask(b, 1, false);
	assert_int_equal(ez_bench_msi_count(b, 1), 1);
}

/* 6.8.3.5: what has been dealt with by other means is not pending any more. */
static void satisfied_while_masked(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_msix(b, TABLE_VECTORS);
	wr(b, IER, 1);
	ez_bench_msix_mask(b, 0, true);
	ez_bench_msix_mask(b, 69, true);
	command(b, RAISE_A);
	command(b, RAISE_D);
	assert_true(ez_bench_msix_pending(b, 0));
	wr(b, ISR, 1);
	assert_false(ez_bench_msix_pending(b, 0));
	assert_true(ez_bench_msix_pending(b, 69));
	/* It happens again: pending again, and one message. */
	command(b, RAISE_A);
	assert_true(ez_bench_msix_pending(b, 0));
	command(b, LOWER_D);
	assert_false(ez_bench_msix_pending(b, 69));
	ez_bench_msix_mask(b, 0, false);
	ez_bench_msix_mask(b, 69, false);
	assert_int_equal(ez_bench_msi_count(b, 0), 1);
	assert_int_equal(ez_bench_msi_count(b, 69), 0);
}

/* Nothing of what waited in the table comes when it is switched on again, but what is still there. */
static void switched_off_while_masked(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_msix(b, TABLE_VECTORS);
	ez_bench_config_write(b, CONTROL, 2, ENABLE | MASK_ALL);
	command(b, RAISE_C);
	command(b, RAISE_D);
	ez_bench_config_write(b, CONTROL, 2, MASK_ALL);
	assert_true(ez_bench_intx(b));
	command(b, LOWER_C);
	ez_bench_config_write(b, CONTROL, 2, ENABLE | MASK_ALL);
	ez_bench_config_write(b, CONTROL, 2, ENABLE);
	assert_int_equal(ez_bench_msi_count(b, 1), 0);
	assert_int_equal(ez_bench_msi_count(b, 69), 1);
}

static void messages_wait_for_bus_mastering(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_msix(b, TABLE_VECTORS);
	ez_bench_config_write(b, 0x04, 2, 0x003);
	command(b, RAISE_D);
	assert_int_equal(ez_bench_msi_count(b, 69), 0);
	ez_bench_config_write(b, 0x04, 2, 0x007);
	assert_int_equal(ez_bench_msi_count(b, 69), 1);
	/* Pending and unmasked without it: goes out with it. */
	ez_bench_msix_mask(b, 1, true);
	command(b, RAISE_C);
	ez_bench_config_write(b, 0x04, 2, 0x003);
	ez_bench_msix_mask(b, 1, false);
	assert_int_equal(ez_bench_msi_count(b, 1), 0);
	ez_bench_config_write(b, 0x04, 2, 0x007);
	assert_int_equal(ez_bench_msi_count(b, 1), 1);
}

/* 6.8.2.3 says nothing of both: it is said, and MSI-X is what counts. */
static void both_enabled(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_msi(b, 4);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 0);
	ez_bench_msix(b, TABLE_VECTORS);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 1);
	assert_non_null(strstr(ez_bench_log_last(b, EZ_LOG_VIOLATION), "both enabled"));
	command(b, RAISE_D);
	assert_int_equal(ez_bench_msi_count(b, 69), 1);
	assert_int_equal(ez_bench_msi_count(b, 0), 0);
	assert_false(ez_bench_intx(b));
	ez_bench_msix(b, 0);
	/* MSI is on still, and told of what is there. */
	assert_int_equal(ez_bench_msi_count(b, 69), 1);
	assert_false(ez_bench_intx(b));
}

static void comes_back_with_a_saved_state(void **state)
{
	struct ez_bench *from = *state;
	struct ez_bench *to = ez_bench_new(NULL, NULL);
	struct ez_error error;
	size_t size;
	void *saved;

	ez_bench_msix(from, TABLE_VECTORS);
	set(from, entry(7, DATA), 0xabcd);
	ez_bench_msix_mask(from, 69, true);
	command(from, RAISE_C);
	command(from, RAISE_D);
	saved = ez_bench_save(from, &size);
	assert_int_equal(ez_bench_load(to, saved, size, &error), 0);
	assert_int_equal(mem(to, entry(7, DATA)), 0xabcd);
	assert_int_equal(mem(to, entry(7, VECTOR_CONTROL)), 0);
	assert_true(ez_bench_msix_pending(to, 69));
	ez_bench_msix_mask(to, 69, false);
	assert_int_equal(ez_bench_msi_count(to, 69), 1);
	assert_int_equal(ez_bench_msi_count(to, 1), 0);
	/* Another number of vectors, or a table cut short: not of this model. */
	uint8_t *at = memmem(saved, size, "\x08\x00\x72\x04\x00\x00\x46\x00", 8);

	assert_non_null(at); /* tag, no name, 2 + 70 * 16 + 16 bytes, 70 */
	at[6] = 0x45;
	assert_int_equal(ez_bench_load(to, saved, size, &error), -EINVAL);
	assert_non_null(strstr(error.text, "not one of 70 vectors"));
	/* As after power-on. */
	ez_bench_setup(to);
	assert_table_reset(to);
	free(saved);
	ez_bench_free(to);
}

/* Reserved bits of a saved table are nobody's. */
static void saved_reserved_bits(void **state)
{
	struct ez_bench *b = *state;
	struct ez_error error;
	uint8_t *saved, *at;
	size_t size;

	saved = ez_bench_save(b, &size);
	at = memmem(saved, size, "\x46\x00\x00\x00\x00\x00", 6);
	assert_non_null(at);
	memset(at + 2, 0xff, 70 * 16 + 16);
	assert_int_equal(ez_bench_load(b, saved, size, &error), 0);
	ez_bench_setup(b);
	assert_int_equal(mem(b, entry(0, ADDRESS_LOW)), 0xfffffffc);
	assert_int_equal(mem(b, entry(0, VECTOR_CONTROL)), 1);
	/* 70 bits, and not one more: they would stand for no vector. */
	assert_int_equal(ez_bench_read(b, 1, PBA, 8) & 1, 0);
	assert_int_equal(mem(b, PBA + 12), 0);
	free(saved);
}

/* ---- what a bench cannot show ---- */

static void write_config(struct small_host *h, uint32_t at, unsigned int width, uint32_t value)
{
	uint8_t bytes[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
			     (uint8_t)(value >> 24) };

	if (h->backend.flags & EZ_BACKEND_CONFIG)
		ez_device_config_sync(h->dev, 0, at, bytes, width);
	else
		ez_device_config_write(h->dev, 0, at, width, value);
}

static uint64_t table_read(struct small_host *h, uint64_t at)
{
	return ez_device_read(h->dev, 0, 1, at, 4);
}

/* A vector beyond the table: the first is shared. */
static void beyond_the_table(void **unused)
{
	struct small_host *h = small_new(0);

	h->irqs[3].vector = 2047;
	assert_true(small_make(h));
	write_config(h, CONTROL, 2, ENABLE);
	ez_device_write(h->dev, 0, 1, entry(0, VECTOR_CONTROL), 4, 0);
	small_command(h, RAISE_D);
	assert_int_equal(h->messages[0], 1);
	small_free(h);
}

/* One vector, two sources: it stays pending until both are quiet. */
static void shared_while_masked(void **unused)
{
	struct small_host *h = small_new(0);

	h->irqs[3].vector = 1;
	assert_true(small_make(h));
	write_config(h, CONTROL, 2, ENABLE);
	small_command(h, RAISE_C);
	small_command(h, RAISE_D);
	assert_int_equal(table_read(h, PBA), 2);
	small_command(h, LOWER_C);
	assert_int_equal(table_read(h, PBA), 2);
	small_command(h, LOWER_D);
	assert_int_equal(table_read(h, PBA), 0);
	ez_device_write(h->dev, 0, 1, entry(1, VECTOR_CONTROL), 4, 0);
	assert_int_equal(h->messages[1], 0);
	small_free(h);
}

/* The largest table there is. */
static void two_thousand_vectors(void **unused)
{
	struct small_host *h = small_new(0);

	/* BAR4 is 64 KiB: 32 KiB of table, 256 bytes of pending bits behind it. */
	h->caps[3].vectors = 2048;
	h->caps[3].table_bar = h->caps[3].pba_bar = 4;
	h->caps[3].table_offset = 0x4000;
	h->caps[3].pba_offset = 0xc000;
	h->irqs[3].vector = 2047;
	assert_true(small_make(h));
	assert_int_equal(ez_device_config_read(h->dev, 0, CAP_MSIX_AT, 4), 0x07ff0011);
	assert_int_equal(ez_device_config_read(h->dev, 0, CAP_MSIX_AT + 4, 4), 0x4004);
	write_config(h, CONTROL, 2, ENABLE);
	small_command(h, RAISE_D);
	assert_int_equal(ez_device_read(h->dev, 0, 4, 0xc000 + 248, 8), UINT64_C(1) << 63);
	ez_device_write(h->dev, 0, 4, 0x4000 + 2047 * 16 + 12, 4, 0);
	assert_int_equal(h->messages[2047], 1);
	small_free(h);
}

/*
 * Where the backend has the table: masks here hold nothing back, what becomes
 * quiet is told, and writes that come to us change a copy that nobody asks.
 */
static void table_of_the_backends_own(void **unused)
{
	struct small_host *h = small_new(EZ_BACKEND_MSI);
	char state[65536];

	assert_true(small_make(h));
	write_config(h, CONTROL, 2, ENABLE | MASK_ALL);
	assert_int_equal(table_read(h, entry(69, VECTOR_CONTROL)), 1);
	small_command(h, RAISE_C);
	small_command(h, RAISE_D);
	assert_int_equal(h->messages[1], 1);
	assert_int_equal(h->messages[69], 1);
	assert_int_equal(table_read(h, PBA), 0);
	assert_false(h->intx);
	small_command(h, LOWER_D);
	assert_int_equal(h->forgotten[69], 1);
	/* Not what is active still, and not what never was. */
	assert_int_equal(h->forgotten[1], 0);
	assert_int_equal(h->forgotten[0], 0);
	ez_device_write(h->dev, 0, 1, entry(1, DATA), 4, 0x55);
	ez_device_write(h->dev, 0, 1, entry(1, VECTOR_CONTROL), 4, 0);
	assert_int_equal(table_read(h, entry(1, DATA)), 0x55);
	assert_int_equal(h->messages[1], 1);
	/* It saves its table itself. */
	assert_null(memmem(state, (size_t)ez_device_save(h->dev, state, sizeof(state)),
			   "\x72\x04\x00\x00\x46\x00", 6));
	ez_device_msix_taken(h->dev, 0, 2, true);
	assert_int_equal(table_read(h, entry(2, VECTOR_CONTROL)), 1);
	small_free(h);
}

/* Where the client says by other means whose messages it takes. */
static void taken_vectors(void **unused)
{
	struct small_host *h = small_new(0);
	char state[65536];
	ssize_t size;

	assert_true(small_make(h));
	write_config(h, CONTROL, 2, ENABLE);
	small_command(h, RAISE_D);
	assert_int_equal(h->messages[69], 0);
	size = ez_device_save(h->dev, state, sizeof(state));
	assert_in_range(size, 1, sizeof(state));
	ez_device_msix_taken(h->dev, 0, 69, true);
	assert_int_equal(h->messages[69], 1);
	small_command(h, RAISE_D);
	assert_int_equal(h->messages[69], 2);
	/* Not there: nothing. */
	ez_device_msix_taken(h->dev, 0, TABLE_VECTORS, true);
	ez_device_msix_taken(h->dev, 1, 0, true);
	/* A reset masks all others. */
	ez_device_reset(h->dev, 0, EZ_RESET_FUNCTION);
	ez_device_config_write(h->dev, 0, 0x04, 2, 0x7);
	assert_int_equal(table_read(h, entry(69, VECTOR_CONTROL)), 0);
	assert_int_equal(table_read(h, entry(68, VECTOR_CONTROL)), 1);
	assert_int_equal(ez_device_load(h->dev, state, (size_t)size, &h->error), 0);
	assert_int_equal(table_read(h, entry(69, VECTOR_CONTROL)), 0);
	assert_int_equal(table_read(h, entry(68, VECTOR_CONTROL)), 1);
	ez_device_msix_taken(h->dev, 0, 69, false);
	assert_int_equal(table_read(h, entry(69, VECTOR_CONTROL)), 1);
	small_free(h);
}

/* Tables that no spec compiles to are refused, not believed. */
static void impossible_tables(void **unused)
{
	static const struct {
		unsigned int vectors, table_bar, pba_bar;
		uint32_t table, pba;
	} bad[] = {
		{ 0, 1, 1, TABLE, PBA }, /* none */
		{ 2049, 4, 4, 0, 0xc000 }, /* more than 2048 */
		{ 70, 2, 1, 0, PBA }, /* I/O */
		{ 70, 3, 1, TABLE, PBA }, /* no such BAR */
		{ 70, 1, 5, TABLE, PBA },
		{ 70, 1, 1, TABLE + 4, PBA }, /* no multiple of 8 */
		{ 70, 1, 1, TABLE, PBA + 2 },
		{ 70, 1, 1, BAR1_SIZE - 16 * 69, PBA }, /* past the end */
		{ 70, 1, 1, TABLE, BAR1_SIZE - 8 },
		{ 70, 1, 1, 0xfffffff8, PBA },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct small_host *h = small_new(0);

		h->bars[2].size = 0x10000; /* large enough, but no memory */
		h->caps[3].vectors = (uint16_t)bad[i].vectors;
		h->caps[3].table_bar = (uint8_t)bad[i].table_bar;
		h->caps[3].pba_bar = (uint8_t)bad[i].pba_bar;
		h->caps[3].table_offset = bad[i].table;
		h->caps[3].pba_offset = bad[i].pba;
		assert_false(small_make(h));
		assert_non_null(strstr(h->error.text, "its tables break a rule of PCI"));
		small_free(h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(capability),
		TEST(table_at_reset),
		TEST(table_is_written),
		TEST(other_accesses),
		TEST(pending_bits_are_read_only),
		TEST(each_source_its_vector),
		TEST(another_vector),
		TEST(another_vector_while_masked),
		TEST(another_vector_and_satisfied),
		TEST(another_vector_is_saved),
		TEST(msi_as_ever),
		TEST(per_vector_masks),
		TEST(function_mask),
		TEST(satisfied_while_masked),
		TEST(switched_off_while_masked),
		TEST(messages_wait_for_bus_mastering),
		TEST(both_enabled),
		TEST(comes_back_with_a_saved_state),
		TEST(saved_reserved_bits),
		cmocka_unit_test(beyond_the_table),
		cmocka_unit_test(shared_while_masked),
		cmocka_unit_test(two_thousand_vectors),
		cmocka_unit_test(table_of_the_backends_own),
		cmocka_unit_test(taken_vectors),
		cmocka_unit_test(impossible_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

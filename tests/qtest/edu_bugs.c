/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bugs of QEMU's edu that ours does not have, one by one, each at both: what the original
 * does, so that nobody believes it of a version that has been mended, and what ours does.
 * edu_diff.c keeps off them by these names.
 */
#include "edu_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct edu_pair *pair;

static int begin(void **state)
{
	(void)state;
	pair = edu_pair_start(NULL, NULL);
	return 0;
}

static int end(void **state)
{
	char text[512] = "";

	(void)state;
	edu_flush(pair);
	if (edu_difference(pair))
		snprintf(text, sizeof(text), "%s", edu_difference(pair));
	edu_pair_stop(pair);
	if (*text)
		print_error("%s\n", text);
	return *text ? -1 : 0;
}

static void transfer(uint64_t src, uint64_t dst, uint64_t count, uint64_t cmd)
{
	edu_put(pair, BOTH, 0x80, 8, src);
	edu_put(pair, BOTH, 0x88, 8, dst);
	edu_put(pair, BOTH, 0x90, 8, count);
	edu_put(pair, BOTH, 0x98, 8, cmd | EDU_RUN);
	edu_pass(pair, 100);
}

/* The original only logs it and overruns QEMU's heap: never shown to it. */
static void their_unchecked_range(void **unused)
{
	(void)unused;
	edu_put(pair, OURS, 0x80, 8, EDU_RAM);
	edu_put(pair, OURS, 0x88, 8, EDU_BUFFER);
	edu_put(pair, OURS, 0x90, 8, 4097);
	edu_put(pair, OURS, 0x98, 8, EDU_RUN | EDU_IRQ);
	edu_put(pair, THEIRS, 0x60, 4, 0x100);
	edu_pass(pair, 100);
	edu_expect(pair, OURS, 0x98, 8, EDU_IRQ);
	edu_expect(pair, OURS, 0xa0, 4, 1);
	edu_expect(pair, OURS, 0x24, 4, 0x100);
}

/* What they take for the bytes that nobody gave: 0, ours all-ones. */
static void their_unnoticed_error(void **unused)
{
	(void)unused;
	transfer(EDU_HOLE, EDU_BUFFER, 8, 0);
	edu_expect(pair, THEIRS, 0xa0, 4, 0xffffffff);
	edu_expect(pair, OURS, 0xa0, 4, 3);
	transfer(EDU_BUFFER, EDU_RAM, 8, EDU_TO_RAM);
	edu_say(pair, THEIRS, EDU_NUMBER, 0, "readq 0x%llx", (unsigned long long)EDU_RAM);
	edu_say(pair, OURS, EDU_NUMBER, UINT64_MAX, "readq 0x%llx", (unsigned long long)EDU_RAM);
	edu_command(pair, 0x3);
	transfer(EDU_BUFFER, EDU_RAM, 8, EDU_TO_RAM);
	edu_expect(pair, OURS, 0xa0, 4, 2);
	edu_command(pair, 0x7);
}

static void their_missing_reset(void **unused)
{
	(void)unused;
	edu_put(pair, BOTH, 0x04, 4, 0x0f0f0f0f);
	edu_put(pair, BOTH, 0x60, 4, 0x10);
	edu_put(pair, BOTH, 0x80, 8, 0x1234);
	edu_reset(pair);
	edu_expect(pair, THEIRS, 0x04, 4, 0xf0f0f0f0);
	edu_expect(pair, THEIRS, 0x24, 4, 0x10);
	edu_expect(pair, THEIRS, 0x80, 8, 0x1234);
	edu_expect(pair, OURS, 0x04, 4, 0);
	edu_expect(pair, OURS, 0x24, 4, 0);
	edu_expect(pair, OURS, 0x80, 8, 0);
}

/* Theirs writes into a guest that has booted anew meanwhile. */
static void their_transfer_over_a_reset(void **unused)
{
	(void)unused;
	edu_put(pair, BOTH, 0x80, 8, EDU_BUFFER);
	edu_put(pair, BOTH, 0x88, 8, EDU_RAM);
	edu_put(pair, BOTH, 0x90, 8, 8);
	edu_put(pair, BOTH, 0x98, 8, EDU_RUN | EDU_TO_RAM);
	edu_pass(pair, 50);
	edu_reset(pair);
	edu_say(pair, BOTH, EDU_SAME, 0, "writeq 0x%llx 0x1122334455667788",
		(unsigned long long)EDU_RAM);
	edu_pass(pair, 50);
	edu_say(pair, THEIRS, EDU_NUMBER, 0, "readq 0x%llx", (unsigned long long)EDU_RAM);
	edu_say(pair, OURS, EDU_NUMBER, UINT64_C(0x1122334455667788), "readq 0x%llx",
		(unsigned long long)EDU_RAM);
}

/* PCI 3.0, 6.8.1.3: without MSI the line is how a pending interrupt is told. */
static void their_stale_line(void **unused)
{
	(void)unused;
	edu_msi(pair, true);
	edu_put(pair, BOTH, 0x60, 4, 0x10);
	edu_messages(pair);
	edu_msi(pair, false);
	edu_flush(pair);
	assert_non_null(edu_difference(pair));
	assert_non_null(strstr(edu_difference(pair), "theirs down, ours up"));
	edu_forgive(pair);
	edu_put(pair, BOTH, 0x60, 4, 0);
}

/* What cannot go out because bus mastering is off is lost; ours sends it afterwards. */
static void their_lost_message(void **unused)
{
	(void)unused;
	edu_msi(pair, true);
	edu_command(pair, 0x3);
	edu_put(pair, BOTH, 0x60, 4, 0x10);
	edu_messages(pair);
	edu_command(pair, 0x7);
	edu_flush(pair);
	assert_null(edu_difference(pair));
	edu_messages(pair);
	edu_flush(pair);
	assert_non_null(edu_difference(pair));
	assert_non_null(strstr(edu_difference(pair), "theirs 0x0000000000000000, ours "
						     "0x0000000000000001"));
	edu_forgive(pair);
}

/* QEMU refuses 1 and 2 bytes, and cuts what is misaligned, before the device sees it. */
static void their_narrow_answers(void **unused)
{
	(void)unused;
	edu_get(pair, 0x00, 1);
	edu_get(pair, 0x00, 2);
	edu_get(pair, 0x100, 1);
	/* 4 bytes of nothing, then 4 of the register behind it. */
	edu_put(pair, BOTH, 0x88, 8, 0x1234);
	edu_expect(pair, THEIRS, 0x84, 8, UINT64_C(0x1234ffffffff));
	edu_expect(pair, OURS, 0x84, 8, UINT64_MAX);
	/* These the device answers itself. */
	edu_expect(pair, BOTH, 0x00, 8, UINT64_MAX);
	edu_expect(pair, BOTH, 0x84, 4, UINT32_MAX);
	edu_expect(pair, BOTH, 0x100, 8, UINT64_MAX);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(their_unchecked_range), CASE(their_unnoticed_error),
		CASE(their_missing_reset),   CASE(their_transfer_over_a_reset),
		CASE(their_stale_line),	     CASE(their_lost_message),
		CASE(their_narrow_answers),
	};

	qt_need_qemu();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

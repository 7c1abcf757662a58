/* SPDX-License-Identifier: BSD-2-Clause */
/* What the lines of a kernel's log say. They are Linux 6.1's own, from runs with faults made on purpose. */
#include "test.h"
#include "lab/guest/report.h"

#define RULE "================================================================="
#define CUT "------------[ cut here ]------------"
#define MARK "---[ end trace 0000000000000000 ]---"

/* The first lines of the reports in a log, one after the other; of char *. */
static GPtrArray *first_lines(const char *const *log)
{
	static struct report report;
	GPtrArray *found = g_ptr_array_new_with_free_func(g_free);

	memset(&report, 0, sizeof(report));
	for (; *log; log++)
		if (report_line(&report, *log))
			g_ptr_array_add(found, g_strndup(report.text, strcspn(report.text, "\n")));
	if (report_flush(&report))
		g_ptr_array_add(found, g_strndup(report.text, strcspn(report.text, "\n")));
	return found;
}

static void assert_found(const char *const *log, const char *const *expected)
{
	g_autoptr(GPtrArray) found = first_lines(log);

	for (guint i = 0; i < found->len && expected[i]; i++)
		assert_string_equal(found->pdata[i], expected[i]);
	assert_int_equal(found->len, g_strv_length((char **)expected));
}

static void a_quiet_log_has_none(void **state)
{
	static const char *const log[] = {
		"Linux version 6.1.192-ersatz-debug (root@vm) (gcc (Debian 12.2.0-14+deb12u1) ...",
		"kasan: KernelAddressSanitizer initialized",
		"DMA-API: preallocated 65536 debug entries",
		"DMA-API: debugging enabled by kernel config",
		"PCI: Using host bridge windows from ACPI; if necessary, use \"pci=nocrs\" and "
		"report a bug",
		"kmemleak: Kernel memory leak detector initialized (mem pool available: 38798)",
		"alg: extra crypto tests enabled.  This is intended for developer use only.",
		"my_rng: loading out-of-tree module taints kernel.",
		"my_dev: DEBUG: registers at 0xfebf1000",
		"INFO: lockdep is turned off.",
		"DMAR: DRHD: handling fault status reg 2",
		NULL,
	};

	assert_found(log, (const char *const[]){ NULL });
}

static void each_kind_is_one_report_with_its_first_line(void **state)
{
	static const char *const log[] = {
		RULE,
		"BUG: KASAN: use-after-free in use_after_free+0x8d/0xa0 [faulty]",
		"Write of size 1 at addr ffff88800b292c08 by task sh/45",
		"Call Trace:",
		" <TASK>",
		" </TASK>",
		"Allocated by task 45:",
		"BUG: this is inside, and is none of its own",
		RULE,
		"Disabling lock debugging due to kernel taint",
		"================================================================================",
		"UBSAN: shift-out-of-bounds in faulty.c:94:11",
		"shift exponent 40 is too large for 32-bit type 'int'",
		" </TASK>",
		"================================================================================",
		"BUG: scheduling while atomic: sh/45/0x00000002",
		"INFO: lockdep is turned off.",
		" </TASK>",
		"======================================================",
		"WARNING: possible circular locking dependency detected",
		"6.1.192-ersatz-debug #1 Tainted: G           O",
		"------------------------------------------------------",
		"the existing dependency chain (in reverse order) is:",
		" </TASK>",
		"irq 11: nobody cared (try booting with the \"irqpoll\" option)",
		" </TASK>",
		"watchdog: BUG: soft lockup - CPU#0 stuck for 134s! [sh:45]",
		" </TASK>",
		"rcu: INFO: rcu_preempt self-detected stall on CPU",
		" </TASK>",
		"alg: skcipher: cbc-bad encryption test failed (wrong result) on test vector 0, "
		"cfg=\"in-place\"",
		NULL,
	};
	static const char *const expected[] = {
		"BUG: KASAN: use-after-free in use_after_free+0x8d/0xa0 [faulty]",
		"UBSAN: shift-out-of-bounds in faulty.c:94:11",
		"BUG: scheduling while atomic: sh/45/0x00000002",
		"WARNING: possible circular locking dependency detected",
		"irq 11: nobody cared (try booting with the \"irqpoll\" option)",
		"watchdog: BUG: soft lockup - CPU#0 stuck for 134s! [sh:45]",
		"rcu: INFO: rcu_preempt self-detected stall on CPU",
		"alg: skcipher: cbc-bad encryption test failed (wrong result) on test vector 0, "
		"cfg=\"in-place\"",
		NULL,
	};

	assert_found(log, expected);
}

static void a_warning_is_named_by_what_it_says(void **state)
{
	static const char *const log[] = {
		CUT,
		"ODEBUG: free active (active state 0) object type: timer_list hint: "
		"nothing+0x0/0x10 [faulty]",
		"WARNING: CPU: 0 PID: 45 at lib/debugobjects.c:515 debug_print_object+0x183/0x260",
		" </TASK>",
		"irq event stamp: 1234",
		MARK,
		CUT,
		"DMA-API: pci 0000:00:02.0: device driver has pending DMA allocations while "
		"released from device [count=1]",
		"WARNING: CPU: 0 PID: 46 at kernel/dma/debug.c:864 "
		"dma_debug_device_change+0x2d1/0x360",
		" </TASK>",
		MARK,
		/* One that says nothing is named by where it is. */
		CUT,
		"WARNING: CPU: 0 PID: 45 at faulty.c:117 warning+0x10/0x20 [faulty]",
		" </TASK>",
		MARK,
		CUT,
		"kernel BUG at lib/list_debug.c:59!",
		"invalid opcode: 0000 [#1] PREEMPT SMP KASAN NOPTI",
		MARK,
		NULL,
	};
	static const char *const expected[] = {
		"ODEBUG: free active (active state 0) object type: timer_list hint: "
		"nothing+0x0/0x10 [faulty]",
		"DMA-API: pci 0000:00:02.0: device driver has pending DMA allocations while "
		"released from device [count=1]",
		"WARNING: CPU: 0 PID: 45 at faulty.c:117 warning+0x10/0x20 [faulty]",
		"kernel BUG at lib/list_debug.c:59!",
		NULL,
	};

	assert_found(log, expected);
}

static void a_report_without_an_end_is_not_lost(void **state)
{
	static const char *const log[] = { "BUG: kernel NULL pointer dereference, address: 8",
					   "#PF: supervisor write access in kernel mode", NULL };

	assert_found(log, (const char *const[]){ log[0], NULL });
}

static void a_report_of_any_length_fits(void **state)
{
	static struct report report;
	char line[1000];

	memset(&report, 0, sizeof(report));
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = 0;
	assert_false(report_line(&report, "BUG: KASAN: use-after-free in f"));
	for (int i = 0; i < 1000; i++)
		assert_false(report_line(&report, line));
	assert_true(report_line(&report, RULE));
	assert_true(g_str_has_prefix(report.text, "BUG: KASAN: use-after-free in f\nxxx"));
	assert_true(report.size < REPORT_SIZE);
	assert_int_equal(strlen(report.text), report.size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quiet_log_has_none),
		cmocka_unit_test(each_kind_is_one_report_with_its_first_line),
		cmocka_unit_test(a_warning_is_named_by_what_it_says),
		cmocka_unit_test(a_report_without_an_end_is_not_lost),
		cmocka_unit_test(a_report_of_any_length_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

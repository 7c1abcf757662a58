/* SPDX-License-Identifier: BSD-2-Clause */
/* Taps: the trace's lines, and that a tap can change what crosses. */
#include "bench_test.h"

#include <stdio.h>
#include <unistd.h>
#include <ersatz/tap.h>

static void tap(struct ez_bench *b, const char *taps)
{
	struct ez_error error = { "" };

	if (ez_device_tap(ez_bench_device(b), taps, &error))
		fail_msg("%s", error.text);
}

static void trace_lines(void **state)
{
	static const char expected[] =
		"+0.000 ms W BAR0 CTRL 0x1\n"
		"+0.000 ms R BAR0 ID 0x12345678\n"
		"+0.000 ms R BAR0 ID+2/1 0x34\n"
		"+0.000 ms W BAR0 ARRAY[2] 0x9\n"
		"+0.000 ms R BAR0 0xf00/2 0xffff\n"
		"+0.000 ms W BAR1 SCRATCH+0x10/2 0x77\n"
		"+0.000 ms R BAR1 0x3000/1 0xff\n"
		"+0.000 ms log 2-byte read of BAR0 0xf00, where no register is; reads all-ones\n"
		"+0.000 ms R BAR0 SURVIVOR 0x1122 KEPT=0x22 LOST=0x11\n"
		"+0.000 ms W BAR0 LENGTH 0x4\n"
		"+0.000 ms W BAR0 DOORBELL 0xa\n"
		"+0.000 ms DMA to 0x0 4 bytes\n"
		"+0.000 ms W BAR0 DOORBELL 0x3\n"
		"+0.000 ms INTx up\n"
		"+0.000 ms W BAR0 LENGTH 0x1a1d48\n"
		"+0.000 ms W BAR0 DOORBELL 0x5\n"
		"+1.711 ms timer tick\n"
		"+2.000 ms W BAR0 DOORBELL 0xc\n"
		"+2.000 ms random 4 bytes\n"
		"+2.000 ms reset function\n"
		"+2.000 ms INTx down\n";
	char path[] = "/tmp/ersatz-tap-XXXXXX";
	struct ez_bench *b = *state;
	char line[sizeof(path) + 32];
	char text[4096];
	int fd = mkstemp(path);
	ssize_t n;

	assert_true(fd >= 0);
	snprintf(line, sizeof(line), "trace,file=%s", path);
	tap(b, line);
	wr(b, CTRL, 1);
	rd(b, ID);
	ez_bench_read(b, 0, ID + 2, 1);
	wr(b, ARRAY + 16, 9);
	ez_bench_read(b, 0, 0xf00, 2);
	ez_bench_write(b, 1, SCRATCH + 0x10, 2, 0x77);
	ez_bench_read(b, 1, SCRATCH + SCRATCH_SIZE, 1);
	rd(b, SURVIVOR);
	wr(b, LENGTH, 4);
	command(b, DMA_OUT);
	command(b, RAISE_C);
	wr(b, LENGTH, 1711432);
	command(b, TIMER);
	ez_bench_advance(b, 2000000);
	command(b, DICE);
	ez_bench_reset(b, EZ_RESET_FUNCTION);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	unlink(path);
	assert_true(n > 0);
	text[n] = '\0';
	/* The answer of a read is known after what it caused was logged. */
	assert_non_null(strstr(text, "+1.711 ms timer tick\n"));
	for (const char *at = expected; *at; at = strchr(at, '\n') + 1) {
		size_t len = (size_t)(strchr(at, '\n') - at) + 1;

		if (!memmem(text, (size_t)n, at, len))
			fail_msg("no line \"%.*s\" in:\n%s", (int)len - 1, at, text);
	}
}

static void changes_a_read(void **state)
{
	struct ez_bench *b = *state;

	tap(b, "bend,read=ID,flip=0xff");
	assert_int_equal(rd(b, ID), 0x12345687);
	assert_int_equal(rd(b, CTRL), 0);
}

static void drops_a_write(void **state)
{
	struct ez_bench *b = *state;

	tap(b, "bend,drop=CTRL");
	wr(b, CTRL, 5);
	wr(b, LENGTH, 5);
	assert_int_equal(rd(b, CTRL), 0);
	assert_int_equal(rd(b, LENGTH), 5);
}

static void loses_interrupts(void **state)
{
	struct ez_bench *b = *state;

	tap(b, "bend,lose=1");
	ez_bench_msi(b, 4);
	command(b, RAISE_C);
	assert_int_equal(ez_bench_msi_count(b, 1), 0);
	command(b, RAISE_C);
	assert_int_equal(ez_bench_msi_count(b, 1), 1);
}

static void loses_a_line_interrupt(void **state)
{
	struct ez_bench *b = *state;

	tap(b, "bend,lose=1");
	command(b, RAISE_C);
	assert_false(ez_bench_intx(b));
}

static void chained(void **state)
{
	struct ez_bench *b = *state;

	tap(b, "bend,read=ID,flip=0x0f;bend,read=ID,flip=0xf0");
	assert_int_equal(rd(b, ID), 0x12345687);
}

static void refused(void **state)
{
	static const struct {
		const char *taps, *why;
	} cases[] = {
		{ "bent", "there is no tap \"bent\"; there are trace, bend" },
		{ "bend,read=NOPE", "tap bend: gadget has no register NOPE" },
		{ "bend,flip=x", "tap bend: flip=x is not a number" },
		{ "bend,raed=ID,flip=1",
		  "tap bend has no option \"raed=ID\"; it takes read=, flip=, drop=, lose=" },
		{ "trace,file", "tap trace has no option \"file\"; it takes fd=, file=, id=" },
		{ "bend",
		  "tap bend does nothing as it stands: give it read=REG, drop=REG or lose=N" },
		{ "trace,fd=999", "tap trace: fd=999 is not an open file descriptor" },
		{ "trace,file=/nowhere/x", "tap trace: /nowhere/x: No such file or directory" },
		{ "bend,read=ID;nope", "there is no tap \"nope\"; there are trace, bend" },
	};
	struct ez_bench *b = *state;
	struct ez_error error;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(ez_device_tap(ez_bench_device(b), cases[i].taps, &error), -EINVAL);
		assert_string_equal(error.text, cases[i].why);
	}
	/* None was attached, not even the good one before the bad one. */
	assert_int_equal(rd(b, ID), 0x12345678);
}

/* A reader of the trace that goes away takes nobody with it. */
static void reader_goes_away(void **state)
{
	struct ez_bench *b = *state;
	char taps[32];
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	snprintf(taps, sizeof(taps), "trace,fd=%d", fds[1]);
	tap(b, taps);
	close(fds[0]);
	assert_int_equal(rd(b, ID), 0x12345678);
	close(fds[1]);
}

static void software_reset_is_seen(void **state)
{
	struct ez_bench *b = *state;
	char text[512] = "", taps[32];
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	snprintf(taps, sizeof(taps), "trace,fd=%d", fds[1]);
	tap(b, taps);
	command(b, SOFT_RESET);
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	assert_non_null(strstr(text, "reset software\n"));
	close(fds[0]);
	close(fds[1]);
}

static void from_the_environment(void **unused)
{
	struct ez_error error;
	struct ez_bench *b;

	setenv("ERSATZ_TAPS", "bend,read=ID,flip=1", 1);
	b = ez_bench_new(NULL, NULL);
	assert_int_equal(rd(b, ID), 0x12345679);
	ez_bench_free(b);
	setenv("ERSATZ_TAPS", "nope", 1);
	assert_null(ez_bench_try(NULL, NULL, &error));
	unsetenv("ERSATZ_TAPS");
	assert_string_equal(error.text,
			    "ERSATZ_TAPS: there is no tap \"nope\"; there are trace, bend");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(trace_lines),
		TEST(changes_a_read),
		TEST(drops_a_write),
		TEST(loses_interrupts),
		TEST(loses_a_line_interrupt),
		TEST(chained),
		TEST(refused),
		cmocka_unit_test(from_the_environment),
		TEST(reader_goes_away),
		TEST(software_reset_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

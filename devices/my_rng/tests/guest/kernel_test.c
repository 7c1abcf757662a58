// SPDX-License-Identifier: BSD-2-Clause
/*
 * The in-kernel test, my_rng_test.ko. The name of this file puts it before
 * those that rescan the bus, after which the BAR is no longer where the
 * firmware had put it.
 */
#include "rng.h"

#include <sys/klog.h>

#define CLASSIC_ADDRESS 0xfebf1000ull

#define RULE "------------------------------------------------------------------"

/* What the kernel has logged after the last line that holds `mark`. */
static char *log_after(const char *mark)
{
	int size = klogctl(10, NULL, 0), n;
	char *log, *found = NULL;

	CHECK(size > 0);
	log = malloc(size + 1);
	CHECK(log != NULL);
	n = klogctl(3, log, size);
	CHECK(n > 0);
	log[n] = '\0';
	for (char *at = log; (at = strstr(at, mark)); at++)
		found = at;
	CHECK(found != NULL);
	return strchr(found, '\n') ? strchr(found, '\n') + 1 : found;
}

/* "<6>[    3.520024] text" to "text"; not every kernel has the time there. */
static const char *log_text(const char *line)
{
	unsigned int level;
	int used = 0;

	if (sscanf(line, "<%u>%n", &level, &used) == 1)
		line += used;
	return *line == '[' ? line + strspn(line, "[ .0123456789TC]") : line;
}

/* Is that a line of the test's? Others may log something meanwhile. */
static bool is_of_test(const char *text)
{
	return !strncmp(text, RULE, strlen(RULE)) || !strncmp(text, "Round ", 6) ||
	       !strncmp(text, "BEGIN ", 6) || !strncmp(text, "END ", 4) ||
	       !strncmp(text, "my_rng_test:", 12);
}

/* Loads the test with these parameters; what it logs is the classic block. */
static void check_kernel_test(const char *parameters)
{
	static const unsigned int numbers[] = { 286129175, 1594929109, 971802288, 222134722,
						1335014133 };
	char wanted[16][80], mark[80], command[128];
	unsigned int lines = 0, seen = 0;
	char *log;

	snprintf(wanted[lines++], 80, RULE);
	snprintf(wanted[lines++], 80, "BEGIN MY-RNG TEST");
	snprintf(wanted[lines++], 80, RULE);
	for (int round = 0; round < 2; round++)
		for (int n = 0; n < 5; n++)
			snprintf(wanted[lines++], 80, "Round %d number %d: %u", round, n,
				 numbers[n]);
	snprintf(wanted[lines++], 80, RULE);
	snprintf(wanted[lines++], 80, "END MY-RNG TEST");
	snprintf(wanted[lines++], 80, RULE);

	snprintf(mark, sizeof(mark), "my_rng guest test %d%s", (int)getpid(), parameters);
	CHECK_EQ(file_write("/dev/kmsg", mark), 0);
	snprintf(command, sizeof(command), "modprobe my_rng_test%s", parameters);
	must(command);
	must("rmmod my_rng_test");
	log = log_after(mark);
	for (; *log; log += strcspn(log, "\n"), log += *log == '\n') {
		const char *text = log_text(log);
		int length = (int)strcspn(text, "\n");

		if (!is_of_test(text)) {
			note("not of the test: %.*s", length, text);
			continue;
		}
		if (seen == lines)
			note("\"%.*s\" is one line too many", length, text);
		CHECK(seen < lines);
		if (length != (int)strlen(wanted[seen]) || strncmp(text, wanted[seen], length))
			note("\"%.*s\" instead of \"%s\"", length, text, wanted[seen]);
		CHECK(length == (int)strlen(wanted[seen]) && !strncmp(text, wanted[seen], length));
		seen++;
	}
	CHECK_EQ(seen, lines);
}

static void kernel_test_beside_the_driver(void)
{
	int fd = rng_open();

	rng_needs_glibc();
	check_kernel_test("");
	/* It has taken the place in the sequence with it, and nothing else. */
	rng_seed(fd, 0x42);
	CHECK_EQ(rng_rand(fd), 286129175);
	close(fd);
}

static void kernel_test_without_the_driver(void)
{
	rng_needs_glibc();
	must("modprobe -r my_rng");
	check_kernel_test("");
	must("modprobe my_rng");
}

static unsigned long long bar_address(void)
{
	struct rng_pci pci = rng_pci(RNG_NODE);
	unsigned long long start;
	char path[256], text[1024];

	snprintf(path, sizeof(path), "%s/resource", pci.path);
	file_read(path, text, sizeof(text));
	CHECK(sscanf(text, "%llx", &start) == 1);
	return start;
}

static void kernel_test_at_its_address(void)
{
	char parameters[64];

	rng_needs_glibc();
	snprintf(parameters, sizeof(parameters), " address=0x%llx", bar_address());
	check_kernel_test(parameters);
}

/* Software that has the classic machine's address written into it. */
static void kernel_test_at_the_classic_address(void)
{
	unsigned long long start = bar_address();

	rng_needs_glibc();
	if (start != CLASSIC_ADDRESS)
		skip("BAR0 is at 0x%llx, not at 0x%llx as on the machine pc with its VGA", start,
		     CLASSIC_ADDRESS);
	check_kernel_test(" address=0xfebf1000");
}

static const struct ktap_case cases[] = {
	{ "kernel_test_beside_the_driver", kernel_test_beside_the_driver },
	{ "kernel_test_without_the_driver", kernel_test_without_the_driver },
	{ "kernel_test_at_its_address", kernel_test_at_its_address },
	{ "kernel_test_at_the_classic_address", kernel_test_at_the_classic_address },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}

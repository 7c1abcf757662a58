// SPDX-License-Identifier: BSD-2-Clause
/*
 * Several devices, of which some share an interrupt line: each has its memory and its
 * names, and whose interrupt it was is found out. Needs two or more of them.
 */
#include "newdev.h"

#define MOST 8

static unsigned int devices(void)
{
	char path[64];
	unsigned int n = 0;

	for (; n < MOST; n++) {
		snprintf(path, sizeof(path), "/dev/newdev%u", n);
		if (!file_exists(path))
			break;
	}
	return n;
}

static int open_number(unsigned int n)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/newdev%u", n);
	fd = open(path, O_RDWR);
	CHECK(fd >= 0);
	return fd;
}

static unsigned int load(const char *parameters)
{
	unsigned int n;

	newdev_load(parameters);
	n = devices();
	if (n < 2)
		skip("one device only: run with newdev newdev");
	return n;
}

static void names_and_memories(void)
{
	unsigned int n = load("");
	char line[128], text[64];

	for (unsigned int i = 0; i < n; i++) {
		snprintf(line, sizeof(line), "/proc/newdevice%.*u", i ? 1 : 0, i);
		CHECK(file_exists(line));
		snprintf(line, sizeof(line), "echo device %u > /proc/newdevice%.*u", i, i ? 1 : 0,
			 i);
		must(line);
	}
	for (unsigned int i = 0; i < n; i++) {
		snprintf(line, sizeof(line), "cat /proc/newdevice%.*u", i ? 1 : 0, i);
		CHECK_EQ(shell(line, text, sizeof(text)), 0);
		snprintf(line, sizeof(line), "device %u\n", i);
		CHECK(!strcmp(text, line));
	}
}

/* Two of them that stand in one row of /proc/interrupts. */
static bool sharing(unsigned int *ret_a, unsigned int *ret_b)
{
	char text[8192], *line, *save = NULL;

	CHECK_EQ(shell("grep newdev /proc/interrupts", text, sizeof(text)), 0);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *one = strstr(line, "newdev"), *other = one ? strstr(one + 1, "newdev") : NULL;

		if (other && sscanf(one, "newdev%u", ret_a) == 1 &&
		    sscanf(other, "newdev%u", ret_b) == 1)
			return true;
	}
	return false;
}

static void shared_line(void)
{
	unsigned int which[2], n = load("irq=intx");
	struct newdev_info before[2], after[2];
	int fds[2], status;
	pid_t pids[2];

	if (!sharing(&which[0], &which[1]))
		skip("no two of the %u devices share a line: run with --machine pc and five", n);
	note("newdev%u and newdev%u share one", which[0], which[1]);
	for (int i = 0; i < 2; i++)
		fds[i] = open_number(which[i]);
	/* One after the other: who is not meant says so. */
	for (int i = 0; i < 100; i++) {
		for (int j = 0; j < 2; j++)
			before[j] = newdev_info(fds[j]);
		CHECK_EQ(newdev_raise(fds[i % 2], NEWDEV_SOURCE_LINE), 0);
		newdev_await(fds[i % 2], NEWDEV_SOURCE_LINE,
			     before[i % 2].event[NEWDEV_SOURCE_LINE]);
		for (int j = 0; j < 2; j++)
			after[j] = newdev_info(fds[j]);
		CHECK_EQ(after[!(i % 2)].event[NEWDEV_SOURCE_LINE],
			 before[!(i % 2)].event[NEWDEV_SOURCE_LINE]);
	}
	CHECK(after[0].unclaimed > 0);
	CHECK(after[1].unclaimed > 0);
	/* Both at once. */
	for (int j = 0; j < 2; j++) {
		static uint8_t out[5000], in[5000];
		int fd;

		pids[j] = ktap_fork();
		if (pids[j])
			continue;
		fd = open_number(which[j]);
		newdev_mode(fd, NEWDEV_MODE_DMA);
		for (int i = 0; i < 100; i++) {
			uint32_t count = newdev_info(fd).event[NEWDEV_SOURCE_BELL];

			CHECK_EQ(newdev_raise(fd, NEWDEV_SOURCE_BELL), 0);
			newdev_await(fd, NEWDEV_SOURCE_BELL, count);
			fill(out, sizeof(out), i + j);
			CHECK_EQ(pwrite(fd, out, sizeof(out), 0), sizeof(out));
			CHECK_EQ(pread(fd, in, sizeof(in), 0), sizeof(in));
			CHECK(!memcmp(in, out, sizeof(in)));
		}
		CHECK_EQ(newdev_info(fd).missed, 0);
		fflush(stdout);
		_exit(0);
	}
	for (int j = 0; j < 2; j++) {
		status = ktap_wait(pids[j]);
		CHECK_EQ(status, 0);
	}
}

/* One of the two goes, with its line up until the end: the other has it to itself, and works. */
static void one_leaves_the_line(void)
{
	unsigned int which[2], n = load("irq=intx");
	struct newdev_pci pci;
	int fd, status;
	pid_t pid;

	if (!sharing(&which[0], &which[1]))
		skip("no two of the %u devices share a line", n);
	pci = newdev_pci(which[0]);
	fd = open_number(which[1]);
	pid = ktap_fork();
	if (!pid) {
		int ports;
		char path[256];
		uint8_t one = 1;

		snprintf(path, sizeof(path), "%s/resource0", pci.path);
		ports = open(path, O_RDWR);
		CHECK(ports >= 0);
		/* Nobody is there to answer while it has no driver; its line must not be up then. */
		for (;;)
			if (pwrite(ports, &one, 1, 0) != 1)
				break;
		_exit(0);
	}
	for (int i = 0; i < 5; i++) {
		CHECK_EQ(file_write(NEWDEV_BUS "unbind", pci.slot), 0);
		for (int j = 0; j < 20; j++) {
			uint32_t count = newdev_info(fd).event[NEWDEV_SOURCE_LINE];

			CHECK_EQ(newdev_raise(fd, NEWDEV_SOURCE_LINE), 0);
			newdev_await(fd, NEWDEV_SOURCE_LINE, count);
		}
		CHECK_EQ(file_write(NEWDEV_BUS "bind", pci.slot), 0);
	}
	kill(pid, SIGKILL);
	status = ktap_wait(pid);
	(void)status;
	must("! dmesg | grep 'nobody cared'");
}

static const struct ktap_case cases[] = {
	{ "names_and_memories", names_and_memories },
	{ "shared_line", shared_line },
	{ "one_leaves_the_line", one_leaves_the_line },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}

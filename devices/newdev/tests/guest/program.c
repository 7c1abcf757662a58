// SPDX-License-Identifier: BSD-2-Clause
/* The program newdev(1) of the guest: what it prints, and what it says to mistakes. */
#include "newdev.h"

static void run(const char *command, int status, const char *wanted)
{
	char text[512];
	int got = shell(command, text, sizeof(text));

	if (got != status || !strstr(text, wanted))
		note("%s: status %d: %s", command, got, text);
	CHECK_EQ(got, status);
	CHECK(strstr(text, wanted) != NULL);
}

static void writes_and_reads(void)
{
	char text[64];

	newdev_load("");
	run("newdev write 'some words'; newdev read", 0, "some words");
	run("newdev -m pio write more; newdev -m dma read", 0, "more");
	run("printf 0123456789 | newdev write; newdev -k -o 3 write abc; newdev read", 0,
	    "012abc6789");
	CHECK_EQ(shell("newdev -o 2 -n 3 read", text, sizeof(text)), 0);
	CHECK(!strcmp(text, "2ab"));
	must("head -c 1024001 /dev/urandom >/tmp/data && newdev write </tmp/data && "
	     "newdev read | cmp - /tmp/data");
	must("newdev -m mmio -n 30000 read | cmp -n 30000 - /tmp/data");
	run("head -c 3000000 /dev/zero | newdev write", 1, "No space left");
}

static void interrupts(void)
{
	newdev_load("");
	run("newdev raise bell && newdev raise line && sleep 0.2 && newdev info", 0, "bell 1\n");
	run("newdev info", 0, "line 1\n");
	run("newdev info", 0, "memory 2097152\n");
	run("newdev -t 20 wait bell", 1, "timed out");
	run("(sleep 0.3; newdev raise bell) & newdev wait bell", 0, "");
}

static void mistakes(void)
{
	run("newdev", 2, "what to do?");
	run("newdev fly", 2, "no such command: \"fly\"");
	run("newdev read it", 2, "too few or too many words");
	run("newdev raise error", 2, "only line and bell");
	run("newdev raise sun", 2, "no such source");
	run("newdev -m pigeon read", 2, "no such mode");
	run("newdev -o -1 read", 2, "no number");
	run("newdev -o 3000000 read", 1, "Invalid argument");
	run("newdev -d /dev/newdev77 read", 1, "is its driver loaded");
	run("newdev --help", 0, "Usage: newdev");
}

static const struct ktap_case cases[] = {
	{ "writes_and_reads", writes_and_reads },
	{ "interrupts", interrupts },
	{ "mistakes", mistakes },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}

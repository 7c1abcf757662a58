// SPDX-License-Identifier: BSD-2-Clause
/* The driver, in a guest's kernel, through its device node. */
#include <ersatz/ktap.h>

#define NODE "/dev/skeleton0"
#define DRIVER "/sys/bus/pci/drivers/skeleton"
#define LOWER "/sys/module/skeleton/parameters/lower"

static char sent[70000], got[70000];
static char *volatile nowhere = (char *)8;

static int open_node(void)
{
	int fd = open(NODE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		note("no %s; dmesg tells why", NODE);
	CHECK(fd >= 0);
	return fd;
}

static void through_the_shell(void)
{
	CHECK_EQ(shell("echo Hello, skeleton 1! >" NODE " && cat " NODE, got, sizeof(got)), 0);
	CHECK(!strcmp(got, "HELLO, SKELETON 1!\n"));
}

static void small_letters(void)
{
	CHECK_EQ(file_write(LOWER, "1"), 0);
	CHECK_EQ(shell("echo Hello >" NODE " && cat " NODE, got, sizeof(got)), 0);
	CHECK_EQ(file_write(LOWER, "0"), 0);
	CHECK(!strcmp(got, "hello\n"));
}

/* A write takes what the device can do at once, as write(2) allows. */
static void much_at_once(void)
{
	int fd = open_node();

	memset(sent, 'q', sizeof(sent));
	CHECK_EQ(write(fd, sent, sizeof(sent)), 65536);
	memset(sent, 'Q', sizeof(sent));
	CHECK_EQ(read(fd, got, sizeof(got)), 65536);
	CHECK_EQ(memcmp(got, sent, 65536), 0);
	CHECK_EQ(read(fd, got, sizeof(got)), 0);
}

static void bad_pointer(void)
{
	int fd = open_node();

	CHECK_ERRNO(write(fd, nowhere, 16), EFAULT);
	CHECK_EQ(write(fd, "a", 1), 1);
	CHECK_ERRNO(read(fd, nowhere, 16), EFAULT);
}

/* The driver goes while a file is open, and comes back. */
static void unbind_with_a_file_open(void)
{
	char device[64];
	int fd = open_node();

	CHECK_EQ(shell("cd " DRIVER " && ls -d 0000:*", device, sizeof(device)), 0);
	device[strcspn(device, "\n")] = '\0';
	CHECK_EQ(file_write(DRIVER "/unbind", device), 0);
	CHECK(!file_exists(NODE));
	CHECK_ERRNO(write(fd, "a", 1), ENODEV);
	CHECK_ERRNO(read(fd, got, 1), ENODEV);
	CHECK_EQ(file_write(DRIVER "/bind", device), 0);
	WAIT_FOR(file_exists(NODE));
	/* A file of before stays dead; a new one works. */
	CHECK_ERRNO(write(fd, "a", 1), ENODEV);
	CHECK_EQ(write(open_node(), "a", 1), 1);
}

static const struct ktap_case cases[] = {
	{ "through_the_shell", through_the_shell },
	{ "small_letters", small_letters },
	{ "much_at_once", much_at_once },
	{ "bad_pointer", bad_pointer },
	{ "unbind_with_a_file_open", unbind_with_a_file_open },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}

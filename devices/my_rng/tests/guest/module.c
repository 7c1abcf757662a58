// SPDX-License-Identifier: BSD-2-Clause
/*
 * The driver's parameters: the classic major, and who gets the device as a
 * hw_random. Every case leaves my_rng loaded as it is by default.
 */
#include "rng.h"

#include <sys/sysmacros.h>

#define CLASSIC_MAJOR 250

static void restore(void)
{
	must("modprobe -r my_rng");
	must("modprobe my_rng");
	CHECK(file_exists(RNG_DEV));
}

/* Whose character device number this is; an empty string if it is free. */
static void major_owner(unsigned int major, char *ret_name, size_t size)
{
	FILE *file = fopen("/proc/devices", "r");
	unsigned int number;
	char line[128], name[100];

	CHECK(file != NULL);
	*ret_name = '\0';
	while (fgets(line, sizeof(line), file) && strncmp(line, "Block", 5))
		if (sscanf(line, "%u %99s", &number, name) == 2 && number == major)
			snprintf(ret_name, size, "%s", name);
	fclose(file);
}

/* With major=N the node has it, and so has one that mknod makes. */
static void check_major(unsigned int major)
{
	char command[64], owner[100];
	struct stat st;
	int fd;

	must("modprobe -r my_rng");
	snprintf(command, sizeof(command), "modprobe my_rng major=%u", major);
	must(command);
	CHECK_EQ(stat(RNG_DEV, &st), 0);
	CHECK(S_ISCHR(st.st_mode));
	CHECK_EQ(major(st.st_rdev), major);
	CHECK_EQ(minor(st.st_rdev), 0);
	major_owner(major, owner, sizeof(owner));
	CHECK(!strcmp(owner, RNG_NODE));

	CHECK_EQ(mknod("/tmp/my_rng_mknod", S_IFCHR | 0600, makedev(major, 0)), 0);
	fd = rng_open_node("/tmp/my_rng_mknod");
	unlink("/tmp/my_rng_mknod");
	rng_seed(fd, 0x42);
	rng_rand(fd);
	close(fd);
	restore();
}

static void major_of_choice(void)
{
	char owner[100];

	/* 240 to 254 are for local use; Linux itself hands them out from the top. */
	for (unsigned int major = 240; major < 250; major++) {
		major_owner(major, owner, sizeof(owner));
		if (!*owner) {
			check_major(major);
			return;
		}
	}
	skip("240 to 249 are all taken");
}

static void major_classic(void)
{
	char owner[100];

	major_owner(CLASSIC_MAJOR, owner, sizeof(owner));
	if (*owner && strcmp(owner, RNG_NODE))
		skip("this kernel has given %u to %s", CLASSIC_MAJOR, owner);
	check_major(CLASSIC_MAJOR);
}

/* Somebody else's: refused, and nothing left behind. */
static void major_taken(void)
{
	char text[512];
	int status;

	must("modprobe -r my_rng");
	status = shell("modprobe my_rng major=1", text, sizeof(text));
	CHECK(!file_exists(RNG_BUS));
	CHECK(!file_exists(RNG_CLASS));
	must("modprobe my_rng");
	CHECK(status != 0);
}

#define HWRNG "/sys/class/misc/hw_random/"

static bool hwrng_has(const char *name)
{
	char available[512];

	if (!file_exists(HWRNG "rng_available"))
		skip("this kernel has no hw_random");
	file_read(HWRNG "rng_available", available, sizeof(available));
	for (char *word = strtok(available, " "); word; word = strtok(NULL, " "))
		if (!strcmp(word, name))
			return true;
	return false;
}

/* A sequence that a program has seeded is nobody else's business. */
static void hwrng_leaves_seeded_devices_alone(void)
{
	char algorithm[32];

	file_read(RNG_CLASS RNG_NODE "/algorithm", algorithm, sizeof(algorithm));
	if (!strcmp(algorithm, "entropy"))
		skip("this device has no seed");
	CHECK(!hwrng_has(RNG_NODE));
}

static void hwrng_takes_devices_without_seed(void)
{
	char algorithm[32];

	file_read(RNG_CLASS RNG_NODE "/algorithm", algorithm, sizeof(algorithm));
	if (strcmp(algorithm, "entropy"))
		skip("the device's algorithm is %s, which has a seed", algorithm);
	CHECK(hwrng_has(RNG_NODE));
	must("modprobe -r my_rng");
	CHECK(!hwrng_has(RNG_NODE));
	must("modprobe my_rng hwrng=0");
	CHECK(!hwrng_has(RNG_NODE));
	restore();
	CHECK(hwrng_has(RNG_NODE));
}

/* Entropy that the kernel believes in: all of it, or as good as none. Older kernels do not say. */
static void check_quality(void)
{
	char quality[32], algorithm[32];

	if (!file_exists(HWRNG "rng_quality"))
		return;
	file_read(HWRNG "rng_quality", quality, sizeof(quality));
	file_read(RNG_CLASS RNG_NODE "/algorithm", algorithm, sizeof(algorithm));
	if (strcmp(algorithm, "entropy"))
		CHECK(atoi(quality) <= 1);
	else
		CHECK_EQ(atoi(quality), 1024);
}

static void hwrng_on_request(void)
{
	unsigned int numbers[4] = { 0 };
	struct rng_pci pci = rng_pci(RNG_NODE);
	unsigned int devices = rng_count();
	int fd;

	hwrng_has(RNG_NODE);
	must("modprobe -r my_rng");
	must("modprobe my_rng hwrng=1");
	CHECK(hwrng_has(RNG_NODE));
	/* Each device under a name of its own. */
	if (devices > 1)
		CHECK(hwrng_has(RNG_NODE "1"));

	CHECK_EQ(file_write(HWRNG "rng_current", RNG_NODE), 0);
	fd = open("/dev/hwrng", O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_EQ(read(fd, numbers, sizeof(numbers)), sizeof(numbers));
	CHECK(numbers[0] != numbers[1] || numbers[1] != numbers[2]);
	check_quality();

	/* The current generator goes away, while its reader is there. */
	rng_unbind(&pci);
	CHECK(!hwrng_has(RNG_NODE));
	rng_bind(&pci);
	CHECK(hwrng_has(RNG_NODE));
	close(fd);
	restore();
}

static const struct ktap_case cases[] = {
	{ "major_of_choice", major_of_choice },
	{ "major_classic", major_classic },
	{ "major_taken", major_taken },
	{ "hwrng_leaves_seeded_devices_alone", hwrng_leaves_seeded_devices_alone },
	{ "hwrng_takes_devices_without_seed", hwrng_takes_devices_without_seed },
	{ "hwrng_on_request", hwrng_on_request },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}

// SPDX-License-Identifier: BSD-2-Clause
/* The numbers themselves: from the driver, the program, two devices, the kernel. */
#include "rng.h"

/* From srand() and rand() of glibc 2.36, run elsewhere. */
static const struct {
	unsigned int seed;
	unsigned int first[5];
	unsigned int number100, number1000;
} known[] = {
	{ 0x42,
	  { 286129175, 1594929109, 971802288, 222134722, 1335014133 },
	  1009640438,
	  1736912126 },
	{ 0,
	  { 1804289383, 846930886, 1681692777, 1714636915, 1957747793 },
	  1956297539,
	  1143565421 },
	{ 1,
	  { 1804289383, 846930886, 1681692777, 1714636915, 1957747793 },
	  1956297539,
	  1143565421 },
	{ 2, { 1505335290, 1738766719, 190686788, 260874575, 747983061 }, 1182952155, 2057566690 },
	{ 0x7fffffff,
	  { 1065668062, 2142264300, 1066566375, 1064012770, 2141034222 },
	  1242081274,
	  1698607095 },
	{ 0x80000000,
	  { 1336741213, 1210407648, 1447044896, 337392383, 82502902 },
	  2134966570,
	  193932953 },
	{ 0xdeadbeef,
	  { 352217057, 918588210, 499345174, 513054021, 248820349 },
	  89394044,
	  993976480 },
	{ 0xffffffff,
	  { 254925627, 1205188300, 366127624, 1401405153, 76053476 },
	  1229564197,
	  1892540048 },
};

static void known_numbers(void)
{
	int fd = rng_open();

	rng_needs_glibc();
	for (size_t i = 0; i < KTAP_LENGTH(known); i++) {
		unsigned int number = 0;

		rng_seed(fd, known[i].seed);
		for (unsigned int n = 1; n <= 1000; n++) {
			number = rng_rand(fd);
			if (n <= 5)
				CHECK_EQ(number, known[i].first[n - 1]);
			if (n == 100)
				CHECK_EQ(number, known[i].number100);
		}
		CHECK_EQ(number, known[i].number1000);
	}
	close(fd);
}

static void equals_libc(void)
{
	int fd = rng_open();

	rng_needs_glibc();
	for (unsigned int seed = 3; seed < 0x80000000; seed = seed * 37 + 11) {
		struct reference reference;

		reference_seed(&reference, seed);
		rng_seed(fd, seed);
		for (unsigned int n = 0; n < 500; n++)
			CHECK_EQ(rng_rand(fd), reference_rand(&reference));
	}
	close(fd);
}

/* Whatever the algorithm, unless it has no seed. */
static void rounds_are_equal(void)
{
	char algorithm[32];
	unsigned int first[1000];
	int fd = rng_open();

	file_read(RNG_CLASS RNG_NODE "/algorithm", algorithm, sizeof(algorithm));
	if (!strcmp(algorithm, "entropy"))
		skip("numbers of the algorithm %s follow from no seed", algorithm);
	for (int round = 0; round < 2; round++) {
		rng_seed(fd, 0x42);
		for (size_t n = 0; n < KTAP_LENGTH(first); n++) {
			unsigned int number = rng_rand(fd);

			if (round)
				CHECK_EQ(number, first[n]);
			first[n] = number;
		}
	}
	close(fd);
}

static void numbers_differ(void)
{
	unsigned int numbers[256];
	int fd = rng_open(), zeros = 0, equal = 0;

	rng_seed(fd, 0x42);
	for (size_t n = 0; n < KTAP_LENGTH(numbers); n++) {
		numbers[n] = rng_rand(fd);
		zeros += !numbers[n] || !~numbers[n];
		equal += n && numbers[n] == numbers[n - 1];
	}
	CHECK(zeros <= 1);
	CHECK(equal <= 1);
	close(fd);
}

/* Seeding through one file moves the other: the sequence is the device's. */
static void files_share_the_device(void)
{
	int one = rng_open(), other = rng_open();

	rng_needs_glibc();
	rng_seed(one, 0x42);
	for (int n = 0; n < 5; n++)
		CHECK_EQ(rng_rand(n % 2 ? one : other), known[0].first[n]);
	close(one);
	close(other);
}

static void two_devices(void)
{
	struct reference first, second;
	int one, other;

	if (rng_count() < 2)
		skip("there is only one device");
	rng_needs_glibc();
	one = rng_open();
	other = rng_open_node(RNG_DEV "1");
	CHECK(strcmp(rng_pci(RNG_NODE).slot, rng_pci(RNG_NODE "1").slot));

	reference_seed(&first, 7);
	reference_seed(&second, 7);
	rng_seed(one, 7);
	rng_rand(one);
	reference_rand(&first);
	rng_seed(other, 7);
	for (int n = 0; n < 300; n++) {
		CHECK_EQ(rng_rand(one), reference_rand(&first));
		CHECK_EQ(rng_rand(other), reference_rand(&second));
		if (n % 3 == 0)
			CHECK_EQ(rng_rand(other), reference_rand(&second));
	}
	close(one);
	close(other);
}

/* One of two goes; the other does not notice. */
static void two_devices_unbind_one(void)
{
	struct rng_pci pci;
	int other;

	if (rng_count() < 2)
		skip("there is only one device");
	rng_needs_glibc();
	pci = rng_pci(RNG_NODE);
	other = rng_open_node(RNG_DEV "1");
	rng_seed(other, 0x42);
	CHECK_EQ(rng_rand(other), known[0].first[0]);
	rng_unbind(&pci);
	CHECK_EQ(rng_rand(other), known[0].first[1]);
	CHECK(!file_exists(RNG_DEV));
	rng_bind(&pci);
	CHECK_EQ(rng_rand(other), known[0].first[2]);
	CHECK(!strcmp(rng_pci(RNG_NODE).slot, pci.slot));
	close(other);
}

static void program_is_there(void)
{
	char text[2048];

	if (shell("my_rng --help", text, sizeof(text)) == 127)
		skip("my_rng is not in PATH");
	CHECK(strstr(text, "--seed") != NULL);
}

static void program_prints_two_rounds(void)
{
	char text[2048], wanted[2048];
	size_t length = 0;

	program_is_there();
	rng_needs_glibc();
	for (int round = 0; round < 2; round++)
		for (int n = 0; n < 5; n++)
			length += snprintf(wanted + length, sizeof(wanted) - length,
					   "Round %d number %d: %u\n", round, n, known[0].first[n]);
	CHECK_EQ(shell("my_rng", text, sizeof(text)), 0);
	CHECK(!strcmp(text, wanted));
	CHECK_EQ(shell("my_rng --seed 0x42", text, sizeof(text)), 0);
	CHECK(!strcmp(text, wanted));
	CHECK_EQ(shell("my_rng -s 66 -r 1 -c 1 -d " RNG_DEV, text, sizeof(text)), 0);
	CHECK(!strcmp(text, "Round 0 number 0: 286129175\n"));
	CHECK_EQ(shell("my_rng --rounds 0", text, sizeof(text)), 0);
	CHECK(!strcmp(text, ""));
}

static void program_refuses(void)
{
	static const char *const wrong[] = {
		"my_rng --seed",
		"my_rng --seed ''",
		"my_rng --seed x",
		"my_rng --seed 1x",
		"my_rng --seed -1",
		"my_rng --seed ' 1'",
		"my_rng --seed +1",
		"my_rng --seed 0x",
		"my_rng --seed 0x100000000",
		"my_rng --count 1e3",
		"my_rng --rounds 2.5",
		"my_rng --nonsense",
		"my_rng 42",
		"my_rng --seed 99999999999999999999999",
	};
	char text[2048];

	program_is_there();
	for (size_t i = 0; i < KTAP_LENGTH(wrong); i++) {
		int status = shell(wrong[i], text, sizeof(text));

		if (status != 2)
			note("%s: %s", wrong[i], text);
		CHECK_EQ(status, 2);
	}
	CHECK_EQ(shell("my_rng --device /dev/null", text, sizeof(text)), 1);
	CHECK(strstr(text, "/dev/null") != NULL);
	CHECK_EQ(shell("my_rng --device /nowhere", text, sizeof(text)), 1);
	CHECK(strstr(text, "modprobe my_rng") != NULL);
	CHECK_EQ(shell("my_rng >/dev/full", text, sizeof(text)), 1);
}

static const struct ktap_case cases[] = {
	{ "known_numbers", known_numbers },
	{ "equals_libc", equals_libc },
	{ "rounds_are_equal", rounds_are_equal },
	{ "numbers_differ", numbers_differ },
	{ "files_share_the_device", files_share_the_device },
	{ "two_devices", two_devices },
	{ "two_devices_unbind_one", two_devices_unbind_one },
	{ "program_is_there", program_is_there },
	{ "program_prints_two_rounds", program_prints_two_rounds },
	{ "program_refuses", program_refuses },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}

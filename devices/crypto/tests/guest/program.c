// SPDX-License-Identifier: BSD-2-Clause
/* The program `crypto`, as a user meets it. */
#include "crypto_guest.h"

#define DIR_ "/tmp/program/"

static char said[4096]; /* both outputs of the last command */

/* Runs it in a folder of its own, which holds what is named in the command. */
static int run(const char *command)
{
	char line[480];

	CHECK(snprintf(line, sizeof(line), "mkdir -p " DIR_ "; cd " DIR_ " || exit 99; %s",
		       command) < (int)sizeof(line));
	return shell(line, said, sizeof(said));
}

static void good(const char *command)
{
	int status = run(command);

	if (status)
		note("%s: %s", command, said);
	CHECK_EQ(status, 0);
}

/* It ends with this status, and says these words. */
static void bad(int status, const char *words, const char *command)
{
	int got = run(command);

	if (got != status || !strstr(said, words))
		note("%s: status %d, \"%s\" instead of %d, \"%s\"", command, got, said, status,
		     words);
	CHECK_EQ(got, status);
	CHECK(strstr(said, words) != NULL);
}

static void put(const char *name, const void *data, size_t size)
{
	char path[64];
	int fd;

	good("true");
	snprintf(path, sizeof(path), DIR_ "%s", name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	CHECK_EQ(write(fd, data, size), size);
	close(fd);
}

static void usage(void)
{
	bad(0, "Usage: crypto encrypt|decrypt|sha256", "crypto --help");
	bad(2, "encrypt, decrypt or sha256?", "crypto");
	bad(2, "\"hash\" is none of", "crypto hash x");
	bad(2, "what is \"b\"?", "crypto sha256 a b");
	bad(2, "--size is for decrypt", "crypto encrypt --size 5 x");
	bad(2, "--offset takes a number from 0 to 4095, not \"4096\"",
	    "crypto sha256 --offset 4096 x");
	bad(2, "not \"-1\"", "crypto decrypt --size -1 x");
	bad(2, "Try 'crypto --help'", "crypto sha256 --nosuch");
}

static void digests(void)
{
	put("123", "123", 3);
	good("crypto sha256 123");
	CHECK(!strcmp(said, "a665a45920422f9d417e4867efdc4fb8a04a1f3fff1fa07e998e86f7f7a27ae3"
			    "  123\n"));
	good("printf 123 | crypto sha256 - -o sum && sha256sum <123 >want && cmp sum want");
	/* Pages and pieces: what busybox finds, file or not, at any offset. */
	good("head -c 1000001 /dev/urandom >data && sha256sum data >want");
	good("crypto sha256 data | cmp - want");
	good("crypto sha256 --offset 4095 data | cmp - want");
	good("cat data | crypto sha256 | cut -c 1-64 >sum && cut -c 1-64 want | cmp - sum");
	good("crypto sha256 /dev/null | grep -q ^e3b0c44298fc1c14");
	/* A file that is no longer at its beginning is what is left of it. */
	good("sh -c 'dd bs=1 count=2 >/dev/null 2>&1; exec crypto sha256' <123 >sum");
	good("printf 3 | sha256sum | cmp - sum");
}

static void there_and_back(void)
{
	static const unsigned int sizes[] = { 1, 15, 16, 17, 4095, 4097, 1000003 };
	static uint8_t data[1000003 + BLOCK], cipher[1000003 + BLOCK];
	char command[256];

	fill(data, 1000003);
	for (unsigned int i = 0; i < KTAP_LENGTH(sizes); i++) {
		reference_encrypt(data, sizes[i], cipher);
		put("data", data, sizes[i]);
		put("want", cipher, padded(sizes[i]));
		good("crypto encrypt data >cipher && cmp cipher want");
		good("crypto encrypt --offset 1 -o cipher <data && cmp cipher want");
		snprintf(command, sizeof(command),
			 "crypto decrypt -n %u cipher >plain && cmp plain data", sizes[i]);
		good(command);
		snprintf(command, sizeof(command),
			 "cat cipher | crypto decrypt --offset 4095 >plain && "
			 "head -c %u plain | cmp - data && [ $(stat -c %%s plain) = %zu ]",
			 sizes[i], padded(sizes[i]));
		good(command);
	}
	/* Nothing in, nothing out, as openssl(1) does it. */
	good("crypto encrypt </dev/null >cipher && [ ! -s cipher ]");
	good("crypto decrypt --size 0 </dev/null >plain && [ ! -s plain ]");
	/* Over itself. */
	good("cp want data && crypto encrypt data -o data && crypto decrypt data | cmp - want");
}

static void wrong_input(void)
{
	put("odd", "12345678901234567", 17);
	put("block", "1234567890123456", 16);
	good("rm -f out");
	bad(1, "odd: 17 bytes are not a multiple of 16", "crypto decrypt odd -o out");
	bad(1, "block: data of 17 bytes would not have", "crypto decrypt -n 17 block -o out");
	bad(1, "block: data of 0 bytes would not have", "crypto decrypt -n 0 block -o out");
	bad(1, "is not padding", "crypto decrypt -n 1 block -o out");
	bad(1, "cannot open nosuch: No such file", "crypto encrypt nosuch -o out");
	bad(1, ". is a directory", "crypto encrypt . -o out");
	bad(1, "too large", "truncate -s 1025M huge && crypto sha256 huge -o out");
	good("rm huge");
	bad(1, "modprobe ersatz_crypto", "crypto sha256 block -d /dev/nosuch");
	bad(1, "/dev/null is no crypto device", "crypto sha256 block -d /dev/null");
	/* Nothing is left of all these outputs. */
	good("[ -z \"$(ls | grep out)\" ]");
}

static void output_is_whole_or_not_there(void)
{
	good("head -c 3000000 /dev/urandom >data && crypto encrypt data >cipher");
	good("echo old >out && chmod 640 out");
	bad(1, "not a multiple", "head -c 17 data | crypto decrypt -o out");
	good("[ \"$(cat out)\" = old ]");
	good("crypto decrypt -n 3000000 cipher -o out && cmp out data");
	good("[ $(stat -c %a out) = 640 ]");
	bad(1, "cannot make nosuch/out", "crypto encrypt data -o nosuch/out");
	bad(1, "No space left", "crypto encrypt data -o /dev/full");
	bad(1, "No space left", "crypto encrypt data >/dev/full");
	good("mkdir -p small && mount -t tmpfs -o size=1m none small && echo old >small/out");
	bad(1, "No space left", "crypto encrypt data -o small/out");
	good("[ \"$(ls small)\" = out ] && [ \"$(cat small/out)\" = old ] && umount small");
}

/* It ends by the signal, if that comes in time, and tidies up. */
static void killed(void)
{
	int early = 0;

	good("head -c 12000000 /dev/zero >data");
	for (int i = 0; i < 10 && !early; i++) {
		good("rm -rf dir; mkdir dir");
		early = run("crypto encrypt data -o dir/out & "
			    "while [ -z \"$(ls dir)\" ]; do usleep 1000; done; kill $!; wait $!");
		CHECK(early == 0 || early == 128 + SIGTERM);
		good(early ? "[ -z \"$(ls dir)\" ]" : "[ \"$(ls dir)\" = out ]");
	}
	CHECK(early);
	good("crypto sha256 data >/dev/null && rm -rf dir data");
}

static void progress(void)
{
	good("head -c 6000000 /dev/zero >data");
	good("crypto sha256 data -o sum");
	CHECK(!*said);
	good("crypto sha256 --quiet data -o sum");
	CHECK(!*said);
	good("cat data | crypto encrypt --progress >/dev/null");
	CHECK(strstr(said, "crypto: reading: ") != NULL);
	CHECK(strstr(said, "crypto: writing: 5859 of 5859 KiB\n") != NULL);
	good("rm data");
}

/* All of them get what they would have got alone. */
static void many(void)
{
	good("for i in 1 2 3 4 5 6 7 8; do head -c ${i}00007 /dev/urandom >many$i; done");
	good("for i in 1 2 3 4 5 6 7 8; do (crypto encrypt many$i | crypto decrypt -n ${i}00007 | "
	     "cmp - many$i && crypto sha256 many$i >sum$i && sha256sum many$i | cmp - sum$i && "
	     "touch done$i) & done; wait; [ $(ls done* | wc -l) = 8 ]");
}

static const struct ktap_case cases[] = {
	{ "usage", usage },
	{ "digests", digests },
	{ "there_and_back", there_and_back },
	{ "wrong_input", wrong_input },
	{ "output_is_whole_or_not_there", output_is_whole_or_not_there },
	{ "killed", killed },
	{ "progress", progress },
	{ "many", many },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}

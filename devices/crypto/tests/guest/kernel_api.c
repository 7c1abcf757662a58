// SPDX-License-Identifier: BSD-2-Clause
/*
 * cbc(aes) and sha256 as the kernel's crypto API has them: what it says of them,
 * the vectors of FIPS 197, SP 800-38A and FIPS 180-4, lengths, offsets, chains and
 * copies of a state on the way, and who gets them by the algorithm's own name.
 */
#include "kernel_alg.h"

#include <sys/mman.h>

#define PAGE 4096u

static void listed(void)
{
	static const struct {
		const char *driver, *name, *type;
	} wanted[] = { { OUR_CBC, "cbc(aes)", "skcipher" }, { OUR_SHA, "sha256", "ahash" } };
	char value[PROC_VALUE];

	load("");
	for (unsigned int i = 0; i < KTAP_LENGTH(wanted); i++) {
		CHECK(proc_crypto(wanted[i].driver, "name", value));
		CHECK(!strcmp(value, wanted[i].name));
		proc_crypto(wanted[i].driver, "module", value);
		CHECK(!strcmp(value, "ersatz_crypto"));
		proc_crypto(wanted[i].driver, "type", value);
		CHECK(!strcmp(value, wanted[i].type));
		proc_crypto(wanted[i].driver, "async", value);
		CHECK(!strcmp(value, "yes"));
		proc_crypto(wanted[i].driver, "internal", value);
		CHECK(!strcmp(value, "no"));
		proc_crypto(wanted[i].driver, "selftest", value);
		CHECK(!strcmp(value, "passed"));
	}
}

/* ---- vectors ---- */

struct aes_vector {
	unsigned int key_bits, bytes;
	const char *key, *iv, *plain, *cipher;
};

#define SP_IV "000102030405060708090a0b0c0d0e0f"
#define SP_PLAIN                                                                                   \
	"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"                         \
	"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
#define ZERO "00000000000000000000000000000000"
#define FIPS_PLAIN "00112233445566778899aabbccddeeff"

static const struct aes_vector aes_vectors[] = {
	/* FIPS 197, C.1 to C.3: with an IV of 0 one block is that of the bare cipher. */
	{ 128, 16, "000102030405060708090a0b0c0d0e0f", ZERO, FIPS_PLAIN,
	  "69c4e0d86a7b0430d8cdb78070b4c55a" },
	{ 192, 16, "000102030405060708090a0b0c0d0e0f1011121314151617", ZERO, FIPS_PLAIN,
	  "dda97ca4864cdfe06eaf70a0ec0d7191" },
	{ 256, 16, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", ZERO,
	  FIPS_PLAIN, "8ea2b7ca516745bfeafc49904b496089" },
	/* SP 800-38A, F.2.1 to F.2.6. */
	{ 128, 64, "2b7e151628aed2a6abf7158809cf4f3c", SP_IV, SP_PLAIN,
	  "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
	  "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7" },
	{ 192, 64, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", SP_IV, SP_PLAIN,
	  "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a"
	  "571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd" },
	{ 256, 64, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", SP_IV,
	  SP_PLAIN,
	  "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
	  "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b" },
};

static void check_aes_vector(const struct aes_vector *v)
{
	uint8_t key[32], iv[BLOCK], plain[64], cipher[64], got[64];
	int op;

	from_hex(v->key, key, v->key_bits / 8);
	from_hex(v->iv, iv, sizeof(iv));
	from_hex(v->plain, plain, v->bytes);
	from_hex(v->cipher, cipher, v->bytes);
	op = cbc_open(OUR_CBC, key, v->key_bits / 8);
	cbc(op, true, iv, plain, got, v->bytes);
	CHECK(!memcmp(got, cipher, v->bytes));
	cbc(op, false, iv, cipher, got, v->bytes);
	CHECK(!memcmp(got, plain, v->bytes));
	close(op);
}

static void check_sha(int op, const void *in, size_t length, const char *wanted)
{
	uint8_t digest[DIGEST], right[DIGEST];

	from_hex(wanted, right, sizeof(right));
	sha(op, in, length, digest);
	CHECK(!memcmp(digest, right, sizeof(digest)));
}

/* FIPS 180-4's examples, and those of the empty message and of a million times "a". */
static void check_sha_vectors(void)
{
	static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	char *million = room(1000000);
	int op = sha_open(OUR_SHA);

	memset(million, 'a', 1000000);
	check_sha(op, "", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check_sha(op, "abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check_sha(op, two, strlen(two),
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	check_sha(op, million, 1000000,
		  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(million);
	close(op);
}

static void check_vectors(void)
{
	for (unsigned int i = 0; i < KTAP_LENGTH(aes_vectors); i++)
		check_aes_vector(&aes_vectors[i]);
	check_sha_vectors();
}

/* ---- the three ways to be interrupted ---- */

static void check_mode(const char *irq, const char *vectors)
{
	unsigned long long requests, interrupts;
	char parameter[32], text[32];

	snprintf(parameter, sizeof(parameter), "irq=%s", irq);
	load(parameter);
	device_read(0, "irq", text, sizeof(text));
	if (!strcmp(irq, "multi") && !strcmp(text, "msi"))
		skip("the kernel grants no four messages: that needs --iommu");
	CHECK(!strcmp(text, irq));
	device_read(0, "vectors", text, sizeof(text));
	CHECK(!strcmp(text, vectors));

	requests = counter("requests");
	interrupts = counter("interrupts");
	CHECK(requests > 0); /* the self-tests' */
	check_vectors();
	CHECK(counter("requests") > requests);
	/* Each command is one interrupt: no more, and none that was missed. */
	CHECK_EQ(counter("interrupts") - interrupts, counter("requests") - requests);
	CHECK_EQ(counter("requests"), counter("ready_events"));
	CHECK_EQ(counter("errors"), 0);
	CHECK_EQ(counter("timeouts"), 0);
	CHECK_EQ(counter("lost_interrupts"), 0);
	CHECK_EQ(counter("bounced"), 0);
}

static void vectors_by_intx(void)
{
	check_mode("intx", "1");
}

static void vectors_by_one_message(void)
{
	check_mode("msi", "1");
}

static void vectors_by_four_messages(void)
{
	check_mode("multi", "4");
}

static void vectors_by_the_bounce_buffer(void)
{
	load("bounce=1");
	check_vectors();
	CHECK(counter("bounced") > 0);
	CHECK_EQ(counter("errors"), 0);
}

static void nonsense_is_no_way(void)
{
	char text[256];

	must("modprobe -r ersatz_crypto");
	shell("modprobe ersatz_crypto irq=lines", text, sizeof(text));
	CHECK_EQ(device_count(), 0);
	load("irq=auto");
}

/* ---- by the algorithm's name ---- */

static void chosen_by_name(void)
{
	uint8_t key[16] = { 1 }, iv[BLOCK] = { 2 }, in[64] = { 3 }, out[64], digest[DIGEST];
	unsigned long long requests;
	int op;

	load("");
	op = cbc_open("cbc(aes)", key, sizeof(key));
	requests = counter("requests");
	cbc(op, true, iv, in, out, sizeof(in));
	CHECK_EQ(counter("requests"), requests + 1);
	close(op);
	op = sha_open("sha256");
	requests = counter("requests");
	sha(op, in, sizeof(in), digest);
	CHECK(counter("requests") > requests);
	close(op);
}

static void not_chosen_with_low_priority(void)
{
	uint8_t in[64] = { 3 }, digest[DIGEST];
	unsigned long long requests;
	char value[PROC_VALUE];
	int op;

	load("priority=1");
	CHECK(proc_crypto(OUR_SHA, "priority", value) && !strcmp(value, "1"));
	op = sha_open("sha256");
	requests = counter("requests");
	sha(op, in, sizeof(in), digest);
	CHECK_EQ(counter("requests"), requests);
	close(op);
	load("");
}

/* ---- what is refused ---- */

static void key_lengths(void)
{
	uint8_t key[64] = { 0 };

	for (unsigned int length = 0; length <= sizeof(key); length++) {
		int fd = alg("skcipher", OUR_CBC);

		if (length == 16 || length == 24 || length == 32)
			CHECK_EQ(alg_key(fd, key, length), 0);
		else
			CHECK_ERRNO(alg_key(fd, key, length), EINVAL);
		close(fd);
	}
}

static void lengths_of_no_block(void)
{
	uint8_t key[32] = { 1 }, iv[BLOCK] = { 2 }, in[64] = { 3 }, out[64], right[64];
	int op = cbc_open(OUR_CBC, key, sizeof(key)), cpu = cbc_open(CPU_CBC, key, sizeof(key));
	unsigned long long requests = counter("requests");

	for (unsigned int length = 1; length <= 47; length++) {
		if (length % BLOCK == 0)
			continue;
		CHECK_ERRNO(cbc_try(op, true, iv, in, out, length), EINVAL);
		/* What was sent is still there; another socket is the shortest way out. */
		close(op);
		op = cbc_open(OUR_CBC, key, sizeof(key));
	}
	CHECK_EQ(counter("requests"), requests);
	cbc(op, true, iv, in, out, sizeof(in));
	cbc(cpu, true, iv, in, right, sizeof(in));
	CHECK(!memcmp(out, right, sizeof(out)));
	close(op);
	close(cpu);
}

/* ---- against the CPU ---- */

/* One size, at one place in a page each; both directions, and in place. */
static void check_cbc(int op, int cpu, size_t length, unsigned int at_in, unsigned int at_out)
{
	uint8_t *in = mmap(NULL, length + 2 * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *out = mmap(NULL, length + 2 * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *right = room(length), iv[BLOCK];

	CHECK(in != MAP_FAILED && out != MAP_FAILED);
	fill(in, length + 2 * PAGE, length + at_in);
	fill(iv, sizeof(iv), at_out);
	memset(out, 0xa5, length + 2 * PAGE);
	cbc(cpu, true, iv, in + at_in, right, length);
	cbc(op, true, iv, in + at_in, out + at_out, length);
	CHECK(!memcmp(out + at_out, right, length));
	for (unsigned int i = 0; i < at_out; i++)
		CHECK_EQ(out[i], 0xa5);
	for (unsigned int i = at_out + length; i < length + 2 * PAGE; i++)
		CHECK_EQ(out[i], 0xa5);
	cbc(op, false, iv, out + at_out, out + at_out, length);
	CHECK(!memcmp(out + at_out, in + at_in, length));
	free(right);
	munmap(in, length + 2 * PAGE);
	munmap(out, length + 2 * PAGE);
}

static void cbc_like_the_cpu(void)
{
	static const size_t lengths[] = { 16, 32, 48, 4080, 4096, 4112, 65536, 200000 / 16 * 16 };
	static const unsigned int offsets[] = { 0, 1, 15, 16, 2049, 4081, 4095 };
	uint8_t key[32];

	for (unsigned int size = 16; size <= 32; size += 8) {
		int op, cpu;

		fill(key, sizeof(key), size);
		op = cbc_open(OUR_CBC, key, size);
		cpu = cbc_open(CPU_CBC, key, size);
		for (unsigned int i = 0; i < KTAP_LENGTH(lengths); i++)
			for (unsigned int j = 0; j < KTAP_LENGTH(offsets); j++)
				check_cbc(op, cpu, lengths[i], offsets[j],
					  offsets[(i + j) % KTAP_LENGTH(offsets)]);
		close(op);
		close(cpu);
	}
}

/* A request is one command and one interrupt, at 1 MiB and with thousands of entries. */
static void large_requests(void)
{
	static const size_t lengths[] = { 1 << 20, 16 << 20 };
	uint8_t key[32] = { 7 }, iv[BLOCK] = { 8 };
	int op = cbc_open(OUR_CBC, key, sizeof(key)), cpu = cbc_open(CPU_CBC, key, sizeof(key));

	for (unsigned int i = 0; i < KTAP_LENGTH(lengths); i++) {
		size_t length = lengths[i];
		uint8_t *in = room(length), *out = room(length + 1), *right = room(length);
		unsigned long long requests, interrupts, bounced;

		fill(in, length, i);
		cbc(cpu, true, iv, in, right, length);
		requests = counter("requests");
		interrupts = counter("interrupts");
		bounced = counter("bounced");
		cbc(op, true, iv, in, out + 1, length);
		CHECK(!memcmp(out + 1, right, length));
		CHECK_EQ(counter("requests"), requests + 1);
		CHECK_EQ(counter("interrupts"), interrupts + 1);
		CHECK_EQ(counter("bounced"), bounced);
		cbc(op, false, iv, right, out + 1, length);
		CHECK(!memcmp(out + 1, in, length));
		free(in);
		free(out);
		free(right);
	}
	close(op);
	close(cpu);
}

/* The same with all of it copied: many slices, each with the IV of the one before. */
static void large_requests_by_the_bounce_buffer(void)
{
	size_t length = (1 << 20) + 48;
	uint8_t key[24] = { 7 }, iv[BLOCK] = { 8 };
	uint8_t *in = room(length), *out = room(length), *right = room(length);
	uint8_t digest[DIGEST], right_digest[DIGEST];
	int op, cpu;

	load("bounce=1");
	op = cbc_open(OUR_CBC, key, sizeof(key));
	cpu = cbc_open(CPU_CBC, key, sizeof(key));
	fill(in, length, 9);
	cbc(cpu, true, iv, in, right, length);
	cbc(op, true, iv, in, out, length);
	CHECK(!memcmp(out, right, length));
	cbc(op, false, iv, out, out, length);
	CHECK(!memcmp(out, in, length));
	close(op);
	close(cpu);
	op = sha_open(OUR_SHA);
	cpu = sha_open(CPU_SHA);
	sha(op, in + 1, length - 1, digest);
	sha(cpu, in + 1, length - 1, right_digest);
	CHECK(!memcmp(digest, right_digest, DIGEST));
	close(op);
	close(cpu);
	load("");
	free(in);
	free(out);
	free(right);
}

/* Without a new IV the next piece goes on where the one before has ended. */
static void next_iv(void)
{
	uint8_t key[16], iv[BLOCK], in[4096], out[4096], right[4096];
	int op, cpu;

	fill(key, sizeof(key), 1);
	fill(iv, sizeof(iv), 2);
	fill(in, sizeof(in), 3);
	op = cbc_open(OUR_CBC, key, sizeof(key));
	cpu = cbc_open(CPU_CBC, key, sizeof(key));
	cbc(cpu, true, iv, in, right, sizeof(in));
	for (int encrypt = 1; encrypt >= 0; encrypt--) {
		const uint8_t *from = encrypt ? in : right, *wanted = encrypt ? right : in;
		unsigned int piece = 16;

		for (unsigned int at = 0; at < sizeof(in); at += piece, piece *= 2) {
			if (piece > sizeof(in) - at)
				piece = sizeof(in) - at;
			CHECK_EQ(cbc_send(op, encrypt, at ? NULL : iv, from + at, piece, MSG_MORE),
				 piece);
			CHECK_EQ(read(op, out + at, piece), piece);
		}
		CHECK(!memcmp(out, wanted, sizeof(out)));
		/* Ends the operation, so that the next one may begin. */
		close(op);
		op = cbc_open(OUR_CBC, key, sizeof(key));
	}
	close(op);
	close(cpu);
}

static void hashes_like_the_cpu(void)
{
	uint8_t *in = room(300000), digest[DIGEST], right[DIGEST];
	int op = sha_open(OUR_SHA), cpu = sha_open(CPU_SHA);

	fill(in, 300000, 11);
	for (unsigned int length = 0; length <= 260; length++) {
		sha(op, in + length, length, digest);
		sha(cpu, in + length, length, right);
		CHECK(!memcmp(digest, right, DIGEST));
	}
	for (unsigned int length = 4000; length < 290000; length += 30011) {
		sha(op, in + length % 4099, length, digest);
		sha(cpu, in + length % 4099, length, right);
		CHECK(!memcmp(digest, right, DIGEST));
	}
	close(op);
	close(cpu);
	free(in);
}

/* Pieces of all sizes around a block, and at each step a copy that goes its own way. */
static void hash_state_is_copied(void)
{
	uint8_t in[4096], digest[DIGEST], right[DIGEST];
	int op = sha_open(OUR_SHA), cpu = sha_open(CPU_SHA);
	unsigned int at = 0;

	fill(in, sizeof(in), 12);
	for (unsigned int piece = 1; at + piece <= sizeof(in); at += piece, piece += 5) {
		int copy;

		CHECK_EQ(send(op, in + at, piece, MSG_MORE), piece);
		copy = accept4(op, NULL, 0, SOCK_CLOEXEC);
		CHECK(copy >= 0);
		/* The copy ends here; the other knows nothing of it. */
		CHECK_EQ(send(copy, "end", 3, 0), 3);
		CHECK_EQ(read(copy, digest, DIGEST), DIGEST);
		close(copy);
		CHECK_EQ(send(cpu, in, at + piece, MSG_MORE), at + piece);
		CHECK_EQ(send(cpu, "end", 3, 0), 3);
		CHECK_EQ(read(cpu, right, DIGEST), DIGEST);
		CHECK(!memcmp(digest, right, DIGEST));
	}
	CHECK(at > 2048);
	CHECK_EQ(send(op, in, 0, 0), 0);
	CHECK_EQ(read(op, digest, DIGEST), DIGEST);
	sha(cpu, in, at, right);
	CHECK(!memcmp(digest, right, DIGEST));
	close(op);
	close(cpu);
}

/* Callers inside the kernel may do what no program can: ersatz_crypto_test.c. */
static void check_inside(const char *parameters)
{
	unsigned long long bounced, backlogged;
	char text[4096];
	int status;

	load(parameters);
	bounced = counter("bounced");
	backlogged = counter("backlogged");
	status = shell("modprobe ersatz_crypto_test", text, sizeof(text));
	shell("dmesg | grep ersatz_crypto_test: | tail -n 12", text, sizeof(text));
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		note("%s", line);
	CHECK_EQ(status, 0);
	must("rmmod ersatz_crypto_test");
	CHECK(counter("backlogged") > backlogged);
	/* Where an IOMMU gives the same memory two addresses nobody can see an overlap. */
	if (!strstr(parameters, "bounce") && !file_exists("/sys/class/iommu/dmar0"))
		CHECK_EQ(counter("bounced"), bounced + 1);
}

static void from_inside_the_kernel(void)
{
	check_inside("queue=4");
}

static void from_inside_by_the_bounce_buffer(void)
{
	char text[4096];

	/* Nobody is ever told to wait outside, there: what waits for the buffer is no longer in the queue. */
	load("bounce=1");
	CHECK_EQ(shell("modprobe ersatz_crypto_test", text, sizeof(text)), 0);
	must("rmmod ersatz_crypto_test");
	load("");
}

static const struct ktap_case cases[] = {
	{ "listed", listed },
	{ "vectors_by_intx", vectors_by_intx },
	{ "vectors_by_one_message", vectors_by_one_message },
	{ "vectors_by_four_messages", vectors_by_four_messages },
	{ "vectors_by_the_bounce_buffer", vectors_by_the_bounce_buffer },
	{ "nonsense_is_no_way", nonsense_is_no_way },
	{ "chosen_by_name", chosen_by_name },
	{ "not_chosen_with_low_priority", not_chosen_with_low_priority },
	{ "key_lengths", key_lengths },
	{ "lengths_of_no_block", lengths_of_no_block },
	{ "cbc_like_the_cpu", cbc_like_the_cpu },
	{ "large_requests", large_requests },
	{ "large_requests_by_the_bounce_buffer", large_requests_by_the_bounce_buffer },
	{ "next_iv", next_iv },
	{ "hashes_like_the_cpu", hashes_like_the_cpu },
	{ "hash_state_is_copied", hash_state_is_copied },
	{ "from_inside_the_kernel", from_inside_the_kernel },
	{ "from_inside_by_the_bounce_buffer", from_inside_by_the_bounce_buffer },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * Devices and users of the crypto API come and go, in every order: unbind,
 * removal, reset and unload with a transformation that is held, and with many
 * processes at work.
 */
#include "kernel_alg.h"

#include <sys/ioctl.h>

#include "../../linux/ersatz_crypto.h"

#define WORKERS 12

/* Right, or nobody there: whether it was the former. */
static bool check_cbc(int op, const void *iv, const uint8_t *in, uint8_t *out, size_t length,
		      const uint8_t *right)
{
	ssize_t n = cbc_try(op, true, iv, in, out, length);

	if (n < 0) {
		/* EIO: it was reset in the middle. */
		CHECK(errno == ENODEV || errno == EIO);
		return false;
	}
	CHECK_EQ(n, length);
	CHECK(!memcmp(out, right, length));
	return true;
}

/*
 * Both algorithms, with a key and sizes of its own, compared with the CPU's. Ends
 * after so many rounds, or never; without a device it looks for another one.
 */
static void work(unsigned int seed, unsigned int rounds, bool may_fail)
{
	size_t length = 16 * (seed * 37 % 4096 + 1);
	uint8_t key[32], iv[BLOCK], digest[DIGEST], right_digest[DIGEST];
	uint8_t *in = room(length), *out = room(length), *right = room(length);
	unsigned int size = 16 + seed % 3 * 8;
	int cpu;

	fill(key, sizeof(key), seed);
	fill(iv, sizeof(iv), seed + 1);
	fill(in, length, seed + 2);
	cpu = cbc_open(CPU_CBC, key, size);
	cbc(cpu, true, iv, in, right, length);
	close(cpu);
	cpu = sha_open(CPU_SHA);
	sha(cpu, in, length - 1, right_digest);
	close(cpu);
	for (unsigned int round = 0; round < rounds; round++) {
		int fd = alg_try("skcipher", OUR_CBC), op;
		bool well = false;

		if (fd >= 0) {
			CHECK_EQ(alg_key(fd, key, size), 0);
			op = alg_accept(fd);
			well = true;
			for (unsigned int i = 0; i < 8 && well; i++)
				well = check_cbc(op, iv, in, out, length, right);
			close(op);
			close(fd);
		}
		fd = well ? alg_try("hash", OUR_SHA) : -1;
		if (fd >= 0) {
			op = alg_accept(fd);
			if (sha_try(op, in, length - 1, digest) == DIGEST)
				CHECK(!memcmp(digest, right_digest, DIGEST));
			else
				well = false;
			close(op);
			close(fd);
		} else {
			well = false;
		}
		CHECK(well || may_fail);
		if (!well)
			sleep_ms(5);
	}
	free(in);
	free(out);
	free(right);
}

static void start(pid_t *ret_pids, unsigned int n, unsigned int rounds, bool may_fail)
{
	for (unsigned int i = 0; i < n; i++) {
		ret_pids[i] = ktap_fork();
		if (!ret_pids[i]) {
			work(i + 1, rounds, may_fail);
			fflush(stdout);
			_exit(0);
		}
	}
}

static void finish(const pid_t *pids, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		int status = ktap_wait(pids[i]);

		CHECK(WIFEXITED(status));
		CHECK_EQ(WEXITSTATUS(status), 0);
	}
}

static void stop(const pid_t *pids, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		int status;

		kill(pids[i], SIGKILL);
		status = ktap_wait(pids[i]);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
}

/* Nothing is left of what was before. */
static void check_works(void)
{
	work(99, 1, false);
}

static void many_processes(const char *parameters)
{
	pid_t pids[WORKERS];

	load(parameters);
	start(pids, WORKERS, 10, false);
	finish(pids, WORKERS);
	CHECK_EQ(counter("errors"), 0);
	CHECK_EQ(counter("timeouts"), 0);
	CHECK_EQ(counter("lost_interrupts"), 0);
	CHECK_EQ(counter("requests"), counter("ready_events"));
}

static void many_processes_by_intx(void)
{
	many_processes("irq=intx");
}

static void many_processes_by_messages(void)
{
	many_processes("irq=multi");
}

static void many_processes_one_place(void)
{
	many_processes("queue=1");
	CHECK(counter("backlogged") > 0);
}

/* Only that which is below, here: the others get there as well. */
static void many_processes_by_the_bounce_buffer(void)
{
	many_processes("bounce=1");
	CHECK(counter("bounced") > 0);
	load("");
}

/* Each of several devices has something to do. */
static void load_is_shared(void)
{
	pid_t pids[WORKERS];

	if (device_count() < 2)
		skip("that needs two devices");
	load("");
	start(pids, WORKERS, 10, false);
	finish(pids, WORKERS);
	for (unsigned int n = device_count(); n-- > 0;) {
		note("device %u: %llu requests", n, device_counter(n, "requests"));
		CHECK(device_counter(n, "requests") > WORKERS);
	}
}

/* A process that is killed takes nothing with it. */
static void killed(void)
{
	pid_t pids[WORKERS];

	for (unsigned int i = 0; i < 5; i++) {
		start(pids, WORKERS, -1u, false);
		sleep_ms(100);
		stop(pids, WORKERS);
	}
	check_works();
	must("modprobe -r ersatz_crypto");
	load("");
}

static time_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/*
 * Where each binding takes long, as in a kernel that tests more, some rounds fewer
 * will do.
 */
static bool enough(time_t since)
{
	return seconds() - since > 40;
}

static unsigned int unbind_all(char slots[16][32])
{
	unsigned int n = device_count();

	for (unsigned int i = 0; i < n; i++)
		device_slot(i, slots[i]);
	for (unsigned int i = 0; i < n; i++)
		bus_write("unbind", slots[i]);
	return n;
}

/* Without a device nobody is given our algorithms; with one he is again. */
static void unbind_unused(void)
{
	char slots[16][32], value[PROC_VALUE];
	unsigned int n;
	int op;

	load("");
	n = unbind_all(slots);
	WAIT_FOR(!proc_crypto(OUR_CBC, "name", value) && !proc_crypto(OUR_SHA, "name", value));
	CHECK(alg_try("skcipher", OUR_CBC) < 0);
	/* Somebody else's. */
	op = sha_open("sha256");
	close(op);
	for (unsigned int i = 0; i < n; i++)
		bus_write("bind", slots[i]);
	CHECK(proc_crypto(OUR_CBC, "selftest", value) && !strcmp(value, "passed"));
	check_works();
}

/* Who holds a transformation gets ENODEV, until there is a device again. */
static void unbind_in_use(void)
{
	uint8_t key[16] = { 1 }, iv[BLOCK] = { 2 }, in[64] = { 3 }, out[64], right[64];
	uint8_t digest[DIGEST];
	char slots[16][32], value[PROC_VALUE];
	int op = cbc_open(OUR_CBC, key, sizeof(key)), hash = sha_open(OUR_SHA), other;
	unsigned int n;

	cbc(op, true, iv, in, right, sizeof(in));
	n = unbind_all(slots);
	CHECK_ERRNO(cbc_try(op, true, iv, in, out, sizeof(in)), ENODEV);
	CHECK_ERRNO(sha_try(hash, in, sizeof(in), digest), ENODEV);
	/* New ones are not to be had; by the algorithm's name there is another. */
	CHECK(alg_try("skcipher", OUR_CBC) < 0);
	other = cbc_open("cbc(aes)", key, sizeof(key));
	cbc(other, true, iv, in, out, sizeof(in));
	CHECK(!memcmp(out, right, sizeof(out)));
	close(other);
	for (unsigned int i = 0; i < n; i++)
		bus_write("bind", slots[i]);
	close(op);
	close(hash);
	op = cbc_open(OUR_CBC, key, sizeof(key));
	cbc(op, true, iv, in, out, sizeof(in));
	CHECK(!memcmp(out, right, sizeof(out)));

	/* And when the last one lets go while there is none, they go too. */
	unbind_all(slots);
	CHECK(proc_crypto(OUR_CBC, "name", value));
	close(op);
	WAIT_FOR(!proc_crypto(OUR_CBC, "name", value));
	for (unsigned int i = 0; i < n; i++)
		bus_write("bind", slots[i]);
	check_works();
}

static void unload_in_use(void)
{
	uint8_t key[16] = { 1 };
	char text[512];
	int op = cbc_open(OUR_CBC, key, sizeof(key));

	CHECK(shell("rmmod ersatz_crypto", text, sizeof(text)) != 0);
	CHECK(device_count() > 0);
	check_works();
	close(op);
	load("");
}

static void unbind_under_load(void)
{
	time_t since = seconds();
	char slots[16][32];
	pid_t pids[WORKERS];

	start(pids, WORKERS, -1u, true);
	for (unsigned int i = 0; i < 15 && !enough(since); i++) {
		unsigned int n;

		sleep_ms(50);
		n = unbind_all(slots);
		if (i % 3 == 0)
			sleep_ms(50);
		for (unsigned int j = 0; j < n; j++)
			bus_write("bind", slots[j]);
	}
	stop(pids, WORKERS);
	check_works();
}

static void remove_under_load(void)
{
	char slots[16][32];
	pid_t pids[WORKERS];
	unsigned int n = device_count();
	time_t since = seconds();

	start(pids, WORKERS, -1u, true);
	for (unsigned int i = 0; i < 5 && !enough(since); i++) {
		sleep_ms(50);
		for (unsigned int j = 0; j < n; j++)
			device_slot(j, slots[j]);
		for (unsigned int j = 0; j < n; j++)
			device_write(slots[j], "remove", "1");
		pci_rescan();
		WAIT_FOR(device_count() == n);
	}
	stop(pids, WORKERS);
	check_works();
}

/*
 * A program resets the device: what runs ends with EIO, all else is done. The
 * event comes by its own message, or with the others, and disturbs nobody.
 */
static void reset_by_a_program(void)
{
	pid_t pids[WORKERS];
	int fd;

	load("");
	fd = open("/dev/ersatz_crypto", O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	start(pids, WORKERS, -1u, true);
	for (unsigned int i = 0; i < 50; i++) {
		sleep_ms(10);
		CHECK_EQ(ioctl(fd, ERSATZ_CRYPTO_IOC_RESET), 0);
	}
	stop(pids, WORKERS);
	close(fd);
	check_works();
	note("%llu resets, %llu told, %llu errors", counter("resets"), counter("reset_events"),
	     counter("errors"));
	CHECK(device_counter(0, "resets") > 50);
	WAIT_FOR(device_counter(0, "reset_events") > 0);
	CHECK(counter("errors") <= counter("resets"));
	CHECK_EQ(counter("timeouts"), 0);
	CHECK_EQ(counter("lost_interrupts"), 0);
}

/* A reset from outside waits for what runs; what waits is done afterwards. */
static void reset_under_load(void)
{
	char slot[32], path[128];
	pid_t pids[WORKERS];

	device_slot(0, slot);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset", slot);
	if (!file_exists(path))
		skip("the kernel knows no way to reset the device");
	load("");
	start(pids, WORKERS, -1u, false);
	for (unsigned int i = 0; i < 10; i++) {
		sleep_ms(30);
		CHECK_EQ(file_write(path, "1"), 0);
	}
	stop(pids, WORKERS);
	CHECK_EQ(counter("errors"), 0);
	check_works();
}

/* To sleep and back, with work waiting. */
static void sleep_under_load(void)
{
	pid_t pids[WORKERS];

	load("");
	start(pids, WORKERS, -1u, false);
	sleep_ms(50);
	machine_sleep();
	sleep_ms(50);
	stop(pids, WORKERS);
	CHECK_EQ(counter("errors"), 0);
	check_works();
}

/* Whoever switches bus mastering off: errors, but nobody waits for ever. */
static void without_bus_mastering(void)
{
	uint8_t key[16] = { 1 }, iv[BLOCK] = { 2 }, in[64] = { 3 }, out[64];
	char slot[32], path[128];
	unsigned long long errors;
	uint16_t command, off;
	int fd, op;

	if (device_count() > 1)
		skip("that needs a single device");
	load("irq=intx");
	device_slot(0, slot);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", slot);
	fd = open(path, O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_EQ(pread(fd, &command, 2, 4), 2);
	op = cbc_open(OUR_CBC, key, sizeof(key));
	errors = counter("errors");
	off = command & ~4;
	CHECK_EQ(pwrite(fd, &off, 2, 4), 2);
	CHECK_ERRNO(cbc_try(op, true, iv, in, out, sizeof(in)), EIO);
	CHECK_EQ(pwrite(fd, &command, 2, 4), 2);
	CHECK_EQ(counter("errors"), errors + 1);
	close(op);
	close(fd);
	check_works();
	load("");
}

/* Memory decoding off: all ones. The device is taken for gone, and is back when bound again. */
static void without_registers(void)
{
	uint8_t key[16] = { 1 }, iv[BLOCK] = { 2 }, in[64] = { 3 }, out[64];
	char slot[32], path[128];
	uint16_t command, off;
	int fd, op;

	if (device_count() > 1)
		skip("that needs a single device");
	load("timeout=1");
	device_slot(0, slot);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", slot);
	fd = open(path, O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_EQ(pread(fd, &command, 2, 4), 2);
	op = cbc_open(OUR_CBC, key, sizeof(key));
	off = command & ~2;
	CHECK_EQ(pwrite(fd, &off, 2, 4), 2);
	CHECK_ERRNO(cbc_try(op, true, iv, in, out, sizeof(in)), ENODEV);
	CHECK_EQ(pwrite(fd, &command, 2, 4), 2);
	close(op);
	op = alg_try("skcipher", OUR_CBC);
	CHECK(op < 0);
	bus_write("unbind", slot);
	bus_write("bind", slot);
	close(fd);
	check_works();
	load("");
}

static void reload(void)
{
	for (unsigned int i = 0; i < 5; i++) {
		load(i % 2 ? "irq=intx" : "");
		check_works();
	}
	load("");
}

static const struct ktap_case cases[] = {
	{ "many_processes_by_intx", many_processes_by_intx },
	{ "many_processes_by_messages", many_processes_by_messages },
	{ "many_processes_one_place", many_processes_one_place },
	{ "many_processes_by_the_bounce_buffer", many_processes_by_the_bounce_buffer },
	{ "load_is_shared", load_is_shared },
	{ "killed", killed },
	{ "unbind_unused", unbind_unused },
	{ "unbind_in_use", unbind_in_use },
	{ "unload_in_use", unload_in_use },
	{ "unbind_under_load", unbind_under_load },
	{ "remove_under_load", remove_under_load },
	{ "reset_by_a_program", reset_by_a_program },
	{ "reset_under_load", reset_under_load },
	{ "sleep_under_load", sleep_under_load },
	{ "without_bus_mastering", without_bus_mastering },
	{ "without_registers", without_registers },
	{ "reload", reload },
};

/* As in processes.c: what a debug kernel does whenever the driver begins is kernel_api's business. */
#define EXTRA_TESTS "/sys/module/cryptomgr/parameters/noextratests"

int main(void)
{
	int status;

	file_write(EXTRA_TESTS, "Y");
	status = ktap_main(cases, KTAP_LENGTH(cases));
	file_write(EXTRA_TESTS, "N");
	return status;
}

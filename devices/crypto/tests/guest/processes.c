// SPDX-License-Identifier: BSD-2-Clause
/*
 * Many processes at the device, and what becomes of an operation whose process,
 * device or driver goes away under it; with each kind of interrupt.
 */
#include "crypto_guest.h"

/* Long enough for the device to be caught at it, mostly: who wants to be sure tries again. */
#define LONG (16 * MIB)
#define TRIES 20

static uint8_t *long_data;

/* The kernel has not granted what the case is about. */
static bool no_messages;

static void need_messages(void)
{
	if (no_messages)
		skip("the kernel grants no four messages: that needs --iommu");
}

static void check_works(void)
{
	uint8_t data[5000], out[5008], want[5008];
	int fd = crypto_open(0);

	fill(data, sizeof(data));
	reference_encrypt(data, sizeof(data), want);
	crypto_do(fd, ENCRYPT, data, sizeof(data), out);
	CHECK(!memcmp(out, want, sizeof(want)));
	close(fd);
}

/* Starts a long operation on this file and does not wait; in place, so that it is all there. */
static void start_long(int fd)
{
	struct ersatz_crypto_op op;

	CHECK_ERRNO(crypto_try(fd, ENCRYPT, long_data, LONG, long_data, LONG, &op), EINPROGRESS);
}

/* How it has ended: 0, or an errno. */
static int long_result(int fd)
{
	struct ersatz_crypto_op op;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	CHECK_EQ(poll(&p, 1, 60000), 1);
	return ioctl(fd, ERSATZ_CRYPTO_IOC_RESULT, &op) ? errno : 0;
}

/* ---- many at once ---- */

#define PROCESSES 20
#define ROUNDS 8

static void work(unsigned int seed)
{
	static const size_t sizes[] = { 1, 100, 4096, 20000, 65537, 300000 };
	size_t size = sizes[seed % KTAP_LENGTH(sizes)];
	uint8_t *data = pages_get(size + 2 * PAGE) + seed * 37 % PAGE;
	uint8_t *out = pages_get(size + 2 * PAGE) + seed * 101 % PAGE;
	uint8_t *cipher = (uint8_t *)malloc(padded(size)), want[DIGEST], digest[DIGEST];
	int fd = crypto_open(0);

	fill(data, size);
	data[0] = (uint8_t)seed;
	reference_encrypt(data, size, cipher);
	reference_sha256(data, size, want);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		crypto_do(fd, ENCRYPT, data, size, out);
		CHECK(!memcmp(out, cipher, padded(size)));
		crypto_do(fd, SHA256, data, size, digest);
		CHECK(!memcmp(digest, want, DIGEST));
		crypto_do(fd, DECRYPT, out, padded(size), out);
		CHECK(!memcmp(out, data, size));
		memset(out, GUARD, padded(size));
	}
}

static void many(void)
{
	long long pinned = pinned_pages();
	unsigned long long requests = counter("requests");
	pid_t pids[PROCESSES];

	need_messages();
	for (unsigned int i = 0; i < PROCESSES; i++) {
		pids[i] = ktap_fork();
		if (!pids[i]) {
			work(i);
			fflush(stdout);
			_exit(0);
		}
	}
	for (unsigned int i = 0; i < PROCESSES; i++)
		CHECK_EQ(ktap_wait(pids[i]), 0);
	CHECK_EQ(counter("requests") - requests, PROCESSES * ROUNDS * 3);
	CHECK_EQ(pinned_pages(), pinned);
}

/* ---- an end before the end ---- */

/* Until the driver has begun one more command than there were. */
static void await_request(unsigned long long before)
{
	for (int i = 0; i < 10000 && counter("requests") == before; i++)
		sleep_ms(1);
	CHECK(counter("requests") != before);
}

/* A child that works on LONG bytes until something happens; what that is it exits with. */
static pid_t long_child(int fd)
{
	pid_t pid = ktap_fork();

	if (!pid) {
		struct ersatz_crypto_op op;

		while (!crypto_try(fd, ENCRYPT, long_data, LONG, long_data, LONG, &op))
			;
		_exit(errno);
	}
	return pid;
}

static void killed(void)
{
	long long pinned = pinned_pages();
	unsigned long long resets = counter("resets");
	int tries = 0;

	need_messages();
	do {
		unsigned long long requests = counter("requests");
		int fd = crypto_open(0), status;
		pid_t pid = long_child(fd);

		/* The child's file then, and no longer ours. */
		close(fd);
		await_request(requests);
		kill(pid, SIGKILL);
		status = ktap_wait(pid);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		/* An operation belongs to a call: with the process it is over. */
		CHECK_EQ(pinned_pages(), pinned);
		check_works();
		CHECK(++tries < TRIES);
	} while (counter("resets") == resets);
}

/* The same for one that does not wait, and dies by itself, in the next moment. */
static void killed_without_waiting(void)
{
	long long pinned = pinned_pages();
	unsigned long long resets = counter("resets");
	int tries = 0;

	need_messages();
	do {
		pid_t pid = ktap_fork();
		int status;

		if (!pid) {
			start_long(crypto_open(O_NONBLOCK));
			kill(getpid(), SIGKILL);
		}
		status = ktap_wait(pid);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		CHECK_EQ(pinned_pages(), pinned);
		check_works();
		CHECK(++tries < TRIES);
	} while (counter("resets") == resets);
}

static void closed(void)
{
	long long pinned = pinned_pages();
	unsigned long long resets = counter("resets");
	int tries = 0;

	need_messages();
	do {
		int fd = crypto_open(O_NONBLOCK);

		start_long(fd);
		close(fd);
		CHECK_EQ(pinned_pages(), pinned);
		check_works();
		CHECK(++tries < TRIES);
	} while (counter("resets") == resets);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* A signal that is handled: the call ends, and the file is as good as before. */
static void interrupted(void)
{
	unsigned long long requests = counter("requests");
	int status;
	pid_t pid;

	need_messages();
	pid = ktap_fork();
	if (!pid) {
		struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
		struct ersatz_crypto_op op;
		uint8_t digest[DIGEST];
		int fd = crypto_open(0);

		sigaction(SIGUSR1, &action, NULL);
		while (!crypto_try(fd, ENCRYPT, long_data, LONG, long_data, LONG, &op))
			;
		CHECK_EQ(errno, EINTR);
		CHECK(op.written != LONG);
		signal(SIGUSR1, SIG_IGN);
		crypto_do(fd, SHA256, "123", 3, digest);
		fflush(stdout);
		_exit(0);
	}
	await_request(requests);
	/* One that comes between two calls ends none. */
	while (!waitpid(pid, &status, WNOHANG)) {
		kill(pid, SIGUSR1);
		sleep_ms(7);
	}
	CHECK_EQ(status, 0);
	check_works();
}

static void cancelled(void)
{
	int fd = crypto_open(O_NONBLOCK), error, tries = 0;
	unsigned long long requests;
	pid_t pid;

	need_messages();
	do {
		start_long(fd);
		CHECK_EQ(ioctl(fd, ERSATZ_CRYPTO_IOC_CANCEL), 0);
		/* It may have been quicker, but nothing else may have happened. */
		error = long_result(fd);
		CHECK(!error || error == ECANCELED);
		CHECK(++tries < TRIES);
	} while (!error);
	check_works();

	/* By another process, of one that waits. */
	CHECK_EQ(fcntl(fd, F_SETFL, 0), 0);
	requests = counter("requests");
	pid = long_child(fd);
	await_request(requests);
	while (!waitpid(pid, &error, WNOHANG)) {
		CHECK_EQ(ioctl(fd, ERSATZ_CRYPTO_IOC_CANCEL), 0);
		sleep_ms(7);
	}
	CHECK(WIFEXITED(error));
	CHECK_EQ(WEXITSTATUS(error), ECANCELED);
	check_works();
}

/* One that has not begun can be cancelled, and nobody else notices. */
static void cancelled_in_the_queue(void)
{
	int fd = crypto_open(O_NONBLOCK), other = crypto_open(O_NONBLOCK), error, tries = 0;
	static uint8_t data[PAGE];

	need_messages();
	do {
		unsigned long long resets = counter("resets");
		struct ersatz_crypto_op op;

		start_long(fd);
		memset(data, GUARD, sizeof(data));
		CHECK_ERRNO(crypto_try(other, ENCRYPT, data, PAGE, data, PAGE, &op), EINPROGRESS);
		CHECK_EQ(ioctl(other, ERSATZ_CRYPTO_IOC_CANCEL), 0);
		error = long_result(other);
		if (error) {
			CHECK_EQ(error, ECANCELED);
			CHECK(all_guard(data, sizeof(data)));
			CHECK_EQ(counter("resets"), resets);
		}
		CHECK_EQ(long_result(fd), 0);
		CHECK(++tries < TRIES);
	} while (!error);
	check_works();
}

/* A process that resets the device for each byte that it is sent, and sends it back. */
static pid_t resetter(int fd)
{
	pid_t pid = ktap_fork();

	if (!pid) {
		int device = crypto_open(0);
		char byte;

		while (read(fd, &byte, 1) == 1) {
			CHECK_EQ(ioctl(device, ERSATZ_CRYPTO_IOC_RESET), 0);
			CHECK_EQ(write(fd, &byte, 1), 1);
		}
		_exit(1);
	}
	return pid;
}

/* Whoever may open the device may reset it; what waits behind goes on. */
static void reset_by_another(void)
{
	int fd = crypto_open(O_NONBLOCK), behind = crypto_open(O_NONBLOCK), error, tries = 0;
	static uint8_t data[PAGE];
	uint8_t want[DIGEST], digest[DIGEST];
	struct ersatz_crypto_op op;
	int sockets[2];
	char byte = 0;

	need_messages();
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	resetter(sockets[1]);
	fill(data, sizeof(data));
	reference_sha256(data, sizeof(data), want);
	do {
		start_long(fd);
		CHECK_ERRNO(crypto_try(behind, SHA256, data, sizeof(data), digest, DIGEST, &op),
			    EINPROGRESS);
		CHECK_EQ(write(sockets[0], &byte, 1), 1);
		CHECK_EQ(read(sockets[0], &byte, 1), 1);
		error = long_result(fd);
		CHECK(!error || error == ECANCELED);
		if (error) {
			CHECK_EQ(long_result(behind), 0);
			CHECK(!memcmp(digest, want, DIGEST));
		} else {
			/* Then it may have been the second one's turn. */
			long_result(behind);
		}
		CHECK(++tries < TRIES);
	} while (!error);
	check_works();
}

/* ---- the device goes away ---- */

static void check_gone(int fd)
{
	struct ersatz_crypto_info info;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct ersatz_crypto_op op;
	uint8_t out[DIGEST];

	CHECK_ERRNO(crypto_try(fd, SHA256, "123", 3, out, DIGEST, &op), ENODEV);
	CHECK_ERRNO(ioctl(fd, ERSATZ_CRYPTO_IOC_CANCEL), ENODEV);
	CHECK_ERRNO(ioctl(fd, ERSATZ_CRYPTO_IOC_RESET), ENODEV);
	CHECK_ERRNO(ioctl(fd, ERSATZ_CRYPTO_IOC_INFO, &info), ENODEV);
	CHECK_ERRNO(ioctl(fd, ERSATZ_CRYPTO_IOC_RESULT, &op), ENOENT);
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK(p.revents & POLLHUP);
}

/* With one who waits, one who does not, and one who has nothing to do. */
static void goes_away(const char *path, const char *text, const char *back, const char *back_text)
{
	int idle = crypto_open(0), waiting = crypto_open(0), running = crypto_open(O_NONBLOCK);
	long long pinned = pinned_pages();
	unsigned long long requests = counter("requests");
	pid_t pid = long_child(waiting);
	int status, error;

	await_request(requests);
	start_long(running);
	CHECK_EQ(file_write(path, text), 0);
	CHECK(!file_exists(CRYPTO_DEV));
	status = ktap_wait(pid);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), ENODEV);
	error = long_result(running);
	CHECK(!error || error == ENODEV);
	CHECK_EQ(pinned_pages(), pinned);
	check_gone(idle);
	check_gone(waiting);
	check_gone(running);
	CHECK_EQ(file_write(back, back_text), 0);
	ktap_settle();
	WAIT_FOR(file_exists(CRYPTO_DEV));
	check_works();
	check_gone(idle);
	CHECK_EQ(close(idle), 0);
	CHECK_EQ(close(waiting), 0);
	CHECK_EQ(close(running), 0);
}

static void unbound(void)
{
	char slot[32];

	need_messages();
	crypto_slot(slot, sizeof(slot));
	for (int i = 0; i < 2; i++)
		goes_away(CRYPTO_BUS "unbind", slot, CRYPTO_BUS "bind", slot);
}

static void removed(void)
{
	char slot[32], path[80];

	need_messages();
	crypto_slot(slot, sizeof(slot));
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/remove", slot);
	for (int i = 0; i < 2; i++)
		goes_away(path, "1", "/sys/bus/pci/rescan", "1");
}

/* Somebody always begins something. */
static void under_load(void)
{
	char slot[32];
	pid_t pid;

	need_messages();
	crypto_slot(slot, sizeof(slot));
	pid = ktap_fork();
	if (!pid) {
		static uint8_t data[3 * PAGE];
		uint8_t want[DIGEST], digest[DIGEST];
		struct ersatz_crypto_op op;

		reference_sha256(data, sizeof(data), want);
		for (;;) {
			int fd = open(CRYPTO_DEV, O_RDWR | O_CLOEXEC);

			while (fd >= 0 &&
			       !crypto_try(fd, SHA256, data, sizeof(data), digest, DIGEST, &op))
				CHECK(!memcmp(digest, want, DIGEST));
			CHECK(errno == ENODEV || errno == ENOENT || errno == ENXIO);
			close(fd);
		}
	}
	for (int i = 0; i < 5; i++) {
		await_request(counter("requests"));
		CHECK_EQ(file_write(CRYPTO_BUS "unbind", slot), 0);
		CHECK_EQ(file_write(CRYPTO_BUS "bind", slot), 0);
		WAIT_FOR(file_exists(CRYPTO_DEV));
	}
	/* Only a failed check would have ended it before. */
	CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0);
	check_works();
}

/* A module that is in use stays. */
static void unload_is_refused(void)
{
	char text[256];
	int fd = crypto_open(0);

	CHECK(shell("rmmod ersatz_crypto", text, sizeof(text)) != 0);
	check_works();
	close(fd);
	must("rmmod ersatz_crypto");
	CHECK(!file_exists(CRYPTO_DEV));
	must("modprobe ersatz_crypto");
	WAIT_FOR(file_exists(CRYPTO_DEV));
	check_works();
}

static void intx(void)
{
	crypto_load("intx", ERSATZ_CRYPTO_IRQ_INTX);
	check_works();
}

static void msi(void)
{
	crypto_load("msi", ERSATZ_CRYPTO_IRQ_MSI);
	check_works();
}

static void multi(void)
{
	no_messages = true;
	crypto_load("multi", ERSATZ_CRYPTO_IRQ_MULTI);
	no_messages = false;
	check_works();
}

/* A case, with the kind of interrupts that is loaded now. */
#define CASE(mode, name)                                                                           \
	{                                                                                          \
#mode "_" #name, name                                                              \
	}

#define WITH(mode)                                                                                 \
	{ #mode, mode }, CASE(mode, many), CASE(mode, killed), CASE(mode, killed_without_waiting), \
		CASE(mode, closed), CASE(mode, interrupted), CASE(mode, cancelled),                \
		CASE(mode, cancelled_in_the_queue), CASE(mode, reset_by_another),                  \
		CASE(mode, unbound), CASE(mode, removed), CASE(mode, under_load)

static const struct ktap_case cases[] = {
	WITH(intx),
	WITH(msi),
	WITH(multi),
	{ "unload_is_refused", unload_is_refused },
};

/*
 * A debug kernel tries our algorithms for many seconds each time that the driver
 * begins. That is another test's business.
 */
#define EXTRA_TESTS "/sys/module/cryptomgr/parameters/noextratests"

int main(void)
{
	int status;

	file_write(EXTRA_TESTS, "Y");
	long_data = pages_get(LONG);
	status = ktap_main(cases, KTAP_LENGTH(cases));
	file_write(EXTRA_TESTS, "N");
	return status;
}

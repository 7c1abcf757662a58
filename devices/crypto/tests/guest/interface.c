// SPDX-License-Identifier: BSD-2-Clause
/* The calls of the character device: what they refuse, what they report, and not waiting. */
#include "crypto_guest.h"

static void check_works(int fd)
{
	uint8_t data[100], out[112], want[112];

	fill(data, sizeof(data));
	reference_encrypt(data, sizeof(data), want);
	crypto_do(fd, ENCRYPT, data, sizeof(data), out);
	CHECK(!memcmp(out, want, sizeof(want)));
}

static void information(void)
{
	struct ersatz_crypto_info info = crypto_info(crypto_open(0));
	char text[32], slot[32], path[128];

	crypto_slot(slot, sizeof(slot));
	snprintf(path, sizeof(path), CRYPTO_BUS "%s/ersatz_crypto/vectors", slot);
	file_read(path, text, sizeof(text));
	CHECK_EQ(info.vectors, atoi(text));
	CHECK_EQ(info.vectors, info.irq_mode == ERSATZ_CRYPTO_IRQ_MULTI ? 4 : 1);
	CHECK_EQ(info.version, 0x10000);
	CHECK_EQ(info.features, 0x3f);
	CHECK_EQ(info.max_size, 1 << 30);
	CHECK_EQ(info.reserved, 0);
}

static void nonsense(void)
{
	static uint8_t data[64], out[64];
	struct ersatz_crypto_op op = { .in = (uintptr_t)data,
				       .in_size = 16,
				       .out = (uintptr_t)out,
				       .out_size = 16,
				       .reserved = 1 };
	int fd = crypto_open(0);

	CHECK_ERRNO(ioctl(fd, _IO('e', 99)), ENOTTY);
	CHECK_ERRNO(ioctl(fd, ERSATZ_CRYPTO_IOC_ENCRYPT, NULL), EFAULT);
	CHECK_ERRNO(ioctl(fd, ERSATZ_CRYPTO_IOC_INFO, NULL), EFAULT);
	CHECK_ERRNO(ioctl(fd, ERSATZ_CRYPTO_IOC_RESULT, &op), ENOENT);
	CHECK_ERRNO(ioctl(fd, ERSATZ_CRYPTO_IOC_ENCRYPT, &op), EINVAL);
	CHECK_ERRNO(read(fd, data, 1), EINVAL);
	CHECK_ERRNO(crypto_try(fd, ENCRYPT, data, 0, out, 64, &op), EINVAL);
	CHECK_ERRNO(crypto_try(fd, DECRYPT, NULL, 0, NULL, 0, &op), EINVAL);
	/* Nothing to cancel is no error. */
	CHECK_EQ(ioctl(fd, ERSATZ_CRYPTO_IOC_CANCEL), 0);
	check_works(fd);
}

static void room(void)
{
	static uint8_t data[64], out[64];
	struct ersatz_crypto_op op;
	int fd = crypto_open(0);

	memset(out, GUARD, sizeof(out));
	CHECK_ERRNO(crypto_try(fd, ENCRYPT, data, 17, out, 31, &op), ENOSPC);
	CHECK_ERRNO(crypto_try(fd, ENCRYPT, data, 1, out, 15, &op), ENOSPC);
	CHECK_ERRNO(crypto_try(fd, SHA256, data, 1, out, 31, &op), ENOSPC);
	CHECK(all_guard(out, sizeof(out)));
	/* More room than needed is not touched. */
	CHECK_EQ(crypto_try(fd, ENCRYPT, data, 17, out, SIZE_MAX, &op), 0);
	CHECK_EQ(op.written, 32);
	CHECK(all_guard(out + 32, sizeof(out) - 32));
	check_works(fd);
}

static void overlaps(void)
{
	static uint8_t data[4 * PAGE];
	uint8_t *at = data + 100;
	struct ersatz_crypto_op op;
	int fd = crypto_open(0);

	memset(data, GUARD, sizeof(data));
	CHECK_ERRNO(crypto_try(fd, ENCRYPT, at, 64, at + 1, 64, &op), EINVAL);
	CHECK_ERRNO(crypto_try(fd, ENCRYPT, at, 64, at + 63, 64, &op), EINVAL);
	CHECK_ERRNO(crypto_try(fd, ENCRYPT, at, 64, at - 63, 64, &op), EINVAL);
	/* What counts is what is written: 60 bytes become 64. */
	CHECK_ERRNO(crypto_try(fd, ENCRYPT, at, 60, at - 63, 64, &op), EINVAL);
	CHECK_ERRNO(crypto_try(fd, SHA256, at, 2 * PAGE, at + PAGE, 32, &op), EINVAL);
	CHECK_ERRNO(crypto_try(fd, SHA256, at, 2, at + 1, 32, &op), EINVAL);
	CHECK(all_guard(data, sizeof(data)));
	/* Neighbours are none. */
	crypto_do(fd, ENCRYPT, at, 64, at + 64);
	crypto_do(fd, ENCRYPT, at, 64, at - 64);
	crypto_do(fd, SHA256, at, 33, at + 33);
	check_works(fd);
}

/* One page at two addresses: what the driver cannot see the device can, or it does no harm. */
static void overlaps_behind_addresses(void)
{
	int memory = memfd_create("page", MFD_CLOEXEC), fd = crypto_open(0);
	struct ersatz_crypto_op op;
	uint8_t *a, *b, digest[DIGEST], want[DIGEST];

	CHECK_EQ(ftruncate(memory, PAGE), 0);
	a = (uint8_t *)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	b = (uint8_t *)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	CHECK(a != MAP_FAILED && b != MAP_FAILED);
	fill(a, PAGE);
	reference_sha256(a, 1024, want);
	if (crypto_try(fd, ENCRYPT, a, 1024, b + 512, 1024, &op)) {
		/* No IOMMU between them: the device's own error, of size and place. */
		CHECK_EQ(errno, EINVAL);
		CHECK_EQ(op.error_code, 1);
		CHECK_EQ(op.error_detail & 0xff, 10);
		CHECK_EQ(op.written, 0);
		crypto_do(fd, SHA256, b, 1024, digest);
		CHECK(!memcmp(digest, want, DIGEST));
	}
	/* At the same place it is in place. */
	fill(a, PAGE);
	crypto_do(fd, ENCRYPT, a, 1024, b);
	crypto_do(fd, DECRYPT, b, 1024, a);
	crypto_do(fd, SHA256, b, 1024, digest);
	CHECK(!memcmp(digest, want, DIGEST));
	check_works(fd);
}

static void memory_that_is_not(void)
{
	uint8_t *pages = pages_get(4 * PAGE), out[DIGEST];
	struct ersatz_crypto_op op;
	int fd = crypto_open(0);
	long long pinned = pinned_pages();

	/* A hole in the middle, and the ends of the address space. */
	CHECK_EQ(munmap(pages + 2 * PAGE, PAGE), 0);
	CHECK_ERRNO(crypto_try(fd, SHA256, pages, 4 * PAGE, out, DIGEST, &op), EFAULT);
	CHECK_ERRNO(
		crypto_try(fd, ENCRYPT, pages, 2 * PAGE, pages + PAGE + 2 * PAGE, 2 * PAGE, &op),
		EFAULT);
	CHECK_ERRNO(crypto_try(fd, SHA256, NULL, 1, out, DIGEST, &op), EFAULT);
	CHECK_ERRNO(crypto_try(fd, SHA256, (void *)-16L, 16, out, DIGEST, &op), EFAULT);
	CHECK_ERRNO(crypto_try(fd, SHA256, (void *)-16L, 17, out, DIGEST, &op), EFAULT);
	CHECK_ERRNO(crypto_try(fd, SHA256, (void *)0x7ffffffff000L, 8192, out, DIGEST, &op),
		    EFAULT);
	CHECK_ERRNO(crypto_try(fd, SHA256, (void *)(1UL << 63), 16, out, DIGEST, &op), EFAULT);
	CHECK_ERRNO(crypto_try(fd, SHA256, pages, 16, (void *)-16L, DIGEST, &op), EFAULT);
	/* Readable is not writable; for input it is enough. */
	CHECK_EQ(mprotect(pages, PAGE, PROT_READ), 0);
	CHECK_ERRNO(crypto_try(fd, SHA256, pages + PAGE, 16, pages, DIGEST, &op), EFAULT);
	CHECK_ERRNO(crypto_try(fd, ENCRYPT, pages, 16, pages, 16, &op), EFAULT);
	crypto_do(fd, SHA256, pages, 16, out);
	/* Unreadable is neither. */
	CHECK_EQ(mprotect(pages, PAGE, PROT_NONE), 0);
	CHECK_ERRNO(crypto_try(fd, SHA256, pages, 16, out, DIGEST, &op), EFAULT);
	CHECK_EQ(pinned_pages(), pinned);
	check_works(fd);
}

/* Pages that nobody has touched yet; pages of a file; a page that is shared after fork(). */
static void memory_of_all_kinds(void)
{
	uint8_t *fresh = (uint8_t *)mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t zeros[PAGE] = { 0 }, data[PAGE], want[DIGEST], digest[DIGEST];
	int fd = crypto_open(0), file;
	uint8_t *mapped;
	pid_t pid;

	CHECK(fresh != MAP_FAILED);
	reference_sha256(zeros, PAGE, want);
	crypto_do(fd, SHA256, fresh, PAGE, digest);
	CHECK(!memcmp(digest, want, DIGEST));
	crypto_do(fd, SHA256, fresh, PAGE, fresh + 8 * PAGE);
	CHECK(!memcmp(fresh + 8 * PAGE, want, DIGEST));

	fill(data, PAGE);
	reference_sha256(data, PAGE, want);
	file = open("/tmp/data", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK_EQ(write(file, data, PAGE), PAGE);
	mapped = (uint8_t *)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 0);
	CHECK(mapped != MAP_FAILED);
	unlink("/tmp/data");
	crypto_do(fd, SHA256, mapped, PAGE, digest);
	CHECK(!memcmp(digest, want, DIGEST));

	/* The child's output is the child's; the parent's copy stays. */
	memcpy(fresh, data, PAGE);
	pid = ktap_fork();
	if (!pid) {
		crypto_do(fd, ENCRYPT, fresh, PAGE, fresh);
		CHECK(memcmp(fresh, data, PAGE));
		fflush(stdout);
		_exit(0);
	}
	CHECK_EQ(ktap_wait(pid), 0);
	CHECK(!memcmp(fresh, data, PAGE));
	check_works(fd);
}

static bool readable(int fd, int timeout)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, timeout) == 1 && p.revents == POLLIN;
}

static void without_waiting(void)
{
	static uint8_t data[8 * MIB], out[8 * MIB];
	uint8_t want[DIGEST], digest[DIGEST];
	struct ersatz_crypto_op op, result;
	int fd = crypto_open(O_NONBLOCK), other = crypto_open(0);
	long long pinned = pinned_pages();

	fill(data, sizeof(data));
	reference_sha256(data, sizeof(data), want);
	CHECK(!readable(fd, 0));
	CHECK_ERRNO(ioctl(fd, ERSATZ_CRYPTO_IOC_RESULT, &result), ENOENT);
	CHECK_ERRNO(crypto_try(fd, SHA256, data, sizeof(data), digest, DIGEST, &op), EINPROGRESS);
	/* One at a time, for this file; not for others. */
	CHECK_ERRNO(crypto_try(fd, SHA256, data, 16, out, DIGEST, &op), EBUSY);
	check_works(other);
	CHECK(readable(fd, 60000));
	/* The pages are free, though nobody has asked for the result. */
	CHECK_EQ(pinned_pages(), pinned);
	CHECK_ERRNO(crypto_try(fd, SHA256, data, 16, out, DIGEST, &op), EBUSY);
	CHECK_EQ(ioctl(fd, ERSATZ_CRYPTO_IOC_RESULT, &result), 0);
	CHECK_EQ(result.written, DIGEST);
	CHECK_EQ(result.error_code, 0);
	CHECK(!memcmp(digest, want, DIGEST));
	CHECK_ERRNO(ioctl(fd, ERSATZ_CRYPTO_IOC_RESULT, &result), ENOENT);
	CHECK(!readable(fd, 0));

	/* What is refused at once is no operation. */
	CHECK_ERRNO(crypto_try(fd, ENCRYPT, data, 0, out, 16, &op), EINVAL);
	CHECK_ERRNO(crypto_try(fd, SHA256, NULL, 16, out, DIGEST, &op), EFAULT);
	CHECK_ERRNO(crypto_try(fd, ENCRYPT, data, sizeof(data), out, sizeof(out), &op),
		    EINPROGRESS);
	/* Without O_NONBLOCK the result does not wait either. */
	CHECK_EQ(fcntl(fd, F_SETFL, 0), 0);
	while (ioctl(fd, ERSATZ_CRYPTO_IOC_RESULT, &result))
		CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(result.written, sizeof(out));
	crypto_do(fd, DECRYPT, out, sizeof(out), out);
	CHECK(!memcmp(out, data, sizeof(out)));
}

/* Each device has a node, a queue and a key of its own. */
static void second_device(void)
{
	static uint8_t data[2][4 * MIB];
	uint8_t want[DIGEST], digest[2][DIGEST];
	int fd[2] = { crypto_open(O_NONBLOCK), -1 };
	struct ersatz_crypto_op op;

	if (!file_exists(CRYPTO_DEV "1"))
		skip("there is one device");
	fd[1] = open(CRYPTO_DEV "1", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	CHECK(fd[1] >= 0);
	for (int i = 0; i < 2; i++) {
		fill(data[i], sizeof(data[i]));
		data[i][0] = (uint8_t)i;
		CHECK_ERRNO(
			crypto_try(fd[i], SHA256, data[i], sizeof(data[i]), digest[i], DIGEST, &op),
			EINPROGRESS);
	}
	for (int i = 0; i < 2; i++) {
		CHECK(readable(fd[i], 60000));
		CHECK_EQ(ioctl(fd[i], ERSATZ_CRYPTO_IOC_RESULT, &op), 0);
		reference_sha256(data[i], sizeof(data[i]), want);
		CHECK(!memcmp(digest[i], want, DIGEST));
	}
	check_works(crypto_open(0));
}

static void program(void)
{
	char text[256];

	/* Only who may open it. */
	must("[ $(stat -c %a " CRYPTO_DEV ") = 600 ]");
	CHECK_EQ(shell("crypto sha256 </dev/null", text, sizeof(text)), 0);
	CHECK(!strcmp(text,
		      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  -\n"));
}

static const struct ktap_case cases[] = {
	{ "information", information },
	{ "nonsense", nonsense },
	{ "room", room },
	{ "overlaps", overlaps },
	{ "overlaps_behind_addresses", overlaps_behind_addresses },
	{ "memory_that_is_not", memory_that_is_not },
	{ "memory_of_all_kinds", memory_of_all_kinds },
	{ "without_waiting", without_waiting },
	{ "second_device", second_device },
	{ "program", program },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}

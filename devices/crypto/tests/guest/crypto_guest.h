/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of the character device share: operations, memory at any place
 * in a page, and results to compare with, which the kernel's own C code for AES
 * and SHA-256 computes (asked for by the names of its drivers, so that they can
 * never come from the device).
 */
#ifndef CRYPTO_GUEST_H
#define CRYPTO_GUEST_H

#ifndef KTAP_TIMEOUT
#define KTAP_TIMEOUT 240
#endif
#include <ersatz/ktap.h>

#include <linux/if_alg.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "../../linux/ersatz_crypto.h"

#define CRYPTO_DEV "/dev/ersatz_crypto"
#define CRYPTO_BUS "/sys/bus/pci/drivers/ersatz_crypto/"

#define PAGE 4096u
#define MIB (1u << 20)
#define BLOCK ERSATZ_CRYPTO_BLOCK_SIZE
#define DIGEST ERSATZ_CRYPTO_DIGEST_SIZE
#define GUARD 0xa5

enum { ENCRYPT, DECRYPT, SHA256 };

static const unsigned long crypto_calls[] = { ERSATZ_CRYPTO_IOC_ENCRYPT, ERSATZ_CRYPTO_IOC_DECRYPT,
					      ERSATZ_CRYPTO_IOC_SHA256 };

/*
 * In the debug kernel, where each operation takes several times as long and what is looked for
 * are the driver's faults, not every offset: one in `n`.
 */
static inline unsigned int one_in(unsigned int n)
{
	return file_exists("/sys/kernel/debug/kmemleak") ? n : 1;
}

static inline size_t padded(size_t size)
{
	return (size + BLOCK - 1) / BLOCK * BLOCK;
}

/* ---- the driver ---- */

static inline int crypto_open(int flags)
{
	int fd = open(CRYPTO_DEV, O_RDWR | O_CLOEXEC | flags);

	if (fd < 0)
		note("%s: %s", CRYPTO_DEV, strerror(errno));
	CHECK(fd >= 0);
	return fd;
}

static inline struct ersatz_crypto_info crypto_info(int fd)
{
	struct ersatz_crypto_info info;

	CHECK_EQ(ioctl(fd, ERSATZ_CRYPTO_IOC_INFO, &info), 0);
	return info;
}

/* Loads it anew with interrupts of this kind, or skips the case. */
static inline void crypto_load(const char *irq, uint32_t mode)
{
	char command[64], text[256];
	int fd;

	shell("modprobe -r ersatz_crypto", text, sizeof(text));
	snprintf(command, sizeof(command), "modprobe ersatz_crypto irq=%s", irq);
	must(command);
	WAIT_FOR(file_exists(CRYPTO_DEV));
	fd = crypto_open(0);
	if (mode == ERSATZ_CRYPTO_IRQ_MULTI && crypto_info(fd).irq_mode != mode)
		skip("the kernel grants no four messages: that needs --iommu");
	CHECK_EQ(crypto_info(fd).irq_mode, mode);
	close(fd);
}

/* One operation; 0, or -1 with errno. */
static inline int crypto_try(int fd, int what, const void *in, size_t in_size, void *out,
			     size_t out_size, struct ersatz_crypto_op *ret_op)
{
	*ret_op = (struct ersatz_crypto_op){
		.in = (uintptr_t)in,
		.in_size = in_size,
		.out = (uintptr_t)out,
		.out_size = out_size,
		.written = 12345,
	};
	return ioctl(fd, crypto_calls[what], ret_op);
}

/* One that must go well. */
static inline void crypto_do(int fd, int what, const void *in, size_t in_size, void *out)
{
	size_t out_size = what == SHA256 ? DIGEST : padded(in_size);
	struct ersatz_crypto_op op;

	if (crypto_try(fd, what, in, in_size, out, out_size, &op)) {
		note("operation %d on %zu bytes at %p to %p: %s, error %u, detail 0x%x, entry %u",
		     what, in_size, in, out, strerror(errno), op.error_code, op.error_detail,
		     op.error_entry);
		CHECK(false);
	}
	CHECK_EQ(op.written, out_size);
}

/* The place on the bus of the device whose node that is: "0000:00:02.0". */
static inline void crypto_slot(char *ret_slot, size_t size)
{
	char target[128];
	ssize_t n = readlink("/sys/class/misc/ersatz_crypto/device", target, sizeof(target) - 1);

	CHECK(n > 0);
	target[n] = '\0';
	snprintf(ret_slot, size, "%.31s", strrchr(target, '/') + 1);
}

/* One of the driver's counters of the device. */
static inline unsigned long long counter(const char *name)
{
	char slot[32], path[128], text[32];

	crypto_slot(slot, sizeof(slot));
	snprintf(path, sizeof(path), CRYPTO_BUS "%s/ersatz_crypto/%s", slot, name);
	file_read(path, text, sizeof(text));
	return strtoull(text, NULL, 10);
}

/* ---- memory ---- */

/* Pages of our own, all of them there, with nothing mapped before and behind them. */
static inline uint8_t *pages_get(size_t size)
{
	size_t all = (size + PAGE - 1) / PAGE * PAGE;
	uint8_t *at = (uint8_t *)mmap(NULL, all + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
				      -1, 0);

	CHECK(at != MAP_FAILED);
	CHECK_EQ(mprotect(at + PAGE, all, PROT_READ | PROT_WRITE), 0);
	memset(at + PAGE, GUARD, all);
	return at + PAGE;
}

static inline void pages_put(uint8_t *at, size_t size)
{
	munmap(at - PAGE, (size + PAGE - 1) / PAGE * PAGE + 2 * PAGE);
}

/* Bytes that do not repeat with the pages. */
static inline void fill(uint8_t *at, size_t size)
{
	uint32_t x = 0x2545f491;

	for (size_t i = 0; i < size; i += 4) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		memcpy(at + i, &x, size - i < 4 ? size - i : 4);
	}
}

static inline bool all_guard(const uint8_t *at, size_t size)
{
	return !size || (at[0] == GUARD && !memcmp(at, at + 1, size - 1));
}

static inline long long vmstat(const char *name)
{
	char line[128], word[100];
	long long value, found = -1;
	FILE *file = fopen("/proc/vmstat", "r");

	CHECK(file != NULL);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%99s %lld", word, &value) == 2 && !strcmp(word, name))
			found = value;
	fclose(file);
	if (found < 0)
		note("/proc/vmstat has no %s", name);
	CHECK(found >= 0);
	return found;
}

/* Pages that are pinned now, whoever did so. */
static inline long long pinned_pages(void)
{
	/* What each processor has counted for itself is added up. */
	CHECK_EQ(file_write("/proc/sys/vm/stat_refresh", "1"), 0);
	return vmstat("nr_foll_pin_acquired") - vmstat("nr_foll_pin_released");
}

/* ---- results to compare with ---- */

static inline int reference_open(const char *type, const char *name, const void *key, size_t size)
{
	struct sockaddr_alg address = { .salg_family = AF_ALG };
	int fd = socket(AF_ALG, SOCK_SEQPACKET, 0), op;

	snprintf((char *)address.salg_type, sizeof(address.salg_type), "%s", type);
	snprintf((char *)address.salg_name, sizeof(address.salg_name), "%s", name);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)))
		note("%s of the kernel: %s", name, strerror(errno));
	else
		errno = 0;
	CHECK_EQ(errno, 0);
	if (key)
		CHECK_EQ(setsockopt(fd, SOL_ALG, ALG_SET_KEY, key, size), 0);
	op = accept(fd, NULL, NULL);
	CHECK(op >= 0);
	close(fd);
	return op;
}

static inline void reference_sha256(const uint8_t *in, size_t size, uint8_t *digest)
{
	int op = reference_open("hash", "sha256-generic", NULL, 0);

	for (size_t done = 0; done < size;) {
		size_t n = size - done < 65536 ? size - done : 65536;

		CHECK_EQ(send(op, in + done, n, MSG_MORE), n);
		done += n;
	}
	CHECK_EQ(send(op, NULL, 0, 0), 0);
	CHECK_EQ(read(op, digest, DIGEST), DIGEST);
	close(op);
}

/* The frozen IV. */
static const uint8_t reference_iv[BLOCK] = { 50,  173, 92,  223, 82,  154, 174, 43,
					     225, 92,  126, 46,	 161, 158, 81,	99 };

/* As a device of an empty secret encrypts; out may be in, and has room for whole blocks. */
static inline void reference_encrypt(const uint8_t *in, size_t size, uint8_t *out)
{
	struct {
		uint32_t length;
		uint8_t iv[BLOCK];
	} iv = { BLOCK, { 0 } };
	char control[CMSG_SPACE(sizeof(uint32_t)) + CMSG_SPACE(sizeof(iv))] = { 0 };
	uint32_t encrypt = ALG_OP_ENCRYPT;
	struct msghdr message = { .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	uint8_t key[DIGEST];
	int op;

	reference_sha256(NULL, 0, key);
	op = reference_open("skcipher", "cbc(aes-generic)", key, sizeof(key));
	memcpy(iv.iv, reference_iv, BLOCK);
	c->cmsg_level = SOL_ALG;
	c->cmsg_type = ALG_SET_OP;
	c->cmsg_len = CMSG_LEN(sizeof(encrypt));
	memcpy(CMSG_DATA(c), &encrypt, sizeof(encrypt));
	c = CMSG_NXTHDR(&message, c);
	c->cmsg_level = SOL_ALG;
	c->cmsg_type = ALG_SET_IV;
	c->cmsg_len = CMSG_LEN(sizeof(iv));
	memcpy(CMSG_DATA(c), &iv, sizeof(iv));
	CHECK_EQ(sendmsg(op, &message, MSG_MORE), 0);

	for (size_t done = 0; done < size;) {
		size_t n = size - done < 65536 ? size - done : 65536;
		static const uint8_t zeros[BLOCK];

		CHECK_EQ(send(op, in + done, n, MSG_MORE), n);
		if (n % BLOCK)
			CHECK_EQ(send(op, zeros, BLOCK - n % BLOCK, MSG_MORE), BLOCK - n % BLOCK);
		CHECK_EQ(read(op, out + done, padded(n)), padded(n));
		done += n;
	}
	close(op);
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of the crypto API's side share: AF_ALG sockets, and the driver
 * as modprobe and sysfs see it. Where a known answer is not to be had, the
 * kernel's own code for the CPU, cbc(aes-generic) and sha256-generic, says what
 * is right.
 */
#ifndef KERNEL_ALG_H
#define KERNEL_ALG_H

#define KTAP_TIMEOUT 240
#include <ersatz/ktap.h>

#include <dirent.h>
#include <linux/if_alg.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define OUR_CBC "cbc-aes-ersatz"
#define OUR_SHA "sha256-ersatz"
#define CPU_CBC "cbc(aes-generic)"
#define CPU_SHA "sha256-generic"

#define BUS "/sys/bus/pci/drivers/ersatz_crypto/"

#define DIGEST 32
#define BLOCK 16

/* ---- the driver ---- */

/* The n-th of our devices; "" if there are not so many. */
static inline void device_slot(unsigned int n, char ret_slot[32])
{
	char all[16][32];
	unsigned int count = 0;
	DIR *dir = opendir(BUS);

	for (struct dirent *entry; dir && (entry = readdir(dir)) && count < 16;)
		if (strchr(entry->d_name, ':'))
			snprintf(all[count++], sizeof(all[0]), "%.31s", entry->d_name);
	if (dir)
		closedir(dir);
	/* In their order on the bus. */
	for (unsigned int i = 0; i + 1 < count; i++)
		for (unsigned int j = i + 1; j < count; j++)
			if (strcmp(all[j], all[i]) < 0) {
				char swap[32];

				memcpy(swap, all[i], sizeof(swap));
				memcpy(all[i], all[j], sizeof(swap));
				memcpy(all[j], swap, sizeof(swap));
			}
	snprintf(ret_slot, 32, "%s", n < count ? all[n] : "");
}

static inline unsigned int device_count(void)
{
	unsigned int n = 0;
	char slot[32];

	for (device_slot(n, slot); *slot; device_slot(n, slot))
		n++;
	return n;
}

static inline void device_read(unsigned int n, const char *name, char *ret_text, size_t size)
{
	char slot[32], path[256];

	device_slot(n, slot);
	CHECK(*slot);
	snprintf(path, sizeof(path), BUS "%s/ersatz_crypto/%s", slot, name);
	file_read(path, ret_text, size);
}

static inline unsigned long long device_counter(unsigned int n, const char *name)
{
	char text[32];

	device_read(n, name, text, sizeof(text));
	return strtoull(text, NULL, 10);
}

/* Of all devices together. */
static inline unsigned long long counter(const char *name)
{
	unsigned long long sum = 0;

	for (unsigned int n = device_count(); n-- > 0;)
		sum += device_counter(n, name);
	return sum;
}

static inline int alg(const char *type, const char *name);

/* Anew, with these parameters; and with AF_ALG, which many at once could not load. */
static inline void load(const char *parameters)
{
	char command[128];

	must("modprobe -r ersatz_crypto");
	CHECK(snprintf(command, sizeof(command), "modprobe ersatz_crypto %s", parameters) <
	      (int)sizeof(command));
	must(command);
	CHECK(device_count() > 0);
	close(alg("skcipher", CPU_CBC));
	close(alg("hash", CPU_SHA));
}

static inline void bus_write(const char *name, const char *slot)
{
	char path[128];

	snprintf(path, sizeof(path), BUS "%s", name);
	CHECK_EQ(file_write(path, slot), 0);
}

static inline void device_write(const char *slot, const char *name, const char *text)
{
	char path[1024];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", slot, name);
	CHECK_EQ(file_write(path, text), 0);
}

#define PROC_VALUE 128

/* A line of a driver's block in /proc/crypto; false if there is no such driver. */
static inline bool proc_crypto(const char *driver, const char *key, char ret_value[PROC_VALUE])
{
	FILE *file = fopen("/proc/crypto", "r");
	char line[256], name[128], value[PROC_VALUE], of_name[PROC_VALUE] = "";
	bool ours = false, found = false;

	CHECK(file != NULL);
	*ret_value = '\0';
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%127[^:]: %127[^\n]", name, value) != 2) {
			ours = false;
			continue;
		}
		name[strcspn(name, " ")] = '\0';
		/* A block begins with the name; whose it is comes after that. */
		if (!strcmp(name, "name"))
			memcpy(of_name, value, sizeof(of_name));
		if (!strcmp(name, "driver"))
			ours = !strcmp(value, driver);
		if (!ours || found)
			continue;
		found = !strcmp(key, "name") || !strcmp(name, key);
		if (found)
			memcpy(ret_value, strcmp(key, "name") ? value : of_name, PROC_VALUE);
	}
	fclose(file);
	return found;
}

/* ---- AF_ALG ---- */

/* What stands for a transformation; -1 and errno. */
static inline int alg_try(const char *type, const char *name)
{
	struct sockaddr_alg address = { .salg_family = AF_ALG };
	int fd = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0 && errno == EAFNOSUPPORT)
		skip("this kernel has no AF_ALG");
	CHECK(fd >= 0);
	snprintf((char *)address.salg_type, sizeof(address.salg_type), "%s", type);
	snprintf((char *)address.salg_name, sizeof(address.salg_name), "%s", name);
	if (!bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static inline int alg(const char *type, const char *name)
{
	int fd = alg_try(type, name);

	if (fd < 0)
		note("%s %s: %s", type, name, strerror(errno));
	CHECK(fd >= 0);
	return fd;
}

static inline int alg_key(int fd, const void *key, unsigned int length)
{
	return setsockopt(fd, SOL_ALG, ALG_SET_KEY, key, length);
}

/* Where data goes in and out. Large enough for all of it at once. */
static inline int alg_accept(int fd)
{
	int op = accept4(fd, NULL, 0, SOCK_CLOEXEC), most = 64 << 20;

	CHECK(op >= 0);
	CHECK_EQ(file_write("/proc/sys/net/core/optmem_max", "16777216"), 0);
	CHECK_EQ(setsockopt(op, SOL_SOCKET, SO_SNDBUFFORCE, &most, sizeof(most)), 0);
	CHECK_EQ(setsockopt(op, SOL_SOCKET, SO_RCVBUFFORCE, &most, sizeof(most)), 0);
	return op;
}

static inline int cbc_open(const char *name, const void *key, unsigned int length)
{
	int fd = alg("skcipher", name), op;

	CHECK_EQ(alg_key(fd, key, length), 0);
	op = alg_accept(fd);
	close(fd);
	return op;
}

/* Gives the input, and direction and IV if there is one; without, it goes on. -1: errno. */
static inline ssize_t cbc_send(int op, bool encrypt, const void *iv, const void *in, size_t length,
			       int flags)
{
	char control[CMSG_SPACE(4) + CMSG_SPACE(4 + BLOCK)] = { 0 };
	struct iovec vector = { (void *)in, length };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
	uint32_t what = encrypt ? ALG_OP_ENCRYPT : ALG_OP_DECRYPT, size = BLOCK;
	struct cmsghdr *header;

	if (iv) {
		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_ALG;
		header->cmsg_type = ALG_SET_OP;
		header->cmsg_len = CMSG_LEN(4);
		memcpy(CMSG_DATA(header), &what, 4);
		header = CMSG_NXTHDR(&message, header);
		header->cmsg_level = SOL_ALG;
		header->cmsg_type = ALG_SET_IV;
		header->cmsg_len = CMSG_LEN(4 + BLOCK);
		memcpy(CMSG_DATA(header), &size, 4);
		memcpy(CMSG_DATA(header) + 4, iv, BLOCK);
	}
	return sendmsg(op, &message, flags);
}

/* All in one piece. -1: errno. */
static inline ssize_t cbc_try(int op, bool encrypt, const void *iv, const void *in, void *out,
			      size_t length)
{
	ssize_t n = cbc_send(op, encrypt, iv, in, length, 0);

	return n < 0 ? n : read(op, out, length);
}

static inline void cbc(int op, bool encrypt, const void *iv, const void *in, void *out,
		       size_t length)
{
	ssize_t n = cbc_try(op, encrypt, iv, in, out, length);

	if (n < 0)
		note("%zu bytes: %s", length, strerror(errno));
	CHECK_EQ(n, length);
}

static inline int sha_open(const char *name)
{
	int fd = alg("hash", name), op = alg_accept(fd);

	close(fd);
	return op;
}

/* -1: errno. */
static inline ssize_t sha_try(int op, const void *in, size_t length, void *digest)
{
	const char *at = in;

	while (length) {
		ssize_t n = send(op, at, length, MSG_MORE);

		if (n < 0)
			return n;
		at += n;
		length -= n;
	}
	/* Ends it, and a length of 0 is one. */
	if (send(op, at, 0, 0) < 0)
		return -1;
	return read(op, digest, DIGEST);
}

static inline void sha(int op, const void *in, size_t length, void *digest)
{
	CHECK_EQ(sha_try(op, in, length, digest), DIGEST);
}

/* ---- data ---- */

/* The same bytes for the same seed, everywhere. */
static inline void fill(void *to, size_t length, uint32_t seed)
{
	uint8_t *at = to;

	for (size_t i = 0; i < length; i++) {
		seed = seed * 1664525 + 1013904223;
		at[i] = seed >> 24;
	}
}

static inline void *room(size_t length)
{
	void *at = malloc(length);

	CHECK(at != NULL);
	return at;
}

static inline void from_hex(const char *hex, uint8_t *ret_bytes, size_t length)
{
	CHECK_EQ(strlen(hex), 2 * length);
	for (size_t i = 0; i < length; i++) {
		unsigned int byte;

		CHECK_EQ(sscanf(hex + 2 * i, "%2x", &byte), 1);
		ret_bytes[i] = byte;
	}
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an access over vfio-user costs at the socket: one client and three
 * servers by turns. A client that sleeps until it has its answer, as QEMU's does,
 * pays for being woken, whoever the server is; so it is measured apart.
 *
 * usage: vfio_user OURS BLOCKING SPINNING     (sockets)
 *
 * OURS serves perf/mover, the others are perf/vfio_user_peer. The spinning one
 * is stopped while it is not its turn: it would take a processor from the
 * others. Prints a line each, medians over rounds, in the order of the
 * arguments; what varies, on stderr.
 *
 *   vfio_user_read NS NS NS          a 4-byte read, round trip, one behind the other;
 *                                    the client sleeps for its answer
 *   vfio_user_read_hard NS NS NS     the same, the client looks for it without sleeping
 *   vfio_user_read_sparse NS NS NS   the client sleeps, 2 ms between the reads
 *   vfio_user_write NS NS NS         a posted 4-byte write, as the client pays it
 *   vfio_user_dma MBS MBS MBS MBS    mapped DMA, 1 MiB at a time; the last is memcpy here
 *   vfio_user_idle US US US          processor time in a second without work, all of
 *                                    a server's processes
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <linux/vfio.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { OURS, BLOCKING, SPINNING, SERVERS, MEMCPY = SERVERS, COLUMNS };
enum { ROUNDS = 101, READS = 300, SPARSE = 5, WRITES = 100, MOVES = 64, IDLE_MS = 2000 };
enum { PLAIN = 0x00, ADDRESS = 0x08, LENGTH = 0x10, TIMES = 0x14, MOVE = 0x18 };
#define MIB (1u << 20)

struct server {
	int fd;
	pid_t pid;
};

static struct server servers[SERVERS];
static uint8_t *memory;
static double figures[COLUMNS][ROUNDS];
static bool hard; /* how it waits */

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "vfio_user: ");
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* ---- the protocol: just enough ---- */

enum {
	VERSION = 1,
	DMA_MAP = 2,
	REGION_READ = 9,
	REGION_WRITE = 10,
	NO_REPLY = 0x10,
	ERROR = 0x20
};

struct header {
	uint16_t id, command;
	uint32_t size, flags, error;
};

struct message {
	struct header header;
	union {
		struct {
			uint64_t offset;
			uint32_t region, count;
			uint8_t data[8];
		} access;
		struct {
			uint32_t argsz, flags;
			uint64_t offset, address, size;
		} map;
		struct {
			uint16_t major, minor;
			char text[200];
		} version;
	};
};

/* The message with the descriptor, if it is one. */
static void transmit(int fd, const struct message *m, int with)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)m, m->header.size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (with >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &with, sizeof(with));
	}
	if (sendmsg(fd, &msg, MSG_NOSIGNAL) != (ssize_t)m->header.size)
		fail("send");
}

static void take_reply(int fd, struct message *reply)
{
	size_t got = 0, want = sizeof(reply->header);
	ssize_t n;

	while (got < want) {
		n = recv(fd, (char *)reply + got, sizeof(*reply) - got, hard ? MSG_DONTWAIT : 0);
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n <= 0)
			fail("receive");
		got += (size_t)n;
		if (got >= sizeof(reply->header))
			want = reply->header.size;
	}
	if (reply->header.flags & ERROR) {
		fprintf(stderr, "vfio_user: command %u fails: %s\n", reply->header.command,
			strerror((int)reply->header.error));
		exit(1);
	}
}

static uint32_t read4(const struct server *s, uint64_t offset)
{
	struct message m = { .header = { 1, REGION_READ, 32, 0, 0 },
			     .access = { .offset = offset, .count = 4 } };
	uint32_t value;

	transmit(s->fd, &m, -1);
	take_reply(s->fd, &m);
	memcpy(&value, m.access.data, sizeof(value));
	return value;
}

static void write_to(const struct server *s, uint64_t offset, uint32_t width, uint64_t value,
		     bool posted)
{
	struct message m = { .header = { 2, REGION_WRITE, 32 + width, posted ? NO_REPLY : 0, 0 },
			     .access = { .offset = offset, .count = width } };

	memcpy(m.access.data, &value, sizeof(value));
	transmit(s->fd, &m, -1);
	if (!posted)
		take_reply(s->fd, &m);
}

static void open_server(struct server *s, const char *path, int memory_fd)
{
	static const char caps[] = "{\"capabilities\":{\"max_msg_fds\":8}}";
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct message m = { .header = { 0, VERSION, 20 + sizeof(caps), 0, 0 } };
	struct ucred peer;
	socklen_t size = sizeof(peer);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(s->fd, (struct sockaddr *)&a, sizeof(a)) ||
	    getsockopt(s->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		fail(path);
	s->pid = peer.pid;
	memcpy(m.version.text, caps, sizeof(caps));
	transmit(s->fd, &m, -1);
	take_reply(s->fd, &m);
	m = (struct message){ .header = { 0, DMA_MAP, 48, 0, 0 },
			      .map = { 32, VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE, 0, 0,
				       MIB } };
	transmit(s->fd, &m, memory_fd);
	take_reply(s->fd, &m);
	/* Bus mastering, or there is no DMA. */
	m = (struct message){ .header = { 0, REGION_WRITE, 34, 0, 0 },
			      .access = { .offset = 4,
					  .region = VFIO_PCI_CONFIG_REGION_INDEX,
					  .count = 2,
					  .data = { 6 } } };
	transmit(s->fd, &m, -1);
	take_reply(s->fd, &m);
	write_to(s, ADDRESS, 8, 0, false);
	write_to(s, LENGTH, 4, MIB, false);
	write_to(s, TIMES, 4, MOVES, false);
}

/* ---- figures ---- */

static double per_read(const struct server *s)
{
	double start;
	int i;

	for (i = 0; i < READS / 4; i++)
		read4(s, PLAIN);
	start = now();
	for (i = 0; i < READS; i++)
		read4(s, PLAIN);
	return (now() - start) / READS;
}

static double per_sparse_read(const struct server *s)
{
	double spent = 0, start;
	int i;

	for (i = 0; i < SPARSE; i++) {
		poll(NULL, 0, 2);
		start = now();
		read4(s, PLAIN);
		spent += now() - start;
	}
	return spent / SPARSE;
}

static double per_write(const struct server *s)
{
	double start, end;
	int i;

	for (i = 0; i < READS / 4; i++)
		read4(s, PLAIN);
	start = now();
	for (i = 1; i <= WRITES; i++)
		write_to(s, PLAIN, 4, (uint64_t)i, true);
	end = now();
	if (read4(s, PLAIN) != WRITES) {
		fprintf(stderr, "vfio_user: a posted write got lost\n");
		exit(1);
	}
	return (end - start) / WRITES;
}

static double mb_per_s(double start)
{
	return (double)MOVES * MIB * 1e3 / (now() - start);
}

/* From memory: half of what devices do, and the half that memcpy does as well here. */
static double dma_rate(const struct server *s)
{
	static uint8_t *buffer;
	double start;
	int i;

	if (!buffer)
		buffer = malloc(MIB);
	if (!buffer)
		fail("memory");
	start = now();
	if (s) {
		write_to(s, MOVE, 4, 1, false);
		return mb_per_s(start);
	}
	for (i = 0; i < MOVES; i++) {
		memcpy(buffer, memory, MIB);
		/* So that it is done each time. */
		__asm__ volatile("" : : "r"(buffer) : "memory");
	}
	return mb_per_s(start);
}

/* Processor time of a process and its children up to now, in us. */
static double used(pid_t pid)
{
	unsigned long long ns = 0;
	char path[96];
	double total;
	FILE *f;
	int child;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%llu", &ns) != 1)
		fail(path);
	fclose(f);
	total = (double)ns / 1e3;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	f = fopen(path, "re");
	if (!f)
		fail(path);
	while (fscanf(f, "%d", &child) == 1)
		total += used(child);
	fclose(f);
	return total;
}

static double idle(const struct server *s)
{
	double before, start;

	/* Until it has done with what there was. */
	read4(s, PLAIN);
	poll(NULL, 0, 1500);
	before = used(s->pid);
	start = now();
	poll(NULL, 0, IDLE_MS);
	return (used(s->pid) - before) / ((now() - start) / 1e9);
}

static double once(int column, double (*run)(const struct server *s))
{
	double value;

	if (column == MEMCPY)
		return run(NULL);
	if (column == SPINNING)
		kill(servers[column].pid, SIGCONT);
	value = run(&servers[column]);
	if (column == SPINNING)
		kill(servers[column].pid, SIGSTOP);
	return value;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* To and fro, so that none is always behind the same other. */
static void measure(const char *name, double (*run)(const struct server *s), int columns,
		    int rounds)
{
	static const char *const names[] = { "ours", "blocking", "spinning", "memcpy" };
	int round, i, column;

	for (round = 0; round < rounds; round++) {
		for (i = 0; i < columns; i++) {
			column = round % 2 ? columns - 1 - i : i;
			figures[column][round] = once(column, run);
		}
	}
	printf("%s", name);
	for (i = 0; i < columns; i++) {
		qsort(figures[i], (size_t)rounds, sizeof(double), compare);
		printf(" %.0f", figures[i][rounds / 2]);
		fprintf(stderr, "%s, %s: quarters at %.0f, %.0f, %.0f\n", name, names[i],
			figures[i][rounds / 4], figures[i][rounds / 2], figures[i][3 * rounds / 4]);
	}
	printf("\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int memory_fd, i;

	if (argc != 1 + SERVERS) {
		fprintf(stderr, "usage: %s OURS BLOCKING SPINNING\n", argv[0]);
		return 125;
	}
	memory_fd = memfd_create("memory", MFD_CLOEXEC);
	if (memory_fd < 0 || ftruncate(memory_fd, MIB))
		fail("memory");
	memory = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd, 0);
	if (memory == MAP_FAILED)
		fail("memory");
	memset(memory, 0x5a, MIB);
	for (i = 0; i < SERVERS; i++)
		open_server(&servers[i], argv[1 + i], memory_fd);
	kill(servers[SPINNING].pid, SIGSTOP);
	measure("vfio_user_read", per_read, SERVERS, ROUNDS);
	hard = true;
	measure("vfio_user_read_hard", per_read, SERVERS, ROUNDS);
	hard = false;
	measure("vfio_user_read_sparse", per_sparse_read, SERVERS, ROUNDS);
	measure("vfio_user_write", per_write, SERVERS, ROUNDS);
	measure("vfio_user_dma", dma_rate, COLUMNS, ROUNDS);
	measure("vfio_user_idle", idle, SERVERS, 3);
	kill(servers[SPINNING].pid, SIGCONT);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an access costs at the socket, without a VMM: ns, medians of blocks.
 * read: the round trip of a register read, one after the other; read_idle:
 * the same with 2 ms between them, so that both sides sleep; write: a posted
 * write, as the client pays it; echo: the round trip of as many bytes between
 * two processes that do nothing but block, for comparison.
 * ERSATZ_MODEL names a model with a 4-byte register at 0 of BAR 0.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bed.h"
#include "client.h"

#define BLOCKS 101
#define OPS 200

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void exchange(int fd, const void *out, size_t n_out, size_t n_in)
{
	char in[64];
	size_t got = 0;
	ssize_t n;

	if (write(fd, out, n_out) != (ssize_t)n_out)
		exit(1);
	while (got < n_in) {
		n = read(fd, in, sizeof(in));
		if (n <= 0)
			exit(1);
		got += (size_t)n;
	}
}

struct request {
	struct vu_header h;
	struct vu_access a;
	uint32_t value;
};

static void one(int fd, const char *what)
{
	struct request r = { { 1, VU_REGION_READ, 32, 0, 0 }, { 0, 0, 4 }, 0 };

	if (!strcmp(what, "write")) {
		r.h = (struct vu_header){ 1, VU_REGION_WRITE, 36, VU_FLAG_NO_REPLY, 0 };
		exchange(fd, &r, 36, 0);
		return;
	}
	exchange(fd, &r, 32, 36);
}

static void measure(int fd, const char *what)
{
	static double ns[BLOCKS];
	unsigned int ops = strcmp(what, "read_idle") ? OPS : 5;
	uint64_t before;
	unsigned int i, j;

	for (i = 0; i < BLOCKS; i++) {
		double spent = 0;

		for (j = 0; j < ops; j++) {
			if (!strcmp(what, "read_idle"))
				poll(NULL, 0, 2);
			before = vu_monotonic();
			one(fd, ops == OPS ? what : "read");
			spent += (double)(vu_monotonic() - before);
		}
		/* What was posted is done before the next block begins. */
		one(fd, "read");
		ns[i] = spent / ops;
	}
	qsort(ns, BLOCKS, sizeof(ns[0]), compare);
	printf("vfio_user_socket_%s %.0f ns (best %.0f)\n", what, ns[BLOCKS / 2], ns[0]);
}

static void echo(void)
{
	struct request r;
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		exit(1);
	pid = fork();
	if (!pid) {
		close(pair[0]);
		while (read(pair[1], &r, sizeof(r)) > 0)
			if (write(pair[1], &r, 36) < 0)
				break;
		_exit(0);
	}
	close(pair[1]);
	measure(pair[0], "read");
	close(pair[0]);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	struct bed *bed = bed_start(getenv("ERSATZ_MODEL"), true, true);
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct {
		struct vu_header h;
		struct vu_version v;
	} hello = { { 1, VU_VERSION, sizeof(hello), 0, 0 }, { 0, 0 } };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", bed->path);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)))
		return 1;
	exchange(fd, &hello, sizeof(hello), 16 + 4 + 20);
	measure(fd, "read");
	measure(fd, "write");
	measure(fd, "read_idle");
	close(fd);
	printf("for comparison, processes that only block: ");
	echo();
	return bed_stop(bed, 0);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "bed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/vfio_user/server.h"
#include "client.h"

unsigned int bed_hang_ms;
bool bed_await_gdb;
int bed_orders_fd;
int bed_info_fd;

static struct vu_server *serving;

static void on_term(int signal_)
{
	if (serving)
		vu_server_stop(serving);
}

/*
 * All folders of this program, in one, which goes with the program, however that ends: by a
 * process that waits for the end of everybody who holds a pipe, servers included, and
 * which no signal to the program's process group reaches.
 */
static const char *folders(void)
{
	static char all[] = "/tmp/ersatz-vu-XXXXXX";
	static bool there;
	int alive[2];
	char byte;
	pid_t pid;

	if (there)
		return all;
	assert_non_null(mkdtemp(all));
	assert_int_equal(pipe2(alive, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		setsid();
		/* Whoever reads what the program says waits for no one else. */
		dup2(alive[0], STDIN_FILENO);
		close_range(STDIN_FILENO + 1, UINT_MAX, 0);
		while (read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR)
			;
		execlp("rm", "rm", "-rf", all, (char *)NULL);
		_exit(127);
	}
	close(alive[0]);
	there = true;
	return all;
}

/* Exits with what vu_server_run returned, negated. */
__attribute__((noreturn)) static void be_server(const char *path, const char *model, bool contain,
						bool once, int ready)
{
	struct ez_error error = { "" };
	const struct ez_model *m = ez_model_open(model, &error);
	struct vu_options options = {
		.socket = path,
		.contain = contain,
		.once = once,
		.ready_fd = ready,
		.hang_ms = bed_hang_ms,
		.await_gdb = bed_await_gdb,
		.orders_fd = bed_orders_fd,
		.info_fd = bed_info_fd,
	};
	struct vu_server *server = m ? vu_server_new(m, NULL, 0, &options, &error) : NULL;
	int err;

	serving = server;
	signal(SIGTERM, on_term);
	err = server ? vu_server_run(server, &error) : -EINVAL;

	if (err)
		fprintf(stderr, "error: %s\n", error.text);
	vu_server_free(server);
	exit(-err);
}

struct bed *bed_start(const char *model, bool contain, bool once)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	static unsigned int beds;
	int ready[2], log[2];
	char byte;
	int i;

	assert_non_null(bed);
	snprintf(bed->folder, sizeof(bed->folder), "%s/%u", folders(), ++beds);
	assert_int_equal(mkdir(bed->folder, 0700), 0);
	snprintf(bed->path, sizeof(bed->path), "%s/s", bed->folder);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(log, O_CLOEXEC), 0);
	bed->pid = fork();
	if (!bed->pid) {
		/* cmocka's handlers are not what a server has. */
		for (i = 1; i < 32; i++)
			signal(i, SIG_DFL);
		/* Nor does one outlive a test that has failed. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(log[1], STDERR_FILENO);
		close(log[0]);
		close(log[1]);
		close(ready[0]);
		be_server(bed->path, model, contain, once, ready[1]);
	}
	close(ready[1]);
	close(log[1]);
	bed->log = log[0];
	fcntl(bed->log, F_SETFL, O_NONBLOCK);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return bed;
}

const char *bed_said(struct bed *bed)
{
	size_t at = strlen(bed->said);
	ssize_t n;

	while ((n = read(bed->log, bed->said + at, sizeof(bed->said) - 1 - at)) > 0)
		at += (size_t)n;
	bed->said[at] = '\0';
	return bed->said;
}

void bed_await(struct bed *bed, const char *text)
{
	int i;

	for (i = 0; i < 6000 && !strstr(bed_said(bed), text); i++)
		poll(NULL, 0, 10);
	if (!strstr(bed->said, text))
		fail_msg("it did not say \"%s\" but: %s", text, bed->said);
}

int bed_wait_exit(pid_t pid)
{
	int status = -1;
	int i;

	for (i = 0; i < 6000; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
		poll(NULL, 0, 10);
	}
	fail_msg("process %d does not end", (int)pid);
	return -1;
}

int bed_stop(struct bed *bed, int signal_)
{
	int status;

	if (signal_)
		kill(bed->pid, signal_);
	status = bed_wait_exit(bed->pid);
	close(bed->log);
	unlink(bed->path);
	assert_int_equal(rmdir(bed->folder), 0);
	free(bed);
	return status;
}

pid_t bed_child_of(pid_t pid)
{
	char path[64], line[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	f = fopen(path, "re");
	assert_non_null(f);
	if (!fgets(line, sizeof(line), f))
		*line = '\0';
	fclose(f);
	return atoi(line);
}

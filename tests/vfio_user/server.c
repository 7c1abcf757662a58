/* SPDX-License-Identifier: BSD-2-Clause */
/* The processes: containment, the socket, clients that come and go. The server is a child of the test. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backends/vfio_user/server.h"
#include "bed.h"
#include "client.h"
#include "crasher.h"

static int connect_to(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static struct client *visit(struct bed *bed)
{
	struct client *c = calloc(1, sizeof(*c));

	c->fd = connect_to(bed->path);
	assert_int_equal(client_version(c, NULL), 0);
	return c;
}

static void leave(struct client *c)
{
	close(c->fd);
	free(c);
}

static unsigned int count_fds(pid_t pid)
{
	char command[64];
	unsigned int n = 0;
	FILE *p;

	snprintf(command, sizeof(command), "ls /proc/%d/fd | wc -l", (int)pid);
	p = popen(command, "re");
	assert_int_equal(fscanf(p, "%u", &n), 1);
	pclose(p);
	return n;
}

/* Memory of its own, in KiB, counted page by page: statm is only about right. */
static unsigned long own_memory(pid_t pid)
{
	char path[64], line[128];
	unsigned long size = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Anonymous: %lu", &size) == 1)
			break;
	fclose(f);
	assert_int_not_equal(size, 0);
	return size;
}

/* ---- the socket ---- */

static void try_folder(const char *path, const char *expected)
{
	struct ez_error error = { "" };
	const struct ez_model *m = ez_model_open(getenv("ERSATZ_MODEL"), &error);
	struct vu_options options = { .socket = path, .ready_fd = -1 };

	assert_null(vu_server_new(m, NULL, 0, &options, &error));
	if (!strstr(error.text, expected))
		fail_msg("%s: %s", path, error.text);
	ez_model_close(m);
}

static void private_folders_only(void **state)
{
	struct bed *bed = bed_start(getenv("ERSATZ_MODEL"), true, false);
	char other[128];
	struct stat st;

	assert_int_equal(stat(bed->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	try_folder(bed->path, "another process serves");
	try_folder("/tmp/s", "chmod 700");
	snprintf(other, sizeof(other), "%s/", bed->folder);
	try_folder(other, "names a folder");
	snprintf(other, sizeof(other), "%s/no/such", bed->folder);
	try_folder("/nowhere/at/all", "No such file");
	memset(other, 'x', 120);
	other[120] = '\0';
	try_folder(other, "107");
	assert_int_equal(bed_stop(bed, SIGKILL), 1000 + SIGKILL);
}

static void stale_socket_is_replaced(void **state)
{
	struct bed *bed = bed_start(getenv("ERSATZ_MODEL"), false, false);
	struct bed again = *bed;
	struct vu_options options = { .ready_fd = -1 };
	struct ez_error error;
	const struct ez_model *m = ez_model_open(getenv("ERSATZ_MODEL"), &error);
	struct vu_server *server;

	kill(bed->pid, SIGKILL);
	bed_wait_exit(bed->pid);
	assert_int_equal(access(again.path, F_OK), 0);
	options.socket = again.path;
	server = vu_server_new(m, NULL, 0, &options, &error);
	assert_non_null(server);
	vu_server_free(server);
	assert_int_equal(access(again.path, F_OK), -1);
	ez_model_close(m);
	close(bed->log);
	rmdir(bed->folder);
	free(bed);
}

/* ---- clients ---- */

static void one_client_at_a_time(void **state)
{
	struct bed *bed = bed_start(getenv("ERSATZ_MODEL"), true, false);
	struct client *c = visit(bed);
	struct pollfd p = { .events = POLLIN };
	char byte;
	int second = connect_to(bed->path);

	p.fd = second;
	assert_int_equal(poll(&p, 1, 2000), 1);
	assert_int_equal(recv(second, &byte, 1, 0), 0);
	close(second);
	bed_await(bed, "another client was turned away");
	assert_int_equal(client_read(c, BAR0, ID, 4), 0x12345678);
	leave(c);
	bed_stop(bed, SIGKILL);
}

static void each_client_gets_a_fresh_device(void **state)
{
	struct bed *bed = bed_start(getenv("ERSATZ_MODEL"), true, false);
	unsigned int fds = 0;
	unsigned long memory = 0;
	int i;

	for (i = 0; i < 200; i++) {
		pid_t serving = bed_child_of(bed->pid);
		struct client *c = visit(bed);

		assert_int_equal(client_read(c, BAR0, CTRL, 4), 0);
		client_write(c, BAR0, CTRL, 4, 0x55);
		leave(c);
		/* The next may come when this one is through. */
		while (serving && bed_child_of(bed->pid) == serving)
			poll(NULL, 0, 1);
		while (bed_child_of(bed->pid))
			poll(NULL, 0, 1);
		if (i == 20) {
			fds = count_fds(bed->pid);
			memory = own_memory(bed->pid);
		}
	}
	/* Of its last process it may still have a few to close, then and now. */
	assert_in_range(count_fds(bed->pid), 1, fds + 10);
	assert_in_range(own_memory(bed->pid), 1, memory + 64);
	assert_string_equal(bed_said(bed), "");
	bed_stop(bed, SIGKILL);
}

static void without_keeper(void **state)
{
	struct bed *bed = bed_start(getenv("ERSATZ_MODEL"), false, true);
	struct client *c = visit(bed);

	assert_int_equal(client_read(c, BAR0, ID, 4), 0x12345678);
	assert_int_equal(bed_child_of(bed->pid), 0);
	leave(c);
	assert_int_equal(bed_stop(bed, 0), 0);
}

static void once_is_once(void **state)
{
	struct bed *bed = bed_start(getenv("ERSATZ_MODEL"), true, true);
	struct client *c = visit(bed);

	leave(c);
	assert_int_equal(bed_stop(bed, 0), 0);
	bed = bed_start(getenv("ERSATZ_MODEL"), true, true);
	c = calloc(1, sizeof(*c));
	c->fd = connect_to(bed->path);
	assert_int_equal(client_version(c, "{"), EINVAL);
	leave(c);
	assert_int_equal(bed_stop(bed, 0), EPROTO);
}

/* ---- orders from another process ---- */

static void order(int fd, char what)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char back = 0;

	assert_int_equal(send(fd, &what, 1, 0), 1);
	assert_int_equal(poll(&p, 1, 60000), 1);
	assert_int_equal(recv(fd, &back, 1, 0), 1);
	assert_int_equal(back, what);
}

static void orders_from_outside(void **state)
{
	char text[8192] = "";
	struct bed *bed;
	struct client *c;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	bed_orders_fd = pair[1];
	bed_info_fd = memfd_create("info", MFD_CLOEXEC);
	bed = bed_start(getenv("CRASHER"), true, true);
	c = visit(bed);
	assert_int_equal(client_read(c, BAR0, WELL, 4), 0x600d);
	order(pair[0], 'i');
	assert_true(pread(bed_info_fd, text, sizeof(text) - 1, 0) > 0);
	assert_non_null(strstr(text, "\"name\":\"WELL\""));
	assert_non_null(strstr(text, "\"gone\":false"));
	order(pair[0], 'p');
	order(pair[0], 'r');
	order(pair[0], 'y');
	assert_int_equal(client_read(c, BAR0, WELL, 4), 0xffffffff);
	order(pair[0], 'i');
	memset(text, 0, sizeof(text));
	assert_true(pread(bed_info_fd, text, sizeof(text) - 1, 0) > 0);
	assert_non_null(strstr(text, "\"gone\":true"));
	order(pair[0], 'u');
	/* Nothing that is known, nor theirs to say: it goes on. */
	order(pair[0], '?');
	assert_int_equal(send(pair[0], "s", 1, 0), 1);
	order(pair[0], 'p');
	order(pair[0], 'r');
	close(pair[0]);
	close(pair[1]);
	assert_int_equal(client_read(c, BAR0, WELL, 4), 0x600d);
	leave(c);
	assert_int_equal(bed_stop(bed, 0), 0);
	close(bed_info_fd);
	bed_orders_fd = bed_info_fd = 0;
}

/* ---- death ---- */

static void expect_ones(struct client *c)
{
	uint32_t value;

	assert_int_equal(c->length, sizeof(struct vu_access) + sizeof(value));
	memcpy(&value, c->payload + sizeof(struct vu_access), sizeof(value));
	assert_int_equal(value, 0xffffffff);
}

static void expect_answer(struct client *c, uint16_t command, uint32_t error)
{
	assert_true(client_receive(c));
	assert_int_equal(c->header.command, command);
	assert_int_equal(c->header.flags & VU_FLAG_TYPE, VU_FLAG_REPLY);
	assert_int_equal(c->header.flags & VU_FLAG_ERROR ? c->header.error : 0, error);
	if (command == VU_REGION_READ)
		expect_ones(c);
}

struct way {
	uint32_t what; /* 0: by the read */
	const char *said[4];
};

/*
 * It dies in the first of these messages, which are all there before. The card is pulled:
 * each is answered, in a way; and so is who goes on asking, for a while, then comes the
 * end, in order.
 */
static void die_in_a_message(struct client *c, uint32_t what)
{
	const struct vu_access read = { BAD_READ, BAR0, 4 }, well = { WELL, BAR0, 4 };
	struct vu_irq_info irq = { .argsz = sizeof(irq) };
	struct {
		struct vu_access a;
		uint32_t value;
	} write = { { BAD_WRITE, BAR0, 4 }, what };
	uint8_t buf[2048];
	size_t size;
	int i;

	if (what)
		size = client_message(c, buf, VU_REGION_WRITE, 0, &write, 20);
	else
		size = client_message(c, buf, VU_REGION_READ, 0, &read, sizeof(read));
	write.a.offset = WELL;
	for (i = 0; i < 5; i++) {
		size += client_message(c, buf + size, VU_REGION_READ, 0, &well, sizeof(well));
		size += client_message(c, buf + size, VU_REGION_WRITE, 0, &write, 20);
		size += client_message(c, buf + size, VU_RESET, 0, NULL, 0);
		size += client_message(c, buf + size, VU_GET_IRQ_INFO, 0, &irq, sizeof(irq));
	}
	client_send_raw(c, buf, size, NULL, 0);
	if (what)
		expect_answer(c, VU_REGION_WRITE, 0);
	else
		expect_answer(c, VU_REGION_READ, 0);
	for (i = 0; i < 5; i++) {
		expect_answer(c, VU_REGION_READ, 0);
		expect_answer(c, VU_REGION_WRITE, 0);
		expect_answer(c, VU_RESET, 0);
		expect_answer(c, VU_GET_IRQ_INFO, ENODEV);
	}
	for (i = 0; i < 5; i++) {
		client_send(c, VU_REGION_READ, 0, &well, sizeof(well), NULL, 0);
		if (!client_receive(c))
			return;
		assert_int_equal(c->header.id, c->id);
		expect_ones(c);
	}
	assert_false(client_receive(c));
}

/* It dies on its own, maybe while the answer is on its way: then there is a second one, an error. */
static void die_behind_a_write(struct client *c, uint32_t what)
{
	struct {
		struct vu_access a;
		uint32_t value;
	} write = { { BAD_WRITE, BAR0, 4 }, what };
	int errors = 0, good = 0;

	client_send(c, VU_REGION_WRITE, 0, &write, 20, NULL, 0);
	while (client_receive(c)) {
		assert_int_equal(c->header.id, c->id);
		if (c->header.flags & VU_FLAG_ERROR)
			errors++;
		else
			good++;
	}
	assert_in_range(errors + good, 1, 2);
	assert_in_range(errors, 0, 1);
	assert_in_range(good, 0, 1);
}

static void die(const struct way *way)
{
	struct bed *bed = bed_start(getenv("CRASHER"), true, true);
	struct client *c = visit(bed);
	int i;

	assert_int_equal(client_read(c, BAR0, WELL, 4), 0x600d);
	if (way->what == IN_TIMER || way->what == IN_JOB)
		die_behind_a_write(c, way->what);
	else
		die_in_a_message(c, way->what);
	/* A sanitizer gives the account itself. */
	for (i = 0; !dlsym(RTLD_DEFAULT, "__asan_init") && i < 4 && way->said[i]; i++)
		bed_await(bed, way->said[i]);
	bed_await(bed, "the model died");
	leave(c);
	assert_int_equal(bed_stop(bed, 0), EOWNERDEAD);
}

static void dies_in_a_hook(void **state)
{
	static const struct way ways[] = {
		{ 0,
		  { "the model died: Segmentation fault (SIGSEGV) at address 0x0",
		    "during: 4-byte read of BAD_READ (BAR0 0x4)\n", "#0 bad_read at",
		    "crasher.c:" } },
		{ FOLLOW_NULL,
		  { "SIGSEGV", "during: 4-byte write to BAD_WRITE (BAR0 0x8), value 0x1\n",
		    "#0 bad_write at" } },
		{ CALL_ABORT,
		  { "(SIGABRT)", "during: 4-byte write to BAD_WRITE", "bad_write at" } },
		{ CALL_EXIT, { "it called exit (status 0)", "during: 4-byte write to BAD_WRITE" } },
		{ DIVIDE, { "(SIGFPE)", "value 0x4", "#0 bad_write at" } },
		{ RECURSE, { "SIGSEGV", "#0 recurse at" } },
		{ IN_TIMER, { "SIGSEGV", "during: timer tick", "#0 fired at" } },
		{ IN_JOB, { "SIGSEGV", ", in a job", "#0 run at" } },
	};
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		die(&ways[i]);
}

static void goes_on_with_a_fresh_one(void **state)
{
	struct bed *bed = bed_start(getenv("CRASHER"), true, false);
	int i;

	for (i = 0; i < 3; i++) {
		struct client *c = visit(bed);

		assert_int_equal(client_read(c, BAR0, BAD_READ, 4), 0xffffffff);
		assert_false(client_receive(c));
		leave(c);
		while (bed_child_of(bed->pid))
			poll(NULL, 0, 1);
	}
	bed_stop(bed, SIGKILL);
}

/* Killed at any moment: every request is answered once, and the end is in order. */
static void killed_at_any_moment(void **state)
{
	int i, n;

	for (i = 0; i < 60; i++) {
		struct bed *bed = bed_start(getenv("ERSATZ_MODEL"), true, true);
		struct client *c = visit(bed);
		struct vu_access a = { ID, BAR0, 4 };
		pid_t serving = bed_child_of(bed->pid), killer;
		uint32_t value;

		assert_int_not_equal(serving, 0);
		killer = fork();
		if (!killer) {
			nanosleep(&(struct timespec){ 0, 100000 + i * 37000 }, NULL);
			kill(serving, SIGKILL);
			_exit(0);
		}
		for (n = 0;; n++) {
			client_send(c, VU_REGION_READ, 0, &a, sizeof(a), NULL, 0);
			if (!client_receive(c))
				break;
			/*
			 * An error is for the one that may have been answered already, and had been;
			 * who has asked again too late hears no more.
			 */
			if (c->header.flags & VU_FLAG_ERROR && c->header.id == c->id - 1 &&
			    !client_receive(c))
				break;
			assert_int_equal(c->header.id, c->id);
			if (c->header.flags & VU_FLAG_ERROR)
				continue;
			memcpy(&value, c->payload + sizeof(a), sizeof(value));
			assert_true(value == 0x12345678 || value == 0xffffffff);
			if (value == 0xffffffff && n % 16 == 0)
				poll(NULL, 0, 150);
		}
		waitpid(killer, NULL, 0);
		leave(c);
		bed_await(bed, "the model died: Killed (SIGKILL)");
		assert_int_equal(bed_stop(bed, 0), EOWNERDEAD);
	}
}

/* Without its keeper the serving process ends, and takes the socket away. */
static void keeper_killed(void **state)
{
	struct bed *bed;
	struct client *c;
	pid_t serving;
	int status;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	bed = bed_start(getenv("CRASHER"), true, false);
	c = visit(bed);
	serving = bed_child_of(bed->pid);
	kill(bed->pid, SIGKILL);
	bed_wait_exit(bed->pid);
	assert_false(client_receive(c));
	assert_int_equal(bed_wait_exit(serving), 0);
	assert_int_equal(access(bed->path, F_OK), -1);
	leave(c);
	close(bed->log);
	rmdir(bed->folder);
	free(bed);
	/* Even in the middle of a hook that never ends. */
	bed = bed_start(getenv("CRASHER"), true, false);
	c = visit(bed);
	client_send(c, VU_REGION_WRITE, VU_FLAG_NO_REPLY, &(struct {
			    struct vu_access a;
			    uint32_t v;
		    }){ { BAD_WRITE, BAR0, 4 }, HANG },
		    20, NULL, 0);
	bed_await(bed, "it hangs");
	serving = bed_child_of(bed->pid);
	kill(bed->pid, SIGKILL);
	bed_wait_exit(bed->pid);
	status = bed_wait_exit(serving);
	assert_int_equal(status, 1000 + SIGALRM);
	leave(c);
	close(bed->log);
	unlink(bed->path);
	rmdir(bed->folder);
	free(bed);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(private_folders_only),
		cmocka_unit_test(stale_socket_is_replaced),
		cmocka_unit_test(one_client_at_a_time),
		cmocka_unit_test(each_client_gets_a_fresh_device),
		cmocka_unit_test(without_keeper),
		cmocka_unit_test(once_is_once),
		cmocka_unit_test(orders_from_outside),
		cmocka_unit_test(dies_in_a_hook),
		cmocka_unit_test(goes_on_with_a_fresh_one),
		cmocka_unit_test(killed_at_any_moment),
		cmocka_unit_test(keeper_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

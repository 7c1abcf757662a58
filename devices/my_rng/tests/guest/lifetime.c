// SPDX-License-Identifier: BSD-2-Clause
/*
 * The driver comes and goes: unbind, removal and rescan of the device, unload,
 * with files open and readers at work.
 */
#include "rng.h"

#include <sys/sysmacros.h>

#define NODE_OF_OURS "/tmp/my_rng_classic_node"

/* A file of a device that is gone. */
static void check_dead(int fd)
{
	unsigned int number = 0;
	char bytes[16];

	CHECK_ERRNO(ioctl(fd, MY_RNG_IOCTL_RAND, &number), ENODEV);
	CHECK_ERRNO(ioctl(fd, MY_RNG_IOCTL_SEED, &number), ENODEV);
	CHECK_ERRNO(read(fd, bytes, sizeof(bytes)), ENODEV);
	CHECK_ERRNO(ioctl(fd, _IO('q', 99), 0), ENOTTY);
}

static void check_works(int fd)
{
	rng_seed(fd, 0x42);
	CHECK(rng_rand(fd) != rng_rand(fd));
}

static void loaded_by_alias(void)
{
	struct rng_pci pci = rng_pci(RNG_NODE);
	char modalias[128], text[256], command[256], path[256];

	snprintf(path, sizeof(path), "%s/modalias", pci.path);
	file_read(path, modalias, sizeof(modalias));
	if (snprintf(command, sizeof(command), "modprobe -D '%s'", modalias) < 0 ||
	    shell(command, text, sizeof(text)))
		skip("modprobe does not list what it would load");
	note("%s: %.*s", modalias, (int)strcspn(text, "\n"), text);
	/* Loaded already, it may not be listed; the test module never may. */
	CHECK(strstr(text, "my_rng_test") == NULL);
	snprintf(path, sizeof(path), "%s/driver/module", pci.path);
	CHECK(file_exists(path));
}

static void unbind_with_open_files(void)
{
	struct rng_pci pci = rng_pci(RNG_NODE);
	int old[3], fd;

	for (int i = 0; i < 3; i++)
		old[i] = rng_open();
	check_works(old[0]);
	rng_unbind(&pci);
	for (int i = 0; i < 3; i++)
		check_dead(old[i]);
	CHECK(!file_exists(RNG_DEV));
	rng_bind(&pci);
	fd = rng_open();
	check_works(fd);
	for (int i = 0; i < 3; i++) {
		check_dead(old[i]);
		close(old[i]);
	}
	check_works(fd);
	close(fd);
}

/* The classic way: mknod. Its inode remembers the removed device while that one is open. */
static void unbind_under_a_node_of_mknod(void)
{
	struct rng_pci pci = rng_pci(RNG_NODE);
	struct stat st;
	int old, fd;

	CHECK_EQ(stat(RNG_DEV, &st), 0);
	unlink(NODE_OF_OURS);
	CHECK_EQ(mknod(NODE_OF_OURS, S_IFCHR | 0600, st.st_rdev), 0);
	old = rng_open_node(NODE_OF_OURS);
	check_works(old);
	rng_unbind(&pci);
	CHECK(open(NODE_OF_OURS, O_RDWR) < 0 && (errno == ENODEV || errno == ENXIO));
	rng_bind(&pci);
	fd = open(NODE_OF_OURS, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		CHECK_EQ(errno, ENODEV);
	else
		close(fd);
	check_dead(old);
	close(old);
	fd = rng_open_node(NODE_OF_OURS);
	check_works(fd);
	close(fd);
	unlink(NODE_OF_OURS);
}

static long long milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/*
 * Opens, reads and closes, for ever: all that may happen to it is that the
 * device is gone. With naps it sleeps with no file open, for thrice as long as it
 * has had one: so naps coincide, however long an access takes.
 */
static void read_for_ever(bool naps)
{
	char bytes[4096];
	size_t size = naps ? 64 : sizeof(bytes);
	unsigned int number;

	for (unsigned int n = 0;; n++) {
		long long begin = milliseconds();
		int fd = open(RNG_DEV, O_RDWR | O_CLOEXEC);

		if (fd < 0) {
			CHECK(errno == ENOENT || errno == ENXIO || errno == ENODEV);
			continue;
		}
		for (unsigned int i = 0; i < 50; i++) {
			if ((n + i) % 2 ? read(fd, bytes, size) < 0
					: ioctl(fd, MY_RNG_IOCTL_RAND, &number) < 0) {
				CHECK_EQ(errno, ENODEV);
				break;
			}
		}
		close(fd);
		if (naps)
			sleep_ms(10 + 3 * (unsigned int)(milliseconds() - begin));
	}
}

#define READERS 3

static void start_readers(pid_t *ret_pids, bool naps)
{
	for (int i = 0; i < READERS; i++) {
		ret_pids[i] = ktap_fork();
		if (!ret_pids[i]) {
			read_for_ever(naps);
			_exit(0);
		}
	}
}

/* Readers never end by themselves but by a failed check. */
static void stop_readers(const pid_t *pids)
{
	for (int i = 0; i < READERS; i++) {
		int status;

		kill(pids[i], SIGKILL);
		status = ktap_wait(pids[i]);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
}

static void unbind_under_load(void)
{
	struct rng_pci pci = rng_pci(RNG_NODE);
	pid_t pids[READERS];
	int fd;

	start_readers(pids, false);
	for (int i = 0; i < 20; i++) {
		sleep_ms(20);
		rng_unbind(&pci);
		rng_bind(&pci);
	}
	stop_readers(pids);
	fd = rng_open();
	check_works(fd);
	close(fd);
}

static void remove_and_rescan(void)
{
	struct rng_pci pci = rng_pci(RNG_NODE);
	int old = rng_open(), fd;

	check_works(old);
	CHECK_EQ(rng_pci_write(&pci, "remove", "1"), 0);
	CHECK(!file_exists(pci.path));
	CHECK(!file_exists(RNG_DEV));
	check_dead(old);
	pci_rescan();
	WAIT_FOR(file_exists(RNG_DEV));
	CHECK(!strcmp(rng_pci(RNG_NODE).slot, pci.slot));
	check_dead(old);
	fd = rng_open();
	check_works(fd);
	close(old);
	close(fd);
}

static void remove_under_load(void)
{
	struct rng_pci pci = rng_pci(RNG_NODE);
	pid_t pids[READERS];
	int fd;

	start_readers(pids, false);
	for (int i = 0; i < 5; i++) {
		sleep_ms(20);
		CHECK_EQ(rng_pci_write(&pci, "remove", "1"), 0);
		pci_rescan();
		WAIT_FOR(file_exists(RNG_DEV));
	}
	stop_readers(pids);
	fd = rng_open();
	check_works(fd);
	close(fd);
}

static void unload_with_open_file(void)
{
	char text[512];
	int fd = rng_open();

	CHECK(shell("rmmod my_rng", text, sizeof(text)) != 0);
	check_works(fd);
	close(fd);
}

/* Unloading is refused while a file is open, and works between two. */
static void reload_under_load(void)
{
	unsigned int unloaded = 0;
	pid_t pids[READERS];
	char text[512];
	int fd;

	start_readers(pids, true);
	/* On a busy machine it takes patience to meet a moment without a reader. */
	for (int i = 0; unloaded < (i < 100 ? 5 : 1) && i < 600; i++) {
		if (shell("rmmod my_rng", text, sizeof(text)))
			continue;
		unloaded++;
		CHECK(!file_exists(RNG_BUS));
		must("modprobe my_rng");
	}
	stop_readers(pids);
	CHECK(unloaded > 0);
	fd = rng_open();
	check_works(fd);
	close(fd);
}

static void reload(void)
{
	for (int i = 0; i < 5; i++) {
		int fd;

		must("modprobe -r my_rng");
		CHECK(!file_exists(RNG_DEV));
		CHECK(!file_exists(RNG_CLASS));
		must("modprobe my_rng");
		fd = rng_open();
		check_works(fd);
		close(fd);
	}
}

static const struct ktap_case cases[] = {
	{ "loaded_by_alias", loaded_by_alias },
	{ "unbind_with_open_files", unbind_with_open_files },
	{ "unbind_under_a_node_of_mknod", unbind_under_a_node_of_mknod },
	{ "unbind_under_load", unbind_under_load },
	{ "remove_and_rescan", remove_and_rescan },
	{ "remove_under_load", remove_under_load },
	{ "unload_with_open_file", unload_with_open_file },
	{ "reload_under_load", reload_under_load },
	{ "reload", reload },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}

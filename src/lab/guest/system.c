/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest around the commands: mounts, modules by alias, the terminal, the way down. */
#include "agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHARE "/mnt/share"

static char cmdline[4096];

const char *system_option(const char *name)
{
	static char value[256];
	const char *at = cmdline;
	size_t size = strlen(name);

	while ((at = strstr(at, "ersatz."))) {
		at += strlen("ersatz.");
		if (strncmp(at, name, size) == 0 && at[size] == '=') {
			snprintf(value, sizeof(value), "%.*s", (int)strcspn(at + size + 1, " \n"),
				 at + size + 1);
			return value;
		}
	}
	return NULL;
}

void system_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (write(fd, text, strlen(text)) < 0)
			perror(path);
		close(fd);
	}
}

/* What every guest has; "/" is the initramfs. None of it outlives the guest. */
static const struct {
	const char *type, *where, *options;
} own_mounts[] = {
	{ "devtmpfs", "/dev", NULL },  { "proc", "/proc", NULL },
	{ "sysfs", "/sys", NULL },     { "devpts", "/dev/pts", "ptmxmode=0666" },
	{ "tmpfs", "/dev/shm", NULL }, { "tmpfs", "/run", NULL },
	{ "tmpfs", "/tmp", NULL },     { "debugfs", "/sys/kernel/debug", NULL },
};

#define OWN_MOUNTS (sizeof(own_mounts) / sizeof(own_mounts[0]))

static void mount_at(const char *type, const char *where, const char *options)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, options) && errno != EBUSY)
		fprintf(stderr, "ersatz-agent: cannot mount %s: %s\n", where, strerror(errno));
}

static void loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0) {
		ioctl(fd, SIOCSIFFLAGS, &request);
		close(fd);
	}
}

void system_start(void)
{
	int fd;

	umask(022);
	for (size_t i = 0; i < OWN_MOUNTS; i++)
		mount_at(own_mounts[i].type, own_mounts[i].where, own_mounts[i].options);
	symlink("/proc/self/fd", "/dev/fd");
	symlink("/proc/self/fd/0", "/dev/stdin");
	symlink("/proc/self/fd/1", "/dev/stdout");
	symlink("/proc/self/fd/2", "/dev/stderr");
	symlink("/proc/mounts", "/etc/mtab");

	fd = open("/dev/console", O_RDWR);
	for (int i = 0; i < 3 && fd >= 0; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
	fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		ssize_t n = read(fd, cmdline, sizeof(cmdline) - 1);

		cmdline[n > 0 ? n : 0] = 0;
		close(fd);
	}
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("USER", "root", 1);
	sethostname("ersatz", 6);
	loopback_up();
	/* The boot was quiet; from here on the console gets what drivers say. */
	system_write("/proc/sys/kernel/printk", "7");
}

/*
 * One modprobe for many aliases. What it says goes to the user, but for
 * devices that no module drives, which is nothing to complain of.
 */
static void modprobe(char **aliases)
{
	char line[512];
	int fds[2];
	FILE *said;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return;
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], 2);
		execv("/sbin/modprobe", aliases);
		_exit(127);
	}
	close(fds[1]);
	said = fdopen(fds[0], "re");
	while (pid > 0 && said && fgets(line, sizeof(line), said)) {
		line[strcspn(line, "\n")] = 0;
		if (!strstr(line, "not found in modules.dep"))
			agent_log("%s", line);
	}
	if (said)
		fclose(said);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* Loads modules for all devices on a bus whose alias starts with `prefix`. */
static void load_bus(const char *bus, const char *prefix)
{
	char *aliases[256] = { "modprobe", "-a", "-b" };
	char path[512], alias[256];
	struct dirent *entry;
	int n = 3;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/%s/devices", bus);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)) && n < 255) {
		FILE *file;

		snprintf(path, sizeof(path), "/sys/bus/%s/devices/%s/modalias", bus, entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fgets(alias, sizeof(alias), file)) {
			alias[strcspn(alias, "\n")] = 0;
			if (strncmp(alias, prefix, strlen(prefix)) == 0)
				aliases[n++] = strdup(alias);
		}
		fclose(file);
	}
	if (dir)
		closedir(dir);
	if (n > 3)
		modprobe(aliases);
	while (n > 3)
		free(aliases[--n]);
}

static int find_port(void)
{
	char path[512], name[64];
	struct dirent *entry;
	DIR *dir = opendir("/sys/class/virtio-ports");
	int fd = -1;

	while (dir && fd < 0 && (entry = readdir(dir))) {
		FILE *file;

		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fgets(name, sizeof(name), file)) {
			name[strcspn(name, "\n")] = 0;
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			if (strcmp(name, WIRE_PORT) == 0)
				fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		}
		fclose(file);
	}
	if (dir)
		closedir(dir);
	return fd;
}

int system_open_port(void)
{
	/* Only what the channel needs: a driver that hangs must not keep it from coming up. */
	load_bus("pci", "pci:v00001AF4");
	load_bus("virtio", "virtio:");
	for (int i = 0; i < 500; i++) {
		int fd = find_port();

		if (fd >= 0)
			return fd;
		usleep(10000);
	}
	return -1;
}

void system_load_modules(void)
{
	load_bus("pci", "");
	load_bus("virtio", "");
}

void system_mount_share(void)
{
	const char *tag = system_option("share");

	if (!tag)
		return;
	mkdir("/mnt", 0755);
	mkdir(SHARE, 0755);
	if (mount(tag, SHARE, "virtiofs", 0, NULL))
		agent_log("cannot mount the shared folder at " SHARE ": %s%s", strerror(errno),
			  errno == ENODEV ? " (this kernel has no virtiofs)" : "");
}

static int uevents = -1;

int system_open_uevents(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_KOBJECT_UEVENT);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	uevents = fd;
	return fd;
}

void system_catch_up(void)
{
	if (uevents >= 0)
		system_uevents(uevents);
}

void system_uevents(int fd)
{
	char event[8192];
	ssize_t n;

	while ((n = recv(fd, event, sizeof(event) - 1, 0)) > 0) {
		char *aliases[] = { "modprobe", "-b", NULL, NULL };
		bool add = false;
		pid_t pid;

		event[n] = 0;
		for (char *at = event; at < event + n; at += strlen(at) + 1) {
			if (strcmp(at, "ACTION=add") == 0)
				add = true;
			if (strncmp(at, "MODALIAS=", 9) == 0)
				aliases[2] = at + 9;
		}
		if (!add || !aliases[2])
			continue;
		/* In a child of its own: a probe may take its time, the channel may not. */
		pid = fork();
		if (pid == 0) {
			dup2(open("/dev/null", O_WRONLY), 2);
			execv("/sbin/modprobe", aliases);
			_exit(127);
		}
		ask_loading(pid);
	}
}

const char *system_tty(void)
{
	static char path[64];
	const char *name = system_option("tty");

	snprintf(path, sizeof(path), "/dev/%s", name ? name : "console");
	return path;
}

void system_window(uint32_t rows, uint32_t columns)
{
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };
	int fd = open(system_tty(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0) {
		ioctl(fd, TIOCSWINSZ, &size);
		close(fd);
	}
}

void system_end_processes(void)
{
	kill(-1, SIGKILL);
	/* Two seconds at most: one that waits for a driver may never go. */
	for (int i = 0; i < 200; i++) {
		pid_t pid;

		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (pid < 0)
			return;
		usleep(10000);
	}
}

/* /proc/mounts writes a space, and its like, as \040. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *at = text; *at; to++) {
		if (at[0] == '\\' && at[1] && at[2] && at[3]) {
			*to = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
			at += 4;
		} else {
			*to = *at++;
		}
	}
	*to = 0;
}

static bool own_mount(const char *type, const char *where)
{
	if (strcmp(where, "/") == 0)
		return true;
	for (size_t i = 0; i < OWN_MOUNTS; i++)
		if (strcmp(own_mounts[i].type, type) == 0 &&
		    strcmp(own_mounts[i].where, where) == 0)
			return true;
	return false;
}

/* One round from the last mount to the first; true if all that is not ours is gone. */
static bool unmount_all(bool last)
{
	char *places[256], device[512], where[512], type[64];
	FILE *file = fopen("/proc/mounts", "re");
	bool all = true;
	int n = 0;

	while (file && n < 256 &&
	       fscanf(file, "%511s %511s %63s%*[^\n]", device, where, type) == 3) {
		unescape(where);
		if (!own_mount(type, where))
			places[n++] = strdup(where);
	}
	if (file)
		fclose(file);
	while (n-- > 0) {
		if (places[n] && umount2(places[n], 0)) {
			all = false;
			/* In use still, by the kernel then: at least nothing of it is half written. */
			if (last)
				mount(NULL, places[n], NULL, MS_REMOUNT | MS_RDONLY, NULL);
		}
		free(places[n]);
	}
	return all;
}

void system_stop(void)
{
	/* What they hold open cannot be unmounted. */
	system_end_processes();
	/* More than once: a loop device lets its file go a little later. */
	for (int i = 0; i < 3 && !unmount_all(i == 2); i++)
		usleep(20000);
	sync();
}

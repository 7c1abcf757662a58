/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/rundir.h"
#include "project/failure.h"
#include "project/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define LONGEST "/XXXXXX/vfio999" /* of the sockets in there */
#define KEPT 64 /* processes that a keeper can take */

/* The folder that holds those of all our runs. */
static char *parent_path(void)
{
	const char *runtime = g_getenv("XDG_RUNTIME_DIR");
	char *path;

	if (runtime && *runtime && access(runtime, W_OK) == 0)
		path = g_build_filename(runtime, "ersatz", NULL);
	else
		path = g_strdup_printf("%s/ersatz-%u", g_get_tmp_dir(), (unsigned int)getuid());
	/* Sockets have short names, and QEMU no kind word for one that is too long. */
	if (strlen(path) + strlen(LONGEST) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
		g_free(path);
		path = g_strdup_printf("/tmp/ersatz-%u", (unsigned int)getuid());
	}
	return path;
}

/* The same, made if it is not there. */
static char *parent_folder(GError **error)
{
	g_autofree char *path = parent_path();
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return failure_errno(error, errno, "cannot make the folder %s", path), NULL;
	/* In /tmp anybody may have made it before us. */
	if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != getuid() ||
	    (st.st_mode & 077)) {
		failure_set(error, FAILURE_SETUP, "%s is not a private folder of yours: remove it",
			    path);
		return NULL;
	}
	return g_steal_pointer(&path);
}

/* Removes folders of runs that were killed with their keeper. */
static void remove_dead(const char *parent)
{
	g_autoptr(GDir) dir = g_dir_open(parent, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(parent, name, NULL);
		g_autofree char *lock = g_build_filename(path, "lock", NULL);
		int fd;

		if (!g_file_test(path, G_FILE_TEST_IS_DIR))
			continue;
		fd = open(lock, O_RDWR | O_CLOEXEC);
		if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
			paths_remove(path);
		if (fd >= 0)
			close(fd);
	}
}

/* And the parent, if this was the last run. */
static void remove_folder(const char *path)
{
	g_autofree char *parent = g_path_get_dirname(path);

	paths_remove(path);
	rmdir(parent);
}

/*
 * The keeper. Reads process ids until the other end of the pipe is closed,
 * which is what the end of the command, however it comes, does.
 */
static void keep(int pipe, const char *path, int tty, const struct termios *saved)
{
	int processes[KEPT], n = 0;
	pid_t pid;

	while (read(pipe, &pid, sizeof(pid)) == (ssize_t)sizeof(pid))
		if (n < KEPT) /* a handle, because the number may be another's by then */
			processes[n++] = (int)syscall(SYS_pidfd_open, pid, 0);
	for (int i = 0; i < n; i++)
		if (processes[i] >= 0)
			syscall(SYS_pidfd_send_signal, processes[i], SIGKILL, NULL, 0);
	if (tty >= 0)
		tcsetattr(tty, TCSANOW, saved);
	remove_folder(path);
	_exit(0);
}

static gboolean start_keeper(struct rundir *rundir, GError **error)
{
	struct termios saved;
	int fds[2], tty = -1;

	for (int fd = 0; fd < 3 && tty < 0; fd++)
		if (tcgetattr(fd, &saved) == 0)
			tty = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return failure_errno(error, errno, "cannot make a pipe");
	rundir->keeper_pid = fork();
	if (rundir->keeper_pid == 0) {
		setsid(); /* out of reach of the terminal's Ctrl-C */
		signal(SIGTTOU, SIG_IGN);
		prctl(PR_SET_NAME, "ersatz-keeper");
		/* Holds nothing open that somebody waits for the end of, nor the lock. */
		close(fds[1]);
		close(rundir->lock);
		for (int fd = 0; fd < 3; fd++)
			close(fd);
		keep(fds[0], rundir->path, tty, &saved);
	}
	close(fds[0]);
	if (tty >= 0)
		close(tty);
	rundir->keeper = fds[1];
	if (rundir->keeper_pid < 0) {
		close(fds[1]);
		return failure_errno(error, errno, "cannot start a process");
	}
	return TRUE;
}

/*
 * Opens the parent folder and locks it, so that nobody takes a folder for dead
 * between its birth and its lock. The last run of all removes the parent: if
 * that happened while we waited, it is made again. -1 with an error.
 */
static int lock_parent(char **ret_path, GError **error)
{
	for (;;) {
		g_autofree char *path = parent_folder(error);
		struct stat mine, now;
		int fd;

		if (!path)
			return -1;
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0 || flock(fd, LOCK_EX) < 0) {
			failure_errno(error, errno, "cannot lock the folder %s", path);
			if (fd >= 0)
				close(fd);
			return -1;
		}
		if (fstat(fd, &mine) == 0 && stat(path, &now) == 0 && mine.st_ino == now.st_ino) {
			*ret_path = g_steal_pointer(&path);
			return fd;
		}
		close(fd);
	}
}

GPtrArray *rundir_list(void)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *parent = parent_path();
	g_autoptr(GDir) dir = NULL;
	const char *name;
	struct stat st;

	/* In /tmp anybody may have made it. */
	if (lstat(parent, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != getuid())
		return list;
	dir = g_dir_open(parent, 0, NULL);
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(parent, name, NULL);
		g_autofree char *lock = g_build_filename(path, "lock", NULL);
		int fd = open(lock, O_RDWR | O_CLOEXEC);

		/* Whoever has it, lives. */
		if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0)
			g_ptr_array_add(list, g_steal_pointer(&path));
		if (fd >= 0)
			close(fd);
	}
	return list;
}

int rundir_guard(GError **error)
{
	g_autofree char *path = NULL;

	return lock_parent(&path, error);
}

struct rundir *rundir_new(GError **error)
{
	g_autofree char *parent = NULL;
	g_autofree char *path = NULL;
	struct rundir *rundir;
	int guard = lock_parent(&parent, error), lock = -1;

	if (guard < 0)
		return NULL;
	remove_dead(parent);
	path = g_build_filename(parent, "XXXXXX", NULL);
	if (g_mkdtemp_full(path, 0700)) {
		g_autofree char *name = g_build_filename(path, "lock", NULL);

		lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (lock >= 0)
			flock(lock, LOCK_EX);
	}
	if (lock < 0) {
		failure_errno(error, errno, "cannot make a folder in %s", parent);
		close(guard);
		return NULL;
	}
	close(guard);
	rundir = g_new0(struct rundir, 1);
	rundir->path = g_steal_pointer(&path);
	rundir->name = g_path_get_basename(rundir->path);
	rundir->lock = lock;
	if (!start_keeper(rundir, error)) {
		paths_remove(rundir->path);
		close(lock);
		g_free(rundir->path);
		g_free(rundir->name);
		g_free(rundir);
		return NULL;
	}
	return rundir;
}

void rundir_keep(struct rundir *rundir, const char *process)
{
	pid_t pid = process ? (pid_t)g_ascii_strtoll(process, NULL, 10) : 0;

	if (pid > 0 && write(rundir->keeper, &pid, sizeof(pid)) < 0)
		say("the keeper of this run has died: kill -9 would now leave the guest behind");
}

void rundir_free(struct rundir *rundir)
{
	if (!rundir)
		return;
	close(rundir->keeper);
	waitpid(rundir->keeper_pid, NULL, 0);
	remove_folder(rundir->path);
	close(rundir->lock);
	g_free(rundir->path);
	g_free(rundir->name);
	g_free(rundir);
}

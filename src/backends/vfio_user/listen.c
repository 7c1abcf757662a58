/* SPDX-License-Identifier: BSD-2-Clause */
#include "backends/vfio_user/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A path that a client can put into its own sockaddr_un. */
#define PATH_LONGEST (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

static int fail(struct ez_error *error, int err, const char *path, const char *why)
{
	snprintf(error->text, sizeof(error->text), "%s: %s", path, why);
	return err;
}

static int open_folder(struct vu_listener *l, const char *path, struct ez_error *error)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_LONGEST + 1] = ".";
	struct stat st;

	if (slash)
		snprintf(folder, sizeof(folder), "%.*s", slash == path ? 1 : (int)(slash - path),
			 path);
	snprintf(l->name, sizeof(l->name), "%s", slash ? slash + 1 : path);
	if (!*l->name || !strcmp(l->name, ".") || !strcmp(l->name, ".."))
		return fail(error, -EINVAL, *path ? path : "\"\"",
			    "this names a folder, not a socket in one");
	if (mkdir(folder, 0700) && errno != EEXIST)
		return fail(error, -errno, folder, strerror(errno));
	l->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (l->folder < 0)
		return fail(error, -errno, folder, strerror(errno));
	if (fstat(l->folder, &st))
		return fail(error, -errno, folder, strerror(errno));
	if (st.st_uid != geteuid() || st.st_mode & 077)
		return fail(error, -EPERM, folder,
			    "a socket's folder must be yours and closed to others: chmod 700 it, "
			    "or name another");
	return 0;
}

/* By the folder's descriptor: what was checked is what is used. */
static void address(const struct vu_listener *l, struct sockaddr_un *a)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(a->sun_path, sizeof(a->sun_path), "/proc/self/fd/%d/%.80s", l->folder, l->name);
}

/* Left behind by a process that is gone? Then away with it. */
static int clear_stale(const struct vu_listener *l, const char *path, struct ez_error *error)
{
	struct sockaddr_un a;
	struct stat st;
	int fd, err;

	if (fstatat(l->folder, l->name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : fail(error, -errno, path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return fail(error, -EEXIST, path, "there is something else than a socket");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(error, -errno, path, strerror(errno));
	address(l, &a);
	err = connect(fd, (struct sockaddr *)&a, sizeof(a)) ? errno : 0;
	close(fd);
	if (err != ECONNREFUSED)
		return fail(error, -EADDRINUSE, path, "another process serves this socket");
	if (unlinkat(l->folder, l->name, 0) && errno != ENOENT)
		return fail(error, -errno, path, strerror(errno));
	return 0;
}

static int make(struct vu_listener *l, const char *path, struct ez_error *error)
{
	struct sockaddr_un a;
	struct stat st;
	mode_t mask;
	int err;

	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return fail(error, -errno, path, strerror(errno));
	address(l, &a);
	/* Never open to others, not for a moment. */
	mask = umask(0177);
	err = bind(l->fd, (struct sockaddr *)&a, sizeof(a)) ? -errno : 0;
	umask(mask);
	if (err)
		return fail(error, err, path, strerror(-err));
	if (listen(l->fd, 4) || fstatat(l->folder, l->name, &st, AT_SYMLINK_NOFOLLOW)) {
		err = -errno;
		unlinkat(l->folder, l->name, 0);
		return fail(error, err, path, strerror(-err));
	}
	l->inode = st.st_ino;
	return 0;
}

int listen_open(struct vu_listener *l, const char *path, struct ez_error *error)
{
	int err = 0;

	*l = (struct vu_listener){ .fd = -1, .folder = -1 };
	if (strlen(path) > PATH_LONGEST)
		err = fail(error, -ENAMETOOLONG, path,
			   "no client can connect to a path of more than 107 bytes");
	if (!err)
		err = open_folder(l, path, error);
	if (!err && strlen(l->name) > 80)
		err = fail(error, -ENAMETOOLONG, path, "the socket's name is longer than 80 bytes");
	if (!err)
		err = clear_stale(l, path, error);
	if (!err)
		err = make(l, path, error);
	if (err)
		listen_close(l);
	return err;
}

int listen_accept(const struct vu_listener *l, const char *id)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) ||
	    (peer.uid != geteuid() && peer.uid != 0)) {
		fprintf(stderr, "%s: a client of user %u was turned away\n", id,
			(unsigned int)peer.uid);
		close(fd);
		return -EACCES;
	}
	return fd;
}

void listen_unlink(const struct vu_listener *l)
{
	struct stat st;

	if (l->inode && !fstatat(l->folder, l->name, &st, AT_SYMLINK_NOFOLLOW) &&
	    st.st_ino == l->inode)
		unlinkat(l->folder, l->name, 0);
}

void listen_close(struct vu_listener *l)
{
	if (l->fd >= 0)
		close(l->fd);
	if (l->folder >= 0)
		close(l->folder);
	l->fd = -1;
	l->folder = -1;
}

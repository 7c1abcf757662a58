/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory windows when the device has gone before its client: the client has
 * their files mapped, and keeps them. So that they read as the rest of a card
 * that was pulled, the keeper fills them with ones; it gets the files when the
 * device has been made, with the word that it has.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backends/vfio_user/keeper.h"

/* More is left as it is: all of a window takes memory once it is filled. */
#define FILL_MOST (UINT64_C(1) << 30)

/* Room for the files of all BARs. */
union vu_files {
	struct cmsghdr align;
	char buf[CMSG_SPACE(EZ_BARS * sizeof(int))];
};

void windows_init(int files[EZ_BARS])
{
	unsigned int bar;

	for (bar = 0; bar < EZ_BARS; bar++)
		files[bar] = -1;
}

void windows_close(int files[EZ_BARS])
{
	unsigned int bar;

	for (bar = 0; bar < EZ_BARS; bar++)
		if (files[bar] >= 0)
			close(files[bar]);
	windows_init(files);
}

static bool has_windows(const struct ez_spec *spec, unsigned int bar)
{
	uint32_t i;

	for (i = 0; i < spec->n_windows; i++)
		if (spec->windows[i].bar == bar)
			return true;
	return false;
}

void windows_tell(int control, const char *text, struct ez_device *dev)
{
	const struct ez_spec *spec = dev ? ez_device_spec(dev) : NULL;
	union vu_files files = { .buf = { 0 } };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)text, .iov_len = strlen(text) + 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int of_bar[EZ_BARS];
	unsigned int n = 0;
	uint32_t i;

	/* By BAR, as their windows are sorted: the other side has the same spec. */
	for (i = 0; spec && i < spec->n_windows; i++) {
		if (i && spec->windows[i].bar == spec->windows[i - 1].bar)
			continue;
		if (n < EZ_BARS && !ez_device_window(dev, 0, i, NULL, &of_bar[n]))
			n++;
	}
	if (n) {
		msg.msg_control = &files;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		files.align.cmsg_level = SOL_SOCKET;
		files.align.cmsg_type = SCM_RIGHTS;
		files.align.cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(&files.align), of_bar, n * sizeof(int));
	}
	while (sendmsg(control, &msg, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

ssize_t windows_hear(int control, char *text, size_t size, const struct ez_spec *spec,
		     int files[EZ_BARS])
{
	union vu_files ancillary;
	struct iovec iov = { .iov_base = text, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;
	unsigned int bar, n, i = 0;
	ssize_t got;

	do {
		msg.msg_control = &ancillary;
		msg.msg_controllen = sizeof(ancillary);
		got = recvmsg(control, &msg, MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	c = got > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return got;
	n = (unsigned int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
	for (bar = 0; bar < EZ_BARS && i < n; bar++)
		if (has_windows(spec, bar))
			memcpy(&files[bar], CMSG_DATA(c) + i++ * sizeof(int), sizeof(int));
	return got;
}

void windows_fill(const struct ez_spec *spec, const int files[EZ_BARS])
{
	static uint8_t ones[1 << 16];
	uint64_t left = FILL_MOST;
	uint64_t at, end;
	ssize_t n;
	uint32_t i;

	memset(ones, 0xff, sizeof(ones));
	for (i = 0; i < spec->n_windows; i++) {
		at = spec->windows[i].offset;
		end = at + (spec->windows[i].size < left ? spec->windows[i].size : left);
		left -= end - at;
		/* A file that takes no more, or was never there, is not worth a word now. */
		for (; at < end; at += (uint64_t)n) {
			n = pwrite(files[spec->windows[i].bar], ones,
				   end - at < sizeof(ones) ? end - at : sizeof(ones), (off_t)at);
			if (n <= 0)
				break;
		}
	}
}

// SPDX-License-Identifier: BSD-2-Clause
/* What goes in, whole and in memory, as one command takes it; what comes out, whole or not at all. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto.h"

#define PAGE 4096u

/* A read or a write between two lines of progress. */
#define PIECE (4u << 20)

/* ---- input ---- */

void *memory_get(size_t size, int offset)
{
	size_t in_page = offset > 0 ? offset : 0;
	char *at = mmap(NULL, size + in_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);

	if (at == MAP_FAILED)
		fail("no memory for %zu bytes: %s", size, strerror(errno));
	return at + in_page;
}

static _Noreturn void too_large(const char *name, uint64_t limit, const char *why)
{
	fail("%s: more than %llu MiB is too large: one command of the device must do all of it,\n"
	     "%s",
	     name, (unsigned long long)limit >> 20, why);
}

/* Any kind of file, read to its end. */
static void read_all(struct input *input, int fd, uint64_t expected, uint64_t limit,
		     const char *why, int offset)
{
	size_t in_page = offset > 0 ? offset : 0;
	size_t room = expected + PIECE + in_page, next;
	char *start = (char *)memory_get(room, 0), *more;
	ssize_t n;

	for (;;) {
		if (room - in_page - input->size < PIECE) {
			next = room * 2;
			more = mremap(start, room, next, MREMAP_MAYMOVE);
			if (more == MAP_FAILED)
				fail("%s: no memory for more than %zu bytes: %s", input->name,
				     input->size, strerror(errno));
			start = more;
			room = next;
		}
		n = read(fd, start + in_page + input->size, PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail("cannot read %s: %s", input->name, strerror(errno));
		if (!n)
			break;
		input->size += n;
		if (input->size > limit)
			too_large(input->name, limit, why);
		progress("reading", input->size, expected);
	}
	input->data = start + in_page;
}

struct input input_get(const char *path, uint64_t limit, const char *why, int offset)
{
	struct input input = { .name = path };
	int fd = STDIN_FILENO;
	struct stat st;

	if (!strcmp(path, "-")) {
		input.name = "standard input";
	} else {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			fail("cannot open %s: %s", path, strerror(errno));
	}
	if (fstat(fd, &st))
		fail("cannot look at %s: %s", input.name, strerror(errno));
	if (S_ISDIR(st.st_mode))
		fail("%s is a directory", input.name);
	if (!S_ISREG(st.st_mode))
		st.st_size = 0;
	if ((uint64_t)st.st_size > limit)
		too_large(input.name, limit, why);

	/* A file's pages are given to the device as they are in the page cache. */
	if (st.st_size > 0 && offset < 0 && lseek(fd, 0, SEEK_CUR) == 0) {
		input.data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (input.data != MAP_FAILED) {
			input.size = st.st_size;
			input.mapped = true;
		}
	}
	if (!input.mapped)
		read_all(&input, fd, st.st_size, limit, why, offset);
	if (fd != STDIN_FILENO)
		close(fd);
	return input;
}

/* ---- output ---- */

static struct {
	const char *path; /* NULL: standard output */
	int fd;
	char next[PATH_MAX]; /* what becomes the file; "": written straight */
	volatile bool begun; /* next is there */
} output;

static const char *output_name(void)
{
	return output.path ? output.path : "standard output";
}

/* Not between what is done and what is known of it: whoever is ended tidies up what is there. */
static void signals_off(sigset_t *ret_old)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, ret_old);
}

void output_abandon(void)
{
	if (output.begun)
		unlink(output.next);
	output.begun = false;
}

void output_begin(const char *path)
{
	struct stat st;
	mode_t mask, mode;
	sigset_t old;
	int n;

	output.fd = STDOUT_FILENO;
	if (!path || !strcmp(path, "-"))
		return;
	output.path = path;
	mask = umask(0);
	umask(mask);
	mode = 0666 & ~mask;
	if (!stat(path, &st)) {
		/* A pipe or a device cannot be replaced, and keeps no half of anything. */
		if (!S_ISREG(st.st_mode)) {
			output.fd = open(path, O_WRONLY | O_CLOEXEC);
			if (output.fd < 0)
				fail("cannot write %s: %s", path, strerror(errno));
			return;
		}
		mode = st.st_mode & 07777;
	}
	n = snprintf(output.next, sizeof(output.next), "%s.XXXXXX", path);
	if (n >= (int)sizeof(output.next))
		fail("%s: %s", path, strerror(ENAMETOOLONG));
	signals_off(&old);
	output.fd = mkostemp(output.next, O_CLOEXEC);
	output.begun = output.fd >= 0;
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (!output.begun)
		fail("cannot make %s: %s", path, strerror(errno));
	if (fchmod(output.fd, mode))
		fail("cannot set the mode of %s: %s", path, strerror(errno));
}

void output_write(const void *data, size_t size)
{
	const char *at = (const char *)data;
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = write(output.fd, at + done, size - done < PIECE ? size - done : PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail("cannot write %s: %s", output_name(), strerror(errno));
		done += n;
		progress("writing", done, size);
	}
}

void output_end(void)
{
	sigset_t old;

	if (close(output.fd))
		fail("cannot write %s: %s", output_name(), strerror(errno));
	if (!output.begun)
		return;
	/* When the file is there it is too late for a signal: all has gone well. */
	signals_off(&old);
	if (rename(output.next, output.path))
		fail("cannot make %s: %s", output.path, strerror(errno));
	output.begun = false;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the keeper tells about a death: how, in which hook, on which access,
 * and the way there. It has loaded the same objects at the same addresses, so
 * it can name the frames of the dead.
 */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ersatz/tables.h>

#include "backends/vfio_user/page.h"

extern char **environ;

/* ---- names of places ---- */

/* "hook at model.c:42", from the debug information, through binutils. */
static bool ask_addr2line(const char *object, uint64_t offset, char *ret_text, size_t size)
{
	char address[32];
	char *const argv[] = { (char[]){ "addr2line" }, (char[]){ "-fpe" },
			       (char *)(uintptr_t)object, address, NULL };
	posix_spawn_file_actions_t actions;
	struct pollfd p;
	int fds[2];
	pid_t pid;
	ssize_t n = -1;
	int err;

	snprintf(address, sizeof(address), "0x%llx", (unsigned long long)offset);
	if (pipe2(fds, O_CLOEXEC))
		return false;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	err = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	p = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	if (!err) {
		if (poll(&p, 1, 5000) > 0)
			n = read(fds[0], ret_text, size - 1);
		else
			kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	close(fds[0]);
	if (n <= 0)
		return false;
	ret_text[n] = '\0';
	ret_text[strcspn(ret_text, "\n")] = '\0';
	return ret_text[0] != '?';
}

static void name_frame(uint64_t address, bool exact, char *text, size_t size)
{
	/* A return address is behind its call, which may be the last of a function. */
	uint64_t look = exact ? address : address - 1;
	struct link_map *map = NULL;
	Dl_info info;
	char where[256], self[PATH_MAX] = "";

	if (!dladdr1((void *)(uintptr_t)look, &info, (void **)&map, RTLD_DL_LINKMAP)) {
		snprintf(text, size, "0x%llx", (unsigned long long)address);
		return;
	}
	/* The program has no name in the list; addr2line's own "self" is another. */
	if (map && !*map->l_name && readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		self[0] = '\0';
	if (map && ask_addr2line(*map->l_name ? map->l_name : self, look - map->l_addr, where,
				 sizeof(where)))
		snprintf(text, size, "%s", where);
	else if (info.dli_sname)
		snprintf(text, size, "%s in %s", info.dli_sname, info.dli_fname);
	else
		snprintf(text, size, "%s+0x%llx", info.dli_fname,
			 (unsigned long long)(look - (uint64_t)(uintptr_t)info.dli_fbase));
}

/* ---- what was going on ---- */

static const struct ez_reg *find_register(const struct ez_spec *spec, uint32_t bar, uint64_t offset)
{
	uint32_t i;

	for (i = 0; i < spec->n_regs; i++) {
		const struct ez_reg *reg = &spec->regs[i];
		uint32_t row = reg->rows > 1 ? reg->count / reg->rows : reg->count;
		uint64_t at = offset - reg->offset;

		if (reg->bar != bar || offset < reg->offset || at >= ez_reg_span(reg))
			continue;
		if (reg->rows > 1)
			at %= reg->row_stride;
		if (at / reg->stride < row && at % reg->stride < reg->width)
			return reg;
	}
	return NULL;
}

static void name_access(const struct ez_spec *spec, const struct vu_access *a, bool write,
			const uint8_t *data, char *text, size_t size)
{
	const struct ez_reg *reg = NULL;
	uint64_t value = 0;
	char where[160];
	size_t at;

	if (a->region == VFIO_PCI_CONFIG_REGION_INDEX) {
		snprintf(where, sizeof(where), "config space 0x%llx",
			 (unsigned long long)a->offset);
	} else {
		reg = find_register(spec, a->region, a->offset);
		snprintf(where, sizeof(where), "%s%sBAR%u 0x%llx%s", reg ? reg->name : "",
			 reg ? " (" : "", a->region, (unsigned long long)a->offset, reg ? ")" : "");
	}
	at = (size_t)snprintf(text, size, "%u-byte %s %s", a->count, write ? "write to" : "read of",
			      where);
	if (write && a->count <= sizeof(value)) {
		memcpy(&value, data, a->count);
		snprintf(text + at, size - at, ", value 0x%llx", (unsigned long long)value);
	}
}

/* The message in hand. The process may live, and be about to change it: nothing is believed. */
struct in_hand {
	struct vu_header header;
	bool access; /* one that reads or writes, as `a` says, ... */
	struct vu_access a;
	uint8_t data[8]; /* ... these */
};

static bool take(const struct vu_page *page, uint64_t at, void *to, size_t size)
{
	if (at > VU_RECEIVE_SIZE || size > VU_RECEIVE_SIZE - at)
		return false;
	memcpy(to, page->received + at, size);
	return true;
}

static void look_at(const struct vu_page *page, struct in_hand *m)
{
	uint64_t at = page_head(page);
	struct vu_multi_write w;

	*m = (struct in_hand){ .access = false };
	if (!take(page, at, &m->header, sizeof(m->header)))
		return;
	at += sizeof(m->header);
	switch (m->header.command) {
	case VU_REGION_READ:
	case VU_REGION_WRITE:
		m->access = take(page, at, &m->a, sizeof(m->a));
		at += sizeof(m->a);
		if (m->header.command == VU_REGION_WRITE && m->a.count <= sizeof(m->data))
			m->access &= take(page, at, m->data, m->a.count);
		break;
	case VU_REGION_WRITE_MULTI:
		at += sizeof(uint64_t) + (uint64_t)page->detail * sizeof(w);
		m->access = take(page, at, &w, sizeof(w));
		if (!m->access)
			break;
		m->a = (struct vu_access){ .offset = w.offset,
					   .region = w.region,
					   .count = w.count };
		memcpy(m->data, w.data, sizeof(m->data));
		break;
	default:
		break;
	}
}

static void name_message(const struct vu_page *page, const struct ez_spec *spec, char *text,
			 size_t size)
{
	struct in_hand m;

	look_at(page, &m);
	if (m.access) {
		name_access(spec, &m.a, m.header.command != VU_REGION_READ, m.data, text, size);
		return;
	}
	switch (m.header.command) {
	case VU_RESET:
		snprintf(text, size, "a reset");
		break;
	default:
		snprintf(text, size, "message %u", m.header.command);
		break;
	}
}

void report_doing(const struct vu_page *page, const struct ez_spec *spec, char *text, size_t size)
{
	switch (page->doing) {
	case VU_DOING_CREATE:
		snprintf(text, size, "making the device (its create and reset)");
		break;
	case VU_DOING_MESSAGE:
		name_message(page, spec, text, size);
		break;
	case VU_DOING_TIMER:
		snprintf(text, size, "timer %s",
			 page->detail < spec->n_timers ? spec->timers[page->detail].name : "?");
		break;
	case VU_DOING_POLL:
		snprintf(text, size, "the end of a job");
		break;
	case VU_DOING_ORDER:
		snprintf(text, size, "pause, resume or unplug");
		break;
	case VU_DOING_FREE:
		snprintf(text, size, "taking the device down");
		break;
	default:
		snprintf(text, size, "nothing: it was waiting for the client");
		break;
	}
}

void report_hook(const struct vu_page *page, const struct ez_spec *spec, char *text, size_t size)
{
	const struct ez_reg *reg;
	struct in_hand m;

	snprintf(text, size, "the model");
	if (page->doing != VU_DOING_MESSAGE)
		return;
	look_at(page, &m);
	if (m.header.command == VU_RESET)
		snprintf(text, size, "%s_reset", spec->name);
	reg = m.access && m.a.region != VFIO_PCI_CONFIG_REGION_INDEX
		      ? find_register(spec, m.a.region, m.a.offset)
		      : NULL;
	if (!reg)
		return;
	if (m.header.command == VU_REGION_READ ? reg->onread != NULL : reg->onwrite != NULL)
		snprintf(text, size, "%s_%s_%s", spec->name, reg->name,
			 m.header.command == VU_REGION_READ ? "onread" : "onwrite");
}

static void name_status(const struct vu_page *page, int status, char *text, size_t size)
{
	const struct vu_crash *crash = &page->crash;
	int signal_ = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	size_t at;

	if (!signal_) {
		snprintf(text, size, "it called exit (status %d)", WEXITSTATUS(status));
		return;
	}
	at = (size_t)snprintf(text, size, "%s (SIG%s)", strsignal(signal_),
			      sigabbrev_np(signal_) ? sigabbrev_np(signal_) : "?");
	if (crash->signal == signal_ && (signal_ == SIGSEGV || signal_ == SIGBUS))
		at += (size_t)snprintf(text + at, size - at, " at address 0x%llx",
				       (unsigned long long)crash->address);
	if (crash->signal && crash->in_worker)
		snprintf(text + at, size - at, ", in a job");
}

/* Frames in the object that has the model; none: how many. */
static unsigned int name_model_frames(const struct vu_page *page, const struct ez_spec *spec,
				      const char *id)
{
	Dl_info model, info;
	char frame[512];
	unsigned int n = 0;
	uint32_t i;

	if (!dladdr(spec, &model))
		return 0;
	for (i = 0; i < page->crash.n_frames && i < VU_FRAMES; i++) {
		const void *at = (const void *)(uintptr_t)page->crash.frames[i];

		if (!dladdr(at, &info) || info.dli_fbase != model.dli_fbase)
			continue;
		name_frame(page->crash.frames[i], false, frame, sizeof(frame));
		fprintf(stderr, "%s:   #%u %s\n", id, n++, frame);
	}
	return n;
}

/* All else is above, in the sanitizer's own words: what it was, and where in the model. */
static void report_sanitizer(const struct vu_page *page, const struct ez_spec *spec, const char *id,
			     const char *what)
{
	fprintf(stderr, "%s: a sanitizer has ended the model: %.*s%s\n%s:   during: %s\n", id,
		(int)strcspn(page->report, " "), page->report,
		page->crash.in_worker ? ", in a job" : "", id, what);
	if (!name_model_frames(page, spec, id))
		fprintf(stderr, "%s:   at: %s\n", id, page->report);
}

bool report_brief(const struct vu_page *page, const char *what, int status, bool ours, char *text,
		  size_t size)
{
	char how[160];

	if (page->report[0]) {
		snprintf(text, size, "a sanitizer has ended the model: %.*s, during: %s",
			 (int)strcspn(page->report, " "), page->report, what);
		return true;
	}
	if (ours) {
		snprintf(text, size,
			 "the model did not return from a hook and was ended, during: %s", what);
		return true;
	}
	name_status(page, status, how, sizeof(how));
	if (WIFSIGNALED(status) && !crash_is_fault(WTERMSIG(status))) {
		snprintf(text, size, "the model was killed from outside: %s", how);
		return false;
	}
	snprintf(text, size, "the model died: %s, during: %s", how, what);
	return true;
}

void report_death(const struct vu_page *page, const struct ez_spec *spec, const char *id,
		  const char *what, int status)
{
	char how[160], frame[512];
	uint32_t i;

	if (page->report[0]) {
		report_sanitizer(page, spec, id, what);
		return;
	}
	name_status(page, status, how, sizeof(how));
	fprintf(stderr, "%s: the model died: %s\n%s:   during: %s\n", id, how, id, what);
	for (i = 0; i < page->crash.n_frames && i < VU_FRAMES; i++) {
		name_frame(page->crash.frames[i], i == 0, frame, sizeof(frame));
		fprintf(stderr, "%s:   #%u %s\n", id, i, frame);
	}
	if (WIFSIGNALED(status) && !page->crash.n_frames)
		fprintf(stderr, "%s:   (no account: killed from outside, or out of stack)\n", id);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page that the serving process shares with its keeper: what has been
 * received and not yet answered, what is being done, and, after a crash, where.
 * The keeper reads it when the serving process is dead, so nothing here is
 * locked; what must be is that every moment at which it may die leaves a
 * picture that can be understood. While it lives, only to tell of a hook that
 * does not return: that picture stands, or what is told is a little wrong.
 */
#ifndef VFIO_USER_PAGE_H
#define VFIO_USER_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/vfio_user/protocol.h"

/* Twice the longest message: one that no longer fits behind others can be moved without overlap. */
#define VU_RECEIVE_SIZE (2 * VU_MAX_MESSAGE + 65536u)
#define VU_FRAMES 48
#define VU_REPORT_SIZE 512

enum vu_stage {
	VU_WAITING, /* no message is in hand; those received are untouched */
	VU_IN_HAND, /* the first one is being worked on */
	VU_ANSWERING, /* its reply may be on the wire, or not */
};

enum vu_doing {
	VU_DOING_NOTHING,
	VU_DOING_CREATE,
	VU_DOING_MESSAGE, /* the first message; `detail` says how far (see region.c) */
	VU_DOING_TIMER, /* `detail`: which */
	VU_DOING_POLL, /* jobs: their DMA, their completion */
	VU_DOING_ORDER, /* pause, resume, pulling */
	VU_DOING_FREE,
};

struct vu_crash {
	int32_t signal; /* 0: the process did not see it coming (SIGKILL) */
	int32_t code;
	uint64_t address;
	bool in_worker; /* not on the device's thread: in a job */
	uint32_t n_frames;
	uint64_t frames[VU_FRAMES]; /* the first is where it died */
};

struct vu_page {
	/*
	 * What has been received lies at [head, tail): head in the low half,
	 * tail in the high one, so that both change at once. All bytes from tail on
	 * are zero while `receiving` is set: if the process dies between the
	 * kernel's copy and the new tail, what came can still be told by the
	 * sizes in the headers.
	 */
	uint64_t window;
	uint32_t receiving;
	uint32_t stage;
	uint32_t doing;
	uint32_t detail;
	uint32_t
		ended; /* 1 + what vu_session_serve returned, negated: the process ends by itself */
	/* Bytes of an answer that did not go out at once; the rest of it must not be cut by another. */
	uint32_t half_sent;
	/* Counts what is begun: the keeper sees by it that something does not come to its end. */
	uint32_t turn;
	/* The serving process has been woken, and does not sleep yet. Both: see watch.c. */
	uint32_t awake;
	/* The keeper sleeps, until it is told that the other has been woken. */
	uint32_t keeper_asleep;
	struct vu_crash crash;
	char report[VU_REPORT_SIZE]; /* a sanitizer's last line; "": none has spoken */
	uint8_t received[VU_RECEIVE_SIZE];
};

static inline uint32_t page_head(const struct vu_page *page)
{
	return (uint32_t)page->window;
}

static inline uint32_t page_tail(const struct vu_page *page)
{
	return (uint32_t)(page->window >> 32);
}

/* Stores are kept in order for a reader that looks after our death. */
static inline void page_set_window(struct vu_page *page, uint32_t head, uint32_t tail)
{
	__atomic_store_n(&page->window, (uint64_t)tail << 32 | head, __ATOMIC_RELEASE);
}

static inline void page_set(uint32_t *member, uint32_t value)
{
	__atomic_store_n(member, value, __ATOMIC_RELEASE);
}

static inline void page_doing(struct vu_page *page, enum vu_doing what, uint32_t detail)
{
	page->detail = detail;
	page->turn++;
	page_set(&page->doing, what);
}

/* NULL: out of memory. */
struct vu_page *page_new(void);
void page_free(struct vu_page *page);

/* ---- crash.c ---- */

/*
 * Fatal signals of this process leave their account in the page, then take
 * their course. Nothing where a sanitizer gives a better one.
 */
void crash_install(struct vu_page *page);
/* Is it one of these? Others come from outside. */
bool crash_is_fault(int signal_);

/* What a sanitizer says last of this process, before it ends it. */
void crash_report(const char *summary);

/*
 * Runs a copy that may hit memory which its owner has cut short (SIGBUS).
 * False: it did.
 */
bool crash_copy(void *to, const void *from, size_t length);

/* ---- dead.c: the keeper speaks for the dead ---- */

/*
 * Answers what is unanswered on the connection, as a card that was pulled:
 * reads give all-ones, writes are taken, questions are errors. Goes on until
 * the client has been quiet for a while, then closes both ways with nothing
 * left unread.
 */
void dead_answer(struct vu_page *page, int fd);
/* Lets the client send no more, reads what is there, answers it, closes. */
void dead_close(struct vu_page *page, int fd);

/* ---- report.c ---- */

struct ez_spec;
/* What the process was doing, for the user: "4-byte read of RNG (BAR0 0x0)". Before dead_answer. */
void report_doing(const struct vu_page *page, const struct ez_spec *spec, char *text, size_t size);
/* The hook that it was in, by its name in the model: "my_rng_RNG_onread"; "the model" if unknown. */
void report_hook(const struct vu_page *page, const struct ez_spec *spec, char *text, size_t size);
/* Tells on stderr how it ended (a wait status), during `what`, and where. */
void report_death(const struct vu_page *page, const struct ez_spec *spec, const char *id,
		  const char *what, int status);
/*
 * The same in a few words, "the model died: Aborted (SIGABRT), during: ..."; `ours`: its keeper
 * has ended it, as a hook had not returned. False: by a signal that no model's fault gives.
 */
bool report_brief(const struct vu_page *page, const char *what, int status, bool ours, char *text,
		  size_t size);

#endif

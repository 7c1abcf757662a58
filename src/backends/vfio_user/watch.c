/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hook that does not return: the client, and with it a processor of the
 * guest, waits for it and says nothing. The keeper looks twice a second
 * whether the serving process still does what it did, tells which hook it is,
 * and what became of it.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "backends/vfio_user/keeper.h"
#include "backends/vfio_user/session.h"

#define LOOK_MS 500
#define TELL_MS 2000 /* no hook takes that long; a busy machine may */
#define GRACE_MS 1000 /* from SIGABRT, which leaves an account, to SIGKILL */

/*
 * Under a debugger, or stopped (SIGSTOP): it cannot get on, and whoever did that knows
 * why it stands.
 */
static bool held(pid_t pid)
{
	char path[64], line[128], state = 0;
	int tracer = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		sscanf(line, "State: %c", &state);
		if (sscanf(line, "TracerPid: %d", &tracer) == 1)
			break;
	}
	fclose(f);
	return tracer != 0 || state == 'T';
}

static void tell(const struct vu_child *child, const struct vu_recipe *recipe)
{
	char what[320], hook[160];

	report_doing(child->page, recipe->model->spec, what, sizeof(what));
	report_hook(child->page, recipe->model->spec, hook, sizeof(hook));
	fprintf(stderr, "%s: %s has not returned for %u s: %s (gdb -p %d shows where it is)\n",
		recipe->id, hook, TELL_MS / 1000, what, (int)child->pid);
}

/* It has had its time: what it did is in the page, and an account will be. */
static void put_an_end(struct vu_child *child, const struct vu_recipe *recipe, uint64_t now)
{
	struct vu_watch *w = &child->watch;

	if (!w->ended) {
		fprintf(stderr, "%s: it has not returned for %u s: it is ended\n", recipe->id,
			recipe->hang_ms / 1000);
		w->ended = now;
		kill(child->pid, SIGABRT);
	} else if (now - w->ended >= GRACE_MS * VU_NS_PER_MS) {
		kill(child->pid, SIGKILL);
	}
}

/*
 * While the serving process sleeps there is nothing to watch, and an idle device
 * shall cost nothing. It tells us when it has been woken; whichever of us comes
 * second sees what the other has said.
 */
static bool may_sleep(struct vu_page *page)
{
	__atomic_store_n(&page->keeper_asleep, 1, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&page->awake, __ATOMIC_SEQ_CST) &&
	    __atomic_load_n(&page->doing, __ATOMIC_SEQ_CST) == VU_DOING_NOTHING)
		return true;
	__atomic_store_n(&page->keeper_asleep, 0, __ATOMIC_SEQ_CST);
	return false;
}

static void say_returned(const struct vu_child *child, const struct vu_recipe *recipe, uint64_t now)
{
	if (child->watch.told)
		fprintf(stderr, "%s: it has returned, after about %.1f s\n", recipe->id,
			(double)(now - child->watch.since) / 1e9);
}

void watch_end(struct vu_child *child, const struct vu_recipe *recipe)
{
	if (child->page->doing == VU_DOING_NOTHING || child->page->turn != child->watch.turn)
		say_returned(child, recipe, vu_monotonic());
}

/*
 * What we have slept longer than we meant to was not given to the other either: all of us
 * were stopped or frozen, or the machine had no time for anybody.
 */
static void forgive(struct vu_watch *w, uint64_t now)
{
	uint64_t asleep = now - w->looked;

	if (asleep > 2 * LOOK_MS * VU_NS_PER_MS)
		w->since += asleep - LOOK_MS * VU_NS_PER_MS;
	w->looked = now;
}

int watch_look(struct vu_child *child, const struct vu_recipe *recipe)
{
	struct vu_watch *w = &child->watch;
	uint64_t now = vu_monotonic();
	uint32_t turn, doing;
	bool calm;

	if (!child->pid)
		return -1;
	turn = __atomic_load_n(&child->page->turn, __ATOMIC_ACQUIRE);
	doing = __atomic_load_n(&child->page->doing, __ATOMIC_ACQUIRE);
	/* Since we looked last: not that we are woken for each of the messages that come now and then. */
	calm = turn == w->turn;
	forgive(w, now);
	if (doing == VU_DOING_NOTHING || turn != w->turn) {
		say_returned(child, recipe, now);
		*w = (struct vu_watch){ .turn = turn, .since = now, .looked = now };
	} else if (held(child->pid)) {
		w->since = now;
	} else if (recipe->hang_ms && now - w->since >= recipe->hang_ms * VU_NS_PER_MS) {
		put_an_end(child, recipe, now);
	} else if (!w->told && now - w->since >= TELL_MS * VU_NS_PER_MS) {
		w->told = true;
		tell(child, recipe);
	}
	return calm && may_sleep(child->page) ? -1 : LOOK_MS;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* One device, one client: the loop, and what each message means. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backends/vfio_user/session.h"

/* Waiting: see wait_for_work. */
#define SPIN_MAX 100000u /* ns */
#define SPIN_LEAST 5000u
/* After so many messages another way to wait is tried for a few. */
#define WAIT_PERIOD 256
#define WAIT_TRIAL 12
/* Messages handled before timers, workers and the other descriptors get their turn. */
#define BATCH 64

void vu_say(const struct vu_session *s, const char *format, ...)
{
	char line[1024];
	size_t at, room = sizeof(line) - 1;
	va_list ap;
	int n;

	at = (size_t)snprintf(line, room, "%s: ", s->id);
	va_start(ap, format);
	n = vsnprintf(line + at, room - at, format, ap);
	va_end(ap);
	at += n < (int)(room - at) ? (size_t)n : room - at - 1;
	line[at++] = '\n';
	/* In one call, so that lines of several processes stay whole. */
	while (write(STDERR_FILENO, line, at) < 0 && errno == EINTR)
		;
}

void vu_drop(struct vu_session *s, int result, const char *format, ...)
{
	char text[768];
	va_list ap;

	if (s->over)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	vu_say(s, "client dropped: %s", text);
	s->over = true;
	s->result = result;
}

/* ---- messages ---- */

/* Migration and its features: docs/vfio-user.md says why not. */
static int unsupported(struct vu_session *s, struct vu_message *m)
{
	return -ENOTTY;
}

static int no_such_command(struct vu_session *s, struct vu_message *m)
{
	return -ENOSYS;
}

static int (*const handlers[VU_COMMANDS])(struct vu_session *s, struct vu_message *m) = {
	[0] = no_such_command,
	[VU_VERSION] = version_negotiate,
	[VU_DMA_MAP] = dma_map,
	[VU_DMA_UNMAP] = dma_unmap,
	[VU_GET_INFO] = info_device,
	[VU_GET_REGION_INFO] = info_region,
	[VU_GET_REGION_IO_FDS] = info_io_fds,
	[VU_GET_IRQ_INFO] = info_irq,
	[VU_SET_IRQS] = irq_set,
	[VU_REGION_READ] = region_read,
	[VU_REGION_WRITE] = region_write,
	[VU_DMA_READ] = no_such_command,
	[VU_DMA_WRITE] = no_such_command,
	[VU_RESET] = region_reset,
	[VU_DIRTY_PAGES] = unsupported,
	[VU_REGION_WRITE_MULTI] = region_write_multi,
	[VU_DEVICE_FEATURE] = unsupported,
	[VU_MIG_DATA_READ] = unsupported,
	[VU_MIG_DATA_WRITE] = unsupported,
};

static int handle(struct vu_session *s, struct vu_message *m)
{
	const uint32_t known = VU_FLAG_TYPE | VU_FLAG_NO_REPLY;

	if (m->header.flags & ~known)
		return -EINVAL;
	if (m->header.command >= VU_COMMANDS)
		return -ENOSYS;
	if (!s->negotiated && m->header.command != VU_VERSION) {
		vu_drop(s, -EPROTO, "its first message is command %u, not its version",
			m->header.command);
		return -EINVAL;
	}
	return handlers[m->header.command](s, m);
}

static void answer(struct vu_session *s, const struct vu_message *m, int err)
{
	struct vu_header header = {
		.id = m->header.id,
		.command = m->header.command,
		.size = (uint32_t)sizeof(header) + (err ? 0 : m->reply_length),
		.flags = VU_FLAG_REPLY | (err ? VU_FLAG_ERROR : 0),
		.error = (uint32_t)-err,
	};
	int sent;

	if (m->header.flags & VU_FLAG_NO_REPLY)
		return;
	memcpy(s->link.reply, &header, sizeof(header));
	page_set(&s->page->stage, VU_ANSWERING);
	sent = link_send(&s->link, header.size, err ? -1 : m->reply_fd);
	if (sent == -EPIPE || sent == -ECONNRESET)
		s->over = true;
	else if (sent)
		vu_drop(s, sent, "it does not take its answers: %s", strerror(-sent));
}

static void command(struct vu_session *s, struct vu_message *m)
{
	int err;

	page_set(&s->page->stage, VU_IN_HAND);
	page_doing(s->page, VU_DOING_MESSAGE, 0);
	err = handle(s, m);
	page_doing(s->page, VU_DOING_NOTHING, 0);
	answer(s, m, err);
}

/* Up to `most` of them. True: there may be more. */
static bool handle_some(struct vu_session *s, unsigned int most)
{
	struct vu_message m;
	int got = 0;

	while (most-- && !s->over) {
		got = link_first(&s->link, &m);
		if (got <= 0)
			break;
		switch (m.header.flags & VU_FLAG_TYPE) {
		case 0:
			command(s, &m);
			break;
		case VU_FLAG_REPLY:
			xfer_reply(s, &m);
			break;
		default:
			vu_drop(s, -EPROTO, "a message is neither command nor reply (flags 0x%x)",
				m.header.flags);
			break;
		}
		link_consume(&s->link, &m);
	}
	if (got < 0)
		vu_drop(s, got, "a message has an impossible size");
	return got > 0 && !s->over;
}

void vu_session_handle(struct vu_session *s)
{
	while (handle_some(s, BATCH))
		;
}

/* ---- the other descriptors ---- */

/* Whoever reads it is told when it is whole. */
static void describe(struct vu_session *s)
{
	size_t size = ez_device_info(s->dev, NULL, 0);
	char *text = malloc(size + 1);
	size_t at = 0;
	ssize_t n;

	if (text && s->info_fd >= 0) {
		ez_device_info(s->dev, text, size + 1);
		while (at < size) {
			n = pwrite(s->info_fd, text + at, size - at, (off_t)at);
			if (n <= 0)
				break;
			at += (size_t)n;
		}
		if (ftruncate(s->info_fd, (off_t)at))
			vu_say(s, "info: %s", strerror(errno));
	}
	free(text);
}

void vu_session_order(struct vu_session *s, int order)
{
	page_doing(s->page, VU_DOING_ORDER, (uint32_t)order);
	switch (order) {
	case 'p':
	case 'r':
		backend_pause(s, order == 'p');
		break;
	case 'y':
	case 'u':
		ez_device_yank(s->dev, order == 'y');
		break;
	case 'i':
		describe(s);
		break;
	case 'q':
		irq_request(s);
		break;
	default:
		break;
	}
	page_doing(s->page, VU_DOING_NOTHING, 0);
}

static void take_orders(struct vu_session *s)
{
	char order;
	ssize_t n = recv(s->control, &order, 1, MSG_DONTWAIT);

	if (n == 1 && order != 's') {
		vu_session_order(s, order);
		send(s->control, &order, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	} else if (n >= 0 || (errno != EAGAIN && errno != EINTR)) {
		s->over = true;
		s->result = n == 1 ? -ECANCELED : -EPIPE;
	}
}

static void clear_kick(struct vu_session *s)
{
	uint64_t count;

	if (!__atomic_load_n(&s->kicked, __ATOMIC_ACQUIRE))
		return;
	if (read(s->kick_fd, &count, sizeof(count)) < 0 && errno != EAGAIN && errno != EINTR)
		return;
	/* Before the poll: what comes after this kicks again. */
	__atomic_store_n(&s->kicked, false, __ATOMIC_SEQ_CST);
	xfer_poll(s);
}

/* ---- waiting ---- */

/* When a client that is expected to say something has to have done so; EZ_NEVER: it is not. */
static uint64_t stall_limit(const struct vu_session *s)
{
	uint64_t since = s->negotiated ? s->link.partial_since : s->attached;

	return since ? since + s->link.stall_ms * VU_NS_PER_MS : EZ_NEVER;
}

/* Milliseconds until something is due, rounded up; -1: nothing is. */
static int timeout_ms(const struct vu_session *s)
{
	uint64_t when = backend_next(s);
	uint64_t other = xfer_deadline(s);
	uint64_t now;

	if (other < when)
		when = other;
	other = stall_limit(s);
	if (other < when)
		when = other;
	if (when == EZ_NEVER)
		return -1;
	now = vu_monotonic();
	if (when <= now)
		return 0;
	when = (when - now + VU_NS_PER_MS - 1) / VU_NS_PER_MS;
	return when < 1000000 ? (int)when : 1000000;
}

enum { AT_SOCKET, AT_KICK, AT_CONTROL, AT_UNMASK, AT_COUNT };

/*
 * Woken. Nobody watches one who sleeps: the keeper is told, if it sleeps too. That is
 * once in a while: it then looks after us for as long as there is something to do.
 */
static void get_up(struct vu_session *s)
{
	struct vu_page *page = s->page;

	__atomic_store_n(&page->awake, 1, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&page->keeper_asleep, __ATOMIC_SEQ_CST))
		return;
	__atomic_store_n(&page->keeper_asleep, 0, __ATOMIC_SEQ_CST);
	send(s->control, (char[]){ VU_WOKEN }, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Looks at everything there is to wait for. True: bytes have come, or the end. */
static bool look(struct vu_session *s, int timeout)
{
	/* Where there is no descriptor, -1: poll passes it over. */
	struct pollfd p[AT_COUNT] = {
		[AT_SOCKET] = { .fd = s->link.fd, .events = POLLIN },
		[AT_KICK] = { .fd = s->kick_fd, .events = POLLIN },
		[AT_CONTROL] = { .fd = s->control, .events = POLLIN },
		[AT_UNMASK] = { .fd = s->irq.unmask, .events = POLLIN },
	};
	int n;

	if (timeout)
		__atomic_store_n(&s->page->awake, 0, __ATOMIC_SEQ_CST);
	n = poll(p, AT_COUNT, timeout);
	if (timeout)
		get_up(s);
	if (n <= 0)
		return false;
	if (p[AT_KICK].revents)
		__atomic_store_n(&s->kicked, true, __ATOMIC_SEQ_CST);
	if (p[AT_CONTROL].revents)
		take_orders(s);
	if (p[AT_UNMASK].revents & POLLIN)
		irq_unmask_event(s);
	return p[AT_SOCKET].revents;
}

/* True: bytes came, or the end. */
static bool receive(struct vu_session *s)
{
	ssize_t n = link_receive(&s->link);

	if (n == -EAGAIN)
		return false;
	if (n == 0 || n == -ECONNRESET)
		s->over = true;
	else if (n == -EPROTO)
		vu_drop(s, -EPROTO,
			"too many file descriptors with one message, or we have none left "
			"(ulimit -n)");
	else if (n < 0)
		vu_drop(s, (int)n, "%s", strerror((int)-n));
	return true;
}

/*
 * The same, looking hard. The kernel, which takes us for one who sleeps once he has
 * answered, may have put the client behind us on our own processor: it goes first.
 */
static bool spin(struct vu_session *s, uint64_t since, uint64_t budget, bool yield)
{
	uint64_t due = backend_next(s);
	uint64_t now;

	do {
		if (receive(s))
			return true;
		if (yield)
			sched_yield();
		now = vu_monotonic();
		if (__atomic_load_n(&s->kicked, __ATOMIC_ACQUIRE) || now >= due)
			return false;
	} while (now - since < budget);
	return false;
}

/*
 * Spinning saves our own wake-up, but keeps a client that our answer woke from
 * running if it was put on our processor; giving way lets it, but others too.
 * Only the clock tells which is best with this client on this machine, so from
 * time to time another way is tried.
 */
static enum vu_way way_to_wait(struct vu_session *s)
{
	struct vu_wait *w = &s->wait;
	uint64_t best = w->cost[w->best], other;

	if (!s->may_spin || s->gap >= SPIN_MAX)
		return VU_SLEEP;
	if (w->turn++ < WAIT_PERIOD)
		return w->best;
	if (w->turn <= WAIT_PERIOD + WAIT_TRIAL)
		return w->trial;
	/* By a tenth at least: not that noise has us change all the time. */
	other = w->cost[w->trial];
	if (other + best / 10 < best)
		w->best = w->trial;
	w->turn = 0;
	do
		w->trial = (w->trial + 1) % VU_WAYS;
	while (w->trial == w->best);
	return w->best;
}

/*
 * Most of the time of a trapped access goes into waking up who waits, so while
 * messages follow each other closely we look for the next one without sleeping,
 * for about as long as it usually takes to come. An idle device sleeps.
 */
static void wait_for_work(struct vu_session *s)
{
	uint64_t since = vu_monotonic();
	uint64_t budget = 2 * s->gap < SPIN_LEAST ? SPIN_LEAST : 2 * s->gap;
	enum vu_way way = way_to_wait(s);
	uint64_t gap, *cost;

	if (!(way != VU_SLEEP && spin(s, since, budget, way == VU_YIELD)) &&
	    !(look(s, timeout_ms(s)) && receive(s)))
		return;
	gap = vu_monotonic() - since;
	gap = gap < 4 * SPIN_MAX ? gap : 4 * SPIN_MAX;
	s->gap = (3 * s->gap + gap) / 4;
	cost = &s->wait.cost[way];
	*cost = *cost ? (7 * *cost + gap) / 8 : gap;
}

static void check_stall(struct vu_session *s)
{
	uint64_t limit = stall_limit(s);

	if (limit == EZ_NEVER || vu_monotonic() < limit)
		return;
	vu_drop(s, -ETIMEDOUT,
		s->negotiated ? "it stopped in the middle of a message"
			      : "it connected and did not say its version");
}

int vu_session_serve(struct vu_session *s)
{
	unsigned int turn = 0;
	bool more = false;

	while (!s->over) {
		if (!more)
			wait_for_work(s);
		/* While messages come thick and fast, wait_for_work never gets to the others. */
		if (more || s->irq.unmask >= 0 || ++turn % BATCH == 0)
			look(s, 0);
		more = handle_some(s, BATCH);
		clear_kick(s);
		backend_timers(s);
		xfer_timeout(s);
		check_stall(s);
	}
	return s->result;
}

/* ---- life ---- */

static int make(struct vu_session *s, const struct ez_model *model,
		const struct ez_setting *settings, size_t n_settings, struct ez_error *error)
{
	uint32_t n = s->spec->n_timers + s->spec->n_jobs;
	uint32_t i;

	s->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->deadline = calloc(n + 1, sizeof(*s->deadline));
	if (s->kick_fd < 0 || !s->deadline || !s->page) {
		snprintf(error->text, sizeof(error->text), "%s: out of memory or descriptors",
			 s->id);
		return -ENOMEM;
	}
	for (i = 0; i < n; i++)
		s->deadline[i] = EZ_NEVER;
	page_doing(s->page, VU_DOING_CREATE, 0);
	s->dev = ez_device_new(model, s->id, &vu_backend, s, settings, n_settings, error);
	page_doing(s->page, VU_DOING_NOTHING, 0);
	return s->dev ? 0 : -EINVAL;
}

struct vu_session *vu_session_new(const struct ez_model *model, const char *id,
				  const struct ez_setting *settings, size_t n_settings,
				  struct vu_page *page, struct ez_error *error)
{
	struct vu_session *s = calloc(1, sizeof(*s));
	cpu_set_t cpus;

	if (s)
		s->id = strdup(id);
	if (!s || !s->id) {
		snprintf(error->text, sizeof(error->text), "%s: out of memory", id);
		free(s);
		return NULL;
	}
	s->spec = model->spec;
	s->page = page;
	s->link.fd = -1;
	s->control = -1;
	s->info_fd = -1;
	s->kick_fd = -1;
	s->next = EZ_NEVER;
	s->gap = SPIN_MAX;
	s->wait = (struct vu_wait){ .best = VU_YIELD, .trial = VU_SPIN };
	s->may_spin = sched_getaffinity(0, sizeof(cpus), &cpus) || CPU_COUNT(&cpus) > 1;
	if (irq_init(s) || make(s, model, settings, n_settings, error)) {
		vu_session_free(s);
		return NULL;
	}
	return s;
}

int vu_session_attach(struct vu_session *s, int fd, int control, unsigned int stall_ms)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	s->control = control;
	s->attached = vu_monotonic();
	if (fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
		s->peer = peer.pid;
	return link_open(&s->link, s->page, fd, stall_ms ? stall_ms : 5000);
}

void vu_session_part(struct vu_session *s)
{
	if (s->link.fd < 0)
		return;
	/* Its windows stay mapped in a client that does not leave by itself: they read as pulled. */
	if (s->result && s->spec->n_windows)
		ez_device_yank(s->dev, true);
	dead_close(s->page, s->link.fd);
	s->link.fd = -1;
}

void vu_session_free(struct vu_session *s)
{
	if (!s)
		return;
	if (s->page)
		page_doing(s->page, VU_DOING_FREE, 0);
	ez_device_free(s->dev);
	if (s->page)
		page_doing(s->page, VU_DOING_NOTHING, 0);
	link_close(&s->link);
	irq_free(&s->irq);
	dma_free(&s->dma);
	xfer_free(&s->xfer);
	if (s->control >= 0)
		close(s->control);
	if (s->kick_fd >= 0)
		close(s->kick_fd);
	free(s->deadline);
	free(s->id);
	free(s);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "edu_pair.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe_spec.h"

#define SIDES 2
#define QUEUE 512 /* commands */
#define TEXT 65536 /* bytes of them for one side */
#define REPLIES 65536 /* bytes of answers that may be under way */
#define LINES 0xff0000u /* of the IOAPIC, that PCI devices can reach */

struct queued {
	uint8_t sides;
	uint8_t rule;
	uint64_t number;
	unsigned int at; /* its text, on the side that has it */
};

struct side {
	struct qt *qt;
	struct qt_pci edu, counter;
	char text[TEXT];
	unsigned int used;
};

struct edu_pair {
	struct side side[SIDES]; /* theirs, ours */
	struct queued queue[QUEUE];
	unsigned int queued;
	unsigned int replies; /* bytes, at most */
	unsigned long patience; /* questions until we give up */
	bool differs;
	char difference[512];
};

static void set_up(struct side *s)
{
	qt_pci_setup(&s->counter);
	qt_pci_setup(&s->edu);
}

struct edu_pair *edu_pair_start(const char *model, const char *more)
{
	static const char *const names[SIDES] = { "edu", "ersatz-edu" };
	struct edu_pair *pair = calloc(1, sizeof(*pair));
	char *all = strdup(getenv("QT_MODELS") ? getenv("QT_MODELS") : "");
	unsigned int i;

	/* Of another model nobody minds a hasty judgement. */
	pair->patience = model ? 20000 : QT_PATIENCE * 100000ul;
	for (i = 0; i < SIDES; i++) {
		struct side *s = &pair->side[i];
		char path[4096];

		/* Another of its name may not be there. */
		snprintf(path, sizeof(path), "%s:%s/probe.so", model, all);
		if (i == 1 && model)
			setenv("QT_MODELS", path, 1);
		s->qt = qt_start("-M q35 -m 128 -device probe,addr=4 -device %s,addr=5%s", names[i],
				 i == 1 && more ? more : "");
		setenv("QT_MODELS", all, 1);
		s->counter = qt_pci_find(s->qt, 0, PROBE_VENDOR_ID, PROBE_DEVICE_ID, 0);
		s->edu = qt_pci_find(s->qt, 0, 0x1234, 0x11e8, 0);
		set_up(s);
		qt_watch_irqs(s->qt);
	}
	free(all);
	return pair;
}

void edu_pair_stop(struct edu_pair *pair)
{
	unsigned int i;

	for (i = 0; i < SIDES; i++)
		qt_stop(pair->side[i].qt);
	free(pair);
}

const char *edu_difference(const struct edu_pair *pair)
{
	return pair->differs ? pair->difference : NULL;
}

void edu_forgive(struct edu_pair *pair)
{
	pair->differs = false;
}

/* ---- queue ---- */

void edu_say(struct edu_pair *pair, unsigned int sides, enum edu_rule rule, uint64_t number,
	     const char *format, ...)
{
	struct queued *q;
	unsigned int i;
	char line[256];
	va_list ap;
	int len;

	if (pair->differs)
		return;
	if (pair->queued == QUEUE || pair->side[0].used > TEXT - sizeof(line) ||
	    pair->side[1].used > TEXT - sizeof(line))
		edu_flush(pair);
	va_start(ap, format);
	len = vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	line[len++] = '\n';
	q = &pair->queue[pair->queued++];
	*q = (struct queued){ .sides = (uint8_t)sides, .rule = (uint8_t)rule, .number = number };
	for (i = 0; i < SIDES; i++) {
		struct side *s = &pair->side[i];

		if (!(sides & 1u << i))
			continue;
		q->at = s->used;
		memcpy(s->text + s->used, line, (size_t)len);
		s->used += (unsigned int)len;
	}
}

static void differ(struct edu_pair *pair, const struct queued *q, const char *what,
		   const char *theirs, const char *ours)
{
	const char *line = pair->side[q->sides & OURS ? 1 : 0].text + q->at;

	if (pair->differs)
		return;
	pair->differs = true;
	snprintf(pair->difference, sizeof(pair->difference),
		 "%s of `%.*s`: theirs %.100s, ours %.100s", what, (int)strcspn(line, "\n"), line,
		 theirs, ours);
}

static void look(struct edu_pair *pair, const struct queued *q, const char *const *reply)
{
	uint64_t value;
	unsigned int i;

	switch ((enum edu_rule)q->rule) {
	case EDU_ANY:
		return;
	case EDU_SAME:
		if (q->sides == BOTH && strcmp(reply[0], reply[1]))
			differ(pair, q, "answer", reply[0], reply[1]);
		return;
	case EDU_NUMBER:
		for (i = 0; i < SIDES; i++) {
			value = strtoull(reply[i], NULL, 16);
			if (q->sides & 1u << i && value != q->number)
				differ(pair, q, "number", reply[0], reply[1]);
		}
		return;
	case EDU_NARROW:
		if (strtoull(reply[0], NULL, 16) || strtoull(reply[1], NULL, 16) != q->number)
			differ(pair, q, "narrow answer", reply[0], reply[1]);
		return;
	}
}

bool edu_flush(struct edu_pair *pair)
{
	unsigned int i, n;

	for (i = 0; i < SIDES; i++)
		qt_send(pair->side[i].qt, pair->side[i].text, pair->side[i].used);
	for (n = 0; n < pair->queued; n++) {
		const struct queued *q = &pair->queue[n];
		const char *full[SIDES] = { "-", "-" };
		uint32_t lines[SIDES];

		for (i = 0; i < SIDES; i++)
			if (q->sides & 1u << i)
				full[i] = qt_reply(pair->side[i].qt, &lines[i]);
		look(pair, q, full);
		if (q->sides == BOTH && (lines[0] ^ lines[1]) & LINES)
			differ(pair, q, "interrupt lines after the answer",
			       lines[0] & LINES ? "up" : "down", lines[1] & LINES ? "up" : "down");
	}
	pair->queued = 0;
	pair->side[0].used = 0;
	pair->side[1].used = 0;
	pair->replies = 0;
	return !pair->differs;
}

/* ---- what is said ---- */

static const char letters[] = ".bw.l...q";

static uint64_t place(struct edu_pair *pair, uint64_t at)
{
	return pair->side[0].edu.bar[0] + at;
}

void edu_put(struct edu_pair *pair, unsigned int sides, uint64_t at, unsigned int width,
	     uint64_t value)
{
	if (at % width)
		sides &= ~(unsigned int)THEIRS;
	edu_say(pair, sides, EDU_SAME, 0, "write%c 0x%" PRIx64 " 0x%" PRIx64, letters[width],
		place(pair, at), value);
}

void edu_get(struct edu_pair *pair, uint64_t at, unsigned int width)
{
	uint64_t ones = UINT64_MAX >> (64 - 8 * width);

	if (at % width)
		edu_expect(pair, OURS, at, width, ones);
	else
		edu_say(pair, BOTH, width < 4 ? EDU_NARROW : EDU_SAME, ones, "read%c 0x%" PRIx64,
			letters[width], place(pair, at));
}

void edu_expect(struct edu_pair *pair, unsigned int sides, uint64_t at, unsigned int width,
		uint64_t value)
{
	edu_say(pair, sides, EDU_NUMBER, value, "read%c 0x%" PRIx64, letters[width],
		place(pair, at));
}

void edu_pass(struct edu_pair *pair, unsigned int ms)
{
	edu_say(pair, BOTH, EDU_SAME, 0, "clock_step %" PRIu64, ms * EDU_MS);
}

static void config(struct edu_pair *pair, uint32_t offset, char letter, uint32_t value)
{
	uint32_t at = 0x80000000u | (uint32_t)pair->side[0].edu.slot << 11 | (offset & 0xfc);

	edu_say(pair, BOTH, EDU_SAME, 0, "outl 0xcf8 0x%x", at);
	edu_say(pair, BOTH, EDU_SAME, 0, "out%c 0x%x 0x%x", letter, 0xcfc + (offset & 3), value);
}

void edu_command(struct edu_pair *pair, uint32_t value)
{
	config(pair, 0x04, 'w', value);
}

/* PCI 3.0, 6.8.1; the capability is at 0x40 on both sides. */
void edu_msi(struct edu_pair *pair, bool on)
{
	uint64_t address = pair->side[0].counter.bar[0] + PROBE_NOTED;

	config(pair, 0x44, 'l', (uint32_t)address);
	config(pair, 0x48, 'l', (uint32_t)(address >> 32));
	config(pair, 0x4c, 'w', 1);
	config(pair, 0x42, 'w', on ? 0x81 : 0x80);
}

void edu_messages(struct edu_pair *pair)
{
	edu_say(pair, BOTH, EDU_SAME, 0, "readl 0x%" PRIx64,
		pair->side[0].counter.bar[0] + PROBE_NOTES);
}

void edu_memory(struct edu_pair *pair, uint64_t address, size_t len)
{
	if (!len)
		return;
	pair->replies += (unsigned int)(2 * len);
	if (pair->replies > REPLIES)
		edu_flush(pair);
	edu_say(pair, BOTH, EDU_SAME, 0, "read 0x%" PRIx64 " 0x%zx", address, len);
}

void edu_wait(struct edu_pair *pair, bool interrupt)
{
	unsigned long patience = pair->patience;
	unsigned int i;

	edu_flush(pair);
	for (i = 0; i < SIDES && !pair->differs; i++) {
		struct qt_pci *edu = &pair->side[i].edu;

		while (qt_get(edu, 0, 0x20, 4) & 1 ||
		       (interrupt && !(qt_get(edu, 0, 0x24, 4) & 1))) {
			if (--patience)
				continue;
			pair->differs = true;
			snprintf(pair->difference, sizeof(pair->difference),
				 "%s: the factorial, or its interrupt, does not come",
				 i ? "ours" : "theirs");
			return;
		}
	}
}

void edu_reset(struct edu_pair *pair)
{
	unsigned int i;

	edu_flush(pair);
	for (i = 0; i < SIDES && !pair->differs; i++) {
		qt_reset(pair->side[i].qt);
		set_up(&pair->side[i]);
	}
}

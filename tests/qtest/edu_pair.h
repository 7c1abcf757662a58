/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two machines that differ in one device: QEMU's edu in the one, ours in the same slot of the
 * other. What is said to both is the same text, and so must be the answers, after each
 * of which the interrupt lines are compared, too. Commands queue up; they are sent, and
 * answers looked at, in batches.
 *
 * Messages (MSI) go to a register of a probe that counts writes: none is lost.
 */
#ifndef EDU_PAIR_H
#define EDU_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qt.h"

#define EDU_BUFFER UINT64_C(0x40000)
#define EDU_BUFFER_SIZE 4096
#define EDU_MASK UINT64_C(0xfffffff)
#define EDU_MS UINT64_C(1000000)

enum { EDU_RUN = 1, EDU_TO_RAM = 2, EDU_IRQ = 4 };

/* A part of guest memory for DMA, and all of it that is plain memory. */
#define EDU_RAM UINT64_C(0x200000)
#define EDU_RAM_SIZE 0x4000
#define EDU_RAM_FIRST UINT64_C(0x100000)
#define EDU_RAM_LAST UINT64_C(0x7efffff)
/* Below 2^28, and nobody there: the machines have 128 MiB. */
#define EDU_HOLE UINT64_C(0x9000000)

/* Whose they are, as bits. */
enum { THEIRS = 1, OURS = 2, BOTH = 3 };

/* How an answer is looked at. */
enum edu_rule {
	EDU_SAME, /* both the same */
	EDU_ANY, /* not at all */
	EDU_NUMBER, /* it is this number */
	EDU_NARROW, /* ours is all-ones, theirs 0: QEMU refuses 1 and 2 bytes before it sees them */
};

struct edu_pair;

/*
 * `model`: another file for ours, or NULL. `more` goes behind its name on the command line.
 */
struct edu_pair *edu_pair_start(const char *model, const char *more);
void edu_pair_stop(struct edu_pair *pair);

/* One command for `sides`; `number` is for EDU_NUMBER. */
void edu_say(struct edu_pair *pair, unsigned int sides, enum edu_rule rule, uint64_t number,
	     const char *format, ...) __attribute__((format(printf, 5, 6)));
/*
 * An access to the device, at an offset in its BAR. What is misaligned goes to ours alone, which
 * ignores it and answers all-ones: QEMU cuts it into aligned pieces before theirs sees it.
 */
void edu_put(struct edu_pair *pair, unsigned int sides, uint64_t at, unsigned int width,
	     uint64_t value);
void edu_get(struct edu_pair *pair, uint64_t at, unsigned int width);
void edu_expect(struct edu_pair *pair, unsigned int sides, uint64_t at, unsigned int width,
		uint64_t value);
/* Time passes for both. */
void edu_pass(struct edu_pair *pair, unsigned int ms);
/* The command register of both; MSI of both. */
void edu_command(struct edu_pair *pair, uint32_t value);
void edu_msi(struct edu_pair *pair, bool on);
/* Queues what compares the count of messages that came. */
void edu_messages(struct edu_pair *pair);
/* Compares `len` bytes of guest memory. */
void edu_memory(struct edu_pair *pair, uint64_t address, size_t len);
/*
 * Waits until neither computes, and, with `interrupt`, until bit 0 of the interrupt
 * status is set: their thread does the one before the other.
 */
void edu_wait(struct edu_pair *pair, bool interrupt);
/* System reset of both, and their BARs set up again; bus mastering and memory on. */
void edu_reset(struct edu_pair *pair);

/* Sends what is queued and looks at the answers. False: they differ; see edu_difference. */
bool edu_flush(struct edu_pair *pair);
/* The first difference, as text, or NULL. Nothing is sent any more after one. */
const char *edu_difference(const struct edu_pair *pair);
/* It was expected: go on. */
void edu_forgive(struct edu_pair *pair);

#endif

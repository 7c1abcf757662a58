/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taps: what is attached at the seam and sees, and may change, every crossing
 * in either direction.
 *
 * A tap is one file in src/taps/ with one struct ez_tap_type, and one line in
 * src/taps/table.c. The crossing goes through the taps in the order in which
 * they were attached; the first sees it first on the way in and last on the
 * way out. Each passes it on with ez_tap_next, and may change it before,
 * change the result after, pass it twice, or not pass it on at all.
 *
 * In a tap's callback a crossing of the same device may nest (a write causes
 * DMA); it runs on the thread of the device. A tap may change value, address,
 * data, length, level, text and status; where a crossing goes (fn, bar, offset,
 * width, index, reset) it may change too, and what is not there is then
 * refused as if nobody had been asked.
 */
#ifndef ERSATZ_TAP_H
#define ERSATZ_TAP_H

#include <ersatz/backend.h>

#pragma GCC visibility push(default)

enum ez_crossing_kind {
	/* down */
	EZ_CROSSING_READ, /* bar, offset, width -> value */
	EZ_CROSSING_WRITE, /* bar, offset, width, value */
	EZ_CROSSING_CONFIG_READ, /* offset, width -> value; only where ours is of record */
	EZ_CROSSING_CONFIG_WRITE, /* offset, width, value; with EZ_BACKEND_CONFIG only to be seen */
	EZ_CROSSING_RESET, /* reset */
	EZ_CROSSING_TIMER, /* index: a timer fired */
	EZ_CROSSING_JOB, /* index: a job is done */
	EZ_CROSSING_PLUG, /* the device is there; cannot be dropped */
	EZ_CROSSING_UNPLUG, /* the device goes away; cannot be dropped */
	/* up */
	EZ_CROSSING_DMA_READ, /* address, data, length -> status */
	EZ_CROSSING_DMA_WRITE, /* address, data, length -> status */
	EZ_CROSSING_INTX, /* level */
	EZ_CROSSING_MSI, /* index: the vector */
	EZ_CROSSING_RANDOM, /* data, length */
	EZ_CROSSING_LOG, /* index: enum ez_log_kind; text */
	EZ_CROSSING_KINDS
};

/*
 * One crossing. Members that the kind does not name are 0. A tap that does not
 * pass it on leaves in it what the other side is to see: value (preset to
 * all-ones), status (preset to 0), data.
 */
struct ez_crossing {
	enum ez_crossing_kind kind;
	unsigned int fn;
	unsigned int bar;
	unsigned int width;
	uint64_t offset;
	uint64_t value;
	uint64_t address;
	void *data;
	size_t length;
	const char *text;
	uint32_t index;
	bool level;
	enum ez_reset_kind reset;
	int status;
	/* The register hit, or NULL, and which element of it. Set for READ and WRITE. */
	const struct ez_reg *reg;
	uint32_t element;
};

struct ez_tap;

struct ez_tap_type {
	const char *name; /* as in ERSATZ_TAPS and `ersatz run --tap` */
	const char *help; /* one line: what it does and its options */
	const char *const *options; /* keys that it takes, NULL-terminated; others are refused */
	size_t size; /* of the tap's own data, zeroed before open */
	/* `options` is what stood behind the name ("fd=3,x=y" or ""). */
	int (*open)(struct ez_tap *tap, const char *options, struct ez_error *error);
	void (*cross)(struct ez_tap *tap, struct ez_crossing *crossing);
	void (*close)(struct ez_tap *tap); /* may be NULL */
};

/* The tap's own data, of ez_tap_type.size bytes. */
void *ez_tap_data(struct ez_tap *tap);
/* The device that it is attached to. */
struct ez_device *ez_tap_device(struct ez_tap *tap);
/* The device's clock, ns since the device was made. */
uint64_t ez_tap_now(struct ez_tap *tap);
/* Pass the crossing on to the next tap, and at last to its destination. */
void ez_tap_next(struct ez_tap *tap, struct ez_crossing *crossing);

/*
 * Takes the value of option `key` from "key=value,key=value" into buf; false
 * if it is not there.
 */
bool ez_tap_option(const char *options, const char *key, char *buf, size_t size);

/*
 * Attaches taps behind those already there; `taps` is "NAME[,OPTIONS][;NAME...]".
 * -EINVAL with an error: unknown tap or bad options; then none is attached.
 */
int ez_device_tap(struct ez_device *dev, const char *taps, struct ez_error *error);

/* All types, NULL-terminated. */
extern const struct ez_tap_type *const ez_tap_types[];

#pragma GCC visibility pop

#endif

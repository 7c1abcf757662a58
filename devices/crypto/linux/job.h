/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs: what the crypto API wants done with a scatterlist, by the extended registers. */
#ifndef ECRYPTO_JOB_H
#define ECRYPTO_JOB_H

#include <crypto/aes.h>
#include <crypto/sha2.h>

#include "driver.h"

struct ahash_alg;
struct ecrypto_block;
struct skcipher_alg;

struct ecrypto_key {
	u64 id; /* of this value: no two have the same; 0: none yet */
	unsigned int length;
	u8 bytes[AES_MAX_KEY_SIZE];
};

/* A scatterlist as the device sees it: our own copy of it, mapped. */
struct ecrypto_list {
	struct sg_table sgt;
	unsigned int used; /* entries that were mapped; 0: nothing to be undone */
	unsigned int mapped; /* entries that came of it */
	enum dma_data_direction dir;
};

/* What is written into the registers. */
struct ecrypto_registers {
	u64 in_table;
	u32 in_count;
	u32 in_size;
	u64 out_table;
	u32 out_count;
	u32 out_size;
	u32 command;
};

/* Lives in the context of the API's request. */
struct ecrypto_job {
	/* Set by the caller; iv and state are what to go on with, and are brought up to date. */
	u32 command; /* EXT_COMMAND */
	bool may_sleep;
	bool may_backlog;
	struct scatterlist *src;
	struct scatterlist *dst; /* AES; src: in place */
	u32 length; /* bytes of src */
	const struct ecrypto_key *key;
	u8 iv[AES_BLOCK_SIZE];
	const u8 *head; /* SHA-256: bytes that come before src, fewer than a block */
	u32 head_length;
	u32 state[SHA256_DIGEST_SIZE / sizeof(u32)];
	u64 hashed; /* bytes that state stands for */
	/*
	 * As complete() of a request: exactly once if submission gave -EINPROGRESS or
	 * -EBUSY; in the latter case with -EINPROGRESS before. In process context.
	 */
	void (*done)(struct ecrypto_job *job, int err);

	/* job.c's */
	struct ecrypto_request req;
	struct ecrypto *dev;
	struct ecrypto_registers regs;
	struct ecrypto_list in;
	struct ecrypto_list out;
	struct ecrypto_block *block;
	dma_addr_t block_at;
	size_t block_size;
	struct list_head bounce_node;
	u64 position; /* bytes that have gone through the bounce buffer */
	u32 slice; /* those that are in it */
	u8 last[AES_BLOCK_SIZE]; /* of the input */
};

/*
 * Has it done by the least loaded device. -EINPROGRESS: done() will come. -EBUSY:
 * the same, but later (may_backlog). Otherwise it will not: -ENODEV, no device;
 * -ENOSPC, too much to do; -EINVAL, a list is too short. Any context but that of
 * hard interrupts.
 */
int ecrypto_job_submit(struct ecrypto_job *job);

/* Is there a device for such a command? */
bool ecrypto_job_device_exists(u32 command);

/* skcipher.c, hash.c: what algs.c registers. */
extern struct skcipher_alg ecrypto_cbc;
extern struct ahash_alg ecrypto_sha256;

/* A key that nobody will use again must not stay in a device. */
void ecrypto_key_forget(const struct ecrypto_key *key);

/* Takes a new value; -EINVAL: no length for AES. */
int ecrypto_key_set(struct ecrypto_key *key, const u8 *bytes, unsigned int length);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Jobs: scatterlists are mapped and written down as a table of {address, length},
 * which the device reads. So a job is one command and one interrupt, whatever its
 * size, and no byte of it is copied.
 *
 * What may stand in the way of that (no memory for the table or the mapping where
 * nobody may wait for it; more entries than the device takes; output that overlaps
 * input askew) is no reason to fail. Such a job goes through a buffer that each
 * device has from the beginning, slice by slice, and one job at a time. That is
 * counted: it should be rare. As no job is ever refused for want of memory, and
 * none waits for memory that needs the disk, the algorithms do without
 * CRYPTO_ALG_ALLOCATES_MEMORY, and disks can be encrypted with them.
 */
#include <linux/atomic.h>
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/unaligned.h>

#include "job.h"

/* An entry of the device's table. */
struct ecrypto_entry {
	__le64 address;
	__le32 length;
	__le32 flags;
};

/* What a job has in coherent memory. */
struct ecrypto_block {
	u8 head[SHA256_BLOCK_SIZE];
	__be32 state[SHA256_DIGEST_SIZE / sizeof(u32)];
	u8 unused[32];
	struct ecrypto_entry entry[];
};

static_assert(sizeof(struct ecrypto_entry) == 16);
static_assert(sizeof(struct ecrypto_block) == 128);

/* With both tables: 56 entries; 1016, enough for 1 MiB of single pages at odd offsets, twice. */
#define ECRYPTO_SMALL_BLOCK 1024
#define ECRYPTO_LARGE_BLOCK 16384

#define ECRYPTO_SLICE SZ_64K

static_assert(ECRYPTO_SLICE % SHA256_BLOCK_SIZE == 0 && ECRYPTO_SLICE % AES_BLOCK_SIZE == 0);

/* The entries of its block are one for the data and one for the state. */
struct ecrypto_bounce_memory {
	u8 data[ECRYPTO_SLICE];
	u8 block[sizeof(struct ecrypto_block) + 2 * sizeof(struct ecrypto_entry)];
};

struct ecrypto_bounce {
	struct ecrypto_bounce_memory *memory;
	dma_addr_t at;
	bool busy; /* under dev->lock, like */
	struct list_head waiting;
};

static bool ecrypto_bounce_all;
module_param_named(bounce, ecrypto_bounce_all, bool, 0644);
MODULE_PARM_DESC(bounce, "Copy everything through the bounce buffer, as a test (default N)");

int ecrypto_jobs_init(struct ecrypto *dev)
{
	struct device *device = &dev->pdev->dev;
	struct ecrypto_bounce *bounce;

	/* Who is not registered with the crypto API has no jobs. */
	if (!dev->version)
		return 0;
	dev->max_segment = min_t(size_t, dma_max_mapping_size(device), SZ_1G);
	dev->small_pool =
		dmam_pool_create("ersatz_crypto small", device, ECRYPTO_SMALL_BLOCK, 16, 0);
	dev->large_pool =
		dmam_pool_create("ersatz_crypto large", device, ECRYPTO_LARGE_BLOCK, 16, 0);
	bounce = devm_kzalloc(device, sizeof(*bounce), GFP_KERNEL);
	if (!dev->small_pool || !dev->large_pool || !bounce)
		return -ENOMEM;
	INIT_LIST_HEAD(&bounce->waiting);
	bounce->memory =
		dmam_alloc_coherent(device, sizeof(*bounce->memory), &bounce->at, GFP_KERNEL);
	if (!bounce->memory)
		return -ENOMEM;
	dev->bounce = bounce;
	return 0;
}

/* ---- keys ---- */

int ecrypto_key_set(struct ecrypto_key *key, const u8 *bytes, unsigned int length)
{
	static atomic64_t ids;

	if (aes_check_keylen(length))
		return -EINVAL;
	ecrypto_key_forget(key);
	memzero_explicit(key->bytes, sizeof(key->bytes));
	memcpy(key->bytes, bytes, length);
	key->length = length;
	key->id = atomic64_inc_return(&ids);
	return 0;
}

static void ecrypto_key_forget_one(struct ecrypto *dev, void *data)
{
	const struct ecrypto_key *key = data;

	if (dev->key_id == key->id)
		ecrypto_queue_forget_key(dev);
}

void ecrypto_key_forget(const struct ecrypto_key *key)
{
	if (key->id)
		ecrypto_for_each(ecrypto_key_forget_one, (void *)key);
}

static u32 ecrypto_key_size(const struct ecrypto_key *key)
{
	switch (key->length) {
	case AES_KEYSIZE_128:
		return CRYPTO_EXT_COMMAND_KEY_AES128;
	case AES_KEYSIZE_192:
		return CRYPTO_EXT_COMMAND_KEY_AES192;
	default:
		return CRYPTO_EXT_COMMAND_KEY_AES256;
	}
}

/* ---- registers ---- */

/* Neighbours at once: an access is what costs time. */
static void ecrypto_write_pair(struct ecrypto *dev, unsigned int reg, u32 low, u32 high)
{
	writeq(low | (u64)high << 32, ecrypto_reg(dev, reg));
}

static void ecrypto_write_bytes(struct ecrypto *dev, unsigned int reg, const u8 *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i += sizeof(u64))
		writeq(get_unaligned_le64(bytes + i), ecrypto_reg(dev, reg + i));
}

static bool ecrypto_is_hash(const struct ecrypto_job *job)
{
	return (job->command & CRYPTO_EXT_COMMAND_OP_MASK) == CRYPTO_EXT_COMMAND_OP_SHA256;
}

static int ecrypto_job_start(struct ecrypto *dev, struct ecrypto_request *req)
{
	const struct ecrypto_job *job = container_of(req, struct ecrypto_job, req);
	const struct ecrypto_registers *regs = &job->regs;
	u32 command = regs->command;
	unsigned int i;

	if (!ecrypto_is_hash(job)) {
		if (dev->key_id != job->key->id) {
			/* All of it: nothing of a longer one stays. */
			ecrypto_write_bytes(dev, CRYPTO_KEY(0), job->key->bytes,
					    sizeof(job->key->bytes));
			dev->key_id = job->key->id;
		}
		ecrypto_write_bytes(dev, CRYPTO_IV(0), job->iv, sizeof(job->iv));
		command |= ecrypto_key_size(job->key) << CRYPTO_EXT_COMMAND_KEY_SHIFT;
	} else if (!(command & CRYPTO_EXT_COMMAND_FIRST_MASK)) {
		for (i = 0; i < ARRAY_SIZE(job->state); i += 2)
			ecrypto_write_pair(dev, CRYPTO_HASH(i), job->state[i], job->state[i + 1]);
		writeq(job->hashed, ecrypto_reg(dev, CRYPTO_HASH_LENGTH));
	}
	writeq(regs->in_table, ecrypto_reg(dev, CRYPTO_IN_TABLE));
	ecrypto_write_pair(dev, CRYPTO_IN_COUNT, regs->in_count, regs->in_size);
	writeq(regs->out_table, ecrypto_reg(dev, CRYPTO_OUT_TABLE));
	ecrypto_write_pair(dev, CRYPTO_OUT_COUNT, regs->out_count, regs->out_size);
	iowrite32(command, ecrypto_reg(dev, CRYPTO_EXT_COMMAND));
	return 0;
}

static void ecrypto_take_state(struct ecrypto_job *job, const struct ecrypto_block *block)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(job->state); i++)
		job->state[i] = be32_to_cpu(block->state[i]);
}

/* ---- lists ---- */

/* No longer than that; -EINVAL: the list is shorter than length. */
static int ecrypto_list_count(struct ecrypto *dev, struct scatterlist *sg, u32 length)
{
	unsigned int n = 0;

	for (; length; sg = sg_next(sg)) {
		u32 bytes;

		if (!sg)
			return -EINVAL;
		bytes = min(sg->length, length);
		length -= bytes;
		n += DIV_ROUND_UP(bytes, dev->max_segment);
	}
	return n;
}

/*
 * A copy of the list's first bytes. The owner's may have empty entries, share
 * its end with another list that is mapped at the same time, or be longer than
 * what it is about. Neighbours in memory become one entry.
 */
static unsigned int ecrypto_list_copy(struct ecrypto *dev, struct scatterlist *to,
				      struct scatterlist *sg, u32 length)
{
	struct scatterlist *last = NULL;
	unsigned int n = 0;

	for (; length; sg = sg_next(sg)) {
		u32 left = min(sg->length, length);
		phys_addr_t at = sg_phys(sg);

		length -= left;
		while (left) {
			u32 bytes = min(left, dev->max_segment);

			if (last && sg_phys(last) + last->length == at &&
			    bytes <= dev->max_segment - last->length) {
				last->length += bytes;
			} else {
				last = last ? sg_next(last) : to;
				sg_set_page(last, pfn_to_page(PHYS_PFN(at)), bytes,
					    offset_in_page(at));
				n++;
			}
			at += bytes;
			left -= bytes;
		}
	}
	sg_mark_end(last);
	return n;
}

static int ecrypto_list_map(struct ecrypto *dev, struct ecrypto_list *list, struct scatterlist *sg,
			    u32 length, enum dma_data_direction dir, gfp_t gfp)
{
	int n = ecrypto_list_count(dev, sg, length);
	unsigned int used;

	if (n <= 0)
		return n;
	if (sg_alloc_table(&list->sgt, n, gfp))
		return -ENOMEM;
	used = ecrypto_list_copy(dev, list->sgt.sgl, sg, length);
	list->dir = dir;
	list->mapped = dma_map_sg(&dev->pdev->dev, list->sgt.sgl, used, dir);
	if (!list->mapped) {
		sg_free_table(&list->sgt);
		return -ENOMEM;
	}
	list->used = used;
	return 0;
}

static void ecrypto_list_unmap(struct ecrypto *dev, struct ecrypto_list *list)
{
	if (!list->used)
		return;
	dma_unmap_sg(&dev->pdev->dev, list->sgt.sgl, list->used, list->dir);
	sg_free_table(&list->sgt);
	list->used = 0;
	list->mapped = 0;
}

static void ecrypto_entry_set(struct ecrypto_entry *entry, dma_addr_t address, u32 length)
{
	entry->address = cpu_to_le64(address);
	entry->length = cpu_to_le32(length);
	entry->flags = 0;
}

/* False: an address is 0, which the device does not take. */
static bool ecrypto_list_write(struct ecrypto_entry *entry, const struct ecrypto_list *list)
{
	struct scatterlist *sg;
	unsigned int i;

	for_each_sg(list->sgt.sgl, sg, list->mapped, i) {
		if (!sg_dma_address(sg))
			return false;
		ecrypto_entry_set(entry++, sg_dma_address(sg), sg_dma_len(sg));
	}
	return true;
}

/* ---- blocks ---- */

static int ecrypto_block_alloc(struct ecrypto_job *job, unsigned int entries, gfp_t gfp)
{
	size_t size = sizeof(struct ecrypto_block) + entries * sizeof(struct ecrypto_entry);
	struct ecrypto *dev = job->dev;

	if (size <= ECRYPTO_SMALL_BLOCK)
		job->block = dma_pool_alloc(dev->small_pool, gfp, &job->block_at);
	else if (size <= ECRYPTO_LARGE_BLOCK)
		job->block = dma_pool_alloc(dev->large_pool, gfp, &job->block_at);
	else
		job->block = dma_alloc_coherent(&dev->pdev->dev, size, &job->block_at, gfp);
	job->block_size = size;
	return job->block ? 0 : -ENOMEM;
}

static void ecrypto_block_free(struct ecrypto_job *job)
{
	struct ecrypto *dev = job->dev;

	if (!job->block)
		return;
	/* The table is no secret; what was hashed may be. */
	memzero_explicit(job->block, sizeof(*job->block));
	if (job->block_size <= ECRYPTO_SMALL_BLOCK)
		dma_pool_free(dev->small_pool, job->block, job->block_at);
	else if (job->block_size <= ECRYPTO_LARGE_BLOCK)
		dma_pool_free(dev->large_pool, job->block, job->block_at);
	else
		dma_free_coherent(&dev->pdev->dev, job->block_size, job->block, job->block_at);
	job->block = NULL;
}

static dma_addr_t ecrypto_block_entry(const struct ecrypto_job *job, unsigned int i)
{
	return job->block_at + offsetof(struct ecrypto_block, entry) +
	       i * sizeof(struct ecrypto_entry);
}

static void ecrypto_job_unmap(struct ecrypto_job *job)
{
	ecrypto_list_unmap(job->dev, &job->in);
	ecrypto_list_unmap(job->dev, &job->out);
	ecrypto_block_free(job);
}

static int ecrypto_job_map_aes(struct ecrypto_job *job, gfp_t gfp)
{
	bool in_place = job->src == job->dst;
	struct ecrypto *dev = job->dev;
	unsigned int out = 0;
	int err;

	err = ecrypto_list_map(dev, &job->in, job->src, job->length,
			       in_place ? DMA_BIDIRECTIONAL : DMA_TO_DEVICE, gfp);
	if (!err && !in_place)
		err = ecrypto_list_map(dev, &job->out, job->dst, job->length, DMA_FROM_DEVICE, gfp);
	if (!err)
		err = ecrypto_block_alloc(job, job->in.mapped + job->out.mapped, gfp);
	if (err)
		return err;
	if (!in_place)
		out = job->in.mapped;
	if (!ecrypto_list_write(job->block->entry, &job->in) ||
	    !ecrypto_list_write(job->block->entry + out, &job->out))
		return -ENOMEM;

	job->regs.in_table = ecrypto_block_entry(job, 0);
	job->regs.in_count = job->in.mapped;
	job->regs.out_table = ecrypto_block_entry(job, out);
	job->regs.out_count = in_place ? job->in.mapped : job->out.mapped;
	job->regs.out_size = job->length;
	return 0;
}

static int ecrypto_job_map_hash(struct ecrypto_job *job, gfp_t gfp)
{
	unsigned int n = 0;
	int err;

	err = ecrypto_list_map(job->dev, &job->in, job->src, job->length, DMA_TO_DEVICE, gfp);
	if (!err)
		err = ecrypto_block_alloc(job, job->in.mapped + 2, gfp);
	if (err)
		return err;
	ecrypto_entry_set(&job->block->entry[n++],
			  job->block_at + offsetof(struct ecrypto_block, state),
			  sizeof(job->block->state));
	if (job->head_length) {
		memcpy(job->block->head, job->head, job->head_length);
		ecrypto_entry_set(&job->block->entry[n++],
				  job->block_at + offsetof(struct ecrypto_block, head),
				  job->head_length);
	}
	if (!ecrypto_list_write(&job->block->entry[n], &job->in))
		return -ENOMEM;

	job->regs.out_table = ecrypto_block_entry(job, 0);
	job->regs.out_count = 1;
	job->regs.out_size = sizeof(job->block->state);
	job->regs.in_table = ecrypto_block_entry(job, 1);
	job->regs.in_count = n - 1 + job->in.mapped;
	return 0;
}

/* -EINVAL: the caller's fault. Any other error: not in this way. */
static int ecrypto_job_map(struct ecrypto_job *job)
{
	/* Not GFP_KERNEL: writing to a disk, to get memory, may be what we are asked for. */
	gfp_t gfp = (job->may_sleep ? GFP_NOIO : GFP_ATOMIC) | __GFP_NOWARN;
	u64 total = (u64)job->head_length + job->length;
	int err;

	memset(&job->in, 0, sizeof(job->in));
	memset(&job->out, 0, sizeof(job->out));
	job->block = NULL;
	if (ecrypto_bounce_all || total > U32_MAX)
		return -EFBIG;
	job->regs.in_size = total;
	job->regs.command = job->command;
	err = ecrypto_is_hash(job) ? ecrypto_job_map_hash(job, gfp) : ecrypto_job_map_aes(job, gfp);
	if (!err && max(job->regs.in_count, job->regs.out_count) > job->dev->max_entries)
		err = -EFBIG;
	if (err)
		ecrypto_job_unmap(job);
	return err;
}

/* ---- the bounce buffer ---- */

static struct ecrypto_block *ecrypto_bounce_block(struct ecrypto_bounce *bounce)
{
	return (struct ecrypto_block *)bounce->memory->block;
}

static bool ecrypto_bounce_in(struct ecrypto_job *job)
{
	u64 left = (u64)job->head_length + job->length - job->position;
	struct ecrypto_bounce *bounce = job->dev->bounce;
	u8 *data = bounce->memory->data;
	u32 head = 0;

	job->slice = min_t(u64, left, ECRYPTO_SLICE);
	if (!job->position && job->head_length) {
		head = job->head_length;
		memcpy(data, job->head, head);
	}
	if (job->slice == head)
		return true;
	return sg_pcopy_to_buffer(job->src, sg_nents(job->src), data + head, job->slice - head,
				  job->position + head - job->head_length) == job->slice - head;
}

static bool ecrypto_bounce_out(struct ecrypto_job *job)
{
	struct ecrypto_bounce *bounce = job->dev->bounce;
	const u8 *data = bounce->memory->data;

	if (ecrypto_is_hash(job)) {
		ecrypto_take_state(job, ecrypto_bounce_block(bounce));
		job->hashed += job->slice;
		return true;
	}
	if ((job->command & CRYPTO_EXT_COMMAND_OP_MASK) == CRYPTO_EXT_COMMAND_OP_AES_CBC_ENCRYPT)
		memcpy(job->iv, data + job->slice - AES_BLOCK_SIZE, AES_BLOCK_SIZE);
	else
		memcpy(job->iv, job->last, AES_BLOCK_SIZE);
	return sg_pcopy_from_buffer(job->dst, sg_nents(job->dst), data, job->slice,
				    job->position) == job->slice;
}

/* The next slice; an error: it will not come. */
static int ecrypto_bounce_slice(struct ecrypto_job *job)
{
	struct ecrypto_bounce *bounce = job->dev->bounce;
	struct ecrypto_block *block = ecrypto_bounce_block(bounce);
	dma_addr_t block_at = bounce->at + offsetof(struct ecrypto_bounce_memory, block);
	dma_addr_t entry_at = block_at + offsetof(struct ecrypto_block, entry);
	u64 total = (u64)job->head_length + job->length;

	if (!ecrypto_bounce_in(job))
		return -EINVAL;
	ecrypto_entry_set(&block->entry[0], bounce->at, job->slice);
	ecrypto_entry_set(&block->entry[1], block_at + offsetof(struct ecrypto_block, state),
			  sizeof(block->state));
	job->regs.in_table = entry_at;
	job->regs.in_count = 1;
	job->regs.in_size = job->slice;
	job->regs.out_count = 1;
	job->regs.command = job->command;
	if (ecrypto_is_hash(job)) {
		job->regs.out_table = entry_at + sizeof(struct ecrypto_entry);
		job->regs.out_size = sizeof(block->state);
		if (job->position)
			job->regs.command &= ~CRYPTO_EXT_COMMAND_FIRST_MASK;
		if (job->position + job->slice < total)
			job->regs.command &= ~CRYPTO_EXT_COMMAND_LAST_MASK;
	} else {
		job->regs.out_table = entry_at;
		job->regs.out_size = job->slice;
		memcpy(job->last, bounce->memory->data + job->slice - AES_BLOCK_SIZE,
		       AES_BLOCK_SIZE);
	}
	job->req.bytes = job->slice;
	job->req.limited = false;
	return ecrypto_submit(job->dev, &job->req);
}

static void ecrypto_job_end(struct ecrypto_job *job, int err)
{
	/* Users of the crypto API know nothing of tables and resets. */
	if (err == -EFAULT || err == -ECANCELED)
		err = -EIO;
	ecrypto_leave(job->dev);
	job->done(job, err);
}

/* The buffer is free: who is next? NULL, or somebody who has it now. */
static struct ecrypto_job *ecrypto_bounce_next(struct ecrypto *dev)
{
	struct ecrypto_bounce *bounce = dev->bounce;
	struct ecrypto_job *job;
	unsigned long flags;

	memzero_explicit(bounce->memory, sizeof(*bounce->memory));
	spin_lock_irqsave(&dev->lock, flags);
	job = list_first_entry_or_null(&bounce->waiting, struct ecrypto_job, bounce_node);
	if (job)
		list_del(&job->bounce_node);
	else
		bounce->busy = false;
	spin_unlock_irqrestore(&dev->lock, flags);
	return job;
}

/* Gives the buffer to the next ones, until one can make use of it. */
static void ecrypto_bounce_pass_on(struct ecrypto *dev)
{
	struct ecrypto_job *job;
	int err;

	while ((job = ecrypto_bounce_next(dev))) {
		err = ecrypto_bounce_slice(job);
		if (!err)
			return;
		ecrypto_job_end(job, err);
	}
}

static void ecrypto_bounce_complete(struct ecrypto *dev, struct ecrypto_request *req, int err)
{
	struct ecrypto_job *job = container_of(req, struct ecrypto_job, req);

	if (!err && !ecrypto_bounce_out(job))
		err = -EINVAL;
	if (!err) {
		job->position += job->slice;
		if (job->position < (u64)job->head_length + job->length) {
			err = ecrypto_bounce_slice(job);
			if (!err)
				return;
		}
	}
	ecrypto_bounce_pass_on(dev);
	ecrypto_job_end(job, err);
}

/* 0: done() will come. An error: it will not. */
static int ecrypto_bounce_begin(struct ecrypto_job *job)
{
	struct ecrypto *dev = job->dev;
	struct ecrypto_bounce *bounce = dev->bounce;
	unsigned long flags;
	bool wait;
	int err;

	job->position = 0;
	job->req.complete = ecrypto_bounce_complete;
	spin_lock_irqsave(&dev->lock, flags);
	dev->stats.bounced++;
	wait = bounce->busy;
	if (wait)
		list_add_tail(&job->bounce_node, &bounce->waiting);
	bounce->busy = true;
	spin_unlock_irqrestore(&dev->lock, flags);
	if (wait)
		return 0;
	err = ecrypto_bounce_slice(job);
	if (err)
		ecrypto_bounce_pass_on(dev);
	return err;
}

/* ---- the way through ---- */

static void ecrypto_job_complete(struct ecrypto *dev, struct ecrypto_request *req, int err)
{
	struct ecrypto_job *job = container_of(req, struct ecrypto_job, req);
	u32 reason = req->error_detail & CRYPTO_ERROR_DETAIL_REASON_MASK;

	if (!err && ecrypto_is_hash(job))
		ecrypto_take_state(job, job->block);
	ecrypto_job_unmap(job);
	if (!err && !ecrypto_is_hash(job)) {
		if ((job->command & CRYPTO_EXT_COMMAND_OP_MASK) ==
		    CRYPTO_EXT_COMMAND_OP_AES_CBC_ENCRYPT)
			sg_pcopy_to_buffer(job->dst, sg_nents(job->dst), job->iv, AES_BLOCK_SIZE,
					   job->length - AES_BLOCK_SIZE);
		else
			memcpy(job->iv, job->last, AES_BLOCK_SIZE);
	}
	/* Nothing has been touched yet. */
	if (err == -EINVAL && reason == CRYPTO_ERROR_DETAIL_REASON_OVERLAP) {
		err = ecrypto_bounce_begin(job);
		if (!err)
			return;
	}
	ecrypto_job_end(job, err);
}

static void ecrypto_job_accepted(struct ecrypto *dev, struct ecrypto_request *req)
{
	struct ecrypto_job *job = container_of(req, struct ecrypto_job, req);

	job->done(job, -EINPROGRESS);
}

static struct ecrypto *ecrypto_job_choose(u32 command)
{
	u32 features = CRYPTO_FEATURES_AES128_MASK | CRYPTO_FEATURES_AES192_MASK |
		       CRYPTO_FEATURES_AES256_MASK;

	if ((command & CRYPTO_EXT_COMMAND_OP_MASK) == CRYPTO_EXT_COMMAND_OP_SHA256)
		features = CRYPTO_FEATURES_SHA256_MASK | CRYPTO_FEATURES_HASH_STATE_MASK;
	return ecrypto_choose(features);
}

bool ecrypto_job_device_exists(u32 command)
{
	struct ecrypto *dev = ecrypto_job_choose(command);

	if (dev)
		ecrypto_leave(dev);
	return dev;
}

int ecrypto_job_submit(struct ecrypto_job *job)
{
	struct ecrypto *dev = ecrypto_job_choose(job->command);
	int err;

	if (!dev)
		return -ENODEV;
	job->dev = dev;
	memset(&job->req, 0, sizeof(job->req));
	job->req.start = ecrypto_job_start;
	job->req.complete = ecrypto_job_complete;
	job->req.accepted = ecrypto_job_accepted;
	job->req.bytes = job->length;
	job->req.limited = true;
	job->req.may_backlog = job->may_backlog;
	if (!ecrypto_is_hash(job) &&
	    sg_pcopy_to_buffer(job->src, sg_nents(job->src), job->last, AES_BLOCK_SIZE,
			       job->length - AES_BLOCK_SIZE) != AES_BLOCK_SIZE) {
		ecrypto_leave(dev);
		return -EINVAL;
	}
	err = ecrypto_job_map(job);
	if (!err) {
		err = ecrypto_submit(dev, &job->req);
		/* From here on it may be over, and the job freed. */
		if (!err)
			return -EINPROGRESS;
		if (err == -EBUSY)
			return err;
		ecrypto_job_unmap(job);
	} else if (err != -EINVAL) {
		err = ecrypto_bounce_begin(job);
		if (!err)
			return -EINPROGRESS;
	}
	ecrypto_leave(dev);
	return err;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sha256 for the kernel's crypto API. The state between two calls is the kernel's
 * own struct sha256_state, which is also what is exported: the device has nothing
 * of a hash that is not in it.
 */
#include <crypto/internal/hash.h>
#include <crypto/sha2.h>
#include <linux/bottom_half.h>
#include <linux/module.h>
#include <asm/unaligned.h>

#include "job.h"

struct ecrypto_hash {
	struct ecrypto_job job; /* first */
	struct sha256_state state; /* in buf: what does not fill a block */
};

static_assert(offsetof(struct ecrypto_hash, job) == 0);

static struct ahash_request *ecrypto_hash_request(struct ecrypto_job *job)
{
	return container_of((void *)job, struct ahash_request, __ctx);
}

static void ecrypto_hash_complete(struct ahash_request *req, int err)
{
	/* Users expect to be called back as by an interrupt. */
	local_bh_disable();
	ahash_request_complete(req, err);
	local_bh_enable();
}

static void ecrypto_update_done(struct ecrypto_job *job, int err)
{
	struct ahash_request *req = ecrypto_hash_request(job);
	struct ecrypto_hash *hash = ahash_request_ctx(req);
	u32 tail = req->nbytes - job->length;

	/* The list is long enough: the device has had what comes before. */
	if (!err && tail &&
	    sg_pcopy_to_buffer(req->src, sg_nents(req->src), hash->state.buf, tail, job->length) !=
		    tail)
		err = -EINVAL;
	if (!err) {
		memcpy(hash->state.state, job->state, sizeof(job->state));
		hash->state.count += req->nbytes;
	}
	ecrypto_hash_complete(req, err);
}

static void ecrypto_final_done(struct ecrypto_job *job, int err)
{
	struct ahash_request *req = ecrypto_hash_request(job);
	unsigned int i;

	for (i = 0; !err && i < ARRAY_SIZE(job->state); i++)
		put_unaligned_be32(job->state[i], req->result + 4 * i);
	ecrypto_hash_complete(req, err);
}

/* Whatever is in the buffer, and then length bytes of the request's. */
static int ecrypto_hash_submit(struct ahash_request *req, u32 length, bool last)
{
	struct ecrypto_hash *hash = ahash_request_ctx(req);
	u32 partial = hash->state.count % SHA256_BLOCK_SIZE;
	struct ecrypto_job *job = &hash->job;

	job->command = CRYPTO_EXT_COMMAND_OP_SHA256;
	job->hashed = hash->state.count - partial;
	if (!job->hashed)
		job->command |= CRYPTO_EXT_COMMAND_FIRST_MASK;
	if (last)
		job->command |= CRYPTO_EXT_COMMAND_LAST_MASK;
	job->may_sleep = req->base.flags & CRYPTO_TFM_REQ_MAY_SLEEP;
	job->may_backlog = req->base.flags & CRYPTO_TFM_REQ_MAY_BACKLOG;
	job->src = req->src;
	job->dst = NULL;
	job->length = length;
	job->head = hash->state.buf;
	job->head_length = partial;
	memcpy(job->state, hash->state.state, sizeof(job->state));
	job->done = last ? ecrypto_final_done : ecrypto_update_done;
	return ecrypto_job_submit(job);
}

static int ecrypto_hash_init(struct ahash_request *req)
{
	struct ecrypto_hash *hash = ahash_request_ctx(req);

	sha256_init(&hash->state);
	return 0;
}

static int ecrypto_hash_update(struct ahash_request *req)
{
	struct ecrypto_hash *hash = ahash_request_ctx(req);
	u32 partial = hash->state.count % SHA256_BLOCK_SIZE;
	u64 total = (u64)partial + req->nbytes;

	if (total >= SHA256_BLOCK_SIZE)
		return ecrypto_hash_submit(req, req->nbytes - total % SHA256_BLOCK_SIZE, false);
	if (req->nbytes &&
	    sg_pcopy_to_buffer(req->src, sg_nents(req->src), hash->state.buf + partial, req->nbytes,
			       0) != req->nbytes)
		return -EINVAL;
	hash->state.count += req->nbytes;
	return 0;
}

static int ecrypto_hash_final(struct ahash_request *req)
{
	return ecrypto_hash_submit(req, 0, true);
}

static int ecrypto_hash_finup(struct ahash_request *req)
{
	return ecrypto_hash_submit(req, req->nbytes, true);
}

static int ecrypto_hash_digest(struct ahash_request *req)
{
	ecrypto_hash_init(req);
	return ecrypto_hash_finup(req);
}

static int ecrypto_hash_export(struct ahash_request *req, void *out)
{
	const struct ecrypto_hash *hash = ahash_request_ctx(req);

	memcpy(out, &hash->state, sizeof(hash->state));
	return 0;
}

static int ecrypto_hash_import(struct ahash_request *req, const void *in)
{
	struct ecrypto_hash *hash = ahash_request_ctx(req);

	memcpy(&hash->state, in, sizeof(hash->state));
	return 0;
}

static int ecrypto_hash_init_tfm(struct crypto_ahash *tfm)
{
	if (!ecrypto_job_device_exists(CRYPTO_EXT_COMMAND_OP_SHA256))
		return -ENODEV;
	crypto_ahash_set_reqsize(tfm, sizeof(struct ecrypto_hash));
	return 0;
}

struct ahash_alg ecrypto_sha256 = {
	.init = ecrypto_hash_init,
	.update = ecrypto_hash_update,
	.final = ecrypto_hash_final,
	.finup = ecrypto_hash_finup,
	.digest = ecrypto_hash_digest,
	.export = ecrypto_hash_export,
	.import = ecrypto_hash_import,
	.init_tfm = ecrypto_hash_init_tfm,
	.halg = {
		.digestsize = SHA256_DIGEST_SIZE,
		.statesize = sizeof(struct sha256_state),
		.base = {
			.cra_name = "sha256",
			.cra_driver_name = "sha256-ersatz",
			.cra_flags = CRYPTO_ALG_ASYNC | CRYPTO_ALG_KERN_DRIVER_ONLY,
			.cra_blocksize = SHA256_BLOCK_SIZE,
			.cra_module = THIS_MODULE,
		},
	},
};

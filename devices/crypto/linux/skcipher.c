// SPDX-License-Identifier: GPL-2.0-or-later
/* cbc(aes) for the kernel's crypto API. */
#include <crypto/aes.h>
#include <crypto/internal/skcipher.h>
#include <linux/bottom_half.h>
#include <linux/module.h>

#include "job.h"

static void ecrypto_cbc_done(struct ecrypto_job *job, int err)
{
	struct skcipher_request *req = container_of((void *)job, struct skcipher_request, __ctx);

	if (!err)
		memcpy(req->iv, job->iv, AES_BLOCK_SIZE);
	/* Users expect to be called back as by an interrupt. */
	local_bh_disable();
	skcipher_request_complete(req, err);
	local_bh_enable();
}

static int ecrypto_cbc_crypt(struct skcipher_request *req, u32 op)
{
	struct ecrypto_job *job = skcipher_request_ctx(req);

	if (!req->cryptlen)
		return 0;
	if (req->cryptlen % AES_BLOCK_SIZE)
		return -EINVAL;
	job->command = op;
	job->may_sleep = req->base.flags & CRYPTO_TFM_REQ_MAY_SLEEP;
	job->may_backlog = req->base.flags & CRYPTO_TFM_REQ_MAY_BACKLOG;
	job->src = req->src;
	job->dst = req->dst;
	job->length = req->cryptlen;
	job->head_length = 0;
	job->key = crypto_skcipher_ctx(crypto_skcipher_reqtfm(req));
	memcpy(job->iv, req->iv, AES_BLOCK_SIZE);
	job->done = ecrypto_cbc_done;
	return ecrypto_job_submit(job);
}

static int ecrypto_cbc_encrypt(struct skcipher_request *req)
{
	return ecrypto_cbc_crypt(req, CRYPTO_EXT_COMMAND_OP_AES_CBC_ENCRYPT);
}

static int ecrypto_cbc_decrypt(struct skcipher_request *req)
{
	return ecrypto_cbc_crypt(req, CRYPTO_EXT_COMMAND_OP_AES_CBC_DECRYPT);
}

static int ecrypto_cbc_setkey(struct crypto_skcipher *tfm, const u8 *key, unsigned int length)
{
	return ecrypto_key_set(crypto_skcipher_ctx(tfm), key, length);
}

static int ecrypto_cbc_init(struct crypto_skcipher *tfm)
{
	if (!ecrypto_job_device_exists(CRYPTO_EXT_COMMAND_OP_AES_CBC_ENCRYPT))
		return -ENODEV;
	crypto_skcipher_set_reqsize(tfm, sizeof(struct ecrypto_job));
	return 0;
}

/* Our copy of the key is overwritten by the crypto API. */
static void ecrypto_cbc_exit(struct crypto_skcipher *tfm)
{
	ecrypto_key_forget(crypto_skcipher_ctx(tfm));
}

struct skcipher_alg ecrypto_cbc = {
	.base.cra_name = "cbc(aes)",
	.base.cra_driver_name = "cbc-aes-ersatz",
	.base.cra_flags = CRYPTO_ALG_ASYNC | CRYPTO_ALG_KERN_DRIVER_ONLY,
	.base.cra_blocksize = AES_BLOCK_SIZE,
	.base.cra_ctxsize = sizeof(struct ecrypto_key),
	.base.cra_module = THIS_MODULE,
	.min_keysize = AES_MIN_KEY_SIZE,
	.max_keysize = AES_MAX_KEY_SIZE,
	.ivsize = AES_BLOCK_SIZE,
	.setkey = ecrypto_cbc_setkey,
	.encrypt = ecrypto_cbc_encrypt,
	.decrypt = ecrypto_cbc_decrypt,
	.init = ecrypto_cbc_init,
	.exit = ecrypto_cbc_exit,
};

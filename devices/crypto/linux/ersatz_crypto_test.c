// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What of the crypto API's side only a caller inside the kernel can ask for:
 * scatterlists of every kind, requests from where nobody may sleep, queues that
 * are full, requests that overlap. Loading it runs all of it, and succeeds if
 * all is well; what is not stands in the log. The kernel's own code for the CPU
 * says what is right.
 *
 *   modprobe ersatz_crypto queue=8 && modprobe ersatz_crypto_test
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <crypto/aes.h>
#include <crypto/hash.h>
#include <crypto/sha2.h>
#include <crypto/skcipher.h>
#include <linux/bottom_half.h>
#include <linux/completion.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#define OURS "cbc-aes-ersatz"
#define OUR_HASH "sha256-ersatz"

#define TEST_BYTES (320 * 1024)
#define TEST_FLOOD 64 /* requests at once */

/* Says so if it does not hold. */
static bool test_failed(bool holds, const char *function, int line, const char *condition)
{
	if (!holds)
		pr_err("%s:%d: not so: %s\n", function, line, condition);
	return !holds;
}

#define FAILS(condition) test_failed(condition, __func__, __LINE__, #condition)

struct test {
	struct crypto_skcipher *ours;
	struct crypto_skcipher *cpu;
	struct crypto_ahash *hash;
	struct crypto_ahash *cpu_hash;
	u8 *in;
	u8 *out;
	u8 *right;
	u8 iv[AES_BLOCK_SIZE];
};

/* One request, waited for. The IV is brought up to date. */
static int test_crypt(struct crypto_skcipher *tfm, bool encrypt, struct scatterlist *src,
		      struct scatterlist *dst, u32 length, u8 *iv, u32 flags)
{
	struct skcipher_request *req = skcipher_request_alloc(tfm, GFP_KERNEL);
	DECLARE_CRYPTO_WAIT(wait);
	int err;

	if (!req)
		return -ENOMEM;
	skcipher_request_set_callback(req, flags | CRYPTO_TFM_REQ_MAY_BACKLOG, crypto_req_done,
				      &wait);
	skcipher_request_set_crypt(req, src, dst, length, iv);
	if (!(flags & CRYPTO_TFM_REQ_MAY_SLEEP))
		local_bh_disable();
	err = encrypt ? crypto_skcipher_encrypt(req) : crypto_skcipher_decrypt(req);
	if (!(flags & CRYPTO_TFM_REQ_MAY_SLEEP))
		local_bh_enable();
	err = crypto_wait_req(err, &wait);
	skcipher_request_free(req);
	return err;
}

/* What the CPU makes of t->in, in t->right; the IV after that in iv. */
static int test_right(struct test *t, bool encrypt, u32 length, u8 *iv)
{
	struct scatterlist in, out;

	memcpy(iv, t->iv, sizeof(t->iv));
	sg_init_one(&in, t->in, length);
	sg_init_one(&out, t->right, length);
	return test_crypt(t->cpu, encrypt, &in, &out, length, iv, CRYPTO_TFM_REQ_MAY_SLEEP);
}

/* These lists describe t->in and t->out: both directions, from any context. */
static int test_lists(struct test *t, struct scatterlist *src, struct scatterlist *dst, u32 length)
{
	u8 iv[AES_BLOCK_SIZE], right_iv[AES_BLOCK_SIZE];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (FAILS(!test_right(t, i & 1, length, right_iv)))
			return -EINVAL;
		memcpy(iv, t->iv, sizeof(iv));
		memset(t->out, 0xa5, TEST_BYTES);
		if (FAILS(!test_crypt(t->ours, i & 1, src, dst, length, iv,
				      i & 2 ? CRYPTO_TFM_REQ_MAY_SLEEP : 0)))
			return -EINVAL;
		if (FAILS(!memcmp(t->out, t->right, length)))
			return -EINVAL;
		if (FAILS(length == TEST_BYTES || t->out[length] == 0xa5))
			return -EINVAL;
		if (FAILS(!memcmp(iv, right_iv, sizeof(iv))))
			return -EINVAL;
	}
	return 0;
}

static int test_refused(struct test *t)
{
	u8 iv[AES_BLOCK_SIZE];
	struct scatterlist sg;
	unsigned int i;

	memcpy(iv, t->iv, sizeof(iv));
	sg_init_one(&sg, t->in, 64);
	/* Nothing to be done is done at once. */
	if (FAILS(!test_crypt(t->ours, true, &sg, &sg, 0, iv, 0)))
		return -EINVAL;
	for (i = 1; i < 48; i++)
		if (i % AES_BLOCK_SIZE)
			if (FAILS(test_crypt(t->ours, true, &sg, &sg, i, iv, 0) == -EINVAL))
				return -EINVAL;
	/* A list that is too short. */
	if (FAILS(test_crypt(t->ours, true, &sg, &sg, 80, iv, 0) == -EINVAL))
		return -EINVAL;
	if (FAILS(!memcmp(iv, t->iv, sizeof(iv))))
		return -EINVAL;
	return 0;
}

/* Entries of one byte and more, at every offset, with empty ones among them. */
static int test_small_entries(struct test *t)
{
	static const u32 sizes[] = { 1, 0, 15, 16, 17, 0, 0, 31, 7, 64 };
	struct sg_table src, dst;
	struct scatterlist *a, *b;
	u32 at = 0, total = 0;
	unsigned int i, n = 6000;
	int err;

	if (FAILS(!sg_alloc_table(&src, n, GFP_KERNEL)))
		return -EINVAL;
	if (FAILS(!sg_alloc_table(&dst, n, GFP_KERNEL)))
		return -EINVAL;
	a = src.sgl;
	b = dst.sgl;
	for (i = 0; i < n; i++) {
		u32 size = sizes[i % ARRAY_SIZE(sizes)];

		sg_set_buf(a, t->in + at, size);
		at += size;
		a = sg_next(a);
		/* The other one is divided otherwise. */
		size = sizes[(i + 3) % ARRAY_SIZE(sizes)];
		sg_set_buf(b, t->out + total, size);
		total += size;
		b = sg_next(b);
	}
	total = round_down(min(at, total), AES_BLOCK_SIZE);
	err = total > TEST_BYTES ? -EINVAL : test_lists(t, src.sgl, dst.sgl, total);
	if (!err)
		err = test_lists(t, src.sgl, dst.sgl, AES_BLOCK_SIZE);
	sg_free_table(&src);
	sg_free_table(&dst);
	return err;
}

/* No two entries are neighbours in memory, so none can be spared: several thousand. */
static int test_many_entries(struct test *t)
{
	/* A cache line each: no more than the DMA API asks for. */
	const unsigned int n = 5000, size = 16, step = 64;
	u8 iv[AES_BLOCK_SIZE], right_iv[AES_BLOCK_SIZE];
	struct scatterlist one, *sg;
	struct sg_table list;
	unsigned int i;
	int err;

	if (FAILS(n * step <= TEST_BYTES))
		return -EINVAL;
	if (FAILS(!sg_alloc_table(&list, n, GFP_KERNEL)))
		return -EINVAL;
	memcpy(t->out, t->in, TEST_BYTES);
	for_each_sg(list.sgl, sg, n, i)
		sg_set_buf(sg, t->out + i * step, size);
	/* What is to come: the pieces together. */
	for (i = 0; i < n; i++)
		memcpy(t->right + i * size, t->in + i * step, size);
	memcpy(right_iv, t->iv, sizeof(iv));
	memcpy(iv, t->iv, sizeof(iv));
	sg_init_one(&one, t->right, n * size);
	err = test_crypt(t->cpu, true, &one, &one, n * size, right_iv, CRYPTO_TFM_REQ_MAY_SLEEP);
	if (!err)
		err = test_crypt(t->ours, true, list.sgl, list.sgl, n * size, iv,
				 CRYPTO_TFM_REQ_MAY_SLEEP);
	sg_free_table(&list);
	if (FAILS(!err))
		return -EINVAL;
	for (i = 0; i < n; i++) {
		if (FAILS(!memcmp(t->out + i * step, t->right + i * size, size)))
			return -EINVAL;
		if (FAILS(!memcmp(t->out + i * step + size, t->in + i * step + size, step - size)))
			return -EINVAL;
	}
	if (FAILS(!memcmp(iv, right_iv, sizeof(iv))))
		return -EINVAL;
	return 0;
}

/* Two chained lists whose ends are one and the same: in place from there on. */
static int test_shared_end(struct test *t)
{
	struct scatterlist src[2], dst[2], end[3];
	u8 iv[AES_BLOCK_SIZE], right_iv[AES_BLOCK_SIZE];
	const u32 half = 8192 + 5, length = 3 * 8192;

	if (FAILS(!test_right(t, true, length, right_iv)))
		return -EINVAL;
	memcpy(t->out, t->in, length);
	sg_init_table(end, ARRAY_SIZE(end));
	sg_set_buf(&end[0], t->out + half, 4096);
	sg_set_buf(&end[1], t->out + half + 4096, 11);
	sg_set_buf(&end[2], t->out + half + 4107, length - half - 4107);
	sg_init_table(src, 2);
	sg_set_buf(&src[0], t->in, half);
	sg_chain(src, 2, end);
	sg_init_table(dst, 2);
	sg_set_buf(&dst[0], t->out, half);
	sg_chain(dst, 2, end);
	memcpy(iv, t->iv, sizeof(iv));
	if (FAILS(!test_crypt(t->ours, true, src, dst, length, iv, CRYPTO_TFM_REQ_MAY_SLEEP)))
		return -EINVAL;
	if (FAILS(!memcmp(t->out, t->right, length)))
		return -EINVAL;
	if (FAILS(!memcmp(iv, right_iv, sizeof(iv))))
		return -EINVAL;
	return 0;
}

/* The same memory by two lists: at the same places, divided otherwise; and askew. */
static int test_overlap(struct test *t)
{
	const u32 length = 20000 / AES_BLOCK_SIZE * AES_BLOCK_SIZE;
	struct scatterlist src[2], dst[3];
	u8 iv[AES_BLOCK_SIZE], right_iv[AES_BLOCK_SIZE];

	if (FAILS(!test_right(t, true, length, right_iv)))
		return -EINVAL;
	memcpy(t->out, t->in, length);
	sg_init_table(src, 2);
	sg_set_buf(&src[0], t->out, 5001);
	sg_set_buf(&src[1], t->out + 5001, length - 5001);
	sg_init_table(dst, 3);
	sg_set_buf(&dst[0], t->out, 100);
	sg_set_buf(&dst[1], t->out + 100, 10000);
	sg_set_buf(&dst[2], t->out + 10100, length - 10100);
	memcpy(iv, t->iv, sizeof(iv));
	if (FAILS(!test_crypt(t->ours, true, src, dst, length, iv, 0)))
		return -EINVAL;
	if (FAILS(!memcmp(t->out, t->right, length)))
		return -EINVAL;

	memcpy(t->out, t->in, length);
	sg_init_one(src, t->out, length);
	sg_init_one(dst, t->out + 3 * AES_BLOCK_SIZE, length);
	memcpy(iv, t->iv, sizeof(iv));
	if (FAILS(!test_crypt(t->ours, true, src, dst, length, iv, 0)))
		return -EINVAL;
	if (FAILS(!memcmp(t->out + 3 * AES_BLOCK_SIZE, t->right, length)))
		return -EINVAL;
	if (FAILS(!memcmp(iv, right_iv, sizeof(iv))))
		return -EINVAL;
	return 0;
}

/* ---- many at once ---- */

struct test_flood {
	struct skcipher_request *req;
	struct completion *done; /* of all */
	atomic_t *left;
	u8 *data;
	u8 iv[AES_BLOCK_SIZE];
	struct scatterlist sg;
	int backlogged; /* calls that gave EBUSY */
	int accepted; /* EINPROGRESS that have come */
	int again; /* submissions to come, from within the callback */
	int err;
	bool wrong; /* a context that must not be */
};

static void test_flood_done(struct crypto_async_request *base, int err)
{
	struct test_flood *f = base->data;

	if (!in_serving_softirq() && !softirq_count())
		f->wrong = true;
	if (err == -EINPROGRESS) {
		f->accepted++;
		return;
	}
	if (!err && f->again) {
		f->again--;
		err = crypto_skcipher_encrypt(f->req);
		if (err == -EBUSY)
			f->backlogged++;
		if (err == -EINPROGRESS || err == -EBUSY)
			return;
	}
	f->err = err;
	if (atomic_dec_and_test(f->left))
		complete(f->done);
}

#define FLOOD_BYTES 2048

/* Submits all of them, with nobody waiting in between. How many were refused, and kept outside. */
static int test_flood_run(struct test *t, struct test_flood *floods, u32 flags, int again,
			  unsigned int *ret_refused, unsigned int *ret_backlogged)
{
	DECLARE_COMPLETION_ONSTACK(done);
	atomic_t left = ATOMIC_INIT(TEST_FLOOD + 1);
	unsigned int i;
	int err;

	*ret_refused = 0;
	*ret_backlogged = 0;
	for (i = 0; i < TEST_FLOOD; i++) {
		struct test_flood *f = &floods[i];

		f->done = &done;
		f->left = &left;
		f->data = t->out + i * FLOOD_BYTES;
		f->backlogged = 0;
		f->accepted = 0;
		f->again = again;
		f->err = 1;
		memcpy(f->iv, t->iv, sizeof(f->iv));
		memcpy(f->data, t->in + i * FLOOD_BYTES, FLOOD_BYTES);
		sg_init_one(&f->sg, f->data, FLOOD_BYTES);
		skcipher_request_set_callback(f->req, flags, test_flood_done, f);
		skcipher_request_set_crypt(f->req, &f->sg, &f->sg, FLOOD_BYTES, f->iv);
		local_bh_disable();
		err = crypto_skcipher_encrypt(f->req);
		local_bh_enable();
		if (err == -EBUSY) {
			++*ret_backlogged;
		} else if (err != -EINPROGRESS) {
			f->err = err;
			++*ret_refused;
			atomic_dec(&left);
		}
	}
	if (!atomic_dec_and_test(&left))
		wait_for_completion(&done);
	return 0;
}

static int test_flood_check(struct test *t, struct test_flood *floods, u32 flags, int again)
{
	unsigned int refused, backlogged, accepted = 0, i;
	u8 right_iv[AES_BLOCK_SIZE];
	struct scatterlist one;
	int n;

	if (FAILS(!test_flood_run(t, floods, flags, again, &refused, &backlogged)))
		return -EINVAL;
	pr_info("%u at once: %u refused, %u kept outside\n", TEST_FLOOD, refused, backlogged);
	for (i = 0; i < TEST_FLOOD; i++) {
		const struct test_flood *f = &floods[i];

		if (FAILS(!f->wrong))
			return -EINVAL;
		if (flags & CRYPTO_TFM_REQ_MAY_BACKLOG) {
			if (FAILS(!f->err))
				return -EINVAL;
			if (!again)
				if (FAILS(f->accepted <= 1))
					return -EINVAL;
			accepted += f->accepted;
			backlogged += f->backlogged;
		} else {
			if (FAILS(!f->backlogged && !f->accepted))
				return -EINVAL;
			if (FAILS(!f->err || f->err == -ENOSPC))
				return -EINVAL;
		}
		memcpy(t->right, t->in + i * FLOOD_BYTES, FLOOD_BYTES);
		memcpy(right_iv, t->iv, sizeof(right_iv));
		sg_init_one(&one, t->right, FLOOD_BYTES);
		for (n = 0; n <= again && !f->err; n++)
			if (FAILS(!test_crypt(t->cpu, true, &one, &one, FLOOD_BYTES, right_iv,
					      CRYPTO_TFM_REQ_MAY_SLEEP)))
				return -EINVAL;
		if (FAILS(!memcmp(f->data, t->right, FLOOD_BYTES)))
			return -EINVAL;
		if (FAILS(!memcmp(f->iv, right_iv, sizeof(right_iv))))
			return -EINVAL;
	}
	/* Each EBUSY has had its EINPROGRESS. */
	if (FAILS(accepted == backlogged))
		return -EINVAL;
	if (FAILS((flags & CRYPTO_TFM_REQ_MAY_BACKLOG ? refused : backlogged) == 0))
		return -EINVAL;
	return flags & CRYPTO_TFM_REQ_MAY_BACKLOG ? backlogged : refused;
}

static int test_floods(struct test *t)
{
	struct test_flood *floods = kcalloc(TEST_FLOOD, sizeof(*floods), GFP_KERNEL);
	unsigned int i;
	int err = 0;

	if (!floods)
		return -ENOMEM;
	for (i = 0; i < TEST_FLOOD && !err; i++) {
		floods[i].req = skcipher_request_alloc(t->ours, GFP_KERNEL);
		if (!floods[i].req)
			err = -ENOMEM;
	}
	if (!err)
		err = test_flood_check(t, floods, CRYPTO_TFM_REQ_MAY_BACKLOG, 0);
	if (err >= 0)
		err = test_flood_check(t, floods, 0, 0);
	if (err >= 0)
		err = test_flood_check(t, floods, CRYPTO_TFM_REQ_MAY_BACKLOG, 3);
	for (i = 0; i < TEST_FLOOD; i++)
		skcipher_request_free(floods[i].req);
	kfree(floods);
	return min(err, 0);
}

/* ---- sha256 ---- */

/* A state that is taken from one implementation to the other, at every place in a block. */
static int test_state_one(struct test *t, struct ahash_request *from, struct ahash_request *to,
			  u32 before, u32 length)
{
	u8 digest[SHA256_DIGEST_SIZE], right[SHA256_DIGEST_SIZE];
	struct sha256_state *state = (struct sha256_state *)t->right;
	struct scatterlist sg[2];
	DECLARE_CRYPTO_WAIT(wait);

	ahash_request_set_callback(from, CRYPTO_TFM_REQ_MAY_BACKLOG, crypto_req_done, &wait);
	ahash_request_set_callback(to, CRYPTO_TFM_REQ_MAY_BACKLOG, crypto_req_done, &wait);
	/* No empty entry: the kernel's code for the CPU does not bear them. */
	if (before < 2) {
		sg_init_one(sg, t->in, before);
	} else {
		sg_init_table(sg, 2);
		sg_set_buf(&sg[0], t->in, before / 2);
		sg_set_buf(&sg[1], t->in + before / 2, before - before / 2);
	}
	ahash_request_set_crypt(from, sg, NULL, before);
	if (FAILS(!crypto_wait_req(crypto_ahash_init(from), &wait)))
		return -EINVAL;
	if (FAILS(!crypto_wait_req(crypto_ahash_update(from), &wait)))
		return -EINVAL;
	if (FAILS(!crypto_ahash_export(from, state)))
		return -EINVAL;
	if (FAILS(!crypto_ahash_import(to, state)))
		return -EINVAL;
	sg_init_one(sg, t->in + before, length - before);
	ahash_request_set_crypt(to, sg, digest, length - before);
	if (FAILS(!crypto_wait_req(crypto_ahash_finup(to), &wait)))
		return -EINVAL;
	sha256(t->in, length, right);
	if (FAILS(!memcmp(digest, right, sizeof(right))))
		return -EINVAL;
	return 0;
}

static int test_state(struct test *t)
{
	struct ahash_request *ours = ahash_request_alloc(t->hash, GFP_KERNEL);
	struct ahash_request *cpu = ahash_request_alloc(t->cpu_hash, GFP_KERNEL);
	int err = ours && cpu ? 0 : -ENOMEM;
	u32 before;

	for (before = 0; before <= 200 && !err; before++) {
		err = test_state_one(t, ours, cpu, before, 1000);
		if (!err)
			err = test_state_one(t, cpu, ours, before, 1000);
	}
	ahash_request_free(ours);
	ahash_request_free(cpu);
	return err;
}

/* ---- all of it ---- */

static int test_all(struct test *t)
{
	static const struct {
		const char *name;
		int (*run)(struct test *t);
	} tests[] = {
		{ "refused", test_refused },
		{ "small_entries", test_small_entries },
		{ "many_entries", test_many_entries },
		{ "shared_end", test_shared_end },
		{ "overlap", test_overlap },
		{ "floods", test_floods },
		{ "state", test_state },
	};
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		err = tests[i].run(t);
		if (err) {
			pr_err("%s has failed (%d)\n", tests[i].name, err);
			return err;
		}
		pr_info("%s: ok\n", tests[i].name);
	}
	return 0;
}

static int test_with(struct test *t)
{
	u8 key[AES_KEYSIZE_256];

	if (IS_ERR(t->ours) || IS_ERR(t->cpu) || IS_ERR(t->hash) || IS_ERR(t->cpu_hash)) {
		pr_err("an algorithm is missing: %d, %d, %d, %d\n", PTR_ERR_OR_ZERO(t->ours),
		       PTR_ERR_OR_ZERO(t->cpu), PTR_ERR_OR_ZERO(t->hash),
		       PTR_ERR_OR_ZERO(t->cpu_hash));
		return -ENODEV;
	}
	if (!t->in || !t->out || !t->right)
		return -ENOMEM;
	get_random_bytes(t->in, TEST_BYTES);
	get_random_bytes(t->iv, sizeof(t->iv));
	get_random_bytes(key, sizeof(key));
	if (crypto_skcipher_setkey(t->ours, key, sizeof(key)) ||
	    crypto_skcipher_setkey(t->cpu, key, sizeof(key)))
		return -EINVAL;
	return test_all(t);
}

static int __init ersatz_crypto_test_init(void)
{
	struct test t = {
		.ours = crypto_alloc_skcipher(OURS, 0, 0),
		.cpu = crypto_alloc_skcipher("cbc(aes-generic)", 0, 0),
		.hash = crypto_alloc_ahash(OUR_HASH, 0, 0),
		.cpu_hash = crypto_alloc_ahash("sha256-generic", 0, 0),
		.in = kmalloc(TEST_BYTES, GFP_KERNEL),
		.out = kmalloc(TEST_BYTES, GFP_KERNEL),
		.right = kmalloc(TEST_BYTES, GFP_KERNEL),
	};
	int err = test_with(&t);

	if (!IS_ERR(t.ours))
		crypto_free_skcipher(t.ours);
	if (!IS_ERR(t.cpu))
		crypto_free_skcipher(t.cpu);
	if (!IS_ERR(t.hash))
		crypto_free_ahash(t.hash);
	if (!IS_ERR(t.cpu_hash))
		crypto_free_ahash(t.cpu_hash);
	kfree(t.in);
	kfree(t.out);
	kfree(t.right);
	return err;
}
module_init(ersatz_crypto_test_init);

static void __exit ersatz_crypto_test_exit(void)
{
}
module_exit(ersatz_crypto_test_exit);

MODULE_DESCRIPTION("Test of the crypto device's driver from inside the kernel");
MODULE_AUTHOR("Ersatz");
MODULE_LICENSE("GPL");

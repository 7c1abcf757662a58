// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What encrypting through the kernel's crypto API costs, without the copies that
 * AF_ALG makes: cbc(aes), 256 bits, from single pages to other single pages, one
 * request after the other.
 *
 *   modprobe crypto_speed driver=cbc-aes-ersatz bytes=1048576 times=50
 *   cat /sys/module/crypto_speed/parameters/result
 *
 * measures while it is being loaded. The result is one line: ns a request
 * (the median), ns that the guest's CPUs were busy a request, as the kernel's own
 * idle times have it, and the last cipher block, so that two of them can be held
 * against each other.
 */
#include <crypto/skcipher.h>
#include <linux/cpumask.h>
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/tick.h>

#define MOST_BYTES (16u << 20)
#define MOST_TIMES 10000u

static char *driver = "cbc(aes-generic)";
module_param(driver, charp, 0444);
MODULE_PARM_DESC(driver, "cra_driver_name of the implementation");

static unsigned int bytes = 1 << 20;
module_param(bytes, uint, 0444);
MODULE_PARM_DESC(bytes, "of a request, a multiple of the page size, up to 16 MiB");

static unsigned int times = 20;
module_param(times, uint, 0444);
MODULE_PARM_DESC(times, "requests that are measured");

static char result[160];
module_param_string(result, result, sizeof(result), 0444);

struct speed {
	struct crypto_skcipher *tfm;
	struct skcipher_request *req;
	struct scatterlist *src, *dst;
	unsigned int pages;
	u64 *took;
	u64 busy;
};

static void free_pages_of(struct scatterlist *sg, unsigned int pages)
{
	unsigned int i;

	for (i = 0; sg && i < pages; i++)
		if (sg_page(&sg[i]))
			__free_page(sg_page(&sg[i]));
	kvfree(sg);
}

static struct scatterlist *new_pages(unsigned int pages)
{
	struct scatterlist *sg = kvcalloc(pages, sizeof(*sg), GFP_KERNEL);
	unsigned int i;

	if (!sg)
		return NULL;
	sg_init_table(sg, pages);
	for (i = 0; i < pages; i++) {
		struct page *page = alloc_page(GFP_KERNEL);

		if (!page) {
			free_pages_of(sg, pages);
			return NULL;
		}
		memset(page_address(page), i, PAGE_SIZE);
		sg_set_page(&sg[i], page, PAGE_SIZE, 0);
	}
	return sg;
}

/* Of all CPUs together. */
static u64 idle_us(void)
{
	u64 sum = 0;
	int cpu;

	for_each_online_cpu(cpu) sum += get_cpu_idle_time_us(cpu, NULL);
	return sum;
}

static int encrypt(struct speed *s)
{
	DECLARE_CRYPTO_WAIT(wait);
	u8 iv[16] = { 0 };

	skcipher_request_set_callback(s->req, CRYPTO_TFM_REQ_MAY_BACKLOG | CRYPTO_TFM_REQ_MAY_SLEEP,
				      crypto_req_done, &wait);
	skcipher_request_set_crypt(s->req, s->src, s->dst, bytes, iv);
	return crypto_wait_req(crypto_skcipher_encrypt(s->req), &wait);
}

static int by_size(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static int measure(struct speed *s)
{
	u64 start, began, elapsed, idle;
	unsigned int i;
	int err;

	for (i = 0; i < 3; i++) {
		err = encrypt(s);
		if (err)
			return err;
	}
	idle = idle_us();
	began = ktime_get_ns();
	for (i = 0; i < times; i++) {
		start = ktime_get_ns();
		err = encrypt(s);
		if (err)
			return err;
		s->took[i] = ktime_get_ns() - start;
	}
	elapsed = (ktime_get_ns() - began) * num_online_cpus();
	idle = (idle_us() - idle) * 1000;
	s->busy = div_u64(elapsed > idle ? elapsed - idle : 0, times);
	sort(s->took, times, sizeof(*s->took), by_size, NULL);
	return 0;
}

static int prepare(struct speed *s)
{
	u8 key[32];
	unsigned int i;

	for (i = 0; i < sizeof(key); i++)
		key[i] = i;
	s->tfm = crypto_alloc_skcipher(driver, 0, 0);
	if (IS_ERR(s->tfm)) {
		int err = PTR_ERR(s->tfm);

		s->tfm = NULL;
		return err;
	}
	s->req = skcipher_request_alloc(s->tfm, GFP_KERNEL);
	s->took = kvcalloc(times, sizeof(*s->took), GFP_KERNEL);
	s->src = new_pages(s->pages);
	s->dst = new_pages(s->pages);
	if (!s->req || !s->took || !s->src || !s->dst)
		return -ENOMEM;
	return crypto_skcipher_setkey(s->tfm, key, sizeof(key));
}

static int __init crypto_speed_init(void)
{
	struct speed s = { .pages = bytes / PAGE_SIZE };
	u8 *last;
	int err;

	if (!bytes || bytes % PAGE_SIZE || bytes > MOST_BYTES || !times || times > MOST_TIMES) {
		pr_err("bytes has to be a multiple of %lu up to %u, times up to %u\n", PAGE_SIZE,
		       MOST_BYTES, MOST_TIMES);
		return -EINVAL;
	}
	err = prepare(&s);
	if (!err)
		err = measure(&s);
	if (err) {
		pr_err("crypto_speed: %s: error %d\n", driver, err);
	} else {
		last = page_address(sg_page(&s.dst[s.pages - 1])) + PAGE_SIZE - 16;
		snprintf(result, sizeof(result), "%s %u bytes %llu ns %llu busy %16phN", driver,
			 bytes, s.took[times / 2], s.busy, last);
	}
	free_pages_of(s.src, s.pages);
	free_pages_of(s.dst, s.pages);
	kvfree(s.took);
	skcipher_request_free(s.req);
	crypto_free_skcipher(s.tfm);
	return err;
}
module_init(crypto_speed_init);

static void __exit crypto_speed_exit(void)
{
}
module_exit(crypto_speed_exit);

MODULE_DESCRIPTION("Measures an implementation of cbc(aes)");
MODULE_LICENSE("GPL");

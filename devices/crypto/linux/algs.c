// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Our algorithms in the kernel's crypto API: one registration of each, whatever
 * the number of devices.
 *
 * They are registered when the first device is there, since registration runs the
 * kernel's self-test, and unregistered when the last has gone, since whoever asks
 * for "cbc(aes)" would otherwise be given ours, which could not work, instead of
 * another. But an algorithm that somebody holds cannot be unregistered. It is
 * hidden then, so that nobody else finds it. Its requests get ENODEV, until there
 * is a device again or the last holder lets go, for which we look now and then:
 * nobody tells us.
 */
#include <crypto/internal/hash.h>
#include <crypto/internal/skcipher.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/refcount.h>

#include "job.h"

/*
 * Above the implementations for the CPU (at most 400), and above what other cards
 * have (at most 4001): whoever plugs in a card and loads its driver wants it to be
 * used, and if there are two of them, this is the one that is under development.
 */
static int ecrypto_priority = 5000;
module_param_named(priority, ecrypto_priority, int, 0444);
MODULE_PARM_DESC(priority, "Priority of our algorithms, the highest has the name (default 5000)");

struct ecrypto_alg {
	struct crypto_alg *base;
	u32 command; /* that it needs */
	bool registered;
	bool failed; /* said once */
};

static struct ecrypto_alg ecrypto_algs[] = {
	{ .base = &ecrypto_cbc.base, .command = CRYPTO_EXT_COMMAND_OP_AES_CBC_ENCRYPT },
	{ .base = &ecrypto_sha256.halg.base, .command = CRYPTO_EXT_COMMAND_OP_SHA256 },
};

static void ecrypto_algs_look(struct work_struct *work);

static DEFINE_MUTEX(ecrypto_algs_lock); /* not taken by what registration calls */
static DECLARE_DELAYED_WORK(ecrypto_algs_work, ecrypto_algs_look);

/* The registration itself counts as one. */
static bool ecrypto_alg_in_use(const struct ecrypto_alg *alg)
{
	return refcount_read(&alg->base->cra_refcnt) > 1;
}

static void ecrypto_alg_add(struct ecrypto_alg *alg)
{
	int err;

	/* No longer hidden, if it was. */
	alg->base->cra_flags &= ~CRYPTO_ALG_DYING;
	if (alg->registered)
		return;
	alg->base->cra_priority = ecrypto_priority;
	if (alg->base == &ecrypto_cbc.base)
		err = crypto_register_skcipher(&ecrypto_cbc);
	else
		err = crypto_register_ahash(&ecrypto_sha256);
	if (err && !alg->failed)
		pr_err(ECRYPTO_NAME ": the crypto API does not take %s (%d)\n", alg->base->cra_name,
		       err);
	alg->failed = err;
	alg->registered = !err;
}

static void ecrypto_alg_unregister(struct ecrypto_alg *alg)
{
	if (alg->base == &ecrypto_cbc.base)
		crypto_unregister_skcipher(&ecrypto_cbc);
	else
		crypto_unregister_ahash(&ecrypto_sha256);
	alg->registered = false;
}

/* Whether it is done, or must be tried again. */
static bool ecrypto_alg_remove(struct ecrypto_alg *alg)
{
	if (!alg->registered)
		return true;
	if (!(alg->base->cra_flags & CRYPTO_ALG_DYING)) {
		alg->base->cra_flags |= CRYPTO_ALG_DYING;
		/* Who is just finding it: he holds it in a moment, or not at all. */
		msleep(20);
	}
	if (ecrypto_alg_in_use(alg))
		return false;
	ecrypto_alg_unregister(alg);
	return true;
}

void ecrypto_algs_update(void)
{
	bool done = true;
	unsigned int i;

	mutex_lock(&ecrypto_algs_lock);
	for (i = 0; i < ARRAY_SIZE(ecrypto_algs); i++) {
		if (ecrypto_job_device_exists(ecrypto_algs[i].command))
			ecrypto_alg_add(&ecrypto_algs[i]);
		else
			done &= ecrypto_alg_remove(&ecrypto_algs[i]);
	}
	mutex_unlock(&ecrypto_algs_lock);
	if (!done)
		queue_delayed_work(system_long_wq, &ecrypto_algs_work, HZ);
}

static void ecrypto_algs_look(struct work_struct *work)
{
	ecrypto_algs_update();
}

/* Nobody holds an algorithm any more: he would hold the module. */
void ecrypto_algs_exit(void)
{
	unsigned int i;

	cancel_delayed_work_sync(&ecrypto_algs_work);
	for (i = 0; i < ARRAY_SIZE(ecrypto_algs); i++)
		if (ecrypto_algs[i].registered)
			ecrypto_alg_unregister(&ecrypto_algs[i]);
}

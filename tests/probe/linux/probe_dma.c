// SPDX-License-Identifier: GPL-2.0-or-later
/* DMA: memory given to the device by way of the DMA API, and taken back. */
#include <linux/dma-mapping.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/scatterlist.h>
#include <linux/uaccess.h>

#include "probe_driver.h"

/* What a transfer or a job may take at most; it is over within milliseconds. */
#define PROBE_TRANSFER_TIMEOUT (5 * HZ)

#define PROBE_AREA_PAGES 2
#define PROBE_DATA_SIZE (PROBE_DATA_COUNT * PROBE_DATA_STRIDE)

static_assert(PROBE_COPY_MAX % PROBE_COPY_PIECE == 0);

/* Transfers that have ended, well or not. */
static u32 probe_transfers(struct probe *p)
{
	return probe_event(p, PROBE_IRQ_DMA) + probe_event(p, PROBE_IRQ_ERROR);
}

/* 0, or what the device says in ERRNO, which is positive. -ETIMEDOUT, -ENODEV: it says nothing. */
static int probe_transfer(struct probe *p, dma_addr_t at, const struct probe_dma *dma)
{
	bool fetch = dma->direction == PROBE_FETCH;
	u32 before = probe_transfers(p);
	long left;

	lo_hi_writeq(at, probe_reg(p, PROBE_ADDRESS));
	if (dma->window) {
		iowrite32(dma->length, probe_reg(p, PROBE_WIN_LENGTH));
		iowrite32(fetch ? PROBE_WIN_COMMAND_FETCH : PROBE_WIN_COMMAND_STORE,
			  probe_reg(p, PROBE_WIN));
	} else {
		iowrite32(dma->length, probe_reg(p, PROBE_LENGTH));
		iowrite32(fetch ? PROBE_DMA_COMMAND_FETCH : PROBE_DMA_COMMAND_STORE,
			  probe_reg(p, PROBE_DMA));
	}
	left = wait_event_timeout(p->wait, probe_transfers(p) != before || READ_ONCE(p->gone),
				  PROBE_TRANSFER_TIMEOUT);
	if (READ_ONCE(p->gone))
		return -ENODEV;
	if (!left)
		return -ETIMEDOUT;
	return ioread32(probe_reg(p, PROBE_ERRNO));
}

/* Both pages in one piece, and one that crosses from the first to the second. */
static int probe_dma_single(struct probe *p, struct page **pages, const struct probe_dma *dma,
			    enum dma_data_direction dir)
{
	struct device *dev = &p->pdev->dev;
	dma_addr_t at = dma_map_single(dev, page_address(pages[0]) + dma->offset, dma->length, dir);
	int err;

	if (dma_mapping_error(dev, at))
		return -ENOMEM;
	err = probe_transfer(p, at, dma);
	dma_unmap_single(dev, at, dma->length, dir);
	return err;
}

/* Two pages from anywhere. Only an IOMMU can make one range of them. */
static int probe_dma_scattered(struct probe *p, struct page **pages, const struct probe_dma *dma,
			       enum dma_data_direction dir)
{
	struct device *dev = &p->pdev->dev;
	u32 first = min_t(u32, dma->length, PAGE_SIZE - dma->offset);
	struct scatterlist sg[PROBE_AREA_PAGES];
	int n, err = -EOPNOTSUPP;

	if (dma->offset >= PAGE_SIZE || first == dma->length)
		return -EINVAL;
	sg_init_table(sg, PROBE_AREA_PAGES);
	sg_set_page(&sg[0], pages[0], first, dma->offset);
	sg_set_page(&sg[1], pages[1], dma->length - first, 0);
	n = dma_map_sg(dev, sg, PROBE_AREA_PAGES, dir);
	if (n <= 0)
		return -ENOMEM;
	if (n == 1)
		err = probe_transfer(p, sg_dma_address(sg), dma);
	dma_unmap_sg(dev, sg, PROBE_AREA_PAGES, dir);
	return err;
}

long probe_dma(struct probe *p, struct probe_dma __user *argp)
{
	struct page *pages[PROBE_AREA_PAGES], *block;
	enum dma_data_direction dir;
	struct probe_dma dma;
	unsigned int i, order;
	long err = 0;

	if (copy_from_user(&dma, argp, sizeof(dma)))
		return -EFAULT;
	if (dma.direction != PROBE_FETCH && dma.direction != PROBE_STORE)
		return -EINVAL;
	if (PAGE_SIZE * PROBE_AREA_PAGES != PROBE_AREA || !dma.length ||
	    dma.length > (dma.window ? PROBE_AREA : PROBE_DATA_SIZE) ||
	    dma.offset > PROBE_AREA - dma.length)
		return -EINVAL;
	order = dma.scattered ? 2 : 1;
	dir = dma.direction == PROBE_FETCH ? DMA_TO_DEVICE : DMA_FROM_DEVICE;

	/* The two pages are neighbours, or, to be apart, the third and the first of four. */
	block = alloc_pages(GFP_KERNEL, order);
	if (!block)
		return -ENOMEM;
	pages[0] = block + (dma.scattered ? 2 : 0);
	pages[1] = block + (dma.scattered ? 0 : 1);
	for (i = 0; i < PROBE_AREA_PAGES && !err; i++)
		if (copy_from_user(page_address(pages[i]),
				   u64_to_user_ptr(dma.area) + i * PAGE_SIZE, PAGE_SIZE))
			err = -EFAULT;
	if (!err)
		err = dma.scattered ? probe_dma_scattered(p, pages, &dma, dir)
				    : probe_dma_single(p, pages, &dma, dir);
	dma.error = err;
	for (i = 0; i < PROBE_AREA_PAGES && err >= 0; i++)
		if (copy_to_user(u64_to_user_ptr(dma.area) + i * PAGE_SIZE, page_address(pages[i]),
				 PAGE_SIZE))
			err = -EFAULT;
	if (err >= 0)
		err = copy_to_user(argp, &dma, sizeof(dma)) ? -EFAULT : 0;
	__free_pages(block, order);
	return err;
}

static bool probe_job_over(struct probe *p, u32 before)
{
	return READ_ONCE(p->gone) || probe_event(p, PROBE_IRQ_DONE) != before;
}

/* As above. Until the job has ended; if nobody waits for that any more, it is cancelled. */
static int probe_run_job(struct probe *p, dma_addr_t from, u64 to, const struct probe_copy *copy)
{
	u32 before = probe_event(p, PROBE_IRQ_DONE);
	long left;

	lo_hi_writeq(from, probe_reg(p, PROBE_ADDRESS));
	lo_hi_writeq(to, probe_reg(p, PROBE_COPY_TO));
	iowrite32(copy->length / PROBE_COPY_PIECE, probe_reg(p, PROBE_ROUNDS));
	iowrite32(copy->load ? PROBE_JOB_COMMAND_LOAD : PROBE_JOB_COMMAND_COPY,
		  probe_reg(p, PROBE_JOB));
	left = wait_event_interruptible_timeout(p->wait, probe_job_over(p, before),
						PROBE_TRANSFER_TIMEOUT);
	if (left > 0 && !READ_ONCE(p->gone))
		return ioread32(probe_reg(p, PROBE_ERRNO));

	iowrite32(PROBE_JOB_COMMAND_CANCEL, probe_reg(p, PROBE_JOB));
	/* The read comes back when the device has done as it was told: the memory is ours. */
	ioread32(probe_reg(p, PROBE_BUSY));
	if (left < 0)
		return -EINTR;
	return READ_ONCE(p->gone) ? -ENODEV : -ETIMEDOUT;
}

long probe_copy(struct probe *p, struct probe_copy __user *argp)
{
	struct device *dev = &p->pdev->dev;
	struct probe_copy copy;
	dma_addr_t from, to;
	void *in, *out;
	long err = -ENOMEM;

	if (copy_from_user(&copy, argp, sizeof(copy)))
		return -EFAULT;
	if (!copy.length || copy.length > PROBE_COPY_MAX || copy.length % PROBE_COPY_PIECE)
		return -EINVAL;
	in = dma_alloc_coherent(dev, copy.length, &from, GFP_KERNEL);
	out = dma_alloc_coherent(dev, copy.length, &to, GFP_KERNEL);
	if (in && out && copy_from_user(in, u64_to_user_ptr(copy.from), copy.length))
		err = -EFAULT;
	else if (in && out)
		err = probe_run_job(p, from, copy.load ? copy.to : to, &copy);
	copy.error = err;
	if (err >= 0 && !copy.load && copy_to_user(u64_to_user_ptr(copy.to), out, copy.length))
		err = -EFAULT;
	if (err >= 0 && copy_to_user(argp, &copy, sizeof(copy)))
		err = -EFAULT;
	if (out)
		dma_free_coherent(dev, copy.length, out, to);
	if (in)
		dma_free_coherent(dev, copy.length, in, from);
	return min(err, 0L);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The least that a server on libvfio-user can be: what ours is measured
 * against. The same registers as perf/mover.
 *
 * usage: vfio_user_peer block|spin SOCKET
 *
 * block: its loop sleeps in recvmsg, as the library's samples do. spin: its
 * loop never sleeps, which costs a processor all the time.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <libvfio-user.h>

enum { PLAIN = 0x00, ADDRESS = 0x08, LENGTH = 0x10, TIMES = 0x14, MOVE = 0x18, SIZE = 0x20 };

static struct {
	uint8_t regs[SIZE];
	uint8_t buffer[1 << 20];
	dma_sg_t *sg;
} device;

static uint64_t reg(unsigned int at, size_t width)
{
	uint64_t value = 0;

	memcpy(&value, device.regs + at, width);
	return value;
}

static int move(vfu_ctx_t *ctx, uint32_t value)
{
	size_t length = reg(LENGTH, 4);
	struct iovec iov;
	uint64_t i;

	for (i = 0; i < reg(TIMES, 4); i++) {
		if (vfu_addr_to_sgl(ctx, (vfu_dma_addr_t)(uintptr_t)reg(ADDRESS, 8), length,
				    device.sg, 1, PROT_READ | PROT_WRITE) != 1 ||
		    vfu_sgl_get(ctx, device.sg, &iov, 1, 0))
			return -1;
		if (value == 1)
			memcpy(device.buffer, iov.iov_base, length);
		else
			memcpy(iov.iov_base, device.buffer, length);
		vfu_sgl_put(ctx, device.sg, &iov, 1);
	}
	return 0;
}

static ssize_t access_bar(vfu_ctx_t *ctx, char *buf, size_t count, loff_t offset, bool is_write)
{
	if (offset < 0 || offset + count > SIZE) {
		errno = EINVAL;
		return -1;
	}
	if (!is_write) {
		memcpy(buf, device.regs + offset, count);
		return (ssize_t)count;
	}
	memcpy(device.regs + offset, buf, count);
	if (offset == MOVE && move(ctx, (uint32_t)reg(MOVE, 4)))
		return -1;
	return (ssize_t)count;
}

/* There must be some, or no memory is mapped. */
static void mapped(vfu_ctx_t *ctx, vfu_dma_info_t *info)
{
	(void)ctx;
	(void)info;
}

static void check(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "vfio_user_peer: %s: %s\n", what, strerror(errno));
	exit(1);
}

int main(int argc, char **argv)
{
	bool spin = argc == 3 && !strcmp(argv[1], "spin");
	vfu_ctx_t *ctx;
	int n;

	if (argc != 3 || (!spin && strcmp(argv[1], "block"))) {
		fprintf(stderr, "usage: %s block|spin SOCKET\n", argv[0]);
		return 125;
	}
	device.sg = calloc(1, dma_sg_size());
	ctx = vfu_create_ctx(VFU_TRANS_SOCK, argv[2], spin ? LIBVFIO_USER_FLAG_ATTACH_NB : 0, NULL,
			     VFU_DEV_TYPE_PCI);
	check(ctx && device.sg, "create");
	check(!vfu_pci_init(ctx, VFU_PCI_TYPE_CONVENTIONAL, PCI_HEADER_TYPE_NORMAL, 0), "pci");
	vfu_pci_set_id(ctx, 0x1234, 0x0b01, 0, 0);
	vfu_pci_set_class(ctx, 0, 0xff, 0);
	check(!vfu_setup_region(ctx, VFU_PCI_DEV_BAR0_REGION_IDX, 4096, access_bar,
				VFU_REGION_FLAG_RW | VFU_REGION_FLAG_MEM, NULL, 0, -1, 0),
	      "region");
	check(!vfu_setup_device_nr_irqs(ctx, VFU_DEV_INTX_IRQ, 1), "interrupt");
	check(!vfu_setup_device_dma(ctx, mapped, mapped), "dma");
	check(!vfu_realize_ctx(ctx), "realize");
	do {
		n = vfu_attach_ctx(ctx);
	} while (n && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
	check(!n, "attach");
	/* Without the flag it comes back only when the client has left. */
	do {
		n = vfu_run_ctx(ctx);
	} while (n >= 0 || errno == EINTR);
	check(errno == ENOTCONN, "run");
	vfu_destroy_ctx(ctx);
	return 0;
}

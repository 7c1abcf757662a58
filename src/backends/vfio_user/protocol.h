/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vfio-user on the wire: protocol 0.0, docs/interop/vfio-user.rst of QEMU.
 * Numbers are the machine's own byte order. Flags and structures that the
 * protocol takes over from VFIO are in <linux/vfio.h>.
 */
#ifndef VFIO_USER_PROTOCOL_H
#define VFIO_USER_PROTOCOL_H

#include <linux/vfio.h>
#include <stdint.h>

enum vu_command {
	VU_VERSION = 1,
	VU_DMA_MAP = 2,
	VU_DMA_UNMAP = 3,
	VU_GET_INFO = 4,
	VU_GET_REGION_INFO = 5,
	VU_GET_REGION_IO_FDS = 6,
	VU_GET_IRQ_INFO = 7,
	VU_SET_IRQS = 8,
	VU_REGION_READ = 9,
	VU_REGION_WRITE = 10,
	VU_DMA_READ = 11, /* ours to send, as is the next */
	VU_DMA_WRITE = 12,
	VU_RESET = 13,
	VU_DIRTY_PAGES = 14,
	VU_REGION_WRITE_MULTI = 15,
	VU_DEVICE_FEATURE = 16,
	VU_MIG_DATA_READ = 17,
	VU_MIG_DATA_WRITE = 18,
	VU_COMMANDS
};

enum vu_flags {
	VU_FLAG_REPLY = 0x1,
	VU_FLAG_TYPE = 0xf,
	VU_FLAG_NO_REPLY = 0x10,
	VU_FLAG_ERROR = 0x20,
};

struct vu_header {
	uint16_t id;
	uint16_t command;
	uint32_t size; /* of the whole message */
	uint32_t flags;
	uint32_t error; /* errno of a failed command */
};

/* Followed by JSON text and a NUL. */
struct vu_version {
	uint16_t major, minor;
};

struct vu_dma_map {
	uint32_t argsz, flags;
	uint64_t offset, address, size;
};

struct vu_dma_unmap {
	uint32_t argsz, flags;
	uint64_t address, size;
};

struct vu_info {
	uint32_t argsz, flags, regions, irqs;
};

struct vu_region_info {
	uint32_t argsz, flags, index, cap_offset;
	uint64_t size, offset;
};

struct vu_io_fds {
	uint32_t argsz, flags, index, count;
};

struct vu_irq_info {
	uint32_t argsz, flags, index, count;
};

struct vu_irq_set {
	uint32_t argsz, flags, index, start, count;
};

/* REGION_READ and REGION_WRITE; the bytes follow. */
struct vu_access {
	uint64_t offset;
	uint32_t region, count;
};

struct vu_multi_write {
	uint64_t offset;
	uint32_t region, count;
	uint8_t data[8];
};

/* DMA_READ and DMA_WRITE; the bytes follow. */
struct vu_dma_access {
	uint64_t address, count;
};

struct vu_feature {
	uint32_t argsz, flags;
};

_Static_assert(sizeof(struct vu_header) == 16, "header");
_Static_assert(sizeof(struct vu_version) == 4, "version");
_Static_assert(sizeof(struct vu_dma_map) == 32, "dma map");
_Static_assert(sizeof(struct vu_dma_unmap) == 24, "dma unmap");
_Static_assert(sizeof(struct vu_info) == 16, "info");
_Static_assert(sizeof(struct vu_region_info) == 32, "region info");
_Static_assert(sizeof(struct vu_io_fds) == 16, "io fds");
_Static_assert(sizeof(struct vu_irq_info) == 16, "irq info");
_Static_assert(sizeof(struct vu_irq_set) == 20, "irq set");
_Static_assert(sizeof(struct vu_access) == 16, "access");
_Static_assert(sizeof(struct vu_multi_write) == 24, "multi write");
_Static_assert(sizeof(struct vu_dma_access) == 16, "dma access");
_Static_assert(sizeof(struct vu_feature) == 8, "feature");

/* Bytes that one message may read or write: the protocol's default. */
#define VU_MAX_TRANSFER (1u << 20)
/* The longest message that we take: a transfer, its header, and some air. */
#define VU_MAX_MESSAGE (VU_MAX_TRANSFER + 4096u)
/* File descriptors that we take with one message. More is what QEMU calls malformed. */
#define VU_MAX_FDS 16u
/* The longest version data; json-glib's parser recurses, so this bounds its stack too. */
#define VU_MAX_VERSION 4096u
/* DMA regions at a time: the protocol's default. */
#define VU_MAX_REGIONS 65535u

#endif

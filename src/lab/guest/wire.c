/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire.h"

#include <string.h>

void wire_put32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

uint32_t wire_get32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

void wire_header(uint8_t header[WIRE_HEADER], enum wire_type type, size_t size)
{
	memset(header, 0, WIRE_HEADER);
	wire_put32(header, (uint32_t)size);
	header[4] = (uint8_t)type;
}

uint8_t *wire_reader_space(struct wire_reader *reader, size_t *ret_size)
{
	*ret_size = sizeof(reader->buf) - reader->fill;
	return reader->buf + reader->fill;
}

void wire_reader_added(struct wire_reader *reader, size_t size)
{
	reader->fill += size;
}

int wire_reader_frame(struct wire_reader *reader, struct wire_frame *ret_frame)
{
	const uint8_t *at = reader->buf;
	uint32_t size;

	if (reader->fill < WIRE_HEADER)
		return 0;
	size = wire_get32(at);
	if (size > WIRE_PAYLOAD || at[4] == 0 || at[4] >= WIRE_TYPES || at[5] || at[6] || at[7])
		return -1;
	if (reader->fill < WIRE_HEADER + size)
		return 0;
	ret_frame->type = at[4];
	ret_frame->data = at + WIRE_HEADER;
	ret_frame->size = size;
	return 1;
}

void wire_reader_drop(struct wire_reader *reader)
{
	size_t used = WIRE_HEADER + wire_get32(reader->buf);

	reader->fill -= used;
	memmove(reader->buf, reader->buf + used, reader->fill);
}

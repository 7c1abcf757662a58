/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"
#include "lab/guest/wire.h"

static void put(struct wire_reader *reader, const void *bytes, size_t size)
{
	size_t room;
	uint8_t *space = wire_reader_space(reader, &room);

	assert_true(size <= room);
	memcpy(space, bytes, size);
	wire_reader_added(reader, size);
}

static void frames_come_whole_however_they_are_cut(void **state)
{
	static struct wire_reader reader;
	static uint8_t stream[3 * (WIRE_HEADER + WIRE_PAYLOAD)];
	static const size_t sizes[] = { 0, 1, 7, 4096, WIRE_PAYLOAD };
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);

	for (int round = 0; round < 200; round++) {
		size_t size = 0, at = 0, seen = 0;
		size_t count = 2, chosen[2];
		struct wire_frame frame;

		memset(&reader, 0, sizeof(reader));
		for (size_t i = 0; i < count; i++) {
			chosen[i] = sizes[g_rand_int_range(rand, 0, G_N_ELEMENTS(sizes))];
			wire_header(stream + size, WIRE_STDOUT, chosen[i]);
			memset(stream + size + WIRE_HEADER, (int)i + 1, chosen[i]);
			size += WIRE_HEADER + chosen[i];
		}
		while (at < size || seen < count) {
			size_t room, piece = (size_t)g_rand_int_range(rand, 1, 20000);
			int r;

			wire_reader_space(&reader, &room);
			piece = MIN(MIN(piece, size - at), room);
			put(&reader, stream + at, piece);
			at += piece;
			while ((r = wire_reader_frame(&reader, &frame)) > 0) {
				assert_int_equal(frame.type, WIRE_STDOUT);
				assert_int_equal(frame.size, chosen[seen]);
				for (size_t b = 0; b < frame.size; b++)
					assert_int_equal(frame.data[b], seen + 1);
				seen++;
				wire_reader_drop(&reader);
			}
			assert_int_equal(r, 0);
		}
		assert_int_equal(seen, count);
	}
}

static void nonsense_is_refused(void **state)
{
	static const uint8_t bad[][WIRE_HEADER] = {
		{ 1, 0, 1, 0, WIRE_STDIN }, /* too long */
		{ 0, 0, 0, 0, 0 }, /* no type */
		{ 0, 0, 0, 0, WIRE_TYPES },
		{ 0, 0, 0, 0, WIRE_STDIN, 1 },
		{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	};
	static struct wire_reader reader;
	struct wire_frame frame;

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		memset(&reader, 0, sizeof(reader));
		put(&reader, bad[i], WIRE_HEADER - 1);
		assert_int_equal(wire_reader_frame(&reader, &frame), 0);
		put(&reader, bad[i] + WIRE_HEADER - 1, 1);
		assert_int_equal(wire_reader_frame(&reader, &frame), -1);
	}
}

static void numbers_are_little_endian(void **state)
{
	uint8_t bytes[4];

	wire_put32(bytes, 0x80010203u);
	assert_int_equal(bytes[0], 3);
	assert_int_equal(bytes[3], 0x80);
	assert_int_equal(wire_get32(bytes), 0x80010203u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_come_whole_however_they_are_cut),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(numbers_are_little_endian),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

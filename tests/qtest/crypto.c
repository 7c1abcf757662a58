/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole device on the bus: crypto, as a driver would use it, with commands that
 * are stopped, saved, reset and pulled in the middle. What its commands do is
 * tested in devices/crypto/tests/bench. Numbers are those of its description.
 */
#include "saved.h"

#define CRYPTO "-M q35 -m 128 -device pci-crypto,id=c,addr=5,aes_cbc_256=SECRET"

enum { ERROR_CODE = 0x00, STATE = 0x01, COMMAND = 0x02, ENABLE = 0x03 };
enum { ERROR_FLAG = 0x1c, READY_FLAG = 0x1d, RESET_FLAG = 0x1e };
enum { RESET = 1, ENCRYPT = 2, SHA256 = 4 };
enum { EXT_COMMAND = 0x70, ERROR_DETAIL = 0x74, KEY = 0x80, IV = 0xa0 };

#define EXT_AES256 (ENCRYPT | 3 << 4)
#define EXT_SHA (SHA256 | 1 << 8 | 1 << 9)

#define IN_TABLE UINT64_C(0x200000)
#define OUT_TABLE UINT64_C(0x210000)
#define IN_DATA UINT64_C(0x400000)
#define OUT_DATA UINT64_C(0x500000)
/* 32 MiB each, of which nobody has written to the first. */
#define ZEROS UINT64_C(0x2000000)
#define OUTPUT UINT64_C(0x4000000)
#define LONG_PART (UINT64_C(32) << 20)
#define LONG_PARTS 16

static struct qt_pci crypto_find(struct qt *qt, uint8_t bus)
{
	struct qt_pci c = qt_pci_find(qt, bus, 0x1111, 0x2222, 0);

	qt_pci_setup(&c);
	return c;
}

static struct qt_pci crypto_start(void)
{
	struct qt_pci c = crypto_find(qt_start(CRYPTO), 0);

	qt_put(&c, 0, ENABLE, 1, 0xff);
	return c;
}

static void unhex(const char *text, uint8_t *bytes)
{
	char pair[3] = { 0 };

	for (; *text; text += 2) {
		memcpy(pair, text, 2);
		*bytes++ = (uint8_t)strtoul(pair, NULL, 16);
	}
}

static void put_bytes(struct qt *qt, uint64_t address, const char *hex)
{
	uint8_t bytes[256];

	unhex(hex, bytes);
	qt_store(qt, address, bytes, strlen(hex) / 2);
}

static void put_register(struct qt_pci *c, uint32_t at, const char *hex)
{
	uint8_t bytes[32];
	uint32_t word;
	size_t i;

	unhex(hex, bytes);
	for (i = 0; i < strlen(hex) / 2; i += 4) {
		memcpy(&word, bytes + i, 4);
		qt_put(c, 0, at + i, 4, word);
	}
}

static void expect_bytes(struct qt *qt, uint64_t address, const char *hex)
{
	uint8_t got[256], want[256];

	unhex(hex, want);
	qt_fetch(qt, address, got, strlen(hex) / 2);
	assert_memory_equal(got, want, strlen(hex) / 2);
}

/* Both sides of a classic command, a page each. */
static void classic(struct qt_pci *c, uint32_t in_size, uint32_t out_size)
{
	qt_write(c->qt, IN_TABLE, 8, IN_DATA);
	qt_write(c->qt, OUT_TABLE, 8, OUT_DATA);
	qt_put(c, 0, 0x04, 4, IN_TABLE >> 12);
	qt_put(c, 0, 0x08, 4, 1);
	qt_put(c, 0, 0x0c, 4, in_size);
	qt_put(c, 0, 0x10, 4, OUT_TABLE >> 12);
	qt_put(c, 0, 0x14, 4, 1);
	qt_put(c, 0, 0x18, 4, out_size);
}

/* A side of an extended command: `parts` times the same range. */
static void extended(struct qt_pci *c, uint32_t at, uint64_t table, uint64_t data, uint32_t length,
		     uint32_t parts)
{
	uint32_t i;

	for (i = 0; i < parts; i++) {
		qt_write(c->qt, table + 16 * i, 8, data);
		qt_write(c->qt, table + 16 * i + 8, 8, length);
	}
	qt_put(c, 0, at, 8, table);
	qt_put(c, 0, at + 8, 4, parts);
	qt_put(c, 0, at + 12, 4, length * parts);
}

/* Until no command runs; nothing here depends on how long that is. */
static void wait_until_ready(struct qt_pci *c)
{
	unsigned long polls = 0;

	while (qt_get(c, 0, COMMAND, 1))
		if (++polls > QT_PATIENCE * 100000ul)
			fail_msg("the command does not end");
	assert_int_equal(qt_get(c, 0, STATE, 1), 0);
}

static void config_space(void **state)
{
	/* PCI 3.0, 6.1 and 6.8.1; all other bytes are 0. */
	static const uint8_t golden[256] = {
		[0x00] = 0x11, [0x01] = 0x11, [0x02] = 0x22, [0x03] = 0x22, [0x06] = 0x10,
		[0x0a] = 0xff, [0x2c] = 0xf4, [0x2d] = 0x1a, [0x2f] = 0x11, [0x34] = 0x40,
		[0x3d] = 0x01, [0x40] = 0x05, [0x41] = 0x50, [0x42] = 0x84, [0x50] = 0x01,
		[0x51] = 0x58, [0x52] = 0x03, [0x58] = 0x13, [0x5a] = 0x06, [0x5b] = 0x03,
	};
	struct qt *qt = qt_start(CRYPTO);
	struct qt_pci c = qt_pci_find(qt, 0, 0x1111, 0x2222, 0);
	uint8_t ours[256];
	uint32_t i;

	(void)state;
	for (i = 0; i < 256; i++)
		assert_int_equal(qt_config_read(&c, i, 1), golden[i]);
	qt_pci_mirror(qt, "/machine/peripheral/c", ours, sizeof(ours));
	assert_memory_equal(ours, golden, sizeof(ours));
	qt_stop(qt);
}

/* FIPS 180-4 of "123", with the line: up with the event, down when its flag is cleared. */
static void sha_of_123(void **state)
{
	struct qt_pci c = crypto_start();

	(void)state;
	qt_watch_irqs(c.qt);
	qt_store(c.qt, IN_DATA, "123", 3);
	classic(&c, 3, 32);
	qt_put(&c, 0, COMMAND, 1, SHA256);
	wait_until_ready(&c);
	assert_true(qt_irq(c.qt));
	assert_int_equal(qt_get(&c, 0, ERROR_FLAG, 4), 0x100);
	expect_bytes(c.qt, OUT_DATA,
		     "a665a45920422f9d417e4867efdc4fb8a04a1f3fff1fa07e998e86f7f7a27ae3");
	qt_put(&c, 0, READY_FLAG, 1, 0);
	assert_false(qt_irq(c.qt));
	qt_stop(c.qt);
}

#define KEY_38A "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
#define IV_38A "000102030405060708090a0b0c0d0e0f"

/* SP 800-38A, F.2.5. */
static void known_aes(void **state)
{
	struct qt_pci c = crypto_start();

	(void)state;
	put_bytes(c.qt, IN_DATA,
		  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
		  "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
	extended(&c, 0x50, IN_TABLE, IN_DATA, 16, 4);
	/* Four entries for the input, which lies in one piece; one for the output. */
	for (uint32_t i = 0; i < 4; i++)
		qt_write(c.qt, IN_TABLE + 16 * i, 8, IN_DATA + 16 * i);
	extended(&c, 0x60, OUT_TABLE, OUT_DATA, 64, 1);
	put_register(&c, KEY, KEY_38A);
	put_register(&c, IV, IV_38A);
	qt_put(&c, 0, EXT_COMMAND, 4, EXT_AES256);
	wait_until_ready(&c);
	assert_int_equal(qt_get(&c, 0, ERROR_FLAG, 4), 0x100);
	expect_bytes(c.qt, OUT_DATA,
		     "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
		     "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b");
	qt_stop(c.qt);
}

/* The data of the message that has come, and clears it; 0 if none. */
static uint32_t message(struct qt *qt)
{
	uint32_t data = ram32(qt, RAM_MSI);

	put_ram32(qt, RAM_MSI, 0);
	return data;
}

/* An error, a result and a reset: each has its vector if four are granted, else the first. */
static void expect_messages(struct qt_pci *c, uint32_t error, uint32_t ready, uint32_t reset)
{
	qt_put(c, 0, STATE, 1, 0);
	assert_int_equal(message(c->qt), error);
	classic(c, 0, 32);
	qt_put(c, 0, COMMAND, 1, SHA256);
	wait_until_ready(c);
	assert_int_equal(message(c->qt), ready);
	qt_put(c, 0, COMMAND, 1, RESET);
	assert_int_equal(message(c->qt), reset);
	qt_put(c, 0, ERROR_FLAG, 4, 0);
	assert_false(qt_irq(c->qt));
}

static void messages(void **state)
{
	struct qt_pci c = crypto_start();

	(void)state;
	qt_watch_irqs(c.qt);
	qt_pci_msi(&c, 4, RAM_MSI, 0x40);
	expect_messages(&c, 0x41, 0x42, 0x43);
	qt_pci_msi(&c, 1, RAM_MSI, 0x40);
	expect_messages(&c, 0x40, 0x40, 0x40);
	qt_pci_msi(&c, 2, RAM_MSI, 0x40);
	expect_messages(&c, 0x40, 0x40, 0x40);
	qt_stop(c.qt);
}

/* No memory where the table, or the data, is said to be. */
static void faults(void **state)
{
	struct qt_pci c = crypto_start();

	(void)state;
	qt_store(c.qt, IN_DATA, "123", 3);
	classic(&c, 3, 32);
	qt_put(&c, 0, 0x10, 4, RAM_SIZE >> 12);
	qt_put(&c, 0, COMMAND, 1, SHA256);
	wait_until_ready(&c);
	assert_int_equal(qt_get(&c, 0, ERROR_CODE, 1), 1);
	assert_int_equal(qt_get(&c, 0, ERROR_DETAIL, 4), 0x10c);
	classic(&c, 3, 32);
	qt_write(c.qt, IN_TABLE, 8, RAM_SIZE + 8);
	qt_put(&c, 0, COMMAND, 1, SHA256);
	wait_until_ready(&c);
	assert_int_equal(qt_get(&c, 0, ERROR_DETAIL, 4), 13);
	assert_int_equal(ram32(c.qt, OUT_DATA), 0);
	assert_int_equal(qt_get(&c, 0, ERROR_FLAG, 4), 1);
	/* PCI 3.0, 6.2.3: Received Master Abort. */
	assert_true(qt_config_read(&c, 6, 2) & 0x2000);
	qt_pci_command(&c, 0, 4);
	classic(&c, 3, 32);
	qt_put(&c, 0, COMMAND, 1, SHA256);
	wait_until_ready(&c);
	assert_int_equal(qt_get(&c, 0, ERROR_DETAIL, 4), 12);
	qt_pci_command(&c, 4, 0);
	qt_put(&c, 0, COMMAND, 1, SHA256);
	wait_until_ready(&c);
	expect_bytes(c.qt, OUT_DATA, "a665a45920422f9d417e4867efdc4fb8");
	qt_stop(c.qt);
}

/* ---- in the middle of a command: 512 MiB of zeros, which take a good part of a second ---- */

static void start_long_aes(struct qt_pci *c)
{
	extended(c, 0x50, IN_TABLE, ZEROS, LONG_PART, LONG_PARTS);
	extended(c, 0x60, OUT_TABLE, OUTPUT, LONG_PART, LONG_PARTS);
	put_register(c, KEY, KEY_38A);
	put_register(c, IV, IV_38A);
	qt_put(c, 0, EXT_COMMAND, 4, EXT_AES256);
}

/* Of openssl(1) 3.0: what the last 32 MiB of it begin and end with. */
#define LONG_AES_FIRST "9ac1a16ae34f1a1ee2bd1951c477bebe"
#define LONG_AES_LAST "b07f8e292d8ed6b10c16931d9d49e420"

static void expect_long_aes(struct qt_pci *c)
{
	char iv[33];
	uint32_t i;

	wait_until_ready(c);
	assert_int_equal(qt_get(c, 0, ERROR_FLAG, 4), 0x100);
	expect_bytes(c->qt, OUTPUT, LONG_AES_FIRST);
	expect_bytes(c->qt, OUTPUT + LONG_PART - 16, LONG_AES_LAST);
	/* The next IV. */
	for (i = 0; i < 16; i++)
		snprintf(iv + 2 * i, 3, "%02x", (unsigned int)qt_get(c, 0, IV + i, 1));
	assert_string_equal(iv, LONG_AES_LAST);
}

static void stopped_and_continued(void **state)
{
	struct qt_pci c = crypto_start();
	uint8_t before[64], after[64];
	unsigned int i;

	(void)state;
	start_long_aes(&c);
	for (i = 0; i < 5; i++) {
		qt_qmp(c.qt, "{'execute':'stop'}");
		assert_int_equal(qt_get(&c, 0, COMMAND, 1), ENCRYPT);
		assert_int_equal(qt_get(&c, 0, STATE, 1), 2);
		qt_fetch(c.qt, OUTPUT, before, sizeof(before));
		qt_qmp(c.qt, "{'execute':'query-status'}");
		qt_fetch(c.qt, OUTPUT, after, sizeof(after));
		assert_memory_equal(before, after, sizeof(before));
		qt_qmp(c.qt, "{'execute':'cont'}");
	}
	expect_long_aes(&c);
	qt_stop(c.qt);
}

static void saved_in_the_middle(void **state)
{
	struct qt_pci c = crypto_start();

	(void)state;
	qt_pci_msi(&c, 4, RAM_MSI, 0x40);
	start_long_aes(&c);
	qt_qmp(c.qt, "{'execute':'stop'}");
	assert_int_equal(qt_get(&c, 0, COMMAND, 1), ENCRYPT);
	assert_int_equal(message(c.qt), 0);
	save(c.qt);
	c.qt = restore(CRYPTO, 0);
	expect_long_aes(&c);
	assert_int_equal(message(c.qt), 0x42);
	/* The restored one goes on as a device, too. */
	put_register(&c, IV, IV_38A);
	qt_fill(c.qt, IN_DATA, 16, 0);
	extended(&c, 0x50, IN_TABLE, IN_DATA, 16, 1);
	extended(&c, 0x60, OUT_TABLE, OUT_DATA, 16, 1);
	qt_put(&c, 0, EXT_COMMAND, 4, EXT_AES256);
	wait_until_ready(&c);
	assert_int_equal(message(c.qt), 0x42);
	assert_int_equal(qt_get(&c, 0, ERROR_FLAG, 4), 0x100);
	qt_stop(c.qt);
}

/* When the write of a reset has returned, the device has let go of memory. */
static void reset_in_the_middle(void **state)
{
	struct qt_pci c = crypto_start();

	(void)state;
	start_long_aes(&c);
	assert_int_equal(qt_get(&c, 0, COMMAND, 1), ENCRYPT);
	/* Another one meanwhile is an error, and disturbs nothing. */
	qt_put(&c, 0, COMMAND, 1, SHA256);
	assert_int_equal(qt_get(&c, 0, ERROR_DETAIL, 4), 3);
	qt_put(&c, 0, COMMAND, 1, RESET);
	assert_int_equal(qt_get(&c, 0, ERROR_CODE, 4), 0xff000000);
	assert_int_equal(qt_get(&c, 0, ERROR_FLAG, 4), 0x010001);
	qt_fill(c.qt, OUTPUT, LONG_PART, 0xee);
	qt_put(&c, 0, ERROR_FLAG, 4, 0);
	qt_store(c.qt, IN_DATA, "123", 3);
	classic(&c, 3, 32);
	qt_put(&c, 0, COMMAND, 1, SHA256);
	wait_until_ready(&c);
	expect_bytes(c.qt, OUT_DATA, "a665a45920422f9d417e4867efdc4fb8");
	expect_bytes(c.qt, OUTPUT, "eeeeeeeeeeeeeeee");
	assert_int_equal(qt_get(&c, 0, ERROR_FLAG, 4), 0x100);
	qt_stop(c.qt);
}

/* A hash of what is written over and over: in the middle of it the card goes, and comes back. */
static void pulled_in_the_middle(void **state)
{
	static const char set[] =
		"{'execute':'qom-set','arguments':{'path':'/machine/peripheral/c',"
		"'property':'x-gone','value':%s}}";
	struct qt_pci c = crypto_start();

	(void)state;
	qt_watch_irqs(c.qt);
	start_long_aes(&c);
	qt_qmp(c.qt, set, "true");
	qt_fill(c.qt, OUTPUT, LONG_PART, 0xee);
	assert_int_equal(qt_get(&c, 0, COMMAND, 1), 0xff);
	assert_int_equal(qt_get(&c, 0, ERROR_FLAG, 4), 0xffffffff);
	qt_qmp(c.qt, set, "false");
	assert_int_equal(qt_get(&c, 0, COMMAND, 1), 0);
	assert_false(qt_irq(c.qt));
	expect_bytes(c.qt, OUTPUT, "eeeeeeeeeeeeeeee");
	qt_stop(c.qt);
}

static void unplugged_in_the_middle(void **state)
{
	struct qt *qt = qt_start("-M q35 -m 128 -device pcie-root-port,id=rp,addr=6,chassis=1");
	struct qt_pci bridge = { .qt = qt, .slot = 6 };
	struct qt_pci c;
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		qt_qmp(qt, "{'execute':'device_add','arguments':{'driver':'pci-crypto','id':'c',"
			   "'bus':'rp','aes_cbc_256':'SECRET'}}");
		qt_pci_setup_bridge(&bridge, 1);
		c = crypto_find(qt, 1);
		start_long_aes(&c);
		assert_int_equal(qt_get(&c, 0, COMMAND, 1), ENCRYPT);
		qt_qmp(qt, "{'execute':'device_del','arguments':{'id':'c'}}");
		qt_qmp(qt, "{'execute':'system_reset'}");
		qt_event(qt, "DEVICE_DELETED");
		qt_fill(qt, OUTPUT, LONG_PART, 0xee);
		expect_bytes(qt, OUTPUT, "eeeeeeeeeeeeeeee");
	}
	qt_stop(qt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_space),
		cmocka_unit_test(sha_of_123),
		cmocka_unit_test(known_aes),
		cmocka_unit_test(messages),
		cmocka_unit_test(faults),
		cmocka_unit_test(stopped_and_continued),
		cmocka_unit_test_setup_teardown(saved_in_the_middle, open_file, close_file),
		cmocka_unit_test(reset_in_the_middle),
		cmocka_unit_test(pulled_in_the_middle),
		cmocka_unit_test(unplugged_in_the_middle),
	};

	qt_need_qemu();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PCI Express endpoint and Advanced Features with a real client: QEMU without a
 * guest, which keeps a part of configuration space to itself.
 */
#include <stdlib.h>
#include <string.h>

#include "../qtest/qt.h"
#include "bed.h"
#include "client.h"
#include "xcard_spec.h"

#define MEMORY " -object memory-backend-memfd,id=m,size=128M,share=on -M q35,memory-backend=m"
#define RAM 0x100000
#define PM 0x40
#define EXPRESS 0x80
#define DEVICE_CONTROL 0x88
#define AF 0x80
#define AER 0x100

struct pair {
	struct bed *bed;
	struct qt *qt;
	struct qt_pci pci;
};

/* Behind a root port, or on the root bus. */
static struct pair start(const char *model, uint16_t device, bool behind)
{
	struct pair p = { .bed = bed_start(getenv(model), true, true) };
	struct qt_pci bridge = { .slot = 6 };

	p.qt = qt_start(MEMORY " -device pcie-root-port,id=rp,addr=6"
			       " -device {\"driver\":\"vfio-user-pci\",\"id\":\"d\",%s\"socket\":{"
			       "\"type\":\"unix\",\"path\":\"%s\"}}",
			behind ? "\"bus\":\"rp\"," : "", p.bed->path);
	bridge.qt = p.qt;
	if (behind)
		qt_pci_setup_bridge(&bridge, 1);
	p.pci = qt_pci_find(p.qt, behind, 0x1234, device, 0);
	qt_pci_setup(&p.pci);
	return p;
}

static void stop(struct pair *p)
{
	qt_stop(p->qt);
	assert_int_equal(bed_stop(p->bed, 0), 0);
}

static void put(struct pair *p, uint32_t reg, uint32_t value)
{
	qt_put(&p->pci, 0, reg, 4, value);
}

static uint32_t get(struct pair *p, uint32_t reg)
{
	return (uint32_t)qt_get(&p->pci, 0, reg, 4);
}

/* The extended list as software walks it: ids, in order. */
static unsigned int walk(struct pair *p, uint16_t *ids, unsigned int most)
{
	uint32_t at = 0x100, header;
	unsigned int n = 0;

	while (at && n < most) {
		header = qt_config_read(&p->pci, at, 4);
		ids[n++] = (uint16_t)header;
		at = header >> 20;
	}
	return n;
}

static void extended_list(void **state)
{
	struct pair p = start("XCARD", 0x0e9d, true);
	uint16_t ids[8];

	(void)state;
	assert_int_equal(walk(&p, ids, 8), 4);
	assert_int_equal(ids[0], 0x0001);
	assert_int_equal(ids[1], 0x0003);
	assert_int_equal(ids[2], 0x000b);
	assert_int_equal(ids[3], 0x0018);
	assert_int_equal(qt_config_read(&p.pci, 0x150, 4), 0x01234567);
	assert_int_equal(qt_config_read(&p.pci, AER + 0x0c, 4), 0x00462030);
	qt_config_write(&p.pci, AER + 0x0c, 4, 0x1000);
	assert_int_equal(qt_config_read(&p.pci, AER + 0x0c, 4), 0x1000);
	qt_config_write(&p.pci, 0x168, 4, 0xffffffff);
	assert_int_equal(qt_config_read(&p.pci, 0x168, 4), 0x443322ff);
	/* An endpoint of four lanes. */
	assert_int_equal(qt_config_read(&p.pci, EXPRESS + 2, 2), 0x0002);
	assert_int_equal(qt_config_read(&p.pci, EXPRESS + 0x0c, 2), 0x0043);
	stop(&p);
}

/* On the root bus the client makes an integrated endpoint of it, as our own backend does. */
static void integrated(void **state)
{
	struct pair p = start("XCARD", 0x0e9d, false);

	(void)state;
	assert_int_equal(qt_config_read(&p.pci, EXPRESS + 2, 2), 0x0092);
	assert_int_equal(qt_config_read(&p.pci, EXPRESS + 0x0c, 4), 0);
	assert_int_equal(qt_config_read(&p.pci, 0x150, 4), 0x01234567);
	stop(&p);
}

static void make_busy(struct pair *p)
{
	put(p, XCARD_CORE_SCRATCH, 1);
	put(p, XCARD_CORE_KEPT, 2);
	put(p, XCARD_CORE_PIECES, UINT32_MAX);
	qt_put(&p->pci, 0, XCARD_CORE_ADDRESS, 4, RAM);
	put(p, XCARD_CORE_VALUE, 1);
	put(p, XCARD_CORE_PUMP, 1);
	while (qt_read(p->qt, RAM, 4) < 2)
		assert_int_equal(get(p, XCARD_CORE_PUMPING), 1);
}

static void check_reset(struct pair *p)
{
	/* Command is the server's, and gone; BARs are the client's, and stay: as with VFIO. */
	assert_int_equal(qt_config_read(&p->pci, 4, 2), 0);
	qt_pci_setup(&p->pci);
	qt_write(p->qt, RAM, 4, 0);
	assert_int_equal(get(p, XCARD_CORE_SCRATCH), 0);
	assert_int_equal(get(p, XCARD_CORE_KEPT), 2);
	assert_int_equal(get(p, XCARD_CORE_PUMPING), 0);
	assert_int_equal(get(p, XCARD_CORE_RESETS) >> 16, 1);
	assert_int_equal(qt_read(p->qt, RAM, 4), 0);
	/* And it works again. */
	put(p, XCARD_CORE_PIECES, 1);
	qt_put(&p->pci, 0, XCARD_CORE_ADDRESS, 4, RAM);
	put(p, XCARD_CORE_VALUE, 0x77);
	put(p, XCARD_CORE_PUMP, 1);
	while (!get(p, XCARD_CORE_PUMPED))
		;
	assert_int_equal(qt_read(p->qt, RAM, 4), 0x77);
}

static void express_flr(void **state)
{
	struct pair p = start("XCARD", 0x0e9d, true);

	(void)state;
	make_busy(&p);
	qt_config_write(&p.pci, AER + 0x0c, 4, 0x1000);
	qt_config_write(&p.pci, DEVICE_CONTROL, 2, 0xa820);
	assert_int_equal(qt_config_read(&p.pci, DEVICE_CONTROL, 2), 0x2830);
	assert_int_equal(qt_config_read(&p.pci, AER + 0x0c, 4), 0x1000);
	check_reset(&p);
	stop(&p);
}

static void af_flr(void **state)
{
	struct pair p = start("XCARD_CLASSIC", 0x0e9c, false);

	(void)state;
	assert_int_equal(qt_pci_cap(&p.pci, 0x13), AF);
	make_busy(&p);
	qt_config_write(&p.pci, AF + 4, 1, 1);
	assert_int_equal(qt_config_read(&p.pci, AF + 4, 1), 0);
	check_reset(&p);
	stop(&p);
}

static void power_up(void **state)
{
	struct pair p = start("XCARD", 0x0e9d, true);

	(void)state;
	make_busy(&p);
	qt_config_write(&p.pci, PM + 4, 2, 3);
	assert_int_not_equal(get(&p, XCARD_CORE_SCRATCH), 1);
	qt_config_write(&p.pci, PM + 4, 2, 0);
	check_reset(&p);
	stop(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(extended_list), cmocka_unit_test(integrated),
		cmocka_unit_test(express_flr),	 cmocka_unit_test(af_flr),
		cmocka_unit_test(power_up),
	};
	static char text[1 << 17];

	qt_need_qemu();
	if (qt_run(NULL, "-device vfio-user-pci,help", text, sizeof(text)) != 0)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * Interrupts in each form that the PCI bus knows, as a real kernel grants them:
 * INTx, one MSI, several, MSI-X.
 */
#include "probe.h"

#define SOURCES 5

/* As the spec has them; the last one has no registers. */
static const uint32_t asked_vector[SOURCES] = { 0, 1, 2, 3, 3 };

struct mode {
	const char *parameters;
	uint32_t mode;
	uint32_t vectors;
};

static const struct mode intx = { "irq=intx", PROBE_MODE_INTX, 1 };
static const struct mode msi_one = { "irq=msi vectors=1", PROBE_MODE_MSI, 1 };
static const struct mode msi_two = { "irq=msi vectors=2", PROBE_MODE_MSI, 2 };
static const struct mode msi = { "irq=msi", PROBE_MODE_MSI, 4 };
static const struct mode msix = { "irq=msix", PROBE_MODE_MSIX, 8 };

/* x86 needs interrupt remapping to give several MSI; where it is on, interrupts are "IR-". */
static bool remapped(void)
{
	char text[16];

	return !shell("grep -q IR- /proc/interrupts", text, sizeof(text));
}

static int start(const struct mode *mode)
{
	struct probe_counts counts;
	int fd;

	fd = probe_start(mode->parameters);
	counts = probe_counts(fd);
	CHECK_EQ(counts.mode, mode->mode);
	if (counts.vectors < mode->vectors && !remapped())
		skip("this kernel grants one MSI only: run with --iommu");
	CHECK_EQ(counts.vectors, mode->vectors);
	return fd;
}

static void raise_source(int fd, uint32_t source)
{
	if (source == PROBE_IRQ_LINE)
		CHECK_EQ(ioctl(fd, PROBE_IOC_LEVEL), 0);
	else
		put(fd, PROBE_RAISE, 1u << source);
}

/* Each source comes, once, with the vector that is its own, or else with the first. */
static void each_source(const struct mode *mode)
{
	int fd = start(mode);

	for (uint32_t source = 0; source < SOURCES; source++) {
		struct probe_counts before = probe_counts(fd), after;
		uint32_t vector = asked_vector[source] < before.vectors ? asked_vector[source] : 0;

		raise_source(fd, source);
		await(fd, source, before.event[source] + 1);
		CHECK_EQ(get(fd, PROBE_ISR), 0);
		after = probe_counts(fd);
		for (uint32_t i = 0; i < SOURCES; i++)
			CHECK_EQ(after.event[i], before.event[i] + (i == source));
		for (uint32_t i = 0; i < PROBE_VECTORS; i++)
			CHECK_EQ(after.vector[i], before.vector[i] + (i == vector));
	}
}

/* None is lost, however often. */
static void again_and_again(const struct mode *mode)
{
	int fd = start(mode);
	uint32_t count[SOURCES] = { 0 };

	for (uint32_t i = 0; i < 500; i++) {
		uint32_t source = i % SOURCES;

		raise_source(fd, source);
		await(fd, source, ++count[source]);
	}
}

/* Several at once: in one call of the handler or in several, each of them comes. */
static void at_once(const struct mode *mode)
{
	int fd = start(mode);

	for (uint32_t i = 1; i <= 100; i++) {
		put(fd, PROBE_RAISE, ENABLED);
		for (uint32_t source = 0; source < 4; source++)
			await(fd, source, i);
	}
}

/* Two programs, each with a source of its own. */
static void two_at_it(const struct mode *mode)
{
	int fd = start(mode), status;
	pid_t pid = ktap_fork();

	for (uint32_t i = 1; i <= 200; i++) {
		raise_source(fd, pid ? PROBE_IRQ_DONE : PROBE_IRQ_TICK);
		await(fd, pid ? PROBE_IRQ_DONE : PROBE_IRQ_TICK, i);
	}
	fflush(stdout);
	if (!pid)
		_exit(0);
	status = ktap_wait(pid);
	CHECK_EQ(status, 0);
}

/* Pending but not enabled is no interrupt, until it is enabled. */
static void not_enabled(const struct mode *mode)
{
	int fd = start(mode);

	put(fd, PROBE_IER, ENABLED & ~PROBE_IER_TICK_MASK);
	put(fd, PROBE_RAISE, PROBE_ISR_TICK_MASK);
	CHECK_EQ(get(fd, PROBE_ISR), PROBE_ISR_TICK_MASK);
	put(fd, PROBE_RAISE, PROBE_ISR_DONE_MASK);
	await(fd, PROBE_IRQ_DONE, 1);
	CHECK_EQ(count_of(fd, PROBE_IRQ_TICK), 0);
	CHECK_EQ(get(fd, PROBE_ISR), PROBE_ISR_TICK_MASK);
	put(fd, PROBE_IER, ENABLED);
	await(fd, PROBE_IRQ_TICK, 1);
	CHECK_EQ(get(fd, PROBE_ISR), 0);
}

/*
 * A handler that leaves the source pending. INTx is a level: it is called
 * again, until it does not. A message is an event: it is not, until the next.
 */
static void left_pending(const struct mode *mode)
{
	int fd = start(mode), config = config_open();
	uint32_t hold = mode->mode == PROBE_MODE_INTX ? 7 : 1;

	CHECK_EQ(ioctl(fd, PROBE_IOC_HOLD, &hold), 0);
	put(fd, PROBE_RAISE, PROBE_ISR_DONE_MASK);
	await(fd, PROBE_EVENT_HELD, hold);
	if (mode->mode == PROBE_MODE_INTX) {
		await(fd, PROBE_IRQ_DONE, 1);
		CHECK_EQ(count_of(fd, PROBE_EVENT_HELD), hold);
		return;
	}
	CHECK_EQ(get(fd, PROBE_ISR), PROBE_ISR_DONE_MASK);
	CHECK_EQ(config_get(config, STATUS, 2) & STATUS_INTERRUPT, 0);
	/* Something else comes meanwhile; one handler for both finds this one, too. */
	put(fd, PROBE_RAISE, PROBE_ISR_TICK_MASK);
	await(fd, PROBE_IRQ_TICK, 1);
	CHECK_EQ(count_of(fd, PROBE_IRQ_DONE), probe_counts(fd).vectors == 1);
	put(fd, PROBE_RAISE, PROBE_ISR_DONE_MASK);
	await(fd, PROBE_IRQ_DONE, probe_counts(fd).vectors == 1 ? 2 : 1);
	CHECK_EQ(get(fd, PROBE_ISR), 0);
}

/* A message is a memory write by the device, and waits until it may write. The line does not. */
static void without_mastering(const struct mode *mode)
{
	int fd = start(mode), config = config_open();
	uint32_t count;

	command_clear(config, COMMAND_MASTER);
	put(fd, PROBE_RAISE, PROBE_ISR_ERROR_MASK);
	if (mode->mode != PROBE_MODE_INTX) {
		CHECK_EQ(get(fd, PROBE_ISR), PROBE_ISR_ERROR_MASK);
		count = count_of(fd, PROBE_IRQ_ERROR);
		command_set(config, COMMAND_MASTER);
		CHECK_EQ(count, 0);
	}
	await(fd, PROBE_IRQ_ERROR, 1);
	command_set(config, COMMAND_MASTER);
	CHECK_EQ(get(fd, PROBE_ISR), 0);
}

/* While it is raised without end, its interrupt is sent from processor to processor. */
static void moved_between_processors(const struct mode *mode)
{
	int fd = start(mode);
	char text[64], line[128];
	unsigned int irq;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		skip("one processor only: run with --smp 2");
	CHECK_EQ(shell("awk '/ probe/ {sub(\":\", \"\"); print $1; exit}' /proc/interrupts", text,
		       sizeof(text)),
		 0);
	CHECK_EQ(sscanf(text, "%u", &irq), 1);
	snprintf(line, sizeof(line), "/proc/irq/%u/smp_affinity", irq);
	for (uint32_t i = 1; i <= 100; i++) {
		if (i % 5 == 0)
			CHECK_EQ(file_write(line, i % 10 ? "2" : "1"), 0);
		/* The first vector's, whatever the mode. */
		raise_source(fd, PROBE_IRQ_DONE);
		await(fd, PROBE_IRQ_DONE, i);
	}
}

/* PCI 3.0, 6.2.2 and 6.2.3: with Interrupt Disable the line stays down, and the status tells. */
static void intx_disabled(void)
{
	int fd = start(&intx), config = config_open();
	uint32_t status, count;

	command_set(config, COMMAND_INTX_DISABLE);
	put(fd, PROBE_RAISE, PROBE_ISR_DONE_MASK);
	status = config_get(config, STATUS, 2);
	CHECK_EQ(get(fd, PROBE_ISR), PROBE_ISR_DONE_MASK);
	count = count_of(fd, PROBE_IRQ_DONE);
	command_clear(config, COMMAND_INTX_DISABLE);
	CHECK(status & STATUS_INTERRUPT);
	CHECK_EQ(count, 0);
	await(fd, PROBE_IRQ_DONE, 1);
	CHECK_EQ(config_get(config, STATUS, 2) & STATUS_INTERRUPT, 0);
}

/* From one form to the other, with a source pending at the end of each. */
static void one_form_after_the_other(void)
{
	static const char *const forms[] = { "irq=msi", "irq=intx", "irq=msix",
					     "irq=msi", "irq=msix", "irq=intx vectors=4" };

	for (size_t i = 0; i < KTAP_LENGTH(forms); i++) {
		int fd = probe_start(forms[i]);
		uint32_t hold = 1;

		for (uint32_t source = 0; source < SOURCES; source++) {
			raise_source(fd, source);
			await(fd, source, 1);
		}
		CHECK_EQ(ioctl(fd, PROBE_IOC_HOLD, &hold), 0);
		put(fd, PROBE_RAISE, ENABLED);
		await(fd, PROBE_EVENT_HELD, 1);
		close(fd);
	}
}

static void no_such_form(void)
{
	char text[256];

	must("modprobe -r probe");
	CHECK(shell("modprobe probe irq=pigeon", text, sizeof(text)) != 0);
	CHECK(!file_exists(PROBE_BUS));
	must("modprobe probe");
	WAIT_FOR(file_exists(PROBE_DEV));
}

#define IN_EACH_FORM(name)                                                                         \
	static void name##_intx(void)                                                              \
	{                                                                                          \
		name(&intx);                                                                       \
	}                                                                                          \
	static void name##_msi_one(void)                                                           \
	{                                                                                          \
		name(&msi_one);                                                                    \
	}                                                                                          \
	static void name##_msi_two(void)                                                           \
	{                                                                                          \
		name(&msi_two);                                                                    \
	}                                                                                          \
	static void name##_msi(void)                                                               \
	{                                                                                          \
		name(&msi);                                                                        \
	}                                                                                          \
	static void name##_msix(void)                                                              \
	{                                                                                          \
		name(&msix);                                                                       \
	}

/* clang-format off */
#define CASES(name)                                                                                \
	{ #name "_intx", name##_intx }, { #name "_msi_one", name##_msi_one },                      \
	{ #name "_msi_two", name##_msi_two }, { #name "_msi", name##_msi },                        \
	{ #name "_msix", name##_msix }
/* clang-format on */

IN_EACH_FORM(each_source)
IN_EACH_FORM(again_and_again)
IN_EACH_FORM(at_once)
IN_EACH_FORM(two_at_it)
IN_EACH_FORM(not_enabled)
IN_EACH_FORM(left_pending)
IN_EACH_FORM(without_mastering)
IN_EACH_FORM(moved_between_processors)

static const struct ktap_case cases[] = {
	CASES(each_source),
	CASES(again_and_again),
	CASES(at_once),
	CASES(two_at_it),
	CASES(not_enabled),
	CASES(left_pending),
	CASES(without_mastering),
	CASES(moved_between_processors),
	{ "intx_disabled", intx_disabled },
	{ "one_form_after_the_other", one_form_after_the_other },
	{ "no_such_form", no_such_form },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}

// SPDX-License-Identifier: BSD-2-Clause
/* Interrupts as a driver meets them: each kind, few vectors or many, storms, lost ones, moved ones. */
#include "newdev.h"

struct kind {
	const char *parameters;
	uint32_t irq;
	uint32_t vectors;
};

static const struct kind intx = { "irq=intx", NEWDEV_BY_INTX, 1 };
static const struct kind msi_one = { "irq=msi vectors=1", NEWDEV_BY_MSI, 1 };
static const struct kind msi_two = { "irq=msi vectors=2", NEWDEV_BY_MSI, 2 };
static const struct kind msi = { "irq=msi", NEWDEV_BY_MSI, 4 };

static const uint32_t asked[NEWDEV_SOURCES] = { 0, 1, 2, 3 };

/* x86 needs interrupt remapping to give several MSI; where it is on, interrupts are "IR-". */
static bool remapped(void)
{
	char text[16];

	return !shell("grep -q IR- /proc/interrupts", text, sizeof(text));
}

static int start(const struct kind *kind)
{
	struct newdev_info info;
	int fd;

	newdev_load(kind->parameters);
	fd = newdev_open(O_RDWR);
	info = newdev_info(fd);
	CHECK_EQ(info.irq, kind->irq);
	if (info.vectors < kind->vectors && !remapped())
		skip("this kernel grants one MSI only: run with --iommu");
	CHECK_EQ(info.vectors, kind->vectors);
	return fd;
}

/* Has this source happen, by the driver or by work that ends so. */
static void cause(int fd, uint32_t source)
{
	struct newdev_pci pci = newdev_pci(0);
	int config = newdev_config(&pci);
	uint32_t command = config_get(config, COMMAND, 2);
	char byte = 1;

	newdev_mode(fd, NEWDEV_MODE_DMA);
	switch (source) {
	case NEWDEV_SOURCE_DONE:
		CHECK_EQ(pwrite(fd, &byte, 1, 0), 1);
		break;
	case NEWDEV_SOURCE_ERROR:
		config_set(config, COMMAND, 2, command & ~COMMAND_MASTER);
		CHECK_ERRNO(pwrite(fd, &byte, 1, 0), EPERM);
		config_set(config, COMMAND, 2, command);
		break;
	default:
		CHECK_EQ(newdev_raise(fd, source), 0);
	}
	close(config);
}

/*
 * Each source comes, once, with the vector that is its own, or else with the first.
 * Without bus mastering no message goes out: what it was about has been looked up by then.
 */
static void each_source(const struct kind *kind)
{
	int fd = start(kind);

	for (uint32_t source = 0; source < NEWDEV_SOURCES; source++) {
		struct newdev_info before = newdev_info(fd), after;
		uint32_t vector = asked[source] < before.vectors ? asked[source] : 0;
		bool quiet = source == NEWDEV_SOURCE_ERROR && kind->irq == NEWDEV_BY_MSI;

		cause(fd, source);
		if (!quiet)
			newdev_await(fd, source, before.event[source]);
		after = newdev_info(fd);
		CHECK_EQ(after.missed, before.missed + quiet);
		for (uint32_t i = 0; i < NEWDEV_SOURCES && !quiet; i++) {
			CHECK_EQ(after.event[i], before.event[i] + (i == source));
			CHECK_EQ(after.vector[i], before.vector[i] + (i == vector));
		}
	}
}

/* One after the other, none is lost; as many calls as events. */
static void again_and_again(const struct kind *kind)
{
	int fd = start(kind);
	uint32_t count[NEWDEV_SOURCES] = { 0 };

	for (uint32_t i = 0; i < 400; i++) {
		uint32_t source = i % 2 ? NEWDEV_SOURCE_LINE : NEWDEV_SOURCE_BELL;

		CHECK_EQ(newdev_raise(fd, source), 0);
		CHECK_EQ(newdev_await(fd, source, count[source]), count[source] + 1);
		count[source]++;
	}
}

/* Two programs that raise, two that move bytes, and nobody waits in vain. */
static void all_at_once(const struct kind *kind)
{
	enum { PROGRAMS = 4 };
	pid_t pids[PROGRAMS];
	int fd = start(kind), status;

	for (int p = 0; p < PROGRAMS; p++) {
		static uint8_t out[6000], in[6000];
		uint32_t source = p % 2 ? NEWDEV_SOURCE_LINE : NEWDEV_SOURCE_BELL;

		pids[p] = ktap_fork();
		if (pids[p])
			continue;
		fd = newdev_open(O_RDWR);
		newdev_mode(fd, NEWDEV_MODE_DMA);
		for (uint32_t i = 0; i < 100 && p < 2; i++) {
			uint32_t count = newdev_info(fd).event[source];

			CHECK_EQ(newdev_raise(fd, source), 0);
			newdev_await(fd, source, count);
		}
		for (uint32_t i = 0; i < 50 && p >= 2; i++) {
			fill(out, sizeof(out), i * p);
			CHECK_EQ(pwrite(fd, out, sizeof(out), p * 100000), sizeof(out));
			CHECK_EQ(pread(fd, in, sizeof(in), p * 100000), sizeof(in));
			CHECK(!memcmp(in, out, sizeof(in)));
		}
		fflush(stdout);
		_exit(0);
	}
	for (int p = 0; p < PROGRAMS; p++) {
		status = ktap_wait(pids[p]);
		CHECK_EQ(status, 0);
	}
	CHECK_EQ(newdev_info(fd).missed, 0);
}

/* One vector is masked while its source is raised: it comes when the mask goes, and others do meanwhile. */
static void masked_vectors(void)
{
	struct newdev_pci pci;
	int fd = start(&msi), config;
	uint32_t at = 0x50 + 0x10, mask, before;

	pci = newdev_pci(0);
	config = newdev_config(&pci);
	CHECK_EQ(config_get(config, 0x50, 1), 0x05);
	mask = config_get(config, at, 4);
	before = newdev_info(fd).event[NEWDEV_SOURCE_BELL];
	config_set(config, at, 4, mask | 0x8);
	CHECK_EQ(newdev_raise(fd, NEWDEV_SOURCE_BELL), 0);
	CHECK_EQ(newdev_raise(fd, NEWDEV_SOURCE_LINE), 0);
	newdev_await(fd, NEWDEV_SOURCE_LINE, 0);
	CHECK_EQ(newdev_info(fd).event[NEWDEV_SOURCE_BELL], before);
	/* Over a socket QEMU holds the message back, and shows pending bits that know nothing of it. */
	CHECK_EQ(config_get(config, at + 4, 4), backend_is("qemu") ? 0x8 : 0);
	config_set(config, at, 4, mask & ~0x8);
	newdev_await(fd, NEWDEV_SOURCE_BELL, before);
	CHECK_EQ(config_get(config, at + 4, 4), 0);
}

/*
 * The interrupt of a transfer does not come, because somebody has switched them off:
 * the driver looks by itself, and says that it had to.
 */
static void lost_interrupts(const struct kind *kind)
{
	enum { INTX_DISABLE = 0x400 };
	struct newdev_pci pci;
	int fd = start(kind), config;
	uint32_t command, control;
	char byte = 7;

	pci = newdev_pci(0);
	config = newdev_config(&pci);
	newdev_mode(fd, NEWDEV_MODE_DMA);
	command = config_get(config, COMMAND, 2);
	control = config_get(config, 0x52, 2);
	/* The message goes out as soon as MSI is off again or on again; so none of both. */
	if (kind->irq == NEWDEV_BY_INTX)
		config_set(config, COMMAND, 2, command | INTX_DISABLE);
	else
		config_set(config, 0x60, 4, 0xf);
	CHECK_EQ(pwrite(fd, &byte, 1, 0), 1);
	CHECK_EQ(pread(fd, &byte, 1, 0), 1);
	CHECK_EQ(byte, 7);
	CHECK_EQ(newdev_info(fd).missed, 2);
	if (kind->irq == NEWDEV_BY_INTX)
		config_set(config, COMMAND, 2, command);
	else
		config_set(config, 0x60, 4, 0);
	CHECK_EQ(config_get(config, 0x52, 2), control);
	CHECK_EQ(pread(fd, &byte, 1, 0), 1);
	CHECK_EQ(newdev_info(fd).missed, 2);
}

/* Nothing but interrupts: the driver holds them off for a while, again and again, and goes on working. */
static void storm(const struct kind *kind)
{
	uint8_t out[4097], in[4097];
	pid_t pids[2];
	int fd = start(kind), status;

	/* Few: how many come in a tenth of a second is the machine's business. */
	CHECK_EQ(file_write("/sys/module/newdev/parameters/storm", "2"), 0);
	for (int p = 0; p < 2; p++) {
		pids[p] = ktap_fork();
		while (!pids[p])
			CHECK_EQ(newdev_raise(fd, p ? NEWDEV_SOURCE_LINE : NEWDEV_SOURCE_BELL), 0);
	}
	WAIT_FOR(newdev_info(fd).storms >= 3);
	newdev_mode(fd, NEWDEV_MODE_DMA);
	for (int i = 0; i < 5; i++) {
		fill(out, sizeof(out), i);
		CHECK_EQ(pwrite(fd, out, sizeof(out), 0), sizeof(out));
		CHECK_EQ(pread(fd, in, sizeof(in), 0), sizeof(in));
		CHECK(!memcmp(in, out, sizeof(in)));
	}
	for (int p = 0; p < 2; p++) {
		kill(pids[p], SIGKILL);
		status = ktap_wait(pids[p]);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	/* It is over: they come as they did. */
	CHECK_EQ(file_write("/sys/module/newdev/parameters/storm", "20000"), 0);
	sleep_ms(300);
	for (int i = 0; i < 50; i++) {
		uint32_t count = newdev_info(fd).event[NEWDEV_SOURCE_BELL];

		CHECK_EQ(newdev_raise(fd, NEWDEV_SOURCE_BELL), 0);
		newdev_await(fd, NEWDEV_SOURCE_BELL, count);
	}
}

/* While bytes go to and fro, their interrupt is sent from processor to processor. */
static void moved_between_processors(const struct kind *kind)
{
	static uint8_t out[70000], in[70000];
	char text[256], path[64];
	unsigned int irqs[4], n = 0;
	int fd = start(kind), status;
	pid_t pid;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		skip("one processor only: run with --smp 2");
	CHECK_EQ(shell("awk '/newdev0/ {sub(\":\", \"\"); print $1}' /proc/interrupts", text,
		       sizeof(text)),
		 0);
	for (char *at = strtok(text, "\n"); at && n < 4; at = strtok(NULL, "\n"))
		irqs[n++] = atoi(at);
	CHECK_EQ(n, kind->vectors);
	pid = ktap_fork();
	if (!pid) {
		newdev_mode(fd, NEWDEV_MODE_DMA);
		for (int i = 0; i < 100; i++) {
			fill(out, sizeof(out), i);
			CHECK_EQ(pwrite(fd, out, sizeof(out), 0), sizeof(out));
			CHECK_EQ(pread(fd, in, sizeof(in), 0), sizeof(in));
			CHECK(!memcmp(in, out, sizeof(in)));
		}
		fflush(stdout);
		_exit(0);
	}
	for (int i = 0; !waitpid(pid, &status, WNOHANG); i++) {
		snprintf(path, sizeof(path), "/proc/irq/%u/smp_affinity", irqs[i % n]);
		CHECK_EQ(file_write(path, i / n % 2 ? "1" : "2"), 0);
		sleep_ms(2);
	}
	CHECK_EQ(status, 0);
	/* A message may go astray in the middle of that, on hardware too; no more than a few. */
	note("%u ends of transfers were looked up", newdev_info(fd).missed);
	CHECK(newdev_info(fd).missed <= 5);
}

/* ---- waiting for one ---- */

static void waited_for(void)
{
	struct newdev_wait wait = { .source = NEWDEV_SOURCE_BELL, .timeout_ms = 50 };
	int fd = start(&intx), quick = newdev_open(O_RDWR | O_NONBLOCK);

	CHECK_ERRNO(ioctl(fd, NEWDEV_IOC_WAIT, &wait), ETIMEDOUT);
	CHECK_ERRNO(ioctl(quick, NEWDEV_IOC_WAIT, &wait), EAGAIN);
	CHECK_EQ(newdev_raise(fd, NEWDEV_SOURCE_BELL), 0);
	newdev_await(fd, NEWDEV_SOURCE_BELL, 0);
	CHECK_EQ(ioctl(quick, NEWDEV_IOC_WAIT, &wait), 0);
	CHECK_EQ(wait.count, 1);
	wait.source = NEWDEV_SOURCES;
	CHECK_ERRNO(ioctl(fd, NEWDEV_IOC_WAIT, &wait), EINVAL);
	wait.source = NEWDEV_SOURCE_LINE;
	wait.zero = 1;
	CHECK_ERRNO(ioctl(fd, NEWDEV_IOC_WAIT, &wait), EINVAL);
}

#define IN_EACH_KIND(name)                                                                         \
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
	}

/* clang-format off */
#define CASES(name)                                                                                \
	{ #name "_intx", name##_intx }, { #name "_msi_one", name##_msi_one },                      \
	{ #name "_msi_two", name##_msi_two }, { #name "_msi", name##_msi }
/* clang-format on */

IN_EACH_KIND(each_source)
IN_EACH_KIND(again_and_again)
IN_EACH_KIND(all_at_once)
IN_EACH_KIND(lost_interrupts)
IN_EACH_KIND(storm)
IN_EACH_KIND(moved_between_processors)

static const struct ktap_case cases[] = {
	CASES(each_source),
	CASES(again_and_again),
	CASES(all_at_once),
	{ "masked_vectors", masked_vectors },
	CASES(lost_interrupts),
	CASES(storm),
	CASES(moved_between_processors),
	{ "waited_for", waited_for },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}

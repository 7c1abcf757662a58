/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accesses to BARs: the way of every register read and write, and the
 * answers to those that are not legal.
 */
#include "device/device.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

static uint64_t answer(enum ez_answer what, unsigned int width)
{
	return what == EZ_ANSWER_ONES ? regs_ones(width) : 0;
}

static const char *answer_text(enum ez_answer what, bool write)
{
	if (write)
		return "ignored";
	return what == EZ_ANSWER_ONES ? "reads all-ones" : "reads 0";
}

/* "1, 2 or 4" out of the mask of legal widths. */
static const char *widths(unsigned int access, char *buf)
{
	unsigned int w, left = (unsigned int)__builtin_popcount(access & 15);
	char *p = buf;

	for (w = 1; w <= 8; w *= 2) {
		if (!(access & w))
			continue;
		*p++ = (char)('0' + w);
		left--;
		if (left > 1) {
			*p++ = ',';
			*p++ = ' ';
		} else if (left == 1) {
			*p++ = ' ';
			*p++ = 'o';
			*p++ = 'r';
			*p++ = ' ';
		}
	}
	*p = '\0';
	return buf;
}

/* The register does not allow this access. */
static void refuse(struct ez_function *f, const struct regs_map *map, const struct regs_hit *hit,
		   enum regs_verdict verdict, unsigned int width, bool write)
{
	const struct ez_reg *reg = hit->reg;
	const char *what = answer_text(map->bar->illegal, write);
	const char *verb = write ? "write to" : "read of";
	enum log_reason reason = LOG_READ_WIDTH;
	char list[24];

	switch (verdict) {
	case REGS_WIDTH:
		reason = write ? LOG_WRITE_WIDTH : LOG_READ_WIDTH;
		break;
	case REGS_ALIGNMENT:
		reason = write ? LOG_WRITE_ALIGNMENT : LOG_READ_ALIGNMENT;
		break;
	case REGS_READ_ONLY:
		reason = LOG_WRITE_READ_ONLY;
		break;
	case REGS_WRITE_ONLY:
		reason = LOG_READ_WRITE_ONLY;
		break;
	case REGS_OK:
		return;
	}
	if (!log_first_access(f, reg, reg->bar, reason))
		return;
	switch (verdict) {
	case REGS_WIDTH:
		log_line(f, EZ_LOG_VIOLATION,
			 "%u-byte %s %s+%u (BAR%u 0x%x), which allows %s bytes; %s", width, verb,
			 reg->name, hit->byte, reg->bar, reg->offset, widths(reg->access, list),
			 what);
		break;
	case REGS_ALIGNMENT:
		log_line(f, EZ_LOG_VIOLATION, "misaligned %u-byte %s %s+%u (BAR%u 0x%x); %s", width,
			 verb, reg->name, hit->byte, reg->bar, reg->offset, what);
		break;
	default:
		log_line(f, EZ_LOG_VIOLATION, "%s %s (BAR%u 0x%x), which is %s-only; %s", verb,
			 reg->name, reg->bar, reg->offset,
			 verdict == REGS_READ_ONLY ? "read" : "write", what);
		break;
	}
}

/* It is where a window or an MSI-X structure is, and not as they allow it. */
static void refuse_part(struct ez_function *f, const struct regs_map *map, uint64_t offset,
			unsigned int width, bool write, enum log_reason reason, const char *what)
{
	if (log_first_access(f, NULL, map->bar->number, reason))
		log_line(f, EZ_LOG_VIOLATION, "%u-byte %s BAR%u 0x%llx, %s; %s", width,
			 write ? "write to" : "read of", map->bar->number,
			 (unsigned long long)offset, what, answer_text(map->bar->illegal, write));
}

/* No register there. */
static void refuse_unmapped(struct ez_function *f, const struct regs_map *map, uint64_t offset,
			    unsigned int width, bool write)
{
	bool beyond = offset >= map->bar->size || width > map->bar->size - offset;
	enum log_reason reason = write ? LOG_WRITE_UNMAPPED : LOG_READ_UNMAPPED;

	if (beyond)
		reason = write ? LOG_WRITE_BEYOND : LOG_READ_BEYOND;
	if (log_first_access(f, NULL, map->bar->number, reason))
		log_line(f, EZ_LOG_VIOLATION, "%u-byte %s BAR%u 0x%llx, %s; %s", width,
			 write ? "write to" : "read of", map->bar->number,
			 (unsigned long long)offset,
			 beyond ? "past its end" : "where no register is",
			 answer_text(map->bar->unmapped, write));
}

static void check_reserved(struct ez_function *f, const struct regs_hit *hit, unsigned int width,
			   uint64_t value)
{
	const struct ez_reg *reg = hit->reg;
	uint64_t bad = (value & regs_ones(width)) << (8 * hit->byte) & reg->must_be_zero;
	uint64_t named = 0;
	uint32_t i;

	for (i = 0; bad && i < reg->n_fields; i++) {
		if (reg->fields[i].flags & EZ_FIELD_RESERVED)
			named |= regs_field_mask(&reg->fields[i]);
	}
	if (bad & named)
		rules_must_be_zero(f, hit, bad & named);
	bad &= ~named;
	if (bad && log_first_access(f, reg, reg->bar, LOG_WRITE_RESERVED))
		log_line(f, EZ_LOG_VIOLATION,
			 "write to %s (BAR%u 0x%x) sets reserved bits 0x%llx, which must be zero",
			 reg->name, reg->bar, reg->offset, (unsigned long long)bad);
}

static void say_unimplemented(struct ez_function *f, const struct regs_hit *hit, bool write)
{
	const struct ez_reg *reg = hit->reg;

	if (log_first_access(f, reg, reg->bar, LOG_UNIMPLEMENTED))
		log_line(f, EZ_LOG_UNIMPLEMENTED,
			 "%s %s (BAR%u 0x%x), which the model does not have",
			 write ? "write to" : "read of", reg->name, reg->bar, reg->offset);
}

/*
 * A BAR that is declared `split` cuts an access over several whole registers,
 * as a bus of byte lanes does: into the largest aligned pieces that stay
 * within one register. Returns the width of the piece at `offset`, of an
 * access with `left` bytes to go; `left` itself where there is nothing to cut.
 */
static unsigned int piece(const struct regs_map *map, uint64_t offset, unsigned int left)
{
	unsigned int width = 1;
	unsigned int room = 1;
	struct regs_hit hit;

	if (regs_map_find(map, offset, &hit))
		room = hit.reg->width - hit.byte;
	while (width * 2 <= left && width * 2 <= room && !(offset & (width * 2 - 1)))
		width *= 2;
	return width;
}

static bool splits(const struct regs_map *map, uint64_t offset, unsigned int width)
{
	struct regs_hit hit;

	return map->bar->split && !(offset & (width - 1)) && regs_map_find(map, offset, &hit) &&
	       piece(map, offset, width) < width;
}

/*
 * Shut: nobody is there. Busy: the device reaches its own BAR by DMA, which
 * would nest callbacks.
 */
static bool blocked(struct ez_function *f, unsigned int bar, uint64_t offset)
{
	if (!f->shut && log_first(f, LOG_NESTED))
		log_line(f, EZ_LOG_VIOLATION,
			 "the device reaches its own BAR%u 0x%llx by DMA; refused", bar,
			 (unsigned long long)offset);
	return true;
}

/* A legal access: the model's hooks run in here and nowhere else. */
static inline uint64_t perform_read(struct ez_function *f, const struct regs_hit *hit,
				    unsigned int width)
{
	uint64_t value;
	bool was;

	if (likely(!(hit->reg->flags & EZ_REG_READ_EFFECT)))
		return regs_read_plain(hit, f->state, width);
	if (unlikely(f->coincide != EZ_NONE) && hit->reg->flags & EZ_REG_IRQ)
		return rules_read(f, hit, width);
	was = device_enter(f);
	f->lanes = regs_ones(width) << (8 * hit->byte);
	value = regs_read_effect(hit, f->state, width);
	f->lanes = 0;
	device_leave(f, was);
	if (unlikely(hit->reg->flags & EZ_REG_IRQ))
		irq_update(f);
	return value;
}

static inline void perform_write(struct ez_function *f, const struct regs_hit *hit,
				 unsigned int width, uint64_t value)
{
	bool was;

	if (likely(regs_write_is_plain(hit->reg))) {
		regs_write_plain(hit, f->state, width, value);
		return;
	}
	if (unlikely(f->coincide != EZ_NONE) && hit->reg->flags & EZ_REG_IRQ) {
		rules_write(f, hit, width, value);
		return;
	}
	was = device_enter(f);
	f->lanes = regs_ones(width) << (8 * hit->byte);
	regs_write(hit, f->state, width, value);
	f->lanes = 0;
	device_leave(f, was);
	if (unlikely(hit->reg->flags & EZ_REG_IRQ))
		irq_update(f);
}

/* The register that answers here now, of those that share the address. */
static bool find(const struct ez_function *f, const struct regs_map *map, uint64_t offset,
		 bool write, struct regs_hit *hit)
{
	if (!regs_map_find(map, offset, hit))
		return false;
	return !(hit->reg->flags & EZ_REG_ALTERNATE) ||
	       regs_alternate(f->spec, f->state, hit, write);
}

/*
 * MSI-X structures, 6.8.2: aligned dwords and qwords only, pending bits are
 * read-only. Where the backend owns MSI-X this is a plain copy of what came by.
 */
static uint64_t msix_read(struct ez_function *f, const struct regs_map *map,
			  enum pci_msix_part part, uint64_t offset, uint32_t at, unsigned int width)
{
	if (width < 4 || (at & (width - 1))) {
		refuse_part(f, map, offset, width, false, LOG_READ_MSIX,
			    "an MSI-X structure, which takes aligned 4 or 8 bytes");
		return answer(map->bar->illegal, width);
	}
	return pci_msix_read(&f->pci, part, at, width);
}

static void msix_write(struct ez_function *f, const struct regs_map *map, enum pci_msix_part part,
		       uint64_t offset, uint32_t at, unsigned int width, uint64_t value)
{
	if (part == PCI_MSIX_PBA) {
		refuse_part(f, map, offset, width, true, LOG_WRITE_MSIX,
			    "MSI-X pending bits, which are read-only");
	} else if (width < 4 || (at & (width - 1))) {
		refuse_part(f, map, offset, width, true, LOG_WRITE_MSIX,
			    "an MSI-X structure, which takes aligned 4 or 8 bytes");
	} else {
		pci_msix_write(&f->pci, at, width, value);
		irq_unmask(f);
	}
}

/* Where no register is: a window, an MSI-X structure, or nothing. */
static uint64_t read_elsewhere(struct ez_function *f, const struct regs_map *map, uint64_t offset,
			       unsigned int width)
{
	enum pci_msix_part part;
	const struct ez_window *window;
	uint32_t index, at;

	window = window_find(f, map->bar->number, offset, &index);
	if (window && width <= window->size - (offset - window->offset))
		return window_read(f, index, offset - window->offset, width);
	if (window) {
		refuse_part(f, map, offset, width, false, LOG_READ_WINDOW,
			    "which runs past the end of a window");
		return answer(map->bar->illegal, width);
	}
	part = pci_msix_find(&f->pci, map->bar->number, offset, &at);
	if (part != PCI_MSIX_NONE)
		return msix_read(f, map, part, offset, at, width);
	refuse_unmapped(f, map, offset, width, false);
	return answer(map->bar->unmapped, width);
}

static void write_elsewhere(struct ez_function *f, const struct regs_map *map, uint64_t offset,
			    unsigned int width, uint64_t value)
{
	enum pci_msix_part part;
	const struct ez_window *window;
	uint32_t index, at;

	window = window_find(f, map->bar->number, offset, &index);
	if (window && width <= window->size - (offset - window->offset)) {
		window_write(f, index, offset - window->offset, width, value);
		return;
	}
	if (window) {
		refuse_part(f, map, offset, width, true, LOG_WRITE_WINDOW,
			    "which runs past the end of a window");
		return;
	}
	part = pci_msix_find(&f->pci, map->bar->number, offset, &at);
	if (part != PCI_MSIX_NONE)
		msix_write(f, map, part, offset, at, width, value);
	else
		refuse_unmapped(f, map, offset, width, true);
}

/* Everything that is not the plain, legal access of one register. */
static uint64_t read_slow(struct ez_function *f, unsigned int bar, uint64_t offset,
			  unsigned int width)
{
	const struct regs_map *map = &f->map[bar];
	enum regs_verdict verdict;
	struct regs_hit hit;
	unsigned int at, cut;
	uint64_t value = 0;

	if (splits(map, offset, width)) {
		for (at = 0; at < width; at += cut) {
			cut = piece(map, offset + at, width - at);
			value |= access_read(f, bar, offset + at, cut) << (8 * at);
		}
		return value;
	}
	if (!find(f, map, offset, false, &hit))
		return read_elsewhere(f, map, offset, width);
	verdict = regs_check(&hit, width, false);
	if (verdict != REGS_OK) {
		refuse(f, map, &hit, verdict, width, false);
		return answer(map->bar->illegal, width);
	}
	if (hit.reg->flags & EZ_REG_UNIMPLEMENTED)
		say_unimplemented(f, &hit, false);
	return perform_read(f, &hit, width);
}

static inline uint64_t read_fast(struct ez_function *f, unsigned int bar, uint64_t offset,
				 unsigned int width)
{
	struct regs_hit hit;

	if (unlikely(f->shut | f->busy) && blocked(f, bar, offset))
		return regs_ones(width);
	if (likely(regs_map_find(&f->map[bar], offset, &hit)) &&
	    likely(regs_check(&hit, width, false) == REGS_OK) &&
	    likely(!(hit.reg->flags & (EZ_REG_UNIMPLEMENTED | EZ_REG_ALTERNATE))))
		return perform_read(f, &hit, width);
	return read_slow(f, bar, offset, width);
}

uint64_t access_read(struct ez_function *f, unsigned int bar, uint64_t offset, unsigned int width)
{
	return read_fast(f, bar, offset, width);
}

static void write_slow(struct ez_function *f, unsigned int bar, uint64_t offset, unsigned int width,
		       uint64_t value)
{
	const struct regs_map *map = &f->map[bar];
	enum regs_verdict verdict;
	struct regs_hit hit;
	unsigned int at, cut;

	if (splits(map, offset, width)) {
		for (at = 0; at < width; at += cut) {
			cut = piece(map, offset + at, width - at);
			access_write(f, bar, offset + at, cut, value >> (8 * at));
		}
		return;
	}
	if (!find(f, map, offset, true, &hit)) {
		write_elsewhere(f, map, offset, width, value);
		return;
	}
	verdict = regs_check(&hit, width, true);
	if (verdict != REGS_OK) {
		refuse(f, map, &hit, verdict, width, true);
		return;
	}
	if (hit.reg->flags & EZ_REG_UNIMPLEMENTED)
		say_unimplemented(f, &hit, true);
	check_reserved(f, &hit, width, value);
	if (hit.reg->flags & EZ_REG_RULES)
		rules_write(f, &hit, width, value);
	else
		perform_write(f, &hit, width, value);
}

void access_write(struct ez_function *f, unsigned int bar, uint64_t offset, unsigned int width,
		  uint64_t value)
{
	struct regs_hit hit;

	if (unlikely(f->shut | f->busy) && blocked(f, bar, offset))
		return;
	if (likely(regs_map_find(&f->map[bar], offset, &hit)) &&
	    likely(regs_check(&hit, width, true) == REGS_OK) &&
	    likely(!(hit.reg->flags & (EZ_REG_UNIMPLEMENTED | EZ_REG_RULES | EZ_REG_ALTERNATE)) &&
		   !hit.reg->must_be_zero)) {
		perform_write(f, &hit, width, value);
		return;
	}
	write_slow(f, bar, offset, width, value);
}

/* Fills in which register a crossing hits, for taps. */
static void name(const struct ez_function *f, struct ez_crossing *x)
{
	struct regs_hit hit;

	if (find(f, &f->map[x->bar], x->offset, x->kind == EZ_CROSSING_WRITE, &hit)) {
		x->reg = hit.reg;
		x->element = hit.element;
	}
}

/* With taps attached: slower, and out of the hot path's way. */
static __attribute__((noinline, cold)) uint64_t read_tapped(struct ez_function *f, unsigned int bar,
							    uint64_t offset, unsigned int width)
{
	struct ez_crossing x = { .kind = EZ_CROSSING_READ,
				 .fn = f->number,
				 .bar = bar,
				 .offset = offset,
				 .width = width,
				 .value = regs_ones(width) };

	name(f, &x);
	chain_send(f->dev, &x);
	return x.value & regs_ones(width);
}

static __attribute__((noinline, cold)) void write_tapped(struct ez_function *f, unsigned int bar,
							 uint64_t offset, unsigned int width,
							 uint64_t value)
{
	struct ez_crossing x = { .kind = EZ_CROSSING_WRITE,
				 .fn = f->number,
				 .bar = bar,
				 .offset = offset,
				 .width = width,
				 .value = value };

	name(f, &x);
	chain_send(f->dev, &x);
}

uint64_t ez_device_read(struct ez_device *dev, unsigned int fn, unsigned int bar, uint64_t offset,
			unsigned int width)
{
	if (unlikely(!access_legal(dev, fn, bar, width)))
		return regs_ones(width);
	if (unlikely(dev->taps))
		return read_tapped(&dev->function, bar, offset, width);
	return read_fast(&dev->function, bar, offset, width);
}

void ez_device_write(struct ez_device *dev, unsigned int fn, unsigned int bar, uint64_t offset,
		     unsigned int width, uint64_t value)
{
	if (unlikely(!access_legal(dev, fn, bar, width)))
		return;
	value &= regs_ones(width);
	if (unlikely(dev->taps))
		write_tapped(&dev->function, bar, offset, width, value);
	else
		access_write(&dev->function, bar, offset, width, value);
}

int ez_device_peek(struct ez_device *dev, unsigned int fn, const struct ez_reg *reg, uint32_t index,
		   uint64_t *ret_value)
{
	struct ez_function *f = device_function(dev, fn);

	if (!f)
		return -ENODEV;
	if (index >= reg->count)
		return -EINVAL;
	*ret_value = regs_peek(reg, index, f->state);
	return 0;
}

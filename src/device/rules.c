/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accesses to the few registers that have rules beyond storing and effects:
 * what is said when software breaks one, and the order in which things happen.
 */
#include "device/device.h"

#include <stdio.h>

/* "CTRL.MODE", or "CTRL" for bits of no field. */
struct who {
	char name[160];
	char bits[16]; /* "7:4" */
	uint64_t mask;
	uint64_t value; /* that was written, at bit 0 */
};

static void name_field(const struct ez_reg *reg, uint32_t field, uint64_t value, struct who *who)
{
	const struct ez_field *f = &reg->fields[field];
	unsigned int msb = f->lsb + f->width - 1u;

	snprintf(who->name, sizeof(who->name), "%s.%s", reg->name, f->name);
	if (f->width == 1)
		snprintf(who->bits, sizeof(who->bits), " %u", msb);
	else
		snprintf(who->bits, sizeof(who->bits), "s %u:%u", msb, f->lsb);
	who->mask = regs_field_mask(f);
	who->value = (value & who->mask) >> f->lsb;
}

/* ---- reserved bits ---- */

static const char *const reserved_verb[] = { "sets", "clears", "changes" };
static const char *const reserved_rule[] = { "zero", "one", "written as read" };
enum reserved { RESERVED_ZERO, RESERVED_ONE, RESERVED_KEEP };

/* `bad` bits break the rule; said once per field that they belong to. */
static void say_reserved(struct ez_function *f, const struct ez_reg *reg, uint64_t bad,
			 enum reserved how)
{
	struct who who;
	uint32_t i;

	for (i = 0; i < reg->n_fields && bad; i++) {
		if (!(reg->fields[i].flags & EZ_FIELD_RESERVED))
			continue;
		name_field(reg, i, 0, &who);
		if (!(who.mask & bad))
			continue;
		bad &= ~who.mask;
		if (log_first_field(f, reg, i, LOG_FIELD_RESERVED))
			log_line(f, EZ_LOG_VIOLATION,
				 "write to %s (BAR%u 0x%x) %s reserved bit%s (%s), which must be "
				 "%s",
				 reg->name, reg->bar, reg->offset, reserved_verb[how], who.bits,
				 reg->fields[i].name, reserved_rule[how]);
	}
	if (bad && log_first_field(f, reg, reg->n_fields, LOG_FIELD_RESERVED))
		log_line(f, EZ_LOG_VIOLATION,
			 "write to %s (BAR%u 0x%x) %s reserved bits 0x%llx, which must be %s",
			 reg->name, reg->bar, reg->offset, reserved_verb[how],
			 (unsigned long long)bad, reserved_rule[how]);
}

void rules_must_be_zero(struct ez_function *f, const struct regs_hit *hit, uint64_t bad)
{
	say_reserved(f, hit->reg, bad, RESERVED_ZERO);
}

/* ---- what a write says ---- */

static void say_ignored(struct ez_function *f, const struct regs_hit *hit,
			const struct regs_plan *plan, uint32_t field, const struct who *who)
{
	const struct ez_reg *reg = hit->reg;
	uint32_t i;

	if (who->mask & plan->lost & plan->spent && log_first_field(f, reg, field, LOG_FIELD_ONCE))
		log_line(f, EZ_LOG_VIOLATION,
			 "another write to %s (BAR%u 0x%x), which takes one after a reset; ignored",
			 who->name, reg->bar, reg->offset);
	for (i = 0; i < reg->rules->n_locks; i++) {
		const struct ez_lock *lock = &reg->rules->locks[i];

		if (!(lock->mask & who->mask & plan->lost & plan->locked) ||
		    !regs_locked(f->spec, reg, hit->element, lock, f->state))
			continue;
		if (log_first_field(f, reg, field, LOG_FIELD_LOCKED))
			log_line(f, EZ_LOG_VIOLATION,
				 "write to %s (BAR%u 0x%x) while %s is %s; ignored", who->name,
				 reg->bar, reg->offset, lock->key_name,
				 lock->open_if_clear ? "set" : "clear");
	}
}

/* "slow, normal or fast" */
static void list_values(const struct ez_field *field, char *text, size_t size)
{
	size_t at = 0;
	uint32_t i;

	*text = '\0';
	for (i = 0; i < field->n_values && at < size; i++)
		at += (size_t)snprintf(text + at, size - at, "%s%s",
				       !i			  ? ""
				       : i + 1 == field->n_values ? " or "
								  : ", ",
				       field->values[i].name);
}

static bool is_value(const struct ez_field *field, uint64_t value)
{
	uint32_t i;

	for (i = 0; i < field->n_values; i++) {
		if (field->values[i].value == value)
			return true;
	}
	return false;
}

static void check_limit(struct ez_function *f, const struct ez_reg *reg,
			const struct ez_limit *limit, uint64_t before, uint64_t after)
{
	const struct ez_field *field = &reg->fields[limit->field];
	char takes[100];
	struct who who;
	bool ok;

	name_field(reg, limit->field, after, &who);
	switch (limit->kind) {
	case EZ_LIMIT_VALUES:
		ok = is_value(field, who.value);
		list_values(field, takes, sizeof(takes));
		break;
	case EZ_LIMIT_RANGE:
		ok = who.value >= limit->min && who.value <= limit->max;
		snprintf(takes, sizeof(takes), "%llu to %llu", (unsigned long long)limit->min,
			 (unsigned long long)limit->max);
		break;
	default:
		before = (before & who.mask) >> field->lsb;
		ok = who.value == before;
		snprintf(takes, sizeof(takes), "only what it reads as, %llu",
			 (unsigned long long)before);
		break;
	}
	if (!ok && log_first_field(f, reg, limit->field, LOG_FIELD_CONSTRAINT))
		log_line(f, EZ_LOG_VIOLATION, "write of %llu to %s (BAR%u 0x%x), which takes %s",
			 (unsigned long long)who.value, who.name, reg->bar, reg->offset, takes);
}

static void check_write(struct ez_function *f, const struct regs_hit *hit,
			const struct regs_plan *plan)
{
	const struct ez_reg *reg = hit->reg;
	const struct ez_rules *rules = reg->rules;
	uint64_t gap = (plan->value ^ reg->reset) & plan->lanes & rules->unimplemented;
	/* Bits that the access does not carry stay, so they are as they should be. */
	uint64_t merged = (plan->old & ~plan->lanes) | plan->value;
	struct who who = { .mask = UINT64_MAX };
	uint32_t i;

	say_reserved(f, reg, ~plan->value & plan->lanes & rules->must_be_one, RESERVED_ONE);
	say_reserved(f, reg,
		     (plan->value ^ (plan->old & reg->read)) & plan->lanes & rules->must_keep,
		     RESERVED_KEEP);
	for (i = 0; i < rules->n_limits; i++) {
		if (regs_field_mask(&reg->fields[rules->limits[i].field]) & plan->lanes)
			check_limit(f, reg, &rules->limits[i], plan->old & reg->read, merged);
	}
	if (!(gap | plan->lost))
		return;
	for (i = 0; i < reg->n_fields; i++) {
		name_field(reg, i, plan->value, &who);
		if (who.mask & plan->lost)
			say_ignored(f, hit, plan, i, &who);
		if (who.mask & gap && log_first_field(f, reg, i, LOG_FIELD_UNIMPLEMENTED))
			log_line(f, EZ_LOG_UNIMPLEMENTED,
				 "write of %llu to %s (BAR%u 0x%x), which the model does not have",
				 (unsigned long long)who.value, who.name, reg->bar, reg->offset);
	}
	if (reg->n_fields || !plan->lost)
		return;
	snprintf(who.name, sizeof(who.name), "%s", reg->name);
	say_ignored(f, hit, plan, 0, &who);
}

/* ---- an event in the moment of an access ---- */

/* The source whose event belongs in this access, which makes `after` of `before`. */
static uint32_t coincides(const struct ez_function *f, const struct ez_reg *reg, uint64_t before,
			  uint64_t after)
{
	if (f->coincide == EZ_NONE || before == after ||
	    &f->spec->regs[f->spec->irqs[f->coincide].status] != reg)
		return EZ_NONE;
	return f->coincide;
}

/* Does the event come after the access's effect? */
static bool event_is_last(const struct ez_function *f, const struct ez_reg *reg, uint32_t source)
{
	return reg->rules && reg->rules->hw_wins & f->spec->irqs[source].status_mask;
}

static void raise(struct ez_function *f, uint32_t source)
{
	f->coincide = EZ_NONE;
	ez_irq_raise(f, source);
}

int ez_device_coincide(struct ez_device *dev, unsigned int fn, uint32_t source)
{
	struct ez_function *f = device_function(dev, fn);

	if (!f)
		return -ENODEV;
	if (source != EZ_NONE &&
	    (source >= f->spec->n_irqs || f->spec->irqs[source].status == EZ_NONE))
		return -EINVAL;
	f->coincide = source;
	return 0;
}

/* ---- accesses ---- */

/* Ones in test bits are events too, of their sources. */
static void run_tests(struct ez_function *f, const struct ez_reg *reg, uint64_t ones)
{
	uint32_t index = (uint32_t)(reg - f->spec->regs);
	uint32_t i;

	for (i = 0; i < f->spec->n_irqs; i++) {
		if (f->spec->irqs[i].test_mask && f->spec->irqs[i].test == index &&
		    f->spec->irqs[i].test_mask & ones)
			irq_test(f, i);
	}
}

static void run_hook(struct ez_function *f, const struct regs_hit *hit,
		     const struct regs_plan *plan)
{
	f->lanes = plan->open;
	hit->reg->onwrite(f->state, hit->element,
			  (plan->old & ~plan->open) | (plan->value & plan->open));
	f->lanes = 0;
}

void rules_write(struct ez_function *f, const struct regs_hit *hit, unsigned int width,
		 uint64_t value)
{
	const struct ez_reg *reg = hit->reg;
	uint64_t pulse = reg->rules ? reg->rules->pulse : 0;
	struct regs_plan plan;
	uint32_t event;
	bool was;

	regs_plan(f->spec, hit, f->state, width, value, &plan);
	if (reg->rules)
		check_write(f, hit, &plan);
	was = device_enter(f);
	event = coincides(f, reg, plan.old, plan.now);
	if (event != EZ_NONE && !event_is_last(f, reg, event)) {
		raise(f, event);
		event = EZ_NONE;
		regs_plan(f->spec, hit, f->state, width, value, &plan);
	}
	regs_commit(hit, f->state, &plan);
	if (reg->flags & EZ_REG_IRQ) {
		irq_hold(f);
		run_tests(f, reg, plan.value & plan.open);
	}
	if (event != EZ_NONE)
		raise(f, event);
	if (plan.hook)
		run_hook(f, hit, &plan);
	/* By then the hook may have written to it. */
	if (pulse)
		regs_poke(reg, hit->element, f->state,
			  regs_peek(reg, hit->element, f->state) & ~pulse);
	device_leave(f, was);
	if (reg->flags & EZ_REG_IRQ)
		irq_update(f);
}

uint64_t rules_read(struct ez_function *f, const struct regs_hit *hit, unsigned int width)
{
	const struct ez_reg *reg = hit->reg;
	uint64_t lanes = regs_ones(width) << (8 * hit->byte);
	uint64_t before = regs_peek(reg, hit->element, f->state), after = before;
	uint32_t event;
	uint64_t value;
	bool was;

	if (reg->effects) {
		after &= ~(reg->effects->rclr & lanes);
		after |= reg->effects->rset & lanes;
	}
	was = device_enter(f);
	event = coincides(f, reg, before, after);
	if (event != EZ_NONE && !event_is_last(f, reg, event)) {
		raise(f, event);
		event = EZ_NONE;
	}
	f->lanes = lanes;
	value = regs_read_effect(hit, f->state, width);
	f->lanes = 0;
	if (event != EZ_NONE)
		raise(f, event);
	device_leave(f, was);
	irq_update(f);
	return value;
}

uint64_t ez_access_lanes(struct ez_function *f)
{
	return f->lanes;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages. A driver's mistake in a loop would bury the console, so each
 * reason is said once per register (or BAR, or function), then counted; the
 * counts come when the device goes away.
 */
#include "device/device.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* said[]: per register its reasons, per BAR its reasons, then the function's. */
#define BAR_REASONS (LOG_ACCESS_REASONS - LOG_REGISTER_REASONS)

static const char *const access_text[LOG_ACCESS_REASONS] = {
	[LOG_READ_WIDTH] = "reads of an illegal width",
	[LOG_WRITE_WIDTH] = "writes of an illegal width",
	[LOG_READ_ALIGNMENT] = "misaligned reads",
	[LOG_WRITE_ALIGNMENT] = "misaligned writes",
	[LOG_READ_WRITE_ONLY] = "reads of a write-only register",
	[LOG_WRITE_READ_ONLY] = "writes to a read-only register",
	[LOG_WRITE_RESERVED] = "writes of ones to reserved bits",
	[LOG_UNIMPLEMENTED] = "accesses to what is not implemented",
	[LOG_READ_UNMAPPED] = "reads where no register is",
	[LOG_WRITE_UNMAPPED] = "writes where no register is",
	[LOG_READ_BEYOND] = "reads past the end",
	[LOG_WRITE_BEYOND] = "writes past the end",
	[LOG_READ_WINDOW] = "reads past the end of a window",
	[LOG_WRITE_WINDOW] = "writes past the end of a window",
	[LOG_READ_MSIX] = "illegal reads of MSI-X structures",
	[LOG_WRITE_MSIX] = "illegal writes to MSI-X structures",
};

static const char *const function_text[LOG_FUNCTION_REASONS] = {
	[LOG_NESTED] = "accesses by the device to itself",
	[LOG_DMA_MASTER] = "DMAs while bus mastering was off",
	[LOG_DMA_FAULT] = "DMAs to addresses that are not there",
	[LOG_DMA_RANGE] = "DMAs of an impossible length",
	[LOG_DMA_DEADLOCK] = "DMAs from a callback that this VMM cannot do",
	[LOG_DMA_POWER] = "DMAs while the function was powered down",
	[LOG_MSI_MASTER] = "messages while bus mastering was off",
	[LOG_MSI_BOTH] = "changes with both MSI and MSI-X enabled",
};

static const char *const field_text[LOG_FIELD_REASONS] = {
	[LOG_FIELD_RESERVED] = "writes that do not leave reserved bits alone",
	[LOG_FIELD_LOCKED] = "writes while locked",
	[LOG_FIELD_ONCE] = "writes after the one that counts",
	[LOG_FIELD_CONSTRAINT] = "writes of values that it does not take",
	[LOG_FIELD_UNIMPLEMENTED] = "writes to what is not implemented",
};

static size_t bar_base(const struct ez_function *f)
{
	return (size_t)f->spec->n_regs * LOG_REGISTER_REASONS;
}

static size_t function_base(const struct ez_function *f)
{
	return bar_base(f) + (size_t)EZ_BARS * BAR_REASONS;
}

static int init_fields(struct ez_function *f)
{
	const struct ez_spec *spec = f->spec;
	size_t n = 0;
	uint32_t i;

	f->field_base = calloc(spec->n_regs + 1, sizeof(*f->field_base));
	if (!f->field_base)
		return -ENOMEM;
	for (i = 0; i < spec->n_regs; i++) {
		f->field_base[i] = (uint32_t)n;
		n += (size_t)(spec->regs[i].n_fields + 1) * LOG_FIELD_REASONS;
	}
	f->said_field = calloc(n + 1, sizeof(*f->said_field));
	return f->said_field ? 0 : -ENOMEM;
}

int log_init(struct ez_function *f)
{
	f->said = calloc(function_base(f) + LOG_FUNCTION_REASONS, sizeof(*f->said));
	return f->said ? init_fields(f) : -ENOMEM;
}

static bool first(uint32_t *count)
{
	if (*count < UINT32_MAX)
		(*count)++;
	return *count == 1;
}

bool log_first_access(struct ez_function *f, const struct ez_reg *reg, unsigned int bar,
		      enum log_reason reason)
{
	if (reason < LOG_REGISTER_REASONS)
		return first(
			&f->said[(size_t)(reg - f->spec->regs) * LOG_REGISTER_REASONS + reason]);
	return first(&f->said[bar_base(f) + bar * BAR_REASONS + reason - LOG_REGISTER_REASONS]);
}

static uint32_t *field_count(struct ez_function *f, const struct ez_reg *reg, uint32_t field,
			     uint32_t reason)
{
	return &f->said_field[f->field_base[reg - f->spec->regs] +
			      (size_t)field * LOG_FIELD_REASONS + reason];
}

bool log_first_field(struct ez_function *f, const struct ez_reg *reg, uint32_t field,
		     enum log_reason reason)
{
	return first(field_count(f, reg, field, reason));
}

bool log_first(struct ez_function *f, enum log_reason reason)
{
	return first(&f->said[function_base(f) + reason]);
}

void log_line(struct ez_function *f, enum ez_log_kind kind, const char *format, ...)
{
	char text[256];
	struct ez_crossing x = { .kind = EZ_CROSSING_LOG, .fn = f->number, .index = kind };
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	x.text = text;
	chain_send(f->dev, &x);
}

void ez_log(struct ez_function *f, enum ez_log_kind kind, const char *format, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	log_line(f, kind, "%s", text);
}

/* What was said only once but happened more often. */
static void summary(struct ez_function *f, const char *where, const char *what, uint32_t count,
		    enum ez_log_kind kind)
{
	if (count > 1)
		log_line(f, kind, "%s%s%s: %u in all", where, *where ? ": " : "", what, count);
}

static void summary_of_fields(struct ez_function *f, const struct ez_reg *reg)
{
	char where[160];
	uint32_t i, r;

	for (i = 0; i <= reg->n_fields; i++) {
		snprintf(where, sizeof(where), "%s%s%s", reg->name, i < reg->n_fields ? "." : "",
			 i < reg->n_fields ? reg->fields[i].name : "");
		for (r = 0; r < LOG_FIELD_REASONS; r++)
			summary(f, where, field_text[r], *field_count(f, reg, i, r),
				r == LOG_FIELD_UNIMPLEMENTED ? EZ_LOG_UNIMPLEMENTED
							     : EZ_LOG_VIOLATION);
	}
}

void log_summary(struct ez_function *f)
{
	const struct ez_spec *spec = f->spec;
	char where[16];
	uint32_t i, r;

	for (i = 0; i < spec->n_regs; i++)
		for (r = 0; r < LOG_REGISTER_REASONS; r++)
			summary(f, spec->regs[i].name, access_text[r],
				f->said[(size_t)i * LOG_REGISTER_REASONS + r],
				r == LOG_UNIMPLEMENTED ? EZ_LOG_UNIMPLEMENTED : EZ_LOG_VIOLATION);
	for (i = 0; i < spec->n_regs; i++)
		summary_of_fields(f, &spec->regs[i]);
	for (i = 0; i < EZ_BARS; i++) {
		snprintf(where, sizeof(where), "BAR%u", i);
		for (r = 0; r < BAR_REASONS; r++)
			summary(f, where, access_text[LOG_REGISTER_REASONS + r],
				f->said[bar_base(f) + i * BAR_REASONS + r], EZ_LOG_VIOLATION);
	}
	for (r = 0; r < LOG_FUNCTION_REASONS; r++)
		summary(f, "", function_text[r], f->said[function_base(f) + r], EZ_LOG_VIOLATION);
}

void error_set(struct ez_error *error, const char *format, ...)
{
	va_list ap;

	if (!error)
		return;
	va_start(ap, format);
	vsnprintf(error->text, sizeof(error->text), format, ap);
	va_end(ap);
}

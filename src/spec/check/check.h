/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules that look at more than one key; each file one kind of rule. */
#ifndef SPEC_CHECK_H
#define SPEC_CHECK_H

#include "spec/diag.h"

/* Names: unique in their scope, usable in C, no two alike in generated C. */
void check_names(struct spec_device *dev, struct spec_diags *diags);
/* BARs: sizes and numbers; registers: place, overlaps; fields: bits, resets. */
void check_bars(struct spec_device *dev, struct spec_diags *diags);
void check_registers(struct spec_device *dev, struct spec_diags *diags);
/* Memory windows and MSI-X structures: places, overlaps. */
void check_areas(struct spec_device *dev, struct spec_diags *diags);
/* Capabilities, interrupts, pin; finds what references refer to. */
void check_capabilities(struct spec_device *dev, struct spec_diags *diags);
void check_interrupts(struct spec_device *dev, struct spec_diags *diags);
void check_extended_capabilities(struct spec_device *dev, struct spec_diags *diags);
/* Which capabilities go with pci: express:. */
void check_express(struct spec_device *dev, struct spec_diags *diags);
/* Locks, alternates, reserved fields, test registers; finds what references refer to. */
void check_rules(struct spec_device *dev, struct spec_diags *diags);
/* Do these two share an address with each other's consent? Before check_rules. */
bool check_alternates(const struct spec_device *dev, const struct spec_reg *a,
		      const struct spec_reg *b);
/* Size of the state struct. */
void check_state(struct spec_device *dev, struct spec_diags *diags);

/* ---- refs.c ---- */

/* The device's registers by name. */
GHashTable *refs_new(const struct spec_device *dev);
/*
 * "REG" or "REG.FIELD" -> register and mask, or an error at the reference. A
 * register `from` in a regfile or block finds its neighbours first, and an
 * array its own elements; NULL: a single register is wanted.
 */
void refs_find(const struct spec_device *dev, GHashTable *regs, struct spec_diags *diags,
	       const char *what, const struct spec_reg *from, struct spec_ref *ref);
/* A register as one in `from` calls it, or NULL. */
const struct spec_reg *refs_register(const struct spec_device *dev, GHashTable *regs,
				     const struct spec_reg *from, const char *name);

#endif

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
/* Size of the state struct. */
void check_state(struct spec_device *dev, struct spec_diags *diags);

#endif

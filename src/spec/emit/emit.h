/* SPDX-License-Identifier: BSD-2-Clause */
/* What the emitters share, and what check/ asks them about names. */
#ifndef SPEC_EMIT_H
#define SPEC_EMIT_H

#include "spec/device.h"

/* A #define of the generated header. */
struct emit_macro {
	const char *name;
	const char *params; /* "(i)", or "" */
	const char *value;
	const char *group; /* comment over the group that begins here, or NULL */
	struct spec_pos pos; /* of what it is named after */
	const char *owner; /* "field ALGORITHM of register INFO" */
};

/*
 * Calls visit for every macro that the header defines for all its users, in
 * order. Strings live until visit returns. Nameless parts are passed over,
 * so this works on a device with errors too.
 */
void emit_macros(const struct spec_device *dev,
		 void (*visit)(const struct emit_macro *macro, void *user), void *user);

/* The same for what it names only for models: enumerators, in upper case too. */
void emit_enumerators(const struct spec_device *dev,
		      void (*visit)(const struct emit_macro *macro, void *user), void *user);

/* A hook of the model: all that there are, in the order of the hooks struct. */
struct emit_hook {
	const char *member; /* "RNG_onread" */
	const char *result; /* "uint32_t" */
	const char *params; /* "struct my_rng *s" */
	const struct spec_reg *reg; /* or NULL */
	struct spec_pos pos;
};

void emit_hooks(const struct spec_device *dev,
		void (*visit)(const struct emit_hook *hook, void *user), void *user);

/* ---- rules.c: the rare members of the tables and of the state ---- */

/* Has it a struct ez_rules? */
bool emit_has_rules(const struct spec_reg *reg);
/* locks_REG, limits_REG, when_REG and rules_REG, those that are there. */
void emit_rules(const struct spec_device *dev, const struct spec_reg *reg, GString *out);
/* EZ_FIELD_... of a field, or "". */
void emit_field_flags(const struct spec_field *field, GString *out);
/* The member of the state struct that remembers which write-once bits were written. */
void emit_once_state(const struct spec_device *dev, GString *out);
/* Its rows of the state table, and how many. */
unsigned int emit_once_rows(const struct spec_device *dev, GString *out);
/* NAME_REG_FIELD_incr() and _decr() of every counter. */
void emit_counters(const struct spec_device *dev, GString *out);

/* C type of a register's storage, "uint32_t". */
const char *emit_reg_type(const struct spec_reg *reg);

/* Appends text as a C string literal, quotes included. */
void emit_string(GString *out, const char *text);
/* Appends text so that it can stand in a C comment, on one line. */
void emit_comment(GString *out, const char *text);
/* Appends 0x..., with ULL where it does not fit 32 bits or `wide` asks for it. */
void emit_hex(GString *out, uint64_t value, bool wide);

#endif

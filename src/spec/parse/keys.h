/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every key of device.yaml, in one table: it drives the parser, the "did you
 * mean", and the check that the reference documents all of them.
 */
#ifndef SPEC_KEYS_H
#define SPEC_KEYS_H

enum key_section {
	SECTION_DEVICE,
	SECTION_PCI,
	SECTION_BAR,
	SECTION_REGISTER,
	SECTION_WINDOW,
	SECTION_FIELD,
	SECTION_INTERRUPT,
	SECTION_CAPABILITY,
	SECTION_PM,
	SECTION_MSI,
	SECTION_MSIX,
	SECTION_PLACE,
	SECTION_VENDOR,
	SECTION_PROPERTY,
	SECTION_STATE,
	SECTION_TIMER,
	SECTION_JOB,
	SECTION_DATA,
	SECTIONS
};

enum key {
	KEY_ACCESSWIDTH,
	KEY_ADDRESS64,
	KEY_ALTERNATE,
	KEY_BAR,
	KEY_BARS,
	KEY_BITS,
	KEY_BODY,
	KEY_CAPABILITIES,
	KEY_CLASS,
	KEY_COUNT,
	KEY_COUNTER,
	KEY_DATA,
	KEY_DEFAULT,
	KEY_DESCRIPTION,
	KEY_DEVICE,
	KEY_ENABLE,
	KEY_EXPRESS,
	KEY_FIELDS,
	KEY_HOOKS,
	KEY_HW,
	KEY_ILLEGAL,
	KEY_INCLUDE,
	KEY_INTERRUPTS,
	KEY_JOBS,
	KEY_MASKABLE,
	KEY_MAX,
	KEY_MIN,
	KEY_MSI,
	KEY_MSIX,
	KEY_NAME,
	KEY_NO_SOFT_RESET,
	KEY_NUMBER,
	KEY_OFFSET,
	KEY_ONREAD,
	KEY_ONWRITE,
	KEY_PBA,
	KEY_PCI,
	KEY_PIN,
	KEY_PM,
	KEY_PRECEDENCE,
	KEY_PREFETCHABLE,
	KEY_PROPERTIES,
	KEY_REGFILES,
	KEY_REGISTERS,
	KEY_REGWIDTH,
	KEY_REQUIRES,
	KEY_RESERVED,
	KEY_RESET,
	KEY_RESETS,
	KEY_REVISION,
	KEY_SINGLEPULSE,
	KEY_SIZE,
	KEY_SPLIT,
	KEY_STATE,
	KEY_STATUS,
	KEY_STRIDE,
	KEY_SUBSYSTEM,
	KEY_SUBSYSTEM_VENDOR,
	KEY_SW,
	KEY_SWMOD,
	KEY_SWWE,
	KEY_SWWEL,
	KEY_TABLE,
	KEY_TEST,
	KEY_TIMERS,
	KEY_TYPE,
	KEY_UNIMPLEMENTED,
	KEY_UNMAPPED,
	KEY_VALUES,
	KEY_VECTOR,
	KEY_VECTORS,
	KEY_VENDOR,
	KEY_WINDOWS,
	KEY_WMASK,
	KEYS
};

enum key_flag {
	KEY_OPTIONAL,
	KEY_REQUIRED, /* an error if it is not there */
	KEY_LATER, /* known by name, not supported yet */
};

struct key_row {
	enum key key;
	enum key_flag flag;
	const char *type;
	const char *help;
};

struct key_table {
	const char *section; /* "register" */
	const char *article; /* "a register" */
	const struct key_row *rows;
	unsigned int n_rows;
};

extern const char *const key_names[KEYS];
extern const struct key_table key_tables[SECTIONS];

#endif

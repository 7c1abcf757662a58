/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/parse/keys.h"
#include "spec/spec.h"

const char *const key_names[KEYS] = {
	[KEY_ACCESSWIDTH] = "accesswidth",
	[KEY_AER] = "aer",
	[KEY_AF] = "af",
	[KEY_ADDRESS64] = "address64",
	[KEY_ALIASES] = "aliases",
	[KEY_ALTERNATE] = "alternate",
	[KEY_BAR] = "bar",
	[KEY_BARS] = "bars",
	[KEY_BITS] = "bits",
	[KEY_BLOCK] = "block",
	[KEY_BLOCKS] = "blocks",
	[KEY_BODY] = "body",
	[KEY_CAPABILITIES] = "capabilities",
	[KEY_CLASS] = "class",
	[KEY_COUNT] = "count",
	[KEY_COUNTER] = "counter",
	[KEY_D1] = "d1",
	[KEY_D2] = "d2",
	[KEY_DATA] = "data",
	[KEY_DECRSATURATE] = "decrsaturate",
	[KEY_DEFAULT] = "default",
	[KEY_DESCRIPTION] = "description",
	[KEY_DEVICE] = "device",
	[KEY_DONTCOMPARE] = "dontcompare",
	[KEY_DONTTEST] = "donttest",
	[KEY_ENABLE] = "enable",
	[KEY_ENABLE_RESET] = "enable_reset",
	[KEY_EXPRESS] = "express",
	[KEY_EXTENDED_CAPABILITIES] = "extended_capabilities",
	[KEY_FIELDS] = "fields",
	[KEY_FIFO] = "fifo",
	[KEY_FLR] = "flr",
	[KEY_HOOKS] = "hooks",
	[KEY_HW] = "hw",
	[KEY_ID] = "id",
	[KEY_ILLEGAL] = "illegal",
	[KEY_INCLUDE] = "include",
	[KEY_INCRSATURATE] = "incrsaturate",
	[KEY_INTERRUPTS] = "interrupts",
	[KEY_INTERRUPT_BLOCK] = "interrupt_block",
	[KEY_INTERRUPT_POLICY] = "interrupt_policy",
	[KEY_JOBS] = "jobs",
	[KEY_LINK_SPEED] = "link_speed",
	[KEY_LINK_WIDTH] = "link_width",
	[KEY_MASKABLE] = "maskable",
	[KEY_MAX] = "max",
	[KEY_MAX_PAYLOAD] = "max_payload",
	[KEY_MIN] = "min",
	[KEY_MSI] = "msi",
	[KEY_MSIX] = "msix",
	[KEY_NAME] = "name",
	[KEY_NO_SOFT_RESET] = "no_soft_reset",
	[KEY_NUMBER] = "number",
	[KEY_OFFSET] = "offset",
	[KEY_ONREAD] = "onread",
	[KEY_ONWRITE] = "onwrite",
	[KEY_PBA] = "pba",
	[KEY_PCI] = "pci",
	[KEY_PIN] = "pin",
	[KEY_PM] = "pm",
	[KEY_PRECEDENCE] = "precedence",
	[KEY_PREFETCHABLE] = "prefetchable",
	[KEY_PROPERTIES] = "properties",
	[KEY_RAW] = "raw",
	[KEY_REGFILES] = "regfiles",
	[KEY_REGISTERS] = "registers",
	[KEY_REGWIDTH] = "regwidth",
	[KEY_REQUIRES] = "requires",
	[KEY_RESERVED] = "reserved",
	[KEY_RESET] = "reset",
	[KEY_RESETS] = "resets",
	[KEY_REVISION] = "revision",
	[KEY_SERIAL] = "serial",
	[KEY_SINGLEPULSE] = "singlepulse",
	[KEY_SIZE] = "size",
	[KEY_SPLIT] = "split",
	[KEY_STATE] = "state",
	[KEY_STATUS] = "status",
	[KEY_STICKY] = "sticky",
	[KEY_STRIDE] = "stride",
	[KEY_SUBSYSTEM] = "subsystem",
	[KEY_SUBSYSTEM_VENDOR] = "subsystem_vendor",
	[KEY_SW] = "sw",
	[KEY_SWMOD] = "swmod",
	[KEY_SWWE] = "swwe",
	[KEY_SWWEL] = "swwel",
	[KEY_TABLE] = "table",
	[KEY_TEST] = "test",
	[KEY_TIMERS] = "timers",
	[KEY_TYPE] = "type",
	[KEY_UNIMPLEMENTED] = "unimplemented",
	[KEY_UNMAPPED] = "unmapped",
	[KEY_VALUES] = "values",
	[KEY_VECTOR] = "vector",
	[KEY_VECTORS] = "vectors",
	[KEY_VENDOR] = "vendor",
	[KEY_VERSION] = "version",
	[KEY_WHEN] = "when",
	[KEY_WINDOWS] = "windows",
	[KEY_WMASK] = "wmask",
	[KEY_WRITECONSTRAINT] = "writeconstraint",
};

#define DESC                                                                                       \
	{                                                                                          \
		KEY_DESCRIPTION, KEY_OPTIONAL, "text", "one line for readers"                      \
	}
#define RESETS                                                                                     \
	{                                                                                          \
		KEY_RESETS, KEY_OPTIONAL, "list of reset kinds",                                   \
			"which resets bring it back to its reset value; default: all"              \
	}

static const struct key_row device_rows[] = {
	{ KEY_NAME, KEY_REQUIRED, "C identifier", "name of the device" },
	DESC,
	{ KEY_TYPE, KEY_OPTIONAL, "a-z 0-9 _ -", "what -device takes; default: name" },
	{ KEY_ALIASES, KEY_OPTIONAL, "list of such names", "other names that -device takes" },
	{ KEY_INCLUDE, KEY_OPTIONAL, "list of files", "files with blocks of registers" },
	{ KEY_PCI, KEY_REQUIRED, "mapping", "identity in configuration space" },
	{ KEY_REQUIRES, KEY_OPTIONAL, "list of names", "pkg-config packages that the model wants" },
	{ KEY_BARS, KEY_OPTIONAL, "list of bars", "address windows and their registers" },
	{ KEY_INTERRUPTS, KEY_OPTIONAL, "list of interrupts", "interrupt sources" },
	{ KEY_INTERRUPT_BLOCK, KEY_OPTIONAL, "mapping",
	  "status, enable and test registers with a bit for each interrupt" },
	{ KEY_INTERRUPT_POLICY, KEY_OPTIONAL, "first or modulo",
	  "vector of a source whose own was not granted; default first" },
	{ KEY_CAPABILITIES, KEY_OPTIONAL, "list of capabilities", "PCI capabilities" },
	{ KEY_EXTENDED_CAPABILITIES, KEY_OPTIONAL, "list of capabilities",
	  "PCI Express extended capabilities" },
	{ KEY_PROPERTIES, KEY_OPTIONAL, "list of properties", "what a user may set" },
	{ KEY_STATE, KEY_OPTIONAL, "list of state", "state beside the registers" },
	{ KEY_TIMERS, KEY_OPTIONAL, "list of timers", "one-shot timers" },
	{ KEY_JOBS, KEY_OPTIONAL, "list of jobs", "long work done on a worker" },
	{ KEY_HOOKS, KEY_OPTIONAL, "list of create, destroy, reset, load",
	  "functions of the model at points of the device's life" },
};

static const struct key_row pci_rows[] = {
	{ KEY_VENDOR, KEY_REQUIRED, "number, 16 bits", "vendor id" },
	{ KEY_DEVICE, KEY_REQUIRED, "number, 16 bits", "device id" },
	{ KEY_REVISION, KEY_OPTIONAL, "number, 8 bits", "revision id; default 0" },
	{ KEY_CLASS, KEY_REQUIRED, "number, 24 bits", "base class, sub-class, interface" },
	{ KEY_SUBSYSTEM_VENDOR, KEY_OPTIONAL, "number, 16 bits", "default 0" },
	{ KEY_SUBSYSTEM, KEY_OPTIONAL, "number, 16 bits", "default 0" },
	{ KEY_PIN, KEY_OPTIONAL, "none, A, B, C or D", "interrupt pin; default none" },
	{ KEY_EXPRESS, KEY_OPTIONAL, "true or false", "PCI Express; default false" },
};

static const struct key_row bar_rows[] = {
	{ KEY_NUMBER, KEY_REQUIRED, "number, 0 to 5", "which base address register" },
	{ KEY_NAME, KEY_REQUIRED, "C identifier", "name of the window" },
	DESC,
	{ KEY_TYPE, KEY_OPTIONAL, "mem32, mem64 or io", "kind of window; default mem32" },
	{ KEY_PREFETCHABLE, KEY_OPTIONAL, "true or false",
	  "memory without read effects; default false" },
	{ KEY_SIZE, KEY_REQUIRED, "size", "a power of two" },
	{ KEY_ILLEGAL, KEY_OPTIONAL, "ones or zero",
	  "what reads give that a register does not allow; default ones" },
	{ KEY_UNMAPPED, KEY_OPTIONAL, "ones or zero",
	  "what reads give where no register is; default ones" },
	{ KEY_SPLIT, KEY_OPTIONAL, "true or false",
	  "cut an access over several registers into theirs; default false" },
	{ KEY_REGISTERS, KEY_OPTIONAL, "list of registers", "the registers in this window" },
	{ KEY_WINDOWS, KEY_OPTIONAL, "list of windows", "the RAM in this window" },
	{ KEY_REGFILES, KEY_OPTIONAL, "list of regfiles", "groups of registers" },
	{ KEY_BLOCKS, KEY_OPTIONAL, "list of instances", "blocks of included files, put here" },
};

static const struct key_row block_rows[] = {
	{ KEY_BLOCK, KEY_REQUIRED, "C identifier", "name of the block" },
	DESC,
	{ KEY_REGISTERS, KEY_OPTIONAL, "list of registers", "offsets are those in the block" },
	{ KEY_REGFILES, KEY_OPTIONAL, "list of regfiles", "groups of registers" },
	{ KEY_INCLUDE, KEY_LATER, "list of files", "blocks in blocks" },
};

static const struct key_row regfile_rows[] = {
	{ KEY_NAME, KEY_REQUIRED, "C identifier", "prefix of its registers' names" },
	DESC,
	{ KEY_OFFSET, KEY_REQUIRED, "number", "bytes from the start of the BAR or block" },
	{ KEY_COUNT, KEY_OPTIONAL, "number", "makes it an array of so many" },
	{ KEY_STRIDE, KEY_OPTIONAL, "number", "bytes from element to element; needed with count" },
	{ KEY_REGISTERS, KEY_REQUIRED, "list of registers", "offsets are those in the regfile" },
	{ KEY_REGFILES, KEY_LATER, "list of regfiles", "regfiles in regfiles" },
};

static const struct key_row instance_rows[] = {
	{ KEY_NAME, KEY_REQUIRED, "C identifier", "prefix of its registers' names" },
	DESC,
	{ KEY_BLOCK, KEY_REQUIRED, "name", "the block, of an included file" },
	{ KEY_OFFSET, KEY_REQUIRED, "number", "bytes from the start of the BAR" },
	{ KEY_COUNT, KEY_OPTIONAL, "number", "makes it an array of so many" },
	{ KEY_STRIDE, KEY_OPTIONAL, "number", "bytes from element to element; needed with count" },
};

static const struct key_row register_rows[] = {
	{ KEY_NAME, KEY_REQUIRED, "C identifier", "name of the register" },
	DESC,
	{ KEY_OFFSET, KEY_REQUIRED, "number", "bytes from the start of the BAR" },
	{ KEY_REGWIDTH, KEY_OPTIONAL, "8, 16, 32 or 64", "bits; default 32" },
	{ KEY_ACCESSWIDTH, KEY_OPTIONAL, "8, 16, 32 or 64",
	  "bits of the smallest legal access; default: regwidth" },
	{ KEY_SW, KEY_OPTIONAL, "rw, r, w, rw1, w1 or na", "what software may do; default rw" },
	{ KEY_HW, KEY_OPTIONAL, "rw, r, w or na", "what the device does; for readers; default rw" },
	{ KEY_ONREAD, KEY_OPTIONAL, "rclr, rset or ruser", "what a read does" },
	{ KEY_ONWRITE, KEY_OPTIONAL, "woclr, woset, wot, wzc, wzs, wzt, wclr, wset or wuser",
	  "what a write does instead of storing" },
	{ KEY_SWMOD, KEY_OPTIONAL, "true or false", "a hook runs after a write; default false" },
	{ KEY_RESET, KEY_OPTIONAL, "number", "value after reset; default 0" },
	RESETS,
	{ KEY_PRECEDENCE, KEY_OPTIONAL, "sw or hw",
	  "who wins when both change bits in one moment; default sw" },
	{ KEY_SWWE, KEY_OPTIONAL, "REG or REG.FIELD", "software may write only while that is set" },
	{ KEY_SWWEL, KEY_OPTIONAL, "REG or REG.FIELD",
	  "software may write only while that is clear" },
	{ KEY_DONTTEST, KEY_OPTIONAL, "true or false",
	  "the register test leaves it alone; default false" },
	{ KEY_DONTCOMPARE, KEY_OPTIONAL, "true or false",
	  "its value says nothing: the device changes it; default false" },
	{ KEY_RESERVED, KEY_OPTIONAL, "ignored, zero, one or keep",
	  "what drivers must write to bits of no field; default ignored" },
	{ KEY_UNIMPLEMENTED, KEY_OPTIONAL, "true or false",
	  "the model has a gap here; default false" },
	{ KEY_COUNT, KEY_OPTIONAL, "number", "makes it an array of so many" },
	{ KEY_STRIDE, KEY_OPTIONAL, "number", "bytes from element to element; default: its width" },
	{ KEY_FIELDS, KEY_OPTIONAL, "list of fields", "named bits" },
	{ KEY_FIFO, KEY_OPTIONAL, "true or false",
	  "a port, which tools never access just to look; default false" },
	{ KEY_ALTERNATE, KEY_OPTIONAL, "name", "another register at the same place" },
	{ KEY_WHEN, KEY_OPTIONAL, "REG.FIELD == number", "it answers only then; default: always" },
};

static const struct key_row window_rows[] = {
	{ KEY_NAME, KEY_REQUIRED, "C identifier", "name of the memory window" },
	DESC,
	{ KEY_OFFSET, KEY_REQUIRED, "size", "bytes from the start of the BAR, in whole pages" },
	{ KEY_SIZE, KEY_REQUIRED, "size", "bytes, in whole pages" },
	{ KEY_RESETS, KEY_OPTIONAL, "list of reset kinds",
	  "which resets fill it with zeros; default: power_on" },
};

static const struct key_row field_rows[] = {
	{ KEY_NAME, KEY_REQUIRED, "C identifier", "name of the field" },
	DESC,
	{ KEY_BITS, KEY_REQUIRED, "msb:lsb or one number", "where in the register" },
	{ KEY_SW, KEY_OPTIONAL, "rw, r, w, rw1, w1 or na", "default: the register's" },
	{ KEY_HW, KEY_OPTIONAL, "rw, r, w or na", "default: the register's" },
	{ KEY_ONREAD, KEY_OPTIONAL, "rclr, rset or ruser", "default: the register's" },
	{ KEY_ONWRITE, KEY_OPTIONAL, "woclr, woset, wot, wzc, wzs, wzt, wclr, wset or wuser",
	  "default: the register's" },
	{ KEY_SWMOD, KEY_OPTIONAL, "true or false", "default: the register's" },
	{ KEY_RESET, KEY_OPTIONAL, "number", "value after reset; default: the register's bits" },
	RESETS,
	{ KEY_VALUES, KEY_OPTIONAL, "mapping of names to numbers", "names of its values" },
	{ KEY_UNIMPLEMENTED, KEY_OPTIONAL, "true or false",
	  "the model has a gap here; default false" },
	{ KEY_RESERVED, KEY_OPTIONAL, "ignored, zero, one or keep",
	  "it only names reserved bits, and this is what drivers must write" },
	{ KEY_SINGLEPULSE, KEY_OPTIONAL, "true or false",
	  "a one lasts until the hooks have run; default false" },
	{ KEY_PRECEDENCE, KEY_OPTIONAL, "sw or hw", "default: the register's" },
	{ KEY_SWWE, KEY_OPTIONAL, "REG or REG.FIELD", "default: the register's" },
	{ KEY_SWWEL, KEY_OPTIONAL, "REG or REG.FIELD", "default: the register's" },
	{ KEY_DONTTEST, KEY_OPTIONAL, "true or false", "default: the register's" },
	{ KEY_DONTCOMPARE, KEY_OPTIONAL, "true or false", "default: the register's" },
	{ KEY_WRITECONSTRAINT, KEY_OPTIONAL, "values, asread or [min, max]",
	  "what drivers should write; default: anything" },
	{ KEY_COUNTER, KEY_OPTIONAL, "true or false",
	  "functions for the model to count in it; default false" },
	{ KEY_INCRSATURATE, KEY_OPTIONAL, "true or false",
	  "counting up ends at all ones; default false: wraps" },
	{ KEY_DECRSATURATE, KEY_OPTIONAL, "true or false",
	  "counting down ends at zero; default false: wraps" },
};

static const struct key_row interrupt_rows[] = {
	{ KEY_NAME, KEY_REQUIRED, "C identifier", "name of the source" },
	DESC,
	{ KEY_VECTOR, KEY_OPTIONAL, "number", "MSI or MSI-X vector asked for; default 0" },
	{ KEY_STATUS, KEY_OPTIONAL, "REG or REG.FIELD", "bits that say that it is pending" },
	{ KEY_ENABLE, KEY_OPTIONAL, "REG or REG.FIELD",
	  "bits that let it through; default: always" },
	{ KEY_TEST, KEY_OPTIONAL, "REG or REG.FIELD", "bits that set its status when written one" },
	{ KEY_TYPE, KEY_OPTIONAL, "pulse or level",
	  "raising it sets the status once, or holds it; default pulse" },
	{ KEY_STICKY, KEY_OPTIONAL, "true or false",
	  "of a level: lowering it leaves the status set; default true" },
};

static const struct key_row interrupt_block_rows[] = {
	{ KEY_BAR, KEY_REQUIRED, "number, 0 to 5", "the BAR that holds them" },
	{ KEY_OFFSET, KEY_REQUIRED, "number", "of the status register; the others follow" },
	{ KEY_REGWIDTH, KEY_OPTIONAL, "8, 16, 32 or 64", "bits; default 32" },
	{ KEY_STATUS, KEY_REQUIRED, "C identifier", "name of the status register" },
	{ KEY_ENABLE, KEY_REQUIRED, "C identifier", "name of the enable register" },
	{ KEY_TEST, KEY_OPTIONAL, "C identifier", "name of the test register; default: none" },
	{ KEY_ENABLE_RESET, KEY_OPTIONAL, "number", "of the enable register; default 0" },
};

static const struct key_row capability_rows[] = {
	{ KEY_PM, KEY_OPTIONAL, "mapping", "power management" },
	{ KEY_MSI, KEY_OPTIONAL, "mapping", "message signalled interrupts" },
	{ KEY_MSIX, KEY_OPTIONAL, "mapping", "message signalled interrupts, table in a BAR" },
	{ KEY_EXPRESS, KEY_OPTIONAL, "mapping", "PCI Express endpoint" },
	{ KEY_AF, KEY_OPTIONAL, "mapping", "function level reset for conventional PCI" },
	{ KEY_VENDOR, KEY_OPTIONAL, "mapping", "vendor specific" },
};

#define CAP_OFFSET                                                                                 \
	{                                                                                          \
		KEY_OFFSET, KEY_REQUIRED, "number", "place in configuration space, from 0x40"      \
	}

static const struct key_row pm_rows[] = {
	CAP_OFFSET,
	{ KEY_NO_SOFT_RESET, KEY_OPTIONAL, "true or false",
	  "D3hot to D0 keeps the state; default false" },
	{ KEY_D1, KEY_OPTIONAL, "true or false", "has power state D1; default false" },
	{ KEY_D2, KEY_OPTIONAL, "true or false", "has power state D2; default false" },
};

static const struct key_row express_rows[] = {
	CAP_OFFSET,
	{ KEY_FLR, KEY_OPTIONAL, "true or false", "function level reset; default true" },
	{ KEY_MAX_PAYLOAD, KEY_OPTIONAL, "128, 256, 512, 1024, 2048 or 4096",
	  "bytes of a packet that it can take; default 128" },
	{ KEY_LINK_SPEED, KEY_OPTIONAL, "2.5, 5, 8, 16, 32 or 64", "GT/s; default 2.5" },
	{ KEY_LINK_WIDTH, KEY_OPTIONAL, "1, 2, 4, 8, 12, 16 or 32", "lanes; default 1" },
};

static const struct key_row af_rows[] = {
	CAP_OFFSET,
	{ KEY_FLR, KEY_OPTIONAL, "true or false", "function level reset; default true" },
};

static const struct key_row extended_rows[] = {
	{ KEY_AER, KEY_OPTIONAL, "mapping", "advanced error reporting" },
	{ KEY_SERIAL, KEY_OPTIONAL, "mapping", "device serial number" },
	{ KEY_VENDOR, KEY_OPTIONAL, "mapping", "vendor specific" },
	{ KEY_RAW, KEY_OPTIONAL, "mapping", "any other, byte by byte" },
};

#define EXT_OFFSET                                                                                 \
	{                                                                                          \
		KEY_OFFSET, KEY_REQUIRED, "number", "place in configuration space, from 0x100"     \
	}

static const struct key_row aer_rows[] = {
	EXT_OFFSET,
};

static const struct key_row serial_rows[] = {
	EXT_OFFSET,
	{ KEY_NUMBER, KEY_REQUIRED, "number, 64 bits", "an EUI-64" },
};

static const struct key_row ext_vendor_rows[] = {
	EXT_OFFSET,
	{ KEY_ID, KEY_REQUIRED, "number, 16 bits", "which of the vendor's own it is" },
	{ KEY_REVISION, KEY_OPTIONAL, "number, 4 bits", "of its layout; default 0" },
	{ KEY_BODY, KEY_REQUIRED, "list of bytes", "what follows its header" },
	{ KEY_WMASK, KEY_OPTIONAL, "list of bytes", "bits of the body that can be written" },
};

static const struct key_row raw_rows[] = {
	EXT_OFFSET,
	{ KEY_ID, KEY_REQUIRED, "number, 16 bits", "of the capability" },
	{ KEY_VERSION, KEY_OPTIONAL, "number, 1 to 15", "of the capability; default 1" },
	{ KEY_BODY, KEY_REQUIRED, "list of bytes", "what follows its header" },
	{ KEY_WMASK, KEY_OPTIONAL, "list of bytes", "bits of the body that can be written" },
};

static const struct key_row msi_rows[] = {
	CAP_OFFSET,
	{ KEY_VECTORS, KEY_OPTIONAL, "1, 2, 4, 8, 16 or 32", "vectors asked for; default 1" },
	{ KEY_ADDRESS64, KEY_OPTIONAL, "true or false", "64-bit message address; default true" },
	{ KEY_MASKABLE, KEY_OPTIONAL, "true or false", "per-vector masking; default false" },
};

static const struct key_row msix_rows[] = {
	CAP_OFFSET,
	{ KEY_VECTORS, KEY_OPTIONAL, "number, 1 to 2048", "size of the table; default 1" },
	{ KEY_TABLE, KEY_REQUIRED, "mapping", "where the table lies" },
	{ KEY_PBA, KEY_OPTIONAL, "mapping",
	  "where the pending bits lie; default: behind the table" },
};

static const struct key_row place_rows[] = {
	{ KEY_BAR, KEY_REQUIRED, "number, 0 to 5", "number of a memory BAR" },
	{ KEY_OFFSET, KEY_REQUIRED, "size", "bytes from its start, a multiple of 8" },
};

static const struct key_row vendor_rows[] = {
	CAP_OFFSET,
	{ KEY_BODY, KEY_REQUIRED, "list of bytes", "what follows the length byte" },
	{ KEY_WMASK, KEY_OPTIONAL, "list of bytes", "bits of the body that can be written" },
};

static const struct key_row property_rows[] = {
	{ KEY_NAME, KEY_REQUIRED, "C identifier", "name of the property" },
	DESC,
	{ KEY_TYPE, KEY_REQUIRED, "bool, uint32, uint64, enum or string", "type of its value" },
	{ KEY_DEFAULT, KEY_OPTIONAL, "a value of its type",
	  "default: false, the smallest number, the first name, or the empty string" },
	{ KEY_MIN, KEY_OPTIONAL, "number", "smallest number allowed; default 0" },
	{ KEY_MAX, KEY_OPTIONAL, "number", "largest number allowed; default: all that fit" },
	{ KEY_VALUES, KEY_OPTIONAL, "list of C identifiers", "names of an enum" },
};

#define VAR_TYPE                                                                                   \
	{                                                                                          \
		KEY_TYPE, KEY_REQUIRED, "bool, uint8 to uint64 or int8 to int64",                  \
			"type of one element"                                                      \
	}

static const struct key_row state_rows[] = {
	{ KEY_NAME, KEY_REQUIRED, "C identifier", "name of the member in the state struct" },
	DESC,
	VAR_TYPE,
	{ KEY_COUNT, KEY_OPTIONAL, "number", "makes it an array of so many" },
	{ KEY_RESET, KEY_OPTIONAL, "number", "value of each element after reset; default 0" },
	RESETS,
};

static const struct key_row timer_rows[] = {
	{ KEY_NAME, KEY_REQUIRED, "C identifier", "name of the timer" },
	DESC,
};

static const struct key_row job_rows[] = {
	{ KEY_NAME, KEY_REQUIRED, "C identifier", "name of the job" },
	DESC,
	{ KEY_DATA, KEY_REQUIRED, "list of data", "what the worker works on" },
};

static const struct key_row data_rows[] = {
	{ KEY_NAME, KEY_REQUIRED, "C identifier", "name of the member in the job's struct" },
	DESC,
	VAR_TYPE,
	{ KEY_COUNT, KEY_OPTIONAL, "number", "makes it an array of so many" },
};

#define TABLE(name, article, rows)                                                                 \
	{                                                                                          \
		name, article, rows, G_N_ELEMENTS(rows)                                            \
	}

const struct key_table key_tables[SECTIONS] = {
	[SECTION_DEVICE] = TABLE("device", "a device", device_rows),
	[SECTION_PCI] = TABLE("pci", "pci", pci_rows),
	[SECTION_BAR] = TABLE("bar", "a BAR", bar_rows),
	[SECTION_REGISTER] = TABLE("register", "a register", register_rows),
	[SECTION_WINDOW] = TABLE("window", "a window", window_rows),
	[SECTION_FIELD] = TABLE("field", "a field", field_rows),
	[SECTION_INTERRUPT] = TABLE("interrupt", "an interrupt", interrupt_rows),
	[SECTION_CAPABILITY] = TABLE("capability", "a capability", capability_rows),
	[SECTION_PM] = TABLE("pm", "pm", pm_rows),
	[SECTION_MSI] = TABLE("msi", "msi", msi_rows),
	[SECTION_MSIX] = TABLE("msix", "msix", msix_rows),
	[SECTION_PLACE] = TABLE("place", "a place", place_rows),
	[SECTION_VENDOR] = TABLE("vendor", "vendor", vendor_rows),
	[SECTION_EXPRESS] = TABLE("express", "express", express_rows),
	[SECTION_AF] = TABLE("af", "af", af_rows),
	[SECTION_EXTENDED] = TABLE("extended capability", "an extended capability", extended_rows),
	[SECTION_AER] = TABLE("aer", "aer", aer_rows),
	[SECTION_SERIAL] = TABLE("serial", "serial", serial_rows),
	[SECTION_EXT_VENDOR] = TABLE("extended vendor", "vendor", ext_vendor_rows),
	[SECTION_RAW] = TABLE("raw", "raw", raw_rows),
	[SECTION_PROPERTY] = TABLE("property", "a property", property_rows),
	[SECTION_STATE] = TABLE("state", "state", state_rows),
	[SECTION_TIMER] = TABLE("timer", "a timer", timer_rows),
	[SECTION_JOB] = TABLE("job", "a job", job_rows),
	[SECTION_DATA] = TABLE("data", "job data", data_rows),
	[SECTION_REGFILE] = TABLE("regfile", "a regfile", regfile_rows),
	[SECTION_INSTANCE] = TABLE("instance", "an instance of a block", instance_rows),
	[SECTION_BLOCK] = TABLE("block", "a block", block_rows),
	[SECTION_INTERRUPT_BLOCK] =
		TABLE("interrupt_block", "interrupt_block", interrupt_block_rows),
};

void spec_list_keys(void (*visit)(const struct spec_key_info *key, void *user), void *user)
{
	for (unsigned int i = 0; i < SECTIONS; i++) {
		for (unsigned int k = 0; k < key_tables[i].n_rows; k++) {
			const struct key_row *row = &key_tables[i].rows[k];
			struct spec_key_info info = {
				.section = key_tables[i].section,
				.key = key_names[row->key],
				.type = row->type,
				.help = row->help,
				.required = row->flag == KEY_REQUIRED,
				.later = row->flag == KEY_LATER,
			};

			visit(&info, user);
		}
	}
}

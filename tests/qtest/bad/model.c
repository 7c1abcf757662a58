/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The smallest model, made by hand so that it can be wrong: NAME and ABI come
 * from the command line of the compiler, and so do PROPERTY, a property's name,
 * and ALIAS.
 */
#include <ersatz/model.h>

struct bad {
	struct ez_function *ez;
	uint32_t property;
};

#ifdef PROPERTY
static const struct ez_prop props[] = {
	{ .name = PROPERTY,
	  .type = EZ_U32,
	  .offset = offsetof(struct bad, property),
	  .initial = "1",
	  .max = 10 },
};
#endif

#ifdef ALIAS
static const char *const aliases[] = { ALIAS, NULL };
#endif

static const struct ez_spec spec = {
	.name = NAME,
	.desc = "A model for a test",
	.hash = "0",
	.id = { .vendor = 0x1234, .device = 0x0bad, .class_code = 0xff0000 },
	.state_size = sizeof(struct bad),
#ifdef PROPERTY
	.props = props,
	.n_props = 1,
#endif
#ifdef ALIAS
	.aliases = aliases,
#endif
};

extern const struct ez_model ersatz_model;
__attribute__((visibility("default"))) const struct ez_model ersatz_model = {
	.size = sizeof(struct ez_model),
	.abi = ABI,
	.spec = &spec,
};

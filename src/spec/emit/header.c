/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NAME_spec.h: constants that compile anywhere (Linux, Windows, user space, C
 * and C++, no includes), and behind them what only a model sees.
 */
#include "spec/emit/emit.h"

#include <string.h>

#define TAB 8

/* A group of #defines, written with their values under each other. */
struct group {
	GString *out;
	GPtrArray *names, *values;
};

static void flush(struct group *group)
{
	size_t widest = 0;

	for (unsigned int i = 0; i < group->names->len; i++)
		widest = MAX(widest, strlen(g_ptr_array_index(group->names, i)));
	for (unsigned int i = 0; i < group->names->len; i++) {
		const char *name = g_ptr_array_index(group->names, i);
		/* "#define " is a tab wide, so that columns are those of the name. */
		size_t stop = (widest / TAB + 1) * TAB;

		g_string_append_printf(group->out, "#define %s", name);
		for (size_t at = strlen(name); at < stop; at = (at / TAB + 1) * TAB)
			g_string_append_c(group->out, '\t');
		g_string_append_printf(group->out, "%s\n",
				       (const char *)g_ptr_array_index(group->values, i));
	}
	g_ptr_array_set_size(group->names, 0);
	g_ptr_array_set_size(group->values, 0);
}

static void add_macro(const struct emit_macro *macro, void *user)
{
	struct group *group = user;

	if (!macro->value)
		return; /* the guards, which stand elsewhere */
	if (macro->group) {
		flush(group);
		g_string_append(group->out, "\n/* ");
		emit_comment(group->out, macro->group);
		g_string_append(group->out, " */\n");
	}
	g_ptr_array_add(group->names, g_strconcat(macro->name, macro->params, NULL));
	g_ptr_array_add(group->values, g_strdup(macro->value));
}

static void emit_constants(const struct spec_device *dev, GString *out)
{
	struct group group = {
		.out = out,
		.names = g_ptr_array_new_with_free_func(g_free),
		.values = g_ptr_array_new_with_free_func(g_free),
	};

	emit_macros(dev, add_macro, &group);
	flush(&group);
	g_ptr_array_free(group.names, TRUE);
	g_ptr_array_free(group.values, TRUE);
}

static void add_enumerator(const struct emit_macro *macro, void *user)
{
	GString *out = user;

	if (macro->group) {
		/* Each enumeration ends where the next one begins. */
		if (g_str_has_suffix(out->str, ",\n"))
			g_string_append(out, "};\n");
		g_string_append(out, "\n/* ");
		emit_comment(out, macro->group);
		g_string_append(out, " */\nenum {\n");
	}
	g_string_append_printf(out, "\t%s,\n", macro->name);
}

static void end_of_line(GString *out, const char *desc)
{
	g_string_append_c(out, ';');
	if (desc && *desc) {
		g_string_append(out, "\t/* ");
		emit_comment(out, desc);
		g_string_append(out, " */");
	}
	g_string_append_c(out, '\n');
}

static void emit_var(GString *out, const struct spec_var *var)
{
	g_string_append_printf(out, "\t%s %s", spec_type_c(var->type), var->name);
	if (var->array)
		g_string_append_printf(out, "[%u]", var->count);
	end_of_line(out, var->desc);
}

static void emit_jobs(const struct spec_device *dev, GString *out)
{
	for (unsigned int i = 0; i < dev->n_jobs; i++) {
		const struct spec_job *job = &dev->jobs[i];

		g_string_append_printf(out, "\n/* data of job %s */\nstruct %s_%s {\n", job->name,
				       dev->name, job->name);
		for (unsigned int k = 0; k < job->n_data; k++)
			emit_var(out, &job->data[k]);
		g_string_append(out, "};\n");
	}
}

static void emit_state(const struct spec_device *dev, GString *out)
{
	g_string_append_printf(out,
			       "\n/* state of one device */\n"
			       "struct %s {\n"
			       "\tstruct ez_function *ez;\t/* for the calls of the SDK */\n",
			       dev->name);
	if (dev->n_props) {
		g_string_append(out, "\tstruct {\n");
		for (unsigned int i = 0; i < dev->n_props; i++) {
			const char *type = spec_type_c(dev->props[i].type);

			g_string_append_printf(out, "\t\t%s%s%s", type,
					       g_str_has_suffix(type, "*") ? "" : " ",
					       dev->props[i].name);
			end_of_line(out, dev->props[i].desc);
		}
		g_string_append(out, "\t} prop;\n");
	}
	for (unsigned int i = 0; i < dev->n_regs; i++) {
		const struct spec_reg *reg = &dev->regs[i];

		g_string_append_printf(out, "\t%s %s", emit_reg_type(reg), reg->name);
		if (reg->array)
			g_string_append_printf(out, "[%u]", reg->count);
		g_string_append(out, ";\n");
	}
	for (unsigned int i = 0; i < dev->n_state; i++)
		emit_var(out, &dev->state[i]);
	emit_once_state(dev, out);
	for (unsigned int i = 0; i < dev->n_jobs; i++) {
		g_string_append_printf(out, "\tstruct %s_%s %s", dev->name, dev->jobs[i].name,
				       dev->jobs[i].name);
		end_of_line(out, dev->jobs[i].desc);
	}
	g_string_append(out, "};\n");
}

struct hooks {
	const struct spec_device *dev;
	GString *out;
};

static void declare_hook(const struct emit_hook *hook, void *user)
{
	const struct hooks *h = user;

	g_string_append_printf(h->out, "\t%s (*%s)(%s);\n", hook->result, hook->member,
			       hook->params);
}

static void check_hook(const struct emit_hook *hook, void *user)
{
	const struct hooks *h = user;
	const char *name = h->dev->name;

	g_string_append_printf(h->out,
			       "\t_Static_assert(__builtin_types_compatible_p( \\\n"
			       "\t\t__typeof__(&%s_%s), \\\n"
			       "\t\t%s (*)(%s)), \\\n"
			       "\t\t\"the spec wants: static %s %s_%s(%s)\"); \\\n",
			       name, hook->member, hook->result, hook->params, hook->result, name,
			       hook->member, hook->params);
}

static void bind_hook(const struct emit_hook *hook, void *user)
{
	const struct hooks *h = user;

	g_string_append_printf(h->out, "\t\t.%s = %s_%s, \\\n", hook->member, h->dev->name,
			       hook->member);
}

static void emit_binding(const struct spec_device *dev, GString *out)
{
	struct hooks h = { .dev = dev, .out = out };

	g_string_append_printf(out,
			       "\n/* the functions that the spec asks the model for */\n"
			       "struct %s_hooks {\n"
			       "\tuint32_t abi;\n",
			       dev->name);
	emit_hooks(dev, declare_hook, &h);
	g_string_append_printf(
		out,
		"};\n\n"
		"extern const struct %s_hooks %s_hooks\n"
		"\t__attribute__((visibility(\"hidden\")));\n\n"
		"/*\n"
		" * The last line of the model: %s_MODEL;\n"
		" * As in a system header, so that GCC reports a missing or wrong hook\n"
		" * at that line instead of in here.\n"
		" */\n"
		"#pragma GCC system_header\n"
		"#define %s_MODEL \\\n",
		dev->name, dev->name, dev->upper, dev->upper);
	emit_hooks(dev, check_hook, &h);
	g_string_append_printf(out,
			       "\tconst struct %s_hooks %s_hooks = { \\\n"
			       "\t\t.abi = EZ_ABI, \\\n",
			       dev->name, dev->name);
	emit_hooks(dev, bind_hook, &h);
	g_string_append(out, "\t}\n");
}

void spec_emit_header(const struct spec_device *dev, GString *out)
{
	g_string_append_printf(
		out, "/* Made by ersatz from the device.yaml of %s; do not edit. */\n", dev->name);
	g_string_append_printf(out, "#ifndef %s_SPEC_H\n#define %s_SPEC_H\n", dev->upper,
			       dev->upper);
	emit_constants(dev, out);
	g_string_append_printf(
		out,
		"\n#endif /* %s_SPEC_H */\n\n"
		"/* For a model only: what includes <ersatz/model.h> before this. */\n"
		"#if defined(ERSATZ_MODEL_H) && !defined(%s_SPEC_MODEL)\n"
		"#define %s_SPEC_MODEL\n",
		dev->upper, dev->upper, dev->upper);
	emit_enumerators(dev, add_enumerator, out);
	if (g_str_has_suffix(out->str, ",\n"))
		g_string_append(out, "};\n");
	emit_jobs(dev, out);
	emit_state(dev, out);
	emit_counters(dev, out);
	emit_binding(dev, out);
	g_string_append_printf(out, "\n#endif /* %s_SPEC_MODEL */\n", dev->upper);
}

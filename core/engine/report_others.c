/* report_others.c - rules of others that do what a mitigation does, for people: whose, where, and what keeps Microsoft's EM from bringing its own back.
 * Reads files, decides nothing. */
#include "engine/inside.h"

#include <stdlib.h>
#include <string.h>

const char *sg_em_name(enum sg_em em)
{
	static const char *const names[] = { [SG_EM_UNKNOWN] = "unknown",
		[SG_EM_ABSENT] = "absent",
		[SG_EM_DISABLED] = "disabled",
		[SG_EM_ENABLED] = "enabled" };

	return (size_t)em < sizeof(names) / sizeof(names[0]) ? names[em] : "unknown";
}

/* The id that EM knows it by: from the feed's same-as ("EM:M1"), else from the rule's name ("EEMS M1.1 ..."). The caller's; NULL: not known. */
static char *em_id(const struct sg_mitigation *m, const struct sg_others *others)
{
	static const char rule[] = "rule[@name='EEMS ";

	if (m->same_as && strncmp(m->same_as, "EM:", 3) == 0)
		return sg_strdup(m->same_as + 3);
	for (size_t i = 0; i < others->n; i++) {
		const char *at = others->at[i].em ? strstr(others->at[i].addr.path, rule) : NULL;

		if (at)
			return sg_strndup(at + strlen(rule), strcspn(at + strlen(rule), ". '"));
	}
	return NULL;
}

static bool any_of_em(const struct sg_others *others)
{
	for (size_t i = 0; i < others->n; i++) {
		if (others->at[i].em)
			return true;
	}
	return false;
}

/* The line for the Exchange Management Shell; the caller's. NULL: EM has no rule here and is not known to have one for it. */
static char *keep_away(
        const struct sg_engine *e, const struct sg_mitigation *m, const struct sg_others *others)
{
	bool may_come = m->same_as && strncmp(m->same_as, "EM:", 3) == 0 && e->host->em == SG_EM_ENABLED;
	char *id = any_of_em(others) || may_come ? em_id(m, others) : NULL;
	char *line = id ? sg_format("Set-ExchangeServer -Identity $env:COMPUTERNAME -MitigationsBlocked "
	                            "@(\"%s\")",
	                          id)
	                : NULL;

	free(id);
	return line;
}

static struct sg_val *value_of(const struct sg_engine *e, const struct sg_others *others, const char *line)
{
	struct sg_val *v = sg_val_map(), *list;

	sg_val_set_str(v, "em_service", sg_em_name(e->host->em));
	sg_val_set_str(v, "policy", sg_engine_conf(e)->adopt ? "adopt" : "leave");
	sg_val_set_bool(v, "all", others->all);
	list = sg_val_set(v, "rules", sg_val_array());
	for (size_t i = 0; i < others->n; i++) {
		struct sg_val *one = sg_val_push(list, sg_val_map());

		sg_val_set_str(one, "container", others->at[i].addr.container);
		sg_val_set_str(one, "path", others->at[i].addr.path);
		sg_val_set_bool(one, "em", others->at[i].em);
		sg_val_set_str(one, "text", others->at[i].text);
	}
	sg_val_set_str(v, "keep_away", line);
	return v;
}

void sg_report_others(
        struct sg_engine *e, const struct sg_world *w, const struct sg_row *row, struct sg_val *into)
{
	const struct sg_mitigation *m = sg_engine_in_place(e, row);
	struct sg_others others = { 0 };
	char *line;

	if (!m || !e->host || sg_actions_others(m, e->host, e->options.drives, &w->holds, &others, NULL)) {
		sg_val_set(into, "others", sg_val_nil());
		return;
	}
	line = keep_away(e, m, &others);
	sg_val_set(into, "others", value_of(e, &others, line));
	free(line);
	sg_others_release(&others);
}

/* What stays although ours goes, behind the reply's own sentence. */
static char *sentence(const struct sg_engine *e, const struct sg_others *others, const char *line)
{
	struct sg_buf text = { 0 };
	bool em = any_of_em(others);

	for (size_t i = 0; i < others->n; i++)
		sg_buf_fmt(&text, "\nstill there, and not ours: %s", others->at[i].text);
	if (em && e->host->em == SG_EM_ENABLED)
		sg_buf_str(&text,
		        "\nMicrosoft's EM puts its rule back within the hour. Block it there (the list is "
		        "replaced: name what it blocks already, too), then take the rule out in IIS "
		        "Manager:");
	else if (em && e->host->em == SG_EM_UNKNOWN)
		sg_buf_str(&text,
		        "\nWhether Microsoft's EM is enabled is not known. To keep its rule away, block it "
		        "there, then take the rule out in IIS Manager:");
	else if (em)
		sg_buf_str(&text,
		        "\nMicrosoft's EM is off here, so that its rule stays away once it is taken out in "
		        "IIS Manager. Where EM is enabled again:");
	else if (line)
		sg_buf_str(&text,
		        "\nMicrosoft's EM is enabled and may bring its own rule for it. To keep that away:");
	if (line)
		sg_buf_fmt(&text, "\n  %s", line);
	return sg_buf_detach(&text);
}

void sg_report_beside(
        struct sg_engine *e, const struct sg_world *w, const struct sg_row *row, struct sg_val *reply)
{
	const struct sg_mitigation *m = row ? sg_engine_in_place(e, row) : NULL;
	struct sg_others others = { 0 };
	char *line, *more, *text;

	if (!m || !e->host || sg_actions_others(m, e->host, e->options.drives, &w->holds, &others, NULL))
		return;
	line = keep_away(e, m, &others);
	more = sentence(e, &others, line);
	if (more) {
		text = sg_format("%s%s", sg_val_get_str(reply, "text", ""), more);
		sg_val_set_str(reply, "text", text);
		sg_val_set(reply, "others", value_of(e, &others, line));
		free(text);
	}
	free(more);
	free(line);
	sg_others_release(&others);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "rules.h"
#include "xalloc.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define PATTERN_MAX       256

/* What a pattern is for. */
enum aspect {
	ASPECT_COMM,
	ASPECT_CGROUP,
	ASPECT_UNIT,
	ASPECT_ANY, /* of the three above: --allow */
	NR_ASPECTS,
};

/* All that is given must match. */
struct policy_entry {
	const struct rule *rule; /* NULL: all that are about who is on an isolated CPU */
	char *patterns[NR_ASPECTS];
};

/* ---------------------------------------------------------------------------------------------------- matching -- */

static bool matches(const char *pattern, const char *text)
{
	return text && fnmatch(pattern, text, 0) == 0;
}

/* Is this component of a cgroup's path what systemd makes for a unit? */
static bool is_unit(const char *name)
{
	static const char *const kinds[] = { ".service", ".scope", ".slice", ".socket", ".mount", ".swap" };
	size_t length = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (length > strlen(kinds[i]) && strcmp(name + length - strlen(kinds[i]), kinds[i]) == 0)
			return true;
	return false;
}

/* A process is in all units of its path: its service, the slice of it, the service that manages a user. */
static bool matches_unit(const char *pattern, const char *cgroup)
{
	char *copy = cgroup ? xstrdup(cgroup) : NULL;
	char *rest = copy;
	bool is_found = false;

	for (char *name; !is_found && (name = strsep(&rest, "/"));)
		is_found = is_unit(name) && matches(pattern, name);
	free(copy);
	return is_found;
}

static bool matches_aspect(enum aspect aspect, const char *pattern, const char *comm, const char *cgroup)
{
	switch (aspect) {
	case ASPECT_COMM:
		return matches(pattern, comm);
	case ASPECT_CGROUP:
		return matches(pattern, cgroup);
	case ASPECT_UNIT:
		return matches_unit(pattern, cgroup);
	case ASPECT_ANY:
		return matches(pattern, comm) || matches(pattern, cgroup) || matches_unit(pattern, cgroup);
	case NR_ASPECTS:
		break;
	}
	return false;
}

static bool is_about(const struct policy_entry *entry, const struct rule *rule)
{
	return entry->rule ? entry->rule == rule : rule_is_of_isolation(rule);
}

static bool entry_matches(const struct policy_entry *entry, const char *comm, const char *cgroup)
{
	for (int i = 0; i < NR_ASPECTS; i++)
		if (entry->patterns[i] && !matches_aspect(i, entry->patterns[i], comm, cgroup))
			return false;
	return true;
}

bool policy_allows(const struct policy *policy, const struct rule *rule, const char *comm, const char *cgroup)
{
	const struct policy_list *allowed = &policy->allowed;

	for (size_t i = 0; i < allowed->nr_entries; i++)
		if (is_about(&allowed->entries[i], rule) && entry_matches(&allowed->entries[i], comm, cgroup))
			return true;
	return false;
}

bool policy_expects_hidden(const struct policy *policy, const char *comm, const char *cgroup)
{
	for (size_t i = 0; i < policy->hidden.nr_entries; i++)
		if (entry_matches(&policy->hidden.entries[i], comm, cgroup))
			return true;
	return false;
}

bool policy_ignores(const struct policy *policy, const struct rule *rule)
{
	for (size_t i = 0; i < policy->nr_ignored; i++)
		if (policy->ignored[i] == rule)
			return true;
	return false;
}

/* ------------------------------------------------------------------------------------------------------- lines -- */

/* Where the parser is. */
struct place {
	const char *file;
	unsigned line;
	char **why;
};

static int wrong(const struct place *place, const char *word, const char *what)
{
	return usage_error(place->why, "%s:%u: '%s': %s", place->file, place->line, word, what);
}

/*
 * The next word of a line, without its quotes, in place: 1, 0 at the end, or -EINVAL. A quote may begin inside a word:
 * comm="a b".
 */
static int next_word(const struct place *place, char **rest, char **ret)
{
	char *from = *rest + strspn(*rest, " \t\r");
	char *to = from;
	bool is_quoted = false;

	*ret = from;
	if (*from == '\0' || *from == '#')
		return 0;
	for (; *from && (is_quoted || !strchr(" \t\r", *from)); from++) {
		if (*from == '"') {
			is_quoted = !is_quoted;
			continue;
		}
		if (is_quoted && *from == '\\' && (from[1] == '"' || from[1] == '\\'))
			from++;
		*to++ = *from;
	}
	*rest = *from ? from + 1 : from;
	*to = '\0';
	return is_quoted ? wrong(place, *ret, "a quote is not closed") : 1;
}

static int end_line(const struct place *place, char **rest)
{
	char *word;
	int found = next_word(place, rest, &word);

	return found > 0 ? wrong(place, word, "there is nothing to be said here") : found;
}

/* ------------------------------------------------------------------------------------------- "allow", "hidden" -- */

static int parse_rule(const struct place *place, const char *id, const struct rule **ret)
{
	*ret = rule_find(id);
	return *ret ? 0 : wrong(place, id, "there is no such rule: mmcpus audit --list-rules names them");
}

static int parse_allow_rule(const struct place *place, struct policy_entry *entry, const char *id)
{
	int err = parse_rule(place, id, &entry->rule);

	if (!err && entry->rule->scope != RULE_OF_MM)
		return wrong(place, id, "this rule asks about no process: it can only be ignored");
	return err;
}

static int parse_condition(const struct place *place, struct policy_entry *entry, char *word)
{
	static const char *const keys[] = {
		[ASPECT_COMM] = "comm",
		[ASPECT_CGROUP] = "cgroup",
		[ASPECT_UNIT] = "unit",
	};
	char *value = strchr(word, '=');

	if (!value || value[1] == '\0')
		return wrong(place, word, "write comm=PATTERN, cgroup=PATTERN, unit=PATTERN or rule=ID");
	*value++ = '\0';
	if (strcmp(word, "rule") == 0)
		return entry->rule ? wrong(place, word, "is there twice") : parse_allow_rule(place, entry, value);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(word, keys[i]) != 0)
			continue;
		if (entry->patterns[i])
			return wrong(place, word, "is there twice");
		if (strlen(value) > PATTERN_MAX)
			return wrong(place, value, "this pattern is too long");
		entry->patterns[i] = xstrdup(value);
		return 0;
	}
	return wrong(place, word, "is none of comm, cgroup, unit and rule");
}

static bool has_pattern(const struct policy_entry *entry)
{
	for (int i = 0; i < NR_ASPECTS; i++)
		if (entry->patterns[i])
			return true;
	return false;
}

static struct policy_entry *add_entry(struct policy_list *list)
{
	list->entries = xreallocarray(list->entries, list->nr_entries + 1, sizeof(list->entries[0]));
	list->entries[list->nr_entries] = (struct policy_entry){ 0 };
	return &list->entries[list->nr_entries++];
}

static int parse_entry(struct policy_list *list, const char *statement, const struct place *place, char **rest)
{
	struct policy_entry *entry = add_entry(list);
	char *word;
	int found;

	while ((found = next_word(place, rest, &word)) > 0) {
		int err = parse_condition(place, entry, word);

		if (err)
			return err;
	}
	if (!found && !has_pattern(entry))
		return wrong(place, statement, "whom? Write comm=PATTERN, cgroup=PATTERN or unit=PATTERN behind it");
	return found;
}

static int parse_allow(struct policy *policy, const struct place *place, char **rest)
{
	return parse_entry(&policy->allowed, "allow", place, rest);
}

static int parse_hidden(struct policy *policy, const struct place *place, char **rest)
{
	int err = parse_entry(&policy->hidden, "hidden", place, rest);
	const struct rule *rule = policy->hidden.entries[policy->hidden.nr_entries - 1].rule;

	return !err && rule ? wrong(place, rule->id, "who is hidden is hidden from all rules: leave rule= out") : err;
}

/* --------------------------------------------------------------------------------------------- the other lines -- */

static int parse_ignore(struct policy *policy, const struct place *place, char **rest)
{
	const struct rule *rule;
	char *word;
	int found = next_word(place, rest, &word);
	int err;

	if (!found)
		return wrong(place, "ignore", "which rule? mmcpus audit --list-rules names them");
	err = found < 0 ? found : parse_rule(place, word, &rule);
	if (err)
		return err;
	policy->ignored = xreallocarray(policy->ignored, policy->nr_ignored + 1, sizeof(policy->ignored[0]));
	policy->ignored[policy->nr_ignored++] = rule;
	return end_line(place, rest);
}

/* What the CPUs of the machine are is not known yet: the list is kept as it is. */
static int parse_isolated(struct policy *policy, const struct place *place, char **rest)
{
	char *word;
	int found = next_word(place, rest, &word);

	if (found < 0)
		return found;
	if (policy->isolated)
		return wrong(place, "isolated", "is there twice");
	if (!found)
		return wrong(place, "isolated", "which CPUs? Write a list such as 2-5,8 behind it");
	policy->isolated = xstrdup(word);
	policy->isolated_line = place->line;
	return end_line(place, rest);
}

static int parse_line(struct policy *policy, const struct place *place, char *line)
{
	static const struct {
		const char *name;
		int (*parse)(struct policy *policy, const struct place *place, char **rest);
	} statements[] = {
		{ "allow", parse_allow },
		{ "hidden", parse_hidden },
		{ "ignore", parse_ignore },
		{ "isolated", parse_isolated },
	};
	char *word;
	int found = next_word(place, &line, &word);

	if (found <= 0)
		return found;
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
		if (strcmp(statements[i].name, word) == 0)
			return statements[i].parse(policy, place, &line);
	return wrong(place, word, "a line begins with allow, hidden, ignore or isolated");
}

/* -------------------------------------------------------------------------------------------------- the public -- */

int policy_parse(struct policy *policy, const char *file, const char *text, char **why)
{
	struct place place = { .file = file, .why = why };
	char *copy = xstrdup(text);
	char *rest = copy;
	int err = 0;

	for (char *line; !err && (line = strsep(&rest, "\n"));) {
		place.line++;
		err = parse_line(policy, &place, line);
	}
	free(copy);
	return err;
}

int policy_allow(struct policy *policy, const char *pattern, char **why)
{
	if (pattern[0] == '\0' || strlen(pattern) > PATTERN_MAX)
		return usage_error(why, "--allow: '%s' is no pattern for a command, a cgroup or a unit", pattern);
	add_entry(&policy->allowed)->patterns[ASPECT_ANY] = xstrdup(pattern);
	return 0;
}

static int read_text(FILE *stream, const char *file, char *text, char **why)
{
	size_t length = fread(text, 1, POLICY_BYTES_MAX + 1, stream);

	if (ferror(stream))
		return usage_error(why, "policy file '%s': %s", file, strerror(errno));
	if (length > POLICY_BYTES_MAX)
		return usage_error(why, "policy file '%s' is longer than %d bytes", file, POLICY_BYTES_MAX);
	text[length] = '\0';
	if (strlen(text) < length)
		return usage_error(why, "policy file '%s' is no text: it holds a null byte", file);
	return 0;
}

int policy_read(struct policy *policy, const char *file, bool is_optional, char **why)
{
	FILE *stream = fopen(file, "re");
	char *text;
	int err;

	if (!stream && is_optional && errno == ENOENT)
		return 0;
	if (!stream)
		return usage_error(why, "policy file '%s': %s", file, strerror(errno));
	text = xcalloc(POLICY_BYTES_MAX + 2, 1);
	err = read_text(stream, file, text, why);
	fclose(stream);
	if (!err) {
		policy->file = xstrdup(file);
		err = policy_parse(policy, file, text, why);
	}
	free(text);
	return err;
}

static void list_deinit(struct policy_list *list)
{
	for (size_t i = 0; i < list->nr_entries; i++)
		for (int j = 0; j < NR_ASPECTS; j++)
			free(list->entries[i].patterns[j]);
	free(list->entries);
}

void policy_deinit(struct policy *policy)
{
	list_deinit(&policy->allowed);
	list_deinit(&policy->hidden);
	free(policy->ignored);
	free(policy->isolated);
	free(policy->file);
	*policy = (struct policy){ 0 };
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Command-line options, one table per command: the parser, the help text and the shell completions
   all come from it. */
#ifndef WARD_CLI_OPTIONS_H
#define WARD_CLI_OPTIONS_H

#include <stdio.h>

#include "base/rc.h"
#include "base/span.h"

enum ward_option_kind {
	WARD_OPTION_FLAG,   /* bool: present means true */
	WARD_OPTION_NO,	    /* bool: present means false */
	WARD_OPTION_TEXT,   /* const char * */
	WARD_OPTION_LIST,   /* struct ward_strings: may be given several times */
	WARD_OPTION_NUMBER, /* uint64_t, decimal */
	WARD_OPTION_SIZE,   /* uint64_t, decimal with K, M, G or T (powers of 1024) */
	WARD_OPTION_TIME,   /* uint64_t seconds, decimal with s, m or h */
};

/* Borrowed texts in an owned list; all zero is an empty one. */
struct ward_strings {
	const char **items;
	size_t count;
	size_t room;
};

/* Frees the list, not the texts; usable with WARD_AUTO. */
void ward_strings_done(struct ward_strings *list);

struct ward_option {
	const char *name; /* long name without dashes; NULL ends the table */
	char letter;	  /* 0: none */
	enum ward_option_kind kind;
	const char *value; /* name of the value in the help text; NULL for flags */
	size_t offset;	   /* of the target in the options struct */
	const char *help;
};

struct ward_command {
	const char *name;     /* "scan" */
	const char *synopsis; /* "ward scan [OPTION]… PATH…" */
	const char *about;    /* paragraph(s) for newcomers */
	const char *examples; /* lines */
	const char *verbs;    /* its first words, separated by spaces; NULL: it has none */
	const struct ward_option *options;
	int (*run)(int argc, char **argv);
};

/*
 * Parses argv[1…] into `target` (the struct the offsets refer to). Non-options go to `operands`
 * (borrowed from argv); "--" ends options. False after printing to stderr what is wrong.
 */
bool ward_options_parse(const struct ward_command *command, int argc, char **argv, void *target,
			struct ward_strings *operands) WARD_MUST_CHECK;

/* "12", "64K", "2G" to bytes; false when it is no such number. */
bool ward_options_size(const char *text, uint64_t *ret_bytes) WARD_MUST_CHECK;
/* "90", "90s", "5m", "1h" to seconds. */
bool ward_options_time(const char *text, uint64_t *ret_seconds) WARD_MUST_CHECK;

/* The command's whole help page. */
void ward_options_help(const struct ward_command *command, FILE *out);

#endif

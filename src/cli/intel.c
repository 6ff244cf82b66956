/* SPDX-License-Identifier: Apache-2.0 */
/* `ward intel compile | show | verify`. */
#include <unistd.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/compile.h"
#include "cli/human.h"
#include "intel/pack.h"
#include "sys/fd.h"
#include "sys/mapping.h"
#include "sys/sandbox.h"

struct intel_options {
	const char *output;
	const char *created;
	bool lenient;
	bool quiet;
	bool help;
};

static int
fail(const char *path, const char *what)
{
	(void)fputs("ward intel: ", stderr);
	ward_human_print(stderr, ward_span_str(path));
	(void)fprintf(stderr, ": %s\n", what);
	return WARD_EXIT_ERROR;
}

/* Replaces the pack only when the new one is whole: an error leaves the earlier set in place. */
static int
write_output(const char *path, int fd)
{
	struct ward_mapping mapping;
	enum ward_rc rc = ward_mapping_open(fd, &mapping);

	if (rc == WARD_OK) {
		rc = ward_fd_write_atomic(path, mapping.bytes, 0644);
		ward_mapping_done(&mapping);
	}
	return rc == WARD_OK ? WARD_EXIT_NOTHING : fail(path, ward_rc_str(rc));
}

static int
compile(const struct intel_options *options, const struct ward_strings *paths)
{
	struct ward_compile job = {.paths = paths,
				   .created = options->created,
				   .lenient = options->lenient,
				   .quiet = options->quiet};
	int fd = -1, status;

	if (!options->output || paths->count == 0) {
		(void)fputs("ward intel compile: name the pack with -o and at least one file\n",
			    stderr);
		return WARD_EXIT_ERROR;
	}
	if (ward_compile(&job, &fd) != WARD_OK) {
		(void)fputs("ward intel compile: no pack was written\n", stderr);
		return WARD_EXIT_ERROR;
	}
	status = write_output(options->output, fd);
	ward_fd_close(&fd);
	return status;
}

static int
show_pack(const char *path, struct ward_span bytes)
{
	struct ward_pack *pack = NULL;
	struct ward_buf text;
	enum ward_rc rc = ward_pack_open(bytes, &pack);

	if (rc != WARD_OK)
		return fail(path, ward_rc_str(rc));
	ward_buf_init(&text, 64u << 20, NULL);
	rc = ward_pack_describe(pack, &text);
	if (rc == WARD_OK)
		(void)fwrite(text.data, 1, text.len, stdout);
	ward_buf_done(&text);
	(void)ward_pack_free(pack);
	return rc == WARD_OK ? WARD_EXIT_NOTHING : fail(path, ward_rc_str(rc));
}

static int
verify_pack(const char *path, struct ward_span bytes)
{
	enum ward_rc rc = ward_pack_verify(bytes);

	if (rc != WARD_OK)
		return fail(path, rc == WARD_E_FORMAT
					  ? "damaged: its bytes are not what its id says"
					  : ward_rc_str(rc));
	ward_human_print(stdout, ward_span_str(path));
	(void)puts(": whole");
	return WARD_EXIT_NOTHING;
}

/* The pack is opened with the user's rights and read without them. */
static int
with_pack(const char *path, int (*work)(const char *path, struct ward_span bytes))
{
	struct ward_mapping mapping;
	enum ward_rc rc;
	int fd = -1, status;

	rc = ward_fd_open_regular(-1, path, true, &fd, NULL);
	if (rc == WARD_OK)
		rc = ward_mapping_open(fd, &mapping);
	ward_fd_close(&fd);
	if (rc != WARD_OK)
		return fail(path, ward_rc_str(rc));
	rc = ward_sandbox_drop(NULL);
	status = rc == WARD_OK ? work(path, mapping.bytes) : fail(path, ward_rc_str(rc));
	ward_mapping_done(&mapping);
	return status;
}

#define AT(member) offsetof(struct intel_options, member)

static const struct ward_option table[] = {
	{"output", 'o', WARD_OPTION_TEXT, "PACK", AT(output), "compile: the pack to write"},
	{"lenient", 0, WARD_OPTION_FLAG, NULL, AT(lenient),
	 "compile: leave out rule files that do not parse, with a note"},
	{"created", 0, WARD_OPTION_TEXT, "TEXT", AT(created),
	 "compile: date for the manifest (default: now)"},
	{"quiet", 'q', WARD_OPTION_FLAG, NULL, AT(quiet), "compile: print errors only"},
	{"help", 'h', WARD_OPTION_FLAG, NULL, AT(help), "print this"},
	{NULL, 0, WARD_OPTION_FLAG, NULL, 0, NULL},
};

static int
run_verb(const struct intel_options *options, struct ward_strings *operands)
{
	const char *verb = operands->count ? operands->items[0] : "";

	if (strcmp(verb, "compile") == 0) {
		const struct ward_strings paths = {operands->items + 1, operands->count - 1, 0};

		return compile(options, &paths);
	}
	if (operands->count == 2 && strcmp(verb, "show") == 0)
		return with_pack(operands->items[1], show_pack);
	if (operands->count == 2 && strcmp(verb, "verify") == 0)
		return with_pack(operands->items[1], verify_pack);
	(void)fputs("ward intel: compile -o PACK FILE…, show PACK, or verify PACK\n"
		    "Try: ward intel --help\n",
		    stderr);
	return WARD_EXIT_ERROR;
}

static int
command_intel(int argc, char **argv)
{
	struct intel_options options = {.output = NULL};
	WARD_AUTO(ward_strings_done) struct ward_strings operands = {.count = 0};

	if (!ward_options_parse(&ward_command_intel, argc, argv, &options, &operands))
		return WARD_EXIT_ERROR;
	if (options.help) {
		ward_options_help(&ward_command_intel, stdout);
		return WARD_EXIT_NOTHING;
	}
	return run_verb(&options, &operands);
}

const struct ward_command ward_command_intel = {
	.name = "intel",
	.synopsis = "ward intel compile -o PACK FILE…\n       ward intel show PACK\n"
		    "       ward intel verify PACK",
	.about = "Compiles any mix of YARA rules (.yar, .yara, compiled .yarc), ClamAV signatures "
		 "(.hdb\n"
		 ".hsb .mdb .msb .ndb .fp .sfp .ign2 .cvd .cld), lists of digests and other packs "
		 "into\n"
		 "one pack, which all scanner processes share. Directories are searched for such "
		 "files.\n"
		 "What cannot be used is counted and named; a file that does not parse stops the\n"
		 "compilation with file, line and reason, and the earlier pack stays.",
	.examples = "  ward intel compile -o site.wardpack my-rules/ hashes.hsb main.cvd\n"
		    "  ward intel show site.wardpack\n"
		    "  ward scan --intel site.wardpack /srv\n",
	.verbs = "compile show verify",
	.options = table,
	.run = command_intel,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* `wardcloud keys …`: the verbs, each with the options it takes. */
#include <stdio.h>

#include "cloud/ceremony/begin.h"
#include "cloud/ceremony/edit.h"
#include "cloud/ceremony/secret.h"
#include "cloud/ceremony/show.h"
#include "cloud/command.h"
#include "sys/fd.h"

static const char usage[] =
	"Usage: wardcloud keys VERB [OPTION]… [FILE…]\n\n"
	"The keys behind what endpoints believe about updates. docs/keys.md tells how to use "
	"them.\n\n"
	"  init                 everything in one go; the offline keys are sealed by a passphrase\n"
	"    --root-keys N, --root-threshold N (the standard: 2 of 3), --service-kinds KINDS\n"
	"  new NAME…            make keys: NAME.key and NAME.pub in --out DIRECTORY (the standard: "
	"here)\n"
	"    --online             not sealed, for a running service\n"
	"  show FILE…           what a key, or something signed, is\n"
	"  sign FILE --key K…   add signatures (to --out FILE: leave FILE as it is)\n"
	"  root                 the first root (--first), or the next one\n"
	"    --add ROLE=PUB, --remove ROLE=PUB|ID, --threshold ROLE=N, --new-log\n"
	"  targets              the first (--first) or next list of who may sign which records\n"
	"    --delegate NAME      what follows is about it: --public PUB, --remove PUB|ID,\n"
	"                         --end PUB|ID:NUMBER, --kinds KINDS, --scopes SCOPES, --threshold "
	"N\n"
	"    --revoke NAME        the delegation goes\n"
	"  install FILE…        take in what was signed: all of it or nothing\n"
	"  status               what there is, until when, who signed it, what to do\n\n"
	"root and targets: --from FILE (the standard: the newest), --expires 365d, --key K… (sign "
	"at\n"
	"once), --out FILE, --install.\n"
	"ROLE is root, targets, snapshot or timestamp. K is a file, or a name in the directory's "
	"keys/.\n"
	"All take --dir DIRECTORY, or --config FILE and --set SECTION.KEY=VALUE, and where a "
	"passphrase\n"
	"is needed --passphrase-file FILE.\n"
	"Exit status: 0 done; 1 status: endpoints believe nothing new; 2 an error, nothing was "
	"changed.\n";

#define WHERE	" config set dir "
#define SECRETS " key passphrase-file "
#define RESULT	" from out expires install first "

static int
init(struct ward_ceremony_options *o)
{
	WARD_AUTO(ward_key_text_done) struct ward_buf passphrase = {0};

	if (!ward_secret_new_passphrase(o, "root-1, …, targets", &passphrase))
		return 2;
	return ward_begin(o, ward_buf_span(&passphrase));
}

static int new (struct ward_ceremony_options *o)
{
	const char *directory = o->out ? o->out : ".";

	for (int i = 0; i < o->operand_count; i++) {
		WARD_AUTO(ward_key_text_done) struct ward_buf passphrase = {0};
		struct ward_trust_key key;

		if (!o->online && !ward_secret_new_passphrase(o, o->operands[i], &passphrase))
			return 2;
		if (!ward_secret_make(directory, o->operands[i], ward_buf_span(&passphrase), &key))
			return 2;
		(void)printf("%s/%s.pub: ", directory, o->operands[i]);
		ward_show_key(NULL, key.id);
		(void)fputs(o->online ? ", NOT sealed\n" : ", sealed\n", stdout);
	}
	return 0;
}

static int
sign(struct ward_ceremony_options *o)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	struct ward_budget budget = {0};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_envelopes_arena(&budget);
	const char *to = o->out ? o->out : o->operands[0];
	struct ward_refusal why = {0};
	struct ward_span bytes = {0};
	struct ward_dsse d = {0};
	enum ward_rc rc;

	if (!arena || !ward_envelopes_read(o->operands[0], arena, &bytes))
		return 2;
	rc = ward_dsse_read_any(bytes, arena, &d, &why);
	if (rc)
		return ward_ceremony_refused(rc, &why);
	ward_buf_init(&out, bytes.len + WARD_DSSE_AROUND, NULL);
	if (!ward_secret_sign(o, &d))
		return 2;
	if (ward_dsse_write(&d, &out) || !ward_envelopes_write(to, ward_buf_span(&out)))
		return 2;
	(void)printf("%s: %s, %zu signature%s\n", to, ward_dsse_type_text(d.type),
		     d.signature_count, d.signature_count == 1 ? "" : "s");
	return 0;
}

static int
install(struct ward_ceremony_options *o)
{
	struct ward_budget budget = {0};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_envelopes_arena(&budget);
	struct ward_span files[WARD_CEREMONY_EDITS];

	if (!arena)
		return 2;
	if (o->operand_count > WARD_CEREMONY_EDITS)
		return ward_ceremony_fail("at most 64 files at once");
	for (int i = 0; i < o->operand_count; i++)
		if (!ward_envelopes_read(o->operands[i], arena, &files[i]))
			return 2;
	return ward_envelopes_install(o, files, (size_t)o->operand_count);
}

static int
show(struct ward_ceremony_options *o)
{
	return ward_show(o);
}

static const struct verb {
	const char *name, *allowed;
	int (*run)(struct ward_ceremony_options *o);
	int least, most; /* operands */
	bool anywhere;	 /* needs no directory of a service */
} verbs[] = {
	{"init", WHERE SECRETS " root-keys root-threshold service-kinds ", init, 0, 0, false},
	{"new", " out online passphrase-file ", new, 1, WARD_CEREMONY_KEYS, true},
	{"show", WHERE, show, 1, WARD_CEREMONY_EDITS, true},
	{"sign", " dir out " SECRETS, sign, 1, 1, true},
	{"root", WHERE SECRETS RESULT " add remove threshold new-log ", ward_edit_root, 0, 0,
	 false},
	{"targets",
	 WHERE SECRETS RESULT " delegate public remove end kinds scopes threshold revoke ",
	 ward_edit_targets, 0, 0, false},
	{"install", WHERE, install, 1, WARD_CEREMONY_EDITS, false},
	{"status", WHERE, ward_status, 0, 0, false},
};

enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

/* On an offline machine there is no service: without --dir, what needs none goes on without. */
static bool
place(const struct verb *v, struct ward_ceremony_options *o)
{
	bool alone = o->from || o->first;

	if (o->dir || (!v->anywhere && !(alone && !o->install && !o->config)))
		return ward_ceremony_directory(o);
	return true;
}

static int
run(int argc, char **argv)
{
	static struct ward_ceremony_options o;
	const struct verb *v = NULL;

	for (size_t i = 0; i < VERBS && argc > 1; i++)
		if (strcmp(verbs[i].name, argv[1]) == 0)
			v = &verbs[i];
	if (!v || !ward_ceremony_parse(&o, v->allowed, argc - 1, argv + 1) || o.help ||
	    o.operand_count < v->least || o.operand_count > v->most) {
		bool asked = o.help || (argc > 1 && strcmp(argv[1], "--help") == 0);

		(void)fputs(usage, asked ? stdout : stderr);
		return asked ? 0 : 2;
	}
	return place(v, &o) ? v->run(&o) : 2;
}

const struct ward_cloud_command ward_keys_commands[] = {
	{"keys", "make, rotate and show the keys behind signed updates", run},
	{0},
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/serve/options.h"

#include <getopt.h>
#include <stdio.h>

static const struct option OPTIONS[] = {
	{"policy", required_argument, NULL, 'p'},
	{"socket", required_argument, NULL, 's'},
	{"scanner", required_argument, NULL, 'x'},
	{"pack", required_argument, NULL, 'k'},
	{"only", required_argument, NULL, 'o'},
	{"text-log", no_argument, NULL, 't'},
	{"enrolment", required_argument, NULL, 'e'},
	{"uplink", required_argument, NULL, 'u'},
	{"state", required_argument, NULL, 'd'},
	{"scan-root", required_argument, NULL, 'r'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{"no-ebpf", no_argument, NULL, 'b'},
	{NULL, 0, NULL, 0},
};

void
ward_guard_options_help(void)
{
	(void)fputs(
		"Usage: wardd [OPTION]…\n\n"
		"Real-time protection: decides about files before they open or run.\n"
		"Needs root. Stops, after answering all who wait, on SIGTERM.\n\n"
		"  --policy FILE   policy document (default: /etc/ward/policy.json if it is "
		"there)\n"
		"  --only DIR      watch only file systems mounted at or below DIR; repeatable; no "
		"scans\n"
		"                  by schedule\n"
		"  --pack FILE     intelligence; repeatable (default: the installed pack)\n"
		"  --scanner FILE  the program ward-scan (default: the installed one)\n"
		"  --uplink FILE   the program ward-uplink (default: the installed one)\n"
		"  --socket PATH   control socket (default: /run/ward/control.sock); manage.sock "
		"is made "
		"beside it\n"
		"  --enrolment DIR where ward enroll leaves the organisation's policy (default: "
		"/var/lib/ward/uplink)\n"
		"  --state DIR     history, quarantine, policy (default: /var/lib/ward)\n"
		"  --scan-root DIR scans of the machine look below DIR only, as if it were the "
		"root;\n"
		"                  with --only they are done by schedule too\n"
		"  --no-ebpf       load no eBPF program; programs without a file are found in "
		"/proc alone\n"
		"  --text-log      lines for people instead of JSON\n"
		"  --help, --version\n",
		stdout);
}

static bool
add(const char **list, size_t *count, size_t room, const char *what)
{
	if (*count == room) {
		(void)fprintf(stderr, "wardd: more than %zu times %s\n", room, what);
		return false;
	}
	list[(*count)++] = optarg;
	return true;
}

static bool
apply(int letter, struct ward_guard_options *o)
{
	switch (letter) {
	case 'p':
		o->policy = optarg;
		return true;
	case 's':
		o->socket = optarg;
		return true;
	case 'd':
		o->state = optarg;
		return true;
	case 'r':
		o->scan_root = optarg;
		return true;
	case 'e':
		o->enrolment = optarg;
		return true;
	case 'x':
		o->scanner = optarg;
		return true;
	case 'u':
		o->uplink = optarg;
		return true;
	case 'k':
		return add(o->packs, &o->pack_count, WARD_OPTIONS_PACKS, "--pack");
	case 'o':
		return add(o->only, &o->only_count, WARD_OPTIONS_ONLY, "--only");
	case 't':
		o->text_log = true;
		return true;
	case 'b':
		o->no_ebpf = true;
		return true;
	case 'h':
		o->help = true;
		return true;
	case 'V':
		o->version = true;
		return true;
	default:
		return false;
	}
}

bool
ward_guard_options_parse(int argc, char **argv, struct ward_guard_options *ret_options)
{
	struct ward_guard_options o = {.socket = "/run/ward/control.sock",
				       .state = "/var/lib/ward",
				       .enrolment = "/var/lib/ward/uplink"};
	int letter;

	optind = 1;
	while ((letter = getopt_long(argc, argv, "h", OPTIONS, NULL)) != -1) {
		if (!apply(letter, &o))
			return false;
	}
	if (optind < argc) {
		(void)fprintf(stderr, "wardd: what is %s?\n", argv[optind]);
		return false;
	}
	*ret_options = o;
	return true;
}

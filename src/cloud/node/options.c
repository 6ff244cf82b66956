/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/node/options.h"

#include <getopt.h>
#include <stdio.h>

#include "cloud/node/node.h"

enum { WHY_MAX = 16 * 1024 };

static bool
parse(int argc, char **argv, struct ward_serve_options *o)
{
	static const struct option table[] = {
		{"config", required_argument, NULL, 'c'}, {"set", required_argument, NULL, 's'},
		{"check-config", no_argument, NULL, 'k'}, {"compare", no_argument, NULL, 'p'},
		{"help", no_argument, NULL, 'h'},	  {NULL, 0, NULL, 0},
	};
	int letter;

	optind = 1;
	while ((letter = getopt_long(argc, argv, "c:s:h", table, NULL)) != -1) {
		if (letter == 'c')
			o->file = optarg;
		else if (letter == 's' && o->set_count < WARD_SERVE_SETS)
			o->sets[o->set_count++] = optarg;
		else if (letter == 'k')
			o->check = true;
		else if (letter == 'p')
			o->compare = true;
		else if (letter == 'h')
			o->help = true;
		else
			return false;
	}
	return optind == argc;
}

enum ward_rc
ward_serve_reread(struct ward_serve_options *o, struct ward_buf *why)
{
	return ward_node_config(o->file, o->sets, o->set_count, &o->config, why);
}

bool
ward_serve_options(int argc, char **argv, const char *usage, struct ward_serve_options *ret)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	bool good;

	memset(ret, 0, sizeof(*ret));
	good = parse(argc, argv, ret);
	if (!good || ret->help) {
		(void)fputs(usage, good ? stdout : stderr);
		return false;
	}
	ward_buf_init(&why, WHY_MAX, NULL);
	if (!ward_serve_reread(ret, &why))
		return true;
	(void)fwrite(why.data, 1, why.len, stderr);
	return false;
}

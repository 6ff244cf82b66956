/* SPDX-License-Identifier: Apache-2.0 */
/* wardd: the guard. */
#include <stdio.h>
#include <string.h>

#include "guard/packages/child.h"
#include "guard/serve/guard.h"
#include "guard/updates/child.h"

int
main(int argc, char **argv)
{
	struct ward_guard_options options;

	if (argc > 1 && strcmp(argv[1], WARD_PACKAGES_CHILD) == 0)
		return ward_packages_child(argc, argv);
	if (argc > 1 && strcmp(argv[1], WARD_UPDATES_CHILD) == 0)
		return ward_updates_child(argc, argv);
	if (!ward_guard_options_parse(argc, argv, &options))
		return 2;
	if (options.help) {
		ward_guard_options_help();
		return 0;
	}
	if (options.version) {
		(void)puts("wardd " WARD_VERSION);
		return 0;
	}
	return ward_guard_run(&options);
}

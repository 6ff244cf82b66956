/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/packs.h"

#include <unistd.h>

#include "cli/compile.h"
#include "pool/paths.h"
#include "sys/fd.h"

static bool
open_pack(struct ward_packs *packs, const char *path)
{
	enum ward_rc rc;
	int fd;

	if (packs->count == WARD_PACKS_MAX) {
		(void)fprintf(stderr, "ward: more than %d packs\n", WARD_PACKS_MAX);
		return false;
	}
	rc = ward_fd_open_regular(-1, path, true, &fd, NULL);
	if (rc != WARD_OK) {
		(void)fprintf(stderr, "ward: %s: %s\n", path, ward_rc_str(rc));
		return false;
	}
	packs->fds[packs->count++] = fd;
	return true;
}

/* Rules named on the command line become a pack of their own, in memory. */
static bool
compile_rules(struct ward_packs *packs, const struct ward_session_options *options)
{
	struct ward_compile job = {
		.paths = &options->rules, .lenient = options->lenient, .quiet = true};

	if (options->rules.count == 0)
		return true;
	if (packs->count == WARD_PACKS_MAX)
		return false;
	return ward_compile(&job, &packs->fds[packs->count]) == WARD_OK && ++packs->count;
}

bool
ward_packs_open(struct ward_packs *packs, const struct ward_session_options *options)
{
	char path[WARD_PATHS_MAX];

	packs->count = 0;
	if (!options->no_default_intel &&
	    ward_paths_find("default.wardpack", WARD_DATADIR, path) == WARD_OK &&
	    !open_pack(packs, path))
		return false;
	for (size_t i = 0; i < options->intel.count; i++)
		if (!open_pack(packs, options->intel.items[i]))
			return false;
	return compile_rules(packs, options);
}

void
ward_packs_close(struct ward_packs *packs)
{
	while (packs->count)
		(void)close(packs->fds[--packs->count]);
}

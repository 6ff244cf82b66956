/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a program as if the kernel had no permission events (CONFIG_FANOTIFY_ACCESS_PERMISSIONS off), or with
 * --nothing as if it had no fanotify at all: without-gate [--nothing] PROGRAM ARGUMENTS… */
#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/fanotify.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int nothing = argc > 1 && strcmp(argv[1], "--nothing") == 0, rc;

	if (!filter || argc < 2 + nothing)
		return 2;
	if (nothing)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(fanotify_init), 0);
	else
		rc = seccomp_rule_add(
			filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(fanotify_init), 1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, FAN_CLASS_CONTENT, FAN_CLASS_CONTENT));
	if (rc != 0 || seccomp_load(filter) != 0)
		return 2;
	(void)execv(argv[1 + nothing], argv + 1 + nothing);
	return 2;
}

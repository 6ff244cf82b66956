/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/serve/rights.h"

#include <linux/capability.h>

#include "sys/log.h"
#include "sys/process.h"
#include "sys/sandbox.h"

/* Held opens, each perhaps with a pidfd, and copies of both. */
enum { DESCRIPTORS = 262144 };

/* The unit's CapabilityBoundingSet (dist/systemd/wardd.service) is this list and CAP_SETPCAP, which is used
 * here for the last time. */
static const unsigned needed[] = {
	CAP_SYS_ADMIN, /* fanotify, maps of the eBPF program, vm.memfd_noexec, attributes of the name space "trusted" */
	/* quarantine takes files of all users and puts them back exactly */
	CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_CHOWN, CAP_FSETID,
	CAP_LINUX_IMMUTABLE, CAP_SETFCAP, CAP_LEASE, /* whether a file is open for writing */
	CAP_KILL, /* scanners have another user; processes that run what is convicted */
	/* scanners and the network process give up root themselves; restores have their asker's rights */
	CAP_SETUID, CAP_SETGID, CAP_SYS_PTRACE, /* which program a process runs */
	CAP_SYS_RESOURCE,			/* descriptors */
};

void
ward_guard_rights(void)
{
	enum ward_rc rc;

	if (ward_process_raise_fds(DESCRIPTORS) < DESCRIPTORS)
		ward_say(WARD_WARNING, "guard.descriptors", "fewer descriptors than wanted", NULL);
	rc = ward_sandbox_keep(needed, sizeof(needed) / sizeof(needed[0]));
	if (rc != WARD_OK)
		ward_say(WARD_WARNING, "guard.rights",
			 "rights that are not needed cannot be given up", "error.message",
			 ward_rc_str(rc), NULL);
}

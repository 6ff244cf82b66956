/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

static enum ward_policy_action
stronger(enum ward_policy_action a, enum ward_policy_action b)
{
	return a > b ? a : b;
}

static enum ward_policy_action
not_scanned(const struct ward_policy *p, enum ward_reason reason)
{
	switch (reason) {
	case WARD_REASON_ENCRYPTED:
		return p->actions.encrypted;
	case WARD_REASON_BYTES:
	case WARD_REASON_FILES:
	case WARD_REASON_DEPTH:
	case WARD_REASON_RATIO:
		return p->actions.bomb;
	case WARD_REASON_UNSUPPORTED:
	case WARD_REASON_CORRUPT:
		return p->actions.unsupported;
	case WARD_REASON_SIZE:
		return p->actions.size;
	case WARD_REASON_NONE:
	case WARD_REASON_TIMEOUT:
	case WARD_REASON_MEMORY:
	case WARD_REASON_CRASHED:
	case WARD_REASON_CHANGED:
	case WARD_REASON_PERMISSION:
	case WARD_REASON_VANISHED:
	case WARD_REASON_SPECIAL:
	case WARD_REASON_IO:
	case WARD_REASON_COUNT:
		break;
	}
	return p->actions.failed;
}

enum ward_policy_action
ward_policy_action(const struct ward_policy *p, enum ward_verdict verdict, enum ward_reason reason,
		   bool pua, bool cloud)
{
	switch (verdict) {
	case WARD_CLEAN:
	case WARD_UNKNOWN:
		return WARD_POLICY_ACTION_ALLOW;
	case WARD_NOT_SCANNED:
		return not_scanned(p, reason);
	case WARD_SUSPICIOUS:
		if (pua)
			return p->actions.pua;
		return cloud ? stronger(p->actions.cloud_suspicious, p->actions.suspicious)
			     : p->actions.suspicious;
	case WARD_MALICIOUS:
		break;
	}
	return pua ? p->actions.pua : p->actions.malicious;
}

enum ward_policy_fail
ward_policy_fail(const struct ward_policy *p, bool exec, bool network)
{
	enum ward_policy_fail mode = exec ? p->fail.exec : p->fail.open;

	return network && p->fail.network > mode ? p->fail.network : mode;
}

/* --- file systems --- */

static bool
is_one_of(const char *type, const char *const *types, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

#define AMONG(type, types) is_one_of(type, types, sizeof(types) / sizeof((types)[0]))

/* What the words local, network and fuse stand for. */
static bool
is_in_group(const char *type, const char *group)
{
	static const char *const local[] = {
		"ext2",	   "ext3",   "ext4", "xfs",	"btrfs",    "f2fs",  "zfs",	 "bcachefs",
		"jfs",	   "nilfs2", "vfat", "msdos",	"exfat",    "ntfs",  "ntfs3",	 "hfs",
		"hfsplus", "ufs",    "udf",  "iso9660", "squashfs", "erofs", "reiserfs", "ubifs"};
	static const char *const network[] = {"nfs",   "nfs4",	 "cifs",  "smb3", "smbfs",
					      "ceph",  "9p",	 "afs",	  "gfs2", "glusterfs",
					      "ocfs2", "lustre", "beegfs"};

	if (strcmp(group, "local") == 0)
		return AMONG(type, local);
	if (strcmp(group, "network") == 0)
		return AMONG(type, network);
	return strcmp(group, "fuse") == 0 && strncmp(type, "fuse", 4) == 0;
}

static bool
is_named(const struct ward_policy_list *list, const char *type)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(type, list->items[i]) == 0 || is_in_group(type, list->items[i]))
			return true;
	return false;
}

/* The kernel's own, which hold no files. */
static bool
is_kernels(const char *type)
{
	static const char *const never[] = {
		"proc",	  "sysfs",	"cgroup", "cgroup2",   "debugfs",  "tracefs",
		"devpts", "securityfs", "bpf",	  "pstore",    "efivarfs", "configfs",
		"mqueue", "autofs",	"nsfs",	  "selinuxfs", "fusectl",  "binfmt_misc"};

	return AMONG(type, never);
}

bool
ward_policy_watches(const struct ward_policy *p, const char *type)
{
	return !is_kernels(type) && is_named(&p->realtime.filesystems, type) &&
	       !is_named(&p->realtime.filesystems_excluded, type);
}

bool
ward_policy_enters(const struct ward_policy *p, const char *type)
{
	bool elsewhere = is_in_group(type, "network") || is_in_group(type, "fuse");

	/* File systems on a disk of one's own that only user space can read. */
	if (strcmp(type, "fuseblk") == 0)
		elsewhere = false;
	return !is_kernels(type) && (!elsewhere || p->scan.network_filesystems);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/place.h"

#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { PREFIX = 4096 };

static bool
below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == 0);
}

static bool
below_any(const char *path, const char *const *folders)
{
	for (; *folders; folders++)
		if (below(path, *folders))
			return true;
	return false;
}

/* True when `name` is one of the folders on the path. */
static bool
through(const char *path, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = path; (at = strstr(at, name)); at += n)
		if (at > path && at[-1] == '/' && at[n] == '/')
			return true;
	return false;
}

static bool
is_network(uint64_t filesystem)
{
	switch (filesystem) {
	case NFS_SUPER_MAGIC:
	case SMB_SUPER_MAGIC:
	case CIFS_SUPER_MAGIC:
	case SMB2_SUPER_MAGIC:
	case CODA_SUPER_MAGIC:
	case AFS_SUPER_MAGIC:
	case AFS_FS_MAGIC:
	case CEPH_SUPER_MAGIC:
	case V9FS_MAGIC:
		return true;
	default:
		return false;
	}
}

static Ward__V1__PathClass
place_at_home(const char *path)
{
	if (through(path, "public_html"))
		return WARD__V1__PATH_CLASS__PATH_CLASS_WEB;
	if (through(path, "Maildir") || through(path, ".thunderbird"))
		return WARD__V1__PATH_CLASS__PATH_CLASS_MAIL;
	if (through(path, "Downloads") || through(path, "Download"))
		return WARD__V1__PATH_CLASS__PATH_CLASS_DOWNLOAD;
	return WARD__V1__PATH_CLASS__PATH_CLASS_USER;
}

Ward__V1__PathClass
ward_place_of(const char *path, uint64_t filesystem)
{
	static const char *const container[] = {
		"/var/lib/docker",   "/var/lib/containers", "/var/lib/containerd", "/var/lib/lxc",
		"/var/lib/machines", "/var/lib/kubelet",    "/var/snap",	   NULL};
	static const char *const temp[] = {"/tmp", "/var/tmp", "/dev/shm", "/run/user", NULL};
	static const char *const removable[] = {"/media", "/run/media", NULL};
	static const char *const web[] = {"/var/www",	      "/srv/www",
					  "/srv/http",	      "/usr/share/nginx/html",
					  "/usr/lib/cgi-bin", NULL};
	static const char *const mail[] = {"/var/mail",		 "/var/spool/mail",
					   "/var/spool/postfix", "/var/spool/exim4",
					   "/var/vmail",	 NULL};
	static const char *const home[] = {"/home", "/root", NULL};
	static const char *const local[] = {"/usr/local", NULL};
	static const char *const system[] = {"/usr",	"/bin", "/sbin", "/lib", "/lib32", "/lib64",
					     "/libx32", "/opt", "/boot", "/etc", NULL};

	if (is_network(filesystem))
		return WARD__V1__PATH_CLASS__PATH_CLASS_NETWORK;
	if (below_any(path, container) || through(path, ".local/share/containers"))
		return WARD__V1__PATH_CLASS__PATH_CLASS_CONTAINER;
	if (below_any(path, temp))
		return WARD__V1__PATH_CLASS__PATH_CLASS_TEMP;
	if (below_any(path, removable))
		return WARD__V1__PATH_CLASS__PATH_CLASS_REMOVABLE;
	if (below_any(path, web))
		return WARD__V1__PATH_CLASS__PATH_CLASS_WEB;
	if (below_any(path, mail))
		return WARD__V1__PATH_CLASS__PATH_CLASS_MAIL;
	if (below_any(path, home))
		return place_at_home(path);
	/* what an administrator puts into /usr/local no package vouches for */
	if (below_any(path, system) && !below_any(path, local))
		return WARD__V1__PATH_CLASS__PATH_CLASS_SYSTEM;
	return WARD__V1__PATH_CLASS__PATH_CLASS_OTHER;
}

Ward__V1__PathClass
ward_place_of_fd(int fd)
{
	char link[32], path[PREFIX];
	struct statfs fs;
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0 || path[0] != '/' || (size_t)n >= sizeof(path) - 1)
		return WARD__V1__PATH_CLASS__PATH_CLASS_OTHER;
	path[n] = 0;
	return ward_place_of(path, fstatfs(fd, &fs) == 0 ? (uint64_t)(unsigned long)fs.f_type : 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/origin/writer.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/process.h"

enum { PATH_ROOM = 4096, OTHERS_WRITE = 022 };

/* The kernel appends this to the name of a program that was removed or replaced. */
#define DELETED " (deleted)"

/*
 * By the last component, up to a version ("python3.11", "chrome-stable" as "chrome"). A program that
 * is called so by chance is held once more than needed; one that is called otherwise is still known by
 * its connection, or as written.
 */
static const struct {
	const char *name;
	enum ward_writer_class class;
} TABLE[] = {
	/* write what web pages offer */
	{"firefox", WARD_WRITER_BROWSER},
	{"firefox-esr", WARD_WRITER_BROWSER},
	{"firefox-bin", WARD_WRITER_BROWSER},
	{"chrome", WARD_WRITER_BROWSER},
	{"chromium", WARD_WRITER_BROWSER},
	{"chromium-browser", WARD_WRITER_BROWSER},
	{"brave", WARD_WRITER_BROWSER},
	{"opera", WARD_WRITER_BROWSER},
	{"vivaldi-bin", WARD_WRITER_BROWSER},
	{"msedge", WARD_WRITER_BROWSER},
	{"epiphany", WARD_WRITER_BROWSER},
	{"WebKitNetworkProcess", WARD_WRITER_BROWSER},
	{"falkon", WARD_WRITER_BROWSER},
	{"konqueror", WARD_WRITER_BROWSER},
	{"lynx", WARD_WRITER_BROWSER},
	{"w3m", WARD_WRITER_BROWSER},
	{"links", WARD_WRITER_BROWSER},
	/* save attachments */
	{"thunderbird", WARD_WRITER_MAIL},
	{"evolution", WARD_WRITER_MAIL},
	{"kmail", WARD_WRITER_MAIL},
	{"claws-mail", WARD_WRITER_MAIL},
	{"mutt", WARD_WRITER_MAIL},
	{"neomutt", WARD_WRITER_MAIL},
	{"fetchmail", WARD_WRITER_MAIL},
	{"procmail", WARD_WRITER_MAIL},
	{"maildrop", WARD_WRITER_MAIL},
	/* bring files from other machines by command; the connection may be closed, or a child's */
	{"curl", WARD_WRITER_FETCHER},
	{"wget", WARD_WRITER_FETCHER},
	{"wget2", WARD_WRITER_FETCHER},
	{"aria2c", WARD_WRITER_FETCHER},
	{"axel", WARD_WRITER_FETCHER},
	{"lftp", WARD_WRITER_FETCHER},
	{"ftp", WARD_WRITER_FETCHER},
	{"scp", WARD_WRITER_FETCHER},
	{"sftp", WARD_WRITER_FETCHER},
	{"sftp-server", WARD_WRITER_FETCHER},
	{"rsync", WARD_WRITER_FETCHER},
	{"rclone", WARD_WRITER_FETCHER},
	{"smbclient", WARD_WRITER_FETCHER},
	{"nc", WARD_WRITER_FETCHER},
	{"nc.openbsd", WARD_WRITER_FETCHER},
	{"nc.traditional", WARD_WRITER_FETCHER},
	{"ncat", WARD_WRITER_FETCHER},
	{"socat", WARD_WRITER_FETCHER},
	{"git", WARD_WRITER_FETCHER},
	{"git-remote-http", WARD_WRITER_FETCHER},
	{"svn", WARD_WRITER_FETCHER},
	{"transmission", WARD_WRITER_FETCHER},
	{"qbittorrent", WARD_WRITER_FETCHER},
	/* write what a script tells them: their parents and connections say more than they do */
	{"sh", WARD_WRITER_SHELL},
	{"bash", WARD_WRITER_SHELL},
	{"dash", WARD_WRITER_SHELL},
	{"zsh", WARD_WRITER_SHELL},
	{"ksh", WARD_WRITER_SHELL},
	{"fish", WARD_WRITER_SHELL},
	{"busybox", WARD_WRITER_SHELL},
	{"python", WARD_WRITER_SHELL},
	{"perl", WARD_WRITER_SHELL},
	{"ruby", WARD_WRITER_SHELL},
	{"node", WARD_WRITER_SHELL},
	{"php", WARD_WRITER_SHELL},
};

const char *ward_writer_class_name(enum ward_writer_class class)
{
	static const char *const names[WARD_WRITER_CLASSES] = {
		"unknown", "browser", "mail", "fetcher", "packages", "shell", "other"};

	return class < WARD_WRITER_CLASSES ? names[class] : names[0];
}

bool ward_writer_fetches(enum ward_writer_class class)
{
	return class == WARD_WRITER_BROWSER || class == WARD_WRITER_MAIL ||
	       class == WARD_WRITER_FETCHER;
}

static struct ward_span
last_component(const char *path)
{
	struct ward_span name = ward_span_str(path), end = ward_span_str(DELETED);
	const char *slash = strrchr(path, '/');

	if (slash)
		name = ward_span_str(slash + 1);
	if (name.len > end.len && memcmp(name.data + name.len - end.len, DELETED, end.len) == 0)
		name.len -= end.len;
	return name;
}

static bool
is_version(struct ward_span rest)
{
	for (size_t i = 0; i < rest.len; i++) {
		if ((rest.data[i] < '0' || rest.data[i] > '9') && rest.data[i] != '.')
			return false;
	}
	return true;
}

static bool
is_named(struct ward_span name, const char *known)
{
	size_t len = strlen(known);
	struct ward_span rest = ward_span_cut(name, len, name.len);

	return ward_span_starts(name, known, len) &&
	       (is_version(rest) || ward_span_eq(rest, ward_span_str("-stable")) ||
		ward_span_eq(rest, ward_span_str("-gtk")) ||
		ward_span_eq(rest, ward_span_str("-qt")));
}

enum ward_writer_class
ward_writer_class_of(const char *path)
{
	struct ward_span name = last_component(path);

	for (size_t i = 0; i < sizeof(TABLE) / sizeof(TABLE[0]); i++) {
		if (is_named(name, TABLE[i].name))
			return TABLE[i].class;
	}
	return WARD_WRITER_OTHER;
}

/* A container's own dpkg, or a copy of it, is not the system's: only the file that our own root has under
   that name is. `path` is what the kernel calls the program; hardly ever it is one of these, and then
   nothing is looked up. */
static bool
is_package_manager(int pid, const char *path)
{
	static const char *const programs[] = {
		"/usr/bin/dpkg",
		"/usr/bin/dpkg-deb",
		"/usr/bin/apt",
		"/usr/bin/apt-get",
		"/usr/bin/aptitude",
		"/usr/bin/unattended-upgrade",
		"/usr/lib/apt/methods/http",
		"/usr/lib/apt/methods/store",
		"/usr/bin/rpm",
		"/usr/lib/apt/apt-helper",
	};
	struct stat running, known;
	char link[64];
	size_t i = 0, count = sizeof(programs) / sizeof(programs[0]);

	while (i < count && strcmp(path, programs[i]) != 0)
		i++;
	if (i == count || stat(programs[i], &known) != 0)
		return false;
	(void)snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	return stat(link, &running) == 0 && running.st_uid == 0 &&
	       !(running.st_mode & OTHERS_WRITE) && known.st_dev == running.st_dev &&
	       known.st_ino == running.st_ino;
}

static void
set_program(struct ward_writer *w, const char *path)
{
	struct ward_span name = last_component(path);

	if (name.len >= sizeof(w->program))
		name.len = sizeof(w->program) - 1;
	memcpy(w->program, name.data, name.len);
	w->program[name.len] = 0;
}

/* UNKNOWN: the process is gone, or has no program (any more). */
static enum ward_writer_class
class_of_process(int pid, int pidfd, char path[PATH_ROOM])
{
	bool packages;

	ward_process_program(pid, -1, path, PATH_ROOM);
	packages = is_package_manager(pid, path);
	/* Asked last, and with the pidfd: what was seen before is of this process too. */
	if (path[0] && pidfd >= 0 && !ward_process_remains(pidfd))
		path[0] = 0;
	if (!path[0])
		return WARD_WRITER_UNKNOWN;
	return packages ? WARD_WRITER_PACKAGES : ward_writer_class_of(path);
}

/* A number that was given to a later process shows by its start, which lies behind the child's. */
static enum ward_writer_class
ancestor_of(const struct ward_proc_stat *child)
{
	struct ward_proc_stat stat = *child, parent;
	char path[PATH_ROOM];

	for (int i = 0; i < WARD_WRITER_PARENTS && stat.parent > 1; i++) {
		enum ward_writer_class class = class_of_process(stat.parent, -1, path);

		if (ward_proc_stat(stat.parent, &parent) != WARD_OK || parent.start > stat.start)
			break;
		if (ward_writer_fetches(class) || class == WARD_WRITER_PACKAGES)
			return class;
		stat = parent;
	}
	return WARD_WRITER_UNKNOWN;
}

/* A process that closes its files because it ends has no program any more, but until it is reaped a
   name. That is what it says itself: enough to be held for, not enough to be believed. */
static void
by_name(struct ward_writer *w, const struct ward_proc_stat *stat)
{
	set_program(w, stat->name);
	w->named_only = true;
	w->class = ward_writer_class_of(stat->name);
}

void
ward_writer_of(int pid, int pidfd, struct ward_writer *ret_writer)
{
	struct ward_writer w = {.class = WARD_WRITER_UNKNOWN};
	struct ward_proc_stat stat;
	char path[PATH_ROOM];

	if (pid > 0 && ward_proc_stat(pid, &stat) == WARD_OK) {
		w.class = class_of_process(pid, pidfd, path);
		if (w.class != WARD_WRITER_UNKNOWN)
			set_program(&w, path);
		else
			by_name(&w, &stat);
		w.ancestor = ancestor_of(&stat);
		w.connection = ward_proc_has_connection(pid);
		/* Reaped meanwhile: the number may be somebody else's, and so may be what was seen. */
		if (pidfd >= 0 && !ward_process_remains(pidfd))
			w = (struct ward_writer){.class = WARD_WRITER_UNKNOWN};
	}
	*ret_writer = w;
}

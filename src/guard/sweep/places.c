/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/sweep/places.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

#include "base/buf.h"
#include "guard/watch/mounts.h"
#include "sys/fd-path.h"
#include "sys/fd.h"
#include "sys/homes.h"
#include "sys/walk.h"

enum { ARENA = 64 << 20, TABLE_MAX = 16 << 20, PLACES_MAX = 1 << 20 };

/*
 * The places of a quick scan: what runs, what starts by itself, and what was brought here lately. A file or a
 * directory with all that is in it on the same file system; what is not there is passed over. ATT&CK ids of what
 * uses them.
 */
static const char *const system_places[] = {
	/* Started at the boot: systemd's units, their generators and drop-ins (T1543.002), … */
	"/etc/systemd",
	"/run/systemd/system",
	"/usr/local/lib/systemd",
	"/usr/lib/systemd",
	"/lib/systemd",
	/* … init's scripts of old (T1037.004), … */
	"/etc/init.d",
	"/etc/init",
	"/etc/inittab",
	"/etc/rc.local",
	"/etc/rc.d",
	/* … and kernel modules that are asked for by name (T1547.006). */
	"/etc/modules",
	"/etc/modules-load.d",
	"/etc/modprobe.d",
	/* By the clock: cron, anacron, at (T1053). */
	"/etc/crontab",
	"/etc/anacrontab",
	"/etc/cron.d",
	"/etc/cron.hourly",
	"/etc/cron.daily",
	"/etc/cron.weekly",
	"/etc/cron.monthly",
	"/var/spool/cron",
	"/var/spool/anacron",
	"/var/spool/at",
	/* Into every program that starts: the loader's preloads and paths (T1574.006). */
	"/etc/ld.so.preload",
	"/etc/ld.so.conf",
	"/etc/ld.so.conf.d",
	/* At each login: shells (T1546.004), PAM (T1556.003), the message of the day, ssh (T1098.004). */
	"/etc/profile",
	"/etc/profile.d",
	"/etc/bash.bashrc",
	"/etc/bashrc",
	"/etc/zsh",
	"/etc/environment",
	"/etc/pam.d",
	"/etc/security",
	"/etc/update-motd.d",
	"/etc/ssh",
	/* With a desktop (T1547.013), a message on its bus. */
	"/etc/xdg",
	"/etc/X11/Xsession.d",
	"/etc/dbus-1",
	"/usr/share/dbus-1",
	/* When something happens: a device, a network, an address (T1546). */
	"/etc/udev",
	"/etc/network",
	"/etc/NetworkManager/dispatcher.d",
	"/etc/dhcp",
	"/etc/apt/apt.conf.d",
	"/etc/sudoers.d",
	/* Programs that no package brought. */
	"/usr/local/bin",
	"/usr/local/sbin",
	/* Where anybody may write (T1036.005, T1564): the first place of what came over the network. */
	"/tmp",
	"/var/tmp",
	"/dev/shm",
	"/run/shm",
	"/run/user",
};

/* The same in every user's directory. */
static const char *const home_places[] = {
	".profile",
	".bash_profile",
	".bash_login",
	".bash_logout",
	".bashrc",
	".bash_aliases",
	".zshenv",
	".zprofile",
	".zshrc",
	".zlogin",
	".zlogout",
	".config/fish",
	".pam_environment",
	".config/environment.d",
	".ssh",
	".config/systemd/user",
	".local/share/systemd/user",
	".config/autostart",
	".config/autostart-scripts",
	".config/plasma-workspace",
	".xinitrc",
	".xprofile",
	".xsession",
	".xsessionrc",
	".local/share/dbus-1",
	".local/bin",
	"bin",
	"Downloads",
	"Desktop",
};

/* --- the list --- */

static enum ward_rc
add(struct ward_places *p, const char *path, uint64_t files)
{
	if (p->count == p->room) {
		size_t room = p->room ? p->room * 2 : 256;
		struct ward_place *items =
			room <= PLACES_MAX ? reallocarray(p->items, room, sizeof(*items)) : NULL;

		if (!items)
			return WARD_E_NOMEM;
		p->items = items;
		p->room = room;
	}
	path = ward_arena_strdup(p->arena, ward_span_str(path));
	if (!path)
		return WARD_E_NOMEM;
	p->items[p->count++] = (struct ward_place){path, files};
	return WARD_OK;
}

static bool
is_listed(const struct ward_places *p, const char *path)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->items[i].path, path) == 0)
			return true;
	return false;
}

static bool
is_there(const char *path)
{
	struct ward_fd_stat st;

	return ward_fd_stat_at(-1, path, false, &st) == WARD_OK;
}

/* --- quick --- */

/* Root's own links are followed, /lib to /usr/lib; twice is not needed. */
static enum ward_rc
add_system_places(struct ward_places *p, const char *root)
{
	char path[WARD_FD_PATH], real[WARD_FD_PATH];
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < sizeof(system_places) / sizeof(system_places[0]) && !rc; i++) {
		(void)snprintf(path, sizeof(path), "%s%s", root, system_places[i]);
		if (ward_fd_path_resolve(path, real) == WARD_OK && !is_listed(p, real))
			rc = add(p, real, 0);
	}
	return rc;
}

/* Below a user's directory his links are not. */
static bool
add_home(void *ctx, const char *home)
{
	struct ward_places *p = ctx;
	char real[WARD_FD_PATH], path[WARD_FD_PATH + 64];
	enum ward_rc rc = WARD_OK;

	if (ward_fd_path_resolve(home, real) != WARD_OK)
		return true;
	for (size_t i = 0; i < sizeof(home_places) / sizeof(home_places[0]) && !rc; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", real, home_places[i]);
		if (is_there(path) && !is_listed(p, path))
			rc = add(p, path, 0);
	}
	return rc == WARD_OK;
}

static enum ward_rc
find_quick(struct ward_places *p, const char *root)
{
	enum ward_rc rc = *root ? WARD_OK : add(p, WARD_PLACE_RUNNING, 0);

	if (rc == WARD_OK)
		rc = add_system_places(p, root);
	return rc == WARD_OK ? ward_homes_visit(root, add_home, p) : rc;
}

/* --- full --- */

static bool
is_below(const char *path, const char *root)
{
	size_t len = strlen(root);

	return strncmp(path, root, len) == 0 && (path[len] == 0 || path[len] == '/');
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct ward_place *)a)->path, ((const struct ward_place *)b)->path);
}

static enum ward_rc
leave_out(struct ward_places *p, uint64_t device)
{
	if (p->left_out_count == p->left_out_room) {
		size_t room = p->left_out_room ? p->left_out_room * 2 : 64;
		uint64_t *list = reallocarray(p->left_out, room, sizeof(*list));

		if (!list)
			return WARD_E_NOMEM;
		p->left_out = list;
		p->left_out_room = room;
	}
	p->left_out[p->left_out_count++] = device;
	return WARD_OK;
}

/*
 * A part of a file system that was bound elsewhere is found where the whole of it is; where that is nowhere, each
 * part counts. An overlay's files lie in its directories, which are found in their own places.
 */
static bool
is_another_view(const struct ward_mount *m, struct ward_span table, const char *root)
{
	static _Thread_local struct ward_mount other;
	enum ward_rc rc;

	if (strcmp(m->type, "overlay") == 0)
		return strcmp(m->place, root) != 0;
	while (!m->whole && (rc = ward_mounts_next(&table, &other)) != WARD_E_NOENT)
		if (rc == WARD_OK && other.whole && other.major == m->major &&
		    other.minor == m->minor && is_below(other.place, root[1] ? root : ""))
			return true;
	return false;
}

/* The same file system a second time, or one over another. */
static bool
is_known(const struct ward_places *p, const uint64_t *devices, const struct ward_mount *m)
{
	uint64_t device = makedev(m->major, m->minor);

	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->items[i].path, m->place) == 0 || (m->whole && devices[i] == device))
			return true;
	return false;
}

struct finding {
	struct ward_places *places;
	const struct ward_policy *policy;
	const char *root; /* "/" when it is the machine's */
	bool full;
	uint64_t devices[4096]; /* of the places */
	struct ward_mount mount;
};

static enum ward_rc
consider(struct finding *f, struct ward_span table)
{
	const struct ward_mount *m = &f->mount;
	struct ward_places *p = f->places;
	uint64_t device = makedev(m->major, m->minor);

	if (!ward_policy_enters(f->policy, m->type))
		return leave_out(p, device);
	if (!f->full || !is_below(m->place, f->root[1] ? f->root : "") ||
	    is_another_view(m, table, f->root) || is_known(p, f->devices, m) ||
	    p->count == sizeof(f->devices) / sizeof(f->devices[0]))
		return WARD_OK;
	f->devices[p->count] = device;
	return add(p, m->place, ward_walk_files(m->place));
}

static enum ward_rc
read_mounts(struct finding *f)
{
	WARD_AUTO(ward_buf_done) struct ward_buf table = {0};
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_span rest;
	enum ward_rc rc, line;

	ward_buf_init(&table, TABLE_MAX, NULL);
	rc = ward_fd_open_regular(-1, "/proc/self/mountinfo", false, &fd, NULL);
	if (rc == WARD_OK)
		rc = ward_fd_read_all(fd, &table);
	rest = ward_buf_span(&table);
	while (rc == WARD_OK && (line = ward_mounts_next(&rest, &f->mount)) != WARD_E_NOENT)
		if (line == WARD_OK)
			rc = consider(f, ward_buf_span(&table));
	return rc;
}

/* The root itself comes first, wherever its file system is mounted. */
static enum ward_rc
find(struct ward_places *p, bool full, const char *root, const struct ward_policy *policy)
{
	struct finding *f = calloc(1, sizeof(*f));
	struct ward_fd_stat st;
	enum ward_rc rc = WARD_OK;

	if (!f)
		return WARD_E_NOMEM;
	*f = (struct finding){.places = p, .policy = policy, .root = root, .full = full};
	if (full)
		rc = ward_fd_stat_at(-1, root, false, &st);
	if (full && rc == WARD_OK) {
		f->devices[0] = st.device;
		rc = add(p, root, ward_walk_files(root));
	}
	if (rc == WARD_OK)
		rc = read_mounts(f);
	free(f);
	if (rc == WARD_OK && full)
		qsort(p->items, p->count, sizeof(*p->items), by_path);
	return rc;
}

enum ward_rc
ward_places_find(struct ward_places *ret_places, enum ward_sweep_kind kind, const char *root,
		 const struct ward_policy *policy)
{
	struct ward_places p = {.budget = {.cap = ARENA}};
	char real[WARD_FD_PATH] = "/";
	enum ward_rc rc = root ? ward_fd_path_resolve(root, real) : WARD_OK;

	if (rc != WARD_OK)
		return rc;
	*ret_places = p;
	ret_places->arena = ward_arena_new(&ret_places->budget);
	if (!ret_places->arena)
		return WARD_E_NOMEM;
	rc = find(ret_places, kind == WARD_SWEEP_FULL, real, policy);
	if (rc == WARD_OK && kind == WARD_SWEEP_RUNNING && !root)
		rc = add(ret_places, WARD_PLACE_RUNNING, 0);
	if (rc == WARD_OK && kind == WARD_SWEEP_QUICK)
		rc = find_quick(ret_places, real[1] ? real : "");
	if (rc != WARD_OK)
		ward_places_done(ret_places);
	return rc;
}

void
ward_places_done(struct ward_places *places)
{
	(void)ward_arena_free(places->arena);
	free(places->items);
	free(places->left_out);
	*places = (struct ward_places){.count = 0};
}

bool
ward_places_may_open(const struct ward_places *places, uint64_t device)
{
	for (size_t i = 0; i < places->left_out_count; i++)
		if (places->left_out[i] == device)
			return false;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/homes.h"

#include <dirent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOMES_MAX = 65536, PATH_ROOM = 4096, LINE_ROOM = 64 * 1024 };

struct homes {
	char **items;
	size_t count, room;
	bool short_of_memory;
};

static void
add(struct homes *h, const char *path)
{
	char *copy;

	if (h->count == h->room) {
		size_t room = h->room ? h->room * 2 : 64;
		char **items =
			room <= HOMES_MAX ? reallocarray(h->items, room, sizeof(*items)) : NULL;

		h->short_of_memory |= !items;
		if (!items)
			return;
		h->items = items;
		h->room = room;
	}
	copy = strdup(path);
	h->short_of_memory |= !copy;
	if (copy)
		h->items[h->count++] = copy;
}

/* Accounts of services have the system's own directories. */
static bool
is_own(const char *home)
{
	static const char *const system[] = {"/bin", "/sbin", "/usr", "/dev", "/proc",
					     "/sys", "/run",  "/etc", "/lib", "/nonexistent"};

	if (home[0] != '/' || home[1] == 0)
		return false;
	for (size_t i = 0; i < sizeof(system) / sizeof(system[0]); i++) {
		size_t len = strlen(system[i]);

		if (strncmp(home, system[i], len) == 0 && (home[len] == '/' || home[len] == 0))
			return false;
	}
	return true;
}

static void
read_passwd(struct homes *h, const char *root)
{
	char path[PATH_ROOM], *line = malloc(LINE_ROOM);
	struct passwd entry, *found;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/etc/passwd", root);
	file = line ? fopen(path, "re") : NULL;
	while (file && fgetpwent_r(file, &entry, line, LINE_ROOM, &found) == 0) {
		if (!is_own(entry.pw_dir) ||
		    snprintf(path, sizeof(path), "%s%s", root, entry.pw_dir) >= (int)sizeof(path))
			continue;
		add(h, path);
	}
	if (file)
		(void)fclose(file);
	free(line);
}

static void
read_home(struct homes *h, const char *root)
{
	char path[PATH_ROOM + 256];
	struct dirent *e;
	DIR *dir;

	(void)snprintf(path, PATH_ROOM, "%s/home", root);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] == '.' || (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN))
			continue;
		(void)snprintf(path, sizeof(path), "%s/home/%s", root, e->d_name);
		add(h, path);
	}
	if (dir)
		(void)closedir(dir);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

enum ward_rc
ward_homes_visit(const char *root, ward_homes_visitor visit, void *ctx)
{
	struct homes h = {.count = 0};
	bool go_on = true;

	read_passwd(&h, root);
	read_home(&h, root);
	if (h.count > 0)
		qsort(h.items, h.count, sizeof(*h.items), by_name);
	for (size_t i = 0; i < h.count && go_on; i++)
		if (i == 0 || strcmp(h.items[i], h.items[i - 1]) != 0)
			go_on = visit(ctx, h.items[i]);
	for (size_t i = 0; i < h.count; i++)
		free(h.items[i]);
	free(h.items);
	if (h.short_of_memory)
		return WARD_E_NOMEM;
	return go_on ? WARD_OK : WARD_E_STOPPED;
}

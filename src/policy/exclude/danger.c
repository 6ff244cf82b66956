/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/exclude/danger.h"

#include "base/text.h"
#include "policy/exclude/glob.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Where programs are, where everybody writes, where people's files are: whole, these are no
   exclusions but the end of protection. */
static const char *const wide[] = {"/",
				   "/usr",
				   "/usr/bin",
				   "/usr/sbin",
				   "/usr/lib",
				   "/usr/lib64",
				   "/usr/libexec",
				   "/usr/share",
				   "/usr/local",
				   "/usr/local/bin",
				   "/usr/local/sbin",
				   "/usr/local/lib",
				   "/bin",
				   "/sbin",
				   "/lib",
				   "/lib64",
				   "/etc",
				   "/home",
				   "/root",
				   "/opt",
				   "/srv",
				   "/var",
				   "/var/lib",
				   "/var/www",
				   "/var/spool",
				   "/boot",
				   "/run",
				   "/dev",
				   "/proc",
				   "/sys",
				   "/mnt",
				   "/media"};

/* What is below is anybody's to write. */
static const char *const open_to_all[] = {"/tmp", "/var/tmp", "/dev/shm", "/run/user"};

/* Programs that do what their arguments, scripts or peers say: what they open is anything. */
static const char *const runners[] = {"sh",
				      "bash",
				      "dash",
				      "zsh",
				      "ksh",
				      "fish",
				      "csh",
				      "tcsh",
				      "ash",
				      "busybox",
				      "toybox",
				      "python",
				      "perl",
				      "ruby",
				      "node",
				      "nodejs",
				      "php",
				      "php-cgi",
				      "php-fpm",
				      "lua",
				      "luajit",
				      "tclsh",
				      "wish",
				      "awk",
				      "gawk",
				      "mawk",
				      "guile",
				      "java",
				      "mono",
				      "pwsh",
				      "deno",
				      "bun",
				      "R",
				      "Rscript",
				      "env",
				      "sudo",
				      "su",
				      "doas",
				      "ssh",
				      "sshd",
				      "scp",
				      "sftp",
				      "rsync",
				      "curl",
				      "wget",
				      "git",
				      "tar",
				      "cp",
				      "mv",
				      "cat",
				      "dd",
				      "install",
				      "unzip",
				      "ld.so",
				      "ld-linux-x86-64.so",
				      "ld-linux.so",
				      "ld-linux-aarch64.so",
				      "systemd",
				      "init",
				      "cron",
				      "crond",
				      "dpkg",
				      "apt",
				      "apt-get",
				      "rpm",
				      "dnf",
				      "yum",
				      "nginx",
				      "apache2",
				      "httpd"};

/* Names of what can be run. */
static const char *const run_extensions[] = {
	"exe", "dll", "com", "scr", "sys", "msi", "bat",  "cmd",  "ps1",      "vbs", "js",   "jse",
	"hta", "lnk", "jar", "so",  "ko",  "elf", "bin",  "run",  "appimage", "sh",  "bash", "py",
	"pl",  "rb",  "php", "lua", "deb", "rpm", "docm", "xlsm", "pptm",     "doc", "xls"};

static bool
is_below(const char *path, const char *directory)
{
	size_t n = strlen(directory);

	return strncmp(path, directory, n) == 0 && (path[n] == '/' || path[n] == 0);
}

static const char *
path_danger(const char *path)
{
	for (size_t i = 0; i < COUNT(wide); i++)
		if (strcmp(path, wide[i]) == 0)
			return "leaves out a directory that programs are run from or that holds "
			       "most files";
	for (size_t i = 0; i < COUNT(open_to_all); i++)
		if (is_below(path, open_to_all[i]))
			return "leaves out a place where every user can write";
	return NULL;
}

static bool
matches(const struct ward_glob *g, const char *directory, const char *extension)
{
	char path[128];
	size_t n = strlen(directory), m = strlen(extension);
	static const char name[] = "/w4rd-pr0be";

	memcpy(path, directory, n);
	memcpy(path + n, name, sizeof(name) - 1);
	n += sizeof(name) - 1;
	memcpy(path + n, extension, m);
	return ward_glob_match(g, ward_span_of(path, n + m));
}

/* A pattern is dangerous when it leaves out names nobody can have meant in the places above. */
static const char *
probe(const struct ward_glob *g)
{
	for (size_t i = 0; i < COUNT(wide); i++)
		if (matches(g, i ? wide[i] : "", "") || matches(g, wide[i], "/w4rd"))
			return "matches any name in a directory that programs are run from or that "
			       "holds most files";
	for (size_t i = 0; i < COUNT(open_to_all); i++)
		if (matches(g, open_to_all[i], "") || matches(g, open_to_all[i], "/w4rd"))
			return "matches any name in a place where every user can write";
	for (size_t i = 0; i < COUNT(run_extensions); i++) {
		char extension[16] = ".";

		memcpy(extension + 1, run_extensions[i], strlen(run_extensions[i]) + 1);
		if (matches(g, "/home/w4rd", extension) || matches(g, "/opt/w4rd/bin", extension))
			return "matches programs or scripts in any directory";
	}
	return NULL;
}

static const char *
glob_danger(const char *pattern)
{
	struct ward_budget budget = {.cap = 1 << 20};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_glob *g = NULL;
	const char *why = NULL, *danger = NULL;

	if (arena && ward_glob_compile(ward_span_str(pattern), arena, &g, &why) == WARD_OK)
		danger = probe(g);
	ward_arena_free(arena);
	return danger;
}

/* "python3.11" is python, "ld-linux-x86-64.so.2" is its loader. */
static bool
is_version_of(const char *name, const char *program)
{
	size_t n = strlen(program);

	if (strncmp(name, program, n) != 0)
		return false;
	for (name += n; *name; name++)
		if ((*name < '0' || *name > '9') && *name != '.' && *name != '-')
			return false;
	return true;
}

static const char *
process_danger(const char *path)
{
	const char *name = strrchr(path, '/');

	name = name ? name + 1 : path;
	for (size_t i = 0; i < COUNT(runners); i++)
		if (is_version_of(name, runners[i]))
			return "leaves out a program that opens whatever its user tells it to";
	for (size_t i = 0; i < COUNT(open_to_all); i++)
		if (is_below(path, open_to_all[i]))
			return "names a program in a place where every user can write";
	return NULL;
}

static const char *
extension_danger(const char *extension)
{
	for (size_t i = 0; i < COUNT(run_extensions); i++)
		if (ward_text_eq_nocase(ward_span_str(extension), run_extensions[i]))
			return "leaves out files that can be run";
	return NULL;
}

static const char *
threat_danger(const char *name)
{
	size_t letters = 0;

	for (; *name; name++)
		letters += *name != '*';
	return letters < 4 ? "allows almost every threat" : NULL;
}

const char *
ward_exclusion_danger(enum ward_exclusion_kind kind, const char *value)
{
	switch (kind) {
	case WARD_EXCLUDE_PATH:
		return path_danger(value);
	case WARD_EXCLUDE_GLOB:
		return glob_danger(value);
	case WARD_EXCLUDE_EXTENSION:
		return extension_danger(value);
	case WARD_EXCLUDE_PROCESS:
		return process_danger(value);
	case WARD_EXCLUDE_THREAT:
		return threat_danger(value);
	case WARD_EXCLUDE_HASH:
	case WARD_EXCLUDE_KINDS:
		break;
	}
	return NULL;
}

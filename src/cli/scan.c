/* SPDX-License-Identifier: Apache-2.0 */
/* `ward scan`: walk, hand open files to the scanners, print what they say as it comes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cloud-scan.h"
#include "cli/commands.h"
#include "cli/human.h"
#include "cli/leave-out.h"
#include "cli/machine.h"
#include "cli/manage.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cli/stdin.h"
#include "client/query.h"
#include "client/state.h"
#include "sys/fd.h"
#include "sys/walk.h"

struct scan_options {
	bool json;
	bool all;
	bool all_matches;
	bool recursive;
	bool cross_fs;
	bool strict;
	bool facts;
	bool progress;
	bool summary;
	bool cloud;
	bool help;
	bool ignore_exclusions;
	const char *policy, *socket;
	uint64_t cloud_wait; /* seconds */
	const char *state;
	struct ward_strings excludes;
	struct ward_session_options session;
};

struct scan {
	struct scan_options options;
	struct ward_pool *pool;
	struct ward_cloud_scan *cloud; /* NULL: not asked */
	struct ward_progress progress;
	struct ward_totals totals;
	struct ward_leave_out leave_out;
	bool colour;
	bool failed; /* the scanners could not be kept running */
};

/* One file on its way: the path comes back with the reply. */
struct job {
	uint64_t size;
	/* for the cloud: what it was, where it is, and it itself if its path leads nowhere (or -1) */
	struct ward_fd_stat was;
	Ward__V1__PathClass place;
	int kept;
	char path[];
};

static volatile int interrupted;

static void
on_interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

static void
show(struct scan *s, const struct ward_report *report)
{
	ward_totals_add(&s->totals, report);
	s->progress.files++;
	s->progress.found += report->finding_count > 0;
	if (s->options.json) {
		ward_progress_clear(&s->progress);
		ward_report_print_json(report, stdout);
	} else if (s->options.all || report->finding_count || report->gap_count ||
		   (report->cloud && report->verdict >= WARD_SUSPICIOUS)) {
		ward_progress_clear(&s->progress);
		ward_report_print(report, s->options.all, s->colour, stdout);
	}
	ward_progress_step(&s->progress, report->path);
}

/* A file that never reached a scanner. */
static void
show_gap(struct scan *s, const char *path, enum ward_reason why, const char *detail, uint64_t size)
{
	struct ward_gap gap = {why, "", 1};
	struct ward_report report = {
		.path = path,
		.verdict = WARD_NOT_SCANNED,
		.gaps = &gap,
		.gap_count = 1,
		.size = size,
		.detail = detail,
	};

	show(s, &report);
}

static void
leave_out(struct scan *s, const char *path, const struct ward_exclusion *e)
{
	ward_progress_clear(&s->progress);
	s->progress.files++;
	s->totals.excluded++;
	if (s->options.json)
		ward_leave_out_print_json(path, e, stdout);
	else if (s->options.all)
		ward_leave_out_print(path, e, stdout);
}

/* What the cloud convicts may be allowed here. */
static void
show_of_cloud(void *context, const struct ward_report *report)
{
	struct scan *s = context;
	const struct ward_exclusion *allowed = ward_leave_out_findings(&s->leave_out, report);

	if (allowed)
		leave_out(s, report->path, allowed);
	else
		show(s, report);
}

/* To the cloud if it should say something, else to the user. True: the reply was taken. */
static bool
hand_over(struct scan *s, struct job *job, struct ward_pool_reply *reply)
{
	struct ward_cloud_file file = {job->path, reply, job->was, job->place, job->kept};
	const struct ward_exclusion *allowed;
	struct ward_finding finding;
	struct ward_report report;

	ward_session_report(job->path, reply, &report);
	if (ward_leave_out_convict(&s->leave_out, &report, &finding)) {
		show(s, &report);
		return false;
	}
	allowed = ward_leave_out_findings(&s->leave_out, &report);
	if (allowed) {
		leave_out(s, job->path, allowed);
		return false;
	}
	if (s->cloud && ward_cloud_scan_wants(&report) && ward_cloud_scan_add(s->cloud, &file)) {
		job->kept = -1;
		return true;
	}
	show(s, &report);
	return false;
}

static void
job_free(struct job *job)
{
	if (job)
		ward_fd_close(&job->kept);
	free(job);
}

/* Takes one reply; false when there is none to take. */
static bool
take_reply(struct scan *s, int timeout_ms)
{
	WARD_AUTO(ward_pool_reply_freep) struct ward_pool_reply *reply = NULL;
	struct job *job;
	enum ward_rc rc = ward_pool_wait(s->pool, timeout_ms, &reply);

	if (rc != WARD_OK) {
		if (rc != WARD_E_TIMEOUT && rc != WARD_E_NOENT)
			s->failed = true;
		return false;
	}
	job = reply->cookie;
	s->progress.bytes += job->size;
	if (hand_over(s, job, reply))
		reply = NULL;
	job_free(job);
	return true;
}

static enum ward_rc
submit(struct scan *s, const struct ward_pool_request *request)
{
	enum ward_rc rc = ward_pool_submit(s->pool, request);

	while (rc == WARD_E_LIMIT && !s->failed) {
		(void)take_reply(s, s->cloud ? 50 : 1000);
		if (s->cloud)
			ward_cloud_scan_work(s->cloud, 0);
		rc = ward_pool_submit(s->pool, request);
	}
	return rc;
}

static struct job *
job_new(const struct scan *s, const char *path, int fd, uint64_t size)
{
	struct job *job = calloc(1, sizeof(*job) + strlen(path) + 1);

	if (!job)
		return NULL;
	job->size = size;
	job->kept = -1;
	memcpy(job->path, path, strlen(path) + 1);
	if (!s->cloud)
		return job;
	if (ward_fd_stat(fd, &job->was) == WARD_OK)
		job->place = ward_place_of_fd(fd);
	if (strcmp(path, "-") == 0)
		job->kept = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return job;
}

/* Takes the descriptor. */
static void
scan_fd(struct scan *s, const char *path, int fd, uint64_t size, unsigned uid)
{
	struct job *job = job_new(s, path, fd, size);
	struct ward_pool_request request = {
		.fd = fd,
		.path = path,
		.owner = ward_session_owner(uid),
		.all_matches = s->options.all_matches,
		.want_facts = s->options.facts,
		.cookie = job,
	};

	if (job) {
		if (submit(s, &request) == WARD_OK)
			return;
		s->failed = true;
	}
	show_gap(s, path, WARD_REASON_CRASHED, "no scanner takes it", size);
	job_free(job);
	(void)close(fd);
}

static bool
visit(void *ctx, const struct ward_walk_entry *entry)
{
	struct scan *s = ctx;
	uint64_t size = (uint64_t)entry->st.st_size;
	const struct ward_exclusion *excluded =
		entry->fd < 0 ? NULL : ward_leave_out_file(&s->leave_out, entry->fd);

	if (excluded) {
		(void)close(entry->fd);
		leave_out(s, entry->path, excluded);
	} else if (entry->fd < 0) {
		show_gap(s, entry->path, entry->why, entry->detail, size);
	} else if (size > s->options.session.max.file) {
		(void)close(entry->fd);
		show_gap(s, entry->path, WARD_REASON_SIZE, "larger than --max-file", size);
	} else {
		scan_fd(s, entry->path, entry->fd, size, entry->st.st_uid);
	}
	while (take_reply(s, 0))
		;
	if (s->cloud)
		ward_cloud_scan_work(s->cloud, 0);
	return !interrupted && !s->failed;
}

static void
scan_stdin(struct scan *s)
{
	uint64_t size = 0;
	int fd = -1;
	enum ward_rc rc = ward_stdin_spool(s->options.session.max.file, &fd, &size);

	if (rc == WARD_E_LIMIT)
		show_gap(s, "-", WARD_REASON_SIZE, "larger than --max-file", size);
	else if (rc != WARD_OK)
		show_gap(s, "-", WARD_REASON_IO, "standard input cannot be read", size);
	else
		scan_fd(s, "-", fd, size, getuid());
}

static struct ward_walk_options
walk_options(const struct scan *s)
{
	return (struct ward_walk_options){
		.recursive = s->options.recursive,
		.cross_fs = s->options.cross_fs,
		.excludes = s->options.excludes.items,
		.exclude_count = s->options.excludes.count,
	};
}

static bool
count_one(void *ctx, const struct ward_walk_entry *entry)
{
	struct scan *s = ctx;
	const uint64_t give_up_ns = 3000000000u;

	s->progress.total_files++;
	s->progress.total_bytes += (uint64_t)entry->st.st_size;
	return !interrupted && ward_progress_now() - s->progress.start_ns < give_up_ns;
}

/* A look at names and sizes first, so that the bar knows the end; given up after three seconds. */
static void
count_ahead(struct scan *s, const struct ward_strings *paths)
{
	struct ward_walk_options options = walk_options(s);
	enum ward_rc rc = WARD_OK;

	if (!s->progress.on)
		return;
	options.no_open = true;
	for (size_t i = 0; rc == WARD_OK && i < paths->count; i++)
		if (strcmp(paths->items[i], "-") != 0)
			rc = ward_walk(paths->items[i], &options, count_one, s);
	if (rc != WARD_OK)
		s->progress.total_files = s->progress.total_bytes = 0;
}

static void
scan_paths(struct scan *s, const struct ward_strings *paths)
{
	struct ward_walk_options options = walk_options(s);

	for (size_t i = 0; i < paths->count && !interrupted && !s->failed; i++) {
		enum ward_rc rc = WARD_OK;

		if (strcmp(paths->items[i], "-") == 0)
			scan_stdin(s);
		else
			rc = ward_walk(paths->items[i], &options, visit, s);
		if (rc != WARD_OK && rc != WARD_E_STOPPED)
			show_gap(s, paths->items[i], WARD_REASON_MEMORY, ward_rc_str(rc), 0);
	}
	while (!interrupted && !s->failed && ward_pool_pending(s->pool)) {
		(void)take_reply(s, s->cloud ? 50 : 1000);
		if (s->cloud)
			ward_cloud_scan_work(s->cloud, 0);
	}
	if (s->cloud)
		ward_cloud_scan_finish(s->cloud, &interrupted);
}

static int
exit_status(const struct scan *s)
{
	if (interrupted)
		return WARD_EXIT_INTERRUPTED;
	if (s->failed)
		return WARD_EXIT_ERROR;
	if (s->totals.files[WARD_MALICIOUS] || s->totals.files[WARD_SUSPICIOUS])
		return WARD_EXIT_FOUND;
	/* A path the user named that could not be opened at all is an error without --strict too. */
	if (ward_totals_files(&s->totals) == s->totals.files[WARD_NOT_SCANNED] &&
	    (s->totals.gaps[WARD_REASON_VANISHED] || s->totals.gaps[WARD_REASON_PERMISSION]))
		return WARD_EXIT_ERROR;
	return s->options.strict &&
			       (s->totals.files[WARD_NOT_SCANNED] || s->totals.cloud.unanswered)
		       ? WARD_EXIT_ERROR
		       : WARD_EXIT_NOTHING;
}

static void
take_cloud_totals(struct scan *s)
{
	const struct ward_cloud_totals *t = s->cloud ? ward_cloud_scan_totals(s->cloud) : NULL;

	if (!t)
		return;
	s->totals.cloud.asked = t->asked;
	s->totals.cloud.answered = t->answered;
	s->totals.cloud.decided = t->decided;
	s->totals.cloud.sent = t->sent;
	s->totals.cloud.unanswered = t->unanswered;
}

static void
finish(struct scan *s)
{
	take_cloud_totals(s);
	ward_progress_clear(&s->progress);
	s->totals.seconds = (double)(ward_progress_now() - s->progress.start_ns) / 1e9;
	if (s->options.json)
		ward_totals_print_json(&s->totals, stdout);
	else if (s->options.summary)
		ward_totals_print(&s->totals, s->colour, stdout);
	if (s->failed)
		(void)fputs("ward: the scanners cannot be kept running; the rest was not scanned\n",
			    stderr);
	if (interrupted)
		(void)fputs("ward: interrupted; the rest was not scanned\n", stderr);
}

static bool
open_cloud(struct scan *s)
{
	struct ward_cloud_scan_options options = {
		.state = s->options.state,
		.wait_ms =
			(unsigned)(s->options.cloud_wait < 86400 ? s->options.cloud_wait : 86400) *
			1000,
		.timeout_ms = 10 * 1000,
		.show = show_of_cloud,
		.context = s,
	};

	s->cloud = s->options.cloud ? ward_cloud_scan_new(&options) : NULL;
	return s->cloud || !s->options.cloud;
}

static int
run_scan(struct scan *s, const struct ward_strings *paths)
{
	const struct sigaction action = {.sa_handler = on_interrupt};

	if (!open_cloud(s))
		return WARD_EXIT_ERROR;
	s->pool = ward_session_start(&s->options.session);
	if (!s->pool)
		return WARD_EXIT_ERROR;
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	s->colour = isatty(STDOUT_FILENO);
	ward_progress_init(&s->progress, s->options.progress && !s->options.json);
	count_ahead(s, paths);
	scan_paths(s, paths);
	finish(s);
	s->pool = ward_pool_free(s->pool);
	s->cloud = ward_cloud_scan_free(s->cloud);
	if (fflush(stdout) != 0) {
		(void)fprintf(stderr, "ward: cannot write the results: %s\n",
			      strerrordesc_np(errno));
		return WARD_EXIT_ERROR;
	}
	return exit_status(s);
}

#define AT(member) offsetof(struct scan_options, member)

static const struct ward_option table[] = {
	WARD_SESSION_OPTIONS(struct scan_options),
	{"exclude", 'e', WARD_OPTION_LIST, "PATTERN", AT(excludes),
	 "leave out names (or with a slash: paths) that match"},
	{"policy", 0, WARD_OPTION_TEXT, "FILE", AT(policy),
	 "leave out what this policy excludes, convict what it blocks (default: what the guard has "
	 "in force, if one runs)"},
	{"socket", 0, WARD_OPTION_TEXT, "PATH", AT(socket),
	 "the guard's control socket (default: " WARD_GUARD_SOCKET ")"},
	{"ignore-exclusions", 0, WARD_OPTION_FLAG, NULL, AT(ignore_exclusions),
	 "leave nothing out for the policy's sake"},
	{"cross-fs", 0, WARD_OPTION_FLAG, NULL, AT(cross_fs), "enter other mounted file systems"},
	{"no-recursive", 0, WARD_OPTION_NO, NULL, AT(recursive), "do not enter directories"},
	{"recursive", 0, WARD_OPTION_FLAG, NULL, AT(recursive), "enter directories (the default)"},
	{"all-matches", 'A', WARD_OPTION_FLAG, NULL, AT(all_matches),
	 "go on after the first malicious match in a file"},
	{"all", 'a', WARD_OPTION_FLAG, NULL, AT(all), "print a line for every file"},
	{"json", 0, WARD_OPTION_FLAG, NULL, AT(json), "one JSON object per line"},
	{"facts", 0, WARD_OPTION_FLAG, NULL, AT(facts), "with --json: what the files are made of"},
	{"strict", 0, WARD_OPTION_FLAG, NULL, AT(strict), "exit 2 when something was not scanned"},
	{"no-progress", 0, WARD_OPTION_NO, NULL, AT(progress), "no progress line"},
	{"no-summary", 0, WARD_OPTION_NO, NULL, AT(summary), "no totals at the end"},
	{"cloud", 0, WARD_OPTION_FLAG, NULL, AT(cloud),
	 "ask the cloud service about what stays unknown (ward enroll)"},
	{"cloud-wait", 0, WARD_OPTION_TIME, "TIME", AT(cloud_wait),
	 "with --cloud: for the last answers and samples (default 60s)"},
	{"state", 0, WARD_OPTION_TEXT, "DIR", AT(state),
	 "with --cloud: where the enrolment is kept (default " WARD_STATE_DIRECTORY ")"},
	{"help", 'h', WARD_OPTION_FLAG, NULL, AT(help), "print this"},
	{NULL, 0, WARD_OPTION_FLAG, NULL, 0, NULL},
};

static void
scan_done(struct scan *s)
{
	ward_strings_done(&s->options.excludes);
	ward_leave_out_done(&s->leave_out);
	ward_session_options_done(&s->options.session);
}

/*
 * What the user names, or what a running guard has in force: a file has one answer on a machine, whoever asks. A
 * policy with a mistake stops the scan: what it wants left out or looked at is not known.
 */
static bool
load_policy(struct scan *s)
{
	const struct ward_policy_files files = {.local = s->options.policy};
	bool gone = false;

	s->leave_out.nothing = s->options.ignore_exclusions;
	s->leave_out.policy = s->options.policy
				      ? ward_policy_load(&files)
				      : ward_policy_in_force_for_scans(s->options.socket, &gone);
	if (!s->leave_out.policy && !gone && !s->options.policy)
		(void)fputs(
			"ward scan: what the guard excludes is not known; nothing is left out\n",
			stderr);
	return s->leave_out.policy != NULL || !s->options.policy;
}

static int
command_scan(int argc, char **argv)
{
	WARD_AUTO(scan_done)
	struct scan s = {.options = {.recursive = true,
				     .progress = true,
				     .summary = true,
				     .cloud_wait = 60,
				     .state = WARD_STATE_DIRECTORY}};
	WARD_AUTO(ward_strings_done) struct ward_strings paths = {.count = 0};

	if (argc > 1 && ward_machine_is_verb(argv[1]))
		return ward_machine_run(argc, argv);
	ward_session_options_default(&s.options.session);
	if (!ward_options_parse(&ward_command_scan, argc, argv, &s.options, &paths))
		return WARD_EXIT_ERROR;
	if (s.options.help) {
		ward_options_help(&ward_command_scan, stdout);
		return WARD_EXIT_NOTHING;
	}
	if (paths.count == 0) {
		(void)fputs("ward scan: what shall be scanned? Name files or directories, or - for "
			    "standard input.\nTry: ward scan --help\n",
			    stderr);
		return WARD_EXIT_ERROR;
	}
	return load_policy(&s) ? run_scan(&s, &paths) : WARD_EXIT_ERROR;
}

const struct ward_command ward_command_scan = {
	.name = "scan",
	.synopsis = "ward scan [OPTION]… PATH…",
	.about = "Looks for malware in files and directories, and in whatever is packed inside "
		 "them.\n"
		 "The files are read by sandboxed processes; nothing is changed, and nothing\n"
		 "is sent anywhere unless you say --cloud.\n"
		 "\n"
		 "  malicious    convicted by a rule, signature or hash that is named\n"
		 "  suspicious   has traits of malware; worth a look (ward explain FILE)\n"
		 "  not-scanned  some part was not looked at, and the reason why\n"
		 "  unknown      nothing found, but it can run code and nothing loaded knows it\n"
		 "  clean        nothing found in data, or known to be good\n"
		 "\n"
		 "Where a guard runs, its exclusions count here too (what administrators have "
		 "allowed: for\n"
		 "administrators); without one those of --policy FILE, or none. What is left out "
		 "is counted.\n"
		 "To have the guard scan the whole machine: ward scan start --help\n"
		 "\n"
		 "Exit status: 0 nothing found, 1 something found, 2 error.",
	.examples =
		"  ward scan /srv/www                    your web server's files\n"
		"  ward scan --json / > result.json      the whole system, for a program to read\n"
		"  ward scan -r my-rules/ -r list.hsb ~  with your own rules and hashes too\n"
		"  curl -s URL | ward scan -             standard input\n",
	.verbs = "start status stop pause resume history",
	.options = table,
	.run = command_scan,
};

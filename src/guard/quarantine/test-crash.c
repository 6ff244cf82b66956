/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends at every step: the process is killed before each change it makes to a disk, and (where loop
 * devices can be had) the disk is looked at as a power cut would have left it at that moment.
 * Afterwards the original is where it was, or the container is whole, or both; nothing else is left.
 */
#include "guard/quarantine/quarantine.h"

#include <linux/loop.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/wait.h>

#include "guard/quarantine/testing.h"

static const char BAD[] = "what is to be taken away";
static const char GOOD[] = "somebody else's file";

enum { BAD_LEN = sizeof(BAD) - 1, GOOD_LEN = sizeof(GOOD) - 1, STEPS_MAX = 200 };

struct killer {
	unsigned left; /* steps until the end; 0: never */
	bool swap;     /* a foreign file takes the name just before it is moved */
	const char *file, *spare;
};

static void
swap_in(const struct killer *k)
{
	/* The guard thinks it is about to move the bad one. */
	(void)rename(k->file, k->spare);
	put_file(k->file, GOOD, GOOD_LEN);
}

static void
kill_at(void *ctx, const char *what)
{
	struct killer *k = ctx;

	if (k->swap && strcmp(what, "stash") == 0) {
		swap_in(k);
		k->swap = false;
	}
	if (k->left > 0 && --k->left == 0)
		(void)kill(getpid(), SIGKILL);
}

/* In a child; true when it came to its end before the step. */
static bool
add_until(unsigned step, bool swap, const char *vault, const char *file, const char *spare)
{
	struct killer k = {.left = step, .swap = swap, .file = file, .spare = spare};
	struct ward_quarantine_options options = {
		.directory = vault, .step = kill_at, .step_ctx = &k};
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct ward_quarantine_outcome in;
		struct ward_quarantine *q = NULL;

		if (ward_quarantine_open(&options, &q, NULL) == WARD_OK)
			(void)!add_path(q, file, &in);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status);
}

/* --- what is left --- */

struct found {
	unsigned whole;
	struct ward_quarantine *q;
};

static enum ward_rc
take_piece(void *ctx, struct ward_span bytes)
{
	return ward_buf_append(ctx, bytes.data, bytes.len);
}

static enum ward_rc
check_one(void *ctx, const struct ward_item *item, enum ward_quarantine_why why)
{
	struct found *f = ctx;
	struct ward_buf all;

	assert_int_equal(why, WARD_WHY_NONE);
	ward_buf_init(&all, 1 << 20, NULL);
	assert_int_equal(ward_quarantine_read(f->q, item->id, take_piece, &all), WARD_OK);
	assert_true(ward_span_eq(ward_buf_span(&all), ward_span_of(BAD, BAD_LEN)));
	ward_buf_done(&all);
	f->whole++;
	return WARD_OK;
}

/* Whole containers after a fresh start, which leaves no traces of its own. */
static unsigned
count_whole(const char *vault)
{
	struct found f = {.q = open_quarantine(vault)};

	assert_int_equal(ward_quarantine_list(f.q, NULL, check_one, &f), WARD_OK);
	assert_int_equal(count_suffix(vault, ".tmp"), 0);
	assert_int_equal(count_suffix(vault, ".jtmp"), 0);
	assert_int_equal(count_suffix(vault, ".journal"), 0);
	ward_quarantine_freep(&f.q);
	return f.whole;
}

static void
start_over(const char *place, char vault[256], char file[256], char spare[256])
{
	(void)snprintf(vault, 256, "%s/vault", place);
	(void)snprintf(file, 256, "%s/d/file", place);
	(void)snprintf(spare, 256, "%s/spare", place);
	remove_tree(AT_FDCWD, vault);
	(void)unlink(spare);
	remove_tree(AT_FDCWD, in_base("d"));
	(void)mkdir(in_base("d"), 0755);
	put_file(file, BAD, BAD_LEN);
}

static void
test_killed_at_every_step(void **state)
{
	char vault[256], file[256], spare[256];
	unsigned step = 1, both = 0, moved = 0;
	bool done = false;

	(void)state;
	for (; !done && step < STEPS_MAX; step++) {
		unsigned whole;
		bool there;

		start_over(base, vault, file, spare);
		done = add_until(step, false, vault, file, spare);
		whole = count_whole(vault);
		there = holds(file, BAD, BAD_LEN);
		assert_true(whole <= 1);
		assert_true(whole == 1 || there);
		assert_int_equal(count_names(in_base("d")), there ? 1 : 0);
		both += whole && there;
		moved += whole && !there;
	}
	assert_true(done);
	assert_true(step > 12);
	/* Both only between the container's naming and the journal's. */
	assert_true(both <= 4);
	assert_true(moved >= 6);
}

/* The same while a foreign file has taken the name at the last moment. */
static void
test_killed_with_a_foreign_file_in_hand(void **state)
{
	char vault[256], file[256], spare[256];
	bool done = false;

	(void)state;
	for (unsigned step = 1; !done && step < STEPS_MAX; step++) {
		bool swapped;

		start_over(base, vault, file, spare);
		done = add_until(step, true, vault, file, spare);
		swapped = exists(spare) || !holds(file, BAD, BAD_LEN);
		assert_true(count_whole(vault) <= 1);
		if (swapped) {
			assert_true(holds(file, GOOD, GOOD_LEN));
			assert_int_equal(count_names(in_base("d")), 1);
		}
		/* The bad one, wherever it was renamed to, or its container. */
		assert_true(holds(spare, BAD, BAD_LEN) || holds(file, BAD, BAD_LEN) ||
			    count_whole(vault) == 1);
	}
	assert_true(done);
}

/* Killed while the file lies in the private directory, which is then renamed, and its parent too. */
static void
test_what_was_renamed_meanwhile_is_found(void **state)
{
	char vault[256], file[256], spare[256];
	unsigned found = 0;

	(void)state;
	for (unsigned step = 1; step < 30; step++) {
		DIR *d;

		start_over(base, vault, file, spare);
		(void)add_until(step, true, vault, file, spare);
		d = opendir(in_base("d"));
		for (struct dirent *e; (e = readdir(d));) {
			char from[512];

			if (strncmp(e->d_name, ".ward-", 6) != 0)
				continue;
			(void)snprintf(from, sizeof(from), "%s/%.64s", in_base("d"), e->d_name);
			assert_int_equal(rename(from, in_base("d/hidden")), 0);
			found++;
			break;
		}
		closedir(d);
		remove_tree(AT_FDCWD, in_base("e"));
		assert_int_equal(rename(in_base("d"), in_base("e")), 0);
		(void)count_whole(vault);
		if (exists(spare))
			assert_true(holds(in_base("e/file"), GOOD, GOOD_LEN));
		(void)rmdir(in_base("e/hidden"));
		assert_int_equal(count_names(in_base("e")), exists(in_base("e/file")) ? 1 : 0);
	}
	assert_true(found >= 3);
	remove_tree(AT_FDCWD, in_base("e"));
}

/* --- restoring --- */

static bool
restore_until(unsigned step, const char *vault, const uint8_t *id)
{
	struct killer k = {.left = step};
	struct ward_quarantine_options options = {
		.directory = vault, .step = kill_at, .step_ctx = &k};
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct ward_quarantine_restore_outcome out;
		struct ward_quarantine *q = NULL;

		if (ward_quarantine_open(&options, &q, NULL) == WARD_OK)
			(void)!restore_to(q, id, NULL, &out);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status);
}

static void
test_restoring_killed_at_every_step(void **state)
{
	char vault[256], file[256], spare[256];
	struct ward_quarantine_outcome in;
	struct ward_quarantine *q;
	bool done = false;

	(void)state;
	start_over(base, vault, file, spare);
	q = open_quarantine(vault);
	assert_int_equal(add_path(q, file, &in), WARD_OK);
	ward_quarantine_freep(&q);
	for (unsigned step = 1; !done && step < STEPS_MAX; step++) {
		done = restore_until(step, vault, in.id);
		assert_int_equal(count_whole(vault), 1);
		/* Whole or not at all, and nothing beside it. */
		assert_true(holds(file, BAD, BAD_LEN) || !exists(file));
		assert_int_equal(count_names(in_base("d")), exists(file) ? 1 : 0);
		(void)unlink(file);
	}
	assert_true(done);
}

/* --- power cuts --- */

enum { IMAGE_SIZE = 8 << 20 };

static int
attach(const char *image, char ret_device[64])
{
	int control = open("/dev/loop-control", O_RDWR);
	int file = open(image, O_RDWR), number, loop;

	number = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
	if (control >= 0)
		close(control);
	(void)snprintf(ret_device, 64, "/dev/loop%d", number);
	loop = number < 0 ? -1 : open(ret_device, O_RDWR);
	if (loop >= 0 && ioctl(loop, LOOP_SET_FD, file) != 0) {
		close(loop);
		loop = -1;
	}
	close(file);
	return loop;
}

static void
detach(int loop)
{
	(void)ioctl(loop, LOOP_CLR_FD);
	close(loop);
}

static void
copy_image(const char *from, const char *to)
{
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	off_t at = 0;

	while (at < IMAGE_SIZE && sendfile(out, in, &at, IMAGE_SIZE) > 0)
		;
	assert_int_equal(at, IMAGE_SIZE);
	close(in);
	close(out);
}

struct snapshots {
	char image[256];
	unsigned count;
};

/* The bytes the device has been given up to now: what a power cut would leave. */
static void
snapshot(void *ctx, const char *what)
{
	struct snapshots *s = ctx;
	char to[300];

	(void)what;
	(void)snprintf(to, sizeof(to), "%s.%u", s->image, s->count++);
	copy_image(s->image, to);
}

static bool
make_filesystem(const char *image)
{
	int fd = open(image, O_RDWR | O_CREAT | O_TRUNC, 0600), status = -1;
	pid_t child;

	assert_int_equal(ftruncate(fd, IMAGE_SIZE), 0);
	close(fd);
	child = fork();
	if (child == 0) {
		execl("/usr/sbin/mkfs.ext4", "mkfs.ext4", "-q", "-F", image, NULL);
		_exit(127);
	}
	(void)waitpid(child, &status, 0);
	return status == 0;
}

/* After the cut: mount what is left, start the quarantine, look. */
static void
check_snapshot(const char *image, const char *mount_point)
{
	char device[64], vault[300], file[300], dir[300];
	int loop = attach(image, device);
	bool there;

	assert_true(loop >= 0);
	assert_int_equal(mount(device, mount_point, "ext4", 0, ""), 0);
	(void)snprintf(vault, sizeof(vault), "%s/vault", mount_point);
	(void)snprintf(dir, sizeof(dir), "%s/d", mount_point);
	(void)snprintf(file, sizeof(file), "%s/d/file", mount_point);
	there = holds(file, BAD, BAD_LEN);
	assert_true(count_whole(vault) == 1 || there);
	there = holds(file, BAD, BAD_LEN);
	assert_int_equal(count_names(dir), there ? 1 : 0);
	assert_int_equal(umount(mount_point), 0);
	detach(loop);
}

static void
test_power_cut_at_every_step(void **state)
{
	struct snapshots s = {0};
	struct ward_quarantine_options options = {.step = snapshot, .step_ctx = &s};
	struct ward_quarantine_outcome in;
	struct ward_quarantine *q;
	char device[64], at[256], path[300];
	int loop;

	(void)state;
	(void)snprintf(s.image, sizeof(s.image), "%s/image", base);
	(void)snprintf(at, sizeof(at), "%s/mnt", base);
	assert_int_equal(mkdir(at, 0700), 0);
	loop = make_filesystem(s.image) ? attach(s.image, device) : -1;
	if (loop < 0 || unshare(CLONE_NEWNS) != 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
		print_message("skipped: no loop devices, mkfs.ext4 or mount namespaces here\n");
		skip();
	}
	assert_int_equal(mount(device, at, "ext4", 0, ""), 0);
	(void)snprintf(path, sizeof(path), "%s/d", at);
	assert_int_equal(mkdir(path, 0755), 0);
	(void)snprintf(path, sizeof(path), "%s/d/file", at);
	put_file(path, BAD, BAD_LEN);
	(void)snprintf(path, sizeof(path), "%s/vault", at);
	options.directory = path;
	q = open_quarantine_with(&options, NULL);
	sync();
	(void)snprintf(path, sizeof(path), "%s/d/file", at);
	assert_int_equal(add_path(q, path, &in), WARD_OK);
	snapshot(&s, "end");
	ward_quarantine_freep(&q);
	assert_int_equal(umount(at), 0);
	detach(loop);
	assert_true(s.count > 10);
	for (unsigned i = 0; i < s.count; i++) {
		(void)snprintf(path, sizeof(path), "%s.%u", s.image, i);
		check_snapshot(path, at);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed_at_every_step),
		cmocka_unit_test(test_killed_with_a_foreign_file_in_hand),
		cmocka_unit_test(test_what_was_renamed_meanwhile_is_found),
		cmocka_unit_test(test_restoring_killed_at_every_step),
		cmocka_unit_test(test_power_cut_at_every_step),
	};

	if (geteuid() != 0) {
		print_message("skipped: needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, make_base, remove_base);
}

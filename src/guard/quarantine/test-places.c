/* SPDX-License-Identifier: Apache-2.0 */
/* Other file systems: tmpfs, overlay, read-only, full, without attributes, of another mount
 * namespace. All mounts are in a private namespace and vanish with this process. */
#include "guard/quarantine/quarantine.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "guard/quarantine/testing.h"

static void
mount_at(const char *type, const char *name, const char *options)
{
	assert_int_equal(mkdir(in_base(name), 0755), 0);
	assert_int_equal(mount(type, in_base(name), type, 0, options), 0);
}

static void
test_across_file_systems(void **state)
{
	struct ward_quarantine *q = open_quarantine(in_base("vault"));
	struct ward_quarantine_restore_outcome out;
	struct ward_quarantine_outcome in;
	char value[8] = "";

	(void)state;
	mount_at("tmpfs", "memory", "size=1m");
	put_file(in_base("memory/file"), "bad", 3);
	assert_int_equal(setxattr(in_base("memory/file"), "security.ward", "x", 1, 0), 0);
	assert_int_equal(add_path(q, in_base("memory/file"), &in), WARD_OK);
	assert_int_equal(count_names(in_base("memory")), 0);
	assert_int_equal(restore_to(q, in.id, NULL, &out), WARD_OK);
	assert_int_equal(getxattr(in_base("memory/file"), "security.ward", value, 8), 1);
	assert_int_equal(restore_to(q, in.id, in_base("on-disk"), &out), WARD_OK);
	assert_true(holds(in_base("on-disk"), "bad", 3));
	unlink(in_base("on-disk"));
	ward_quarantine_freep(&q);
}

static void
test_a_file_system_without_attributes_or_nameless_files(void **state)
{
	struct ward_quarantine *q = open_quarantine(in_base("vault"));
	struct ward_quarantine_restore_request request = {.path = in_base("plain/file"),
							  .lenient = true};
	struct ward_quarantine_restore_outcome out;
	struct ward_quarantine_outcome in;

	(void)state;
	mount_at("ramfs", "plain", "mode=755");
	put_file(in_base("file"), "bad", 3);
	assert_int_equal(setxattr(in_base("file"), "user.ward", "x", 1, 0), 0);
	assert_int_equal(add_path(q, in_base("file"), &in), WARD_OK);
	assert_int_not_equal(restore_to(q, in.id, request.path, &out), WARD_OK);
	assert_int_equal(out.why, WARD_WHY_ATTRIBUTE);
	assert_int_equal(count_names(in_base("plain")), 0);
	assert_int_equal(ward_quarantine_restore(q, in.id, &request, &out), WARD_OK);
	assert_int_equal(out.left_out, 1);
	assert_true(holds(request.path, "bad", 3));
	/* And from there. */
	assert_int_equal(add_path(q, request.path, &in), WARD_OK);
	assert_int_equal(count_names(in_base("plain")), 0);
	ward_quarantine_freep(&q);
}

static void
test_overlay(void **state)
{
	struct ward_quarantine *q = open_quarantine(in_base("vault"));
	struct ward_quarantine_restore_outcome out;
	struct ward_quarantine_outcome in;
	char options[2048];

	(void)state;
	mount_at("tmpfs", "layers", "");
	assert_int_equal(mkdir(in_base("layers/low"), 0755), 0);
	assert_int_equal(mkdir(in_base("layers/up"), 0755), 0);
	assert_int_equal(mkdir(in_base("layers/work"), 0755), 0);
	put_file(in_base("layers/low/file"), "bad", 3);
	(void)snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s",
		       in_base("layers/low"), in_base("layers/up"), in_base("layers/work"));
	mount_at("overlay", "merged", options);
	assert_int_equal(add_path(q, in_base("merged/file"), &in), WARD_OK);
	assert_true(in.removed);
	assert_int_equal(count_names(in_base("merged")), 0);
	assert_true(holds(in_base("layers/low/file"), "bad", 3));
	assert_int_equal(restore_to(q, in.id, NULL, &out), WARD_OK);
	assert_true(holds(in_base("merged/file"), "bad", 3));
	ward_quarantine_freep(&q);
}

static void
test_read_only(void **state)
{
	struct ward_quarantine *q = open_quarantine(in_base("vault"));
	struct ward_quarantine_restore_outcome out;
	struct ward_quarantine_outcome in;
	struct ward_quarantine_totals before, after;

	(void)state;
	mount_at("tmpfs", "fixed", "");
	put_file(in_base("fixed/file"), "bad", 3);
	assert_int_equal(mount(NULL, in_base("fixed"), NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	ward_quarantine_totals(q, &before);
	assert_int_not_equal(add_path(q, in_base("fixed/file"), &in), WARD_OK);
	assert_int_equal(in.why, WARD_WHY_READ_ONLY);
	assert_true(holds(in_base("fixed/file"), "bad", 3));
	ward_quarantine_totals(q, &after);
	assert_int_equal(before.items, after.items);
	assert_int_equal(count_suffix(in_base("vault"), ".journal"), 0);
	put_file(in_base("file"), "bad", 3);
	assert_int_equal(add_path(q, in_base("file"), &in), WARD_OK);
	assert_int_not_equal(restore_to(q, in.id, in_base("fixed/other"), &out), WARD_OK);
	assert_int_equal(out.why, WARD_WHY_READ_ONLY);
	ward_quarantine_freep(&q);
}

static void
test_a_file_with_something_mounted_on_it(void **state)
{
	struct ward_quarantine *q = open_quarantine(in_base("vault"));
	struct ward_quarantine_outcome in;

	(void)state;
	put_file(in_base("under"), "below", 5);
	put_file(in_base("over"), "bad", 3);
	assert_int_equal(mount(in_base("over"), in_base("under"), NULL, MS_BIND, NULL), 0);
	assert_int_not_equal(add_path(q, in_base("under"), &in), WARD_OK);
	assert_int_equal(in.why, WARD_WHY_MOUNT);
	assert_int_equal(umount(in_base("under")), 0);
	assert_true(holds(in_base("under"), "below", 5));
	assert_true(holds(in_base("over"), "bad", 3));
	unlink(in_base("under"));
	unlink(in_base("over"));
	ward_quarantine_freep(&q);
}

/* The quarantine's disk is full after so many pages: whatever fails, the original stays or the item
 * is whole. */
static void
fill_and_add(unsigned pages)
{
	struct ward_quarantine *q = open_quarantine(in_base("tiny/vault"));
	static uint8_t bytes[30000], page[4096];
	struct ward_quarantine_outcome in;
	int fill = open(in_base("tiny/fill"), O_WRONLY | O_CREAT, 0600);
	enum ward_rc rc;
	size_t removed;

	while (write(fill, page, sizeof(page)) == sizeof(page))
		;
	assert_int_equal(ftruncate(fill, lseek(fill, 0, SEEK_END) - 4096 * (off_t)pages), 0);
	close(fill);
	put_file(in_base("file"), bytes, sizeof(bytes));
	rc = add_path(q, in_base("file"), &in);
	if (rc == WARD_OK) {
		assert_false(exists(in_base("file")));
		assert_int_equal(ward_quarantine_verify(q, in.id), WARD_OK);
	} else {
		assert_int_equal(rc, WARD_E_LIMIT);
		assert_int_equal(in.why, WARD_WHY_FULL);
		assert_true(holds(in_base("file"), bytes, sizeof(bytes)));
	}
	assert_int_equal(count_suffix(in_base("tiny/vault"), ".tmp"), 0);
	assert_int_equal(count_suffix(in_base("tiny/vault"), ".ward"), rc == WARD_OK);
	assert_int_equal(count_suffix(in_base("tiny/vault"), ".journal"), 0);
	assert_int_equal(ward_quarantine_purge(q, UINT64_MAX, 0, &removed), WARD_OK);
	unlink(in_base("tiny/fill"));
	unlink(in_base("file"));
	ward_quarantine_freep(&q);
}

static void
test_a_full_disk(void **state)
{
	(void)state;
	mount_at("tmpfs", "tiny", "size=256k");
	for (unsigned pages = 0; pages < 14; pages++)
		fill_and_add(pages);
}

/* The file is in a mount that only another process sees. */
static void
test_another_mount_namespace(void **state)
{
	struct ward_quarantine *q = open_quarantine(in_base("vault"));
	struct ward_item_cause cause = some_cause();
	struct ward_quarantine_request request = {.cause = &cause, .root = -1};
	struct ward_quarantine_outcome in;
	char path[600], root[64];
	int ends[2];
	pid_t child;

	(void)state;
	assert_int_equal(mkdir(in_base("theirs"), 0755), 0);
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		if (unshare(CLONE_NEWNS) != 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		    mount("tmpfs", in_base("theirs"), "tmpfs", 0, "") != 0)
			_exit(1);
		put_file(in_base("theirs/file"), "bad", 3);
		(void)!write(ends[1], "x", 1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ends[0], path, 1), 1);
	(void)snprintf(root, sizeof(root), "/proc/%d/root", child);
	(void)snprintf(path, sizeof(path), "%s%s", root, in_base("theirs/file"));
	request.fd = open(path, O_RDONLY);
	assert_true(request.fd >= 0);
	/* From here no name leads there. */
	assert_int_not_equal(ward_quarantine_add(q, &request, &in), WARD_OK);
	assert_int_equal(in.why, WARD_WHY_NO_NAME);
	assert_true(holds(path, "bad", 3));
	request.root = open(root, O_RDONLY | O_DIRECTORY);
	assert_int_equal(ward_quarantine_add(q, &request, &in), WARD_OK);
	assert_true(in.removed);
	assert_false(exists(path));
	close(request.fd);
	close(request.root);
	/* Without a way to its name the file itself can be emptied. */
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(ends[0]);
	close(ends[1]);
	ward_quarantine_freep(&q);
}

/* Not in a chroot whose root is no mount. */
static bool
enter_own_namespace(void)
{
	return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static int
leave(void **state)
{
	static const char *const names[] = {"memory", "plain", "merged", "layers", "fixed", "tiny"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)umount2(in_base(names[i]), MNT_DETACH);
	return remove_base(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_across_file_systems),
		cmocka_unit_test(test_a_file_system_without_attributes_or_nameless_files),
		cmocka_unit_test(test_overlay),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_a_file_with_something_mounted_on_it),
		cmocka_unit_test(test_a_full_disk),
		cmocka_unit_test(test_another_mount_namespace),
	};

	if (!enter_own_namespace()) {
		print_message("skipped: mounts need root and mount namespaces\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, make_base, leave);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/quarantine/quarantine.h"

#include <sys/ioctl.h>

#include "guard/quarantine/testing.h"
#include "sys/digest.h"

#define VAULT in_base("vault")

/* --- files with every attribute --- */

/* user::rwx user:1:r-- group::r-x mask::rwx other::--x, as the kernel keeps it (acl(5), version 2). */
static const uint8_t ACL[] = {2, 0, 0,	 0,   1,   0,	7,  0, 255, 255, 255, 255, 2,	0,  4,
			      0, 1, 0,	 0,   0,   4,	0,  5, 0,   255, 255, 255, 255, 16, 0,
			      7, 0, 255, 255, 255, 255, 32, 0, 1,   0,	 255, 255, 255, 255};
/* cap_net_raw+ep, revision 2. */
static const uint8_t CAPS[20] = {1, 0, 0, 2, 0, 0x20};

static void
set_xattr(const char *path, const char *name, const void *value, size_t len)
{
	if (setxattr(path, name, value, len, 0) != 0)
		print_message("(this file system takes no %s)\n", name);
}

static void
adorn(const char *path, unsigned seed)
{
	struct timespec times[2] = {{1000000000 + seed, 123456789},
				    {-1000 + (time_t)seed, 987654321}};

	assert_int_equal(chown(path, 1000 + seed % 7, 2000 + seed % 5), 0);
	set_xattr(path, "user.xdg.origin.url", "https://example.org/a\0b", 23);
	set_xattr(path, "user.empty", "", 0);
	if (seed % 2)
		set_xattr(path, "system.posix_acl_access", ACL, sizeof(ACL));
	if (seed % 3 == 0)
		set_xattr(path, "security.capability", CAPS, sizeof(CAPS));
	set_xattr(path, "trusted.ward", "t", 1);
	set_xattr(path, "security.selinux", "system_u:object_r:tmp_t:s0", 27);
	assert_int_equal(chmod(path, seed % 4 == 0 ? 06755 : 0640 + seed % 8), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Everything that can be compared of a file, as bytes. */
struct likeness {
	struct ward_meta meta;
	uint8_t digest[32];
	struct ward_buf xattrs;
	blkcnt_t blocks;
};

static enum ward_rc
like_xattr(void *ctx, const char *name, struct ward_span value)
{
	return ward_buf_printf(ctx, "%s=%zu:", name, value.len) ||
			       (value.len && ward_buf_append(ctx, value.data, value.len))
		       ? WARD_E_LIMIT
		       : WARD_OK;
}

static void
portray(const char *path, struct likeness *ret)
{
	int fd = open(path, O_RDONLY | O_NOATIME);
	struct ward_buf all;
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(ward_meta_get(fd, &ret->meta), WARD_OK);
	ward_buf_init(&ret->xattrs, 1 << 20, NULL);
	assert_int_equal(ward_meta_xattrs(fd, like_xattr, &ret->xattrs), WARD_OK);
	ward_buf_init(&all, 64 << 20, NULL);
	assert_int_equal(ward_fd_read_all(fd, &all), WARD_OK);
	assert_int_equal(ward_digest(WARD_SHA256, ward_buf_span(&all), ret->digest), WARD_OK);
	assert_int_equal(fstat(fd, &st), 0);
	ret->blocks = st.st_blocks;
	ward_buf_done(&all);
	close(fd);
}

static void
assert_alike(const struct likeness *a, const struct likeness *b)
{
	assert_int_equal(a->meta.size, b->meta.size);
	assert_int_equal(a->meta.uid, b->meta.uid);
	assert_int_equal(a->meta.gid, b->meta.gid);
	assert_int_equal(a->meta.mode, b->meta.mode);
	assert_int_equal(a->meta.atime, b->meta.atime);
	assert_int_equal(a->meta.mtime, b->meta.mtime);
	assert_int_equal(a->meta.flags, b->meta.flags);
	assert_memory_equal(a->digest, b->digest, 32);
	assert_int_equal(a->xattrs.len, b->xattrs.len);
	assert_memory_equal(a->xattrs.data, b->xattrs.data, a->xattrs.len);
}

static void
likeness_done(struct likeness *l)
{
	ward_buf_done(&l->xattrs);
}

/* --- the tests --- */

static void
test_every_attribute_comes_back(void **state)
{
	struct ward_quarantine *q = open_quarantine(VAULT);
	struct ward_quarantine_outcome in;
	struct ward_quarantine_restore_outcome out;

	(void)state;
	for (unsigned seed = 0; seed < 24; seed++) {
		size_t size = seed * seed * 977 % 200000;
		uint8_t *bytes = malloc(size + 1);
		const char *path = in_base("file");
		struct likeness before, after;

		for (size_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)((i + seed) * 2654435761u >> 13);
		put_file(path, bytes, size);
		adorn(path, seed);
		portray(path, &before);
		assert_int_equal(add_path(q, path, &in), WARD_OK);
		assert_true(in.removed);
		assert_false(exists(path));
		assert_int_equal(ward_quarantine_verify(q, in.id), WARD_OK);
		assert_int_equal(restore_to(q, in.id, NULL, &out), WARD_OK);
		assert_int_equal(out.left_out, 0);
		portray(path, &after);
		assert_alike(&before, &after);
		assert_int_equal(ward_quarantine_delete(q, in.id), WARD_OK);
		assert_int_equal(unlink(path), 0);
		likeness_done(&before);
		likeness_done(&after);
		free(bytes);
	}
	ward_quarantine_freep(&q);
}

static enum ward_rc
check_item(void *ctx, const struct ward_item *item, enum ward_quarantine_why why)
{
	struct ward_item_cause cause = some_cause();

	(void)ctx;
	assert_int_equal(why, WARD_WHY_NONE);
	assert_true(ward_span_eq(item->path, ward_span_str(in_base("na\nme"))));
	assert_int_equal(item->opened.len, 0);
	assert_int_equal(item->size, 3);
	assert_int_equal(item->cause.verdict, WARD_MALICIOUS);
	assert_true(ward_span_eq(item->cause.threat, cause.threat));
	assert_true(ward_span_eq(item->cause.evidence, cause.evidence));
	assert_true(ward_span_eq(item->cause.sha1, cause.sha1));
	assert_int_equal(item->cause.md5.len, 0);
	assert_int_equal(item->cause.actor_pid, 4711);
	return WARD_E_STOPPED;
}

static void
test_the_manifest_tells_all(void **state)
{
	struct ward_quarantine *q = open_quarantine(VAULT);
	struct ward_quarantine_outcome in;

	(void)state;
	put_file(in_base("na\nme"), "abc", 3);
	assert_int_equal(add_path(q, in_base("na\nme"), &in), WARD_OK);
	assert_int_equal(ward_quarantine_show(q, in.id, check_item, NULL), WARD_E_STOPPED);
	assert_int_equal(ward_quarantine_delete(q, in.id), WARD_OK);
	assert_int_equal(ward_quarantine_delete(q, in.id), WARD_E_NOENT);
	assert_int_equal(ward_quarantine_show(q, in.id, check_item, NULL), WARD_E_NOENT);
	ward_quarantine_freep(&q);
}

/* Nothing on disk betrays what it is: no name, no mode to run it, no byte of it. */
static void
test_containers_are_inert(void **state)
{
	static const char secret[] = "X5O-this-would-be-found-by-grep";
	struct ward_quarantine *q = open_quarantine(VAULT);
	struct ward_quarantine_outcome in;
	DIR *d;

	(void)state;
	put_file(in_base("telling-name"), secret, sizeof(secret));
	assert_int_equal(chmod(in_base("telling-name"), 0777), 0);
	assert_int_equal(add_path(q, in_base("telling-name"), &in), WARD_OK);
	d = opendir(VAULT);
	for (struct dirent *e; (e = readdir(d));) {
		struct ward_buf all;
		struct stat st;
		char path[1024];
		int fd;

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", VAULT, e->d_name);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0177, 0);
		assert_null(strstr(e->d_name, "telling"));
		fd = open(path, O_RDONLY);
		ward_buf_init(&all, 1 << 20, NULL);
		assert_int_equal(ward_fd_read_all(fd, &all), WARD_OK);
		assert_null(all.len ? memmem(all.data, all.len, "telling", 7) : NULL);
		assert_null(all.len ? memmem(all.data, all.len, "grep", 4) : NULL);
		ward_buf_done(&all);
		close(fd);
	}
	closedir(d);
	assert_int_equal(ward_quarantine_delete(q, in.id), WARD_OK);
	ward_quarantine_freep(&q);
}

static void
test_holes_stay_holes(void **state)
{
	struct ward_quarantine *q = open_quarantine(VAULT);
	struct ward_quarantine_outcome in;
	struct ward_quarantine_restore_outcome out;
	struct likeness before, after;
	struct ward_quarantine_totals totals;
	int fd = open(in_base("sparse"), O_RDWR | O_CREAT, 0600);

	(void)state;
	assert_int_equal(pwrite(fd, "one", 3, 100000), 3);
	assert_int_equal(pwrite(fd, "two", 3, 20000000), 3);
	assert_int_equal(ftruncate(fd, 30000000), 0);
	close(fd);
	portray(in_base("sparse"), &before);
	assert_int_equal(add_path(q, in_base("sparse"), &in), WARD_OK);
	ward_quarantine_totals(q, &totals);
	assert_true(totals.bytes < 100000);
	assert_int_equal(ward_quarantine_verify(q, in.id), WARD_OK);
	assert_int_equal(restore_to(q, in.id, NULL, &out), WARD_OK);
	portray(in_base("sparse"), &after);
	assert_alike(&before, &after);
	assert_true(after.blocks <= before.blocks + 16);
	assert_int_equal(ward_quarantine_delete(q, in.id), WARD_OK);
	likeness_done(&before);
	likeness_done(&after);
	unlink(in_base("sparse"));
	ward_quarantine_freep(&q);
}

static void
test_other_links_are_told_and_can_be_emptied(void **state)
{
	struct ward_quarantine *q = open_quarantine(VAULT);
	struct ward_item_cause cause = some_cause();
	struct ward_quarantine_request request = {.root = -1, .cause = &cause};
	struct ward_quarantine_outcome in;

	(void)state;
	put_file(in_base("first"), "bad", 3);
	assert_int_equal(link(in_base("first"), in_base("second")), 0);
	assert_int_equal(add_path(q, in_base("first"), &in), WARD_OK);
	assert_int_equal(in.why, WARD_WHY_OTHER_LINKS);
	assert_int_equal(in.links_left, 1);
	assert_true(in.removed);
	assert_false(in.emptied);
	assert_true(holds(in_base("second"), "bad", 3));
	assert_int_equal(link(in_base("second"), in_base("third")), 0);
	request.fd = open(in_base("third"), O_RDONLY);
	request.empty_leftovers = true;
	assert_int_equal(ward_quarantine_add(q, &request, &in), WARD_OK);
	close(request.fd);
	assert_true(in.removed);
	assert_true(in.emptied);
	assert_true(holds(in_base("second"), "", 0));
	assert_int_equal(ward_quarantine_verify(q, in.id), WARD_OK);
	unlink(in_base("second"));
	ward_quarantine_freep(&q);
}

static void
test_nothing_is_overwritten_nor_reached_by_a_symlink(void **state)
{
	struct ward_quarantine *q = open_quarantine(VAULT);
	struct ward_quarantine_outcome in;
	struct ward_quarantine_restore_outcome out;

	(void)state;
	put_file(in_base("file"), "bad", 3);
	assert_int_equal(add_path(q, in_base("file"), &in), WARD_OK);
	put_file(in_base("file"), "newer", 5);
	assert_int_not_equal(restore_to(q, in.id, NULL, &out), WARD_OK);
	assert_int_equal(out.why, WARD_WHY_EXISTS);
	assert_true(holds(in_base("file"), "newer", 5));
	assert_int_equal(unlink(in_base("file")), 0);
	assert_int_equal(symlink("/etc/nothing-of-ours", in_base("file")), 0);
	assert_int_not_equal(restore_to(q, in.id, NULL, &out), WARD_OK);
	assert_int_equal(out.why, WARD_WHY_EXISTS);
	assert_int_equal(unlink(in_base("file")), 0);
	assert_int_equal(symlink(base, in_base("way")), 0);
	assert_int_not_equal(restore_to(q, in.id, in_base("way/there"), &out), WARD_OK);
	assert_int_equal(out.why, WARD_WHY_SYMLINK);
	assert_int_not_equal(restore_to(q, in.id, in_base("none/there"), &out), WARD_OK);
	assert_int_equal(out.why, WARD_WHY_NO_DIRECTORY);
	assert_int_not_equal(restore_to(q, in.id, "relative", &out), WARD_OK);
	assert_int_not_equal(restore_to(q, in.id, in_base(".."), &out), WARD_OK);
	unlink(in_base("way"));
	assert_int_equal(restore_to(q, in.id, in_base("elsewhere"), &out), WARD_OK);
	assert_true(holds(in_base("elsewhere"), "bad", 3));
	unlink(in_base("elsewhere"));
	/* No temporary name is left. */
	assert_int_equal(count_names(base), 1);
	ward_quarantine_freep(&q);
}

static void
test_set_id_only_when_asked_for(void **state)
{
	struct ward_quarantine *q = open_quarantine(VAULT);
	struct ward_quarantine_restore_request request = {.path = in_base("copy")};
	struct ward_rights user = {.uid = 0x7fff, .gid = 0x7fff};
	struct ward_quarantine_restore_outcome out;
	struct ward_quarantine_outcome in;
	struct stat st;

	(void)state;
	put_file(in_base("file"), "bad", 3);
	set_xattr(in_base("file"), "security.capability", CAPS, sizeof(CAPS));
	assert_int_equal(chmod(in_base("file"), 06755), 0);
	assert_int_equal(add_path(q, in_base("file"), &in), WARD_OK);
	assert_int_equal(ward_quarantine_restore(q, in.id, &request, &out), WARD_OK);
	assert_true(out.left_out >= 1);
	assert_int_equal(stat(in_base("copy"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_true(getxattr(in_base("copy"), "security.capability", NULL, 0) < 0);
	unlink(in_base("copy"));
	/* Not for another user, even if asked for. */
	assert_int_equal(mkdir(in_base("theirs"), 0700), 0);
	assert_int_equal(chown(in_base("theirs"), user.uid, user.gid), 0);
	assert_int_equal(chmod(base, 0755), 0);
	request = (struct ward_quarantine_restore_request){
		.path = in_base("theirs/copy"), .rights = &user, .set_id = true};
	assert_int_equal(ward_quarantine_restore(q, in.id, &request, &out), WARD_OK);
	assert_int_equal(stat(in_base("theirs/copy"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	unlink(in_base("theirs/copy"));
	assert_int_equal(rmdir(in_base("theirs")), 0);
	ward_quarantine_freep(&q);
}

static void
test_rights_are_those_of_who_asks(void **state)
{
	struct ward_quarantine *q = open_quarantine(VAULT);
	struct ward_rights user = {.uid = 0x7fff, .gid = 0x7fff};
	struct ward_quarantine_restore_request request = {.path = in_base("mine/copy"),
							  .rights = &user};
	struct ward_quarantine_restore_outcome out;
	struct ward_quarantine_outcome in;

	(void)state;
	put_file(in_base("file"), "bad", 3);
	assert_int_equal(add_path(q, in_base("file"), &in), WARD_OK);
	assert_int_equal(mkdir(in_base("mine"), 0755), 0);
	assert_int_not_equal(ward_quarantine_restore(q, in.id, &request, &out), WARD_OK);
	assert_int_equal(out.why, WARD_WHY_NOT_ALLOWED);
	assert_int_equal(count_names(in_base("mine")), 0);
	/* And afterwards this thread is root again. */
	request.rights = NULL;
	assert_int_equal(ward_quarantine_restore(q, in.id, &request, &out), WARD_OK);
	unlink(in_base("mine/copy"));
	rmdir(in_base("mine"));
	ward_quarantine_freep(&q);
}

static void
test_an_inherited_acl_is_not_kept(void **state)
{
	struct ward_quarantine *q = open_quarantine(VAULT);
	struct ward_quarantine_restore_outcome out;
	struct ward_quarantine_outcome in;

	(void)state;
	assert_int_equal(mkdir(in_base("shared"), 0755), 0);
	put_file(in_base("shared/file"), "bad", 3);
	assert_int_equal(add_path(q, in_base("shared/file"), &in), WARD_OK);
	set_xattr(in_base("shared"), "system.posix_acl_default", ACL, sizeof(ACL));
	assert_int_equal(restore_to(q, in.id, NULL, &out), WARD_OK);
	assert_true(getxattr(in_base("shared/file"), "system.posix_acl_access", NULL, 0) < 0);
	unlink(in_base("shared/file"));
	rmdir(in_base("shared"));
	ward_quarantine_freep(&q);
}

static void
test_special_files_are_refused(void **state)
{
	struct ward_quarantine *q = open_quarantine(VAULT);
	struct ward_quarantine_outcome in;
	int fd;

	(void)state;
	assert_int_equal(mkfifo(in_base("fifo"), 0600), 0);
	fd = open(in_base("fifo"), O_RDONLY | O_NONBLOCK);
	assert_int_not_equal(add_fd(q, fd, &in), WARD_OK);
	assert_int_equal(in.why, WARD_WHY_NOT_REGULAR);
	close(fd);
	unlink(in_base("fifo"));
	fd = open(base, O_RDONLY);
	assert_int_not_equal(add_fd(q, fd, &in), WARD_OK);
	assert_int_equal(in.why, WARD_WHY_NOT_REGULAR);
	close(fd);
	ward_quarantine_freep(&q);
}

static void
test_limits_leave_the_original(void **state)
{
	struct ward_quarantine_options options = {
		.directory = in_base("small"), .item_max = 1000, .total_max = 2500};
	struct ward_quarantine *q = open_quarantine_with(&options, NULL);
	struct ward_quarantine_outcome in;
	uint8_t bytes[1001] = {1};

	(void)state;
	put_file(in_base("file"), bytes, 1001);
	assert_int_equal(add_path(q, in_base("file"), &in), WARD_E_LIMIT);
	assert_int_equal(in.why, WARD_WHY_TOO_LARGE);
	assert_true(holds(in_base("file"), bytes, 1001));
	put_file(in_base("file"), bytes, 1000);
	assert_int_equal(add_path(q, in_base("file"), &in), WARD_OK);
	put_file(in_base("file"), bytes, 1000);
	assert_int_equal(add_path(q, in_base("file"), &in), WARD_E_LIMIT);
	assert_int_equal(in.why, WARD_WHY_FULL);
	assert_true(holds(in_base("file"), bytes, 1000));
	assert_int_equal(count_suffix(options.directory, ".tmp"), 0);
	ward_quarantine_freep(&q);
	unlink(in_base("file"));
	options.total_max = 0;
	options.reserve = UINT64_C(1) << 60;
	q = open_quarantine_with(&options, NULL);
	put_file(in_base("file"), bytes, 10);
	assert_int_equal(add_path(q, in_base("file"), &in), WARD_E_LIMIT);
	assert_int_equal(in.why, WARD_WHY_FULL);
	unlink(in_base("file"));
	ward_quarantine_freep(&q);
}

static void
set_flags(const char *path, long flags)
{
	int fd = open(path, O_RDONLY);

	assert_int_equal(ward_meta_set_flags(fd, (uint32_t)flags), WARD_OK);
	close(fd);
}

static void
test_immutable_files(void **state)
{
	struct ward_quarantine *q = open_quarantine(VAULT);
	struct ward_item_cause cause = some_cause();
	struct ward_quarantine_request request = {
		.root = -1, .cause = &cause, .keep_immutable = true};
	struct ward_quarantine_restore_outcome out;
	struct ward_quarantine_outcome in;
	struct ward_meta meta;
	int fd;

	(void)state;
	put_file(in_base("file"), "bad", 3);
	request.fd = fd = open(in_base("file"), O_RDONLY);
	assert_int_equal(ward_meta_get(fd, &meta), WARD_OK);
	if (ward_meta_set_flags(fd, meta.flags | WARD_META_IMMUTABLE) != WARD_OK) {
		print_message("(this file system knows no immutable files)\n");
		skip();
	}
	assert_int_equal(ward_quarantine_add(q, &request, &in), WARD_E_PERM);
	assert_int_equal(in.why, WARD_WHY_IMMUTABLE);
	request.keep_immutable = false;
	assert_int_equal(ward_quarantine_add(q, &request, &in), WARD_OK);
	close(fd);
	assert_false(exists(in_base("file")));
	assert_int_equal(restore_to(q, in.id, NULL, &out), WARD_OK);
	fd = open(in_base("file"), O_RDONLY);
	assert_int_equal(ward_meta_get(fd, &meta), WARD_OK);
	assert_true(meta.flags & WARD_META_IMMUTABLE);
	close(fd);
	set_flags(in_base("file"), meta.flags & ~(uint32_t)WARD_META_IMMUTABLE);
	/* In an immutable directory even root cannot, and it is not ours to change. */
	assert_int_equal(mkdir(in_base("firm"), 0755), 0);
	assert_int_equal(rename(in_base("file"), in_base("firm/file")), 0);
	fd = open(in_base("firm"), O_RDONLY);
	assert_int_equal(ward_meta_set_flags(fd, WARD_META_IMMUTABLE), WARD_OK);
	assert_int_equal(add_path(q, in_base("firm/file"), &in), WARD_E_PERM);
	assert_int_equal(in.why, WARD_WHY_IMMUTABLE);
	assert_true(holds(in_base("firm/file"), "bad", 3));
	assert_int_equal(ward_meta_set_flags(fd, 0), WARD_OK);
	close(fd);
	unlink(in_base("firm/file"));
	rmdir(in_base("firm"));
	assert_int_equal(count_suffix(VAULT, ".journal"), 0);
	ward_quarantine_freep(&q);
}

static void
test_renamed_and_unnamed_files(void **state)
{
	struct ward_quarantine *q = open_quarantine(VAULT);
	struct ward_quarantine_outcome in;
	int fd;

	(void)state;
	/* Renamed since it was opened: its name now goes; what came in its place stays. */
	put_file(in_base("old"), "bad", 3);
	fd = open(in_base("old"), O_RDONLY);
	assert_int_equal(rename(in_base("old"), in_base("new")), 0);
	put_file(in_base("old"), "good", 4);
	assert_int_equal(add_fd(q, fd, &in), WARD_OK);
	close(fd);
	assert_false(exists(in_base("new")));
	assert_true(holds(in_base("old"), "good", 4));
	/* Deleted since: kept all the same, nothing to remove. */
	fd = open(in_base("old"), O_RDONLY);
	assert_int_equal(unlink(in_base("old")), 0);
	put_file(in_base("old (deleted)"), "good", 4);
	assert_int_equal(add_fd(q, fd, &in), WARD_OK);
	assert_false(in.removed);
	assert_int_equal(ward_quarantine_verify(q, in.id), WARD_OK);
	assert_true(holds(in_base("old (deleted)"), "good", 4));
	close(fd);
	/* A file whose name ends like that is a file. */
	assert_int_equal(add_path(q, in_base("old (deleted)"), &in), WARD_OK);
	assert_false(exists(in_base("old (deleted)")));
	ward_quarantine_freep(&q);
}

static enum ward_rc
count_item(void *ctx, const struct ward_item *item, enum ward_quarantine_why why)
{
	unsigned *counts = ctx;

	(void)item;
	counts[why == WARD_WHY_NONE ? 0 : 1]++;
	return WARD_OK;
}

static void
test_damage_is_found(void **state)
{
	struct ward_quarantine *q = open_quarantine(in_base("damaged"));
	struct ward_quarantine_restore_outcome out;
	struct ward_quarantine_outcome in;
	unsigned counts[2] = {0};
	char path[512];
	struct stat st;
	DIR *d;

	(void)state;
	put_file(in_base("file"), "some longer text to be damaged", 30);
	assert_int_equal(add_path(q, in_base("file"), &in), WARD_OK);
	d = opendir(in_base("damaged"));
	for (struct dirent *e; (e = readdir(d));)
		if (strstr(e->d_name, ".ward"))
			(void)snprintf(path, sizeof(path), "%s/%.64s", in_base("damaged"),
				       e->d_name);
	closedir(d);
	assert_int_equal(chmod(path, 0600), 0);
	{
		int fd = open(path, O_RDWR);

		assert_int_equal(pwrite(fd, "!!", 2, 70), 2);
		close(fd);
	}
	assert_int_equal(ward_quarantine_list(q, NULL, count_item, counts), WARD_OK);
	assert_int_equal(counts[0], 1); /* the manifest is whole */
	assert_int_equal(ward_quarantine_verify(q, in.id), WARD_E_FORMAT);
	assert_int_equal(restore_to(q, in.id, NULL, &out), WARD_E_FORMAT);
	assert_int_equal(out.why, WARD_WHY_DAMAGED);
	assert_false(exists(in_base("file")));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size - 1), 0);
	assert_int_equal(ward_quarantine_list(q, NULL, count_item, counts), WARD_OK);
	assert_int_equal(counts[1], 1);
	assert_int_equal(ward_quarantine_verify(q, in.id), WARD_E_FORMAT);
	assert_int_equal(ward_quarantine_delete(q, in.id), WARD_OK);
	ward_quarantine_freep(&q);
}

static void
test_purge_takes_the_oldest(void **state)
{
	struct ward_quarantine *q = open_quarantine(in_base("purged"));
	struct ward_quarantine_totals totals;
	struct ward_quarantine_outcome in[4];
	unsigned counts[2] = {0};
	size_t removed = 0;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		put_file(in_base("file"), "bad", 3);
		assert_int_equal(add_path(q, in_base("file"), &in[i]), WARD_OK);
		(void)usleep(2000);
	}
	ward_quarantine_totals(q, &totals);
	assert_int_equal(totals.items, 4);
	assert_int_equal(ward_quarantine_purge(q, 0, totals.bytes, &removed), WARD_OK);
	assert_int_equal(removed, 0);
	assert_int_equal(ward_quarantine_purge(q, 0, totals.bytes - 1, &removed), WARD_OK);
	assert_int_equal(removed, 1);
	assert_int_equal(ward_quarantine_verify(q, in[0].id), WARD_E_NOENT);
	assert_int_equal(ward_quarantine_list(q, in[1].id, count_item, counts), WARD_OK);
	assert_int_equal(counts[0], 2);
	ward_quarantine_freep(&q);
	q = open_quarantine(in_base("purged"));
	ward_quarantine_totals(q, &totals);
	assert_int_equal(totals.items, 3);
	assert_int_equal(ward_quarantine_purge(q, UINT64_MAX, UINT64_MAX, &removed), WARD_OK);
	assert_int_equal(removed, 3);
	ward_quarantine_totals(q, &totals);
	assert_int_equal(totals.items, 0);
	assert_int_equal(totals.bytes, 0);
	ward_quarantine_freep(&q);
}

static void
test_the_directory_is_ours_alone(void **state)
{
	struct ward_quarantine_options options = {.directory = in_base("open")};
	struct ward_quarantine *q = NULL, *second = NULL;

	(void)state;
	assert_int_equal(mkdir(options.directory, 0755), 0);
	assert_int_equal(ward_quarantine_open(&options, &q, NULL), WARD_E_PERM);
	assert_int_equal(chmod(options.directory, 0700), 0);
	assert_int_equal(ward_quarantine_open(&options, &q, NULL), WARD_OK);
	assert_int_equal(ward_quarantine_open(&options, &second, NULL), WARD_E_PERM);
	ward_quarantine_freep(&q);
	assert_int_equal(truncate(in_base("open/key"), 31), 0);
	assert_int_equal(ward_quarantine_open(&options, &q, NULL), WARD_E_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_attribute_comes_back),
		cmocka_unit_test(test_the_manifest_tells_all),
		cmocka_unit_test(test_containers_are_inert),
		cmocka_unit_test(test_holes_stay_holes),
		cmocka_unit_test(test_other_links_are_told_and_can_be_emptied),
		cmocka_unit_test(test_nothing_is_overwritten_nor_reached_by_a_symlink),
		cmocka_unit_test(test_set_id_only_when_asked_for),
		cmocka_unit_test(test_rights_are_those_of_who_asks),
		cmocka_unit_test(test_an_inherited_acl_is_not_kept),
		cmocka_unit_test(test_special_files_are_refused),
		cmocka_unit_test(test_limits_leave_the_original),
		cmocka_unit_test(test_immutable_files),
		cmocka_unit_test(test_renamed_and_unnamed_files),
		cmocka_unit_test(test_damage_is_found),
		cmocka_unit_test(test_purge_takes_the_oldest),
		cmocka_unit_test(test_the_directory_is_ours_alone),
	};

	if (geteuid() != 0) {
		print_message("skipped: owners and security attributes can be set by root only\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, make_base, remove_base);
}

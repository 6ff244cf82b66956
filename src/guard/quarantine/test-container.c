/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/quarantine/container.h"

#include "base/text.h"
#include "guard/quarantine/fields.h"
#include "guard/quarantine/testing.h"
#include "sys/digest.h"

static uint8_t master[WARD_CONTAINER_MASTER], id[WARD_ITEM_ID], salt[WARD_CONTAINER_SALT];

static int
make_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(master); i++)
		master[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(id); i++)
		id[i] = (uint8_t)(0x80 + i);
	for (size_t i = 0; i < sizeof(salt); i++)
		salt[i] = (uint8_t)(0x40 + i);
	return 0;
}

static struct ward_item
item_of(size_t size, struct ward_item_extent *extent)
{
	struct ward_item item = {.path = ward_span_str("/tmp/x"),
				 .size = size,
				 .stored = size,
				 .mode = 0644,
				 .mtime = -5,
				 .cause = some_cause(),
				 .extents = extent,
				 .extent_count = size ? 1 : 0};

	*extent = (struct ward_item_extent){0, size};
	memcpy(item.id, id, sizeof(id));
	return item;
}

static void
make_bytes(uint8_t *into, size_t len)
{
	for (size_t i = 0; i < len; i++)
		into[i] = (uint8_t)(i * 7 + (i >> 8));
}

/* A container with `size` bytes in a memory file. */
static int
make_container(size_t size)
{
	struct ward_container_writer *w = NULL;
	uint8_t *bytes = malloc(size + 1);
	struct ward_item_extent extent;
	struct ward_item item = item_of(size, &extent);
	int fd = -1;

	make_bytes(bytes, size);
	assert_int_equal(ward_fd_memory("container", &fd), WARD_OK);
	assert_int_equal(ward_container_writer_new_salted(fd, master, id, salt, &w), WARD_OK);
	/* In odd pieces, so that they straddle chunks. */
	for (size_t at = 0; at < size; at += 50021) {
		size_t n = size - at < 50021 ? size - at : 50021;

		assert_int_equal(ward_container_write(w, ward_span_of(bytes + at, n)), WARD_OK);
	}
	assert_int_equal(ward_container_finish(w, &item), WARD_OK);
	ward_container_writer_freep(&w);
	free(bytes);
	return fd;
}

/* Reads all; `size` is what must come. */
static enum ward_rc
read_container(int fd, size_t size)
{
	struct ward_container_reader *r = NULL;
	enum ward_rc rc = ward_container_reader_new(fd, master, &r);
	uint8_t *bytes = malloc(size + 1);
	struct ward_span piece;
	size_t at = 0;

	make_bytes(bytes, size);
	while (!rc && !(rc = ward_container_read(r, &piece))) {
		assert_true(piece.len <= size - at);
		assert_memory_equal(piece.data, bytes + at, piece.len);
		at += piece.len;
	}
	if (rc == WARD_E_NOENT) {
		assert_int_equal(at, size);
		rc = WARD_OK;
	}
	free(bytes);
	ward_container_reader_freep(&r);
	return rc;
}

static void
test_every_size_comes_back(void **state)
{
	static const size_t sizes[] = {0, 1, 15, 65535, 65536, 65537, 131072, 131073, 1000000};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int fd = make_container(sizes[i]);

		assert_int_equal(read_container(fd, sizes[i]), WARD_OK);
		close(fd);
	}
}

/* docs/quarantine.md, "Test vectors". */
static void
test_the_vectors_of_the_documentation(void **state)
{
	static const struct {
		size_t size;
		const char *sha256;
	} vectors[] = {
		{0, "714c57499d3a378eb26368931f9919f91d4de50b5d35ebf0f7cd5424f2cc6b3c"},
		{100, "00e5f51c0dfd0c45f1bdba8bc404b6d67f32057fffe3e097604bc25bb22cdd75"},
		{65537, "2514f393b3eff1f3873dee9ab1307bf7c89c39c8bf6f0e2a23ce1189673de406"},
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		int fd = make_container(vectors[i].size);
		struct ward_buf all;
		uint8_t digest[32];
		char hex[65];

		ward_buf_init(&all, 1 << 20, NULL);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_int_equal(ward_fd_read_all(fd, &all), WARD_OK);
		assert_int_equal(ward_digest(WARD_SHA256, ward_buf_span(&all), digest), WARD_OK);
		ward_text_hex(ward_span_of(digest, sizeof(digest)), hex);
		assert_string_equal(hex, vectors[i].sha256);
		ward_buf_done(&all);
		close(fd);
	}
}

static void
test_any_flipped_bit_is_seen(void **state)
{
	const size_t size = 70000;
	int fd = make_container(size);
	off_t end = lseek(fd, 0, SEEK_END);

	(void)state;
	/* Every byte of header, manifest and footer, and some of the content. */
	for (off_t at = 0; at<end; at += at> 100 && at < 70000 ? 997 : 1) {
		uint8_t was, now;

		assert_int_equal(pread(fd, &was, 1, at), 1);
		now = was ^ (uint8_t)(1 << (at % 8));
		assert_int_equal(pwrite(fd, &now, 1, at), 1);
		assert_int_not_equal(read_container(fd, size), WARD_OK);
		assert_int_equal(pwrite(fd, &was, 1, at), 1);
	}
	assert_int_equal(read_container(fd, size), WARD_OK);
	close(fd);
}

static void
test_any_cut_is_seen(void **state)
{
	const size_t size = 140000;
	int fd = make_container(size);
	off_t end = lseek(fd, 0, SEEK_END);

	(void)state;
	for (off_t cut = end - 1; cut >= 0; cut -= cut > 3000 ? 1009 : 1) {
		assert_int_equal(ftruncate(fd, cut), 0);
		assert_int_not_equal(read_container(fd, size), WARD_OK);
	}
	close(fd);
}

enum { FIRST = WARD_CONTAINER_HEADER, STEP = WARD_CONTAINER_CHUNK + 16 };

static void
copy_chunk(int fd, off_t from, off_t to, uint8_t room[STEP])
{
	assert_int_equal(pread(fd, room, STEP, from), STEP);
	assert_int_equal(pwrite(fd, room, STEP, to), STEP);
}

/* A chunk in another's place, and a whole tail left out with the footer made to fit. */
static void
test_chunks_stay_in_order(void **state)
{
	const size_t size = (size_t)3 * WARD_CONTAINER_CHUNK;
	uint8_t *a = malloc(STEP), *b = malloc(STEP);
	int fd = make_container(size);

	(void)state;
	assert_int_equal(pread(fd, a, STEP, FIRST), STEP);
	copy_chunk(fd, FIRST + STEP, FIRST, b);
	assert_int_equal(read_container(fd, size), WARD_E_FORMAT);
	assert_int_equal(pwrite(fd, a, STEP, FIRST + STEP), STEP);
	assert_int_equal(read_container(fd, size), WARD_E_FORMAT);
	close(fd);
	free(a);
	free(b);
}

static void
test_only_its_key_opens_it(void **state)
{
	struct ward_container_reader *r = NULL;
	uint8_t other[WARD_CONTAINER_MASTER];
	int fd = make_container(10);

	(void)state;
	memcpy(other, master, sizeof(other));
	other[31] ^= 1;
	assert_int_equal(ward_container_reader_new(fd, other, &r), WARD_E_FORMAT);
	assert_null(r);
	close(fd);
}

static void
test_a_later_version_says_so(void **state)
{
	struct ward_container_reader *r = NULL;
	int fd = make_container(10);

	(void)state;
	assert_int_equal(pwrite(fd, "\2", 1, 8), 1);
	assert_int_equal(ward_container_reader_new(fd, master, &r), WARD_E_UNSUPPORTED);
	close(fd);
}

/* --- manifests --- */

static enum ward_rc
decode(struct ward_buf *bytes)
{
	struct ward_budget budget = {.cap = WARD_ITEM_MEMORY};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_item item;
	enum ward_rc rc = ward_item_decode(ward_buf_span(bytes), arena, &item);

	ward_arena_free(arena);
	return rc;
}

static void
test_manifests_are_checked(void **state)
{
	struct ward_item_extent extent;
	struct ward_item item = item_of(10, &extent);
	struct ward_buf good, bad;

	(void)state;
	ward_buf_init(&good, 1 << 16, NULL);
	ward_buf_init(&bad, 1 << 16, NULL);
	assert_int_equal(ward_item_encode(&item, &good), WARD_OK);
	assert_int_equal(decode(&good), WARD_OK);
	/* Cut anywhere. */
	for (size_t len = 0; len < good.len; len++) {
		ward_buf_clear(&bad);
		assert_int_equal(ward_buf_append(&bad, good.data, len), WARD_OK);
		assert_int_not_equal(decode(&bad), WARD_OK);
	}
	/* A field twice; one nobody knows, that may be skipped and that may not. */
	ward_buf_clear(&bad);
	assert_int_equal(ward_buf_append(&bad, good.data, good.len), WARD_OK);
	assert_int_equal(ward_field_put(&bad, 0x9000, ward_span_str("new")), WARD_OK);
	assert_int_equal(decode(&bad), WARD_OK);
	assert_int_equal(ward_field_put(&bad, 0x1000, ward_span_str("new")), WARD_OK);
	assert_int_equal(decode(&bad), WARD_E_UNSUPPORTED);
	ward_buf_clear(&bad);
	assert_int_equal(ward_buf_append(&bad, good.data, good.len), WARD_OK);
	assert_int_equal(ward_field_put(&bad, 10, ward_span_of("\0\0\0\0", 4)), WARD_OK);
	assert_int_equal(decode(&bad), WARD_E_FORMAT);
	ward_buf_done(&good);
	ward_buf_done(&bad);
}

static void
test_what_cannot_be_read_is_not_written(void **state)
{
	struct ward_item_extent extents[2] = {{0, 6}, {5, 4}};
	struct ward_item item = item_of(10, &extents[0]);
	struct ward_buf out;

	(void)state;
	ward_buf_init(&out, 1 << 16, NULL);
	item.mode = 0170000;
	assert_int_equal(ward_item_encode(&item, &out), WARD_E_INVAL);
	item.mode = 0644;
	item.path = ward_span_of("a\0b", 3);
	assert_int_equal(ward_item_encode(&item, &out), WARD_E_INVAL);
	item.path = ward_span_str("/x");
	extents[0] = (struct ward_item_extent){0, 6};
	item.extent_count = 2; /* they overlap */
	assert_int_equal(ward_item_encode(&item, &out), WARD_E_INVAL);
	extents[1] = (struct ward_item_extent){6, 5}; /* past the end */
	item.stored = 11;
	assert_int_equal(ward_item_encode(&item, &out), WARD_E_INVAL);
	ward_buf_done(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_size_comes_back),
		cmocka_unit_test(test_the_vectors_of_the_documentation),
		cmocka_unit_test(test_any_flipped_bit_is_seen),
		cmocka_unit_test(test_any_cut_is_seen),
		cmocka_unit_test(test_chunks_stay_in_order),
		cmocka_unit_test(test_only_its_key_opens_it),
		cmocka_unit_test(test_a_later_version_says_so),
		cmocka_unit_test(test_manifests_are_checked),
		cmocka_unit_test(test_what_cannot_be_read_is_not_written),
	};
	return cmocka_run_group_tests(tests, make_keys, NULL);
}

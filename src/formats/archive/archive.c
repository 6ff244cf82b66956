/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/archive/archive.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/text.h"
#include "formats/archive/kind.h"
#include "formats/zip/zip.h"

enum {
	READ_STEP = 64 * 1024, /* input handed to libarchive at a time */
	ENTRY_MAX = 1 << 30,   /* one entry, if the sink tells no limit */
	BUF_KEEP = 1 << 20,    /* a larger buffer is given back after its entry */
	FAILURES_MAX = 64,     /* headers in a row that do not parse */
	HOLE_STEP = 64 * 1024,
	LZMA_DICTIONARY_MAX = 1 << 30,
};

/* One container or stream being read. */
struct pass {
	struct archive *a;
	enum ward_archive_kind kind;
	struct ward_arena *arena;
	const struct ward_sink *sink;
	struct ward_buf buf; /* the entry's bytes */
	const char *name;    /* the entry's name, valid until the next header */
	char spare[32];	     /* a name for an entry without one */
	uint64_t entries;    /* headers seen */
	uint64_t packed;     /* input bytes the entry took */
	int64_t pos;	     /* input bytes counted so far */
	bool damaged;	     /* a gap without a name is due at the end */
	bool one;	     /* only the first entry is wanted */
	bool piped;	     /* its input is another pass's output, which has been charged */
	bool big_tar;	     /* a stream turned out to hold a tar too large for one object */
};

void
ward_archive_prepare(void)
{
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	(void)setenv("TZ", "UTC0", 1);
	tzset();
}

static enum ward_reason
error_reason(struct archive *a)
{
	const char *text = archive_error_string(a);
	struct ward_span s = ward_span_str(text ? text : "");

	if (archive_errno(a) == ENOMEM)
		return WARD_REASON_MEMORY;
	if (ward_text_find(s, ward_span_str("ncrypt"), 0) != SIZE_MAX ||
	    ward_text_find(s, ward_span_str("assphrase"), 0) != SIZE_MAX)
		return WARD_REASON_ENCRYPTED;
	if (ward_text_find(s, ward_span_str("nsupported"), 0) != SIZE_MAX ||
	    ward_text_find(s, ward_span_str("not supported"), 0) != SIZE_MAX)
		return WARD_REASON_UNSUPPORTED;
	return WARD_REASON_CORRUPT;
}

static void
note_gap(struct pass *p, const char *name, enum ward_reason why)
{
	if (why == WARD_REASON_ENCRYPTED)
		ward_sink_trait(p->sink, WARD_TRAIT_ENCRYPTED);
	ward_sink_gap(p->sink, name, why);
}

/* Input used since the last call; 0 when the reader went backwards. */
static uint64_t
take_consumed(struct pass *p)
{
	int64_t now = archive_filter_bytes(p->a, -1);
	uint64_t n = now > p->pos ? (uint64_t)(now - p->pos) : 0;

	p->pos = now;
	p->packed += n;
	return n;
}

static enum ward_rc
charge(struct pass *p, uint64_t produced)
{
	if (p->piped)
		return ward_sink_charge(p->sink, 0, 0);
	return ward_sink_charge(p->sink, produced, take_consumed(p));
}

/* The byte after `at` of a sparse entry is at `to`: zeros, as far as they fit. */
static enum ward_rc
fill_hole(struct pass *p, uint64_t to)
{
	enum ward_rc rc = WARD_OK;

	while (rc == WARD_OK && p->buf.len < to) {
		uint64_t left = to - p->buf.len;
		size_t n = left < HOLE_STEP ? (size_t)left : HOLE_STEP;
		size_t room = p->buf.max - p->buf.len;
		uint8_t *at;

		n = n < room ? n : room;
		at = n ? ward_buf_reserve(&p->buf, n) : NULL;
		if (!at) {
			p->buf.full = true;
			return WARD_OK;
		}
		memset(at, 0, n);
		ward_buf_grown(&p->buf, n);
		rc = charge(p, n);
	}
	return rc;
}

/* Appends one block as far as it fits; buf.full says that something did not. */
static enum ward_rc
take_block(struct pass *p, struct ward_span block, uint64_t offset)
{
	enum ward_rc rc = fill_hole(p, offset);
	struct ward_span fits;

	if (rc != WARD_OK || p->buf.full)
		return rc;
	rc = charge(p, block.len);
	if (rc != WARD_OK)
		return rc;
	fits = ward_span_cut(block, 0, p->buf.max - p->buf.len);
	if (ward_buf_append(&p->buf, fits.data, fits.len) == WARD_OK && fits.len < block.len)
		p->buf.full = true;
	return WARD_OK;
}

static bool
next_block(struct pass *p, struct ward_span *ret_block, uint64_t *ret_offset, int *ret_status)
{
	const void *data = NULL;
	size_t len = 0;
	la_int64_t offset = 0;

	*ret_status = archive_read_data_block(p->a, &data, &len, &offset);
	*ret_block = ward_span_of(data, data ? len : 0);
	*ret_offset = offset > 0 ? (uint64_t)offset : 0;
	return *ret_status == ARCHIVE_OK;
}

/*
 * The entry's bytes into buf. *ret_why is why it is not whole. libarchive may give empty blocks, so
 * each one is charged, or a reader that never ends would never be stopped.
 */
static enum ward_rc
read_entry(struct pass *p, enum ward_reason *ret_why, int *ret_status)
{
	enum ward_rc rc = WARD_OK;
	struct ward_span block;
	uint64_t offset;

	while (rc == WARD_OK && !p->buf.full && next_block(p, &block, &offset, ret_status)) {
		if (offset < p->buf.len) {
			*ret_why = WARD_REASON_CORRUPT;
			return WARD_OK;
		}
		rc = take_block(p, block, offset);
	}
	if (rc != WARD_OK)
		return rc;
	if (p->buf.full)
		*ret_why = p->buf.len < p->buf.max ? WARD_REASON_MEMORY : WARD_REASON_SIZE;
	else if (*ret_status != ARCHIVE_EOF)
		*ret_why = error_reason(p->a);
	return WARD_OK;
}

/* In these an entry's end is only found by unpacking it, which libarchive would do on the way to
 * the next header without telling anyone. */
static bool
skip_unpacks(enum ward_archive_kind kind)
{
	return kind == WARD_ARCHIVE_7Z || kind == WARD_ARCHIVE_RAR || kind == WARD_ARCHIVE_RAR5 ||
	       kind == WARD_ARCHIVE_CAB || kind == WARD_ARCHIVE_RPM || ward_archive_is_stream(kind);
}

static enum ward_rc
drain_entry(struct pass *p)
{
	enum ward_rc rc = WARD_OK;
	struct ward_span block;
	uint64_t offset;
	int status;

	if (!skip_unpacks(p->kind) || ward_archive_is_stream(p->kind))
		return WARD_OK;
	while (rc == WARD_OK && next_block(p, &block, &offset, &status))
		rc = charge(p, block.len);
	return rc;
}

static enum ward_rc
hand_on(struct pass *p)
{
	struct ward_child child = {.name = p->name, .packed = p->packed};

	if (p->buf.len == 0)
		return WARD_OK;
	child.bytes = ward_buf_span(&p->buf);
	return ward_sink_child(p->sink, &child);
}

static const char *
entry_name(struct pass *p, struct archive_entry *entry)
{
	const char *name = archive_entry_pathname(entry);

	if (!name || !*name)
		name = archive_entry_pathname_utf8(entry);
	if (name && *name)
		return name;
	(void)snprintf(p->spare, sizeof(p->spare), "entry-%llu", (unsigned long long)p->entries);
	return p->spare;
}

static void
reset_buf(struct pass *p)
{
	if (p->buf.room > BUF_KEEP) {
		size_t max = p->buf.max;

		ward_buf_done(&p->buf);
		ward_buf_init(&p->buf, max, ward_arena_budget(p->arena));
	}
	ward_buf_clear(&p->buf);
}

/* *ret_go: whether the next header is worth asking for. */
static enum ward_rc
scan_entry(struct pass *p, struct archive_entry *entry, bool *ret_go)
{
	enum ward_reason why = WARD_REASON_NONE;
	int status = ARCHIVE_OK;
	enum ward_rc rc;

	p->packed = 0;
	p->name = entry_name(p, entry);
	reset_buf(p);
	if (archive_entry_is_data_encrypted(entry)) {
		note_gap(p, p->name, WARD_REASON_ENCRYPTED);
		return charge(p, 0);
	}
	rc = read_entry(p, &why, &status);
	if (rc != WARD_OK)
		return rc;
	if (ward_archive_is_stream(p->kind) && p->buf.full &&
	    ward_archive_is_tar(ward_buf_span(&p->buf))) {
		p->big_tar = true;
		return WARD_OK;
	}
	if (why != WARD_REASON_NONE)
		note_gap(p, p->name, why);
	*ret_go = status != ARCHIVE_FATAL;
	rc = hand_on(p);
	if (rc == WARD_OK && p->buf.full)
		rc = drain_entry(p);
	return rc;
}

static enum ward_rc
scan_entries(struct pass *p)
{
	enum ward_rc rc = WARD_OK;
	unsigned failures = 0;
	bool go = true;

	while (rc == WARD_OK && go) {
		struct archive_entry *entry = NULL;
		int status = archive_read_next_header(p->a, &entry);

		if (status == ARCHIVE_EOF)
			return WARD_OK;
		rc = charge(p, 0);
		if (rc != WARD_OK)
			return rc;
		if ((status == ARCHIVE_OK || status == ARCHIVE_WARN) && entry) {
			failures = 0;
			p->entries++;
			rc = scan_entry(p, entry, &go);
			go = go && !p->one;
			continue;
		}
		p->damaged = true;
		go = status != ARCHIVE_FATAL && ++failures < FAILURES_MAX;
	}
	return rc;
}

static int
enable_rpm(struct archive *a)
{
	if (archive_read_support_filter_rpm(a) != ARCHIVE_OK ||
	    archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
	    archive_read_support_filter_bzip2(a) != ARCHIVE_OK ||
	    archive_read_support_filter_xz(a) != ARCHIVE_OK ||
	    archive_read_support_filter_lzma(a) != ARCHIVE_OK ||
	    archive_read_support_filter_zstd(a) != ARCHIVE_OK)
		return ARCHIVE_FATAL;
	return archive_read_support_format_cpio(a);
}

/* Members behind an end mark are members too, and anything else behind it is damage. */
static int
enable_tar(struct archive *a)
{
	if (archive_read_support_format_tar(a) != ARCHIVE_OK)
		return ARCHIVE_FATAL;
	return archive_read_set_options(a, "tar:read_concatenated_archives");
}

/* One explicit filter: with bidding, libarchive would unpack 25 layers at once, unseen. */
static int
enable_stream(struct archive *a, enum ward_archive_kind kind)
{
	static const int filters[] = {
		[WARD_ARCHIVE_GZIP] = ARCHIVE_FILTER_GZIP,
		[WARD_ARCHIVE_BZIP2] = ARCHIVE_FILTER_BZIP2,
		[WARD_ARCHIVE_XZ] = ARCHIVE_FILTER_XZ,
		[WARD_ARCHIVE_LZMA] = ARCHIVE_FILTER_LZMA,
		[WARD_ARCHIVE_ZSTD] = ARCHIVE_FILTER_ZSTD,
		[WARD_ARCHIVE_LZ4] = ARCHIVE_FILTER_LZ4,
	};

	/* libarchive 3.6 crashes on appending this one. */
	if (kind == WARD_ARCHIVE_COMPRESS) {
		if (archive_read_support_filter_compress(a) != ARCHIVE_OK)
			return ARCHIVE_FATAL;
	} else if (archive_read_append_filter(a, filters[kind]) != ARCHIVE_OK) {
		return ARCHIVE_FATAL;
	}
	if (archive_read_support_format_empty(a) != ARCHIVE_OK)
		return ARCHIVE_FATAL;
	return archive_read_support_format_raw(a);
}

static int
enable(struct archive *a, enum ward_archive_kind kind)
{
	switch ((int)kind) {
	case WARD_ARCHIVE_ZIP:
		return archive_read_support_format_zip_streamable(a);
	case WARD_ARCHIVE_7Z:
		return archive_read_support_format_7zip(a);
	case WARD_ARCHIVE_RAR:
		return archive_read_support_format_rar(a);
	case WARD_ARCHIVE_RAR5:
		return archive_read_support_format_rar5(a);
	case WARD_ARCHIVE_CAB:
		return archive_read_support_format_cab(a);
	case WARD_ARCHIVE_AR:
		return archive_read_support_format_ar(a);
	case WARD_ARCHIVE_CPIO:
		return archive_read_support_format_cpio(a);
	case WARD_ARCHIVE_TAR:
		return enable_tar(a);
	case WARD_ARCHIVE_ISO:
		return archive_read_support_format_iso9660(a);
	case WARD_ARCHIVE_RPM:
		return enable_rpm(a);
	default:
		return enable_stream(a, kind);
	}
}

/* What a pass that ended without any entry means. */
static enum ward_rc
nothing_found(enum ward_reason why)
{
	if (why == WARD_REASON_ENCRYPTED)
		return WARD_E_ENCRYPTED;
	if (why == WARD_REASON_UNSUPPORTED)
		return WARD_E_UNSUPPORTED;
	return why == WARD_REASON_MEMORY ? WARD_E_NOMEM : WARD_E_FORMAT;
}

/* The entries of an opened archive. */
static enum ward_rc
run_opened(struct pass *p)
{
	enum ward_rc rc = scan_entries(p);

	if (rc != WARD_OK || !p->damaged)
		return rc;
	if (archive_read_has_encrypted_entries(p->a) == 1 && p->entries == 0)
		return WARD_E_ENCRYPTED;
	if (p->entries == 0)
		return nothing_found(error_reason(p->a));
	note_gap(p, NULL, error_reason(p->a));
	return WARD_OK;
}

static enum ward_rc
run_pass(struct pass *p, struct ward_span in)
{
	if (enable(p->a, p->kind) != ARCHIVE_OK)
		return WARD_E_UNSUPPORTED;
	if (archive_read_open_memory2(p->a, in.data, in.len, READ_STEP) != ARCHIVE_OK)
		return nothing_found(error_reason(p->a));
	return run_opened(p);
}

static enum ward_rc
read_pass(struct pass *p, struct ward_span in)
{
	enum ward_rc rc;

	p->a = archive_read_new();
	if (!p->a)
		return WARD_E_NOMEM;
	ward_buf_init(&p->buf, ward_sink_child_max(p->sink, ENTRY_MAX),
		      ward_arena_budget(p->arena));
	rc = run_pass(p, in);
	ward_buf_done(&p->buf);
	(void)archive_read_free(p->a);
	return rc;
}

/* ---- a compressed tar that is too large to be held as one object ---- */

struct pipe {
	struct pass *from;
	enum ward_rc rc; /* of the sink, when it wanted no more */
	bool damaged;
};

/* libarchive's read callback: the next unpacked block, 0 at the end. */
static la_ssize_t
pipe_read(struct archive *to, void *ctx, const void **ret_data)
{
	struct pipe *pipe = ctx;
	struct ward_span block = {NULL, 0};
	uint64_t offset;
	int status = ARCHIVE_OK;

	while (block.len == 0) {
		if (!next_block(pipe->from, &block, &offset, &status)) {
			pipe->damaged = status != ARCHIVE_EOF;
			return 0;
		}
		pipe->rc = charge(pipe->from, block.len);
		if (pipe->rc != WARD_OK) {
			archive_set_error(to, ECANCELED, "stopped");
			return -1;
		}
	}
	*ret_data = block.data;
	return (la_ssize_t)block.len;
}

static enum ward_rc
run_piped(struct pass *tar, struct pipe *pipe)
{
	enum ward_rc rc;

	if (enable_tar(tar->a) != ARCHIVE_OK)
		return WARD_E_UNSUPPORTED;
	rc = archive_read_open2(tar->a, pipe, NULL, pipe_read, NULL, NULL) == ARCHIVE_OK
		     ? run_opened(tar)
		     : WARD_E_FORMAT;
	if (pipe->rc != WARD_OK)
		return pipe->rc;
	if (rc == WARD_OK && pipe->damaged)
		note_gap(tar, NULL, WARD_REASON_CORRUPT);
	return rc;
}

/* Unpacks the stream once more, from its start, into a tar reader. */
static enum ward_rc
read_big_tar(enum ward_archive_kind kind, struct ward_span in, struct ward_arena *arena,
	     const struct ward_sink *sink)
{
	struct pass outer = {.kind = kind, .arena = arena, .sink = sink};
	struct pass tar = {.kind = WARD_ARCHIVE_TAR, .arena = arena, .sink = sink, .piped = true};
	struct pipe pipe = {.from = &outer};
	struct archive_entry *entry;
	enum ward_rc rc = WARD_E_NOMEM;

	outer.a = archive_read_new();
	tar.a = archive_read_new();
	ward_buf_init(&tar.buf, ward_sink_child_max(sink, ENTRY_MAX), ward_arena_budget(arena));
	if (outer.a && tar.a && enable(outer.a, kind) == ARCHIVE_OK &&
	    archive_read_open_memory2(outer.a, in.data, in.len, READ_STEP) == ARCHIVE_OK &&
	    archive_read_next_header(outer.a, &entry) == ARCHIVE_OK)
		rc = run_piped(&tar, &pipe);
	ward_buf_done(&tar.buf);
	(void)archive_read_free(tar.a);
	(void)archive_read_free(outer.a);
	return rc;
}

/* An entry of a zip by a method that formats/zip leaves to us. */
static enum ward_rc
read_zip_record(struct ward_span record, struct ward_arena *arena, const struct ward_sink *sink)
{
	struct pass p = {.kind = WARD_ARCHIVE_ZIP, .arena = arena, .sink = sink, .one = true};

	return read_pass(&p, record);
}

static enum ward_rc
read_as(enum ward_archive_kind kind, struct ward_span in, struct ward_arena *arena,
	const struct ward_sink *sink)
{
	struct pass p = {.kind = kind, .arena = arena, .sink = sink};
	enum ward_rc rc;

	if (kind == WARD_ARCHIVE_ZIP)
		return ward_zip_read(in, arena, sink, read_zip_record);
	if (kind == WARD_ARCHIVE_LZMA && ward_archive_lzma_dictionary(in) > LZMA_DICTIONARY_MAX)
		return WARD_E_LIMIT;
	rc = read_pass(&p, in);
	return rc == WARD_OK && p.big_tar ? read_big_tar(kind, in, arena, sink) : rc;
}

/* Limits and the wish to stop hold for the whole object, anything else for one reading of it. */
static bool
ends_all(enum ward_rc rc)
{
	return rc == WARD_E_LIMIT || rc == WARD_E_STOPPED || rc == WARD_E_NOMEM;
}

enum ward_rc
ward_archive_read(struct ward_span in, struct ward_arena *arena, const struct ward_sink *sink)
{
	enum ward_archive_kind kinds[WARD_ARCHIVE_KINDS_MAX];
	size_t n = ward_archive_kinds(in, kinds);
	enum ward_rc first = n ? WARD_OK : WARD_E_FORMAT;

	for (size_t i = 0; i < n; i++) {
		enum ward_rc rc = read_as(kinds[i], in, arena, sink);

		if (ends_all(rc))
			return rc;
		if (i == 0)
			first = rc;
	}
	return first;
}

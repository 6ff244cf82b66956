/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/quarantine/container.h"

#include <stdlib.h>

#include "base/cursor.h"
#include "sys/crypto.h"
#include "sys/fd.h"

enum { VERSION = 1, CHUNK = WARD_CONTAINER_CHUNK, SEALED = CHUNK + WARD_AEAD_TAG, AAD = 12 };

static const uint8_t MAGIC[8] = {'W', 'A', 'R', 'D', 'Q', 0, '\r', '\n'};
static const uint8_t END_MAGIC[8] = {'W', 'A', 'R', 'D', 'Q', 'E', 'N', 'D'};

static void
put_le(uint8_t *at, uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

/* --- keys and nonces --- */

/* `purpose` is 7 characters. */
static enum ward_rc
derive(const uint8_t *master, const uint8_t *header, const char *purpose,
       struct ward_aead **ret_aead)
{
	static const char label[] = "ward quarantine 1 ";
	uint8_t info[sizeof(label) - 1 + 7 + WARD_ITEM_ID], key[WARD_KEY_LEN];
	enum ward_rc rc;

	memcpy(info, label, sizeof(label) - 1);
	memcpy(info + sizeof(label) - 1, purpose, 7);
	memcpy(info + sizeof(label) - 1 + 7, header + 16, WARD_ITEM_ID);
	rc = ward_crypto_hkdf(ward_span_of(master, WARD_CONTAINER_MASTER),
			      ward_span_of(header + 32, WARD_CONTAINER_SALT),
			      ward_span_of(info, sizeof(info)), key, sizeof(key));
	if (!rc)
		rc = ward_aead_new(key, ret_aead);
	ward_crypto_wipe(key, sizeof(key));
	return rc;
}

/* STREAM: an 11-byte big-endian counter and whether this is the last chunk. */
static void
chunk_nonce(uint64_t counter, bool last, uint8_t ret[WARD_AEAD_NONCE])
{
	memset(ret, 0, WARD_AEAD_NONCE);
	for (size_t i = 0; i < 8; i++)
		ret[10 - i] = (uint8_t)(counter >> (8 * i));
	ret[11] = last;
}

/* What the manifest vouches for besides itself: the header and where everything lies. */
static void
manifest_aad(const uint8_t *header, uint64_t content, uint32_t manifest,
	     uint8_t ret[WARD_CONTAINER_HEADER + AAD])
{
	memcpy(ret, header, WARD_CONTAINER_HEADER);
	put_le(ret + WARD_CONTAINER_HEADER, content, 8);
	put_le(ret + WARD_CONTAINER_HEADER + 8, manifest, 4);
}

/* --- writing --- */

struct ward_container_writer {
	int fd;
	uint8_t header[WARD_CONTAINER_HEADER];
	struct ward_aead *content, *manifest;
	uint64_t counter;
	uint64_t sealed; /* bytes of content in the file */
	uint64_t stored; /* bytes taken */
	size_t fill;
	uint8_t plain[CHUNK];
	uint8_t out[SEALED];
};

void
ward_container_writer_freep(struct ward_container_writer **writer)
{
	struct ward_container_writer *w = *writer;

	*writer = NULL;
	if (!w)
		return;
	ward_aead_freep(&w->content);
	ward_aead_freep(&w->manifest);
	ward_crypto_wipe(w->plain, sizeof(w->plain));
	free(w);
}

enum ward_rc
ward_container_writer_new_salted(int fd, const uint8_t master[WARD_CONTAINER_MASTER],
				 const uint8_t id[WARD_ITEM_ID],
				 const uint8_t salt[WARD_CONTAINER_SALT],
				 struct ward_container_writer **ret_writer)
{
	WARD_AUTO(ward_container_writer_freep)
	struct ward_container_writer *w = calloc(1, sizeof(*w));
	enum ward_rc rc;

	if (!w)
		return WARD_E_NOMEM;
	w->fd = fd;
	memcpy(w->header, MAGIC, sizeof(MAGIC));
	put_le(w->header + 8, VERSION, 2);
	put_le(w->header + 10, WARD_CONTAINER_HEADER, 2);
	put_le(w->header + 12, CHUNK, 4);
	memcpy(w->header + 16, id, WARD_ITEM_ID);
	memcpy(w->header + 32, salt, WARD_CONTAINER_SALT);
	rc = derive(master, w->header, "content", &w->content);
	if (!rc)
		rc = derive(master, w->header, "details", &w->manifest);
	if (!rc)
		rc = ward_fd_write_all(fd, ward_span_of(w->header, sizeof(w->header)));
	if (rc)
		return rc;
	*ret_writer = w;
	w = NULL;
	return WARD_OK;
}

enum ward_rc
ward_container_writer_new(int fd, const uint8_t master[WARD_CONTAINER_MASTER],
			  const uint8_t id[WARD_ITEM_ID], struct ward_container_writer **ret_writer)
{
	uint8_t salt[WARD_CONTAINER_SALT];
	enum ward_rc rc = ward_crypto_random(salt, sizeof(salt));

	return rc ? rc : ward_container_writer_new_salted(fd, master, id, salt, ret_writer);
}

static enum ward_rc
seal_chunk(struct ward_container_writer *w, bool last)
{
	uint8_t nonce[WARD_AEAD_NONCE];
	enum ward_rc rc;

	chunk_nonce(w->counter++, last, nonce);
	rc = ward_aead_seal(w->content, nonce, ward_span_of(w->header, sizeof(w->header)),
			    ward_span_of(w->plain, w->fill), w->out);
	if (!rc)
		rc = ward_fd_write_all(w->fd, ward_span_of(w->out, w->fill + WARD_AEAD_TAG));
	w->sealed += w->fill + WARD_AEAD_TAG;
	w->stored += w->fill;
	w->fill = 0;
	return rc;
}

/* A full chunk waits until more comes: only then is it known not to be the last. */
enum ward_rc
ward_container_write(struct ward_container_writer *writer, struct ward_span bytes)
{
	enum ward_rc rc = WARD_OK;

	while (bytes.len > 0 && !rc) {
		size_t n;

		if (writer->fill == CHUNK)
			rc = seal_chunk(writer, false);
		n = CHUNK - writer->fill < bytes.len ? CHUNK - writer->fill : bytes.len;
		memcpy(writer->plain + writer->fill, bytes.data, n);
		writer->fill += n;
		bytes = ward_span_cut(bytes, n, bytes.len);
	}
	return rc;
}

static enum ward_rc
seal_manifest(struct ward_container_writer *w, struct ward_span plain)
{
	uint8_t aad[WARD_CONTAINER_HEADER + AAD], footer[WARD_CONTAINER_FOOTER] = {0};
	static const uint8_t nonce[WARD_AEAD_NONCE];
	size_t len = plain.len + WARD_AEAD_TAG;
	uint8_t *sealed = malloc(len);
	enum ward_rc rc;

	if (!sealed)
		return WARD_E_NOMEM;
	manifest_aad(w->header, w->sealed, (uint32_t)len, aad);
	rc = ward_aead_seal(w->manifest, nonce, ward_span_of(aad, sizeof(aad)), plain, sealed);
	if (!rc)
		rc = ward_fd_write_all(w->fd, ward_span_of(sealed, len));
	free(sealed);
	put_le(footer, w->sealed, 8);
	put_le(footer + 8, len, 4);
	memcpy(footer + 16, END_MAGIC, sizeof(END_MAGIC));
	return rc ? rc : ward_fd_write_all(w->fd, ward_span_of(footer, sizeof(footer)));
}

enum ward_rc
ward_container_finish(struct ward_container_writer *writer, const struct ward_item *item)
{
	WARD_AUTO(ward_buf_done) struct ward_buf plain = {0};
	enum ward_rc rc = seal_chunk(writer, true);

	if (rc)
		return rc;
	if (item->stored != writer->stored ||
	    memcmp(item->id, writer->header + 16, WARD_ITEM_ID) != 0)
		return WARD_E_INVAL;
	ward_buf_init(&plain, WARD_ITEM_ENCODED_MAX, NULL);
	rc = ward_item_encode(item, &plain);
	return rc ? rc : seal_manifest(writer, ward_buf_span(&plain));
}

/* --- reading --- */

struct ward_container_reader {
	int fd;
	uint8_t header[WARD_CONTAINER_HEADER];
	struct ward_aead *content;
	uint64_t counter;
	uint64_t at, end; /* of the content, in the file */
	uint64_t left;	  /* bytes of content still to come */
	bool done;
	uint8_t *encoded; /* the manifest, which the item borrows */
	struct ward_budget budget;
	struct ward_arena *arena;
	struct ward_item item;
	uint8_t sealed[SEALED];
	uint8_t plain[CHUNK];
};

void
ward_container_reader_freep(struct ward_container_reader **reader)
{
	struct ward_container_reader *r = *reader;

	*reader = NULL;
	if (!r)
		return;
	ward_aead_freep(&r->content);
	ward_arena_free(r->arena);
	free(r->encoded);
	ward_crypto_wipe(r->plain, sizeof(r->plain));
	free(r);
}

static enum ward_rc
read_exactly(int fd, void *into, size_t len, uint64_t at)
{
	size_t n = 0;
	enum ward_rc rc = ward_fd_pread(fd, into, len, at, &n);

	if (rc)
		return rc;
	return n == len ? WARD_OK : WARD_E_TRUNCATED;
}

static enum ward_rc
read_header(struct ward_container_reader *r)
{
	struct ward_cursor c = ward_cursor_of(ward_span_of(r->header, sizeof(r->header)));
	enum ward_rc rc = read_exactly(r->fd, r->header, sizeof(r->header), 0);

	if (rc)
		return rc;
	if (!ward_span_starts(c.in, MAGIC, sizeof(MAGIC)))
		return WARD_E_FORMAT;
	ward_cursor_skip(&c, sizeof(MAGIC));
	if (ward_cursor_u16le(&c) != VERSION)
		return WARD_E_UNSUPPORTED;
	if (ward_cursor_u16le(&c) != WARD_CONTAINER_HEADER || ward_cursor_u32le(&c) != CHUNK)
		return WARD_E_FORMAT;
	return WARD_OK;
}

static enum ward_rc
read_footer(struct ward_container_reader *r, uint64_t size, uint32_t *ret_manifest)
{
	uint8_t footer[WARD_CONTAINER_FOOTER] = {0};
	struct ward_cursor c = ward_cursor_of(ward_span_of(footer, sizeof(footer)));
	uint64_t content, zero;
	uint32_t manifest;
	enum ward_rc rc;

	if (size < WARD_CONTAINER_HEADER + WARD_CONTAINER_FOOTER)
		return WARD_E_TRUNCATED;
	rc = read_exactly(r->fd, footer, sizeof(footer), size - sizeof(footer));
	if (rc)
		return rc;
	content = ward_cursor_u64le(&c);
	manifest = ward_cursor_u32le(&c);
	zero = ward_cursor_u32le(&c);
	if (memcmp(footer + 16, END_MAGIC, sizeof(END_MAGIC)) != 0)
		return WARD_E_TRUNCATED;
	size -= WARD_CONTAINER_HEADER + WARD_CONTAINER_FOOTER;
	if (zero || content > size || manifest != size - content || manifest < WARD_AEAD_TAG ||
	    manifest > WARD_ITEM_ENCODED_MAX + WARD_AEAD_TAG)
		return WARD_E_FORMAT;
	r->at = WARD_CONTAINER_HEADER;
	r->end = WARD_CONTAINER_HEADER + content;
	*ret_manifest = manifest;
	return WARD_OK;
}

/* The manifest's plain bytes into r->encoded. */
static enum ward_rc
open_manifest(struct ward_container_reader *r, const uint8_t *master, uint32_t len)
{
	static const uint8_t nonce[WARD_AEAD_NONCE];
	uint8_t aad[WARD_CONTAINER_HEADER + AAD];
	WARD_AUTO(ward_aead_freep) struct ward_aead *aead = NULL;
	uint8_t *sealed = malloc(len);
	enum ward_rc rc = WARD_E_NOMEM;

	r->encoded = malloc(len);
	if (sealed && r->encoded)
		rc = read_exactly(r->fd, sealed, len, r->end);
	if (!rc)
		rc = derive(master, r->header, "details", &aead);
	manifest_aad(r->header, r->end - WARD_CONTAINER_HEADER, len, aad);
	if (!rc)
		rc = ward_aead_open(aead, nonce, ward_span_of(aad, sizeof(aad)),
				    ward_span_of(sealed, len), r->encoded);
	free(sealed);
	return rc;
}

static enum ward_rc
read_manifest(struct ward_container_reader *r, const uint8_t *master, uint32_t len)
{
	enum ward_rc rc = open_manifest(r, master, len);

	if (rc)
		return rc;
	r->budget.cap = WARD_ITEM_MEMORY;
	r->arena = ward_arena_new(&r->budget);
	if (!r->arena)
		return WARD_E_NOMEM;
	rc = ward_item_decode(ward_span_of(r->encoded, len - WARD_AEAD_TAG), r->arena, &r->item);
	if (!rc && memcmp(r->item.id, r->header + 16, WARD_ITEM_ID) != 0)
		rc = WARD_E_FORMAT;
	return rc;
}

enum ward_rc
ward_container_reader_new(int fd, const uint8_t master[WARD_CONTAINER_MASTER],
			  struct ward_container_reader **ret_reader)
{
	WARD_AUTO(ward_container_reader_freep)
	struct ward_container_reader *r = calloc(1, sizeof(*r));
	struct ward_fd_stat st = {0};
	uint32_t manifest = 0;
	enum ward_rc rc;

	if (!r)
		return WARD_E_NOMEM;
	r->fd = fd;
	rc = ward_fd_stat(fd, &st);
	if (!rc)
		rc = read_header(r);
	if (!rc)
		rc = read_footer(r, st.size, &manifest);
	if (!rc)
		rc = read_manifest(r, master, manifest);
	if (!rc)
		rc = derive(master, r->header, "content", &r->content);
	if (rc)
		return rc;
	r->left = r->item.stored;
	*ret_reader = r;
	r = NULL;
	return WARD_OK;
}

const struct ward_item *
ward_container_item(const struct ward_container_reader *reader)
{
	return &reader->item;
}

enum ward_rc
ward_container_read(struct ward_container_reader *reader, struct ward_span *ret_bytes)
{
	struct ward_container_reader *r = reader;
	uint64_t left = r->end - r->at;
	size_t len = left < SEALED ? (size_t)left : SEALED;
	bool last = left <= SEALED;
	uint8_t nonce[WARD_AEAD_NONCE];
	enum ward_rc rc;

	if (r->done)
		return r->left == 0 ? WARD_E_NOENT : WARD_E_FORMAT;
	if (len < WARD_AEAD_TAG || len - WARD_AEAD_TAG > r->left)
		return WARD_E_FORMAT;
	rc = read_exactly(r->fd, r->sealed, len, r->at);
	if (rc)
		return rc == WARD_E_TRUNCATED ? WARD_E_FORMAT : rc;
	chunk_nonce(r->counter++, last, nonce);
	rc = ward_aead_open(r->content, nonce, ward_span_of(r->header, sizeof(r->header)),
			    ward_span_of(r->sealed, len), r->plain);
	if (rc)
		return rc;
	r->at += len;
	r->left -= len - WARD_AEAD_TAG;
	r->done = last;
	*ret_bytes = ward_span_of(r->plain, len - WARD_AEAD_TAG);
	return WARD_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file that holds one item: header, content, manifest, footer; docs/quarantine.md has the format
 * with test vectors. Content is sealed in chunks by the STREAM construction (Hoang, Reyhanitabar,
 * Rogaway, Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", CRYPTO
 * 2015), so a chunk cannot be changed, moved, repeated or left out, nor the end cut off. Each
 * container has keys of its own. One thread at a time.
 */
#ifndef WARD_GUARD_QUARANTINE_CONTAINER_H
#define WARD_GUARD_QUARANTINE_CONTAINER_H

#include "guard/quarantine/item.h"

enum {
	WARD_CONTAINER_HEADER = 64,
	WARD_CONTAINER_FOOTER = 24,
	WARD_CONTAINER_CHUNK = 64 * 1024,
	WARD_CONTAINER_SALT = 32,
	WARD_CONTAINER_MASTER = 32,
};

/* --- writing --- */

struct ward_container_writer;

/* Begins a container in the empty file `fd` (borrowed, as long as the writer lives). */
enum ward_rc ward_container_writer_new(int fd, const uint8_t master[WARD_CONTAINER_MASTER],
				       const uint8_t id[WARD_ITEM_ID],
				       struct ward_container_writer **ret_writer) WARD_MUST_CHECK;
/* The same with a salt that the caller chose: for test vectors only. */
enum ward_rc ward_container_writer_new_salted(
	int fd, const uint8_t master[WARD_CONTAINER_MASTER], const uint8_t id[WARD_ITEM_ID],
	const uint8_t salt[WARD_CONTAINER_SALT],
	struct ward_container_writer **ret_writer) WARD_MUST_CHECK;
void ward_container_writer_freep(struct ward_container_writer **writer);
enum ward_rc ward_container_write(struct ward_container_writer *writer,
				  struct ward_span bytes) WARD_MUST_CHECK;
/* Ends the content and writes manifest and footer; item->stored must be what was written. Does not
 * make it durable. */
enum ward_rc ward_container_finish(struct ward_container_writer *writer,
				   const struct ward_item *item) WARD_MUST_CHECK;

/* --- reading --- */

struct ward_container_reader;

/*
 * Opens the container in `fd` (borrowed) and reads its manifest, not its content. WARD_E_FORMAT: no
 * container, damaged, or not of this key; WARD_E_TRUNCATED; WARD_E_UNSUPPORTED: of a later version.
 */
enum ward_rc ward_container_reader_new(int fd, const uint8_t master[WARD_CONTAINER_MASTER],
				       struct ward_container_reader **ret_reader) WARD_MUST_CHECK;
void ward_container_reader_freep(struct ward_container_reader **reader);
/* Lives as long as the reader. */
const struct ward_item *ward_container_item(const struct ward_container_reader *reader);
/* The next piece of content, borrowed until the next call, proven to be what was written.
 * WARD_E_NOENT: that was all, and it was whole. WARD_E_FORMAT: damaged. */
enum ward_rc ward_container_read(struct ward_container_reader *reader,
				 struct ward_span *ret_bytes) WARD_MUST_CHECK;

#endif

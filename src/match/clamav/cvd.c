/* SPDX-License-Identifier: Apache-2.0 */
#include "match/clamav/cvd.h"

#include <stdio.h>

#include "base/cursor.h"
#include "base/text.h"
#include "match/clamav/clamav.h"
#include "sys/digest.h"
#include "sys/inflate.h"
#include "sys/modexp.h"

enum { HEADER = 512, MD5_FIELD = 5, SIGNATURE_FIELD = 6, RSA_LEN = 128 };
/* ClamAV's largest container unpacks to less than a fifth of this. */
static const size_t max_unpacked = (size_t)2 << 30;

/* ClamAV's public key (libclamav/dsig.c, in decimal there). */
static const uint8_t modulus[RSA_LEN] = {
	0xa8, 0xf3, 0x4c, 0x7b, 0x2b, 0xae, 0x90, 0x2e, 0x1e, 0x60, 0x8c, 0xfc, 0xec, 0x44, 0xc0,
	0x24, 0x37, 0x53, 0x70, 0xc0, 0x9c, 0xd4, 0x60, 0xe1, 0x91, 0x7a, 0x98, 0x54, 0x6d, 0xdf,
	0xc5, 0x3a, 0x90, 0xc6, 0x08, 0xbb, 0x48, 0xba, 0x8c, 0xb7, 0xee, 0xd1, 0xff, 0x34, 0x20,
	0x85, 0xec, 0xdd, 0x14, 0x91, 0x42, 0x8c, 0xa8, 0xa8, 0x95, 0x97, 0x24, 0x03, 0xa3, 0xdb,
	0x2a, 0x45, 0x2d, 0xd8, 0x01, 0x73, 0xbb, 0x07, 0xe1, 0xe2, 0x3a, 0xcb, 0xc8, 0x4f, 0xab,
	0x2e, 0x25, 0x86, 0x93, 0x0f, 0x62, 0x90, 0x9d, 0x56, 0xd2, 0xe2, 0x52, 0x56, 0xc9, 0x89,
	0xd3, 0x99, 0xfa, 0x72, 0x2a, 0xb2, 0x5a, 0xb6, 0x28, 0xdf, 0x79, 0xbc, 0xfc, 0xe4, 0x3b,
	0x86, 0xa0, 0xe0, 0x49, 0x26, 0x31, 0x71, 0x35, 0x2b, 0x75, 0x04, 0x8f, 0x2d, 0x47, 0x78,
	0xb6, 0x9a, 0x5e, 0x57, 0x4a, 0x61, 0x30, 0xad,
};
static const uint8_t exponent[] = {0x05, 0xf5, 0xe5, 0x03};

/* a-z A-Z 0-9 + /; -1 for anything else. */
static int
digit_value(uint8_t c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Base 64 with the least digit first, to a big-endian number. */
static bool
decode(struct ward_span text, uint8_t number[RSA_LEN])
{
	memset(number, 0, RSA_LEN);
	for (size_t i = 0; i < text.len; i++) {
		int value = digit_value(text.data[i]);

		for (size_t bit = 0; value >= 0 && bit < 6; bit++) {
			size_t at = i * 6 + bit;

			if (!(value >> bit & 1))
				continue;
			if (at >= RSA_LEN * 8)
				return false;
			number[RSA_LEN - 1 - at / 8] |= (uint8_t)(1u << (at % 8));
		}
		if (value < 0)
			return false;
	}
	return text.len > 0;
}

bool
ward_clamav_signed(const uint8_t md5[16], struct ward_span signature)
{
	uint8_t number[RSA_LEN], plain[WARD_MD5_LEN];

	return decode(signature, number) &&
	       ward_modexp(ward_span_of(number, RSA_LEN), ward_span_of(exponent, sizeof(exponent)),
			   ward_span_of(modulus, RSA_LEN), plain, sizeof(plain)) == WARD_OK &&
	       memcmp(plain, md5, sizeof(plain)) == 0;
}

struct container {
	const struct ward_load *load;
	const char *name;
	struct ward_load_report report;
	struct ward_span info; /* contents of *.info */
};

static const char *
check_header(struct ward_span bytes)
{
	struct ward_span header = ward_span_cut(bytes, 0, HEADER), field = {0}, md5 = {0};
	struct ward_span body = ward_span_cut(bytes, HEADER, bytes.len);
	uint8_t stated[WARD_MD5_LEN], real[WARD_MD5_LEN];

	for (unsigned i = 0; i <= SIGNATURE_FIELD; i++) {
		if (!ward_text_split(&header, ':', &field))
			return "header of fewer than seven fields";
		if (i == MD5_FIELD)
			md5 = field;
	}
	if (!ward_text_unhex(md5, stated, sizeof(stated)))
		return "no MD5 in the header";
	if (ward_digest(WARD_MD5, body, real) != WARD_OK || memcmp(real, stated, sizeof(real)) != 0)
		return "the contents do not have the MD5 that the header states";
	return ward_clamav_signed(stated, field) ? NULL : "the signature is not ClamAV's";
}

/* Passes over the header of a gzip member: RFC 1952 §2.3. */
static bool
skip_gzip_header(struct ward_cursor *c)
{
	uint8_t flags;

	ward_cursor_skip(c, 3);
	flags = ward_cursor_u8(c);
	ward_cursor_skip(c, 6);
	if (flags & 4)
		ward_cursor_skip(c, ward_cursor_u16le(c));
	if (flags & 8)
		(void)ward_cursor_cstr(c, 4096);
	if (flags & 16)
		(void)ward_cursor_cstr(c, 4096);
	if (flags & 2)
		ward_cursor_skip(c, 2);
	return ward_cursor_ok(c);
}

/* The tar: as it lies, or unpacked into `room`. */
static enum ward_rc
unpack(struct ward_span body, struct ward_buf *room, struct ward_span *ret)
{
	struct ward_cursor c = ward_cursor_of(body);
	enum ward_rc rc;

	*ret = body;
	if (!ward_span_starts(body, "\x1f\x8b\x08", 3))
		return WARD_OK;
	if (!skip_gzip_header(&c))
		return WARD_E_TRUNCATED;
	rc = ward_inflate(WARD_INFLATE_RAW, ward_span_cut(body, c.pos, body.len), room, NULL, NULL);
	*ret = ward_buf_span(room);
	if (rc != WARD_OK)
		return rc;
	/* The last four bytes: how long it was. */
	c = ward_cursor_at(body, body.len - 4);
	return ward_cursor_u32le(&c) == (uint32_t)room->len ? WARD_OK : WARD_E_FORMAT;
}

/* Does *.info say otherwise about this member? Lines are name:size:sha256. */
static bool
contradicts(struct ward_span info, const struct ward_tar_member *m)
{
	struct ward_cursor c = ward_cursor_of(info);
	uint8_t stated[WARD_SHA256_LEN], real[WARD_SHA256_LEN];
	struct ward_span line;
	uint64_t size;

	while (ward_cursor_line(&c, &line)) {
		struct ward_span name = {0}, size_text = {0}, hex = {0};

		if (!ward_text_split(&line, ':', &name) ||
		    !ward_span_eq(name, ward_span_str(m->name)))
			continue;
		return !ward_text_split(&line, ':', &size_text) ||
		       !ward_text_split(&line, ':', &hex) || !ward_text_u64(size_text, &size) ||
		       size != m->bytes.len || !ward_text_unhex(hex, stated, sizeof(stated)) ||
		       ward_digest(WARD_SHA256, m->bytes, real) != WARD_OK ||
		       memcmp(real, stated, sizeof(real)) != 0;
	}
	return false;
}

static bool
ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && memcmp(name + n - m, end, m) == 0;
}

/* The contents of *.info, checking the whole tar's structure on the way. */
static const char *
find_info(struct container *c, struct ward_span tar)
{
	struct ward_cursor at = ward_cursor_of(tar);
	struct ward_tar_member m;
	unsigned members = 0;
	enum ward_rc rc;

	for (; (rc = ward_tar_next(&at, &m)) == WARD_OK; members++) {
		if (ends_with(m.name, ".info"))
			c->info = m.bytes;
	}
	if (rc != WARD_E_NOENT)
		return "the tar inside is damaged";
	return members ? NULL : "nothing inside";
}

static enum ward_rc
load_member(struct container *c, const struct ward_tar_member *m)
{
	char name[4096];
	int n = snprintf(name, sizeof(name), "%s/%s", c->name, m->name);
	enum ward_rc rc;

	if (n < 0 || (size_t)n >= sizeof(name))
		return WARD_E_LIMIT;
	if (contradicts(c->info, m)) {
		ward_load_bad(c->load, &c->report, 0, "a member is not as the .info member says");
		return WARD_E_FORMAT;
	}
	if (!ward_clamav_is_name(m->name)) {
		if (!strstr(m->name, "COPYING"))
			ward_load_unsupported(&c->report, "members of an unknown kind", 1);
		return WARD_OK;
	}
	if (ends_with(m->name, ".cvd") || ends_with(m->name, ".cld") ||
	    ends_with(m->name, ".cud")) {
		ward_load_unsupported(&c->report, "containers inside a container", 1);
		return WARD_OK;
	}
	rc = ward_clamav_load(c->load, name, m->bytes);
	if (rc == WARD_E_FORMAT)
		c->report.errors++;
	return rc;
}

static enum ward_rc
load_members(struct container *c, struct ward_span tar)
{
	struct ward_cursor at = ward_cursor_of(tar);
	struct ward_tar_member m;

	while (ward_tar_next(&at, &m) == WARD_OK) {
		enum ward_rc rc = load_member(c, &m);

		if (rc != WARD_OK && rc != WARD_E_FORMAT)
			return rc;
	}
	return WARD_OK;
}

static enum ward_rc
load_body(struct container *c, struct ward_span body)
{
	struct ward_span tar;
	struct ward_buf room;
	const char *wrong = NULL;
	enum ward_rc rc;

	ward_buf_init(&room, max_unpacked, NULL);
	rc = unpack(body, &room, &tar);
	if (rc == WARD_OK)
		wrong = find_info(c, tar);
	else if (rc != WARD_E_NOMEM)
		wrong = "the compressed contents are damaged";
	if (wrong) {
		ward_load_bad(c->load, &c->report, 0, wrong);
		rc = WARD_OK;
	} else if (rc == WARD_OK) {
		rc = load_members(c, tar);
	}
	ward_buf_done(&room);
	return rc;
}

enum ward_rc
ward_clamav_cvd_load(const struct ward_load *load, const char *name, struct ward_span bytes)
{
	struct container c = {.load = load, .name = name, .report = {.file = name}};
	const char *wrong = NULL;
	enum ward_rc rc = WARD_OK;
	bool is_signed = ends_with(name, ".cvd") || ends_with(name, ".CVD");

	c.report.kind = is_signed ? "cvd" : "cld";
	c.report.note = is_signed ? "MD5 and ClamAV's RSA signature verified"
				  : "not signed: nothing vouches for where this comes from";
	if (!ward_span_starts(bytes, "ClamAV-VDB:", 11) || bytes.len < HEADER)
		wrong = "no ClamAV container";
	else if (is_signed)
		wrong = check_header(bytes);
	if (wrong)
		ward_load_bad(load, &c.report, 0, wrong);
	else
		rc = load_body(&c, ward_span_cut(bytes, HEADER, bytes.len));
	if (c.report.errors)
		c.report.note = NULL;
	return rc == WARD_OK ? ward_load_end(load, &c.report) : rc;
}

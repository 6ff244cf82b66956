/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/origin/address.h"

#include "base/text.h"

enum { HOST_MAX = 253 };

static bool
skip_scheme(struct ward_span *rest)
{
	static const char *const schemes[] = {"https://", "http://", "ftps://", "ftp://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (ward_text_starts_nocase(*rest, schemes[i])) {
			*rest = ward_span_cut(*rest, strlen(schemes[i]), rest->len);
			return true;
		}
	}
	return false;
}

static struct ward_span
until(struct ward_span s, const char *ends)
{
	size_t n = 0;

	while (n < s.len && !memchr(ends, s.data[n], strlen(ends)))
		n++;
	return ward_span_cut(s, 0, n);
}

/* Everything before the last "@": a user may be called like a host. */
static struct ward_span
without_user(struct ward_span authority)
{
	for (size_t n = authority.len; n > 0; n--) {
		if (authority.data[n - 1] == '@')
			return ward_span_cut(authority, n, authority.len);
	}
	return authority;
}

static bool
all_of(struct ward_span s, bool (*allowed)(uint8_t))
{
	for (size_t i = 0; i < s.len; i++) {
		if (!allowed(s.data[i]))
			return false;
	}
	return s.len > 0;
}

static bool
in_name(uint8_t c)
{
	return ward_text_is_alnum(c) || c == '.' || c == '-' || c == '_';
}

static bool
in_brackets(uint8_t c)
{
	return ward_text_hex_value(c) >= 0 || c == ':' || c == '.';
}

static bool
is_port(struct ward_span s)
{
	uint64_t port;

	if (s.len == 0)
		return true;
	if (s.data[0] != ':')
		return false;
	s = ward_span_cut(s, 1, s.len);
	return s.len == 0 || (ward_text_u64(s, &port) && port <= UINT16_MAX);
}

static bool
is_host(struct ward_span host)
{
	if (host.len > 2 && host.data[0] == '[')
		return host.data[host.len - 1] == ']' &&
		       all_of(ward_span_cut(host, 1, host.len - 2), in_brackets);
	return all_of(host, in_name);
}

enum ward_rc
ward_address_host(struct ward_span address, char ret_host[WARD_HOST_ROOM])
{
	struct ward_span host, authority;

	if (address.len > WARD_ADDRESS_MAX || !skip_scheme(&address))
		return WARD_E_FORMAT;
	authority = without_user(until(address, "/?#\\"));
	if (ward_span_starts(authority, "[", 1)) {
		host = until(authority, "]");
		host = ward_span_cut(authority, 0, host.len + 1);
	} else {
		host = until(authority, ":");
	}
	if (host.len > HOST_MAX || !is_host(host) ||
	    !is_port(ward_span_cut(authority, host.len, authority.len)))
		return WARD_E_FORMAT;
	for (size_t i = 0; i < host.len; i++)
		ret_host[i] = (char)ward_text_lower(host.data[i]);
	ret_host[host.len] = 0;
	return WARD_OK;
}

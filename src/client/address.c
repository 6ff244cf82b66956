/* SPDX-License-Identifier: Apache-2.0 */
/* Servers and proxies as people write them. */
#include "client/channel.h"

#include <stdio.h>

#include "base/text.h"

static bool
is_port(struct ward_span s)
{
	uint64_t port = 0;

	return s.len <= 5 && ward_text_u64(s, &port) && port >= 1 && port <= 65535;
}

static bool
is_host(struct ward_span s, const char *besides)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ward_text_is_alnum(s.data[i]) && !strchr(besides, s.data[i]))
			return false;
	return s.len >= 1 && s.len <= 253 && !memchr(s.data, 0, s.len);
}

/* "host:port", "[v6]:port". */
static bool
is_server(struct ward_span s)
{
	const uint8_t *colon = s.len > 0 ? memrchr(s.data, ':', s.len) : NULL;
	size_t at = colon ? (size_t)(colon - s.data) : 0;
	struct ward_span host = ward_span_cut(s, 0, at);

	if (!colon || !is_port(ward_span_cut(s, at + 1, s.len)))
		return false;
	if (host.len > 2 && host.data[0] == '[' && host.data[host.len - 1] == ']')
		return is_host(ward_span_cut(host, 1, host.len - 2), ":.");
	return is_host(host, ".-_");
}

bool
ward_address_valid(const char *server)
{
	return is_server(ward_span_str(server));
}

/* What stands before the "@", or SIZE_MAX. */
static size_t
credentials_of(struct ward_span s)
{
	const uint8_t *at = s.len > 0 ? memrchr(s.data, '@', s.len) : NULL;

	return at ? (size_t)(at - s.data) : SIZE_MAX;
}

static bool
after_scheme(const char *proxy, struct ward_span *ret_rest)
{
	static const char *const schemes[] = {"http://",    "https://",	 "socks4://",
					      "socks4a://", "socks5://", "socks5h://"};
	struct ward_span s = ward_span_str(proxy);

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (ward_span_starts(s, schemes[i], strlen(schemes[i]))) {
			*ret_rest = ward_span_cut(s, strlen(schemes[i]), s.len);
			return true;
		}
	return false;
}

bool
ward_proxy_valid(const char *proxy)
{
	struct ward_span rest;
	size_t at;

	if (!after_scheme(proxy, &rest) || strlen(proxy) >= 512)
		return false;
	for (size_t i = 0; i < rest.len; i++)
		if (rest.data[i] <= ' ' || rest.data[i] >= 0x7f || rest.data[i] == '/')
			return false;
	at = credentials_of(rest);
	return is_server(at == SIZE_MAX ? rest : ward_span_cut(rest, at + 1, rest.len));
}

char *
ward_proxy_shown(const char *proxy, char *ret, size_t room)
{
	struct ward_span rest = {0};
	size_t at = after_scheme(proxy, &rest) ? credentials_of(rest) : SIZE_MAX;

	if (at == SIZE_MAX)
		(void)snprintf(ret, room, "%s", proxy);
	else
		(void)snprintf(ret, room, "%.*s***@%s", (int)(strlen(proxy) - rest.len), proxy,
			       (const char *)rest.data + at + 1);
	return ret;
}

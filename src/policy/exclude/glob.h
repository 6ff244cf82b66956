/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns of paths, matched as a whole, byte by byte, with case:
 *
 *   ?      one character (a byte with the UTF-8 continuation bytes after it) but /
 *   *      any run of bytes without /, also none
 *   **     any run of bytes, also none and also with /; where a component is nothing but **, it
 *          stands for any number of components, also none: /a/ ** /b (without the blanks) is /a/b too
 *   [a-z]  one of these ASCII characters, never /; [!a-z] or [^a-z] one character that is none of
 *          them; a ] that stands first is a member
 *   \x     x itself
 *
 * A pattern that does not start with / is looked for below every directory: *.iso is any such name.
 * Braces are no alternatives; they must be escaped, so that nobody believes they are.
 *
 * Matching simulates the automaton of the pattern with one bit for each of its places: its time is
 * (bytes of the path) x (places / 64), whatever the path looks like. Nothing is retried.
 */
#ifndef WARD_POLICY_EXCLUDE_GLOB_H
#define WARD_POLICY_EXCLUDE_GLOB_H

#include "base/arena.h"

enum { WARD_GLOB_MAX = 512 }; /* bytes of a pattern */

struct ward_glob;

/*
 * Compiles a pattern onto the arena. WARD_E_FORMAT: it is none, *ret_why says why (static);
 * WARD_E_LIMIT: the arena is full. *ret_why is untouched otherwise.
 */
enum ward_rc ward_glob_compile(struct ward_span pattern, struct ward_arena *arena,
			       struct ward_glob **ret, const char **ret_why) WARD_MUST_CHECK;

/* The same for names that are no paths: no slash is put in front, and components mean nothing. */
enum ward_rc ward_glob_compile_name(struct ward_span pattern, struct ward_arena *arena,
				    struct ward_glob **ret, const char **ret_why) WARD_MUST_CHECK;

/* Any thread. */
bool ward_glob_match(const struct ward_glob *g, struct ward_span path);

/* How many bytes of the path, from its start, still leave a way to a match: where it fails. */
size_t ward_glob_reach(const struct ward_glob *g, struct ward_span path);

/* The directory (without its last slash; "" for /) that every match lies below; borrowed from the
 * glob. */
struct ward_span ward_glob_directory(const struct ward_glob *g);

#endif

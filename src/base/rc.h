/* SPDX-License-Identifier: Apache-2.0 */
/* Result codes. A code says whether a call worked; it never says what a file is
 * (base/verdict.h). */
#ifndef WARD_BASE_RC_H
#define WARD_BASE_RC_H

#define WARD_MUST_CHECK __attribute__((warn_unused_result))
/* gcc for Windows means its old C library by `printf`; ours is C99's everywhere (%zu, %llu). */
#ifdef __clang__
#define WARD_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define WARD_PRINTF(fmt, args) __attribute__((format(gnu_printf, fmt, args)))
#endif

/* Runs `fn` (for example ward_buf_done) on the variable's address when it
 * leaves scope. */
#define WARD_AUTO(fn) __attribute__((cleanup(fn)))

enum ward_rc {
	WARD_OK = 0,
	WARD_E_NOMEM = -1,     /* the system has no memory */
	WARD_E_LIMIT = -2,     /* a configured limit was reached (bytes, memory, files, depth…) */
	WARD_E_TRUNCATED = -3, /* the input ends before the structure does */
	WARD_E_FORMAT = -4,    /* the input is not, or not validly, of this format */
	WARD_E_UNSUPPORTED = -5, /* valid, but a variant nobody here reads */
	WARD_E_ENCRYPTED = -6,	 /* contents need a password */
	WARD_E_IO = -7,		 /* reading or writing failed */
	WARD_E_PERM = -8,	 /* not permitted */
	WARD_E_NOENT = -9,	 /* does not exist */
	WARD_E_INVAL = -10,	 /* the caller's arguments make no sense */
	WARD_E_TIMEOUT = -11,	 /* time is up */
	WARD_E_PROTO = -12,	 /* a peer's message breaks the protocol */
	WARD_E_GONE = -13,	 /* the peer closed or died */
	WARD_E_STOPPED = -14,	 /* the callback asked to stop early; not a failure */
};

/* English, lower case, for one line of output; never NULL, static. */
const char *ward_rc_str(enum ward_rc rc);

#endif

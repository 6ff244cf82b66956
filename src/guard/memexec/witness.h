/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An eBPF program in the kernel (bpf/exec.bpf.c) that sees each execution as it begins, however short it
 * is, tells of those whose file nobody can watch, and refuses them when it is told to. Loading it takes
 * CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, a kernel with BTF (CONFIG_DEBUG_INFO_BTF) and Linux 5.8. It
 * ends with us, however we end: nothing is pinned.
 *
 * It looks at processes of our PID name space and those below it, like vm.memfd_noexec. Not seen: code that
 * is mapped, not executed (libraries in a memfd, what compilers at run time make: .NET and others map memfds
 * executable all the time), and scripts that an interpreter reads from one.
 */
#ifndef WARD_GUARD_MEMEXEC_WITNESS_H
#define WARD_GUARD_MEMEXEC_WITNESS_H

#include "base/rc.h"
#include "guard/memexec/bpf/record.h"

struct ward_witness;

/* Where it is attached; bits, for who wants to choose. */
enum ward_witness_way {
	WARD_WITNESS_NONE = 0,
	WARD_WITNESS_LSM = 1,	 /* refuses: the kernel's BPF LSM */
	WARD_WITNESS_RETURN = 2, /* refuses: around security_bprm_check() */
	WARD_WITNESS_TRACE = 4,	 /* kills, before the first instruction */
	WARD_WITNESS_ALL = 7,
};

/* Loads the program and attaches it by the first of the ways that works here. Without one there is a witness
 * that sees nothing: ward_witness_text() says why. NULL without memory. Silences libbpf's own messages. */
struct ward_witness *ward_witness_new(unsigned ways) WARD_MUST_CHECK;
/* Detaches it. NULL is fine. */
struct ward_witness *ward_witness_free(struct ward_witness *w);

enum ward_witness_way ward_witness_way(const struct ward_witness *w);
/* "lsm", "modify-return", "tracepoint", "none"; static. */
const char *ward_witness_name(const struct ward_witness *w);
/* One line for people; static. */
const char *ward_witness_text(const struct ward_witness *w);

/* At first nothing. Denying is refusing, or killing: ward_witness_way(). */
enum ward_rc ward_witness_want(struct ward_witness *w, enum ward_bpf_mode mode) WARD_MUST_CHECK;

/* Readable when there are records; -1 when nothing is attached. Borrowed. */
int ward_witness_fd(const struct ward_witness *w);

/* Borrowed for the time of the call. */
typedef void (*ward_witness_visit)(void *ctx, const struct ward_bpf_record *record);
/* Those that wait, at most 64; never waits. */
void ward_witness_read(struct ward_witness *w, ward_witness_visit visit, void *ctx);
/* Zeros when nothing is attached. */
struct ward_bpf_counts ward_witness_counts(const struct ward_witness *w);

#endif

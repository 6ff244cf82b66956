/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that run from memory (memfd_create(2) and an exec of it) or from a file that has no name
 * any more. The kernel's file events do not tell of them: a memfd lies on a file system that cannot
 * be marked. Three things are done about it:
 *
 * The kernel can be told to refuse: vm.memfd_noexec (Linux 6.3, Documentation/userspace-api/mfd_noexec).
 * At 2 no new memfd can be executed, by anybody in this PID name space and below; programs that do not
 * ask for an executable one (nearly all) do not notice.
 *
 * A program in the kernel sees each execution as it begins, and refuses it or not: witness.h.
 *
 * And /proc/PID/exe of every process is looked at now and then. What is found is found after it has
 * begun to run, at most one period later; what ends within a period may be missed altogether. This also
 * finds what was removed while it ran. Not found at all: libraries and code mapped from a memfd, scripts
 * that an interpreter reads from one, and processes that exec a file on disk in between.
 */
#ifndef WARD_GUARD_MEMEXEC_MEMEXEC_H
#define WARD_GUARD_MEMEXEC_MEMEXEC_H

#include "base/rc.h"
#include "base/span.h"
#include "guard/memexec/bpf/record.h"

enum ward_memexec_kind {
	WARD_MEMEXEC_MEMORY,  /* a memfd */
	WARD_MEMEXEC_DELETED, /* a file that was removed */
	WARD_MEMEXEC_PSEUDO,  /* one on a file system that cannot be watched */
};

enum ward_memexec_done {
	WARD_MEMEXEC_RUNS,    /* or ran */
	WARD_MEMEXEC_REFUSED, /* it never was the program of that process */
	WARD_MEMEXEC_KILLED,  /* before its first instruction */
};

enum { WARD_MEMEXEC_NAME = 512, WARD_MEMEXEC_WORD = 16 };

struct ward_memexec_found {
	enum ward_memexec_kind kind;
	enum ward_memexec_done done;
	bool witnessed; /* as it began, by the program in the kernel; else seen in /proc */
	int32_t pid, parent;
	uint32_t uid;	/* effective, of the process */
	uint64_t start; /* clock ticks since boot */
	/* What it was called: of a memfd without "/memfd:", of a file its last path, or of one that is
	 * not there any more the last part of that; any bytes, cut. */
	char name[WARD_MEMEXEC_NAME];
	char comm[WARD_MEMEXEC_WORD]; /* of the process, as it was seen; "" unless witnessed */
	char type[WARD_MEMEXEC_WORD]; /* of the file system; the same */
};

/* Borrowed for the time of the call. */
typedef void (*ward_memexec_visit)(void *ctx, const struct ward_memexec_found *found);

struct ward_memexec;

struct ward_memexec_stats {
	uint64_t rounds;
	uint64_t memory, deleted, pseudo; /* processes that were reported */
	uint64_t stopped;		  /* among them: refused or killed */
	uint64_t replaced; /* not reported: an update has put a new file in the place */
	uint64_t usec;	   /* of the last round */
	size_t processes;  /* seen in it */
};

/* NULL without memory. */
struct ward_memexec *ward_memexec_new(void) WARD_MUST_CHECK;
struct ward_memexec *ward_memexec_free(struct ward_memexec *m);

/*
 * One round over /proc; visits what runs so and was not reported yet. A removed program in whose place
 * another one lies that is root's, in a directory that only root writes to, was updated and is none.
 * Reads links only: some µs a process. WARD_E_IO: /proc cannot be read. One thread at a time.
 */
enum ward_rc ward_memexec_look(struct ward_memexec *m, ward_memexec_visit visit,
			       void *ctx) WARD_MUST_CHECK;
void ward_memexec_stats(const struct ward_memexec *m, struct ward_memexec_stats *ret_stats);

/* What the program in the kernel tells of. Visits it unless it was reported. A removed file that root alone
 * can have put there and removed is left to the rounds, which know an update. The same thread. */
void ward_memexec_hear(struct ward_memexec *m, const struct ward_bpf_record *record,
		       ward_memexec_visit visit, void *ctx);

/* What the kernel does about memfds that are to be executed. */
enum ward_memexec_kernel {
	WARD_MEMEXEC_KERNEL_CANNOT, /* before Linux 6.3 */
	WARD_MEMEXEC_KERNEL_ALLOWS, /* 0, or 1: who asks for an executable one gets it */
	WARD_MEMEXEC_KERNEL_DENIES, /* 2 */
};

/* Of this PID name space. */
enum ward_memexec_kernel ward_memexec_kernel(void);
/* Sets vm.memfd_noexec to 2, for new memfds. It stays when we end. WARD_E_UNSUPPORTED: before Linux
 * 6.3; WARD_E_PERM. */
enum ward_rc ward_memexec_deny(void) WARD_MUST_CHECK;
/* "the kernel refuses …", for status and log; static. */
const char *ward_memexec_kernel_text(enum ward_memexec_kernel kernel);

#endif

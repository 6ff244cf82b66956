/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files taken out of the way, whole and inert, to be given back exactly or never. One encrypted
 * container an item in a directory of the guard's own (docs/quarantine.md).
 *
 * Whatever happens in between (kill -9, power loss, a full disk), after the next
 * ward_quarantine_open there is the original where it was, or a complete container, or both; never
 * neither. Nobody else's file is ever removed, however names are swapped meanwhile.
 *
 * Any thread; calls run side by side. Every call may take as long as the disk does: never call from
 * the thread that answers opens. Needs root for all but tests. All memory is bounded.
 */
#ifndef WARD_GUARD_QUARANTINE_QUARANTINE_H
#define WARD_GUARD_QUARANTINE_QUARANTINE_H

#include "guard/quarantine/item.h"
#include "sys/rights.h"

struct ward_quarantine;

/* Why something was refused or only partly done; for people and for policy. */
enum ward_quarantine_why {
	WARD_WHY_NONE = 0,
	WARD_WHY_NOT_REGULAR,  /* a device, FIFO, directory */
	WARD_WHY_TOO_LARGE,    /* above item_max */
	WARD_WHY_FULL,	       /* the disk, its quota or total_max; the original stays */
	WARD_WHY_CHANGING,     /* it is being written all the time */
	WARD_WHY_NO_NAME,      /* no name of it can be found from here */
	WARD_WHY_MOVING,       /* somebody keeps renaming it away */
	WARD_WHY_READ_ONLY,    /* the file system is */
	WARD_WHY_IMMUTABLE,    /* it, or its directory */
	WARD_WHY_MOUNT,	       /* something is mounted there */
	WARD_WHY_OTHER_LINKS,  /* other names of it are left */
	WARD_WHY_RUNNING,      /* it is being executed and cannot be emptied */
	WARD_WHY_EXISTS,       /* the name is taken; nothing is overwritten */
	WARD_WHY_SYMLINK,      /* the way to the destination goes through one */
	WARD_WHY_NO_DIRECTORY, /* the destination's directory does not exist */
	WARD_WHY_NOT_ALLOWED,  /* to whom asked */
	WARD_WHY_DAMAGED,      /* the container is not what was written */
	WARD_WHY_NO_ITEM,      /* there is none with this id */
	WARD_WHY_ATTRIBUTE,    /* an attribute cannot be put back there */
	WARD_WHY_DISK,	       /* reading or writing failed */
	WARD_WHY_COUNT,
};

/* "", "the disk is full"…; static. */
const char *ward_quarantine_why_text(enum ward_quarantine_why why);

struct ward_quarantine_options {
	const char *directory; /* made with mode 0700 if it is not there */
	uint64_t item_max;     /* bytes of one file, holes counted; 0: 4 GiB */
	uint64_t total_max;    /* bytes of all containers; 0: no limit of ours */
	uint64_t reserve;      /* bytes that stay free on the file system */
	/* For tests: called before each change to any disk, with its name. May be NULL. */
	void (*step)(void *ctx, const char *what);
	void *step_ctx;
};

/* What an earlier end in the middle of things left, and what was done about it. */
struct ward_quarantine_recovery {
	unsigned
		unfinished; /* containers that were not complete: removed, the original is in place */
	unsigned finished; /* originals whose removal was completed */
	unsigned put_back; /* files put back to where they were */
	unsigned waiting;  /* their directory cannot be found now; tried again next time */
};

/*
 * Opens (and repairs) the quarantine; for this process alone. WARD_E_PERM: another process has it,
 * or the directory is not ours alone. WARD_E_FORMAT: the key file is damaged. ret_recovery may be
 * NULL.
 */
enum ward_rc ward_quarantine_open(const struct ward_quarantine_options *options,
				  struct ward_quarantine **ret_quarantine,
				  struct ward_quarantine_recovery *ret_recovery) WARD_MUST_CHECK;
void ward_quarantine_freep(struct ward_quarantine **quarantine);

/* --- in --- */

struct ward_quarantine_request {
	int fd;	  /* the file, open for reading; borrowed, its position moves */
	int root; /* the tree its name is in (for a container: its /proc/PID/root); -1: ours */
	struct ward_span opened; /* the path it was opened by, for the record */
	const struct ward_item_cause *cause;
	bool settle_for_less; /* a file that does not hold still is taken as it was read */
	/* Empties the file itself where a name of it is left (other hard links; a name that cannot be
	 * found or removed). What is in the container is not touched by it. */
	bool empty_leftovers;
	bool keep_immutable; /* files set immutable or append-only (chattr) are left alone */
};

struct ward_quarantine_outcome {
	enum ward_quarantine_why why; /* with WARD_OK: WARD_WHY_NONE or WARD_WHY_OTHER_LINKS */
	uint8_t id[WARD_ITEM_ID];     /* with WARD_OK */
	bool removed;		      /* the name is gone */
	bool emptied;		      /* so is what other names led to */
	uint64_t links_left;	      /* other names of the file */
};

/*
 * Takes the file: copies it into a container, makes that durable, then removes the name through
 * which it is reached, if and only if that name still is this file. With any failure the original is
 * untouched and no item exists; *ret_outcome says why.
 */
enum ward_rc ward_quarantine_add(struct ward_quarantine *q,
				 const struct ward_quarantine_request *request,
				 struct ward_quarantine_outcome *ret_outcome) WARD_MUST_CHECK;

/* --- out --- */

struct ward_quarantine_restore_request {
	const char *path; /* where to; NULL: where it was */
	const struct ward_rights
		*rights; /* who asks; NULL: root. See docs/quarantine.md, "Restoring" */
	bool set_id;	 /* set-user-id, set-group-id and file capabilities too; root only */
	bool lenient;	 /* attributes that the destination cannot hold are left out and counted */
};

struct ward_quarantine_restore_outcome {
	enum ward_quarantine_why why;
	unsigned
		left_out; /* attributes: withheld ones (set_id) and, when lenient, impossible ones */
};

/*
 * Puts the file back with everything that was recorded, at once or not at all, durable. Never
 * overwrites, never goes through a symlink. The item stays in quarantine: delete it when satisfied.
 * (ctime and btime are the kernel's and cannot be set.)
 */
enum ward_rc ward_quarantine_restore(struct ward_quarantine *q, const uint8_t id[WARD_ITEM_ID],
				     const struct ward_quarantine_restore_request *request,
				     struct ward_quarantine_restore_outcome *ret_outcome)
	WARD_MUST_CHECK;

/* --- looking after it --- */

/* Called with each item, oldest first; borrowed. A damaged container comes with why DAMAGED and an
 * item of which only the id is known. Anything but WARD_OK stops and is returned. */
typedef enum ward_rc (*ward_quarantine_visit)(void *ctx, const struct ward_item *item,
					      enum ward_quarantine_why why);
/* Items after `after` (NULL: from the beginning). Reads manifests only. */
enum ward_rc ward_quarantine_list(struct ward_quarantine *q, const uint8_t *after,
				  ward_quarantine_visit visit, void *ctx) WARD_MUST_CHECK;
/* One item. WARD_E_NOENT. */
enum ward_rc ward_quarantine_show(struct ward_quarantine *q, const uint8_t id[WARD_ITEM_ID],
				  ward_quarantine_visit visit, void *ctx) WARD_MUST_CHECK;

/* Called with the file's bytes in order; holes come as zeros. */
typedef enum ward_rc (*ward_quarantine_sink)(void *ctx, struct ward_span bytes);
/* Hands out the plain content, for an analyst's tool or the cloud; checks all of it, but at the end:
 * use nothing before WARD_OK. */
enum ward_rc ward_quarantine_read(struct ward_quarantine *q, const uint8_t id[WARD_ITEM_ID],
				  ward_quarantine_sink sink, void *ctx) WARD_MUST_CHECK;
/* WARD_E_FORMAT: damaged. WARD_E_NOENT: no such item. */
enum ward_rc ward_quarantine_verify(struct ward_quarantine *q,
				    const uint8_t id[WARD_ITEM_ID]) WARD_MUST_CHECK;

/* Removes the item for ever. WARD_E_NOENT. */
enum ward_rc ward_quarantine_delete(struct ward_quarantine *q,
				    const uint8_t id[WARD_ITEM_ID]) WARD_MUST_CHECK;
/* Removes what was taken before `before_ms` (since 1970), then the oldest until all that is left has
 * at most `bytes`. */
enum ward_rc ward_quarantine_purge(struct ward_quarantine *q, uint64_t before_ms, uint64_t bytes,
				   size_t *ret_removed) WARD_MUST_CHECK;

struct ward_quarantine_totals {
	uint64_t items, bytes; /* bytes of containers */
};
void ward_quarantine_totals(struct ward_quarantine *q, struct ward_quarantine_totals *ret_totals);

#endif

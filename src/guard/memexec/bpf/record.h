/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* What the program in the kernel and its reader hand each other, in the machine's own order of bytes. Plain
 * C alone: no header of either side goes in. */
#ifndef WARD_GUARD_MEMEXEC_BPF_RECORD_H
#define WARD_GUARD_MEMEXEC_BPF_RECORD_H

enum ward_bpf_mode { WARD_BPF_OFF, WARD_BPF_REPORT, WARD_BPF_DENY };

/* From user space, in the map "setting". */
struct ward_bpf_setting {
	unsigned int mode;
	/* The inode of the PID name space whose processes, and those of the ones below it, are looked at. */
	unsigned int pid_space;
};

/* In the map "counts": since the program was loaded. */
struct ward_bpf_counts {
	unsigned long long looked_at; /* executions */
	unsigned long long lost;      /* records there was no room for */
};

enum ward_bpf_kind {
	WARD_BPF_MEMORY,  /* a file of one of the kernel's own mounts: memfd_create(2) makes such */
	WARD_BPF_DELETED, /* no name leads to it any more, and no link counts */
	WARD_BPF_PSEUDO,  /* on a file system that nobody watches: see exec.bpf.c */
};

enum ward_bpf_done { WARD_BPF_SEEN, WARD_BPF_REFUSED, WARD_BPF_KILLED };

enum { WARD_BPF_COMM = 16, WARD_BPF_NAME = 64, WARD_BPF_TYPE = 16, WARD_BPF_RING = 128 * 1024 };

/* One execution, about to happen. Texts end with a NUL and are strangers' bytes. */
struct ward_bpf_record {
	unsigned long long inode;
	unsigned long long start_ns; /* of the process, since boot */
	unsigned int device;	     /* the kernel's own dev_t: major << 20 | minor */
	unsigned int kind, done;
	int pid, parent;    /* numbers in the PID name space of the setting; 0: none there */
	unsigned int uid;   /* effective */
	unsigned int roots; /* file and directory are root's, and nobody else may write there */
	unsigned int unused;
	char comm[WARD_BPF_COMM]; /* of the process */
	char name[WARD_BPF_NAME]; /* of the file, without its directory */
	char type[WARD_BPF_TYPE]; /* of the file system */
};

#endif

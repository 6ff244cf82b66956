/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The few members of the kernel's structures that exec.bpf.c reads, by name: libbpf finds out at load time
 * where the running kernel has them (CO-RE: Documentation/bpf/llvm_reloc.rst), so neither order nor size
 * matters here, and no vmlinux.h of some machine is needed. Types first: <bpf/bpf_helpers.h> wants them.
 */
#ifndef WARD_GUARD_MEMEXEC_BPF_KERNEL_H
#define WARD_GUARD_MEMEXEC_BPF_KERNEL_H

#include <stdbool.h>

typedef unsigned char __u8;
typedef unsigned short __u16, __be16, __sum16;
typedef unsigned int __u32, __be32, __wsum;
typedef unsigned long long __u64, __be64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;

/* include/uapi/linux/bpf.h */
enum { BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_RINGBUF = 27 };

/* What is too old or too odd for one of these members does not load. */
#ifdef __bpf__
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#endif

struct file_system_type {
	const char *name;
};

struct super_block {
	unsigned int s_dev;
	unsigned long s_flags;
	const struct file_system_type *s_type;
};

typedef struct {
	unsigned int val;
} kuid_t;

struct inode {
	unsigned short i_mode;
	kuid_t i_uid;
	unsigned int i_nlink;
	unsigned long i_ino;
	struct super_block *i_sb;
};

struct hlist_bl_node {
	struct hlist_bl_node **pprev;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};

struct path {
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
};

struct linux_binprm {
	struct file *file;
};

struct ns_common {
	unsigned int inum;
};

struct pid_namespace {
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct cred {
	kuid_t euid;
};

struct task_struct {
	struct task_struct *real_parent, *group_leader;
	struct pid *thread_pid;
	const struct cred *cred;
	unsigned long long start_boottime;
};

#ifdef __bpf__
#pragma clang attribute pop
#endif

#endif

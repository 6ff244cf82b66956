/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Looks at each program that is about to be executed: is it a file that no guard of files can see? It costs
 * some reads of memory an execution; only what is odd is told of, through a ring.
 *
 * The same look at three places of the kernel, of which one is attached, the first that works:
 * 1. the LSM hook, where the kernel was booted with the BPF LSM (lsm=…,bpf): can refuse;
 * 2. the function that calls the LSM hooks (Linux 5.7, x86-64; later elsewhere): can refuse;
 * 3. the tracepoint after the new program was loaded and before its first instruction: can kill.
 *
 * Refused are memory files, and removed files of anybody but root in root's own directories: an update
 * removes the file of a program that runs, and that may execute itself anew.
 */
#include "guard/memexec/bpf/kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "guard/memexec/bpf/record.h"

/* include/linux/fs.h, include/uapi/asm-generic/errno-base.h, include/linux/pid_namespace.h */
enum {
	SB_KERNMOUNT = 1 << 22,
	OTHERS_WRITE = 022,
	NOT_PERMITTED = 1,
	SIGNAL_KILL = 9,
	SPACES_MAX = 32
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, WARD_BPF_RING);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ward_bpf_setting);
} setting SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ward_bpf_counts);
} counts SEC(".maps");

/* License of what is loaded: some helpers, and LSM programs, are for this one only. */
char ward_license[] SEC("license") = "GPL";

/* --- files --- */

static __always_inline bool
is_removed(const struct dentry *dentry, const struct inode *inode)
{
	return inode->i_nlink == 0 && !dentry->d_hash.pprev;
}

/* With its NUL; `name` is a literal, so that the loop unrolls. */
static __always_inline bool
is_called(const char type[WARD_BPF_TYPE], const char *name, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++) {
		if (type[i] != name[i])
			return false;
	}
	return true;
}

/* Those from which programs can be run and that fanotify is not asked about. */
static __always_inline bool
is_pseudo(const char type[WARD_BPF_TYPE])
{
	return is_called(type, "ramfs", sizeof("ramfs")) ||
	       is_called(type, "devtmpfs", sizeof("devtmpfs")) ||
	       is_called(type, "hugetlbfs", sizeof("hugetlbfs"));
}

static __always_inline bool
only_roots(const struct inode *inode)
{
	return inode->i_uid.val == 0 && !(inode->i_mode & OTHERS_WRITE);
}

/* --- processes --- */

/* The number of a process in the space of the setting; 0: it is in none of that space's. A space has
 * the numbers of all above it: `level` of them, and its own. */
static __always_inline int
number_in(struct pid *pid, __u32 space)
{
	unsigned int level = BPF_CORE_READ(pid, level);
	const char *numbers = (const char *)__builtin_preserve_access_index(&pid->numbers[0]);

	for (unsigned int i = 0; i < SPACES_MAX && i <= level; i++) {
		const struct upid *at =
			(const void *)(numbers + i * bpf_core_type_size(struct upid));

		if (BPF_CORE_READ(at, ns, ns.inum) == space)
			return BPF_CORE_READ(at, nr);
	}
	return 0;
}

static __always_inline int
number_of(struct task_struct *task, __u32 space)
{
	return number_in(BPF_CORE_READ(task, group_leader, thread_pid), space);
}

/* --- telling --- */

static __always_inline void
count_lost(void)
{
	__u32 zero = 0;
	struct ward_bpf_counts *c = bpf_map_lookup_elem(&counts, &zero);

	if (c)
		__sync_fetch_and_add(&c->lost, 1);
}

static __always_inline void
tell(struct task_struct *task, const struct ward_bpf_record *what, const struct dentry *dentry)
{
	struct ward_bpf_record *r = bpf_ringbuf_reserve(&ring, sizeof(*r), 0);

	if (!r) {
		count_lost();
		return;
	}
	*r = *what;
	r->start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	r->uid = BPF_CORE_READ(task, cred, euid.val);
	if (bpf_get_current_comm(r->comm, sizeof(r->comm)) != 0)
		r->comm[0] = 0;
	if (bpf_probe_read_kernel_str(r->name, sizeof(r->name), dentry->d_name.name) < 0)
		r->name[0] = 0;
	bpf_ringbuf_submit(r, 0);
}

/* --- deciding --- */

/* False: an ordinary file. */
static __always_inline bool
is_odd(const struct inode *inode, const struct dentry *dentry, struct ward_bpf_record *r)
{
	const struct super_block *sb = inode->i_sb;

	if (bpf_probe_read_kernel_str(r->type, sizeof(r->type), sb->s_type->name) < 0)
		r->type[0] = 0;
	if (sb->s_flags & SB_KERNMOUNT)
		r->kind = WARD_BPF_MEMORY;
	else if (is_removed(dentry, inode))
		r->kind = WARD_BPF_DELETED;
	else if (is_pseudo(r->type))
		r->kind = WARD_BPF_PSEUDO;
	else
		return false;
	r->inode = inode->i_ino;
	r->device = sb->s_dev;
	r->roots = only_roots(inode) && only_roots(dentry->d_parent->d_inode);
	return true;
}

static __always_inline bool
is_refused(const struct ward_bpf_setting *s, const struct ward_bpf_record *r)
{
	return s->mode == WARD_BPF_DENY &&
	       (r->kind == WARD_BPF_MEMORY || (r->kind == WARD_BPF_DELETED && !r->roots));
}

/* True: it is not to run. `how` is what is done about it then. */
static __always_inline bool
look(const struct linux_binprm *bprm, enum ward_bpf_done how)
{
	__u32 zero = 0;
	const struct ward_bpf_setting *s = bpf_map_lookup_elem(&setting, &zero);
	struct ward_bpf_counts *c = bpf_map_lookup_elem(&counts, &zero);
	const struct file *file = bprm->file;
	const struct dentry *dentry = file->f_path.dentry;
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct ward_bpf_record r = {};

	if (!s || s->mode == WARD_BPF_OFF || !c)
		return false;
	__sync_fetch_and_add(&c->looked_at, 1);
	if (!is_odd(file->f_inode, dentry, &r))
		return false;
	r.pid = number_of(task, s->pid_space);
	if (r.pid == 0)
		return false;
	r.parent = number_of(BPF_CORE_READ(task, real_parent), s->pid_space);
	if (is_refused(s, &r))
		r.done = how;
	tell(task, &r, dentry);
	return r.done != WARD_BPF_SEEN;
}

SEC("lsm/bprm_check_security")
int
BPF_PROG(ward_lsm, struct linux_binprm *bprm, int before)
{
	if (before != 0)
		return before;
	return look(bprm, WARD_BPF_REFUSED) ? -NOT_PERMITTED : 0;
}

SEC("fmod_ret/security_bprm_check")
int
BPF_PROG(ward_return, struct linux_binprm *bprm, int before)
{
	if (before != 0)
		return before;
	return look(bprm, WARD_BPF_REFUSED) ? -NOT_PERMITTED : 0;
}

SEC("tp_btf/sched_process_exec")
int
BPF_PROG(ward_trace, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	(void)task;
	(void)old_pid;
	if (look(bprm, WARD_BPF_KILLED))
		(void)bpf_send_signal(SIGNAL_KILL);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/memexec/witness-priv.h"

const char *
ward_witness_name(const struct ward_witness *w)
{
	switch (ward_witness_way(w)) {
	case WARD_WITNESS_LSM:
		return "lsm";
	case WARD_WITNESS_RETURN:
		return "modify-return";
	case WARD_WITNESS_TRACE:
		return "tracepoint";
	case WARD_WITNESS_NONE:
	case WARD_WITNESS_ALL:
		break;
	}
	return "none";
}

static const char *
why_not(enum ward_witness_lack lack)
{
	switch (lack) {
	case WARD_WITNESS_NOT_BUILT:
		return "only /proc is looked at, once a second: this wardd was built without eBPF";
	case WARD_WITNESS_NOT_WANTED:
		return "only /proc is looked at, once a second: eBPF is switched off (--no-ebpf)";
	case WARD_WITNESS_NO_BTF:
		return "only /proc is looked at, once a second: this kernel has no BTF "
		       "(CONFIG_DEBUG_INFO_BTF)";
	case WARD_WITNESS_NOT_PERMITTED:
		return "only /proc is looked at, once a second: eBPF programs may not be loaded "
		       "(no CAP_BPF, lockdown, or a filter of system calls)";
	case WARD_WITNESS_NOT_POSSIBLE:
		break;
	}
	return "only /proc is looked at, once a second: this kernel does not take the eBPF program "
	       "(before Linux 5.8, or without what it needs)";
}

const char *
ward_witness_text(const struct ward_witness *w)
{
	switch (ward_witness_way(w)) {
	case WARD_WITNESS_LSM:
		return "an eBPF program sees each execution and can refuse it (BPF LSM, "
		       "bprm_check_security)";
	case WARD_WITNESS_RETURN:
		return "an eBPF program sees each execution and can refuse it (modified return of "
		       "security_bprm_check)";
	case WARD_WITNESS_TRACE:
		return "an eBPF program sees each execution and can kill before the first "
		       "instruction (tracepoint sched_process_exec)";
	case WARD_WITNESS_NONE:
	case WARD_WITNESS_ALL:
		break;
	}
	return why_not(ward_witness_lack(w));
}

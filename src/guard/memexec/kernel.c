/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/memexec/memexec.h"
#include "sys/fd.h"

/* Documentation/admin-guide/sysctl/vm.rst. What is asked and set is the caller's PID name space. */
#define SETTING "/proc/sys/vm/memfd_noexec"

enum ward_memexec_kernel
ward_memexec_kernel(void)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	char value = 0;
	size_t n = 0;

	if (ward_fd_open_regular(-1, SETTING, false, &fd, NULL) != WARD_OK ||
	    ward_fd_pread(fd, &value, 1, 0, &n) != WARD_OK || n != 1)
		return WARD_MEMEXEC_KERNEL_CANNOT;
	return value == '2' ? WARD_MEMEXEC_KERNEL_DENIES : WARD_MEMEXEC_KERNEL_ALLOWS;
}

enum ward_rc
ward_memexec_deny(void)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	enum ward_rc rc = ward_fd_open_update(-1, SETTING, &fd);

	if (rc != WARD_OK)
		return rc == WARD_E_NOENT ? WARD_E_UNSUPPORTED : rc;
	return ward_fd_write_all(fd, ward_span_str("2\n"));
}

const char *
ward_memexec_kernel_text(enum ward_memexec_kernel kernel)
{
	switch (kernel) {
	case WARD_MEMEXEC_KERNEL_DENIES:
		return "the kernel refuses to run programs from memory (vm.memfd_noexec = 2)";
	case WARD_MEMEXEC_KERNEL_ALLOWS:
		return "the kernel lets programs run from memory; they are reported when they are "
		       "seen";
	case WARD_MEMEXEC_KERNEL_CANNOT:
		break;
	}
	return "this kernel cannot refuse to run programs from memory (before Linux 6.3); they are "
	       "reported when they are seen";
}

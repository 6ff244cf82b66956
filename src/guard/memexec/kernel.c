/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "guard/memexec/memexec.h"
#include "sys/errno.h"
#include "sys/fd.h"

/* Documentation/admin-guide/sysctl/vm.rst. What is asked and set is the caller's PID name space. */
#define SETTING "/proc/sys/vm/memfd_noexec"

enum ward_memexec_kernel
ward_memexec_kernel(void)
{
	WARD_AUTO(ward_fd_close) int fd = open(SETTING, O_RDONLY | O_CLOEXEC);
	char value = 0;

	if (fd < 0 || read(fd, &value, 1) != 1)
		return WARD_MEMEXEC_KERNEL_CANNOT;
	return value == '2' ? WARD_MEMEXEC_KERNEL_DENIES : WARD_MEMEXEC_KERNEL_ALLOWS;
}

enum ward_rc
ward_memexec_deny(void)
{
	WARD_AUTO(ward_fd_close) int fd = open(SETTING, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? WARD_E_UNSUPPORTED : ward_errno_rc(errno);
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/mapping.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys/errno.h"
#include "sys/fd.h"

static enum ward_rc
map(int fd, uint64_t size, int flags, struct ward_mapping *ret_mapping)
{
	void *at;

	if (size == 0) {
		ret_mapping->bytes = ward_span_of(NULL, 0);
		return WARD_OK;
	}
	if (size > SIZE_MAX / 2)
		return WARD_E_LIMIT;
	at = mmap(NULL, (size_t)size, PROT_READ, flags, fd, 0);
	if (at == MAP_FAILED)
		return ward_errno_rc(errno);
	ret_mapping->bytes = ward_span_of(at, (size_t)size);
	return WARD_OK;
}

enum ward_rc
ward_mapping_open(int fd, struct ward_mapping *ret_mapping)
{
	struct ward_fd_stat st;
	enum ward_rc rc = ward_fd_stat(fd, &st);

	if (rc != WARD_OK)
		return rc;
	if (st.kind != WARD_FD_REGULAR)
		return WARD_E_UNSUPPORTED;
	return map(fd, st.size, MAP_SHARED, ret_mapping);
}

enum ward_rc
ward_mapping_open_sequential(int fd, uint64_t size, struct ward_mapping *ret_mapping)
{
	enum ward_rc rc = map(fd, size, MAP_PRIVATE, ret_mapping);

	if (rc == WARD_OK && size > 0)
		(void)madvise((void *)(uintptr_t)ret_mapping->bytes.data, (size_t)size,
			      MADV_SEQUENTIAL);
	return rc;
}

void
ward_mapping_done(struct ward_mapping *m)
{
	if (m->bytes.len > 0)
		(void)munmap((void *)(uintptr_t)m->bytes.data, m->bytes.len);
	m->bytes = ward_span_of(NULL, 0);
}

/* A signal handler has nothing but globals to know its work from. */
static struct {
	volatile uintptr_t from;
	volatile uintptr_t to;
	volatile int fd;
	volatile sig_atomic_t faulted;
	uintptr_t page;
	bool installed;
} guard = {.fd = -1};

static void
die_of(int signal_number)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};

	/* The faulting instruction runs again and ends the process the ordinary way. */
	(void)sigaction(signal_number, &sa, NULL);
}

/* If the file was cut short, everything behind its new end is gone: one mapping of zeros covers
   that, instead of one fault per page. */
static uintptr_t
end_of_hole(uintptr_t page)
{
	struct ward_fd_stat st;

	if (ward_fd_stat(guard.fd, &st) == WARD_OK && st.size <= page - guard.from)
		return guard.to;
	return page + guard.page;
}

static void
on_sigbus(int signal_number, siginfo_t *info, void *context)
{
	uintptr_t at = (uintptr_t)info->si_addr;
	uintptr_t page = at & ~(guard.page - 1);
	uintptr_t end;
	int saved = errno;

	(void)context;
	if (at < guard.from || at >= guard.to) {
		die_of(signal_number);
		return;
	}
	end = end_of_hole(page);
	if (mmap((void *)page, end - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		 0) == MAP_FAILED)
		die_of(signal_number);
	guard.faulted = 1;
	errno = saved;
}

static enum ward_rc
install(void)
{
	struct sigaction sa = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO | SA_ONSTACK};

	guard.page = (uintptr_t)sysconf(_SC_PAGESIZE);
	if (sigaction(SIGBUS, &sa, NULL) != 0)
		return ward_errno_rc(errno);
	guard.installed = true;
	return WARD_OK;
}

enum ward_rc
ward_mapping_guard(const struct ward_mapping *m, int fd)
{
	enum ward_rc rc = guard.installed ? WARD_OK : install();

	if (rc != WARD_OK)
		return rc;
	guard.faulted = 0;
	guard.fd = fd;
	guard.from = (uintptr_t)m->bytes.data;
	/* Whole pages: what the last one holds past the end is part of the mapping. */
	guard.to = guard.from + ((m->bytes.len + guard.page - 1) & ~(guard.page - 1));
	return WARD_OK;
}

bool
ward_mapping_unguard(void)
{
	guard.from = 0;
	guard.to = 0;
	guard.fd = -1;
	return guard.faulted != 0;
}

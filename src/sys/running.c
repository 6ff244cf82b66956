/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/running.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/fd.h"
#include "sys/process.h"

static bool
kill_if_runs(uint64_t pid, const struct stat *file)
{
	WARD_AUTO(ward_fd_close) int pidfd = -1;
	struct stat exe;
	char path[64];

	if (pid == 0 || pid > INT32_MAX || (pid_t)pid == getpid() ||
	    ward_process_pidfd((pid_t)pid, &pidfd) != WARD_OK)
		return false;
	(void)snprintf(path, sizeof(path), "/proc/%llu/exe", (unsigned long long)pid);
	if (stat(path, &exe) != 0 || exe.st_dev != file->st_dev || exe.st_ino != file->st_ino)
		return false;
	ward_process_kill(pidfd);
	return true;
}

size_t
ward_running_kill(int fd)
{
	struct stat file;
	size_t killed = 0;
	uint64_t pid;
	DIR *proc;

	if (fstat(fd, &file) != 0)
		return 0;
	proc = opendir("/proc");
	for (struct dirent *e; proc && (e = readdir(proc));)
		if (ward_text_u64(ward_span_str(e->d_name), &pid))
			killed += kill_if_runs(pid, &file);
	if (proc)
		(void)closedir(proc);
	return killed;
}

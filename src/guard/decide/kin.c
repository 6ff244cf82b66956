/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/decide/kin.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "sys/process.h"

enum { MEMBERS = 32 };

struct ward_kin {
	_Atomic int pids[MEMBERS]; /* 0: free */
};

struct ward_kin *
ward_kin_new(void)
{
	struct ward_kin *kin = calloc(1, sizeof(*kin));

	if (kin)
		atomic_store(&kin->pids[0], ward_process_self());
	return kin;
}

struct ward_kin *
ward_kin_free(struct ward_kin *kin)
{
	free(kin);
	return NULL;
}

bool
ward_kin_add(struct ward_kin *kin, int pid)
{
	for (size_t i = 0; i < MEMBERS; i++) {
		int none = 0;

		if (atomic_compare_exchange_strong(&kin->pids[i], &none, pid))
			return true;
	}
	return false;
}

void
ward_kin_remove(struct ward_kin *kin, int pid)
{
	for (size_t i = 0; i < MEMBERS; i++) {
		int it = pid;

		if (atomic_compare_exchange_strong(&kin->pids[i], &it, 0))
			return;
	}
}

void
ward_kin_process(void *kin, int pid, bool alive)
{
	if (alive)
		(void)ward_kin_add(kin, pid);
	else
		ward_kin_remove(kin, pid);
}

bool
ward_kin_has(const struct ward_kin *kin, int pid)
{
	for (size_t i = 0; i < MEMBERS; i++) {
		if (pid > 0 && atomic_load(&kin->pids[i]) == pid)
			return true;
	}
	return false;
}

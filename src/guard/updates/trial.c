/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/updates/trial.h"

void
ward_trial_init(struct ward_trial *t)
{
	*t = (struct ward_trial){.next_known = 0};
	(void)pthread_mutex_init(&t->lock, NULL);
}

void
ward_trial_done(struct ward_trial *t)
{
	(void)pthread_mutex_destroy(&t->lock);
}

static bool
has(const uint64_t *list, size_t count, uint64_t file)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == file)
			return true;
	return false;
}

/* 0 stands for none in the ring. */
static uint64_t
number_of(uint64_t file)
{
	return file ? file : 1;
}

void
ward_trial_begin(struct ward_trial *t)
{
	(void)pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < t->fresh_count; i++)
		t->known[t->next_known++ % WARD_TRIAL_FILES] = t->fresh[i];
	t->fresh_count = 0;
	(void)pthread_mutex_unlock(&t->lock);
}

void
ward_trial_crashed(struct ward_trial *t, uint64_t file)
{
	file = number_of(file);
	(void)pthread_mutex_lock(&t->lock);
	if (t->fresh_count < WARD_TRIAL_FILES && !has(t->known, WARD_TRIAL_FILES, file) &&
	    !has(t->fresh, t->fresh_count, file))
		t->fresh[t->fresh_count++] = file;
	(void)pthread_mutex_unlock(&t->lock);
}

size_t
ward_trial_count(struct ward_trial *t)
{
	size_t count;

	(void)pthread_mutex_lock(&t->lock);
	count = t->fresh_count;
	(void)pthread_mutex_unlock(&t->lock);
	return count;
}

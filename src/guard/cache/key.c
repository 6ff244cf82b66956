/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/cache/key.h"

enum ward_rc
ward_key_of(int fd, struct ward_key *ret_key, enum ward_fd_kind *ret_kind)
{
	struct ward_fd_stat st;
	enum ward_rc rc = ward_fd_stat(fd, &st);

	if (rc != WARD_OK)
		return rc;
	*ret_kind = st.kind;
	*ret_key = (struct ward_key){
		.device = st.device,
		.inode = st.inode,
		.size = st.size,
		.ctime = st.ctime,
		.generation = st.kind == WARD_FD_REGULAR ? ward_fd_generation(fd) : 0,
	};
	return WARD_OK;
}

bool
ward_key_still(int fd, const struct ward_key *key, struct ward_key *ret_now)
{
	struct ward_fd_stat st;

	*ret_now = *key;
	if (ward_fd_stat(fd, &st) != WARD_OK)
		return false;
	ret_now->device = st.device;
	ret_now->inode = st.inode;
	ret_now->size = st.size;
	ret_now->ctime = st.ctime;
	return ward_key_equal(ret_now, key);
}

bool
ward_key_same_file(const struct ward_key *a, const struct ward_key *b)
{
	return a->inode == b->inode && a->device == b->device && a->generation == b->generation;
}

bool
ward_key_equal(const struct ward_key *a, const struct ward_key *b)
{
	return ward_key_same_file(a, b) && a->ctime == b->ctime && a->size == b->size;
}

/* The finaliser of MurmurHash3 over both numbers. */
uint32_t
ward_key_hash(const struct ward_key *key)
{
	uint64_t h = key->inode * 0x9e3779b97f4a7c15u ^ key->device;

	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdu;
	h ^= h >> 33;
	h *= 0xc4ceb9fe1a85ec53u;
	return (uint32_t)(h >> 32 ^ h);
}

bool
ward_key_racy(const struct ward_key *key, uint64_t now)
{
	return key->ctime > (int64_t)(now * 1000) - WARD_KEY_RACY_NS;
}

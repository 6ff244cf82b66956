/* SPDX-License-Identifier: Apache-2.0 */
/* What a file system lies on. */
#ifndef WARD_GUARD_ORIGIN_MEDIUM_H
#define WARD_GUARD_ORIGIN_MEDIUM_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether the device (st_dev) is, or is a partition of, a medium that the kernel calls removable, or
 * one on USB, as /sys/dev/block has it. False where a file system has no device of its own (tmpfs,
 * overlay, btrfs, network) or hides it (device mapper: LUKS on a stick).
 */
bool ward_medium_is_removable(uint64_t device);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What a device says of itself when it enrols. */
#ifndef WARD_CLIENT_DEVICE_H
#define WARD_CLIENT_DEVICE_H

#include "proto/wire.h"

struct ward_device {
	char name[254], os[65], architecture[17], engine_version[65];
};

/* Host name, kernel and architecture (uname(2)); unprintable characters become '?'. */
void ward_device_describe(struct ward_device *ret_device, const char *engine_version);
/* As a message that borrows from it. */
void ward_device_info(struct ward_device *device, Ward__V1__DeviceInfo *ret_info);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/device.h"

#include <stdio.h>
#include <sys/utsname.h>

static void
make_printable(char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			*text = '?';
}

void
ward_device_describe(struct ward_device *ret, const char *engine_version)
{
	struct utsname u;

	memset(ret, 0, sizeof(*ret));
	(void)snprintf(ret->engine_version, sizeof(ret->engine_version), "%s", engine_version);
	if (uname(&u) != 0)
		return;
	(void)snprintf(ret->name, sizeof(ret->name), "%.253s", u.nodename);
	(void)snprintf(ret->os, sizeof(ret->os), "%.20s %.43s", u.sysname, u.release);
	(void)snprintf(ret->architecture, sizeof(ret->architecture), "%.16s", u.machine);
	make_printable(ret->name);
	make_printable(ret->os);
	make_printable(ret->architecture);
}

void
ward_device_info(struct ward_device *device, Ward__V1__DeviceInfo *ret)
{
	ward__v1__device_info__init(ret);
	ret->name = device->name;
	ret->os = device->os;
	ret->architecture = device->architecture;
	ret->engine_version = device->engine_version;
}

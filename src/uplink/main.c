/* SPDX-License-Identifier: Apache-2.0 */
/* ward-uplink: started by the guard, which talks to it on descriptor 3. */
#include <stdio.h>
#include <string.h>

#include "proto/uplink.h"
#include "sys/fd.h"
#include "uplink/uplink.h"

int
main(int argc, char **argv)
{
	struct ward_fd_stat st;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		(void)puts("ward-uplink " WARD_VERSION);
		return 0;
	}
	if (argc != 2 || argv[1][0] != '/' || ward_fd_stat(WARD_UPLINK_CHANNEL, &st) != WARD_OK ||
	    st.kind != WARD_FD_SOCKET) {
		(void)fputs("ward-uplink: started by wardd, not by hand\n", stderr);
		return 2;
	}
	return ward_uplink_run(argv[1]);
}

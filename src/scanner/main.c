/* SPDX-License-Identifier: Apache-2.0 */
/* ward-scan: started by a client of ours (pool/), which talks to it on descriptor 3. */
#include <stdio.h>
#include <string.h>

#include "formats/archive/archive.h"
#include "scanner/judge.h"
#include "scanner/scanner.h"
#include "sys/fd.h"

int
main(int argc, char **argv)
{
	static struct ward_judge judge;
	const struct ward_scanner_ops ops = {ward_judge_load, ward_judge_scan, &judge};
	struct ward_fd_stat st;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		(void)printf("ward-scan %s\n", WARD_VERSION);
		return 0;
	}
	if (ward_fd_stat(WARD_SCANNER_CHANNEL, &st) != WARD_OK || st.kind != WARD_FD_SOCKET) {
		(void)fputs("ward-scan: started by ward and wardd, not by hand\n", stderr);
		return 2;
	}
	ward_archive_prepare();
	return ward_scanner_run(&ops);
}

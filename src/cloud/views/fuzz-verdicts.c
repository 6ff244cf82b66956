/* SPDX-License-Identifier: Apache-2.0 */
/* A verdict table of any bytes is missing or answers; it is never read outside. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/verdict.h"
#include "cloud/views/verdicts.h"
#include "sys/fd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char directory[] = "/tmp/ward-fuzz-verdicts-XXXXXX";
	static char path[64];
	struct ward_names *names = ward_names_new();
	struct ward_verdicts *verdicts = NULL;
	struct ward_verdict_value values[64];
	uint8_t digests[64][32] = {{0}}, under[64][32];
	bool found[64], missing = false, more;

	if (!path[0] && mkdtemp(directory))
		(void)snprintf(path, sizeof(path), "%s/t", directory);
	for (size_t i = 0; i < 64; i++)
		memset(digests[i], (int)(i * 4), 32);
	if (len >= 32)
		memcpy(digests[1], data + len - 32, 32);
	if (!names || ward_fd_write_atomic(path, ward_span_of(data, len), 0600) ||
	    ward_verdicts_new(path, names, &verdicts, &missing))
		abort();
	ward_verdicts_find(verdicts, (const uint8_t(*)[32])digests, 64, values, found);
	for (size_t i = 0; i < 64; i++)
		if (found[i] && values[i].verdict > WARD_MALICIOUS)
			abort();
	(void)ward_verdicts_prefix(verdicts, ward_span_of(digests[1], 3), 63, under, values, &more);
	ward_verdicts_free(verdicts);
	ward_names_free(names);
	return 0;
}

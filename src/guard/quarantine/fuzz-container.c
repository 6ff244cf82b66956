/* SPDX-License-Identifier: Apache-2.0 */
/* Containers: whatever the file holds, reading ends, within its bounds. */
#include "guard/quarantine/container.h"

#include "sys/fd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t master[WARD_CONTAINER_MASTER] = {1, 2, 3};
	struct ward_container_reader *reader = NULL;
	struct ward_span piece;
	int fd = -1;

	if (ward_fd_memory("fuzz", &fd) != WARD_OK)
		return 0;
	if (ward_fd_write_all(fd, ward_span_of(data, size)) == WARD_OK &&
	    ward_container_reader_new(fd, master, &reader) == WARD_OK) {
		while (ward_container_read(reader, &piece) == WARD_OK)
			;
	}
	ward_container_reader_freep(&reader);
	ward_fd_close(&fd);
	return 0;
}

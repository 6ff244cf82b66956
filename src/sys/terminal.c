/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "sys/errno.h"
#include "sys/fd.h"

/* Byte by byte: what stands behind the line is somebody else's. */
static enum ward_rc
read_line(int fd, struct ward_buf *ret_line)
{
	enum ward_rc rc = WARD_OK;
	uint8_t c = 0;

	for (;;) {
		ssize_t n = read(fd, &c, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ward_errno_rc(errno);
		if (n == 0 || c == '\n')
			return rc;
		/* a line that is too long is still read to its end */
		if (!rc && ret_line->len == ret_line->room)
			rc = WARD_E_LIMIT;
		if (!rc)
			ret_line->data[ret_line->len++] = c;
	}
}

enum ward_rc
ward_terminal_secret(const char *prompt, struct ward_buf *ret_line)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios before, quiet;
	enum ward_rc rc;

	if (fd < 0)
		return WARD_E_NOENT;
	/* all the room at once: a buffer that grows leaves copies behind */
	ward_buf_clear(ret_line);
	rc = ward_buf_reserve(ret_line, ret_line->max) ? WARD_OK : WARD_E_NOMEM;
	if (!rc && tcgetattr(fd, &before) != 0)
		rc = WARD_E_NOENT;
	if (rc) {
		ward_fd_close(&fd);
		return rc;
	}
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	rc = tcsetattr(fd, TCSAFLUSH, &quiet) == 0 ? WARD_OK : WARD_E_IO;
	if (!rc)
		rc = ward_fd_write_all(fd, ward_span_str(prompt));
	if (!rc)
		rc = read_line(fd, ret_line);
	(void)tcsetattr(fd, TCSAFLUSH, &before);
	(void)!ward_fd_write_all(fd, ward_span_str("\n"));
	ward_fd_close(&fd);
	return rc;
}

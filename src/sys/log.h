/* SPDX-License-Identifier: Apache-2.0 */
/* Lines about a program's own life: one JSON object a line on standard error (ECS names:
 * @timestamp, log.level, message, event.action …). Only the program logs; libraries return. Any
 * thread; a line that cannot be written at once is dropped and counted, never waited for. */
#ifndef WARD_SYS_LOG_H
#define WARD_SYS_LOG_H

#include "base/rc.h"
#include "base/span.h"

enum ward_level { WARD_DEBUG, WARD_INFO, WARD_WARNING, WARD_ERROR };

/* Who speaks (static text), where and from which level on; once, before threads start. `text`: for
 * people, not JSON. */
void ward_say_init(const char *service, int fd, enum ward_level from, bool text);
/* `action` is a stable word ("edge.started"); then pairs of name and value, ended by NULL; values
 * are escaped. No secrets, no paths of users' files. */
void ward_say(enum ward_level level, const char *action, const char *message, ...)
	__attribute__((sentinel));
uint64_t ward_say_dropped(void);

#endif

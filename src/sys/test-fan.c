/* SPDX-License-Identifier: Apache-2.0 */
/* The reading of events, from bytes as fanotify(7) describes them. What the kernel does with marks and
 * answers is tested with it: tests/guard. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/fanotify.h>

#include "sys/fan.h"

struct with_pidfd {
	struct fanotify_event_metadata m;
	struct fanotify_event_info_pidfd info;
};

static struct fanotify_event_metadata
metadata(uint64_t mask, int fd, int pid)
{
	return (struct fanotify_event_metadata){
		.event_len = sizeof(struct fanotify_event_metadata),
		.vers = FANOTIFY_METADATA_VERSION,
		.metadata_len = sizeof(struct fanotify_event_metadata),
		.mask = mask,
		.fd = fd,
		.pid = pid,
	};
}

static struct with_pidfd
two_parts(int pidfd)
{
	struct with_pidfd e = {
		.m = metadata(FAN_OPEN_EXEC_PERM, 7, 99),
		.info = {.hdr = {.info_type = FAN_EVENT_INFO_TYPE_PIDFD, .len = sizeof(e.info)},
			 .pidfd = pidfd},
	};

	e.m.event_len = sizeof(e);
	return e;
}

static void
test_several_events(void **state)
{
	struct fanotify_event_metadata m[] = {
		metadata(FAN_OPEN_PERM, 5, 42),
		metadata(FAN_CLOSE_WRITE, 6, 43),
		metadata(FAN_Q_OVERFLOW, FAN_NOFD, 0),
	};
	struct ward_span rest = ward_span_of(m, sizeof(m));
	struct ward_fan_event event;

	(void)state;
	assert_int_equal(ward_fan_next(&rest, &event), WARD_OK);
	assert_int_equal(event.what, WARD_FAN_OPEN);
	assert_int_equal(event.fd, 5);
	assert_int_equal(event.pid, 42);
	assert_int_equal(event.pidfd, -1);
	assert_int_equal(ward_fan_next(&rest, &event), WARD_OK);
	assert_int_equal(event.what, WARD_FAN_WRITTEN);
	assert_false(event.overflow);
	assert_int_equal(ward_fan_next(&rest, &event), WARD_OK);
	assert_true(event.overflow);
	assert_int_equal(event.fd, -1);
	assert_int_equal(ward_fan_next(&rest, &event), WARD_E_NOENT);
}

static void
test_the_process_comes_as_a_record(void **state)
{
	struct with_pidfd e = two_parts(8);
	struct ward_span rest = ward_span_of(&e, sizeof(e));
	struct ward_fan_event event;

	(void)state;
	assert_int_equal(ward_fan_next(&rest, &event), WARD_OK);
	assert_int_equal(event.what, WARD_FAN_EXEC);
	assert_int_equal(event.pidfd, 8);
	/* FAN_NOPIDFD, FAN_EPIDFD: the process is gone, or the kernel could not. */
	e = two_parts(-1);
	rest = ward_span_of(&e, sizeof(e));
	assert_int_equal(ward_fan_next(&rest, &event), WARD_OK);
	assert_int_equal(event.pidfd, -1);
}

static void
refuse(struct with_pidfd e, size_t len)
{
	struct ward_span rest = ward_span_of(&e, len);
	struct ward_fan_event event = {.fd = 77};

	assert_int_equal(ward_fan_next(&rest, &event), WARD_E_PROTO);
	assert_int_equal(event.fd, 77);
	assert_int_equal(rest.len, len);
}

static void
test_what_does_not_fit_is_refused(void **state)
{
	struct with_pidfd good = two_parts(8), e;

	(void)state;
	for (size_t len = 1; len < sizeof(good); len++)
		refuse(good, len);
	e = good;
	e.m.vers++;
	refuse(e, sizeof(e));
	e = good;
	e.m.metadata_len = sizeof(e.m) - 1;
	refuse(e, sizeof(e));
	e = good;
	e.m.event_len = sizeof(e.m) - 1;
	refuse(e, sizeof(e));
	e = good;
	e.m.event_len = sizeof(e.m) + 2;
	refuse(e, sizeof(e));
	e = good;
	e.info.hdr.len = 0;
	refuse(e, sizeof(e));
	e = good;
	e.info.hdr.len = sizeof(e.info) + 1;
	refuse(e, sizeof(e));
}

/* A record we do not know is passed over. */
static void
test_unknown_records(void **state)
{
	struct with_pidfd e = two_parts(8);
	struct ward_span rest = ward_span_of(&e, sizeof(e));
	struct ward_fan_event event;

	(void)state;
	e.info.hdr.info_type = 200;
	assert_int_equal(ward_fan_next(&rest, &event), WARD_OK);
	assert_int_equal(event.pidfd, -1);
	assert_int_equal(event.fd, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_several_events),
		cmocka_unit_test(test_the_process_comes_as_a_record),
		cmocka_unit_test(test_what_does_not_fit_is_refused),
		cmocka_unit_test(test_unknown_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

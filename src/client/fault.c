/* SPDX-License-Identifier: Apache-2.0 */
#include "client/fault.h"

#include <stdio.h>

static const struct {
	const char *name, *title;
} faults[WARD_FAULT_COUNT] = {
	[WARD_FAULT_NONE] = {"none", "it worked"},
	[WARD_FAULT_RESOLVE] = {"resolve", "the server's name cannot be resolved"},
	[WARD_FAULT_PROXY] = {"proxy", "the proxy does not connect us"},
	[WARD_FAULT_CONNECT] = {"connect", "the server cannot be reached (TCP)"},
	[WARD_FAULT_TLS] = {"tls", "the server cannot be trusted (TLS)"},
	[WARD_FAULT_REFUSED] = {"refused", "the service refuses this device's certificate (TLS)"},
	[WARD_FAULT_HTTP] = {"http", "what answers is no Ward cloud service (HTTP/2)"},
	[WARD_FAULT_TIMEOUT] = {"timeout", "no answer in time"},
	[WARD_FAULT_LOST] = {"lost", "the connection broke"},
	[WARD_FAULT_GARBAGE] = {"garbage", "the answer breaks the protocol"},
	[WARD_FAULT_STATUS] = {"status", "the service says no"},
	[WARD_FAULT_BREAKER] = {"breaker", "not tried, too much failed before"},
	[WARD_FAULT_CANCELLED] = {"cancelled", "given up"},
	[WARD_FAULT_LOCAL] = {"local", "it could not be asked"},
};

const char *
ward_fault_name(enum ward_fault fault)
{
	return (unsigned)fault < WARD_FAULT_COUNT ? faults[fault].name : "local";
}

const char *
ward_fault_title(enum ward_fault fault)
{
	return (unsigned)fault < WARD_FAULT_COUNT ? faults[fault].title
						  : faults[WARD_FAULT_LOCAL].title;
}

char *
ward_fault_describe(const struct ward_call_end *end, char *ret, size_t room)
{
	const char *status =
		end->fault == WARD_FAULT_STATUS ? ward_grpc_status_name(end->status) : "";

	(void)snprintf(ret, room, "%s%s%s%s%s", ward_fault_title(end->fault), *status ? ", " : "",
		       status, end->text[0] ? ": " : "", end->text);
	return ret;
}

bool
ward_fault_counts(enum ward_fault fault, enum ward_grpc_status status)
{
	switch (fault) {
	case WARD_FAULT_RESOLVE:
	case WARD_FAULT_PROXY:
	case WARD_FAULT_CONNECT:
	case WARD_FAULT_TLS:
	case WARD_FAULT_REFUSED:
	case WARD_FAULT_HTTP:
	case WARD_FAULT_TIMEOUT:
	case WARD_FAULT_LOST:
	case WARD_FAULT_GARBAGE:
		return true;
	case WARD_FAULT_STATUS:
		return status == WARD_GRPC_UNAVAILABLE || status == WARD_GRPC_INTERNAL ||
		       status == WARD_GRPC_UNKNOWN || status == WARD_GRPC_DEADLINE_EXCEEDED;
	case WARD_FAULT_NONE:
	case WARD_FAULT_BREAKER:
	case WARD_FAULT_CANCELLED:
	case WARD_FAULT_LOCAL:
	case WARD_FAULT_COUNT:
		break;
	}
	return false;
}

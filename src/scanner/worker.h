/* SPDX-License-Identifier: Apache-2.0 */
/* One disposable process that reads what it is handed and judges it. */
#ifndef WARD_SCANNER_WORKER_H
#define WARD_SCANNER_WORKER_H

#include <sys/types.h>

#include "scanner/scanner.h"

struct ward_worker_options {
	const struct ward_scanner_ops *ops;
	int channel;	    /* the worker's end, SOCK_SEQPACKET */
	pid_t zygote;	    /* its end is the worker's end */
	size_t data_memory; /* RLIMIT_DATA */
};

/* In a fresh child: closes everything else, gives up what rights are left, serves requests until
 * the client closes the channel. Never returns. */
void ward_worker_run(const struct ward_worker_options *options) __attribute__((noreturn));

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/command.h"
#include "cloud/serve/replay.h"
#include "cloud/serve/serve.h"

const struct ward_cloud_command ward_serve_commands[] = {
	{"serve", "run the service", ward_serve_command},
	{"replay", "build the views anew from the log, or compare them with it",
	 ward_replay_command},
	{0},
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/ask/settings.h"

#include <stdio.h>

static Ward__V1__Level
level_of(enum ward_policy_level level)
{
	return (Ward__V1__Level)(WARD__V1__LEVEL__LEVEL_NORMAL + (int)level);
}

static Ward__V1__Samples
samples_of(enum ward_policy_samples samples)
{
	switch (samples) {
	case WARD_POLICY_SAMPLES_ALL:
		return WARD__V1__SAMPLES__SAMPLES_ALL;
	case WARD_POLICY_SAMPLES_NONE:
		return WARD__V1__SAMPLES__SAMPLES_NONE;
	case WARD_POLICY_SAMPLES_ASK:
		return WARD__V1__SAMPLES__SAMPLES_ASK;
	case WARD_POLICY_SAMPLES_SAFE:
	case WARD_POLICY_SAMPLES_COUNT:
		break;
	}
	return WARD__V1__SAMPLES__SAMPLES_SAFE;
}

void
ward_peer_settings_of(const struct ward_policy *p, const char *intelligence,
		      struct ward_peer_settings *s)
{
	*s = (struct ward_peer_settings){.enabled = p->cloud.enabled};
	ward__v1__policy__init(&s->policy);
	s->policy.level = level_of(p->cloud.level);
	s->policy.samples = samples_of(p->cloud.samples);
	s->policy.hold_ms = (uint32_t)p->cloud.hold;
	s->policy.send_names = p->cloud.send_names;
	s->policy.private_lookup = p->cloud.private_lookup;
	(void)snprintf(s->server, sizeof(s->server), "%s", p->cloud.server);
	(void)snprintf(s->proxy, sizeof(s->proxy), "%s", p->cloud.proxy);
	(void)snprintf(s->engine_version, sizeof(s->engine_version), "%s", WARD_VERSION);
	(void)snprintf(s->intelligence_version, sizeof(s->intelligence_version), "%.64s",
		       intelligence);
}

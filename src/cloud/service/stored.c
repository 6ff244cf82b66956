/* SPDX-License-Identifier: Apache-2.0 */
/* Samples that are stored and not judged: the service ended, or had no room, before their analysis did. */
#include <stdlib.h>

#include "cloud/service/service-priv.h"
#include "sys/clock.h"
#include "sys/fd.h"

struct stored {
	struct ward_service *service;
	uint8_t sha256[32];
};

/* What was said of it since the look-up, which every device may hear. */
static bool
is_judged(const struct stored *sample)
{
	static const uint8_t nobody[16];
	struct ward_view_verdict verdict;

	return ward_views_verdicts(sample->service->o.views, &sample->sha256, 1, nobody,
				   ward_clock_wall() / 1000, &verdict) != WARD_OK ||
	       verdict.source != 0;
}

static void
note_gone(const struct stored *sample)
{
	Ward__Log__V1__Record record = WARD__LOG__V1__RECORD__INIT;
	Ward__Log__V1__SampleGone gone = WARD__LOG__V1__SAMPLE_GONE__INIT;

	gone.sha256 = (ProtobufCBinaryData){32, (uint8_t *)(uintptr_t)sample->sha256};
	record.time_ms = ward_clock_wall() / 1000;
	record.fact_case = WARD__LOG__V1__RECORD__FACT_SAMPLE_GONE;
	record.sample_gone = &gone;
	/* Not noted, it is found gone once more. */
	(void)!ward_record_append_wait(sample->service->o.log, &record, NULL);
}

/* Of what fails here the next look-up tries again. */
static void
analyse(void *context)
{
	struct stored *sample = context;
	struct ward_service *s = sample->service;
	int fd = -1;
	enum ward_rc rc = WARD_OK;

	if (!is_judged(sample)) {
		rc = ward_objects_get(s->o.objects, sample->sha256, s->o.sample_max, &fd);
		if (rc == WARD_OK)
			(void)!ward_analysis_submit(s->o.analysis, sample->sha256, fd, NULL, NULL);
		else if (rc == WARD_E_NOENT)
			note_gone(sample);
	}
	free(sample);
}

enum ward_rc
service_analyse(struct ward_service *s, const uint8_t sha256[32])
{
	struct stored *sample = malloc(sizeof(*sample));
	enum ward_rc rc = WARD_E_NOMEM;

	if (sample) {
		*sample = (struct stored){.service = s};
		memcpy(sample->sha256, sha256, sizeof(sample->sha256));
		rc = service_work(s->workers, analyse, sample);
		if (rc != WARD_OK)
			free(sample);
	}
	return rc;
}

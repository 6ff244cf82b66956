/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/verdict/score.h"

#include "formats/type.h"

enum { HOUR_MS = 3600 * 1000, FEW = 2, SOME = 20, MANY = 100, PACKED_ENTROPY = 7200 };

typedef const struct ward_score_input In;

static enum ward_type
type_of(const char *name)
{
	for (int t = 0; t < WARD_TYPE_COUNT; t++)
		if (strcmp(ward_type_name((enum ward_type)t), name) == 0)
			return (enum ward_type)t;
	return WARD_TYPE_DATA;
}

bool
ward_score_is_active(const char *type)
{
	return type[0] && ward_type_is_active(type_of(type));
}

bool
ward_score_is_container(const char *type)
{
	enum ward_type t = type_of(type);

	return ward_type_is_archive(t) || ward_type_is_opaque(t) || t == WARD_TYPE_OLE2 ||
	       t == WARD_TYPE_OOXML || t == WARD_TYPE_PDF || t == WARD_TYPE_RTF;
}

static Ward__V1__PathClass
path_class(In *in)
{
	return in->query->context ? in->query->context->path_class
				  : WARD__V1__PATH_CLASS__PATH_CLASS_UNSPECIFIED;
}

static Ward__V1__Signature
signature(In *in)
{
	return in->query->features ? in->query->features->signature
				   : WARD__V1__SIGNATURE__SIGNATURE_UNSPECIFIED;
}

static uint64_t
prevalence(In *in)
{
	return in->file ? in->file->prevalence : 0;
}

static uint64_t
age_hours(In *in)
{
	if (!in->file || in->file->first_seen_ms == 0 || in->file->first_seen_ms > in->now_ms)
		return 0;
	return (in->now_ms - in->file->first_seen_ms) / HOUR_MS;
}

static bool
active(In *in)
{
	return ward_score_is_active(in->query->type);
}

static bool
downloaded(In *in)
{
	return in->query->context &&
	       (in->query->context->downloaded || in->query->context->origin_host[0]);
}

static bool
in_temp(In *in)
{
	return path_class(in) == WARD__V1__PATH_CLASS__PATH_CLASS_TEMP;
}

static bool
in_reach(In *in)
{
	Ward__V1__PathClass c = path_class(in);

	return c == WARD__V1__PATH_CLASS__PATH_CLASS_DOWNLOAD ||
	       c == WARD__V1__PATH_CLASS__PATH_CLASS_WEB ||
	       c == WARD__V1__PATH_CLASS__PATH_CLASS_MAIL ||
	       c == WARD__V1__PATH_CLASS__PATH_CLASS_REMOVABLE;
}

static bool
never_met(In *in)
{
	return prevalence(in) == 0;
}

static bool
rare(In *in)
{
	return prevalence(in) > 0 && prevalence(in) <= FEW;
}

static bool
young(In *in)
{
	return age_hours(in) < 24;
}

static bool
packed(In *in)
{
	return in->query->features && in->query->features->packed;
}

static bool
dense(In *in)
{
	return active(in) && in->query->features &&
	       in->query->features->entropy_millibits >= PACKED_ENTROPY;
}

static bool
unsigned_code(In *in)
{
	return active(in) && (signature(in) == WARD__V1__SIGNATURE__SIGNATURE_NONE ||
			      signature(in) == WARD__V1__SIGNATURE__SIGNATURE_UNTRUSTED);
}

static bool
broken_signature(In *in)
{
	return signature(in) == WARD__V1__SIGNATURE__SIGNATURE_INVALID;
}

static bool
parent_malicious(In *in)
{
	return in->parent == WARD_MALICIOUS;
}

static bool
parent_suspicious(In *in)
{
	return in->parent == WARD_SUSPICIOUS;
}

static bool
signed_code(In *in)
{
	return signature(in) == WARD__V1__SIGNATURE__SIGNATURE_VALID;
}

static bool
packaged(In *in)
{
	return signature(in) == WARD__V1__SIGNATURE__SIGNATURE_PACKAGE;
}

static bool
common(In *in)
{
	return prevalence(in) >= SOME && prevalence(in) < MANY;
}

static bool
very_common(In *in)
{
	return prevalence(in) >= MANY;
}

static bool
old(In *in)
{
	return age_hours(in) >= 30 * 24;
}

const struct ward_score_rule ward_score_rules[] = {
	{"active", "can run code", 150, active},
	{"downloaded", "came from the network", 150, downloaded},
	{"temp", "lies in a directory for temporary files", 150, in_temp},
	{"reach", "lies in a download folder, web tree, mail store or removable medium", 100,
	 in_reach},
	{"never-met", "no device has met it", 150, never_met},
	{"rare", "one or two devices have met it", 80, rare},
	{"young", "first met less than 24 hours ago", 100, young},
	{"packed", "packed or encrypted sections", 200, packed},
	{"dense", "code with an entropy of 7.2 bits a byte or more", 100, dense},
	{"unsigned", "code without a trusted signature", 50, unsigned_code},
	{"broken-signature", "its signature does not fit it", 300, broken_signature},
	{"parent-malicious", "written or started by malware", 500, parent_malicious},
	{"parent-suspicious", "written or started by a suspicious program", 250, parent_suspicious},
	{"signed", "a trusted signature", -400, signed_code},
	{"packaged", "belongs to an installed package, unchanged", -700, packaged},
	{"common", "20 to 99 devices have met it", -250, common},
	{"very-common", "100 devices or more have met it", -500, very_common},
	{"old", "first met more than 30 days ago", -150, old},
};

const size_t ward_score_rule_count = sizeof(ward_score_rules) / sizeof(ward_score_rules[0]);

void
ward_score(const struct ward_score_input *in, struct ward_score *ret)
{
	*ret = (struct ward_score){0};
	for (size_t i = 0; i < ward_score_rule_count; i++) {
		const struct ward_score_rule *rule = &ward_score_rules[i];

		if (!rule->holds(in))
			continue;
		ret->points += rule->weight;
		if (ret->reason_count < WARD_SCORE_REASONS) {
			ret->reasons[ret->reason_count].name = rule->name;
			ret->reasons[ret->reason_count++].weight = rule->weight;
		}
	}
	ret->points = ret->points < 0 ? 0 : ret->points > 1000 ? 1000 : ret->points;
}

int
ward_score_threshold(Ward__V1__Level level)
{
	switch ((int)level) {
	case WARD__V1__LEVEL__LEVEL_MODERATE:
		return 950;
	case WARD__V1__LEVEL__LEVEL_HIGH:
		return 700;
	case WARD__V1__LEVEL__LEVEL_HIGH_PLUS:
		return 500;
	case WARD__V1__LEVEL__LEVEL_ZERO_TOLERANCE:
		return 0;
	default:
		return 900;
	}
}

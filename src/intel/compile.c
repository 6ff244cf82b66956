/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/compile.h"

#include <stdio.h>

enum { PATH_LEN = 4096 };

/* `name` in the directory of `from`; absolute names stay. */
static bool
join(const char *from, const char *name, char *path)
{
	const char *slash = strrchr(from, '/');
	int dir = slash && name[0] != '/' ? (int)(slash - from) + 1 : 0;
	int n = snprintf(path, PATH_LEN, "%.*s%s", dir, from, name);

	return n > 0 && n < PATH_LEN;
}

/* A ward_yara_include. */
static enum ward_rc
include(void *ctx, const char *name, const char *from, struct ward_buf *out)
{
	const struct ward_intel_files *files = ctx;
	char path[PATH_LEN];
	struct ward_span bytes;
	enum ward_rc rc;

	if (!join(from, name, path))
		return WARD_E_LIMIT;
	rc = files->read(files->ctx, path, &bytes);
	if (rc != WARD_OK)
		return rc;
	rc = ward_buf_append(out, bytes.data, bytes.len);
	files->release(files->ctx, bytes);
	return rc;
}

static enum ward_rc
add_file(struct ward_pack_builder *b, const struct ward_intel_files *files, const char *path)
{
	struct ward_span bytes;
	enum ward_rc rc = files->read(files->ctx, path, &bytes);

	if (rc != WARD_OK)
		return rc;
	rc = ward_pack_builder_add(b, path, bytes);
	files->release(files->ctx, bytes);
	return rc;
}

enum ward_rc
ward_intel_compile(const struct ward_intel_job *job, ward_pack_write write, void *write_ctx,
		   struct ward_intel_result *ret)
{
	struct ward_pack_config config = {.notice = job->notice,
					  .notice_ctx = job->notice_ctx,
					  .include = include,
					  .include_ctx = (void *)(uintptr_t)job->files,
					  .lenient = job->lenient,
					  .edition = job->edition};
	struct ward_intel_result result;
	struct ward_pack_builder *b;
	enum ward_rc rc = ward_pack_builder_new(&config, &b);

	if (rc != WARD_OK)
		return rc;
	for (size_t i = 0; i < job->count; i++) {
		enum ward_rc one = add_file(b, job->files, job->paths[i]);

		rc = rc == WARD_OK ? one : rc;
	}
	if (rc == WARD_OK)
		rc = ward_pack_builder_finish(b, job->created, write, write_ctx, &result.counts,
					      result.id);
	ward_pack_builder_free(b);
	if (rc == WARD_OK)
		*ret = result;
	return rc;
}

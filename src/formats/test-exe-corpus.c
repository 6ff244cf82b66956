/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agreement of the ELF and PE readers with numbers that other parsers computed over files of
 * Debian 12, on whatever of those files this machine has. The numbers are no part of the
 * repository: WARD_SHARED names the folder that holds them; without it every test is skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/text.h"
#include "formats/elf/elf-stats.h"
#include "formats/pe/pe.h"

enum { ROWS_MAX = 5000, LINE_MAX_BYTES = 2048, FILE_MAX = 3000000, PE_COLUMNS = 53 };

struct row {
	double values[WARD_ELF_STATS];
	char rest[256]; /* what follows the numbers */
};

static struct row rows[ROWS_MAX];
static size_t row_count;
static uint8_t bytes[FILE_MAX];

static void
parse_row(char *line, struct row *row)
{
	char *at = line;
	size_t i;

	line[strcspn(line, "\r\n")] = 0;
	for (i = 0; i < WARD_ELF_STATS; i++) {
		row->values[i] = strtod(at, &at);
		at += *at == ',';
	}
	(void)snprintf(row->rest, sizeof(row->rest), "%s", at);
}

/* False, after saying so, when the folder or file is not there. */
static bool
load(const char *name)
{
	const char *shared = getenv("WARD_SHARED");
	char path[4096], line[LINE_MAX_BYTES];
	gzFile file;

	(void)snprintf(path, sizeof(path), "%s/data/%s", shared ? shared : "../shared", name);
	file = gzopen(path, "rb");
	if (!file) {
		print_message("skipped: no %s (WARD_SHARED names its folder)\n", name);
		return false;
	}
	row_count = 0;
	(void)gzgets(file, line, sizeof(line)); /* names of the columns */
	while (row_count < ROWS_MAX && gzgets(file, line, sizeof(line)))
		parse_row(line, &rows[row_count++]);
	(void)gzclose(file);
	return row_count > 0;
}

static struct ward_span
read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t n;

	if (!file)
		return ward_span_of(NULL, 0);
	n = fread(bytes, 1, sizeof(bytes), file);
	(void)fclose(file);
	return ward_span_of(bytes, n < sizeof(bytes) ? n : 0);
}

static bool
equal(const double *a, const double *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (fabs(a[i] - b[i]) > 1e-9 * fmax(1, fabs(a[i])))
			return false;
	return true;
}

/* Rows name no path: entry, section table and size say which file it was, or one much like it. */
static void
compare_elf(const char *path, size_t *candidates, size_t *exact)
{
	struct ward_budget budget = {.cap = 64u << 20};
	struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_elf *elf = NULL;
	struct ward_elf_stats stats;
	double values[WARD_ELF_STATS];
	bool candidate = false, same = false;
	size_t i;

	assert_non_null(arena);
	if (ward_elf_parse(read_file(path), arena, &elf) == WARD_OK) {
		ward_elf_stats_make(elf, &stats);
		ward_elf_stats_values(&stats, values);
		for (i = 0; i < row_count; i++) {
			if (values[3] != rows[i].values[3] || values[5] != rows[i].values[5] ||
			    values[52] != rows[i].values[52])
				continue;
			candidate = true;
			same = same || equal(rows[i].values, values, WARD_ELF_STATS);
		}
	}
	*candidates += candidate;
	*exact += same;
	ward_arena_free(arena);
}

static void
test_elf_statistics(void **state)
{
	static const char *const folders[] = {"/usr/bin", "/usr/sbin", "/usr/lib/x86_64-linux-gnu"};
	size_t i, candidates = 0, exact = 0;

	(void)state;
	if (!load("elf/debian12_benign_a.csv.gz"))
		skip();
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		DIR *dir = opendir(folders[i]);
		struct dirent *entry;
		char path[4096];

		while (dir && (entry = readdir(dir)) != NULL) {
			(void)snprintf(path, sizeof(path), "%s/%s", folders[i], entry->d_name);
			if (entry->d_type == DT_REG)
				compare_elf(path, &candidates, &exact);
		}
		if (dir)
			(void)closedir(dir);
	}
	print_message("ELF: %zu of %zu files equal to a row in all columns\n", exact, candidates);
	if (candidates < 20)
		skip();
	assert_true(exact * 10 >= candidates * 9); /* the others are other files of that size */
}

static void
pe_values(const struct ward_pe *pe, double v[PE_COLUMNS])
{
	const struct ward_pe_dos *d = &pe->dos;
	const struct ward_pe_coff *c = &pe->coff;
	const struct ward_pe_optional *o = &pe->optional;
	const uint64_t all[PE_COLUMNS] = {
		d->e_magic,
		d->e_cblp,
		d->e_cp,
		d->e_crlc,
		d->e_cparhdr,
		d->e_minalloc,
		d->e_maxalloc,
		d->e_ss,
		d->e_sp,
		d->e_csum,
		d->e_ip,
		d->e_cs,
		d->e_lfarlc,
		d->e_ovno,
		d->e_oemid,
		d->e_oeminfo,
		d->e_lfanew,
		c->number_of_sections,
		c->pointer_to_symbol_table,
		c->number_of_symbols,
		c->size_of_optional_header,
		c->characteristics,
		c->time_date_stamp,
		c->machine,
		o->magic,
		o->major_linker_version,
		o->minor_linker_version,
		o->size_of_code,
		o->size_of_initialized_data,
		o->size_of_uninitialized_data,
		o->address_of_entry_point,
		o->base_of_code,
		o->image_base,
		o->section_alignment,
		o->file_alignment,
		o->major_operating_system_version,
		o->minor_operating_system_version,
		o->major_image_version,
		o->minor_image_version,
		o->major_subsystem_version,
		o->minor_subsystem_version,
		o->win32_version_value,
		o->size_of_image,
		o->size_of_headers,
		o->check_sum,
		o->subsystem,
		o->dll_characteristics,
		o->size_of_stack_reserve,
		o->size_of_stack_commit,
		o->size_of_heap_reserve,
		o->size_of_heap_commit,
		o->loader_flags,
		o->number_of_rva_and_sizes,
	};
	size_t i;

	for (i = 0; i < PE_COLUMNS; i++)
		v[i] = (double)all[i];
}

static void
compare_pe(const struct row *row, size_t *candidates, size_t *exact)
{
	struct ward_budget budget = {.cap = 64u << 20};
	struct ward_arena *arena = ward_arena_new(&budget);
	const char *path = strstr(row->rest, "/usr/");
	struct ward_pe *pe = NULL;
	double values[PE_COLUMNS];

	assert_non_null(arena);
	if (path && ward_pe_parse(read_file(path), arena, &pe) == WARD_OK) {
		pe_values(pe, values);
		/* Another timestamp is another build of the package. */
		if (values[22] == row->values[22]) {
			(*candidates)++;
			*exact += equal(row->values, values, PE_COLUMNS);
		}
	}
	ward_arena_free(arena);
}

static void
test_pe_headers(void **state)
{
	size_t i, candidates = 0, exact = 0;

	(void)state;
	if (!load("pe/debian_benign_pe_headers.csv.gz"))
		skip();
	for (i = 0; i < row_count; i++)
		compare_pe(&rows[i], &candidates, &exact);
	print_message("PE: %zu of %zu files equal to their row in all columns\n", exact,
		      candidates);
	if (candidates == 0)
		skip();
	assert_int_equal(exact, candidates);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elf_statistics),
		cmocka_unit_test(test_pe_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

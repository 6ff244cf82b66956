/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte picks the language. */
#include "formats/codec/fuzz-run.h"
#include "formats/script/script.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const ward_reader readers[] = {
		ward_script_read_shell,	     ward_script_read_python, ward_script_read_perl,
		ward_script_read_ruby,	     ward_script_read_php,    ward_script_read_javascript,
		ward_script_read_powershell, ward_script_read_batch,  ward_script_read_vb,
		ward_script_read_jsp,	     ward_script_read_asp,    ward_script_read_lua,
	};

	if (!size)
		return 0;
	return fuzz_reader(readers[data[0] % (sizeof(readers) / sizeof(readers[0]))], data + 1,
			   size - 1);
}

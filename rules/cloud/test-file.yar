/* SPDX-License-Identifier: Apache-2.0 */
/* What only the cloud service knows: proves that an endpoint's question reaches it. */

rule Test_Ward_CloudOnly
{
	meta:
		threat_name = "Test.Ward.CloudOnly"
		severity = "high"
		description = "Ward's harmless test file for cloud protection (docs/cloud-test-file.md)"
		reference = "docs/cloud-test-file.md"
		attack = "none"
		author = "Ward"
	strings:
		$t = "WARD-CLOUD-PROTECTION-TEST-FILE-3f7c9a52-61d8-4be0-9c0e-7d24a8b1f6e3"
	condition:
		$t in (0..64) and filesize <= 256
}

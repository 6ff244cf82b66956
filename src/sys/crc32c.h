/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32C (Castagnoli), as in iSCSI (RFC 3720 §12.1): polynomial 0x1EDC6F41, reflected, all ones
 * first and last. With the CPU's instruction where it has one. */
#ifndef WARD_SYS_CRC32C_H
#define WARD_SYS_CRC32C_H

#include "base/span.h"

/* `crc` 0 to begin, else the value of what came before. Any thread. */
uint32_t ward_crc32c(uint32_t crc, struct ward_span in);
/* The same without the instruction, for the test that compares them. */
uint32_t ward_crc32c_portable(uint32_t crc, struct ward_span in);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many different ones: HyperLogLog (Flajolet, Fusy, Gandouet, Meunier, AofA 2007) with 4096
 * registers of a byte; standard error 1.04 / sqrt(4096) = 1.6 %. Small numbers by linear counting.
 */
#ifndef WARD_CLOUD_VIEWS_HLL_H
#define WARD_CLOUD_VIEWS_HLL_H

#include "base/span.h"

enum { WARD_HLL_REGISTERS = 4096 };

/* Notes one more; `random` is a uniform 64-bit number made from it. */
void ward_hll_add(uint8_t registers[WARD_HLL_REGISTERS], uint64_t random);
uint64_t ward_hll_count(const uint8_t registers[WARD_HLL_REGISTERS]);
/* Spreads the first 16 bytes of an id over 64 bits (splitmix64's finaliser). */
uint64_t ward_hll_mix(const uint8_t id[16]);

#endif

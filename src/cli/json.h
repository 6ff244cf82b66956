/* SPDX-License-Identifier: Apache-2.0 */
/* JSON that holds text of strangers. */
#ifndef WARD_CLI_JSON_H
#define WARD_CLI_JSON_H

#include <jansson.h>
#include <stdio.h>

/* Valid UTF-8 whatever the text is: a bad byte becomes U+FFFD. Never NULL. */
json_t *ward_json_text(const char *text);
/* Sets the key, unless the text is NULL or empty. */
void ward_json_set_text(json_t *object, const char *key, const char *text);
/* Prints the object on one line and lets go of it. */
void ward_json_line(json_t *object, FILE *out);

#endif

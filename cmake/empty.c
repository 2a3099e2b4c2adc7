/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for a layer that has no source file, so that every layer is a library. */
extern const int smtpdx_empty;
const int smtpdx_empty = 0;

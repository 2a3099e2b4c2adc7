/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an answer changes the state of a connection, by the code that was said in the end, whether
 * the polite machine or a rule said it. code is 0 when nothing was said that has one.
 */
#ifndef SMTPDX_FAKESERVERS_EFFECT_H
#define SMTPDX_FAKESERVERS_EFFECT_H

struct conn;

void effect_none(struct conn *c, unsigned code);
void effect_greeting(struct conn *c, unsigned code);
void effect_hello(struct conn *c, unsigned code);
void effect_starttls(struct conn *c, unsigned code);
void effect_mail(struct conn *c, unsigned code);
void effect_rcpt(struct conn *c, unsigned code);
void effect_data(struct conn *c, unsigned code);
void effect_body(struct conn *c, unsigned code);
void effect_chunk(struct conn *c, unsigned code);
void effect_rset(struct conn *c, unsigned code);
void effect_quit(struct conn *c, unsigned code);
void effect_connect(struct conn *c, unsigned code);

#endif

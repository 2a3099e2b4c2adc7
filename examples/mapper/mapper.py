#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A product's own error mapping, as one finds it: codes and words, and a vocabulary of its own.

smtpdx gives it lines of JSON on standard input, and reads for each a word, or {"cause": ...}, from standard output:
one line and the end (process: own), or line after line (process: shared).
"""
import json
import sys


def kind_of(reply: str, stage: str) -> str:
    text = reply.lower()
    code = reply[:3]
    if "basic authentication is disabled" in text or "smtpclientauthentication is disabled" in text:
        return "USE_OAUTH"
    if "application-specific password required" in text or "app-specific password" in text:
        return "NEEDS_APP_PASSWORD"
    if code == "535":
        return "BAD_LOGIN"
    if code in ("421", "451", "450", "454"):
        return "TRY_LATER"
    if stage == "rcpt" and code == "550":
        return "BAD_RECIPIENT"
    return "OTHER"


for line in sys.stdin:
    question = json.loads(line)
    print(json.dumps({"cause": kind_of(question.get("reply", ""), question.get("stage", ""))}), flush=True)

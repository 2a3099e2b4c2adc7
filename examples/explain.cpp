// SPDX-License-Identifier: Apache-2.0
// The header is C++, too.
#include <smtpdx.h>

#include <iostream>
#include <memory>

int main()
{
    smtpdx_mapper *opened = nullptr;
    if (smtpdx_mapper_open(nullptr, &opened, nullptr, 0) != SMTPDX_OK) {
        return 3;
    }
    std::unique_ptr<smtpdx_mapper, decltype(&smtpdx_mapper_close)> mapper(opened, smtpdx_mapper_close);
    smtpdx_evidence evidence = SMTPDX_EVIDENCE_INIT;
    evidence.event = "connect-timeout";
    evidence.stage = "connect";
    smtpdx_diagnosis *d = nullptr;
    if (smtpdx_diagnose(mapper.get(), &evidence, &d, nullptr, 0) != SMTPDX_OK) {
        return 1;
    }
    std::cout << smtpdx_diagnosis_json(d) << "\n";
    smtpdx_diagnosis_free(d);
    return 0;
}

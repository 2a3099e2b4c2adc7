// SPDX-License-Identifier: Apache-2.0
// The header of the check is C++, too: what the server is like, as JSON.
#include <smtpdx_check.h>

#include <iostream>
#include <memory>

int main(int argc, char **argv)
{
    smtpdx_check_params params = SMTPDX_CHECK_PARAMS_INIT;
    smtpdx_check *made = nullptr;
    char error[500];
    params.target = argc > 1 ? argv[1] : nullptr;
    params.connect_to = argc > 2 ? argv[2] : nullptr;
    params.ca_file = argc > 3 ? argv[3] : nullptr;
    if (smtpdx_check_run(&params, &made, error, sizeof error) != SMTPDX_OK) {
        std::cerr << "check: " << error << "\n";
        return 2;
    }
    std::unique_ptr<smtpdx_check, decltype(&smtpdx_check_free)> check(made, smtpdx_check_free);
    std::cout << smtpdx_check_json(check.get(), 0) << "\n";
    return 0;
}

// A certificate and its key, made when a test asks for them.
#pragma once

#include <string>

namespace grover::testing {

/// For "localhost"; stands for itself. PEM.
struct Certificate {
    std::string chain;
    std::string key;

    /// Valid from two hours ago until `seconds_valid` from now.
    static Certificate make(long seconds_valid, long serial = 1);
};

}  // namespace grover::testing

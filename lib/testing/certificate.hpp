// A certificate and its key, made when a test asks for them.
#pragma once

#include <string>

namespace grover::testing {

/// Stands for itself. PEM.
struct Certificate {
    std::string chain;
    std::string key;

    /// Valid from two hours ago until `seconds_valid` from now, for `names` (openssl.org,
    /// x509v3_config, "Subject Alternative Name").
    static Certificate make(long seconds_valid, long serial = 1,
                            char const* names = "DNS:localhost");
};

}  // namespace grover::testing

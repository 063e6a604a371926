// Passes a service's answer on to the client, piece by piece and byte for byte: the end of the
// gateway's data plane.
#pragma once

#include "gateway/attempt.hpp"
#include "http/exchange.hpp"

namespace grover::gateway {

/// What becomes of one request's answer. This one passes it on as it is; what compresses, stores or
/// changes answers derives from it (content.hpp).
class Delivery {
public:
    explicit Delivery(http::Exchange& exchange) : exchange_(exchange) {}
    virtual ~Delivery() = default;

    /// What the service is asked differently; null for nothing. Lives as long as this.
    virtual RequestEdits const* edits() const noexcept { return nullptr; }
    /// The answer of an attempt that was answered, to its end. Throws http::Disconnected when the
    /// client is gone, or must not take half an answer for a whole one: its connection is cut.
    virtual net::Task<> deliver(Attempt& attempt);

protected:
    http::Exchange& exchange_;
};

}  // namespace grover::gateway

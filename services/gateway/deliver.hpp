// Passes a service's answer on to the client, piece by piece and byte for byte: the end of the
// gateway's data plane.
#pragma once

#include "base/error.hpp"
#include "gateway/attempt.hpp"
#include "gateway/cluster/settings.hpp"
#include "http/exchange.hpp"

namespace grover::gateway {

/// What becomes of one request's answer.
class Delivery {
public:
    virtual ~Delivery() = default;
    /// What the service is asked differently; null for nothing. Lives as long as this.
    virtual RequestEdits const* edits() const noexcept { return nullptr; }
    /// Takes the answer of an attempt that was answered, to its end. What it throws ends the
    /// request.
    virtual net::Task<> deliver(Attempt& attempt) = 0;
    /// The service cannot be asked, for the reason `error`: true when this answered otherwise, with
    /// something older or with `otherwise`, which the route may name (else null).
    virtual net::Task<bool> fall_back(Error const& error, FallbackSettings const* otherwise) = 0;
};

/// Passes it on as it is. Throws http::Disconnected when the client is gone, or must not take half
/// an answer for a whole one: its connection is cut. Error (bad_gateway) while it has nothing of
/// it.
class RawDelivery : public Delivery {
public:
    explicit RawDelivery(http::Exchange& exchange) : exchange_(exchange) {}
    net::Task<> deliver(Attempt& attempt) override;
    net::Task<bool> fall_back(Error const& error, FallbackSettings const* otherwise) override;

protected:
    /// Nothing has come yet behind a head that the client has not got: of a body whose length is
    /// not known, which may be silent for long, or that is made of what the client still sends.
    /// Else head and body share a send.
    bool wants_its_head(http::ReplyHead const& head) const noexcept;
    /// The service's answer breaks off.
    [[noreturn]] void broke_off() const;

    http::Exchange& exchange_;
};

}  // namespace grover::gateway

// The end of a route or a version, said in every answer: Deprecation (RFC 9745), Sunset (RFC 8594)
// and where to read on; and who still uses it, counted.
#pragma once

#include <optional>
#include <string>

#include "gateway/routes/settings.hpp"
#include "http/exchange.hpp"
#include "telemetry/metrics.hpp"

namespace grover::gateway {

class Lifecycle {
public:
    /// `kind` ("route", "version") and `name` label the counter.
    Lifecycle(LifecycleSettings const& settings, std::string const& kind, std::string const& name,
              telemetry::Metrics& metrics);

    /// Nothing is said of its end.
    bool silent() const noexcept { return !uses_; }
    bool is_gone(Timestamp now) const noexcept { return gone_at_ && *gone_at_ <= now; }
    void count() const noexcept {
        if (uses_) uses_->add();
    }
    /// Marks the answer and counts the use. Throws Error (gone) where it no longer answers.
    void mark(http::Exchange& exchange, Timestamp now) const;

private:
    std::string deprecation_;  // "@1735689600"
    std::string sunset_;       // an HTTP date
    std::string link_;
    bool replaced_ = false;  // link_ names a successor
    std::optional<Timestamp> gone_at_;
    telemetry::Counter* uses_ = nullptr;
};

}  // namespace grover::gateway

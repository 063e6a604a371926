// The rest of a request's way, behind cache and compression: what its route changes, and the tries
// at its service.
#pragma once

#include "gateway/audience.hpp"
#include "gateway/content.hpp"
#include "gateway/record.hpp"

namespace grover::gateway {

class AskService final : public Asking {
public:
    /// All must outlive this.
    AskService(http::Exchange& exchange, RequestRecord& record, Upstream& upstream,
               Audience* audience)
        : exchange_(exchange), record_(record), upstream_(upstream), audience_(audience) {}

    net::Task<> ask(Delivery& delivery) override;
    std::chrono::steady_clock::time_point deadline() const override;
    std::string_view apart() const override;
    Again again() override;

private:
    Forward forward() const;
    net::Task<> ask_changed(Delivery& delivery);

    http::Exchange& exchange_;
    RequestRecord& record_;
    Upstream& upstream_;
    Audience* const audience_;
};

}  // namespace grover::gateway

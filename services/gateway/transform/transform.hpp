// What a route changes of a request before the service gets it, and of the answer before anybody
// else sees it: compression, the cache and the client.
//
//     Changes const changes(route, edits_of(...));
//     ChangedDelivery delivery(inner, changes.edits, route.response);
//     co_await relay(exchange, upstream, identity, delivery);
//
// Fields, path and query cost a few copies. JSON changes hold the body whole, so they are for small
// ones, up to limits::json_body_bytes_max: a request with a larger one is refused (413), an answer
// that says so beforehand (Content-Length) passes unchanged, one that turns out to be larger is a
// 502. Answers that are no JSON, or have another status than 200 and 201, pass unchanged.
#pragma once

#include <string>
#include <string_view>

#include "gateway/compression.hpp"
#include "gateway/deliver.hpp"
#include "gateway/forward.hpp"
#include "gateway/transform/path_template.hpp"
#include "gateway/transform/settings.hpp"

namespace grover::gateway {

/// Target and fields of a request for the service; the views in it live as long as `request`. Where
/// the answer's JSON is changed, the service is asked for all of it, uncoded.
RequestEdits edits_of(RequestChanges const& request, ResponseChanges const& response,
                      Parameters const& parameters, std::string_view plain_path,
                      std::string_view query);

/// Reads the whole body of a request and changes it; its framing goes into `edits`. Throws Error
/// (malformed, too_large, unsupported_media).
net::Task<std::string> changed_body(http::Exchange& exchange, JsonChanges const& changes,
                                    RequestEdits& edits);

/// Gives an answer with its changes to another delivery.
class ChangedDelivery final : public Delivery {
public:
    /// All must outlive this.
    ChangedDelivery(Delivery& inner, RequestEdits const& edits, ResponseChanges const& changes,
                    Parameters const& parameters);
    RequestEdits const* edits() const noexcept override { return &edits_; }
    net::Task<> deliver(Attempt& attempt) override;
    net::Task<bool> fall_back(Error const& error, FallbackSettings const* otherwise) override {
        return inner_.fall_back(error, otherwise);
    }

private:
    Delivery& inner_;
    RequestEdits edits_;  // ours, then the inner delivery's
    ResponseChanges const& changes_;
    Parameters const& parameters_;
};

/// Answers without any service.
net::Task<> answer_statically(http::Exchange& exchange, StaticAnswer const& answer,
                              CompressionSettings const& compression);

}  // namespace grover::gateway

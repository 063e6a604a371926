// What a route changes of a request before the service gets it, and of the answer before the client
// does. Fields, path and query cost a few copies; JSON changes hold the body whole, so they are for
// small ones: a body that is no JSON, is encoded, or is larger than json_body_bytes_max passes
// unchanged (an answer) or is refused (a request).
#pragma once

#include <string>
#include <string_view>

#include "gateway/deliver.hpp"
#include "gateway/forward.hpp"
#include "gateway/transform/path_template.hpp"
#include "gateway/transform/settings.hpp"

namespace grover::gateway {

/// Target and fields of a request for the service; the views in it live as long as `changes`.
RequestEdits edits_of(RequestChanges const& changes, std::string_view pattern,
                      std::string_view plain_path, std::string_view query);

/// Reads the whole body of a request, changes it and puts it into `edits` and the returned text.
/// Throws Error (malformed, too_large, unsupported_media).
net::Task<std::string> changed_body(http::Exchange& exchange, JsonChanges const& changes,
                                    RequestEdits& edits);

/// Delivers an answer with its changes.
class ChangedDelivery final : public RawDelivery {
public:
    ChangedDelivery(http::Exchange& exchange, ResponseChanges const& changes)
        : RawDelivery(exchange), changes_(changes) {}
    net::Task<> deliver(Attempt& attempt) override;

private:
    void begin(http::ReplyHead const& head, bool framed);
    net::Task<> pass_on(Attempt& attempt);
    net::Task<> rewrite(Attempt& attempt);

    ResponseChanges const& changes_;
};

/// Answers without any service.
net::Task<> answer_statically(http::Exchange& exchange, StaticAnswer const& answer);

}  // namespace grover::gateway

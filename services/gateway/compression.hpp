// The section `compression` of the gateway and of a route: which answers are encoded.
//
//     compression: {codings: [br, gzip], bytes_min: 2KiB}
//     routes:
//       - {path: /api/auth/**, service: user, compression: {codings: []}}     # secrets: never
//
// BREACH: where an answer holds a secret beside something that an attacker may choose, the size of
// the compressed whole gives the secret away, a character at a time. So routes whose answers hold
// secrets name no codings, answers that set a cookie are never encoded, nor are those to requests
// that came with a cookie from another site.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

#include "gateway/config/values.hpp"
#include "http/coding/coding.hpp"
#include "http/exchange.hpp"

namespace grover::gateway {

namespace config {
class Where;
}

struct CompressionSettings {
    /// The best liked first, where the client likes several equally; none: nothing is encoded.
    std::vector<http::Coding> codings{http::Coding::zstd, http::Coding::br, http::Coding::gzip};
    config::Bytes bytes_min{1024};  // smaller answers are not worth it
};
BOOST_DESCRIBE_STRUCT(CompressionSettings, (), (codings, bytes_min))

/// A cookie of ours came with a request that another site made: who made it may measure the answer.
bool comes_from_elsewhere(http::RequestHead const& request) noexcept;
/// Of what is offered, by Accept-Encoding.
http::Coding liked_coding(http::RequestHead const& request, CompressionSettings const& compression);
/// The body, and so the end, of an answer of the gateway itself, whose Content-Type is `type`.
net::Task<> finish_coded(http::Exchange& exchange, CompressionSettings const& compression,
                         std::string_view type, std::string body);

void validate(CompressionSettings const& compression, config::Where const& where);

}  // namespace grover::gateway

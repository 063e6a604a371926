#include "gateway/compression.hpp"

#include <algorithm>

#include "gateway/config/reader.hpp"
#include "http/coding/negotiation.hpp"
#include "http/fields.hpp"
#include "http/message.hpp"

namespace grover::gateway {

void validate(CompressionSettings const& compression, config::Where const& where) {
    if (std::ranges::find(compression.codings, http::Coding::identity) != compression.codings.end())
        where.add("codings", "identity is what remains without a coding; leave it out");
}

bool comes_from_elsewhere(http::RequestHead const& request) noexcept {
    return request.contains("Cookie") &&
           http::same_token(request.get("Sec-Fetch-Site"), "cross-site");
}

http::Coding liked_coding(http::RequestHead const& request,
                          CompressionSettings const& compression) {
    std::string room;
    return http::choose_coding(http::list_of(request.fields, "Accept-Encoding", room),
                               compression.codings);
}

net::Task<> finish_coded(http::Exchange& exchange, CompressionSettings const& compression,
                         std::string_view type, std::string body) {
    exchange.field("Content-Type", type);
    bool const may = !compression.codings.empty() && !comes_from_elsewhere(exchange.head()) &&
                     http::may_encode({.status = exchange.status(),
                                       .content_type = type,
                                       .length = body.size(),
                                       .bytes_min = compression.bytes_min.count});
    auto const coding = may ? liked_coding(exchange.head(), compression) : http::Coding::identity;
    if (may) exchange.field("Vary", "Accept-Encoding");
    if (coding != http::Coding::identity) {
        exchange.field("Content-Encoding", http::name_of(coding));
        body = http::encode(coding, http::Effort::stream, body);
    }
    co_await exchange.finish(body);
}

}  // namespace grover::gateway

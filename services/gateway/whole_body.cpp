#include "gateway/whole_body.hpp"

#include "base/error.hpp"

namespace grover::gateway {

net::Task<std::string> whole_body(Attempt& attempt, std::size_t bytes_max) {
    auto framing = attempt.head().body;
    bool const framed = framing.kind() == http::BodyFraming::Kind::length ||
                        framing.kind() == http::BodyFraming::Kind::chunked;
    std::string out;
    for (;;) {
        auto [bytes, end] = attempt.take();
        if (end == Attempt::End::cut)
            throw Error(ErrorCode::bad_gateway, "the answer of a service broke off");
        while (framed && !bytes.empty()) {
            auto const step = framing.next(bytes);
            out += step.content;
            bytes.remove_prefix(step.used);
            if (framing.complete() || framing.malformed()) break;
        }
        if (!framed) out += bytes;
        if (out.size() > bytes_max)
            throw Error(ErrorCode::bad_gateway, "the answer of a service is too large");
        if (end == Attempt::End::yes) co_return out;
        co_await attempt.receive();
    }
}

}  // namespace grover::gateway

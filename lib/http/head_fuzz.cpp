// Heads and bodies of requests and replies, from any bytes: no crash, and the same reading however
// the bytes are cut into pieces. Two readers that disagree are what smuggling is made of.
//
//     cmake --preset fuzz && ninja -C build/fuzz grover-http-head-fuzz
//     build/fuzz/bin/grover-http-head-fuzz -max_total_time=60 build/fuzz/corpus tests/corpus/http
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/characters.hpp"
#include "http/head_parser.hpp"

namespace {

using namespace grover::http;

void require(bool holds) {
    if (!holds) std::abort();
}

struct Outcome {
    HeadState state = HeadState::incomplete;
    std::size_t head_bytes = 0;
    std::string content;
    std::size_t body_bytes = 0;
    bool complete = false;
    bool operator==(Outcome const&) const = default;
};

void check(MessageHead const& head) {
    for (auto const& [name, value] : head.fields) require(is_token(name) && is_value(value));
}

HeadState parse(RequestParser& parser, std::string_view bytes) {
    return parser.parse(bytes);
}
HeadState parse(ReplyParser& parser, std::string_view bytes) {
    return parser.parse(bytes, "GET");
}

template <class Parser>
Outcome read(std::string_view bytes, std::size_t block) {
    Outcome out;
    Parser parser;
    for (std::size_t have = 0; out.state == HeadState::incomplete && have < bytes.size();) {
        have = std::min(have + block, bytes.size());
        out.state = parse(parser, bytes.substr(0, have));
    }
    if (out.state != HeadState::complete) return out;
    check(parser.head());
    out.head_bytes = parser.head().size;
    bytes.remove_prefix(out.head_bytes);
    auto body = parser.head().body;
    auto relay = body;
    while (!bytes.empty() && !body.complete() && !body.malformed()) {
        auto piece = bytes.substr(0, block);
        auto const used = relay.skip(piece);
        out.body_bytes += used;
        bytes.remove_prefix(used);
        for (piece = piece.substr(0, used); !piece.empty();) {
            auto const step = body.next(piece);
            out.content += step.content;
            piece.remove_prefix(step.used);
        }
        require(relay.complete() == body.complete() && relay.malformed() == body.malformed());
    }
    out.complete = body.complete();
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const bytes(reinterpret_cast<char const*>(data), size);
    auto const request = read<RequestParser>(bytes, size + 1);
    auto const reply = read<ReplyParser>(bytes, size + 1);
    for (std::size_t const block : {1u, 2u, 3u, 7u}) {
        require(read<RequestParser>(bytes, block) == request);
        require(read<ReplyParser>(bytes, block) == reply);
    }
    return 0;
}

#include "http/h2/http1_body.hpp"

#include <charconv>

#include "base/limits.hpp"
#include "http/characters.hpp"

namespace grover::http::h2 {

std::string_view RelayedBody::next(std::string_view& piece) {
    while (!piece.empty() && !complete() && !malformed()) {
        bool const in_trailers = framing_.in_trailers();
        auto const step = framing_.next(piece);
        if (in_trailers) trailers_ += piece.substr(0, step.used);
        piece.remove_prefix(step.used);
        if (!step.content.empty()) return step.content;
    }
    return {};
}

bool ChunkWriter::add_trailer(std::string_view name, std::string_view value) {
    if (trailers_.size() + name.size() + value.size() > limits::header_bytes_max) return false;
    if (!is_token(name) || !is_value(value) || is_refused_trailer(name)) return true;
    trailers_.append(name).append(": ").append(value).append("\r\n");
    return true;
}

void ChunkWriter::frame(std::string& content, Last last) const {
    if (!content.empty()) {
        char head[18];
        auto* const end = std::to_chars(head, head + 16, content.size(), 16).ptr;
        end[0] = '\r';
        end[1] = '\n';
        content.insert(0, head, static_cast<std::size_t>(end + 2 - head));
        content += "\r\n";
    }
    if (last == Last::yes) content.append("0\r\n").append(trailers_).append("\r\n");
}

}  // namespace grover::http::h2

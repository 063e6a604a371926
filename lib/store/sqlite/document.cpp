#include "store/sqlite/document.hpp"

#include <stdexcept>

#include "base/error.hpp"
#include "base/limits.hpp"

namespace grover::store::sqlite {

namespace {

std::size_t depth_of(json::value const& value);

std::size_t depth_of(json::object const& object) {
    std::size_t deepest = 0;
    for (auto const& member : object) deepest = std::max(deepest, depth_of(member.value()));
    return deepest + 1;
}

std::size_t depth_of(json::value const& value) {
    if (auto const* object = value.if_object()) return depth_of(*object);
    std::size_t deepest = 0;
    if (auto const* array = value.if_array()) {
        for (auto const& item : *array) deepest = std::max(deepest, depth_of(item));
        return deepest + 1;
    }
    return 0;
}

}  // namespace

std::string take_id(json::object& body) {
    auto const found = body.find("_id");
    if (found == body.end() || !found->value().is_string() || found->value().get_string().empty())
        throw std::logic_error("a document needs an \"_id\" that is a string");
    std::string id(std::string_view(found->value().get_string()));
    body.erase(found);
    return id;
}

std::string encode(json::object const& body) {
    if (depth_of(body) > limits::document_depth_max)
        throw Error(ErrorCode::invalid, "the document is nested too deeply");
    auto text = json::serialize(body);
    if (text.size() > limits::document_bytes_max)
        throw Error(ErrorCode::too_large, "the document is too large");
    return text;
}

Document decode(std::string_view id, std::int64_t version, std::string_view body) {
    json::parse_options options;
    options.max_depth = limits::document_depth_max;
    // One block per document: it is read once and dropped whole.
    auto value = json::parse({body.data(), body.size()},
                             json::make_shared_resource<json::monotonic_resource>(), options);
    Document out{std::move(value.get_object()), version};
    out.body.emplace("_id", id);
    return out;
}

}  // namespace grover::store::sqlite

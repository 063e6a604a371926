#include "store/sqlite/document.hpp"

#include "base/error.hpp"
#include "base/limits.hpp"
#include "store/declared.hpp"

namespace grover::store::sqlite {

std::string encode(json::object const& body) {
    check_depth(body);
    auto text = json::serialize(body);
    if (text.size() > limits::document_bytes_max)
        throw Error(ErrorCode::too_large, "the document is too large");
    return text;
}

Document decode(std::string_view id, std::int64_t version, std::string_view body,
                json::storage_ptr const& block) {
    json::parse_options options;
    options.max_depth = limits::document_depth_max;
    auto value = json::parse({body.data(), body.size()}, block, options);
    Document out{std::move(value.get_object()), version};
    out.body.emplace("_id", id);
    return out;
}

}  // namespace grover::store::sqlite

// Values of single header fields.
#pragma once

#include <string_view>

namespace grover::http {

/// True for application/json and application/*+json without a charset or with charset=utf-8.
bool is_json(std::string_view content_type) noexcept;
/// True when an If-Match or If-None-Match value ("*", or a list of tags) has `etag`; weak tags
/// compare by their text.
bool etag_matches(std::string_view list, std::string_view etag) noexcept;

}  // namespace grover::http

// Which coding an answer gets, and whether it gets one at all.
//
//     auto const coding = choose_coding(head.get("Accept-Encoding"), offered);
//     if (coding != Coding::identity && may_encode(facts)) ...
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/coding/coding.hpp"

namespace grover::http {

/// The coding that the client likes best (RFC 9110 section 12.5.3); among equals the first of
/// `offered`. identity when there is no field, nothing of it is offered, or it likes identity
/// better: an answer without coding is never refused, even for "identity;q=0". Malformed members
/// are passed over, a malformed weight is 0. No allocation.
Coding choose_coding(std::string_view accept_encoding, std::span<Coding const> offered) noexcept;

/// A type whose bodies shrink: text, JSON, XML, scripts, fonts that are not compressed themselves.
/// Event streams are left alone: they are small pieces that must not wait.
bool is_compressible(std::string_view content_type) noexcept;

/// What decides beside the client's wish. Views of the two heads.
struct EncodingFacts {
    int status = 200;
    std::string_view content_type{};
    std::string_view content_encoding{};
    std::string_view cache_control{};       // of the answer: no-transform is respected
    std::optional<std::uint64_t> length{};  // nothing: not known yet
    std::uint64_t bytes_min = 1024;         // smaller ones are not worth it
    bool sets_cookie = false;               // secrets: see below
    bool is_range = false;                  // Content-Range, or a request with Range
};

/// False for what must or should stay as it is: answers of no body or a part of one, encoded or
/// no-transform ones, types that do not shrink, small ones; and answers that set a cookie: a secret
/// beside something that an attacker chose shows in the size of the compressed whole (BREACH).
/// Routes whose answers hold secrets are for the caller to leave out.
bool may_encode(EncodingFacts const& facts) noexcept;

/// The tag of the encoded form: a weak one, since the bytes differ and the content does not.
/// If-None-Match compares weakly, so the service still recognises its own tag.
std::string weak_etag(std::string_view etag);

}  // namespace grover::http

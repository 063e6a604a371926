#include "base/config.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <sstream>
#include <string_view>

#include "base/encoding.hpp"
#include "base/file.hpp"

extern char** environ;  // NOLINT: POSIX's own name

namespace grover {
namespace {

constexpr std::size_t secret_file_bytes_max = 64 << 10;

bool is_url(std::string_view text) {
    if (text.starts_with("unix:/")) return text.size() > 6;
    for (std::string_view const scheme : {"http://", "https://"}) {
        if (!text.starts_with(scheme)) continue;
        auto const host = text.substr(scheme.size());
        auto const authority = host.substr(0, host.find_first_of("/?#"));
        return !authority.empty() && !authority.contains('@') && !authority.contains(' ');
    }
    return false;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

std::string join(std::vector<std::string> const& parts) {
    std::string out;
    for (auto const& part : parts) out += (out.empty() ? "" : ", ") + part;
    return out;
}

}  // namespace

Environment::Environment(std::map<std::string, std::string> variables)
    : variables_(std::move(variables)) {}

Environment Environment::of_process() {
    std::map<std::string, std::string> variables;
    for (char** entry = environ; *entry; ++entry) {
        std::string_view const text(*entry);
        if (auto const equals = text.find('='); equals != std::string_view::npos)
            variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return Environment(std::move(variables));
}

std::optional<std::string> Environment::take(std::string const& name) {
    auto const found = variables_.find(name);
    if (found == variables_.end() || found->second.empty()) return {};
    if (!is_valid_utf8(found->second) || found->second.contains('\n')) {
        problem(name, "must be one line of UTF-8");
        return {};
    }
    return found->second;
}

void Environment::remember(std::string name, std::string shown, std::string purpose) {
    read_.insert_or_assign(std::move(name), Entry{std::move(shown), std::move(purpose)});
}

std::string Environment::text(std::string name, std::string fallback, std::string purpose) {
    auto value = take(name).value_or(std::move(fallback));
    remember(std::move(name), value, std::move(purpose));
    return value;
}

std::optional<std::string> Environment::optional_text(std::string name, std::string purpose) {
    auto value = take(name);
    remember(std::move(name), value.value_or("(unset)"), std::move(purpose));
    return value;
}

std::uint16_t Environment::port(std::string name, std::uint16_t fallback, std::string purpose) {
    return static_cast<std::uint16_t>(
        integer(std::move(name), fallback, 0, 65535, std::move(purpose)));
}

std::int64_t Environment::integer(std::string name, std::int64_t fallback, std::int64_t min,
                                  std::int64_t max, std::string purpose) {
    auto value = fallback;
    auto const text = take(name);
    if (text) {
        auto const [end, ec] = std::from_chars(text->data(), text->data() + text->size(), value);
        if (ec != std::errc() || end != text->data() + text->size() || value < min || value > max) {
            problem(name, "must be a whole number from " + std::to_string(min) + " to " +
                              std::to_string(max));
            value = fallback;
        }
    }
    remember(std::move(name), text.value_or(std::to_string(value)), std::move(purpose));
    return value;
}

bool Environment::flag(std::string name, bool fallback, std::string purpose) {
    auto value = fallback;
    auto const text = take(name);
    if (text) {
        auto const is = [&](std::initializer_list<std::string_view> words) {
            return std::ranges::find(words, std::string_view(*text)) != words.end();
        };
        if (is({"on", "true", "1", "yes"}))
            value = true;
        else if (is({"off", "false", "0", "no"}))
            value = false;
        else
            problem(name, "must be on or off");
    }
    remember(std::move(name), text.value_or(value ? "on" : "off"), std::move(purpose));
    return value;
}

std::string Environment::one_of(std::string name, std::vector<std::string> allowed,
                                std::string fallback, std::string purpose) {
    auto value = take(name).value_or(fallback);
    remember(name, value, std::move(purpose));
    if (std::ranges::find(allowed, value) == allowed.end()) {
        problem(std::move(name), "must be one of " + join(allowed));
        value = std::move(fallback);
    }
    return value;
}

std::string Environment::url(std::string name, std::string fallback, std::string purpose) {
    if (auto value = optional_url(name, purpose)) return *std::move(value);
    if (!take(name)) remember(std::move(name), fallback, std::move(purpose));
    return fallback;
}

std::optional<std::string> Environment::optional_url(std::string name, std::string purpose) {
    auto value = take(name);
    if (value && !is_url(*value)) {
        problem(name, "must be http://host[:port], https://host[:port] or unix:/path");
        remember(std::move(name), "***", std::move(purpose));
        return {};
    }
    if (value)
        while (value->ends_with('/')) value->pop_back();
    remember(std::move(name), value.value_or("(unset)"), std::move(purpose));
    return value;
}

std::vector<std::string> Environment::list(std::string name, std::string fallback,
                                           std::string purpose) {
    auto const value = take(name).value_or(std::move(fallback));
    std::vector<std::string> parts;
    std::istringstream in(value);
    for (std::string part; std::getline(in, part, ',');)
        if (auto const trimmed = trim(part); !trimmed.empty()) parts.emplace_back(trimmed);
    remember(std::move(name), value, std::move(purpose));
    return parts;
}

Secret Environment::secret(std::string name, std::string purpose) {
    auto value = take(name);
    if (!value)
        if (auto const file = take(name + "_FILE")) value = secret_in(*file, name + "_FILE");
    remember(std::move(name), value ? "***" : "(unset)", std::move(purpose));
    return Secret(value.value_or(""));
}

std::optional<std::string> Environment::secret_in(std::string const& file, std::string name) {
    // What is no file is not shown: it may be the secret itself, in the wrong variable.
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) {
        problem(std::move(name), "names no file that is there");
        return {};
    }
    auto text = read_file(file, secret_file_bytes_max).value_or("");
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    if (!text.empty()) return text;
    problem(std::move(name), "cannot be read, or is empty: " + file);
    return {};
}

void Environment::problem(std::string name, std::string what) {
    auto line = name + ": " + what;
    // A variable that two parts of a program read is wrong once.
    if (std::ranges::find(problems_, line) == problems_.end()) problems_.push_back(std::move(line));
}

void Environment::check() const {
    if (problems_.empty()) return;
    std::string line;
    for (auto const& problem : problems_) line += (line.empty() ? "" : "; ") + problem;
    throw ConfigError(line);
}

std::string Environment::print() const {
    std::string out;
    for (auto const& [name, entry] : read_)
        out += name + "=" + entry.shown + "  # " + entry.purpose + "\n";
    return out;
}

}  // namespace grover

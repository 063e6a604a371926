#include "gateway/compose/compose.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/error.hpp"
#include "gateway/transform/path_template.hpp"
#include "http/target.hpp"
#include "http/url.hpp"
#include "net/async.hpp"

namespace grover::gateway {
namespace {

namespace json = boost::json;

/// A value as it stands in a URL; nothing for an object, a list or null.
std::optional<std::string> text_of(json::value const& value) {
    if (value.is_string()) return std::string(std::string_view(value.get_string()));
    if (value.is_bool() || value.is_number()) return json::serialize(value);
    return {};
}

struct Names {
    Parameters parameters;
    std::vector<std::pair<std::string, std::string>> query;
    json::object const& parts;

    /// Percent-encoded: no value can be more than the one segment or parameter it stands for.
    /// Nothing for what is missing.
    std::optional<std::string> value_of(std::string_view name, bool in_query) const {
        if (auto const mark = name.find('#'); mark != std::string_view::npos) {
            auto const* part = parts.if_contains(name.substr(0, mark));
            boost::system::error_code error;
            auto const* value = part ? part->find_pointer(name.substr(mark + 1), error) : nullptr;
            auto const text = value ? text_of(*value) : std::nullopt;
            if (!text) return {};
            return percent_encode(*text);
        }
        if (name.starts_with("query.")) {
            for (auto const& [key, value] : query)
                if (key == name.substr(6)) return percent_encode(value);
            return std::string();
        }
        for (auto const& [key, value] : parameters)
            if (key == name) return in_query ? plain_value(value) : std::string(value);
        return {};
    }
};

struct Answered {
    json::value value;
    std::exception_ptr failure;
};

net::Task<Answered> ask_part(PartSettings const& part, Names const& names, AskPart const& ask) {
    Answered out;
    try {
        bool whole = true;
        auto const filled = [&](std::string_view text, bool in_query) {
            return fill(text, [&](std::string_view name) {
                auto value = names.value_of(name, in_query);
                whole = whole && value;
                return value.value_or("");
            });
        };
        auto const mark = std::min(part.get.find('?'), part.get.size());
        auto target = filled(std::string_view(part.get).substr(0, mark), false);
        // A value must not lead elsewhere than the configuration says.
        bool const leads = http::ambiguity_of(target).empty();
        target += filled(std::string_view(part.get).substr(mark), true);
        if (!whole || !leads)
            throw Error(ErrorCode::not_found, "a value that this part needs is missing");
        out.value = co_await ask(part.service, std::move(target),
                                 std::chrono::steady_clock::now() + part.timeout);
    } catch (Error const&) {
        out.failure = std::current_exception();
    }
    co_return out;
}

}  // namespace

Composition::Composition(std::string path, PartsSettings parts)
    : path_(std::move(path)),
      parts_(std::move(parts)),
      steps_(steps_of(parts_).value_or(std::vector<std::vector<std::string>>())) {}

net::Task<json::object> Composition::answer(std::string_view plain_path, std::string_view query,
                                            AskPart const& ask) const {
    json::object out;
    auto asked_query = http::parse_query(query);
    if (!asked_query) throw Error(ErrorCode::malformed, "the query is broken");
    Names const names{bind_path(path_, plain_path).value_or(Parameters()), *std::move(asked_query),
                      out};
    std::vector<std::string> failed;
    std::size_t bytes = 0;
    for (auto const& step : steps_) {
        std::vector<net::Task<Answered>> asked;
        for (auto const& name : step) asked.push_back(ask_part(parts_.at(name), names, ask));
        auto answers = co_await net::gather(std::move(asked));
        for (std::size_t i = 0; i < step.size(); ++i) {
            auto const& part = parts_.at(step[i]);
            auto& [value, failure] = answers[i];
            if (failure && part.required) std::rethrow_exception(failure);
            if (failure) {
                failed.push_back(step[i]);
                value = part.default_;
            }
            out[step[i]] = std::move(value);
            bytes += json::serialize(out[step[i]]).size();
        }
        if (bytes > composed_bytes_max)
            throw Error(ErrorCode::bad_gateway, "the parts of the answer are too large together");
    }
    std::ranges::sort(failed);
    out["partial"] = json::value_from(failed);
    co_return out;
}

}  // namespace grover::gateway

#include "gateway/compose/compose.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "base/encoding.hpp"
#include "base/error.hpp"
#include "gateway/transform/path_template.hpp"
#include "http/target.hpp"
#include "http/url.hpp"
#include "net/signal.hpp"

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

/// Nothing when a value that it needs is missing, or leads elsewhere than the configuration says.
std::optional<std::string> target_of(PartSettings const& part, Names const& names) {
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
    bool const leads = http::ambiguity_of(target).empty();
    target += filled(std::string_view(part.get).substr(mark), true);
    if (!whole || !leads) return {};
    return target;
}

struct Answered {
    std::size_t part = 0;
    json::value value;
    std::exception_ptr failure;
};

/// What stands for a part that has failed; throws where nothing does.
json::value const& default_or_throw(PartSettings const& part, std::exception_ptr const& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (Error const&) {
        if (part.required) throw;
    }
    return part.default_;
}

/// What has come and was not looked at yet.
struct Arrivals {
    explicit Arrivals(net::Executor executor) : arrived(executor.loop()) {}

    void add(Answered answered) {
        waiting.push_back(std::move(answered));
        arrived.notify();
    }
    net::Task<std::vector<Answered>> next() {
        while (waiting.empty()) co_await arrived.wait();
        co_return std::exchange(waiting, {});
    }

    std::vector<Answered> waiting;
    net::Signal arrived;
};

}  // namespace

Composition::Composition(std::string path, PartsSettings parts) : path_(std::move(path)) {
    for (auto const& step : steps_of(parts).value_or(std::vector<std::vector<std::string>>()))
        for (auto const& name : step) {
            auto& settings = parts.at(name);
            auto needs = needs_of(settings);
            parts_.push_back({name, std::move(settings), std::move(needs)});
        }
}

net::Task<json::object> Composition::answer(std::string_view plain_path, std::string_view query,
                                            AskPart const& ask) const {
    json::object there;
    auto asked_query = http::parse_query(query);
    if (!asked_query) throw Error(ErrorCode::malformed, "the query is broken");
    Names const names{bind_path(path_, plain_path).value_or(Parameters()), *std::move(asked_query),
                      there};
    auto const executor = co_await net::this_executor();
    // shared_ptr: a part that is left tells of its end when this is gone.
    auto const arrivals = std::make_shared<Arrivals>(executor);
    auto const begin = [&](std::size_t index) {
        auto const& part = parts_[index].settings;
        auto target = target_of(part, names);
        if (!target)
            return arrivals->add(
                {index, nullptr,
                 std::make_exception_ptr(
                     Error(ErrorCode::not_found, "a value that this part needs is missing"))});
        net::asio::co_spawn(
            executor,
            ask(part.service, *std::move(target), std::chrono::steady_clock::now() + part.timeout),
            [arrivals, index](std::exception_ptr failure, json::value value) {
                arrivals->add({index, std::move(value), failure});
            });
    };
    std::vector<bool> begun(parts_.size());
    std::vector<std::string> failed;
    std::size_t bytes = 0;
    while (there.size() < parts_.size()) {
        for (std::size_t i = 0; i < parts_.size(); ++i) {
            auto const is_there = [&](std::string const& name) { return there.contains(name); };
            if (begun[i] || !std::ranges::all_of(parts_[i].needs, is_there)) continue;
            begun[i] = true;
            begin(i);
        }
        for (auto& [index, value, failure] : co_await arrivals->next()) {
            auto const& part = parts_[index];
            if (failure) {
                value = default_or_throw(part.settings, failure);
                failed.push_back(part.name);
            }
            bytes += json::serialize(there[part.name] = std::move(value)).size();
        }
        if (bytes > composed_bytes_max)
            throw Error(ErrorCode::bad_gateway, "the parts of the answer are too large together");
    }
    json::object out;
    for (auto const& part : parts_) out[part.name] = std::move(there.at(part.name));
    std::ranges::sort(failed);
    out["partial"] = json::value_from(failed);
    co_return out;
}

}  // namespace grover::gateway

#include "store/plan.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include <fmt/format.h>

#include "base/limits.hpp"

namespace grover::store {

namespace {

using Op = Condition::Op;

constexpr double lowest = -std::numeric_limits<double>::infinity();  // sorts before every value

[[noreturn]] void wrong(Declared const& collection, std::string const& what) {
    throw std::logic_error(fmt::format("query on \"{}\": {}", collection.name, what));
}

/// The query's shape, for the message to the programmer; no values.
std::string describe(Query const& query) {
    static constexpr std::string_view ops[] = {"=", "in", "<", "<=", ">", ">="};
    std::string out;
    for (auto const& c : query.filter)
        out += fmt::format("{}{} {} ?", out.empty() ? "" : " and ", c.field,
                           ops[static_cast<std::size_t>(c.op)]);
    if (out.empty()) out = "everything";
    for (auto const& o : query.order)
        out += fmt::format("{}{}{}", &o == &query.order[0] ? " order by " : ", ", o.field,
                           o.descending ? " desc" : "");
    return out;
}

/// Keeps the tighter of two bounds: `sign` is 1 for lower bounds, -1 for upper ones.
void tighten(std::optional<Bound>& bound, std::optional<Bound> const& other, int sign) {
    if (!other) return;
    if (!bound) {
        bound = other;
        return;
    }
    auto const order = compare(other->value, bound->value);
    if (order == 0)
        bound->inclusive = bound->inclusive && other->inclusive;
    else if ((order > 0) == (sign > 0))
        bound = other;
}

bool within(Scalar const& value, std::optional<Bound> const& lower,
            std::optional<Bound> const& upper) {
    if (lower) {
        auto const order = compare(value, lower->value);
        if (order < 0 || (order == 0 && !lower->inclusive)) return false;
    }
    if (upper) {
        auto const order = compare(value, upper->value);
        if (order > 0 || (order == 0 && !upper->inclusive)) return false;
    }
    return !(lower || upper) || !std::holds_alternative<Null>(value);
}

}  // namespace

std::pair<std::optional<Bound>, std::optional<Bound>> bounds_of(Op op, Scalar const& value) {
    bool const upper = op == Op::less || op == Op::less_equal;
    Bound const given{value, op == Op::less_equal || op == Op::greater_equal};
    if (std::holds_alternative<bool>(value))
        return upper ? std::pair(std::optional(Bound{false}), std::optional(given))
                     : std::pair(std::optional(given), std::optional<Bound>());
    bool const text = std::holds_alternative<std::string_view>(value);
    auto const first = text ? Scalar(std::string_view("")) : Scalar(lowest);
    auto const beyond = text ? Scalar(false) : Scalar(std::string_view(""));
    return upper ? std::pair(std::optional(Bound{first}), std::optional(given))
                 : std::pair(std::optional(given), std::optional(Bound{beyond, false}));
}

void check_page(std::size_t limit, std::size_t skip) {
    if (limit < 1 || limit > limits::find_limit_max)
        throw std::logic_error(fmt::format("a query's limit is 1 to {}", limits::find_limit_max));
    if (skip > limits::page_skip_max)
        throw std::logic_error(fmt::format("a query skips at most {}", limits::page_skip_max));
}

Plan::Plan(Declared const& collection, Query const& query, Purpose purpose)
    : collection_(&collection) {
    read_filter(query.filter);
    read_order(query);
    auto const found = std::ranges::find_if(
        collection.indexes, [&](DeclaredIndex const& index) { return serves(index, purpose); });
    if (found == collection.indexes.end())
        wrong(collection, "no declared index serves " + describe(query));
    use(*found);
    if (stream_count() > limits::in_values_max)
        wrong(collection, fmt::format("more than {} combinations", limits::in_values_max));
}

void Plan::read_filter(Filter const& filter) {
    for (auto const& condition : filter) {
        std::string_view const field = condition.field;
        if (field != "_id" && !collection_->has_column(field))
            wrong(*collection_, fmt::format("\"{}\" is not in a declared index", field));
        bool const repeated =
            std::ranges::any_of(conditions_, [&](auto const& c) { return c.first == field; });
        if (condition.op == Op::equal || condition.op == Op::in) {
            if (repeated || (range_ && range_->field == field))
                wrong(*collection_, fmt::format("two conditions on \"{}\"", field));
            Fixed fixed{{}, condition.op == Op::in};
            auto const add = [&](json::value const& wanted) {
                auto const value = scalar_of(wanted);
                if (!value) wrong(*collection_, fmt::format("\"{}\" equals no array", field));
                fixed.values.push_back(*value);
            };
            if (!fixed.is_choice) {
                add(condition.value);
            } else {
                auto const* values = condition.value.if_array();
                if (!values || values->size() > limits::in_values_max)
                    wrong(*collection_, fmt::format("`in` takes an array of at most {} values",
                                                    limits::in_values_max));
                fixed.values.reserve(values->size());
                for (auto const& value : *values) add(value);
                std::ranges::sort(fixed.values,
                                  [](auto const& a, auto const& b) { return compare(a, b) < 0; });
                auto const [first, last] = std::ranges::unique(
                    fixed.values, [](auto const& a, auto const& b) { return compare(a, b) == 0; });
                fixed.values.erase(first, last);
            }
            conditions_.emplace_back(field, std::move(fixed));
            continue;
        }
        auto const value = scalar_of(condition.value);
        if (!value || std::holds_alternative<Null>(*value))
            wrong(*collection_, fmt::format("a range on \"{}\" needs a value", field));
        if (repeated || (range_ && range_->field != field))
            wrong(*collection_, "one range at most, beside equalities on other fields");
        if (!range_) range_.emplace(field);
        auto const [lower, upper] = bounds_of(condition.op, *value);
        tighten(range_->lower, lower, 1);
        tighten(range_->upper, upper, -1);
    }
}

void Plan::read_order(Query const& query) {
    descending_ = !query.order.empty() && query.order.back().descending;
    for (auto const& entry : query.order) {
        if (entry.descending != descending_)
            wrong(*collection_, "an order has one direction: " + describe(query));
        if (entry.field != "_id" && !collection_->has_column(entry.field))
            wrong(*collection_, fmt::format("\"{}\" is not in a declared index", entry.field));
        order_.emplace_back(entry.field, Null{});
        if (entry.field == "_id") break;  // What comes after it decides nothing.
    }
    bool const names_id = !order_.empty() && order_.back().first == "_id";
    if (!names_id) order_.emplace_back("_id", Null{});
    has_cursor_ = !query.after.empty();
    if (!has_cursor_) return;
    if (query.after.size() != order_.size() && query.after.size() != query.order.size() + 1)
        wrong(*collection_, "the cursor has another length than the order");
    for (std::size_t i = 0; i < order_.size(); ++i) {
        auto const value = scalar_of(query.after[i]);
        if (!value) wrong(*collection_, "a cursor holds no array and no object");
        order_[i].second = *value;
    }
}

bool Plan::serves(DeclaredIndex const& index, Purpose purpose) const {
    auto const is_fixed = [&](std::string_view field) {
        return std::ranges::any_of(conditions_, [&](auto const& c) { return c.first == field; });
    };
    std::size_t at = 0;
    while (at < index.fields.size() && is_fixed(index.fields[at])) ++at;
    if (at != conditions_.size()) return false;
    if (range_ && (at == index.fields.size() || index.fields[at] != range_->field)) return false;
    if (index.sparse) {
        // A document that lacks a field is not in it: good only where the filter excludes it too.
        for (std::size_t i = 0; i + 1 < index.fields.size(); ++i) {
            auto const found = std::ranges::find(conditions_, std::string_view(index.fields[i]),
                                                 [](auto const& c) { return c.first; });
            bool const has_value =
                found != conditions_.end()
                    ? std::ranges::none_of(found->second.values,
                                           [](auto const& v) { return v == Scalar(Null{}); })
                    : range_ && range_->field == index.fields[i];
            if (!has_value) return false;
        }
    }
    if (purpose == Purpose::count) return true;
    for (auto const& [field, after] : order_) {
        if (is_fixed(field)) continue;
        if (at == index.fields.size() || index.fields[at] != field) return false;
        ++at;
    }
    return true;
}

void Plan::use(DeclaredIndex const& index) {
    index_ = &index;
    for (std::size_t i = 0; i < conditions_.size(); ++i) {
        auto const found = std::ranges::find(conditions_, std::string_view(index.fields[i]),
                                             [](auto const& c) { return c.first; });
        fixed_.push_back(found->second);
    }
    for (auto const& [field, after] : order_) {
        auto const found = std::ranges::find(index.fields, field);
        // Counting plans may order by what the index has not; it does not matter there.
        if (found == index.fields.end()) continue;
        sort_keys_.push_back({static_cast<std::size_t>(found - index.fields.begin()), after});
    }
}

std::size_t Plan::stream_count() const noexcept {
    std::size_t out = 1;
    for (auto const& fixed : fixed_) out *= fixed.values.size();
    return out;
}

bool Plan::has_one_value(SortKey const& key) const noexcept {
    return key.position < fixed_.size() && !fixed_[key.position].is_choice;
}

std::vector<std::string_view> Plan::merge_fields() const {
    std::vector<std::string_view> out;
    for (auto const& key : sort_keys_)
        if (!has_one_value(key) && index_->fields[key.position] != "_id")
            out.push_back(index_->fields[key.position]);
    return out;
}

namespace {

Segment& next(std::vector<Segment>& out, std::size_t& used) {
    if (used == out.size()) out.emplace_back();
    auto& segment = out[used++];
    segment.equal.clear();
    segment.lower.reset();
    segment.upper.reset();
    return segment;
}

}  // namespace

void Plan::segments(std::size_t stream, std::vector<Segment>& out) const {
    std::size_t used = 0;
    Segment whole;
    whole.equal.reserve(index_->fields.size());
    for (auto const& fixed : fixed_) {
        whole.equal.push_back(fixed.values[stream % fixed.values.size()]);
        stream /= fixed.values.size();
    }
    if (range_) {
        whole.lower = range_->lower;
        whole.upper = range_->upper;
    }
    if (has_cursor_)
        cut_after(whole, out, used);
    else
        next(out, used) = std::move(whole);
    out.resize(used);
}

/// The part of `whole` after the cursor. `at` holds what equals the cursor so far; at each sort key
/// the documents beyond the cursor's value come after those that equal it there too.
void Plan::cut_after(Segment const& whole, std::vector<Segment>& out, std::size_t& used) const {
    Segment at = whole;
    for (auto const& key : sort_keys_) {
        if (key.position < fixed_.size()) {
            auto const order = compare(whole.equal[key.position], key.after);
            if (order == 0) continue;
            if ((order > 0) != descending_) next(out, used) = at;
            break;
        }
        bool const after_null = std::holds_alternative<Null>(key.after);
        if (descending_ && !after_null && !at.lower && !at.upper &&
            key.position + 1 < index_->fields.size()) {
            auto& nulls = next(out, used);  // Emitted before its neighbour: reversed below.
            nulls.equal = at.equal;
            nulls.equal.emplace_back(Null{});
        }
        if (!(descending_ && after_null)) {
            auto& beyond = next(out, used);
            beyond = at;
            Bound const cut = after_null ? Bound{lowest} : Bound{key.after, false};
            if (descending_)
                tighten(beyond.upper, cut, -1);
            else
                tighten(beyond.lower, cut, 1);
        }
        if (!within(key.after, at.lower, at.upper)) break;
        at.equal.push_back(key.after);
        at.lower.reset();
        at.upper.reset();
    }
    std::reverse(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(used));
}

std::optional<Plan::Walk> Plan::walk() const {
    auto const choices = std::ranges::count_if(fixed_, &Fixed::is_choice);
    bool const by_id = std::ranges::all_of(sort_keys_, [&](SortKey const& key) {
        return key.position >= fixed_.size() ? index_->fields[key.position] == "_id"
                                             : has_one_value(key);
    });
    if (choices != 1 || !by_id || sort_keys_.back().position < fixed_.size()) return {};
    if (range_ && range_->field != "_id") return {};
    Walk out;
    for (std::size_t i = 0; i < fixed_.size(); ++i) {
        if (fixed_[i].is_choice) {
            out.field = index_->fields[i];
            out.values = &fixed_[i].values;
        } else {
            out.equal.emplace_back(index_->fields[i], fixed_[i].values[0]);
        }
    }
    if (range_) {
        out.segment.lower = range_->lower;
        out.segment.upper = range_->upper;
    }
    if (has_cursor_) {
        Bound const cut{sort_keys_.back().after, false};
        if (descending_)
            tighten(out.segment.upper, cut, -1);
        else
            tighten(out.segment.lower, cut, 1);
    }
    return out;
}

}  // namespace grover::store

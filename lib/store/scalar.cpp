#include "store/scalar.hpp"

#include <algorithm>
#include <limits>

namespace grover::store {

namespace {

/// Position of a kind in the order over all; whole and other numbers are one kind.
int rank_of(Scalar const& value) {
    static constexpr int ranks[] = {0, 1, 1, 2, 3};
    return ranks[value.index()];
}

/// Holds every int64 and every double exactly (64 bits of mantissa or more on our platforms).
long double number_of(Scalar const& value) {
    if (auto const* whole = std::get_if<std::int64_t>(&value))
        return static_cast<long double>(*whole);
    return static_cast<long double>(std::get<double>(value));
}
static_assert(std::numeric_limits<long double>::digits >= 64);

bool equals(json::value const* member, json::value const& wanted) {
    auto const a = scalar_of(member);
    auto const b = scalar_of(wanted);
    if (a && b) return compare(*a, *b) == 0;
    return member && !a && !b && *member == wanted;
}

bool holds(Condition const& condition, json::object const& body) {
    using Op = Condition::Op;
    auto const* member = body.if_contains(condition.field);
    if (condition.op == Op::equal) return equals(member, condition.value);
    if (condition.op == Op::in)
        return std::ranges::any_of(condition.value.as_array(), [&](json::value const& wanted) {
            return equals(member, wanted);
        });
    auto const value = scalar_of(member);
    auto const bound = scalar_of(condition.value);
    if (!value || !bound || !same_kind(*value, *bound)) return false;
    auto const order = compare(*value, *bound);
    switch (condition.op) {
        case Op::less:
            return order < 0;
        case Op::less_equal:
            return order <= 0;
        case Op::greater:
            return order > 0;
        default:
            return order >= 0;
    }
}

}  // namespace

std::optional<Scalar> scalar_of(json::value const* value) {
    if (!value) return Null{};
    switch (value->kind()) {
        case json::kind::null:
            return Null{};
        case json::kind::bool_:
            return value->get_bool();
        case json::kind::int64:
            return value->get_int64();
        case json::kind::uint64: {
            auto const whole = value->get_uint64();
            if (std::in_range<std::int64_t>(whole)) return static_cast<std::int64_t>(whole);
            return static_cast<double>(whole);
        }
        case json::kind::double_:
            return value->get_double();
        case json::kind::string:
            return std::string_view(value->get_string());
        default:
            return {};
    }
}

std::weak_ordering compare(Scalar const& a, Scalar const& b) {
    if (auto const by_kind = rank_of(a) <=> rank_of(b); by_kind != 0) return by_kind;
    switch (rank_of(a)) {
        case 0:
            return std::weak_ordering::equivalent;
        case 1: {
            auto const* left = std::get_if<std::int64_t>(&a);
            auto const* right = std::get_if<std::int64_t>(&b);
            if (left && right) return *left <=> *right;
            auto const x = number_of(a);
            auto const y = number_of(b);
            return x < y   ? std::weak_ordering::less
                   : x > y ? std::weak_ordering::greater
                           : std::weak_ordering::equivalent;
        }
        case 2:
            return std::get<std::string_view>(a) <=> std::get<std::string_view>(b);
        default:
            return std::get<bool>(a) <=> std::get<bool>(b);
    }
}

bool same_kind(Scalar const& a, Scalar const& b) {
    return rank_of(a) == rank_of(b);
}

bool matches(Filter const& filter, json::object const& body) {
    return std::ranges::all_of(filter, [&](Condition const& c) { return holds(c, body); });
}

}  // namespace grover::store
